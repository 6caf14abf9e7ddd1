/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* A worker's death at each instruction, by single steps of its stream. */

#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "stream_fixture.h"

#define QUEUE	4096
#define STEPS	5000000

/* All that changes a queue; sends go nowhere. */
static void
live(void)
{
	unsigned int	i;

	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1)
		_exit(1);
	(void)raise(SIGSTOP);
	sink = 1;
	for (i = 0; i < 3; i++) {
		(void)offer(24 + 100 * i);
		send_most = 70 - i;
		(void)stream_write(s, &clock_now, &c);
	}
	(void)offer(DATAGRAM_SIZE);
	(void)offer(DATAGRAM_SIZE);
	(void)offer(DATAGRAM_SIZE);
	send_left = 0;
	(void)stream_write(s, &clock_now, &c);
	stream_give_up(s, &clock_now);
	(void)offer(30);
	_exit(0);
}

/* A worker takes over; all that was offered must be accounted for. */
static uint64_t
take_over(struct stream_queue *copy)
{
	struct stream_queue	*theirs = queue;
	struct stream		*before = s;
	uint64_t		 n, mark;

	queue = copy;
	s = NULL;
	ATF_REQUIRE_EQ(0, adopt_stream(QUEUE));
	mark = stream_mark(s);
	for (n = offered + 1; n <= mark; n++)
		offered_records += n % 5;
	ATF_REQUIRE(mark >= offered);
	offered = mark;
	check_counted();
	stream_free(s);
	queue = theirs;
	s = before;
	return (mark);
}

ATF_TC_WITHOUT_HEAD(worker_dies_at_any_instruction);
ATF_TC_BODY(worker_dies_at_any_instruction, tc)
{
	struct stream_queue	*copy;
	size_t			 size = stream_queue_size(QUEUE);
	unsigned int		 steps, changes = 0;
	int			 status;
	pid_t			 pid;

	open_stream(QUEUE);
	connect_unix(SOCK_STREAM);
	ATF_REQUIRE((copy = calloc(1, size)) != NULL);
	if ((pid = fork()) == 0)
		live();
	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	if (!WIFSTOPPED(status))
		atf_tc_skip("processes cannot be traced here");
	for (steps = 0; steps < STEPS; steps++) {
		ATF_REQUIRE(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) == 0);
		ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
		if (!WIFSTOPPED(status))
			break;
		if (memcmp(copy, queue, size) == 0)
			continue;
		memcpy(copy, queue, size);
		(void)take_over(copy);
		changes++;
	}
	ATF_REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	ATF_CHECK_EQ(7, take_over(copy));
	ATF_CHECK(changes > 100);
	free(copy);
	close_stream();
}

/* It has sent messages, perhaps whole, but not noted that. */
ATF_TC_WITHOUT_HEAD(what_was_being_sent_at_a_death_is_said_to_come_again);
ATF_TC_BODY(what_was_being_sent_at_a_death_is_said_to_come_again, tc)
{
	unsigned int	i, deaths;
	int		status;
	pid_t		pid;

	open_stream(1 << 20);
	for (i = 0; i < 10; i++)
		ATF_REQUIRE_EQ(0, offer(1000));
	send_dies = 1;
	for (deaths = 0; deaths < 2; deaths++) {
		connect_tcp(0);
		if ((pid = fork()) == 0) {
			(void)stream_write(s, &clock_now, &c);
			_exit(1);
		}
		ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
		ATF_REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
		disconnect(1);
		ATF_REQUIRE_EQ(0, adopt_stream(1 << 20));
		ATF_CHECK_EQ(10, stream_waiting(s, NULL));
	}
	send_dies = 0;
	ATF_REQUIRE_EQ(0, offer(1000));
	connect_tcp(0);
	ATF_CHECK_EQ(0, stream_write(s, &clock_now, &c));
	ATF_CHECK_EQ(10, c.datagrams_repeated);
	ATF_CHECK_EQ(11 + PREFACE, stream_counters(s)->datagrams);
	close_stream();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, worker_dies_at_any_instruction);
	ATF_TP_ADD_TC(tp,
	    what_was_being_sent_at_a_death_is_said_to_come_again);
	return (atf_no_error());
}
