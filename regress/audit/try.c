/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Workers to try things in; see try.h.
 */

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/capability.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "estate.h"
#include "shmem.h"
#include "try.h"
#include "try_data.h"

#ifndef PR_GET_MDWE
#define PR_GET_MDWE	66
#endif

struct ring	try_ring;
int		try_collector, try_silent;

static int	user_cap;	/* of who leaves root before the exec */

void
try_skip(const atf_tc_t *tc, const char *layer, const char *why)
{
	row("worker", layer, atf_tc_get_ident(tc), ROW_UNCHECKED, why);
	atf_tc_skip("%s", why);
}

static int
may_trace(void)
{
	pid_t	pid;
	int	ok;

	ATF_REQUIRE_EQ(0, inject_prepare());
	if ((pid = fork()) == 0) {
		inject_offer();
		_exit(0);
	}
	ATF_REQUIRE(pid != -1);
	ok = inject_accept(pid) == 0;
	ATF_REQUIRE_EQ(pid, waitpid(pid, NULL, 0));
	return (ok);
}

static int
silent_socket(void)
{
	socklen_t	len = sizeof(try_data.stranger);
	int		fd;

	try_data.stranger.sin_family = AF_INET;
	try_data.stranger.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ATF_REQUIRE((fd = socket(AF_INET, SOCK_DGRAM, 0)) != -1);
	ATF_REQUIRE_EQ(0, bind(fd, (struct sockaddr *)&try_data.stranger,
	    len));
	ATF_REQUIRE_EQ(0, getsockname(fd,
	    (struct sockaddr *)&try_data.stranger, &len));
	return (fd);
}

void
try_begin(const atf_tc_t *tc, const char *layer)
{
	if (sandbox_sanitized)
		try_skip(tc, layer, "a sanitizer build is confined less");
	if (!may_trace())
		try_skip(tc, layer, "nobody may trace a process here");
	/* Something to be lost. */
	if (geteuid() == 0)
		ATF_REQUIRE_EQ(0, setgroups(1, (gid_t []){ 1 }));
	parent_init(atf_tc_get_config_var_wd(tc, "srcdir", "."));
	ring_new(&try_ring);
	collector_new(&try_collector, &export_fd);
	try_silent = silent_socket();
}

void
try_put(pid_t pid)
{
	struct try_data	data;

	_Static_assert(sizeof(data) <= INJECT_ROOM, "so much is there");
	try_data_at((uintptr_t)inject_room(), &data);
	ATF_REQUIRE_EQ_MSG(0, inject_write(pid, inject_room(), &data,
	    sizeof(data)), "%s", strerror(errno));
}

/* It sends what it has there to the collector, as its filter allows. */
void
try_get(pid_t pid, size_t offset, void *data, size_t len)
{
	const struct try	t = { "write", "write", { TRY_EXPORT,
				    TRY_BASE | (long)offset, (long)len } };
	struct inject_outcome	out;
	char			other[2048];

	while (recv(try_collector, other, sizeof(other), MSG_DONTWAIT) >= 0)
		;
	out = try_call(pid, &t);
	ATF_REQUIRE(out.end == INJECT_RETURNED && out.value == (long)len);
	ATF_REQUIRE_EQ((ssize_t)len, recv(try_collector, data, len, 0));
}

static pid_t
begin(void (*before)(void))
{
	pid_t	pid;

	close(table_fd);
	table_fd = shmem_new_sized("table", estate_size(conf.max_flows, 0));
	ATF_REQUIRE(table_fd != -1);
	ATF_REQUIRE_EQ(0, inject_prepare());
	pid = worker_begin(&try_ring, before);
	ATF_REQUIRE_EQ(0, inject_accept(pid));
	ATF_REQUIRE_EQ_MSG(0, inject_settle(pid), "no worker: %s",
	    strerror(errno));
	try_put(pid);
	ATF_REQUIRE_EQ(0, inject_continue(pid));
	return (pid);
}

static pid_t
stopped(pid_t pid)
{
	ATF_REQUIRE_EQ_MSG(0, inject_stop(pid), "the worker did not stop");
	return (pid);
}

pid_t
try_worker(void)
{
	pid_t	pid;

	pid = begin(inject_offer);
	worker_send(IMSG_LOCK, -1, NULL, 0);
	worker_await(IMSG_READY);
	return (stopped(pid));
}

static char
state(pid_t pid)
{
	char		 path[64], text[128];
	const char	*found;
	ssize_t		 n = -1;
	int		 fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if ((fd = open(path, O_RDONLY)) != -1) {
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	text[n > 0 ? n : 0] = '\0';
	return ((found = strrchr(text, ')')) != NULL ? found[2] : '?');
}

/* It has read what it was told, and waits for more. */
pid_t
try_early_with(void (*before)(void))
{
	pid_t	pid;
	int	i;

	pid = begin(before);
	for (i = 0; worker_unread() > 0 || state(pid) != 'S'; i++) {
		ATF_REQUIRE_MSG(i < 10000, "the worker does not listen");
		usleep(1000);
	}
	return (stopped(pid));
}

pid_t
try_early(void)
{
	return (try_early_with(inject_offer));
}

static void
leave_root(void)
{
	struct __user_cap_header_struct	 head = {
		_LINUX_CAPABILITY_VERSION_3, 0
	};
	struct __user_cap_data_struct	 caps[2] = { 0 };

	inject_offer();
	if (geteuid() != 0)
		return;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == -1 ||
	    setgroups(0, NULL) == -1 ||
	    setresgid(TRY_NOBODY, TRY_NOBODY, TRY_NOBODY) == -1 ||
	    setresuid(TRY_NOBODY, TRY_NOBODY, TRY_NOBODY) == -1)
		_exit(96);
	if (user_cap != -1)
		caps[0].permitted = caps[0].effective = caps[0].inheritable =
		    1U << user_cap;
	if (syscall(SYS_capset, &head, caps) == -1 || (user_cap != -1 &&
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, user_cap, 0, 0) == -1))
		_exit(95);
}

pid_t
try_early_user(int cap)
{
	pid_t	 pid;
	uint32_t flags = conf.flags;

	user_cap = cap;
	conf.flags &= ~(uint32_t)CONF_ROOT;
	pid = try_early_with(leave_root);
	conf.flags = flags;
	return (pid);
}

int
try_lock(pid_t pid, struct inject_fake *fakes, size_t n)
{
	int	status, ret;
	size_t	i;

	for (i = 0; i < n; i++)
		fakes[i].hits = 0;
	worker_send(IMSG_LOCK, -1, NULL, 0);
	ret = inject_run(pid, fakes, n, &status);
	ATF_REQUIRE_MSG(ret != -1, "the worker was lost: %d", errno);
	if (ret == 1)
		return (0);
	worker_await(IMSG_READY);
	stopped(pid);
	return (1);
}

void
try_end(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, __WALL);
	worker_forget();
}

int
try_ends(pid_t pid, int *status)
{
	int	ms;

	for (ms = 0; ms < 5000; ms += 10) {
		if (waitpid(pid, status, WNOHANG) == pid)
			return (1);
		usleep(10000);
	}
	return (0);
}

int
try_layer(uint32_t layer)
{
	return ((ready.layers & layer) != 0);
}

struct inject_outcome
try_call(pid_t pid, const struct try *t)
{
	struct inject_outcome	out = { INJECT_BLOCKED, 0 };
	long			arg[nitems(t->arg)], nr;
	size_t			i;

	nr = seccomp_syscall_resolve_name(t->call);
	ATF_REQUIRE_MSG(nr >= 0, "%s: no such call", t->call);
	for (i = 0; i < nitems(arg); i++)
		arg[i] = (t->arg[i] & ~0xffffL) == TRY_BASE ?
		    inject_room() + (t->arg[i] & 0xffff) : t->arg[i];
	ATF_REQUIRE_EQ_MSG(0, inject(pid, 0, nr, arg, &out),
	    "%s: %s", t->name, strerror(errno));
	return (out);
}

int
try_is_sigsys(const struct inject_outcome *out)
{
	return (out->end == INJECT_KILLED && out->value == SIGSYS);
}

void
try_report_text(const char *layer, const char *name, int proven,
    const char *detail)
{
	row("worker", layer, name, proven ? ROW_PROVEN : ROW_GAP, detail);
	ATF_CHECK_MSG(proven, "%s: %s: %s", layer, name, detail);
}

void
try_report(const char *layer, const char *name, int proven,
    const struct inject_outcome *out)
{
	char	detail[128];

	inject_describe(out, detail, sizeof(detail));
	try_report_text(layer, name, proven, detail);
}

int
try_kernel_has_mdwe(void)
{
	return (prctl(PR_GET_MDWE, 0, 0, 0, 0) != -1);
}

void
try_missing(const char *layer, const char *name, int lacks, const char *why)
{
	if (lacks)
		row("worker", layer, name, ROW_MISSING, why);
	else
		try_report_text(layer, name, 0, "not in force, though the "
		    "kernel has it");
}

void
try_controls(void)
{
	static const struct try	allowed = { "getpid", "getpid", { 0 } },
				forbidden = { "getppid", "getppid", { 0 } };
	struct inject_outcome	out;
	pid_t			pid;

	pid = try_worker();
	out = try_call(pid, &allowed);
	ATF_REQUIRE_MSG(out.end == INJECT_RETURNED && out.value == pid,
	    "what is allowed does not work: %d, %ld", out.end, out.value);
	ATF_REQUIRE_EQ(0, inject_continue(pid));
	worker_sync();			/* it has not noticed anything */
	try_end(pid);
	pid = try_worker();
	out = try_call(pid, &forbidden);
	ATF_REQUIRE_MSG(try_is_sigsys(&out),
	    "what is forbidden works: %d, %ld", out.end, out.value);
	try_end(pid);
}

void
try_killed(const struct try *t, size_t n)
{
	struct inject_outcome	out;
	pid_t			pid;
	size_t			i;

	for (i = 0; i < n; i++) {
		pid = try_worker();
		out = try_call(pid, &t[i]);
		try_report(TRY_FILTER, t[i].name, try_is_sigsys(&out), &out);
		try_end(pid);
	}
}

void
try_refused(pid_t pid, const char *layer, const struct try *t, int error)
{
	struct inject_outcome	out;

	out = try_call(pid, t);
	try_report(layer, t->name, out.end == INJECT_RETURNED &&
	    out.value == -error, &out);
}

int
try_run(const char *const *argv)
{
	pid_t	pid;
	int	status;

	ATF_REQUIRE((pid = fork()) != -1);
	if (pid == 0) {
		execvp(argv[0], (char **)(uintptr_t)argv);
		_exit(127);
	}
	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	return (status == 0 ? 0 : -1);
}
