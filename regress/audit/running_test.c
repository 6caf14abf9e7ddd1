/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Each check of a running daemon's processes can fail: here are processes that
 * lack one layer, and the row that says so.
 */

#include <sys/types.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <linux/capability.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "running_fixture.h"

#define UID		"user id four times that of -u"
#define GID		"group id four times likewise"
#define GROUPS		"no supplementary group"
#define NNP		"cannot gain any by execution"
#define FILTERED	"is filtered"
#define NFILTERS	"as many filters as it has put on"
#define THREADS		"has one thread, the filtered one"
#define TRACED		"nobody traces it"
#define PARENT		"is the parent's own child"
#define MEMORY		"its memory is root's to read only"
#define FILES		"no descriptor above 63"
#define WX		"nothing mapped is both written and executed"
#define ROOT		"root is an empty, deleted directory"
#define CWD		"and so is the working directory"
#define SHARES		"shares memory for table and rings only"
#define PROGRAM		"runs the parent's own program"

static void
check_all(void)
{
	check_status(&child);
	check_limits(&child);
	check_descriptors(&child);
	check_memory(&child);
	check_program(&child);
	check_root(&child);
}

ATF_TC_WITHOUT_HEAD(confined_worker_has_no_gap);
ATF_TC_BODY(confined_worker_has_no_gap, tc)
{
	need_root();
	start_child(SANDBOX_FILTER_WORKER, 1, NULL);
	check_all();
	ATF_CHECK_EQ(0, gaps);
	PROVEN(UID);
	PROVEN(GID);
	PROVEN(GROUPS);
	PROVEN("CapBnd holds nothing");
	PROVEN(NNP);
	PROVEN(FILTERED);
	PROVEN(NFILTERS);
	PROVEN(THREADS);
	PROVEN(TRACED);
	PROVEN(PARENT);
	PROVEN(MEMORY);
	PROVEN(FILES);
	PROVEN("no process");
	PROVEN(WX);
	PROVEN(SHARES);
	PROVEN(PROGRAM);
	PROVEN(ROOT);
	PROVEN(CWD);
}

ATF_TC_WITHOUT_HEAD(without_root_what_needs_it_is_missing);
ATF_TC_BODY(without_root_what_needs_it_is_missing, tc)
{
	start_child(SANDBOX_FILTER_WORKER, 0, NULL);
	child.root = 0;
	check_status(&child);
	check_root(&child);
	MISSING(UID);
	MISSING(GID);
	MISSING(GROUPS);
	MISSING(ROOT);
}

ATF_TC_WITHOUT_HEAD(unconfined_process_fails);
ATF_TC_BODY(unconfined_process_fails, tc)
{
	start_child(SANDBOX_FILTER_WORKER, 0, NULL);
	check_status(&child);
	check_limits(&child);
	GAP(NNP, "NoNewPrivs: 0");
	GAP(FILTERED, "Seccomp: 0");
	GAP(NFILTERS, "0");
	GAP(FILES, "Max open files");
	GAP("no process", "Max processes");
	if (!sandbox_sanitized) {
		GAP("no file grows", "unlimited");
		GAP("memory is bounded", "unlimited");
	}
}

/* Ids. */

static void
keep_root(void)
{
	MUST(setresgid(NOBODY, 0, NOBODY) == 0);
	MUST(setresuid(NOBODY, NOBODY, 0) == 0);
}

static void
stay_root(void)
{
	static const gid_t	group = NOBODY;

	MUST(setgroups(1, &group) == 0);
}

ATF_TC_WITHOUT_HEAD(id_that_is_left_is_a_gap);
ATF_TC_BODY(id_that_is_left_is_a_gap, tc)
{
	need_root();
	start_child(SANDBOX_FILTER_WORKER, 0, keep_root);
	check_status(&child);
	GAP(UID, "65534 65534 0 ");
	GAP(GID, "65534 0 65534 ");
	start_child(SANDBOX_FILTER_WORKER, 0, stay_root);
	check_status(&child);
	GAP(UID, "0 0 0 0");
	GAP(GROUPS, "65534");
}

/* Capabilities. */

static int	kept;		/* which of the five sets keeps one */

static void
set_capabilities(uint64_t inheritable, uint64_t permitted, uint64_t effective)
{
	struct __user_cap_header_struct	 head = {
		_LINUX_CAPABILITY_VERSION_3, 0
	};
	struct __user_cap_data_struct	 caps[2] = { 0 };

	caps[0].inheritable = (uint32_t)inheritable;
	caps[0].permitted = (uint32_t)permitted;
	caps[0].effective = (uint32_t)effective;
	MUST(syscall(SYS_capset, &head, caps) == 0);
}

/* What is ambient must be inheritable and permitted, effective ones that. */
static void
keep_capability(void)
{
	const uint64_t	bit = 1U << CAP_NET_RAW, setpcap = 1U << CAP_SETPCAP;
	unsigned long	cap;

	set_capabilities(kept == 0 || kept == 4 ? bit : 0, setpcap | bit,
	    setpcap);
	if (kept == 4)
		MUST(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW,
		    0, 0) == 0);
	for (cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) != -1; cap++)
		if (kept != 3 || cap != CAP_NET_RAW)
			MUST(prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0);
	set_capabilities(kept == 0 || kept == 4 ? bit : 0,
	    kept == 1 || kept == 2 || kept == 4 ? bit : 0,
	    kept == 2 ? bit : 0);
}

ATF_TC_WITHOUT_HEAD(capability_that_is_left_is_a_gap);
ATF_TC_BODY(capability_that_is_left_is_a_gap, tc)
{
	static const char *const	sets[] = {
		"CapInh holds nothing", "CapPrm holds nothing",
		"CapEff holds nothing", "CapBnd holds nothing",
		"CapAmb holds nothing"
	};

	need_root();
	for (kept = 0; kept < 5; kept++) {
		start_child(SANDBOX_FILTER_WORKER, 0, keep_capability);
		check_status(&child);
		GAP(sets[kept], "0000000000002000");
		if (kept != 3)
			PROVEN(sets[3]);
		if (kept == 3)
			PROVEN(sets[1]);
	}
}

/* As from a parent that is not root, but may capture. */
static void
become_capable_user(void)
{
	const uint64_t	bit = 1U << CAP_NET_RAW;

	MUST(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0);
	MUST(setresuid(NOBODY, NOBODY, NOBODY) == 0);
	set_capabilities(bit, bit, bit);
	MUST(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0,
	    0) == 0);
}

ATF_TC_WITHOUT_HEAD(confinement_leaves_no_capability_without_root);
ATF_TC_BODY(confinement_leaves_no_capability_without_root, tc)
{
	static const char *const	sets[] = {
		"CapInh holds nothing", "CapPrm holds nothing",
		"CapEff holds nothing", "CapAmb holds nothing"
	};
	size_t				i;

	need_root();
	start_child(SANDBOX_FILTER_WORKER, 0, become_capable_user);
	check_status(&child);
	for (i = 0; i < nitems(sets); i++)
		GAP(sets[i], "2000");
	start_child(SANDBOX_FILTER_WORKER, 1, become_capable_user);
	check_status(&child);
	for (i = 0; i < nitems(sets); i++)
		PROVEN(sets[i]);
}

ATF_TC_WITHOUT_HEAD(parent_with_another_capability_is_a_gap);
ATF_TC_BODY(parent_with_another_capability_is_a_gap, tc)
{
	static const char	more[] = "CapPrm holds no other than it needs";

	need_root();
	/* One that it may have. */
	kept = 2;
	start_child(SANDBOX_FILTER_PARENT, 0, keep_capability);
	check_status(&child);
	PROVEN(more);
	PROVEN("CapEff holds no other than it needs");
	/* It may not be inherited; and all that root has is too much. */
	kept = 4;
	start_child(SANDBOX_FILTER_PARENT, 0, keep_capability);
	check_status(&child);
	GAP("CapAmb holds no other than it needs", "2000");
	GAP("CapInh holds no other than it needs", "2000");
	start_child(SANDBOX_FILTER_PARENT, 0, NULL);
	check_status(&child);
	GAP(more, "");
	GAP(NNP, "0");
	GAP(FILTERED, "0");
	GAP(NFILTERS, "0");
}

/* Attributes. */

static void
stay_dumpable(void)
{
	MUST(setgroups(0, NULL) == 0);
	MUST(setresgid(NOBODY, NOBODY, NOBODY) == 0);
	MUST(setresuid(NOBODY, NOBODY, NOBODY) == 0);
	MUST(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0);
}

ATF_TC_WITHOUT_HEAD(dumpable_process_is_a_gap);
ATF_TC_BODY(dumpable_process_is_a_gap, tc)
{
	need_root();
	start_child(SANDBOX_FILTER_WORKER, 0, stay_dumpable);
	check_status(&child);
	PROVEN(UID);
	PROVEN(GROUPS);
	GAP(MEMORY, "mem is of uid 65534");
}

static void *
wait_for_ever(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return (NULL);
}

static void
start_thread(void)
{
	pthread_t	thread;

	MUST(pthread_create(&thread, NULL, wait_for_ever, NULL) == 0);
}

ATF_TC_WITHOUT_HEAD(second_thread_is_a_gap);
ATF_TC_BODY(second_thread_is_a_gap, tc)
{
	start_child(SANDBOX_FILTER_WORKER, 1, start_thread);
	check_status(&child);
	GAP(THREADS, "Threads: 2");
	PROVEN(FILTERED);
}

ATF_TC_WITHOUT_HEAD(traced_process_is_a_gap);
ATF_TC_BODY(traced_process_is_a_gap, tc)
{
	start_child(SANDBOX_FILTER_WORKER, 0, NULL);
	ATF_REQUIRE_EQ(0, ptrace(PTRACE_SEIZE, child.pid, NULL, NULL));
	check_status(&child);
	GAP(TRACED, "TracerPid: ");
}

ATF_TC_WITHOUT_HEAD(child_of_another_is_a_gap);
ATF_TC_BODY(child_of_another_is_a_gap, tc)
{
	start_child(SANDBOX_FILTER_WORKER, 0, NULL);
	self.pid++;
	check_status(&child);
	GAP(PARENT, "PPid: ");
}

ATF_TC_WITHOUT_HEAD(other_number_of_filters_is_a_gap);
ATF_TC_BODY(other_number_of_filters_is_a_gap, tc)
{
	start_child(SANDBOX_FILTER_WORKER, 1, NULL);
	check_status(&child);
	PROVEN(NFILTERS);
	self.filters++;
	check_status(&child);
	GAP(NFILTERS, "");
	child.filters = -1;
	check_status(&child);
	UNCHECKED(NFILTERS, "does not count");
}

/* Limits. */

static int	loose;		/* which limit is */

static void
set_limits(void)
{
	static const struct {
		int		resource;
		struct rlimit	good, bad;
	} limits[] = {
		{ RLIMIT_NOFILE, { 64, 64 }, { 64, 65 } },
		{ RLIMIT_CORE, { 0, 0 }, { 0, 1 } },
		{ RLIMIT_FSIZE, { 0, 0 }, { 1, 1 } },
		{ RLIMIT_NPROC, { 0, 0 }, { 1, 1 } },
	};
	size_t	i;

	for (i = 0; i < nitems(limits); i++)
		MUST(setrlimit(limits[i].resource, (int)i == loose ?
		    &limits[i].bad : &limits[i].good) == 0);
}

ATF_TC_WITHOUT_HEAD(loose_limit_is_a_gap);
ATF_TC_BODY(loose_limit_is_a_gap, tc)
{
	static const char *const	limits[] = {
		FILES, "no core file", "no file grows", "no process"
	};
	size_t				i;

	for (loose = 0; loose < 4; loose++) {
		start_child(SANDBOX_FILTER_WORKER, 0, set_limits);
		check_limits(&child);
		for (i = 0; i < nitems(limits); i++) {
			if ((int)i != loose)
				PROVEN(limits[i]);
			else if (sandbox_sanitized && i == 2)
				MISSING(limits[i]);
			else
				GAP(limits[i], "at most");
		}
	}
	start_child(SANDBOX_FILTER_READER, 0, NULL);
	check_limits(&child);
	GAP("time is bounded", "unlimited");
}

/* Memory, program, directories. */

static void
map_for_all(void)
{
	MUST(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
	MUST(mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
}

ATF_TC_WITHOUT_HEAD(mapping_that_should_not_be_is_a_gap);
ATF_TC_BODY(mapping_that_should_not_be_is_a_gap, tc)
{
	start_child(SANDBOX_FILTER_WORKER, 0, NULL);
	check_memory(&child);
	PROVEN(WX);
	PROVEN(SHARES);
	start_child(SANDBOX_FILTER_WORKER, 0, map_for_all);
	check_memory(&child);
	GAP(WX, "rwxp");
	GAP(SHARES, "/dev/zero");
	/* That the test shares with it is the table. */
	start_child(SANDBOX_FILTER_PARENT, 0, NULL);
	check_memory(&child);
	GAP("maps neither table nor ring", "/memfd:softflowd");
}

ATF_TC_WITHOUT_HEAD(another_program_is_a_gap);
ATF_TC_BODY(another_program_is_a_gap, tc)
{
	struct stat	own, its;
	char		path[32];
	pid_t		pid;

	start_child(SANDBOX_FILTER_WORKER, 0, NULL);
	check_program(&child);
	PROVEN(PROGRAM);
	if ((pid = fork()) == 0) {
		execlp("sleep", "sleep", "60", (char *)NULL);
		_exit(1);
	}
	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	ATF_REQUIRE_EQ(0, stat("/proc/self/exe", &own));
	do
		ATF_REQUIRE_EQ(0, stat(path, &its));
	while (its.st_ino == own.st_ino && its.st_dev == own.st_dev);
	close(self.dir);
	self.pid = pid;
	ATF_REQUIRE_EQ(0, process_open(&self));
	check_program(&child);
	GAP(PROGRAM, "");
	ATF_REQUIRE_EQ(0, kill(pid, SIGKILL));
}

static const char	*wrong_root;

static void
leave_directory(void)
{
	MUST(mkdir("root", 0700) == 0 || errno == EEXIST);
	if (wrong_root != NULL)
		MUST(mkdir(wrong_root, 0700) == 0);
	MUST((chroot_fd = open("root", O_RDONLY | O_DIRECTORY)) != -1);
}

static void
keep_working_directory(void)
{
	int	fd, root;

	MUST((fd = open(".", O_RDONLY | O_DIRECTORY)) != -1);
	MUST((root = sandbox_chroot_dir()) != -1);
	MUST(fchdir(root) == 0);
	MUST(chroot(".") == 0);
	MUST(fchdir(fd) == 0);
}

ATF_TC_WITHOUT_HEAD(another_root_directory_is_a_gap);
ATF_TC_BODY(another_root_directory_is_a_gap, tc)
{
	need_root();
	start_child(SANDBOX_FILTER_WORKER, 0, NULL);
	check_root(&child);
	GAP(ROOT, "entries");
	start_child(SANDBOX_FILTER_WORKER, 1, leave_directory);
	check_root(&child);
	GAP(ROOT, "root, 0 entries");
	PROVEN(CWD);
	wrong_root = "root/x";
	start_child(SANDBOX_FILTER_WORKER, 1, leave_directory);
	check_root(&child);
	GAP(ROOT, "1 entries");
	start_child(SANDBOX_FILTER_WORKER, 0, keep_working_directory);
	check_root(&child);
	PROVEN(ROOT);
	GAP(CWD, "another");
}

/* Processes. */

ATF_TC_WITHOUT_HEAD(strange_child_is_a_gap);
ATF_TC_BODY(strange_child_is_a_gap, tc)
{
	static const char	what[] = "has no strange child";
	struct process		family[3] = {
		{ .role = SANDBOX_FILTER_WORKER },
		{ .role = SANDBOX_FILTER_RESOLVER },
		{ .role = SANDBOX_FILTERS }
	};

	start_child(SANDBOX_FILTER_WORKER, 0, NULL);
	check_family(&self, family, 2, 0);
	PROVEN(what);
	check_family(&self, family, 3, 0);
	GAP(what, "1 others");
	check_family(&self, family + 1, 2, 1);
	GAP(what, "0 workers");
	family[2].role = SANDBOX_FILTER_WORKER;
	check_family(&self, family, 3, 0);
	GAP(what, "2 workers");
	check_family(&self, family + 1, 1, 1);
	UNCHECKED(what, "try again");
}

ATF_TC_WITHOUT_HEAD(child_that_is_none_of_ours_is_strange);
ATF_TC_BODY(child_that_is_none_of_ours_is_strange, tc)
{
	static struct process	found[CHILDREN_MAX];
	struct timespec		begin, ts;
	unsigned int		young;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	start_child(SANDBOX_FILTER_WORKER, 0, NULL);
	ATF_REQUIRE_EQ(1, find_children(&self, found, &young));
	ATF_CHECK_EQ(child.pid, found[0].pid);
	ATF_CHECK_EQ(SANDBOX_FILTERS, found[0].role);
	/* It was given time to become one. */
	clock_gettime(CLOCK_MONOTONIC, &ts);
	ATF_CHECK(ts.tv_sec - begin.tv_sec >= 1);
}

ATF_TC_WITHOUT_HEAD(process_that_has_ended_is_not_checked);
ATF_TC_BODY(process_that_has_ended_is_not_checked, tc)
{
	struct process	gone;

	start_child(SANDBOX_FILTER_WORKER, 0, NULL);
	gone = child;
	ATF_REQUIRE((gone.dir = dup(child.dir)) != -1);
	start_child(SANDBOX_FILTER_WORKER, 0, NULL);
	check_status(&gone);
	check_limits(&gone);
	check_descriptors(&gone);
	check_memory(&gone);
	check_filters(&gone);
	ATF_CHECK_EQ(0, gaps);
	UNCHECKED("proc status", "ended");
	UNCHECKED("limits", "ended");
	UNCHECKED("inventory", "ended");
	UNCHECKED(WX, "ended");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, confined_worker_has_no_gap);
	ATF_TP_ADD_TC(tp, without_root_what_needs_it_is_missing);
	ATF_TP_ADD_TC(tp, unconfined_process_fails);
	ATF_TP_ADD_TC(tp, id_that_is_left_is_a_gap);
	ATF_TP_ADD_TC(tp, capability_that_is_left_is_a_gap);
	ATF_TP_ADD_TC(tp, confinement_leaves_no_capability_without_root);
	ATF_TP_ADD_TC(tp, parent_with_another_capability_is_a_gap);
	ATF_TP_ADD_TC(tp, dumpable_process_is_a_gap);
	ATF_TP_ADD_TC(tp, second_thread_is_a_gap);
	ATF_TP_ADD_TC(tp, traced_process_is_a_gap);
	ATF_TP_ADD_TC(tp, child_of_another_is_a_gap);
	ATF_TP_ADD_TC(tp, other_number_of_filters_is_a_gap);
	ATF_TP_ADD_TC(tp, loose_limit_is_a_gap);
	ATF_TP_ADD_TC(tp, mapping_that_should_not_be_is_a_gap);
	ATF_TP_ADD_TC(tp, another_program_is_a_gap);
	ATF_TP_ADD_TC(tp, another_root_directory_is_a_gap);
	ATF_TP_ADD_TC(tp, strange_child_is_a_gap);
	ATF_TP_ADD_TC(tp, child_that_is_none_of_ours_is_strange);
	ATF_TP_ADD_TC(tp, process_that_has_ended_is_not_checked);

	return (atf_no_error());
}
