/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * sink portfile file: write each datagram to the file as it is, behind its
 * length, until there was none for a while after a SIGTERM.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include <err.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t	told;

static void
on_term(int sig)
{
	told = sig;
}

int
main(int argc, char *argv[])
{
	static uint8_t		 buf[65536];
	struct sigaction	 sa = { .sa_handler = on_term };
	struct sockaddr_in	 sin = { .sin_family = AF_INET };
	socklen_t		 len = sizeof(sin);
	struct pollfd		 pfd = { .events = POLLIN };
	FILE			*fp;
	ssize_t			 n;
	int			 size = 1 << 20;

	if (argc != 3)
		errx(1, "usage: sink portfile file");
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sigaction(SIGTERM, &sa, NULL);
	if ((pfd.fd = socket(AF_INET, SOCK_DGRAM, 0)) == -1 ||
	    setsockopt(pfd.fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) ==
	    -1 || bind(pfd.fd, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    getsockname(pfd.fd, (struct sockaddr *)&sin, &len) == -1)
		err(1, "socket");
	if ((fp = fopen(argv[1], "w")) == NULL ||
	    fprintf(fp, "%u\n", ntohs(sin.sin_port)) < 0 || fclose(fp) == EOF)
		err(1, "%s", argv[1]);
	if ((fp = fopen(argv[2], "w")) == NULL)
		err(1, "%s", argv[2]);
	while (poll(&pfd, 1, 100) == 1 || !told) {
		if (!(pfd.revents & POLLIN) ||
		    (n = recv(pfd.fd, buf, sizeof(buf), MSG_DONTWAIT)) == -1)
			continue;
		if (fprintf(fp, "%zd\n", n) < 0 ||
		    fwrite(buf, 1, (size_t)n, fp) != (size_t)n)
			err(1, "%s", argv[2]);
		pfd.revents = 0;
	}
	return (fclose(fp) == EOF);
}
