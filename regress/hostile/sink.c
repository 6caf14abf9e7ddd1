/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A hostile collector: sink [-s] port-file mode
 *
 * Listens on 127.0.0.1, any port, by TCP, or SCTP with -s, and ends at a
 * SIGTERM, with a line that tells how many connections there were and how
 * many octets were read.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"

#define CONNECTIONS	32		/* at a time; older ones are reset */
#define EXIT_LACKING	77		/* the system has no such protocol */

enum mode {
	RESET,			/* at once */
	WITHIN,			/* a message: reset behind some octets */
	RANDOM,			/* at any moment */
	NEVER,			/* read, with the smallest window */
	TINY,			/* an octet now and then */
	GARBAGE,		/* back, as fast as it goes */
	HALF,			/* sends FIN, and reads on */
	DEAF,			/* reads no more, and does not close */
	REFUSE,			/* nobody listens */
	BACKLOG			/* full: never accepted */
};
static const char *const	names[] = { "reset", "within", "random",
				    "never", "tiny", "garbage", "half",
				    "deaf", "refuse", "backlog" };

static volatile sig_atomic_t	ended;
static unsigned long		connections, octets;
static struct {
	int		fd;
	unsigned int	left;		/* octets until it is reset */
} peers[CONNECTIONS];

static void
on_signal(int sig)
{
	(void)sig;
	ended = 1;
}

static void
hang_up(unsigned int i, int reset)
{
	struct linger	linger = { 1, 0 };

	if (peers[i].fd == -1)
		return;
	if (reset)
		setsockopt(peers[i].fd, SOL_SOCKET, SO_LINGER, &linger,
		    sizeof(linger));
	close(peers[i].fd);
	peers[i].fd = -1;
}

static void
take(enum mode mode, int fd)
{
	static unsigned int	next;
	unsigned int		i = next++ % CONNECTIONS;

	connections++;
	hang_up(i, 1);
	peers[i].fd = fd;
	peers[i].left = mode == RESET ? 0 : 1 + arc4random_uniform(mode ==
	    WITHIN ? 3000 : 200000);
	if (mode == RESET)
		hang_up(i, 1);
	if (mode == HALF)
		shutdown(fd, SHUT_WR);
	if (mode == DEAF)
		shutdown(fd, SHUT_RD);
	fcntl(fd, F_SETFL, O_NONBLOCK);
}

/* One turn of a connection. */
static void
serve(enum mode mode, unsigned int i)
{
	static char	buf[65536];
	size_t		want = mode == TINY ? 1 : sizeof(buf);
	ssize_t		n;

	if (mode == NEVER || mode == DEAF)
		return;
	if ((mode == WITHIN || mode == RANDOM) && want > peers[i].left)
		want = peers[i].left;
	if (mode == GARBAGE) {
		memset(buf, 0x0a, sizeof(buf));
		while (send(peers[i].fd, buf, sizeof(buf), 0) > 0)
			;
	}
	n = recv(peers[i].fd, buf, want, 0);
	if (n == 0 || (n == -1 && errno != EAGAIN)) {
		hang_up(i, 0);
		return;
	}
	if (n == -1)
		return;
	octets += (unsigned long)n;
	if (mode != WITHIN && mode != RANDOM)
		return;
	if ((peers[i].left -= (unsigned int)n) == 0)
		hang_up(i, 1);
}

static int
open_socket(const char *file, enum mode mode, int protocol)
{
	struct sockaddr_in	sin = { .sin_family = AF_INET };
	socklen_t		len = sizeof(sin);
	int			fd, small = 1;
	FILE			*fp;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM, protocol);
	if (fd == -1 && (errno == EPROTONOSUPPORT ||
	    errno == ESOCKTNOSUPPORT))
		exit(EXIT_LACKING);
	if (fd == -1 || bind(fd, (struct sockaddr *)&sin, len) == -1 ||
	    getsockname(fd, (struct sockaddr *)&sin, &len) == -1)
		err(1, "socket");
	/* Those that are accepted have it, too. */
	if (mode == NEVER || mode == TINY)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	if (mode != REFUSE && listen(fd, mode == BACKLOG ? 0 : 16) == -1)
		err(1, "listen");
	if (fcntl(fd, F_SETFL, O_NONBLOCK) == -1 ||
	    (fp = fopen(file, "w")) == NULL)
		err(1, "%s", file);
	fprintf(fp, "%d\n", ntohs(sin.sin_port));
	if (fclose(fp) == EOF)
		err(1, "%s", file);
	return (fd);
}

/* Fill the queue of who is not accepted. */
static void
fill_backlog(int listener)
{
	struct sockaddr_in	sin;
	socklen_t		len = sizeof(sin);
	int			fd, i;

	if (getsockname(listener, (struct sockaddr *)&sin, &len) == -1)
		err(1, "getsockname");
	for (i = 0; i < 4; i++) {
		if ((fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)) ==
		    -1)
			err(1, "socket");
		(void)connect(fd, (struct sockaddr *)&sin, len);
	}
}

int
main(int argc, char *argv[])
{
	struct sigaction	sa = { .sa_handler = on_signal };
	unsigned int		mode, i;
	int			fd, listener, sctp;

	sctp = argc == 4 && strcmp(argv[1], "-s") == 0;
	if (argc - sctp != 3)
		errx(1, "usage: sink [-s] port-file mode");
	for (mode = 0; mode < nitems(names); mode++)
		if (strcmp(names[mode], argv[2 + sctp]) == 0)
			break;
	if (mode == nitems(names))
		errx(1, "%s: no such mode", argv[2 + sctp]);
	signal(SIGPIPE, SIG_IGN);
	sigaction(SIGTERM, &sa, NULL);
	for (i = 0; i < CONNECTIONS; i++)
		peers[i].fd = -1;
	listener = open_socket(argv[1 + sctp], mode, sctp ? IPPROTO_SCTP : 0);
	if (mode == BACKLOG)
		fill_backlog(listener);
	while (!ended) {
		if (mode != REFUSE && mode != BACKLOG &&
		    (fd = accept(listener, NULL, NULL)) != -1)
			take((enum mode)mode, fd);
		for (i = 0; i < CONNECTIONS; i++)
			if (peers[i].fd != -1)
				serve((enum mode)mode, i);
		usleep(1000);
	}
	printf("%s: %lu connections, %lu octets read\n", names[mode],
	    connections, octets);
	return (0);
}
