/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The registers of x86-64.
 */

#include <sys/types.h>
#include <sys/ptrace.h>

#include <signal.h>
#include <string.h>

#include "inject.h"

#define X32	0x40000000L

/* syscall; int3 */
const unsigned char	inject_native[INJECT_CODE] = { 0x0f, 0x05, 0xcc };
const int		inject_trap_offset = 2;

const struct inject_foreign	inject_foreigns[] = {
	/* exit, fork, read, write, open, execve, kill, socketcall, clone ... */
	{ "int 0x80", { 0xcd, 0x80, 0xcc }, 20,
	    { 1, 2, 3, 4, 5, 11, 20, 37, 102, 120, 359, -1 } },
	/* read, write, open, mmap, getpid, socket, fork, execve, openat ... */
	{ "x32", { 0x0f, 0x05, 0xcc }, X32 | 39,
	    { X32 | 0, X32 | 1, X32 | 2, X32 | 9, X32 | 39, X32 | 41, X32 | 57,
	    X32 | 257, X32 | 520, X32 | 534, -1 } },
	{ .name = NULL }
};

const struct inject_odd	inject_odds[] = {
	{ 335, SIGILL },	/* uretprobe, from elsewhere than its page */
	{ 336, 0 },		/* uprobe, likewise: ENXIO */
	{ -1, 0 }
};

long
inject_result(const struct user_regs_struct *r)
{
	return ((long)r->rax);
}

void
inject_set_result(struct user_regs_struct *r, long value)
{
	r->rax = (unsigned long)value;
}

/* int 0x80 has its arguments elsewhere, and only halves of them. */
void
inject_call(struct user_regs_struct *r, long pc, long nr, const long arg[6])
{
	r->orig_rax = (unsigned long)-1;	/* nothing is to be restarted */
	r->rip = (unsigned long)pc;
	r->rax = (unsigned long)nr;
	r->rdi = (unsigned long)arg[0];
	r->rsi = (unsigned long)arg[1];
	r->rdx = (unsigned long)arg[2];
	r->r10 = (unsigned long)arg[3];
	r->r8 = (unsigned long)arg[4];
	r->r9 = (unsigned long)arg[5];
	r->rbx = r->rcx = r->rbp = 0;
}

void
inject_function(struct user_regs_struct *r, long fn, long stack, long trap,
    long a, long b)
{
	(void)trap;			/* popped from there */
	r->orig_rax = (unsigned long)-1;
	r->rsp = ((unsigned long)stack & ~15UL) - 8;
	r->rip = (unsigned long)fn;
	r->rax = 0;
	r->rdi = (unsigned long)a;
	r->rsi = (unsigned long)b;
}

int
inject_skip(pid_t pid)
{
	return (ptrace(PTRACE_POKEUSER, pid,
	    offsetof(struct user_regs_struct, orig_rax), -1L) == -1 ? -1 : 0);
}
