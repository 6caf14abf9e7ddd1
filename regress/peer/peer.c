/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The other end of the daemon's local sockets, for the integration tests:
 *
 *	peer notify name	a service manager: print what it is told
 *	peer control path n	n clients of the control socket at once, which
 *				ask for the timeouts: print what each is told
 */

#include <sys/socket.h>
#include <sys/un.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "imsg.h"
#include "msg.h"

#define PEER_MAX	100
#define PEER_SECONDS	10	/* then somebody hangs */

static socklen_t
address(struct sockaddr_un *sun, const char *name)
{
	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	if (strlcpy(sun->sun_path, name, sizeof(sun->sun_path)) >=
	    sizeof(sun->sun_path))
		errx(1, "%s: too long", name);
	if (*name != '@')
		return (sizeof(*sun));
	sun->sun_path[0] = '\0';
	return ((socklen_t)(offsetof(struct sockaddr_un, sun_path) +
	    strlen(name)));
}

/* A datagram is a line, with blanks between its own lines. */
static int
do_notify(const char *name)
{
	struct sockaddr_un	sun;
	socklen_t		len = address(&sun, name);
	char			buf[1024], *p;
	ssize_t			n;
	int			fd;

	if ((fd = socket(AF_UNIX, SOCK_DGRAM, 0)) == -1 ||
	    bind(fd, (struct sockaddr *)&sun, len) == -1)
		err(1, "%s", name);
	puts("listening");
	for (;;) {
		fflush(stdout);
		if ((n = recv(fd, buf, sizeof(buf) - 1, 0)) == -1)
			err(1, "recv");
		buf[n] = '\0';
		for (p = buf; (p = strchr(p, '\n')) != NULL;)
			*p = ' ';
		puts(buf);
	}
}

/* What has come; 1: that was the end of it. */
static int
read_answer(unsigned int i, struct imsgbuf *ibuf)
{
	struct ctl_result	result;
	struct imsg		imsg;
	uint32_t		type;
	int			n, end = imsgbuf_read(ibuf) != 1;

	while ((n = imsgbuf_get(ibuf, &imsg)) == 1) {
		type = imsg_get_type(&imsg);
		if (type == CTL_RESULT && imsg_get_id(&imsg) == CTL_VERSION &&
		    imsg_get_data(&imsg, &result, sizeof(result)) == 0) {
			printf("%u: %s %.*s\n", i, result.failed ? "refused" :
			    "served", (int)sizeof(result.text), result.text);
			imsg_free(&imsg);
			return (1);
		}
		imsg_free(&imsg);
	}
	if (end || n == -1)
		printf("%u: closed\n", i);
	return (end || n == -1);
}

static void
begin(struct imsgbuf *ibuf, struct pollfd *pfd, const char *path)
{
	struct sockaddr_un	sun;
	socklen_t		len = address(&sun, path);

	if ((pfd->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)) == -1)
		err(1, "socket");
	/* Not even EAGAIN, for others would wait then. */
	if (connect(pfd->fd, (struct sockaddr *)&sun, len) == -1)
		err(1, "%s", path);
	pfd->events = POLLIN;
	if (imsgbuf_init(ibuf, pfd->fd) == -1 || imsg_compose(ibuf,
	    CTL_TIMEOUTS, CTL_VERSION, getpid(), -1, NULL, 0) == -1)
		err(1, "request");
}

/* All are connected before one asks, and stay so until all were told. */
static int
do_control(const char *path, unsigned int n)
{
	static struct imsgbuf	ibuf[PEER_MAX];
	static struct pollfd	pfd[PEER_MAX];
	unsigned int		i, left = n;

	signal(SIGPIPE, SIG_IGN);
	alarm(PEER_SECONDS);
	for (i = 0; i < n; i++)
		begin(&ibuf[i], &pfd[i], path);
	for (i = 0; i < n; i++)
		if (imsgbuf_write(&ibuf[i]) == -1 && errno != EPIPE)
			err(1, "%s", path);
	while (left > 0) {
		if (poll(pfd, n, -1) == -1)
			err(1, "poll");
		for (i = 0; i < n; i++)
			if (pfd[i].revents != 0 && read_answer(i, &ibuf[i])) {
				pfd[i].fd = -1;
				left--;
			}
	}
	return (0);
}

int
main(int argc, char *argv[])
{
	const char	*errstr;
	unsigned int	 n;

	if (argc == 3 && strcmp(argv[1], "notify") == 0)
		return (do_notify(argv[2]));
	if (argc != 4 || strcmp(argv[1], "control") != 0)
		errx(1, "usage: peer notify name | control path n");
	n = (unsigned int)strtonum(argv[3], 1, PEER_MAX, &errstr);
	if (errstr != NULL)
		errx(1, "%s: %s", argv[3], errstr);
	return (do_control(argv[2], n));
}
