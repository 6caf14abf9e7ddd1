/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Each rule of the descriptor plan can be seen to be broken in a running
 * process.
 */

#include <sys/types.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include <atf-c.h>
#include <fcntl.h>
#include <unistd.h>

#include "running_fixture.h"

#define NULLS	"0-2 and 4-7 are the null device"
#define CHANNEL	"3 is the channel"
#define LOW	"8-63 are connected sockets, or the file of -r as 8"
#define CAPTURE	"256 and on is one capture socket for each slot"
#define OTHER	"no other descriptor, no directory, no other file"
#define EXEC	"none is left open by an execution"
#define KINDS	"sockets, files, the null device only"

static struct sockaddr_in	somewhere = { .sin_family = AF_INET };

ATF_TC_WITHOUT_HEAD(plan_is_kept);
ATF_TC_BODY(plan_is_kept, tc)
{
	start_child(SANDBOX_FILTER_WORKER, 0, NULL);
	check_descriptors(&child);
	PROVEN(NULLS);
	PROVEN(CHANNEL);
	PROVEN(LOW);
	PROVEN(CAPTURE);
	PROVEN(OTHER);
	ATF_CHECK_EQ(0, gaps);
}

/* What is wrong with one descriptor. */

static void
directory(void)
{
	put(open("/", O_RDONLY | O_DIRECTORY), 10);
}

static void
file(void)
{
	put(open("/etc/passwd", O_RDONLY), 10);
}

static void
file_as_8(void)
{
	put(open("/etc/passwd", O_RDONLY), FD_SAVEFILE);
}

static void
event(void)
{
	put(eventfd(0, 0), 10);
}

static void
unconnected(void)
{
	int	fd = socket(AF_INET, SOCK_DGRAM, 0);

	MUST(bind(fd, (struct sockaddr *)&somewhere, sizeof(somewhere)) == 0);
	put(fd, 10);
}

static void
unbound(void)
{
	put(socket(AF_INET, SOCK_DGRAM, 0), 10);
}

static void
listening(void)
{
	int	fd = socket(AF_INET, SOCK_STREAM, 0);

	MUST(listen(fd, 1) == 0);
	put(fd, 10);
}

static void
local_listening(void)
{
	struct sockaddr	sa = { .sa_family = AF_UNIX };
	int		fd = socket(AF_UNIX, SOCK_STREAM, 0);

	MUST(bind(fd, &sa, sizeof(sa_family_t)) == 0 && listen(fd, 1) == 0);
	put(fd, 10);
}

static void
local_unconnected(void)
{
	put(socket(AF_UNIX, SOCK_STREAM, 0), 10);
}

static void
routes(void)
{
	struct sockaddr	sa = { .sa_family = AF_NETLINK };
	int		fd = socket(AF_NETLINK, SOCK_RAW, 0);

	MUST(bind(fd, &sa, 12) == 0);
	put(fd, 10);
}

static void
capture_low(void)
{
	put(dup(FD_CAPTURE), 10);
}

static void
no_capture(void)
{
	put(open("/dev/null", O_RDWR), FD_CAPTURE);
}

static void
capture_twice(void)
{
	put(dup(FD_CAPTURE), FD_CAPTURE + 1);
}

static void
capture_of_another_slot(void)
{
	put(dup(FD_CAPTURE), FD_CAPTURE + 2);
	close(FD_CAPTURE);
}

static void
between(void)
{
	put(open("/dev/null", O_RDWR), 64);
}

static void
behind(void)
{
	put(dup(FD_CAPTURE), FD_CAPTURE + 16);
}

static void
text_on_stderr(void)
{
	put(open("/etc/passwd", O_RDONLY), STDOUT_FILENO);
}

static void
nothing_to_fill(void)
{
	close(5);
}

static void
no_channel(void)
{
	close(3);
}

static void
null_channel(void)
{
	put(open("/dev/null", O_RDWR), 3);
}

static void
channel_to_nobody(void)
{
	put(socket(AF_UNIX, SOCK_STREAM, 0), 3);
}

ATF_TC_WITHOUT_HEAD(descriptor_that_is_not_planned_is_a_gap);
ATF_TC_BODY(descriptor_that_is_not_planned_is_a_gap, tc)
{
	static const struct {
		void		(*change)(void);
		const char	*attempt;
		const char	*text;
	} tries[] = {
		{ directory, LOW, "10 is a directory: /" },
		{ file, LOW, "10 is not a socket: /etc/passwd" },
		{ file_as_8, LOW, "8 is not a socket: /etc/passwd" },
		{ event, LOW, "10 is not a socket: anon_inode" },
		{ unconnected, LOW, "10 is not connected" },
		{ unbound, LOW, "10 is a socket that is bound to nothing" },
		{ listening, LOW, "10 is listening" },
		{ local_listening, LOW, "10 is not connected" },
		{ local_unconnected, LOW, "10 is not connected" },
		{ routes, LOW, "10 is a socket that no collector" },
		{ no_capture, CAPTURE, "256 is not a capture socket" },
		{ capture_twice, CAPTURE, "257 is the same as another" },
		{ capture_of_another_slot, CAPTURE,
		    "258 is not of the next slot" },
		{ between, OTHER, "64 is not of its plan: /dev/null" },
		{ behind, OTHER, "272 is not of its plan: socket" },
		{ text_on_stderr, NULLS, "1 is not the null device" },
		{ nothing_to_fill, NULLS, "6 of 7" },
		{ no_channel, CHANNEL, "0 of 1" },
		{ null_channel, CHANNEL, "3 is not a local socket" },
		{ channel_to_nobody, CHANNEL, "3 is not connected" },
	};
	static const char *const	all[] = {
		NULLS, CHANNEL, LOW, CAPTURE, OTHER
	};
	size_t				i, k;

	for (i = 0; i < nitems(tries); i++) {
		start_child(SANDBOX_FILTER_WORKER, 0, tries[i].change);
		check_descriptors(&child);
		for (k = 0; k < nitems(all); k++)
			if (all[k] == tries[i].attempt)
				GAP(all[k], tries[i].text);
			else
				PROVEN(all[k]);
	}
}

ATF_TC_WITHOUT_HEAD(capture_socket_that_can_be_written_is_a_gap);
ATF_TC_BODY(capture_socket_that_can_be_written_is_a_gap, tc)
{
	start_child(SANDBOX_FILTER_WORKER, 0, capture_low);
	check_descriptors(&child);
	GAP(LOW, geteuid() == 0 ? "10 is a socket that no collector" :
	    "10 is not connected");
}

/* Who reads a file has no capture socket. */

static void
read_file(void)
{
	close(FD_CAPTURE);
	file_as_8();
}

static void
write_file(void)
{
	close(FD_CAPTURE);
	put(open("file", O_RDWR | O_CREAT, 0600), FD_SAVEFILE);
}

static void
read_pipe(void)
{
	int	end[2];

	close(FD_CAPTURE);
	MUST(pipe(end) == 0);
	put(end[0], FD_SAVEFILE);
	close(end[1]);
}

static void
read_directory(void)
{
	close(FD_CAPTURE);
	put(open("/", O_RDONLY), FD_SAVEFILE);
}

static void
read_two_files(void)
{
	read_file();
	file();
}

ATF_TC_WITHOUT_HEAD(savefile_is_8_and_read_only);
ATF_TC_BODY(savefile_is_8_and_read_only, tc)
{
	static const struct {
		void		(*change)(void);
		const char	*gap;
	} tries[] = {
		{ read_file, NULL }, { read_pipe, NULL },
		{ write_file, "8 is open for writing" },
		{ read_directory, "8 is not a file" },
		{ read_two_files, "10 is not a socket" }
	};
	size_t	i;

	for (i = 0; i < nitems(tries); i++) {
		start_child(SANDBOX_FILTER_WORKER, 0, tries[i].change);
		check_descriptors(&child);
		if (tries[i].gap == NULL)
			PROVEN(LOW);
		else
			GAP(LOW, tries[i].gap);
	}
}

/* The resolver has a channel, and a pipe while it asks. */
static void
keep_a_pipe(void)
{
	int	end[2];

	MUST(close_range(FD_FILL_FIRST, ~0U, 0) == 0);
	MUST(pipe(end) == 0);
}

ATF_TC_WITHOUT_HEAD(resolver_has_a_plan_of_its_own);
ATF_TC_BODY(resolver_has_a_plan_of_its_own, tc)
{
	start_child(SANDBOX_FILTER_RESOLVER, 0, keep_a_pipe);
	check_descriptors(&child);
	PROVEN("0-2 are the null device");
	PROVEN(CHANNEL);
	PROVEN(OTHER);
	ATF_CHECK_EQ(0, gaps);
	start_child(SANDBOX_FILTER_RESOLVER, 0, NULL);
	check_descriptors(&child);
	GAP(OTHER, "256 is not of its plan");
}

static void
read_configuration(void)
{
	read_file();
	close(FD_EXPORT);
}

ATF_TC_WITHOUT_HEAD(reader_has_its_file_only);
ATF_TC_BODY(reader_has_its_file_only, tc)
{
	start_child(SANDBOX_FILTER_READER, 0, read_configuration);
	check_descriptors(&child);
	PROVEN(LOW);
	ATF_CHECK_EQ(0, gaps);
	start_child(SANDBOX_FILTER_READER, 0, NULL);
	check_descriptors(&child);
	GAP(LOW, "9 is not of its plan");
	GAP(CAPTURE, "256 is not of its plan");
}

/* The parent. */

static void
close_on_exec(void)
{
	MUST(close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0);
}

static void
forget_one(void)
{
	close_on_exec();
	MUST(fcntl(FD_EXPORT, F_SETFD, 0) == 0);
}

static void
hold_a_pipe(void)
{
	int	end[2];

	close_on_exec();
	MUST(pipe2(end, O_CLOEXEC) == 0);
}

static void
hold_a_raw_socket(void)
{
	close_on_exec();
	MUST(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP) != -1);
}

ATF_TC_WITHOUT_HEAD(parent_leaves_nothing_open_by_an_execution);
ATF_TC_BODY(parent_leaves_nothing_open_by_an_execution, tc)
{
	start_child(SANDBOX_FILTER_PARENT, 0, close_on_exec);
	check_descriptors(&child);
	PROVEN(EXEC);
	PROVEN(KINDS);
	start_child(SANDBOX_FILTER_PARENT, 0, forget_one);
	check_descriptors(&child);
	GAP(EXEC, "9 lives through");
	PROVEN(KINDS);
}

ATF_TC_WITHOUT_HEAD(parent_holds_no_strange_descriptor);
ATF_TC_BODY(parent_holds_no_strange_descriptor, tc)
{
	start_child(SANDBOX_FILTER_PARENT, 0, hold_a_pipe);
	check_descriptors(&child);
	PROVEN(EXEC);
	GAP(KINDS, "is pipe:");
	if (geteuid() != 0)
		return;
	start_child(SANDBOX_FILTER_PARENT, 0, hold_a_raw_socket);
	check_descriptors(&child);
	GAP(KINDS, "is socket:");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, plan_is_kept);
	ATF_TP_ADD_TC(tp, descriptor_that_is_not_planned_is_a_gap);
	ATF_TP_ADD_TC(tp, capture_socket_that_can_be_written_is_a_gap);
	ATF_TP_ADD_TC(tp, savefile_is_8_and_read_only);
	ATF_TP_ADD_TC(tp, resolver_has_a_plan_of_its_own);
	ATF_TP_ADD_TC(tp, reader_has_its_file_only);
	ATF_TP_ADD_TC(tp, parent_leaves_nothing_open_by_an_execution);
	ATF_TP_ADD_TC(tp, parent_holds_no_strange_descriptor);

	return (atf_no_error());
}
