/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What is the same on all processors; see inject.h.  A process offers itself
 * before its exec, and code and room are made there at once, so that this
 * works for any user: later it is undumpable, nobody of its own user could
 * start to trace it, and who does can set registers, but touch no memory.
 */

#include <sys/types.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <elf.h>
#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "inject.h"

#include <linux/ptrace.h>

#define SYSCALL_STOP	(SIGTRAP | 0x80)	/* PTRACE_O_TRACESYSGOOD */
#define RUN_STOPS	10000	/* two for a system call */
#define ROOM		65536	/* of memory that we make there */
#define STACK_AT	(ROOM - 64)	/* below it is a trap's address */
#define CODES		8	/* at most; INJECT_CODE octets each */

static long	text, room;	/* of who was settled in last */

static int	gate[2];

int
inject_prepare(void)
{
	sigset_t	set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == -1)
		return (-1);
	return (pipe(gate));
}

void
inject_offer(void)
{
	sigset_t	set;
	char		c;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	close(gate[1]);
	if (read(gate[0], &c, 1) != 1)
		_exit(97);
	close(gate[0]);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int
inject_accept(pid_t pid)
{
	int	ret;

	ret = ptrace(PTRACE_SEIZE, pid, NULL,
	    PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD |
	    PTRACE_O_TRACEEXEC) == -1 ? -1 : 0;
	if (ret == 0 && write(gate[1], "", 1) != 1)
		ret = -1;
	close(gate[0]);
	close(gate[1]);
	return (ret);
}

/* Its next stop, or end; 0 with ETIMEDOUT. */
static int
await(pid_t pid, int ms, int *status)
{
	struct timespec	 now, left;
	sigset_t	 set;
	int64_t		 end_ms, now_ms;
	pid_t		 got;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	clock_gettime(CLOCK_MONOTONIC, &now);
	end_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + ms;
	for (;;) {
		if ((got = waitpid(pid, status, WNOHANG | __WALL)) != 0)
			return (got == pid ? 0 : -1);
		clock_gettime(CLOCK_MONOTONIC, &now);
		now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
		if (now_ms >= end_ms) {
			errno = ETIMEDOUT;
			return (-1);
		}
		left.tv_sec = (end_ms - now_ms) / 1000;
		left.tv_nsec = (end_ms - now_ms) % 1000 * 1000000;
		(void)sigtimedwait(&set, NULL, &left);
	}
}

static int
resume(pid_t pid, int how, int sig)
{
	return (ptrace((enum __ptrace_request)how, pid, NULL,
	    (void *)(intptr_t)sig) == -1 ? -1 : 0);
}

static int
get_regs(pid_t pid, struct user_regs_struct *regs)
{
	struct iovec	iov = { regs, sizeof(*regs) };

	return (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &iov) == -1 ?
	    -1 : 0);
}

static int
set_regs(pid_t pid, struct user_regs_struct *regs)
{
	struct iovec	iov = { regs, sizeof(*regs) };

	return (ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &iov) == -1 ?
	    -1 : 0);
}

static int
is_event(int status)
{
	return (status >> 16 != 0);
}

int
inject_stop(pid_t pid)
{
	int	status;

	if (ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) == -1)
		return (-1);
	for (;;) {
		if (await(pid, 10 * INJECT_MS, &status) == -1)
			return (-1);
		if (!WIFSTOPPED(status)) {
			errno = ESRCH;
			return (-1);
		}
		if (is_event(status))
			return (0);
		if (resume(pid, PTRACE_CONT, WSTOPSIG(status)) == -1)
			return (-1);
	}
}

int
inject_attend(pid_t pid, int ms)
{
	int	status, sig;

	for (;;) {
		if (await(pid, ms, &status) == -1)
			return (errno == ETIMEDOUT ? 0 : -1);
		if (!WIFSTOPPED(status))
			return (1);
		sig = is_event(status) ? 0 : WSTOPSIG(status);
		if (resume(pid, PTRACE_CONT, sig) == -1)
			return (-1);
	}
}

int
inject_continue(pid_t pid)
{
	return (resume(pid, PTRACE_CONT, 0));
}

int
inject_release(pid_t pid)
{
	return (resume(pid, PTRACE_DETACH, 0));
}

/* Until the trap behind what was injected. */
static int
run_to_trap(pid_t pid, struct inject_outcome *out)
{
	struct user_regs_struct	regs;
	int			status;

	do {
		if (resume(pid, PTRACE_CONT, 0) == -1)
			return (-1);
		if (await(pid, INJECT_MS, &status) == -1) {
			if (errno != ETIMEDOUT || inject_stop(pid) == -1)
				return (-1);
			out->end = INJECT_BLOCKED;
			return (0);
		}
	} while (WIFSTOPPED(status) && is_event(status));
	if (WIFEXITED(status)) {
		out->end = INJECT_EXITED;
		out->value = WEXITSTATUS(status);
	} else if (WIFSIGNALED(status)) {
		out->end = INJECT_KILLED;
		out->value = WTERMSIG(status);
	} else if (WSTOPSIG(status) != SIGTRAP) {
		out->end = INJECT_SIGNALLED;
		out->value = WSTOPSIG(status);
	} else {
		out->end = INJECT_RETURNED;
		if (get_regs(pid, &regs) == -1)
			return (-1);
		out->value = inject_result(&regs);
	}
	return (0);
}

static int
run_at(pid_t pid, struct user_regs_struct *regs,
    struct user_regs_struct *before, struct inject_outcome *out)
{
	if (set_regs(pid, regs) == -1 || run_to_trap(pid, out) == -1)
		return (-1);
	/* Who lost its registers, or is to die, stays so. */
	return (out->end == INJECT_RETURNED || out->end == INJECT_BLOCKED ?
	    set_regs(pid, before) : 0);
}

int
inject(pid_t pid, unsigned int code, long nr, const long arg[6],
    struct inject_outcome *out)
{
	struct user_regs_struct	before, regs;

	if (get_regs(pid, &before) == -1)
		return (-1);
	regs = before;
	inject_call(&regs, text + (long)code * INJECT_CODE, nr, arg);
	return (run_at(pid, &regs, &before, out));
}

int
inject_fn(pid_t pid, long fn, long a, long b, struct inject_outcome *out)
{
	struct user_regs_struct	before, regs;

	if (get_regs(pid, &before) == -1)
		return (-1);
	regs = before;
	inject_function(&regs, fn, room + STACK_AT,
	    text + inject_trap_offset, a, b);
	return (run_at(pid, &regs, &before, out));
}

static int
is_unused(pid_t pid, long at)
{
	long	word;
	size_t	i;

	for (i = 0; i < CODES * INJECT_CODE; i += sizeof(word)) {
		errno = 0;
		word = ptrace(PTRACE_PEEKTEXT, pid, at + (long)i, NULL);
		if (errno != 0 || word != 0)
			return (0);
	}
	return (1);
}

/* The rest of a page that holds code. */
static int
find_text(pid_t pid)
{
	char	 path[64], line[512];
	long	 end;
	FILE	*fp;

	text = 0;
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	if ((fp = fopen(path, "r")) == NULL)
		return (-1);
	while (text == 0 && fgets(line, sizeof(line), fp) != NULL) {
		if (strstr(line, " r-xp ") == NULL ||
		    sscanf(line, "%*x-%lx", (unsigned long *)&end) != 1)
			continue;
		end -= CODES * INJECT_CODE;
		if (is_unused(pid, end))
			text = end;
	}
	fclose(fp);
	errno = ENOMEM;
	return (text == 0 ? -1 : 0);
}

static int
plant(pid_t pid)
{
	unsigned int	i;

	if (inject_write(pid, text, inject_native, INJECT_CODE) == -1)
		return (-1);
	for (i = 0; i < CODES - 1 && inject_foreigns[i].name != NULL; i++)
		if (inject_write(pid, text + (long)(i + 1) * INJECT_CODE,
		    inject_foreigns[i].code, INJECT_CODE) == -1)
			return (-1);
	return (0);
}

static int
make_room(pid_t pid)
{
	const long		arg[6] = { 0, ROOM, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0 };
	struct inject_outcome	out;
	long			trap = text + inject_trap_offset;

	if (inject(pid, 0, SYS_mmap, arg, &out) == -1)
		return (-1);
	if (out.end != INJECT_RETURNED || (out.value < 0 &&
	    out.value > -4096)) {
		errno = ENOMEM;
		return (-1);
	}
	room = out.value;
	return (inject_write(pid, room + STACK_AT - (long)sizeof(trap), &trap,
	    sizeof(trap)));
}

int
inject_settle(pid_t pid)
{
	int	status;

	if (await(pid, 10 * INJECT_MS, &status) == -1)
		return (-1);
	if (status >> 8 != (SIGTRAP | PTRACE_EVENT_EXEC << 8)) {
		errno = ENOEXEC;
		return (-1);
	}
	/* Out of execve(2), before the first instruction. */
	if (ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) == -1 ||
	    resume(pid, PTRACE_CONT, 0) == -1 ||
	    await(pid, 10 * INJECT_MS, &status) == -1)
		return (-1);
	if (!WIFSTOPPED(status) || find_text(pid) == -1 ||
	    plant(pid) == -1 || make_room(pid) == -1)
		return (-1);
	return (0);
}

long
inject_room(void)
{
	return (room);
}

/* A system call begins; result, if it shall be none, is what to return. */
static int
enter(pid_t pid, const struct ptrace_syscall_info *info,
    struct inject_fake *fakes, size_t n, const struct inject_fake **hit)
{
	size_t	i;

	*hit = NULL;
	for (i = 0; i < n; i++) {
		if ((long)info->entry.nr !=
		    seccomp_syscall_resolve_name(fakes[i].call) ||
		    (fakes[i].first != -1 &&
		    (uint64_t)fakes[i].first != info->entry.args[0]) ||
		    (fakes[i].pointer && info->entry.args[2] == 0))
			continue;
		fakes[i].hits++;
		*hit = &fakes[i];
		return (inject_skip(pid));
	}
	return (0);
}

/* It ends. */
static int
leave(pid_t pid, const struct inject_fake **hit)
{
	struct user_regs_struct	regs;

	if (*hit == NULL)
		return (0);
	if (get_regs(pid, &regs) == -1)
		return (-1);
	inject_set_result(&regs, (*hit)->result);
	*hit = NULL;
	return (set_regs(pid, &regs));
}

static int
all_hit(const struct inject_fake *fakes, size_t n)
{
	size_t	i;

	for (i = 0; i < n; i++)
		if (fakes[i].hits == 0)
			return (0);
	return (1);
}

int
inject_run(pid_t pid, struct inject_fake *fakes, size_t n, int *status)
{
	struct ptrace_syscall_info	 info;
	const struct inject_fake	*hit = NULL;
	unsigned int			 stops = 0;
	int				 sig = 0, ret;

	while (!all_hit(fakes, n) || hit != NULL) {
		if (stops++ == RUN_STOPS) {
			errno = ETIMEDOUT;
			return (-1);
		}
		if (resume(pid, PTRACE_SYSCALL, sig) == -1 ||
		    await(pid, 10 * INJECT_MS, status) == -1)
			return (-1);
		if (!WIFSTOPPED(*status))
			return (1);
		sig = 0;
		if (WSTOPSIG(*status) != SYSCALL_STOP) {
			if (!is_event(*status))
				sig = WSTOPSIG(*status);
			continue;
		}
		if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info),
		    &info) == -1)
			return (-1);
		ret = info.op == PTRACE_SYSCALL_INFO_ENTRY ?
		    enter(pid, &info, fakes, n, &hit) : leave(pid, &hit);
		if (ret == -1)
			return (-1);
	}
	return (inject_continue(pid));
}

int
inject_write(pid_t pid, long where, const void *data, size_t len)
{
	long	word;
	size_t	i, n;

	for (i = 0; i < len; i += sizeof(word)) {
		word = 0;
		n = len - i < sizeof(word) ? len - i : sizeof(word);
		memcpy(&word, (const char *)data + i, n);
		if (ptrace(PTRACE_POKEDATA, pid, where + (long)i, word) == -1)
			return (-1);
	}
	return (0);
}

void
inject_describe(const struct inject_outcome *out, char *buf, size_t len)
{
	switch (out->end) {
	case INJECT_RETURNED:
		if (out->value < 0 && out->value > -4096)
			snprintf(buf, len, "%s", strerror((int)-out->value));
		else
			snprintf(buf, len, "returned %ld", out->value);
		break;
	case INJECT_KILLED:
		snprintf(buf, len, "killed by SIG%s",
		    sigabbrev_np((int)out->value));
		break;
	case INJECT_EXITED:
		snprintf(buf, len, "exited with %ld", out->value);
		break;
	case INJECT_SIGNALLED:
		snprintf(buf, len, "got SIG%s",
		    sigabbrev_np((int)out->value));
		break;
	case INJECT_BLOCKED:
		snprintf(buf, len, "waits");
		break;
	}
}
