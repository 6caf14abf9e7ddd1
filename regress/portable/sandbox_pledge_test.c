/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* OpenBSD: what each process pledges, what is unveiled, and when. */

#include <atf-c.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "confine.h"
#include "record.h"
#include "sandbox_fakes.h"

#define CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)

#define HIDE_ALL	"unveil(/, )\nunveil(NULL, NULL)\n"

int
pledge(const char *promises, const char *execpromises)
{
	return (record("pledge", "%s, %s", promises, execpromises == NULL ?
	    "NULL" : execpromises));
}

int
unveil(const char *path, const char *permissions)
{
	return (record("unveil", "%s, %s", path == NULL ? "NULL" : path,
	    permissions == NULL ? "NULL" : permissions));
}

static uint32_t	layers, abi;

static int
worker(const char **step)
{
	struct sandbox_worker	w = fake_worker(1);

	return (sandbox_worker(&w, &layers, &abi, step));
}

static int
reader(const char **step)
{
	struct sandbox_worker	w = fake_worker(1);

	return (sandbox_config(&w, &layers, &abi, step));
}

static int
resolver(const char **step)
{
	struct sandbox_worker	w = fake_worker(1);

	return (sandbox_resolver(&w, &layers, &abi, step));
}

static struct sandbox_parent	box = {
	.root = 1, .uid = FAKE_UID, .gid = FAKE_GID,
	.binary_path = "/usr/local/sbin/softflowd",
	.remove_dirs = { "/var/run", "/var/run" }, .nremove_dirs = 2,
	.config_dirs = { "/etc" }, .nconfig_dirs = 1
};

static int
parent(const char **step)
{
	return (sandbox_parent(&box, &layers, &abi, step));
}

static const struct fake_step	steps[] = {
	FAKE_STEPS, { "unveil", "unveil" }, { "pledge", "system calls" }
};

CASE(worker_is_pledged_last_before_a_packet)
{
	const char	*step;

	fake_reset(1);
	ATF_REQUIRE_EQ(0, worker(&step));
	record_expect(FAKE_LEAVE_ROOT FAKE_SETRES HIDE_ALL FAKE_FILL
	    FAKE_WORKER_LIMITS "pledge(stdio bpf recvfd, NULL)\n");
	ATF_CHECK_EQ(SANDBOX_CHROOT | SANDBOX_IDS | SANDBOX_UNVEIL |
	    SANDBOX_RLIMITS | SANDBOX_SYSCALLS, layers);
}

CASE(worker_without_root_has_no_file_either)
{
	struct sandbox_worker	 w = fake_worker(0);
	const char		*step;

	fake_reset(0);
	ATF_REQUIRE_EQ(0, sandbox_worker(&w, &layers, &abi, &step));
	record_expect(HIDE_ALL FAKE_FILL FAKE_WORKER_LIMITS
	    "pledge(stdio bpf recvfd, NULL)\n");
	ATF_CHECK_EQ(SANDBOX_UNVEIL | SANDBOX_RLIMITS | SANDBOX_SYSCALLS,
	    layers);
}

CASE(reader_only_reads_and_answers)
{
	const char	*step;

	fake_reset(1);
	ATF_REQUIRE_EQ(0, reader(&step));
	record_expect(FAKE_LEAVE_ROOT FAKE_SETRES HIDE_ALL FAKE_FILL
	    FAKE_READER_LIMITS "pledge(stdio, NULL)\n");
}

CASE(resolver_asks_name_servers)
{
	const char	*step;

	fake_reset(1);
	ATF_REQUIRE_EQ(0, resolver(&step));
	record_expect("chdir(/)\nsetgroups(0)\n" FAKE_SETRES
	    "unveil(/etc/resolv.conf, r)\nunveil(/etc/hosts, r)\n"
	    "unveil(NULL, NULL)\n" FAKE_RESOLVER_LIMITS
	    "pledge(stdio dns proc, NULL)\n");
}

CASE(compiler_reads_files_and_asks_nobody)
{
	fake_reset(1);
	ATF_REQUIRE_EQ(0, sandbox_compiler());
	record_expect("pledge(stdio rpath error, NULL)\n");
	fake_reset(1);
	record_fail("pledge", 1, EPERM);
	ATF_CHECK_EQ(-1, sandbox_compiler());
}

#define PARENT_VEILS							\
	"unveil(/dev/bpf, r)\nunveil(/dev/null, rw)\nunveil(/tmp, rwc)\n" \
	"unveil(/etc/group, r)\nunveil(/etc/pwd.db, r)\n"		\
	"unveil(/etc/services, r)\nunveil(/etc/protocols, r)\n"		\
	"unveil(/etc/resolv.conf, r)\nunveil(/etc/localtime, r)\n"	\
	"unveil(/usr/share/zoneinfo, r)\n"				\
	"unveil(/usr/local/sbin/softflowd, rx)\n"

CASE(parent_is_veiled_and_not_pledged)
{
	const char	*step;

	fake_reset(1);
	ATF_REQUIRE_EQ(0, parent(&step));
	record_expect(PARENT_VEILS "unveil(/var/run, rc)\n"
	    "unveil(/var/run, rc)\nunveil(/etc, r)\nunveil(NULL, NULL)\n");
	ATF_CHECK_EQ(SANDBOX_UNVEIL, layers);
}

/* The last call for a path replaces what others said. */
CASE(path_with_two_reasons_has_the_permissions_of_both)
{
	const char	*step;

	fake_reset(1);
	box.remove_dirs[1] = "/etc/softflowd";
	box.config_dirs[0] = "/var/run";
	ATF_REQUIRE_EQ(0, parent(&step));
	record_expect(PARENT_VEILS "unveil(/var/run, rc)\n"
	    "unveil(/etc/softflowd, rc)\nunveil(/var/run, rc)\n"
	    "unveil(NULL, NULL)\n");
	fake_reset(1);
	box.config_dirs[0] = "/tmp";
	ATF_REQUIRE_EQ(0, parent(&step));
	ATF_CHECK(strstr(record_lines(), "unveil(/tmp, rwc)\n"
	    "unveil(NULL, NULL)\n") != NULL);
}

CASE(missing_path_is_out_of_reach_without_a_call)
{
	const char	*step;

	fake_reset(1);
	record_fail("unveil", 4, ENOENT);
	ATF_CHECK_EQ(0, parent(&step));
}

CASE(failing_step_ends_each_process_at_once)
{
	static const struct fake_step	 of_resolver[] = {
		{ "chdir", "directory" }, FAKE_STEPS, { "unveil", "unveil" },
		{ "pledge", "system calls" }
	};

	fake_each_failure(worker, steps, nitems(steps));
	fake_each_failure(reader, steps, nitems(steps));
	fake_each_failure(resolver, of_resolver, nitems(of_resolver));
	fake_each_failure(parent, steps, nitems(steps));
}

CASE(ids_that_stay_end_the_worker)
{
	const char	*step;

	fake_reset(1);
	fake.ids_stay = 1;
	fake.groups[0] = FAKE_GID;
	ATF_REQUIRE_EQ(-1, worker(&step));
	ATF_CHECK_STREQ("ids", step);
	record_expect(FAKE_LEAVE_ROOT FAKE_SETRES);
}

CASE(ready_without_a_layer_is_refused)
{
	const uint32_t	all = SANDBOX_CHROOT | SANDBOX_IDS | SANDBOX_UNVEIL |
			    SANDBOX_RLIMITS | SANDBOX_SYSCALLS;
	uint32_t	layer;

	for (layer = 1; layer <= SANDBOX_UNVEIL; layer <<= 1)
		ATF_CHECK_EQ_MSG((all & layer) != 0,
		    ready_kills(all & ~layer, 1), "layer %#x", layer);
	ATF_CHECK_EQ(0, ready_kills(all, 1));
	ATF_CHECK_STREQ("worker 4711: confined by chroot, ids, unveil, "
	    "limits, system calls", ready_line);
	ATF_CHECK_EQ(0, ready_kills(SANDBOX_UNVEIL | SANDBOX_RLIMITS |
	    SANDBOX_SYSCALLS, 0));
	ATF_CHECK_EQ(1, ready_kills(SANDBOX_RLIMITS | SANDBOX_SYSCALLS, 0));
}

#define LOOK	"openat(50, .)\nfdopendir(51)\nreaddir()\nreaddir()\n"

CASE(empty_directory_is_roots)
{
	fake_reset(1);
	ATF_CHECK_EQ(50, sandbox_chroot_dir());
	record_expect("open(/var/empty, no link)\nfstat(50)\n" LOOK
	    "readdir()\nclosedir()\n");
	fake_reset(1);
	fake.mode |= 020;
	ATF_CHECK_ERRNO(EPERM, sandbox_chroot_dir() == -1);
	ATF_CHECK_STREQ("no directory /var/empty in which only root can make "
	    "files", sandbox_chroot_wrong);
	record_expect("open(/var/empty, no link)\nfstat(50)\nclose(50)\n");
	fake_reset(1);
	fake.owner = FAKE_UID;
	ATF_CHECK_EQ(-1, sandbox_chroot_dir());
	fake_reset(1);
	record_fail("fstat", 1, EIO);
	ATF_CHECK_ERRNO(EIO, sandbox_chroot_dir() == -1);
	fake_reset(1);
	record_fail("open", 1, ENOENT);
	ATF_CHECK_EQ(-1, sandbox_chroot_dir());
	record_expect("open(/var/empty, no link)\n");
}

CASE(empty_directory_has_nothing_in_it)
{
	static const char *const	calls[] = {
		"openat", "fdopendir", "readdir"
	};
	size_t				 i;

	fake_reset(1);
	fake.entry = "core";
	ATF_CHECK_ERRNO(ENOTEMPTY, sandbox_chroot_dir() == -1);
	ATF_CHECK_STREQ("/var/empty has core in it; it must be empty",
	    sandbox_chroot_wrong);
	record_expect("open(/var/empty, no link)\nfstat(50)\n" LOOK
	    "readdir()\nclosedir()\nclose(50)\n");
	for (i = 0; i < nitems(calls); i++) {
		fake_reset(1);
		record_fail(calls[i], 1, EIO);
		ATF_CHECK_ERRNO(EIO, sandbox_chroot_dir() == -1);
		ATF_CHECK_STREQ("/var/empty", sandbox_chroot_wrong);
		ATF_CHECK(strstr(record_lines(), "close(50)\n") != NULL);
		ATF_CHECK_EQ(i == 1, strstr(record_lines(), "close(51)\n") !=
		    NULL);
	}
}

CASE(sandbox_option_tells_promises_and_veils)
{
	const char	*text = shown(0);

	ATF_CHECK(strstr(text, "Promises (pledge); any other kills:\n"
	    "    stdio: reads packets and requests") != NULL);
	ATF_CHECK(strstr(text, "    /tmp (read, write, create, remove): "
	    "shm_open(3)") != NULL);
	ATF_CHECK(strstr(text, "Promises (pledge); any other is allowed:\n"
	    "    none\n") != NULL);
	ATF_CHECK(strstr(text, "Capabilities") == NULL);
	ATF_CHECK(strstr(text, "Landlock") == NULL);
	text = shown(1);
	ATF_CHECK(strstr(text, "\"promise\": \"recvfd\"") != NULL);
	ATF_CHECK(strstr(text, "\"object\": \"/dev/bpf\", \"rights\": "
	    "\"read\"") != NULL);
}

CASE(softflowctl_is_pledged_and_connects_to_one_socket)
{
	fake_reset(0);
	ATF_CHECK_EQ(0, confine(NULL));
	ATF_CHECK_EQ(0, confine("/var/run/softflowd.ctl"));
	record_expect("pledge(stdio, )\nunveil(/, )\n"
	    "unveil(/var/run/softflowd.ctl, rw)\npledge(stdio unix, )\n");
	fake_reset(0);
	record_fail("unveil", 2, ENOENT);
	ATF_CHECK_EQ(0, confine("/none/softflowd.ctl"));
}

static int
softflowctl(const char **step)
{
	*step = "softflowctl";
	if (confine("/var/run/softflowd.ctl") == -1)
		return (-1);
	*step = NULL;
	return (0);
}

CASE(softflowctl_ends_when_a_step_fails)
{
	static const struct fake_step	of_softflowctl[] = {
		{ "", "softflowctl" }
	};

	fake_each_failure(softflowctl, of_softflowctl, 1);
	fake_reset(0);
	record_fail("pledge", 1, EPERM);
	ATF_CHECK_EQ(-1, confine(NULL));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, worker_is_pledged_last_before_a_packet);
	ATF_TP_ADD_TC(tp, worker_without_root_has_no_file_either);
	ATF_TP_ADD_TC(tp, reader_only_reads_and_answers);
	ATF_TP_ADD_TC(tp, resolver_asks_name_servers);
	ATF_TP_ADD_TC(tp, compiler_reads_files_and_asks_nobody);
	ATF_TP_ADD_TC(tp, parent_is_veiled_and_not_pledged);
	ATF_TP_ADD_TC(tp, path_with_two_reasons_has_the_permissions_of_both);
	ATF_TP_ADD_TC(tp, missing_path_is_out_of_reach_without_a_call);
	ATF_TP_ADD_TC(tp, failing_step_ends_each_process_at_once);
	ATF_TP_ADD_TC(tp, ids_that_stay_end_the_worker);
	ATF_TP_ADD_TC(tp, ready_without_a_layer_is_refused);
	ATF_TP_ADD_TC(tp, empty_directory_is_roots);
	ATF_TP_ADD_TC(tp, empty_directory_has_nothing_in_it);
	ATF_TP_ADD_TC(tp, sandbox_option_tells_promises_and_veils);
	ATF_TP_ADD_TC(tp, softflowctl_is_pledged_and_connects_to_one_socket);
	ATF_TP_ADD_TC(tp, softflowctl_ends_when_a_step_fails);
	return (atf_no_error());
}
