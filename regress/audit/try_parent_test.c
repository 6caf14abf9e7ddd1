/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A parent of the real program, started as an operator starts it and ready,
 * that somebody has taken over in spite of all.  As root it captures in a
 * network namespace of its own, as others it takes packet reports.
 */

#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "try.h"

#define LOG		"daemon.log"
#define READY_MS	10000
#define CAPABILITIES	"CapEff:\t00000000000421e0"

static char	program[PATH_MAX], reports[64];
static pid_t	parent;		/* 0: none */
static int	landlock;	/* its version, by the worker's word; 0: none */

static const char *
log_says(const char *what)
{
	static char	text[8192];
	ssize_t		n;
	int		fd;

	if ((fd = open(LOG, O_RDONLY)) == -1)
		return (NULL);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return (strstr(text, what));
}

static int
log_number(const char *before)
{
	const char	*found = log_says(before);

	return (found == NULL ? 0 : (int)strtol(found + strlen(before), NULL,
	    10));
}

static void
execute(void)
{
	const char	*source = geteuid() == 0 ? "-i" : "-R";
	const char	*what = geteuid() == 0 ? "lo" : reports;
	int		 fd;

	inject_offer();
	if ((fd = open(LOG, O_WRONLY | O_CREAT | O_TRUNC, 0600)) == -1 ||
	    dup2(fd, STDERR_FILENO) == -1)
		_exit(93);
	execl(program, "softflowd", "-d", source, what, "-v", "9", "-n",
	    "127.0.0.1:9", "-p", "here/daemon.pid", "-c", "here/daemon.ctl",
	    NULL);
	_exit(92);
}

static void
start(void)
{
	int	ms;

	(void)mkdir("here", 0755);
	(void)unlink(LOG);
	ATF_REQUIRE_EQ(0, inject_prepare());
	if ((parent = fork()) == 0)
		execute();
	ATF_REQUIRE(parent != -1);
	ATF_REQUIRE_EQ(0, inject_accept(parent));
	ATF_REQUIRE_EQ_MSG(0, inject_settle(parent), "no parent: %s",
	    strerror(errno));
	ATF_REQUIRE_EQ(0, inject_continue(parent));
	for (ms = 0; log_says("is ready") == NULL; ms += 20) {
		ATF_REQUIRE_EQ_MSG(0, inject_attend(parent, 20),
		    "the daemon has ended");
		ATF_REQUIRE_MSG(ms < READY_MS, "the daemon is not ready");
	}
	landlock = log_number("Landlock ABI ");
	ATF_REQUIRE_EQ(0, inject_stop(parent));
}

static void
begin(const atf_tc_t *tc, const char *layer)
{
	struct sockaddr_in	sin = { .sin_family = AF_INET };
	socklen_t		len = sizeof(sin);
	int			fd;

	try_begin(tc, layer);
	if (*program == '\0')
		snprintf(program, sizeof(program),
		    "%s/../../softflowd/softflowd",
		    atf_tc_get_config_var_wd(tc, "srcdir", "."));
	if (geteuid() == 0) {
		ATF_REQUIRE_EQ(0, unshare(CLONE_NEWNET));
		ATF_REQUIRE_EQ(0, RUN("ip", "link", "set", "lo", "up"));
	}
	/* A port that nobody has now. */
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ATF_REQUIRE((fd = socket(AF_INET, SOCK_DGRAM, 0)) != -1);
	ATF_REQUIRE_EQ(0, bind(fd, (struct sockaddr *)&sin, len));
	ATF_REQUIRE_EQ(0, getsockname(fd, (struct sockaddr *)&sin, &len));
	close(fd);
	snprintf(reports, sizeof(reports), "127.0.0.1:%u,127.0.0.1",
	    ntohs(sin.sin_port));
	start();
}

static void
end(void)
{
	int	status;

	if (parent == 0)
		return;
	ATF_REQUIRE_EQ(0, inject_release(parent));
	ATF_REQUIRE_EQ(0, kill(parent, SIGTERM));
	ATF_REQUIRE_EQ(parent, waitpid(parent, &status, 0));
	ATF_CHECK_MSG(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	    "the daemon did not end well: %#x", (unsigned int)status);
}

/*
 * Whether the call is one of this kernel's: what the filter says is what a
 * kernel without it says.  With these arguments none does anything.
 */
static int
kernel_has(const char *call)
{
	int	nr = seccomp_syscall_resolve_name(call), status;
	pid_t	pid;

	if ((pid = fork()) == 0)
		_exit(syscall(nr, -1L, -1L, -1L, -1L, -1L, -1L) == -1 &&
		    errno == ENOSYS ? 95 : 0);
	ATF_REQUIRE(pid != -1 && waitpid(pid, &status, 0) == pid);
	return (!WIFEXITED(status) || WEXITSTATUS(status) != 95);
}

static void
conclude(const char *layer, const struct try *t, int ok,
    const struct inject_outcome *out)
{
	char	text[128];

	inject_describe(out, text, sizeof(text));
	row("parent", layer, t->name, ok ? ROW_PROVEN : ROW_GAP, text);
	ATF_CHECK_MSG(ok, "parent: %s: %s: %s", layer, t->name, text);
	if (out->end != INJECT_RETURNED) {
		(void)kill(parent, SIGKILL);
		(void)waitpid(parent, NULL, __WALL);
		parent = 0;
	}
}

static struct inject_outcome
attempt(const struct try *t)
{
	if (parent == 0)
		start();
	try_put(parent);
	return (try_call(parent, t));
}

/*
 * The filter fails it, or is the end; where another layer is meant, that may
 * have refused it, too.
 */
static void
refused_by(const char *layer, const struct try *t)
{
	struct inject_outcome	out = attempt(t);
	int			filtered, refused;

	filtered = try_is_sigsys(&out) || (out.end == INJECT_RETURNED &&
	    out.value == -ENOSYS);
	refused = out.end == INJECT_RETURNED && strcmp(layer, TRY_FILTER) !=
	    0 && (out.value == -EPERM || out.value == -EACCES);
	if (filtered && !kernel_has(t->call))
		row("parent", TRY_FILTER, t->name, ROW_UNCHECKED,
		    "this kernel has no such call");
	else if (!filtered && !refused && !landlock &&
	    strcmp(layer, "Landlock") == 0)
		row("parent", layer, t->name, ROW_MISSING,
		    "Linux 5.13 has it");
	else
		conclude(filtered ? TRY_FILTER : layer, t,
		    filtered || refused, &out);
}

/* What the filter allows, and the owner of the file: nobody else refuses. */
static void
refused_by_landlock(const struct try *t, int root)
{
	struct inject_outcome	out;

	if (!landlock)
		row("parent", "Landlock", t->name, ROW_MISSING,
		    "Linux 5.13 has it");
	else if (root && geteuid() != 0)
		row("parent", "Landlock", t->name, ROW_UNCHECKED,
		    "the files are root's: needs root");
	else {
		out = attempt(t);
		conclude("Landlock", t, out.end == INJECT_RETURNED &&
		    out.value == -EACCES, &out);
	}
}

static void
all_refused(const char *layer, const struct try *t, size_t n)
{
	size_t	i;

	for (i = 0; i < n; i++)
		refused_by(layer, &t[i]);
}

/* What is not forbidden works: the parent lives, and so does the worker. */
static void
control(void)
{
	static const struct try	allowed = { "getpid", "getpid", { 0 } };
	struct inject_outcome	out;

	out = try_call(parent, &allowed);
	ATF_REQUIRE(out.end == INJECT_RETURNED && out.value == parent);
}

/* Where the parent has its own program open. */
static int
binary_fd(void)
{
	struct stat	own, sb;
	struct dirent	*entry;
	char		path[64];
	DIR		*dir;
	int		fd = -1;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)parent);
	ATF_REQUIRE_EQ(0, stat(path, &own));
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)parent);
	ATF_REQUIRE((dir = opendir(path)) != NULL);
	while (fd == -1 && (entry = readdir(dir)) != NULL)
		if (fstatat(dirfd(dir), entry->d_name, &sb, 0) == 0 &&
		    sb.st_dev == own.st_dev && sb.st_ino == own.st_ino)
			fd = (int)strtol(entry->d_name, NULL, 10);
	closedir(dir);
	ATF_REQUIRE_MSG(fd != -1, "the parent has no program open");
	return (fd);
}

CASE(parent_cannot_execute_a_shell)
{
	struct try		own = { "execveat /bin/sh, as the filter "
				    "allows", "execveat", { 0, TRY_AT(shell),
				    TRY_AT(argv), 0, AT_EMPTY_PATH } };
	static const struct try	tries[] = {
		{ "execve /bin/sh", "execve", { TRY_AT(shell), TRY_AT(argv),
		    0 } },
		{ "execveat /bin/sh", "execveat", { AT_FDCWD, TRY_AT(shell),
		    TRY_AT(argv), 0, 0 } },
		{ "memory that is executable", "mmap", { 0, 4096, PROT_READ |
		    PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0 } },
	};

	begin(tc, "Landlock");
	control();
	all_refused("Landlock", tries, 2);
	if (try_kernel_has_mdwe())
		refused_by("MDWE", &tries[2]);
	else
		row("parent", "MDWE", tries[2].name, ROW_MISSING,
		    "Linux 6.3 has it");
	/* Of an absolute path the descriptor does not count. */
	own.arg[0] = binary_fd();
	refused_by_landlock(&own, 0);
	end();
}

CASE(parent_cannot_reach_files)
{
	static const struct try	tries[] = {
		{ "read /etc/passwd", "openat", { AT_FDCWD, TRY_AT(passwd),
		    O_RDONLY } },
		{ "write to a file", "openat", { AT_FDCWD, TRY_AT(upwards),
		    O_RDWR } },
		{ "create a file", "openat", { AT_FDCWD, TRY_AT(upwards),
		    O_RDWR | O_CREAT | O_EXCL, 0600 } },
		{ "list /", "openat", { AT_FDCWD, TRY_AT(root),
		    O_RDONLY | O_DIRECTORY } },
		{ "remove a file", "unlinkat", { AT_FDCWD, TRY_AT(upwards),
		    0 } },
	}, by_filter[] = {
		{ "change a mode", "fchmodat", { AT_FDCWD, TRY_AT(upwards),
		    0777 } },
		{ "change an owner", "fchownat", { AT_FDCWD, TRY_AT(upwards),
		    -1, -1, 0 } },
		{ "make a directory", "mkdirat", { AT_FDCWD, TRY_AT(upwards),
		    0700 } },
		{ "link a file", "linkat", { AT_FDCWD, TRY_AT(upwards),
		    AT_FDCWD, TRY_AT(passwd) } },
		{ "rename a file", "renameat2", { AT_FDCWD, TRY_AT(upwards),
		    AT_FDCWD, TRY_AT(upwards) } },
	};
	char			cwd[64];
	int			fd;

	/* Beneath pid file and socket files may be removed; so elsewhere. */
	ATF_REQUIRE_EQ(0, mkdir("elsewhere", 0755));
	ATF_REQUIRE((fd = open("elsewhere/file", O_CREAT | O_WRONLY, 0644)) !=
	    -1);
	close(fd);
	begin(tc, "Landlock");
	control();
	ATF_REQUIRE(getcwd(cwd, sizeof(cwd)) != NULL);
	snprintf(try_data.upwards, sizeof(try_data.upwards),
	    "%s/elsewhere/file", cwd);
	all_refused("Landlock", tries, 2);
	all_refused("Landlock", &tries[3], 2);
	all_refused(TRY_FILTER, by_filter, 2);
	all_refused(TRY_FILTER, &by_filter[3], 2);
	snprintf(try_data.upwards, sizeof(try_data.upwards),
	    "%s/elsewhere/new", cwd);
	refused_by("Landlock", &tries[2]);
	refused_by(TRY_FILTER, &by_filter[2]);
	ATF_CHECK_EQ(0, access("elsewhere/file", F_OK));
	ATF_CHECK_EQ(-1, access("elsewhere/new", F_OK));
	end();
}

/* Some directory in it: nobody can unlink that, and Landlock speaks first. */
static void
directory_in(const char *path, char *found, size_t size)
{
	struct stat	sb;
	struct dirent	*entry;
	DIR		*dir;

	*found = '\0';
	ATF_REQUIRE((dir = opendir(path)) != NULL);
	while (*found == '\0' && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' && fstatat(dirfd(dir),
		    entry->d_name, &sb, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISDIR(sb.st_mode))
			ATF_REQUIRE(snprintf(found, size, "%s/%s", path,
			    entry->d_name) < (int)size);
	closedir(dir);
}

CASE(parent_cannot_remove_what_it_executes)
{
	static const struct try	loader = { "remove from the loader's "
				    "directory", "unlinkat", { AT_FDCWD,
				    TRY_AT(upwards), 0 } },
				own = { "remove its own program", "unlinkat",
				    { AT_FDCWD, TRY_AT(upwards), 0 } };
	char			path[PATH_MAX], cwd[64];
	Dl_info			info;

	ATF_REQUIRE(getcwd(cwd, sizeof(cwd)) != NULL);
	snprintf(path, sizeof(path), "%s/../../softflowd/softflowd",
	    atf_tc_get_config_var_wd(tc, "srcdir", "."));
	ATF_REQUIRE_EQ(0, mkdir("program", 0755));
	ATF_REQUIRE_EQ(0, RUN("cp", path, "program"));
	ATF_REQUIRE_EQ(0, RUN("chmod", "755", ".", "program"));
	snprintf(program, sizeof(program), "%s/program/softflowd", cwd);
	begin(tc, "Landlock");
	control();
	strlcpy(try_data.upwards, program, sizeof(try_data.upwards));
	refused_by_landlock(&own, 0);
	ATF_CHECK_EQ(0, access(program, F_OK));
	ATF_REQUIRE(dladdr((void *)(uintptr_t)getauxval(AT_BASE), &info) != 0);
	ATF_REQUIRE(realpath(info.dli_fname, path) != NULL);
	directory_in(dirname(path), try_data.upwards,
	    sizeof(try_data.upwards));
	if (*try_data.upwards != '\0')
		refused_by_landlock(&loader, 1);
	else
		row("parent", "Landlock", loader.name, ROW_UNCHECKED,
		    "there is no directory in it to try with");
	end();
}

CASE(parent_cannot_use_what_it_does_not_need)
{
	struct try	tries[] = {
		{ "trace another process", "ptrace", { 0x4206, getpid() } },
		{ "read another's memory", "process_vm_readv", { getpid(),
		    TRY_AT(iov), 1, TRY_AT(iov), 1 } },
		{ "another's descriptor", "pidfd_getfd", { -1, 0 } },
		{ "a BPF map", "bpf", { 0, TRY_AT(zero), 72 } },
		{ "io_uring", "io_uring_setup", { 1, TRY_AT(zero) } },
		{ "performance events", "perf_event_open", { TRY_AT(zero), 0,
		    -1, -1 } },
		{ "userfaultfd", "userfaultfd", { 0 } },
		{ "keys", "keyctl", { 0, -3, 0 } },
		{ "mount", "mount", { 0, 0, 0, 0 } },
		{ "pivot_root", "pivot_root", { 0, 0 } },
		{ "new namespaces", "unshare", { CLONE_NEWUTS } },
		{ "new namespaces by clone", "clone", { CLONE_NEWUTS |
		    SIGCHLD } },
		{ "a new user namespace", "unshare", { CLONE_NEWUSER } },
		{ "a new user namespace by clone", "clone", { CLONE_NEWUSER |
		    SIGCHLD } },
		{ "another's namespaces", "setns", { -1, 0 } },
		{ "a module", "finit_module", { -1, 0, 0 } },
		{ "another kernel", "kexec_load", { 0, 0, 0, 0 } },
		{ "reboot", "reboot", { 0 } },
		{ "set the clock", "clock_settime", { CLOCK_MONOTONIC,
		    TRY_AT(ts) } },
		{ "a file by its handle", "open_by_handle_at", { -1, 0, 0 } },
		{ "no address randomisation", "personality", { 0x0040000 } },
	};

	begin(tc, TRY_FILTER);
	control();
	all_refused(TRY_FILTER, tries, nitems(tries));
	end();
}

CASE(parent_takes_no_other_ids)
{
	static const struct try	ids[] = {
		{ "setuid", "setuid", { 1 } },
		{ "setresuid of a stranger", "setresuid", { 1, 1, 1 } },
		{ "setresuid, upper bits", "setresuid", { TRY_UPPER | 1, 1,
		    1 } },
		{ "setresgid of a stranger", "setresgid", { 1, 1, 1 } },
		{ "setgroups", "setgroups", { 1, TRY_AT(zero) } },
		{ "setfsuid", "setfsuid", { 1 } },
	}, caps[] = {
		{ "all capabilities", "capset", { TRY_AT(caps_head),
		    TRY_AT(caps) } },
		{ "a higher priority", "setpriority", { 0, 0, -20 } },
	};

	begin(tc, TRY_FILTER);
	control();
	all_refused(TRY_FILTER, ids, nitems(ids));
	all_refused("capabilities", caps, nitems(caps));
	end();
}

/* In a case of their own, as each needs a socket of the parent's. */
static void
connects(const char *name, int domain, long address, long len, int abi)
{
	struct try		t = { "socket", "socket",
				    { domain, SOCK_STREAM | SOCK_CLOEXEC,
				    domain == AF_INET ? IPPROTO_TCP : 0 } };
	struct inject_outcome	out;

	out = try_call(parent, &t);
	if (out.end != INJECT_RETURNED || out.value < 0) {
		t.name = name;
		refused_by(TRY_FILTER, &t);
		return;
	}
	t = (struct try){ name, "connect", { out.value, address, len } };
	if (landlock < abi)
		row("parent", "Landlock", name, ROW_MISSING, abi == 4 ?
		    "Linux 6.7 has it" : "Linux 6.12 has it");
	else
		refused_by("Landlock", &t);
}

/* Such a send connects, and Landlock knows of connect(2) only. */
static void
fast_open(void)
{
	static const struct try	s = { "socket", "socket", { AF_INET,
				    SOCK_STREAM | SOCK_CLOEXEC,
				    IPPROTO_TCP } };
	struct try		tries[] = {
		{ "connect by sendto, TCP Fast Open", "sendto", { -1,
		    TRY_AT(frame), 4, MSG_FASTOPEN | MSG_NOSIGNAL |
		    MSG_DONTWAIT, TRY_AT(stranger),
		    sizeof(struct sockaddr_in) } },
		{ "connect by sendmsg, TCP Fast Open", "sendmsg", { -1,
		    TRY_AT(msg_stranger), MSG_FASTOPEN | MSG_NOSIGNAL |
		    MSG_DONTWAIT } },
	};
	struct inject_outcome	out;
	size_t			i;

	for (i = 0; i < nitems(tries); i++) {
		out = attempt(&s);
		ATF_REQUIRE(out.end == INJECT_RETURNED && out.value >= 0);
		tries[i].arg[0] = out.value;
		refused_by(TRY_FILTER, &tries[i]);
	}
}

CASE(parent_cannot_reach_others)
{
	struct try	t = { "signal a stranger", "kill", { 0, SIGTERM } };
	int		tcp, local;
	pid_t		pid;

	begin(tc, "Landlock");
	control();
	tcp = try_listener(AF_INET);
	local = try_listener(AF_UNIX);
	t.arg[0] = pid = try_neighbour();
	connects("connect to a port that is no collector's", AF_INET,
	    TRY_AT(stranger), sizeof(struct sockaddr_in), 4);
	fast_open();
	connects("connect to an abstract socket", AF_UNIX, TRY_AT(abstract),
	    try_data.len, 6);
	if (landlock < 6)
		row("parent", "Landlock", t.name, ROW_MISSING,
		    "Linux 6.12 has it");
	else
		refused_by("Landlock", &t);
	end();
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(tcp);
	close(local);
}

static void
status_is(const char *layer, const char *name, const char *line)
{
	char	path[64], text[4096];
	ssize_t	n;
	int	fd;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)parent);
	ATF_REQUIRE((fd = open(path, O_RDONLY)) != -1);
	ATF_REQUIRE((n = read(fd, text, sizeof(text) - 1)) > 0);
	close(fd);
	text[n] = '\0';
	row("parent", layer, name, strstr(text, line) != NULL ? ROW_PROVEN :
	    ROW_GAP, line);
	ATF_CHECK_MSG(strstr(text, line) != NULL, "no %s in\n%s", line, text);
}

CASE(parent_status)
{
	begin(tc, "capabilities");
	status_is("capabilities", "status: effective", geteuid() == 0 ?
	    CAPABILITIES : "CapEff:\t0000000000000000");
	status_is("capabilities", "status: ambient",
	    "CapAmb:\t0000000000000000");
	if (geteuid() == 0)
		status_is("capabilities", "status: bounding",
		    "CapBnd:\t00000000000421e0");
	status_is("no new privileges", "status", "NoNewPrivs:\t1");
	status_is(TRY_FILTER, "status", "Seccomp:\t2");
	end();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, parent_cannot_execute_a_shell);
	ATF_TP_ADD_TC(tp, parent_cannot_reach_files);
	ATF_TP_ADD_TC(tp, parent_cannot_remove_what_it_executes);
	ATF_TP_ADD_TC(tp, parent_cannot_use_what_it_does_not_need);
	ATF_TP_ADD_TC(tp, parent_takes_no_other_ids);
	ATF_TP_ADD_TC(tp, parent_cannot_reach_others);
	ATF_TP_ADD_TC(tp, parent_status);

	return (atf_no_error());
}
