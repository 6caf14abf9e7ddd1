/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/ip.h>

#include <atf-c.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "priv_export_fixture.h"

struct priv			 priv;

struct options			 opts;
int64_t				 forward_ms;	/* of the clock */
int				 copies = 1;	/* of descriptors to be had */

/* What was sent to the worker since the last look. */
struct sent			 sent[32];
unsigned int			 nsent;

/* The resolver's end. */
static struct imsgbuf		 far;

int64_t
priv_now_ms(void)
{
	struct timespec	ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000 + forward_ms);
}

void
priv_worker_send(enum msg_type type, int fd, const void *data, size_t len)
{
	struct sent	*s = &sent[nsent++];

	ATF_REQUIRE(nsent <= nitems(sent));
	memset(s, 0, sizeof(*s));
	s->type = type;
	s->fd = fd;
	if (type == IMSG_EXPORT_PAYLOAD) {
		ATF_REQUIRE_EQ(sizeof(s->payload), len);
		memcpy(&s->payload, data, len);
	} else {
		ATF_REQUIRE_EQ(sizeof(s->export), len);
		memcpy(&s->export, data, len);
	}
}

int
priv_worker_send_copy(enum msg_type type, int fd, const void *data,
    size_t len)
{
	int	copy = copies ? dup(fd) : -1;

	priv_worker_send(type, copy, data, len);
	return (copy == -1 ? -1 : 0);
}

/* The child that would become the resolver leaves the channel to us. */
void
priv_exec(int channel, int root, const char *title, const char *role)
{
	(void)root;
	(void)title;
	(void)role;
	ATF_REQUIRE_EQ(0, imsgbuf_init(&far, channel));
	if (imsg_compose(&far, RESOLVER_READY, 0, 0, -1, NULL, 0) != 1 ||
	    imsgbuf_flush(&far) == -1)
		_exit(1);
	/* Whoever waits for the test's output does not wait for us. */
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	alarm(20);
	for (;;)
		pause();
}

void
read_line(struct options *o, const char *line)
{
	static char	 bufs[8][512], name[] = "softflowd", error[512];
	static int	 nth;
	char		*argv[32], *buf = bufs[nth++ % 8], *p = buf, *word;
	int		 argc = 0;

	strlcpy(buf, line, sizeof(bufs[0]));
	argv[argc++] = name;
	while ((word = strsep(&p, " ")) != NULL && argc < 31)
		argv[argc++] = word;
	argv[argc] = NULL;
	ATF_REQUIRE_EQ_MSG(OPTIONS_RUN, options_parse(argc, argv, o, error,
	    sizeof(error)), "%s", error);
}

void
open_with(const char *line)
{
	read_line(&opts, line);
	log_init("priv_export_test", 0, 0);
	priv.opt = &opts;
	priv_export_open();
}

/* Let the parent's loop turn for what is ready now. */
void
turn(void)
{
	struct pollfd	pfd[MAX_EXPORT];

	priv_export_timers(priv_now_ms());
	priv_export_pollfds(pfd);
	if (poll(pfd, MAX_EXPORT, 100) > 0)
		priv_export_events(pfd);
	priv_export_timers(priv_now_ms());
}

/* A socket of this port; 0: any, which is then in it. */
int
listen_on(uint16_t *port)
{
	struct sockaddr_in	sin = { 0 };
	socklen_t		len = sizeof(sin);
	int			fd, on = 1;

	sin.sin_family = AF_INET;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sin.sin_port = htons(*port);
	ATF_REQUIRE((fd = socket(AF_INET, SOCK_STREAM, 0)) != -1);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	ATF_REQUIRE_EQ(0, bind(fd, (struct sockaddr *)&sin, len));
	ATF_REQUIRE_EQ(0, listen(fd, 4));
	ATF_REQUIRE_EQ(0, getsockname(fd, (struct sockaddr *)&sin, &len));
	*port = ntohs(sin.sin_port);
	return (fd);
}

/* The last message is the socket of a stream that is up. */
void
expect_up(void)
{
	ATF_REQUIRE(nsent > 0);
	ATF_CHECK_EQ(IMSG_EXPORT_UP, sent[nsent - 1].type);
	ATF_CHECK(sent[nsent - 1].fd != -1);
	ATF_CHECK_EQ(0, sent[nsent - 1].export.sequence);
	ATF_CHECK(sent[nsent - 1].export.local.port != 0);
	close(sent[nsent - 1].fd);
}

int
down(uint32_t slot, int error)
{
	struct msg_export_down	msg = { slot, error };

	return (priv_export_down(&msg));
}
