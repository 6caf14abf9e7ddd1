/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The order in which a worker of the real program gives its rights away: a
 * step that fails, or that seems to succeed and did nothing, ends it before
 * it has read a packet.
 */

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <linux/if_packet.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "try.h"

static const struct step {
	const char	*layer;
	const char	*step;		/* as the worker calls it */
	int		 root;		/* only of who started as root */
	const char	*call;
	long		 first;		/* its first argument; -1: any */
	long		 result;
} steps[] = {
	{ "capabilities", "capability bounding set", 1, "prctl",
	    PR_CAPBSET_READ, -EPERM },
	{ "capabilities", "capability bounding set", 1, "prctl",
	    PR_CAPBSET_DROP, -EPERM },
	{ "chroot", "chroot", 1, "fchdir", -1, -EPERM },
	{ "chroot", "chroot", 1, "chroot", -1, -EPERM },
	{ "chroot", "chroot", 1, "chdir", -1, -EPERM },
	{ "ids", "ids", 1, "setgroups", -1, -EPERM },
	{ "ids", "ids", 1, "setresgid", -1, -EPERM },
	{ "ids", "ids", 1, "setresgid", -1, 0 },
	{ "ids", "ids", 1, "setresuid", -1, -EPERM },
	{ "ids", "ids", 1, "setresuid", -1, 0 },
	{ "capabilities", "capabilities", 0, "prctl", PR_CAP_AMBIENT,
	    -EPERM },
	{ "capabilities", "capabilities", 0, "capset", -1, -EPERM },
	{ "capabilities", "capabilities", 0, "capget", -1, -EPERM },
	{ "capabilities", "capabilities", 0, "socket", AF_PACKET, 100 },
	{ "undumpable", "undumpable", 0, "prctl", PR_SET_DUMPABLE, -EPERM },
	{ "undumpable", "parent death signal", 0, "prctl", PR_SET_PDEATHSIG,
	    -EPERM },
	{ "undumpable", "parent", 0, "getppid", -1, 1 },
	{ "no new privileges", "no new privileges", 0, "prctl",
	    PR_SET_NO_NEW_PRIVS, -EPERM },
	{ "Landlock", "Landlock", 0, "landlock_restrict_self", -1, -EPERM },
	{ "descriptors", "descriptors", 0, "dup2", 0, -EBADF },
	{ "limits", "limits", 0, "prlimit64", -1, -EPERM },
	{ "system calls", "system calls", 0, "seccomp", 1, -EPERM },
};

/* What is offered to be read. */
static struct tpacket_block_desc *
offer_packet(void)
{
	static const uint64_t	 now = 1;
	uint32_t		 at = try_ring.next;

	ring_fill(&try_ring, &now, 1);
	return ((struct tpacket_block_desc *)(void *)(try_ring.map +
	    at * RING_BLOCK));
}

static int
is_unread(const struct tpacket_block_desc *b)
{
	return ((__atomic_load_n(&b->hdr.bh1.block_status,
	    __ATOMIC_ACQUIRE) & TP_STATUS_USER) != 0);
}

static void
fail_step(const struct step *s, int root)
{
	struct inject_fake		 fake = { s->call, s->first,
					    strcmp(s->call, "seccomp") == 0,
					    s->result, 0 };
	const struct tpacket_block_desc	*block;
	char				 name[128], text[160], wanted[64];
	int				 status = 0, was_ready, ended;
	pid_t				 pid;

	ring_new(&try_ring);
	block = offer_packet();
	pid = root ? try_early() : try_early_user(-1);
	worker_send(IMSG_LOCK, -1, NULL, 0);
	ATF_REQUIRE_MSG(inject_run(pid, &fake, 1, &status) == 0,
	    "%s: %s is not called", s->step, s->call);
	said_last[0] = '\0';
	was_ready = worker_is_ready();
	ended = try_ends(pid, &status);
	snprintf(name, sizeof(name), "start, though %s fails (%s%s)",
	    s->step, s->call, s->result >= 0 ? " lies" : "");
	snprintf(wanted, sizeof(wanted), "confinement failed at %s", s->step);
	snprintf(text, sizeof(text), "%s, status %#x, packet %s",
	    was_ready ? "ready" : "ends", (unsigned int)status,
	    is_unread(block) ? "unread" : "read");
	try_report_text(s->layer, name, !was_ready && ended &&
	    WIFEXITED(status) && WEXITSTATUS(status) == 1 &&
	    is_unread(block) && strstr(said_last, wanted) != NULL, text);
	try_end(pid);
	munmap(try_ring.map, (size_t)RING_BLOCK * RING_COUNT);
	close(try_ring.fd);
}

/* The control: with nothing in the way the packet is read. */
static void
expect_packet_read(void)
{
	const struct tpacket_block_desc	*block;
	pid_t				 pid;
	int				 ms;

	ring_new(&try_ring);
	block = offer_packet();
	pid = try_worker();
	ATF_REQUIRE_EQ(0, inject_continue(pid));
	worker_sync();
	for (ms = 0; is_unread(block) && ms < 5000; ms++)
		usleep(1000);
	ATF_REQUIRE_MSG(!is_unread(block), "the packet is not read at all");
	try_end(pid);
}

static void
every_step(int root)
{
	size_t	i;

	expect_packet_read();
	for (i = 0; i < nitems(steps); i++) {
		if (steps[i].root && !root)
			continue;
		if (strcmp(steps[i].step, "Landlock") == 0 &&
		    !try_layer(SANDBOX_LANDLOCK))
			row("worker", "Landlock", "start, though it fails",
			    ROW_MISSING, "Linux 5.13 has it");
		else
			fail_step(&steps[i], root);
	}
}

CASE(failed_step_of_a_root_start_ends_the_worker)
{
	try_begin(tc, TRY_FILTER);
	if (geteuid() != 0)
		try_skip(tc, TRY_FILTER, "needs root");
	every_step(1);
}

CASE(failed_step_of_a_user_start_ends_the_worker)
{
	try_begin(tc, TRY_FILTER);
	every_step(0);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, failed_step_of_a_root_start_ends_the_worker);
	ATF_TP_ADD_TC(tp, failed_step_of_a_user_start_ends_the_worker);

	return (atf_no_error());
}
