/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* FreeBSD: the rights of each descriptor, capability mode, and procctl(2). */

#include <sys/types.h>
#include <sys/capsicum.h>
#include <sys/procctl.h>
#include <sys/socket.h>

#include <atf-c.h>
#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "confine.h"
#include "datagram.h"
#include "export.h"
#include "netflow.h"
#include "record.h"
#include "sandbox_fakes.h"
#include "stream.h"

#define CASE(name)							\
	ATF_TC_WITHOUT_HEAD(name);					\
	ATF_TC_BODY(name, tc)

void	__wrap_setservent(int);
void	__wrap_setprotoent(int);
int	__wrap_connect(int, const struct sockaddr *, socklen_t);
ssize_t	__wrap_read(int, void *, size_t);
ssize_t	__real_read(int, void *, size_t);

/* Descriptors that are open. */
static const int	 worker_fds[] = {
	0, 1, 2, 3, 4, 5, 6, 7, 10, 256, 257
};
static const int	 file_fds[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8 };
static const int	 compiler_fds[] = { 0, 1, 2, 3, 4, 9 };
static const int	*fds;
static size_t		 nfds;
static int		 wx;		/* the parent has said so */
static uint32_t		 layers, abi;
static int		 limited = -1;	/* the last one, and its rights */
static cap_rights_t	 limits;

#define OPEN(list)	do { fds = (list); nfds = nitems(list); } while (0)

static void
add(cap_rights_t *rights, va_list ap)
{
	uint64_t	right;

	while ((right = va_arg(ap, uint64_t)) != 0) {
		ATF_REQUIRE(right >> 57 == 1 || right >> 57 == 2);
		rights->cr_rights[(right >> 57) - 1] |= right;
	}
}

cap_rights_t *
__cap_rights_init(int version, cap_rights_t *rights, ...)
{
	va_list	ap;

	ATF_CHECK_EQ(0, version);
	memset(rights, 0, sizeof(*rights));
	va_start(ap, rights);
	add(rights, ap);
	va_end(ap);
	return (rights);
}

cap_rights_t *
__cap_rights_set(cap_rights_t *rights, ...)
{
	va_list	ap;

	va_start(ap, rights);
	add(rights, ap);
	va_end(ap);
	return (rights);
}

int
cap_rights_limit(int fd, const cap_rights_t *rights)
{
	static const struct {
		uint64_t	 right;
		const char	*name;
	}		 names[] = {
		{ CAP_READ, " READ" }, { CAP_WRITE, " WRITE" },
		{ CAP_GETSOCKOPT, " GETSOCKOPT" }, { CAP_EVENT, " EVENT" },
		{ CAP_IOCTL, " IOCTL" }, { CAP_CONNECTAT, " CONNECTAT" }
	};
	cap_rights_t	 left = *rights;
	char		 text[128] = "";
	size_t		 i;

	for (i = 0; i < nfds && fds[i] != fd; i++)
		;
	if (i == nfds) {
		errno = EBADF;
		return (-1);
	}
	limited = fd;
	limits = *rights;
	left.cr_rights[0] &= ~(UINT64_C(1) << 57);
	left.cr_rights[1] &= ~(UINT64_C(2) << 57);
	for (i = 0; i < nitems(names); i++) {
		uint64_t	*word = &left.cr_rights[(names[i].right >> 57) -
				    1];
		uint64_t	 bits = names[i].right & ~(UINT64_C(3) << 57);

		if ((*word & bits) != bits)
			continue;
		*word &= ~bits;
		strlcat(text, names[i].name, sizeof(text));
	}
	ATF_CHECK_EQ_MSG(0, left.cr_rights[0] | left.cr_rights[1],
	    "rights without a name, of %d", fd);
	return (record("cap_rights_limit", "%d,%s", fd, text));
}

int
cap_ioctls_limit(int fd, const cap_ioctl_t *list, size_t n)
{
	ATF_REQUIRE_EQ(1, n);
	return (record("cap_ioctls_limit", "%d, %#lx", fd, list[0]));
}

int
cap_enter(void)
{
	return (record("cap_enter", "%s", ""));
}

/* As in capability mode. */
static int
lacks(int fd, uint64_t right)
{
	if (fd != limited ||
	    (limits.cr_rights[(right >> 57) - 1] & right) == right)
		return (0);
	errno = EPERM;
	return (1);
}

ssize_t
__wrap_read(int fd, void *buf, size_t len)
{
	return (lacks(fd, CAP_READ) ? -1 : __real_read(fd, buf, len));
}

static const char *
name_of(const struct sockaddr *sa, socklen_t len)
{
	static struct sockaddr_un	sun;

	ATF_REQUIRE_EQ(sizeof(sun), len);
	memcpy(&sun, sa, sizeof(sun));
	ATF_CHECK_EQ(AF_UNIX, sun.sun_family);
	return (sun.sun_path);
}

int
__wrap_connect(int fd, const struct sockaddr *sa, socklen_t len)
{
	return (record("connect", "%d, %s", fd, name_of(sa, len)));
}

int
connectat(int dirfd, int fd, const struct sockaddr *sa, socklen_t len)
{
	return (record("connectat", "%d, %d, %s", dirfd, fd,
	    name_of(sa, len)));
}

void
__wrap_setservent(int stay)
{
	record("setservent", "%d", stay);
}

void
__wrap_setprotoent(int stay)
{
	record("setprotoent", "%d", stay);
}

int
procctl(idtype_t type, id_t id, int command, void *data)
{
	ATF_CHECK_EQ(P_PID, type);
	ATF_CHECK_EQ((id_t)getpid(), id);
	if (command == PROC_WXMAP_STATUS) {
		*(int *)data = wx ? (int)PROC_WXORX_ENFORCE : 0;
		return (record("procctl", "%s", "WXMAP_STATUS"));
	}
	return (record("procctl", "%s, %d",
	    command == PROC_TRACE_CTL ? "TRACE" :
	    command == PROC_PDEATHSIG_CTL ? "PDEATHSIG" :
	    command == PROC_NO_NEW_PRIVS_CTL ? "NO_NEW_PRIVS" :
	    command == PROC_WXMAP_CTL ? "WXMAP" : "?", *(int *)data));
}

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

static int
parent(const char **step)
{
	const struct sandbox_parent	box = { .root = 1 };

	return (sandbox_parent(&box, &layers, &abi, step));
}

static int
compiler(const char **step)
{
	*step = "compiler";
	if (sandbox_compiler() == -1)
		return (-1);
	*step = NULL;
	return (0);
}

#define UNDUMPABLE	"procctl(TRACE, 2)\n"
#define NO_NEW_PRIVS							\
	"procctl(NO_NEW_PRIVS, 1)\nprocctl(WXMAP, 2)\n"			\
	"procctl(WXMAP_STATUS)\n"
#define STANDARD							\
	"cap_rights_limit(0,)\ncap_rights_limit(1,)\n"			\
	"cap_rights_limit(2,)\n"
#define FILLED								\
	"cap_rights_limit(4,)\ncap_rights_limit(5,)\n"			\
	"cap_rights_limit(6,)\ncap_rights_limit(7,)\n"
#define RIGHTS								\
	STANDARD "cap_rights_limit(3, READ WRITE EVENT)\n" FILLED	\
	"cap_rights_limit(10, READ WRITE EVENT)\n"		\
	"cap_rights_limit(256, READ GETSOCKOPT EVENT IOCTL)\n"		\
	"cap_ioctls_limit(256, 0x4008426f)\n"				\
	"cap_rights_limit(257, READ GETSOCKOPT EVENT IOCTL)\n"		\
	"cap_ioctls_limit(257, 0x4008426f)\ncap_enter()\n"

CASE(worker_enters_capability_mode_last)
{
	const char	*step;

	OPEN(worker_fds);
	fake_reset(1);
	ATF_REQUIRE_EQ(0, worker(&step));
	record_expect(FAKE_LEAVE_ROOT FAKE_SETRES UNDUMPABLE
	    "procctl(PDEATHSIG, 9)\n" NO_NEW_PRIVS FAKE_FILL
	    FAKE_WORKER_LIMITS RIGHTS);
	ATF_CHECK_EQ(SANDBOX_CHROOT | SANDBOX_IDS | SANDBOX_UNDUMPABLE |
	    SANDBOX_NNP | SANDBOX_RLIMITS | SANDBOX_SYSCALLS, layers);
	wx = 1;
	fake_reset(1);
	ATF_REQUIRE_EQ(0, worker(&step));
	ATF_CHECK((layers & SANDBOX_MDWE) != 0);
}

CASE(worker_without_root_changes_no_id)
{
	struct sandbox_worker	 w = fake_worker(0);
	const char		*step;

	OPEN(worker_fds);
	fake_reset(0);
	ATF_REQUIRE_EQ(0, sandbox_worker(&w, &layers, &abi, &step));
	record_expect(UNDUMPABLE "procctl(PDEATHSIG, 9)\n" NO_NEW_PRIVS
	    FAKE_FILL FAKE_WORKER_LIMITS RIGHTS);
}

CASE(worker_only_reads_a_savefile)
{
	const char	*step;

	OPEN(file_fds);
	fake_reset(1);
	ATF_REQUIRE_EQ(0, worker(&step));
	ATF_CHECK(strstr(record_lines(), FILLED "cap_rights_limit(8, READ)\n"
	    "cap_enter()\n") != NULL);
}

CASE(reader_reads_its_file_and_answers)
{
	const char	*step;

	OPEN(file_fds);
	fake_reset(1);
	ATF_REQUIRE_EQ(0, reader(&step));
	record_expect(FAKE_LEAVE_ROOT FAKE_SETRES UNDUMPABLE
	    "procctl(PDEATHSIG, 9)\n" NO_NEW_PRIVS FAKE_FILL
	    FAKE_READER_LIMITS STANDARD "cap_rights_limit(3, WRITE)\n"
	    FILLED "cap_rights_limit(8, READ)\ncap_enter()\n");
}

CASE(resolver_stays_out_of_capability_mode)
{
	const char	*step;

	OPEN(worker_fds);
	fake_reset(1);
	ATF_REQUIRE_EQ(0, resolver(&step));
	record_expect("chdir(/)\nsetgroups(0)\n" FAKE_SETRES UNDUMPABLE
	    NO_NEW_PRIVS FAKE_RESOLVER_LIMITS);
	ATF_CHECK_EQ(0, layers & SANDBOX_SYSCALLS);
}

CASE(compiler_opens_what_names_need_and_only_answers)
{
	const char	*step;

	OPEN(compiler_fds);
	fake_reset(1);
	ATF_REQUIRE_EQ(0, compiler(&step));
	record_expect(STANDARD "cap_rights_limit(3, WRITE)\n"
	    "cap_rights_limit(4,)\ncap_rights_limit(9,)\n"
	    "setservent(1)\nsetprotoent(1)\ncap_enter()\n");
}

CASE(parent_gains_nothing_and_sees_to_its_children)
{
	const char	*step;

	fake_reset(1);
	ATF_REQUIRE_EQ(0, parent(&step));
	record_expect(NO_NEW_PRIVS);
	ATF_CHECK_EQ(SANDBOX_NNP, layers);
}

CASE(passed_descriptors_have_their_rights_from_the_parent)
{
	static const int	passed[] = { 40 };

	OPEN(passed);
	fake_reset(1);
	ATF_CHECK_EQ(0, sandbox_pass(1, 40));
	ATF_CHECK_EQ(0, sandbox_pass(0, 40));
	record_expect("cap_rights_limit(40, READ WRITE EVENT)\n"
	    "cap_rights_limit(40, READ WRITE EVENT)\n");
	record_fail("cap_rights_limit", 1, ENOSYS);
	ATF_CHECK_EQ(-1, sandbox_pass(0, 40));
}

static ssize_t
stream_send(int fd, const void *buf, size_t len)
{
	return (lacks(fd, CAP_SEND) ? -1 : send(fd, buf, len, MSG_NOSIGNAL));
}

static int64_t
stamp(uint8_t *header, int64_t boot_ms, int64_t unix_ms)
{
	(void)header;
	(void)boot_ms;
	return (unix_ms);
}

static size_t
no_preface(void *arg, unsigned int nth, uint8_t *buf, size_t size,
    struct stream_piece *piece)
{
	(void)arg;
	(void)nth;
	(void)buf;
	(void)size;
	(void)piece;
	return (0);
}

CASE(a_stream_has_the_rights_that_it_uses)
{
	static const struct netflow_encoder	encoder = {
		.header = 16, .sequence_off = 8, .stamp = stamp
	};
	static const struct stream_config	config = {
		.encoder = &encoder, .version = 10, .send = stream_send,
		.preface = no_preface
	};
	static const struct export_clock	now;
	static const uint8_t			message[32] = { 0, 10 };
	static int				passed[1];
	const struct stream_piece		piece = { .records = 1 };
	struct counters				c = { 0 };
	struct stream_queue			*queue;
	struct stream				*s;
	int					 sv[2];

	queue = calloc(1, stream_queue_size(STREAM_MIN));
	ATF_REQUIRE((s = stream_new(&config, queue, STREAM_MIN)) != NULL);
	stream_init(s, NULL);
	ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    sv));
	passed[0] = sv[0];
	OPEN(passed);
	fake_reset(1);
	ATF_REQUIRE_EQ(0, sandbox_pass(0, sv[0]));
	stream_up(s, sv[0]);
	ATF_REQUIRE_EQ(0, stream_append(s, message, sizeof(message), &piece));
	ATF_CHECK_EQ(0, stream_write(s, &now, &c));
	ATF_CHECK_EQ(2, send(sv[1], "hi", 2, 0));
	ATF_CHECK_EQ_MSG(1, stream_read(s, &now), "%s", strerror(errno));
	/* The collector closes: an end, and no error of ours. */
	ATF_REQUIRE_EQ(0, shutdown(sv[1], SHUT_RDWR));
	ATF_CHECK_EQ(0, stream_read(s, &now));
	ATF_CHECK_EQ(EPIPE, errno);
}

CASE(failing_step_ends_each_process_at_once)
{
	static const struct fake_step	 steps[] = {
		FAKE_STEPS, { "procctl(TRACE", "undumpable" },
		{ "procctl(PDEATHSIG", "parent death signal" },
		{ "procctl(NO_NEW", "no new privileges" },
		{ "procctl(WXMAP", NULL }, { "cap_", "system calls" }
	}, of_resolver[] = {
		{ "chdir", "directory" }, FAKE_STEPS,
		{ "procctl(TRACE", "undumpable" },
		{ "procctl(NO_NEW", "no new privileges" },
		{ "procctl(WXMAP", NULL }
	}, of_compiler[] = {
		{ "setservent", NULL }, { "setprotoent", NULL },
		{ "cap_", "compiler" }
	};

	OPEN(worker_fds);
	fake_each_failure(worker, steps, nitems(steps));
	OPEN(file_fds);
	fake_each_failure(reader, steps, nitems(steps));
	fake_each_failure(resolver, of_resolver, nitems(of_resolver));
	fake_each_failure(parent, steps, nitems(steps));
	OPEN(compiler_fds);
	fake_each_failure(compiler, of_compiler, nitems(of_compiler));
}

/* FreeBSD before 15 counts the group itself among the others. */
CASE(group_that_stays_ends_the_worker)
{
	const char	*step;

	OPEN(worker_fds);
	fake_reset(1);
	fake.groups_kept = 1;
	fake.groups[0] = FAKE_GID;
	ATF_CHECK_EQ(0, worker(&step));
	fake_reset(1);
	fake.groups_kept = 1;
	ATF_REQUIRE_EQ(-1, worker(&step));
	ATF_CHECK_STREQ("ids", step);
	fake_reset(1);
	fake.groups_kept = 2;
	fake.groups[0] = FAKE_GID;
	ATF_REQUIRE_EQ(-1, worker(&step));
}

CASE(ready_without_a_layer_is_refused)
{
	const uint32_t	all = SANDBOX_CHROOT | SANDBOX_IDS |
			    SANDBOX_UNDUMPABLE | SANDBOX_NNP |
			    SANDBOX_RLIMITS | SANDBOX_SYSCALLS;
	uint32_t	layer;

	for (layer = 1; layer <= SANDBOX_UNVEIL; layer <<= 1)
		ATF_CHECK_EQ_MSG((all & layer) != 0,
		    ready_kills(all & ~layer, 1), "layer %#x", layer);
	ATF_CHECK_EQ(0, ready_kills(all, 1));
	ATF_CHECK_STREQ("worker 4711: confined by chroot, ids, undumpable, "
	    "no new privileges, limits, system calls; missing: W^X",
	    ready_line);
}

CASE(sandbox_option_tells_rights)
{
	const char	*text = shown(0);

	ATF_CHECK(strstr(text, "Descriptors and their rights (Capsicum); any "
	    "other use fails with ENOTCAPABLE or\n") != NULL ||
	    strstr(text, "Descriptors and their rights (Capsicum); any "
	    "other use fails with ENOTCAPABLE or ECAPMODE:\n") != NULL);
	ATF_CHECK(strstr(text, "    3 (RECV, SEND, EVENT): messages and "
	    "descriptors of the parent\n") != NULL);
	ATF_CHECK(strstr(text, "    9 to 63 (RECV, SEND, EVENT): collectors\n")
	    != NULL);
	ATF_CHECK(strstr(text, "any other use is allowed:\n    none\n") !=
	    NULL);
	text = shown(1);
	ATF_CHECK(strstr(text, "\"descriptors\": \"256 to 271\", "
	    "\"condition\": \"READ, EVENT, GETSOCKOPT, IOCTL of BIOCGSTATS\""
	    ) != NULL);
}

static const int		ctl_fds[] = { 0, 1, 2, 50 };
static const struct sockaddr_un	ctl = { AF_UNIX, "/var/run/softflowd.ctl" };

#define CTL_STANDARD							\
	"cap_rights_limit(0,)\ncap_rights_limit(1, WRITE)\n"		\
	"cap_rights_limit(2, WRITE)\ncap_enter()\n"

CASE(softflowctl_prints_what_it_is_answered)
{
	OPEN(ctl_fds);
	fake_reset(0);
	ATF_CHECK_EQ(0, confine_connect(60, &ctl));
	ATF_CHECK_EQ(0, confine(NULL));
	record_expect("connect(60, /var/run/softflowd.ctl)\n" CTL_STANDARD);
}

CASE(softflowctl_connects_in_one_directory)
{
	OPEN(ctl_fds);
	fake_reset(0);
	ATF_CHECK_EQ(0, confine(ctl.sun_path));
	ATF_CHECK_EQ(0, confine_connect(61, &ctl));
	record_expect("open(/var/run)\ncap_rights_limit(50, CONNECTAT)\n"
	    CTL_STANDARD "connectat(50, 61, softflowd.ctl)\n");
}

CASE(softflowctl_explains_a_directory_that_is_missing)
{
	OPEN(ctl_fds);
	fake_reset(0);
	record_fail("open", 1, ENOENT);
	ATF_CHECK_EQ(0, confine(ctl.sun_path));
	errno = 0;
	ATF_CHECK_EQ(-1, confine_connect(61, &ctl));
	ATF_CHECK_EQ(ENOENT, errno);
	record_expect("open(/var/run)\n" CTL_STANDARD);
}

static int
softflowctl(const char **step)
{
	*step = "softflowctl";
	if (confine(ctl.sun_path) == -1)
		return (-1);
	*step = NULL;
	return (0);
}

CASE(softflowctl_ends_when_a_step_fails)
{
	static const struct fake_step	of_softflowctl[] = {
		{ "open", NULL }, { "cap_", "softflowctl" }
	};

	OPEN(ctl_fds);
	fake_each_failure(softflowctl, of_softflowctl,
	    nitems(of_softflowctl));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, softflowctl_prints_what_it_is_answered);
	ATF_TP_ADD_TC(tp, softflowctl_connects_in_one_directory);
	ATF_TP_ADD_TC(tp, softflowctl_explains_a_directory_that_is_missing);
	ATF_TP_ADD_TC(tp, softflowctl_ends_when_a_step_fails);
	ATF_TP_ADD_TC(tp, worker_enters_capability_mode_last);
	ATF_TP_ADD_TC(tp, worker_without_root_changes_no_id);
	ATF_TP_ADD_TC(tp, worker_only_reads_a_savefile);
	ATF_TP_ADD_TC(tp, reader_reads_its_file_and_answers);
	ATF_TP_ADD_TC(tp, resolver_stays_out_of_capability_mode);
	ATF_TP_ADD_TC(tp, compiler_opens_what_names_need_and_only_answers);
	ATF_TP_ADD_TC(tp, parent_gains_nothing_and_sees_to_its_children);
	ATF_TP_ADD_TC(tp,
	    passed_descriptors_have_their_rights_from_the_parent);
	ATF_TP_ADD_TC(tp, a_stream_has_the_rights_that_it_uses);
	ATF_TP_ADD_TC(tp, failing_step_ends_each_process_at_once);
	ATF_TP_ADD_TC(tp, group_that_stays_ends_the_worker);
	ATF_TP_ADD_TC(tp, ready_without_a_layer_is_refused);
	ATF_TP_ADD_TC(tp, sandbox_option_tells_rights);
	return (atf_no_error());
}
