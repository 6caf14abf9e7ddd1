/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The parent's side of the resolver.  What it answers comes from the network:
 * a message of unknown type, wrong length or wrong content, or one that was
 * not asked for, closes its channel.  A parent that is confined cannot start
 * another, nor kill this one, which is as confined; names keep the addresses
 * they had.
 */

#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "log.h"
#include "priv_state.h"

#define RESOLVER_START_MS	10000
/* Between two answers, as one name may take RESOLVER_SECONDS. */
#define RESOLVER_SILENT_MS	((RESOLVER_SECONDS + 10) * 1000)

static struct {
	struct imsgbuf	channel;
	int		open, ready;
	/* Of each slot: its last question may be of another name. */
	unsigned int	asked[MAX_EXPORT];
	unsigned int	nasked;
	int64_t		deadline_ms;	/* of the next answer */
} resolver;

static void
resolver_close(const char *why)
{
	unsigned int	asked[MAX_EXPORT], i;
	int		fd = resolver.channel.fd;

	log_at(LOG_CRIT, "resolver: %s; names are not looked up again until "
	    "softflowd is restarted", why);
	imsgbuf_clear(&resolver.channel);
	close(fd);
	resolver.open = resolver.ready = 0;
	memcpy(asked, resolver.asked, sizeof(asked));
	memset(resolver.asked, 0, sizeof(resolver.asked));
	resolver.nasked = 0;
	for (i = 0; i < MAX_EXPORT; i++)
		if (asked[i] > 0)
			priv_export_resolved(i, NULL);
}

static void
resolver_send(enum resolver_type type, const void *data, size_t len)
{
	if (!resolver.open)		/* it did not take the last one */
		return;
	if (imsg_compose(&resolver.channel, type, 0, 0, -1, data, len) == -1) {
		if (!priv.confined)
			fatal("message to the resolver");
		resolver_close(strerror(errno));
		return;
	}
	/* A few octets; if they do not fit now, the next time they may. */
	if (imsgbuf_write(&resolver.channel) == -1)
		resolver_close("does not take questions");
}

static int
resolver_dispatch(struct imsg *imsg)
{
	struct resolver_answer	answer;

	switch (imsg_get_type(imsg)) {
	case RESOLVER_READY:
		if (resolver.ready || imsg_get_len(imsg) != 0)
			return (-1);
		resolver.ready = 1;
		return (0);
	case RESOLVER_ANSWER:
		if (!resolver.ready ||
		    imsg_get_data(imsg, &answer, sizeof(answer)) == -1 ||
		    !resolver_answer_ok(&answer) ||
		    answer.slot >= MAX_EXPORT ||
		    resolver.asked[answer.slot] == 0)
			return (-1);
		resolver.nasked--;
		resolver.deadline_ms = priv_now_ms() + RESOLVER_SILENT_MS;
		if (--resolver.asked[answer.slot] == 0)
			priv_export_resolved(answer.slot, &answer);
		return (0);
	default:
		return (-1);
	}
}

void
priv_resolver_event(void)
{
	struct imsg	imsg;
	int		bad, fd, n;

	if (!resolver.open)
		return;
	n = imsgbuf_read(&resolver.channel);
	if (n != 1) {
		resolver_close(n == 0 ? "ended" : "sends a malformed message");
		return;
	}
	while (resolver.open &&
	    (n = imsgbuf_get(&resolver.channel, &imsg)) == 1) {
		if ((fd = imsg_get_fd(&imsg)) != -1)
			close(fd);
		bad = fd != -1 || resolver_dispatch(&imsg) == -1;
		imsg_free(&imsg);
		if (bad)
			resolver_close("sends a message that is not allowed");
	}
	if (n == -1 && resolver.open)
		resolver_close("sends a malformed message");
}

int
priv_resolver_fd(void)
{
	return (resolver.open ? resolver.channel.fd : -1);
}

void
priv_resolver_ask(uint32_t slot)
{
	const struct resolver_ask	ask = { slot };

	if (!resolver.open) {
		priv_export_resolved(slot, NULL);
		return;
	}
	if (resolver.nasked++ == 0)
		resolver.deadline_ms = priv_now_ms() + RESOLVER_SILENT_MS;
	resolver.asked[slot]++;
	resolver_send(RESOLVER_ASK, &ask, sizeof(ask));
}

void
priv_resolver_slept(int64_t ms)
{
	resolver.deadline_ms += ms;
}

void
priv_resolver_timers(int64_t now_ms)
{
	if (!resolver.open)
		return;
	if (resolver.nasked > 0 && now_ms >= resolver.deadline_ms)
		resolver_close("does not answer");
	else if (imsgbuf_queuelen(&resolver.channel) > 0 &&
	    imsgbuf_write(&resolver.channel) == -1)
		resolver_close("does not take questions");
}

void
priv_resolver_attach(int fd)
{
	if (fcntl(fd, F_SETFL, O_NONBLOCK) == -1 ||
	    imsgbuf_init(&resolver.channel, fd) == -1)
		fatal("channel to the resolver");
	resolver.open = 1;
	resolver.ready = 0;
	memset(resolver.asked, 0, sizeof(resolver.asked));
	resolver.nasked = 0;
}

void
priv_resolver_name(uint32_t slot, int family, const char *host)
{
	struct resolver_name	name = { 0 };

	if (!resolver.open)
		return;
	name.slot = slot;
	name.family = (uint32_t)family;
	strlcpy(name.host, host, sizeof(name.host));
	resolver_send(RESOLVER_NAME, &name, sizeof(name));
}

void
priv_resolver_open(void)
{
	struct resolver_conf	conf = { 0 };
	int			sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) == -1)
		fatal("channel to the resolver");
	switch (fork()) {
	case -1:
		fatal("resolver");
	case 0:
		priv_exec(sv[1], -1, "softflowd: resolver", RESOLVER_ROLE);
	}
	close(sv[1]);
	priv_resolver_attach(sv[0]);
	conf.root = priv.root != 0;
	conf.uid = priv.uid;
	conf.gid = priv.gid;
	resolver_send(RESOLVER_CONF, &conf, sizeof(conf));
}

void
priv_resolver_lock(void)
{
	struct pollfd	pfd = { .fd = resolver.channel.fd, .events = POLLIN };
	int64_t		end = priv_now_ms() + RESOLVER_START_MS, left;

	resolver_send(RESOLVER_LOCK, NULL, 0);
	while (resolver.open && !resolver.ready) {
		left = end - priv_now_ms();
		if (left <= 0 || (poll(&pfd, 1, (int)left) == -1 &&
		    errno != EINTR))
			break;
		if (pfd.revents != 0)
			priv_resolver_event();
		pfd.revents = 0;
	}
	if (!resolver.ready)
		fatalx("the resolver did not start");
}
