/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The layers one by one, in workers of the real program that were made to
 * leave out others: the tracer answers a call itself, before the kernel sees
 * it, so that the worker believes to have loaded its filter, or entered its
 * chroot.  Each try works before LOCK, and is refused by the layer alone.
 */

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/capability.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "try.h"

#define ABI_TCP		4
#define ABI_SCOPES	6

static const struct try	read_file = { "open /etc/passwd", "openat",
			    { AT_FDCWD, TRY_AT(passwd), O_RDONLY } },
			climb = { "open ../../etc/passwd", "openat",
			    { AT_FDCWD, TRY_AT(upwards), O_RDONLY } },
			open_root = { "open /", "openat",
			    { AT_FDCWD, TRY_AT(root), O_RDONLY } },
			make_dir = { "make a directory", "mkdirat",
			    { AT_FDCWD, TRY_AT(option), 0700 } },
			be_root = { "setresuid(0)", "setresuid",
			    { 0, 0, 0 } },
			in_groups = { "join a group", "setgroups",
			    { 1, TRY_AT(zero) } },
			raw = { "socket(AF_PACKET)", "socket",
			    { AF_PACKET, SOCK_RAW, 0 } };

static int
works(pid_t pid, const struct try *t)
{
	struct inject_outcome	out;

	out = try_call(pid, t);
	ATF_REQUIRE_MSG(out.end == INJECT_RETURNED && out.value >= 0,
	    "%s does not work without the layer: %d, %ld", t->name, out.end,
	    out.value);
	return ((int)out.value);
}

CASE(chroot_alone)
{
	struct inject_fake	fakes[] = { TRY_NO_FILTER, TRY_NO_LANDLOCK };
	pid_t			pid;

	try_begin(tc, "chroot");
	if (geteuid() != 0)
		try_skip(tc, "chroot", "needs root");
	pid = try_early();
	works(pid, &read_file);
	works(pid, &climb);
	ATF_REQUIRE(try_lock(pid, fakes,
	    syscall(SYS_landlock_create_ruleset, NULL, 0, 1) > 0 ? 2 : 1));
	/* Not even what is not there may be looked for. */
	try_refused(pid, "chroot", &read_file, EACCES);
	try_refused(pid, "chroot", &climb, EACCES);
	try_refused(pid, "chroot", &make_dir, EACCES);
	try_end(pid);
}

/* What the worker of the next tries has in hand: leaked, or opened before. */
struct hand {
	struct try	leaked, leaked_root, tcp, bind, local, kill;
	int		listens[2];
	pid_t		neighbour;
};

/* Where LOCK puts nothing else. */
static long
opened(pid_t pid, const struct try *t)
{
	struct try	dup = { "F_DUPFD", "fcntl", { 0, F_DUPFD, 20 } };

	dup.arg[0] = works(pid, t);
	return (works(pid, &dup));
}

static pid_t
early_with_hand(struct hand *h)
{
	static const struct try	directory = { "open /", "openat",
				    { AT_FDCWD, TRY_AT(root),
				    O_RDONLY | O_DIRECTORY } },
				stream = { "TCP", "socket",
				    { AF_INET, SOCK_STREAM } },
				local = { "local", "socket",
				    { AF_UNIX, SOCK_STREAM } };
	long			dir, tcp, bound, un;
	pid_t			pid;

	h->listens[0] = try_listener(AF_INET);
	h->listens[1] = try_listener(AF_UNIX);
	h->neighbour = try_neighbour();
	try_data.zero[0] = AF_INET;
	pid = try_early();
	dir = opened(pid, &directory);
	tcp = opened(pid, &stream);
	bound = opened(pid, &stream);
	un = opened(pid, &local);
	h->leaked = (struct try){ "open a file through a leaked directory",
	    "openat", { dir, TRY_AT(passwd) + 1, O_RDONLY } };
	h->leaked_root = (struct try){ "open a leaked directory's parent",
	    "openat", { dir, TRY_AT(upwards), O_RDONLY } };
	h->tcp = (struct try){ "connect a TCP socket", "connect",
	    { tcp, TRY_AT(stranger), sizeof(struct sockaddr_in) } };
	h->bind = (struct try){ "bind a TCP socket", "bind",
	    { bound, TRY_AT(zero), sizeof(struct sockaddr_in) } };
	h->local = (struct try){ "connect to an abstract socket", "connect",
	    { un, TRY_AT(abstract), try_data.len } };
	h->kill = (struct try){ "signal a process of its user", "kill",
	    { h->neighbour, 0 } };
	return (pid);
}

static void
put_down(struct hand *h)
{
	kill(h->neighbour, SIGKILL);
	waitpid(h->neighbour, NULL, 0);
	close(h->listens[0]);
	close(h->listens[1]);
}

static void
refused_since(pid_t pid, const struct try *t, int error, uint32_t abi,
    const char *why)
{
	if (ready.landlock_abi >= abi)
		try_refused(pid, "Landlock", t, error);
	else
		row("worker", "Landlock", t->name, ROW_MISSING, why);
}

CASE(landlock_alone)
{
	struct inject_fake	fakes[] = { TRY_NO_FILTER, TRY_NO_CHROOT };
	struct hand		h;
	pid_t			pid;

	try_begin(tc, "Landlock");
	pid = early_with_hand(&h);
	works(pid, &read_file);
	ATF_REQUIRE(try_lock(pid, fakes, geteuid() == 0 ? 2 : 1));
	if (!try_layer(SANDBOX_LANDLOCK)) {
		try_missing("Landlock", "files, TCP, sockets, signals",
		    syscall(SYS_landlock_create_ruleset, NULL, 0, 1) <= 0,
		    "Linux 5.13 has it");
		try_end(pid);
		put_down(&h);
		return;
	}
	try_refused(pid, "Landlock", &open_root, EACCES);
	try_refused(pid, "Landlock", &read_file, EACCES);
	try_refused(pid, "Landlock", &h.leaked, EACCES);
	try_refused(pid, "Landlock", &h.leaked_root, EACCES);
	refused_since(pid, &h.tcp, EACCES, ABI_TCP, "Linux 6.7 has it");
	refused_since(pid, &h.bind, EACCES, ABI_TCP, "Linux 6.7 has it");
	refused_since(pid, &h.local, EPERM, ABI_SCOPES, "Linux 6.12 has it");
	refused_since(pid, &h.kill, EPERM, ABI_SCOPES, "Linux 6.12 has it");
	try_end(pid);
	put_down(&h);
}

/* The same tries, without any of the three: else the case above is void. */
CASE(without_landlock_the_same_is_possible)
{
	struct inject_fake	fakes[] = { TRY_NO_FILTER, TRY_NO_LANDLOCK,
				    TRY_NO_CHROOT };
	struct hand		h;
	pid_t			pid;

	try_begin(tc, "Landlock");
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) <= 0)
		atf_tc_skip("no Landlock in this kernel");
	pid = early_with_hand(&h);
	ATF_REQUIRE(try_lock(pid, fakes, geteuid() == 0 ? 3 : 2));
	works(pid, &open_root);
	works(pid, &read_file);
	works(pid, &h.leaked);
	works(pid, &h.tcp);
	works(pid, &h.bind);
	works(pid, &h.local);
	works(pid, &h.kill);
	try_end(pid);
	put_down(&h);
}

CASE(ids_alone)
{
	struct inject_fake	fakes[] = { TRY_NO_FILTER, TRY_NO_LANDLOCK };
	pid_t			pid;

	try_begin(tc, "ids");
	if (geteuid() != 0)
		try_skip(tc, "ids", "needs root");
	pid = try_early();
	works(pid, &in_groups);
	works(pid, &be_root);
	ATF_REQUIRE(try_lock(pid, fakes,
	    syscall(SYS_landlock_create_ruleset, NULL, 0, 1) > 0 ? 2 : 1));
	try_refused(pid, "ids", &be_root, EPERM);
	try_refused(pid, "ids", &in_groups, EPERM);
	try_end(pid);
}

/* A change of ids takes them from root; from others only this layer does. */
CASE(capabilities_alone)
{
	struct inject_fake	fakes[] = { TRY_NO_FILTER };
	pid_t			pid;

	try_begin(tc, "capabilities");
	if (geteuid() != 0)
		try_skip(tc, "capabilities", "needs root");
	pid = try_early_user(CAP_NET_RAW);
	works(pid, &raw);
	ATF_REQUIRE_MSG(try_lock(pid, fakes, 1), "no worker: %s", said_last);
	try_refused(pid, "capabilities", &raw, EPERM);
	try_refused(pid, "capabilities", &be_root, EPERM);
	try_end(pid);
	pid = try_early_user(CAP_SETUID);
	ATF_REQUIRE_MSG(try_lock(pid, fakes, 1), "no worker: %s", said_last);
	try_refused(pid, "capabilities", &be_root, EPERM);
	try_end(pid);
}

CASE(bounding_set_alone)
{
	struct inject_fake	fakes[] = { TRY_NO_FILTER };
	struct try		t = { "get one back by executing", "prctl",
				    { PR_CAPBSET_READ } };
	struct inject_outcome	out;
	char			text[64];
	unsigned int		left = 0;
	pid_t			pid;

	try_begin(tc, "capabilities");
	if (geteuid() != 0)
		try_skip(tc, "capabilities", "needs root");
	pid = try_early();
	ATF_REQUIRE(try_lock(pid, fakes, 1));
	for (; t.arg[1] < 64; t.arg[1]++) {
		out = try_call(pid, &t);
		if (out.end != INJECT_RETURNED || out.value < 0)
			break;
		left += out.value != 0;
	}
	try_end(pid);
	snprintf(text, sizeof(text), "%u of %ld in the bounding set", left,
	    t.arg[1]);
	try_report_text("capabilities", t.name, left == 0 && t.arg[1] > 30,
	    text);
}

/* What somebody of the worker's user can do to it; 0: nothing. */
static int
neighbour_traces(pid_t victim)
{
	char	path[64];
	pid_t	pid;
	int	status;

	if ((pid = fork()) == 0) {
		if (geteuid() == 0 && (setresgid(TRY_NOBODY, TRY_NOBODY,
		    TRY_NOBODY) == -1 || setresuid(TRY_NOBODY, TRY_NOBODY,
		    TRY_NOBODY) == -1))
			_exit(9);
		snprintf(path, sizeof(path), "/proc/%d/mem", (int)victim);
		_exit((open(path, O_RDWR) != -1) |
		    (syscall(SYS_ptrace, 0x4206, victim, 0, 0) == 0) << 1);
	}
	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	ATF_REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) != 9);
	return (WEXITSTATUS(status));
}

/*
 * From root it would come with the change of ids; from others only this
 * layer does it, so that is what is looked at.
 */
CASE(undumpable_alone)
{
	static const struct try	 get = { "PR_GET_DUMPABLE", "prctl",
				    { PR_GET_DUMPABLE } };
	struct inject_fake	 fakes[] = { TRY_NO_FILTER };
	struct inject_outcome	 out;
	char			 text[64];
	int			 can;
	pid_t			 pid, other;

	try_begin(tc, "undumpable");
	pid = try_early_user(-1);
	works(pid, &get);
	ATF_REQUIRE_MSG(try_lock(pid, fakes, 1), "no worker: %s", said_last);
	out = try_call(pid, &get);
	snprintf(text, sizeof(text), "PR_GET_DUMPABLE is %ld", out.value);
	try_report_text("undumpable", "dump its memory", out.value == 0,
	    text);
	ATF_REQUIRE_EQ(0, inject_release(pid));
	other = try_neighbour();
	usleep(10000);
	can = neighbour_traces(other);
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	if (can != 3) {
		row("worker", "undumpable", "its memory, for others of its "
		    "user", ROW_UNCHECKED, "nobody may here, anyway");
		try_end(pid);
		return;
	}
	can = neighbour_traces(pid);
	snprintf(text, sizeof(text), "memory %s, trace %s",
	    can & 1 ? "opened" : "refused", can & 2 ? "allowed" : "refused");
	try_report_text("undumpable", "its memory, for others of its user",
	    can == 0, text);
	try_end(pid);
}

CASE(no_new_privileges_alone)
{
	static const struct try	get = { "PR_GET_NO_NEW_PRIVS", "prctl",
				    { PR_GET_NO_NEW_PRIVS } };
	struct inject_fake	fakes[] = { TRY_NO_FILTER };
	struct inject_outcome	out;
	char			text[64];
	pid_t			pid;

	try_begin(tc, "no new privileges");
	pid = try_early();
	ATF_REQUIRE(try_lock(pid, fakes, 1));
	out = try_call(pid, &get);
	try_end(pid);
	snprintf(text, sizeof(text), "PR_GET_NO_NEW_PRIVS is %ld", out.value);
	try_report_text("no new privileges", "rights of a set-user-id file",
	    out.value == 1, text);
}

CASE(death_with_the_parent_alone)
{
	static const struct try	get = { "PR_GET_PDEATHSIG", "prctl",
				    { PR_GET_PDEATHSIG, TRY_AT(value) } };
	struct inject_fake	fakes[] = { TRY_NO_FILTER };
	struct inject_outcome	out;
	char			text[64];
	int			sig;
	pid_t			pid;

	try_begin(tc, "undumpable");
	pid = try_early();
	ATF_REQUIRE(try_lock(pid, fakes, 1));
	out = try_call(pid, &get);
	ATF_REQUIRE(out.end == INJECT_RETURNED && out.value == 0);
	try_get(pid, offsetof(struct try_data, value), &sig, sizeof(sig));
	try_end(pid);
	snprintf(text, sizeof(text), "its signal is %d", sig);
	try_report_text("undumpable", "outlive its parent", sig == SIGKILL,
	    text);
}

static void
limit_is(pid_t pid, const char *name, int resource, rlim_t most)
{
	struct try		t = { name, "prlimit64", { 0, resource, 0,
				    TRY_AT(pair) } };
	struct inject_outcome	out;
	struct rlimit		rl;
	char			text[64];

	out = try_call(pid, &t);
	ATF_REQUIRE(out.end == INJECT_RETURNED && out.value == 0);
	try_get(pid, offsetof(struct try_data, pair), &rl, sizeof(rl));
	snprintf(text, sizeof(text), "at most %llu",
	    (unsigned long long)rl.rlim_max);
	try_report_text("limits", name, rl.rlim_max <= most &&
	    rl.rlim_cur <= most, text);
}

CASE(limits_alone)
{
	static const struct try	memfd = { "a file in memory", "memfd_create",
				    { TRY_AT(option), 0 } };
	struct inject_fake	fakes[] = { TRY_NO_FILTER };
	struct inject_outcome	out;
	struct try		t = { "a 65th descriptor", "fcntl",
				    { 0, F_DUPFD, FD_LOW_MAX + 1 } };
	long			fd;
	pid_t			pid;

	try_begin(tc, "limits");
	pid = try_early_user(-1);
	works(pid, &t);
	fd = opened(pid, &memfd);
	ATF_REQUIRE_MSG(try_lock(pid, fakes, 1), "no worker: %s", said_last);
	try_refused(pid, "limits", &t, EINVAL);
	t = (struct try){ "fork", "clone", { SIGCHLD } };
	out = try_call(pid, &t);
	try_report("limits", t.name, out.end == INJECT_RETURNED &&
	    out.value == -EAGAIN, &out);
	t = (struct try){ "a gigabyte of memory", "mmap", { 0, 1L << 30,
	    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0 } };
	try_refused(pid, "limits", &t, ENOMEM);
	limit_is(pid, "octets of a core", RLIMIT_CORE, 0);
	limit_is(pid, "octets of a file", RLIMIT_FSIZE, 0);
	limit_is(pid, "processes", RLIMIT_NPROC, 0);
	limit_is(pid, "descriptors", RLIMIT_NOFILE, FD_LOW_MAX + 1);
	limit_is(pid, "octets of memory", RLIMIT_AS, (rlim_t)1 << 30);
	/* The signal ends it. */
	t = (struct try){ "let a file grow", "ftruncate", { fd, 4096 } };
	out = try_call(pid, &t);
	try_report("limits", t.name, out.end == INJECT_SIGNALLED &&
	    out.value == SIGXFSZ, &out);
	try_end(pid);
}

/* The one that needs no other layer to be off. */
CASE(memory_has_an_end)
{
	static const struct try	much = { "a gigabyte of memory", "mmap",
				    { 0, 1L << 30, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0 } };
	pid_t			pid;

	try_begin(tc, "limits");
	pid = try_worker();
	try_refused(pid, "limits", &much, ENOMEM);
	try_end(pid);
}

static void
line_is(const char *status, const char *layer, const char *name,
    const char *line)
{
	char		 text[64] = "no such line";
	const char	*found, *end;
	char		 key[32];

	snprintf(key, sizeof(key), "\n%.*s", (int)strcspn(line, "\t") , line);
	if ((found = strstr(status, key)) != NULL &&
	    (end = strchr(++found, '\n')) != NULL)
		snprintf(text, sizeof(text), "%.*s", (int)(end - found),
		    found);
	try_report_text(layer, name, strcmp(text, line) == 0, text);
}

/* As the kernel shows it to everybody, in all layers. */
CASE(worker_status)
{
	char	path[64], status[4096];
	ssize_t	n;
	int	fd;
	pid_t	pid;

	try_begin(tc, "capabilities");
	pid = try_worker();
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	ATF_REQUIRE((fd = open(path, O_RDONLY)) != -1);
	ATF_REQUIRE((n = read(fd, status, sizeof(status) - 1)) > 0);
	status[n] = '\0';
	close(fd);
	try_end(pid);
	if (geteuid() == 0) {
		line_is(status, "ids", "status: user",
		    "Uid:\t65534\t65534\t65534\t65534");
		line_is(status, "ids", "status: group",
		    "Gid:\t65534\t65534\t65534\t65534");
		line_is(status, "ids", "status: groups", "Groups:\t ");
		line_is(status, "capabilities", "status: bounding",
		    "CapBnd:\t0000000000000000");
	} else
		row("worker", "ids", "status: user, groups", ROW_UNCHECKED,
		    "needs root");
	line_is(status, "capabilities", "status: inheritable",
	    "CapInh:\t0000000000000000");
	line_is(status, "capabilities", "status: permitted",
	    "CapPrm:\t0000000000000000");
	line_is(status, "capabilities", "status: effective",
	    "CapEff:\t0000000000000000");
	line_is(status, "capabilities", "status: ambient",
	    "CapAmb:\t0000000000000000");
	line_is(status, "no new privileges", "status", "NoNewPrivs:\t1");
	line_is(status, TRY_FILTER, "status", "Seccomp:\t2");
	line_is(status, TRY_FILTER, "status: threads", "Threads:\t1");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, chroot_alone);
	ATF_TP_ADD_TC(tp, landlock_alone);
	ATF_TP_ADD_TC(tp, without_landlock_the_same_is_possible);
	ATF_TP_ADD_TC(tp, ids_alone);
	ATF_TP_ADD_TC(tp, capabilities_alone);
	ATF_TP_ADD_TC(tp, bounding_set_alone);
	ATF_TP_ADD_TC(tp, undumpable_alone);
	ATF_TP_ADD_TC(tp, no_new_privileges_alone);
	ATF_TP_ADD_TC(tp, death_with_the_parent_alone);
	ATF_TP_ADD_TC(tp, limits_alone);
	ATF_TP_ADD_TC(tp, memory_has_an_end);
	ATF_TP_ADD_TC(tp, worker_status);

	return (atf_no_error());
}
