/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The registers of 64-bit ARM.
 */

#include <sys/types.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#include <elf.h>

#include "inject.h"

#ifndef NT_ARM_SYSTEM_CALL
#define NT_ARM_SYSTEM_CALL	0x404
#endif

/* svc #0; brk #0 */
const unsigned char	inject_native[INJECT_CODE] = {
	0x01, 0x00, 0x00, 0xd4, 0x00, 0x00, 0x20, 0xd4
};
const int		inject_trap_offset = 4;

/* Calls of 32 bits need a process of 32 bits. */
const struct inject_foreign	inject_foreigns[] = { { .name = NULL } };
const struct inject_odd		inject_odds[] = { { -1, 0 } };

long
inject_result(const struct user_regs_struct *r)
{
	return ((long)r->regs[0]);
}

void
inject_set_result(struct user_regs_struct *r, long value)
{
	r->regs[0] = (unsigned long)value;
}

void
inject_call(struct user_regs_struct *r, long pc, long nr, const long arg[6])
{
	int	i;

	r->pc = (unsigned long)pc;
	r->regs[8] = (unsigned long)nr;
	for (i = 0; i < 6; i++)
		r->regs[i] = (unsigned long)arg[i];
}

void
inject_function(struct user_regs_struct *r, long fn, long stack, long trap,
    long a, long b)
{
	r->sp = (unsigned long)stack & ~15UL;
	r->regs[30] = (unsigned long)trap;
	r->pc = (unsigned long)fn;
	r->regs[0] = (unsigned long)a;
	r->regs[1] = (unsigned long)b;
}

int
inject_skip(pid_t pid)
{
	int		none = -1;
	struct iovec	iov = { &none, sizeof(none) };

	return (ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &iov) == -1 ?
	    -1 : 0);
}
