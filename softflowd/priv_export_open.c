/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Collectors as the options name them: at the start, where what cannot be
 * right ends us, and at a reload, where it is refused.
 */

#include <sys/socket.h>

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "priv_state.h"

#define START_MS	5000		/* of waiting for names at the start; */
#define START_FILE_MS	60000		/* a file is read when all is there */

/*
 * Ports of IPFIX and of IPFIX over TLS: a configuration file may name such a
 * collector one day.
 */
static const uint16_t	usual_ports[] = { 4739, 4740 };

/* That of a name's later addresses as well. */
static int
dest_port(struct priv_dest *dest, const struct options_dest *opt, char *error,
    size_t len)
{
	struct sockaddr_storage	ss;
	struct msg_addr		addr;
	int			rv;

	rv = priv_net_numeric(&ss, NULL, opt->port, opt->transport);
	if (rv != 0) {
		snprintf(error, len, "%s: port %s: %s", dest->name, opt->port,
		    rv == EAI_SERVICE ? "no such service" : gai_strerror(rv));
		return (-1);
	}
	priv_net_addr(&addr, &ss);
	dest->port = addr.port;
	return (0);
}

static int
dest_numeric(struct priv_dest *dest, char *error, size_t len)
{
	const char	*source = priv.opt->source;
	struct msg_addr	 addr;
	const char	*why = NULL;

	dest->naddr = 1;
	priv_net_addr(&addr, &dest->addr[0]);
	if (priv_net_is_alias(&dest->addr[0]))
		why = "it must be the address that the collector has, not "
		    "one that stands for others";
	else if (priv_net_lacks_link(&dest->addr[0]))
		why = "give its interface, too, as in [fe80::1%eth0]:9995, "
		    "or -S";
	if (why != NULL) {
		snprintf(error, len, "%s: %s", dest->name, why);
		return (-1);
	}
	if (source == NULL ||
	    (strchr(source, ':') == NULL ? 4 : 6) == addr.family)
		return (0);
	snprintf(error, len, "%s: -e %s is of another address family",
	    dest->name, source);
	return (-1);
}

/* What a change of other options changes, too. */
static void
dest_options(struct priv_dest *dest, const struct options_dest *opt)
{
	dest->conf.rate = priv.opt->rate;
	dest->conf.source_id = options_source_id(priv.opt, opt->version);
	options_format(priv.opt, opt->version, &dest->conf.format);
	dest->conf.payload_max = priv_net_payload(dest->fd, &dest->conf);
}

/* Its name is looked up by whoever calls us.  -1 with a line in error. */
static int
dest_prepare(struct priv_dest *dest, const struct options_dest *opt,
    uint32_t slot, char *error, size_t len)
{
	int	rv, fd;

	memset(dest, 0, sizeof(*dest));
	snprintf(dest->name, sizeof(dest->name), strchr(opt->host, ':') ==
	    NULL ? "%s:%s" : "[%s]:%s", opt->host, opt->port);
	strlcpy(dest->host, opt->host, sizeof(dest->host));
	dest->fd = -1;
	dest->conf.slot = slot;
	dest->conf.transport = (uint32_t)opt->transport;
	strlcpy(dest->conf.name, dest->name, sizeof(dest->conf.name));
	dest_options(dest, opt);
	if (opt->transport == TRANSPORT_SCTP) {
		if ((fd = priv_net_socket(AF_INET, TRANSPORT_SCTP)) == -1) {
			snprintf(error, len, "%s: no SCTP on this system; use "
			    "tcp or udp, or load its module: %s", dest->name,
			    strerror(errno));
			return (-1);
		}
		close(fd);
	}
	if (dest_port(dest, opt, error, len) == -1)
		return (-1);
	rv = priv_net_numeric(&dest->addr[0], opt->host, opt->port,
	    opt->transport);
	dest->named = rv == EAI_NONAME;
	if (dest->named)
		return (0);
	if (rv == 0)
		return (dest_numeric(dest, error, len));
	snprintf(error, len, "%s: %s", dest->name, gai_strerror(rv));
	return (-1);
}

/* -e decides which of a name's addresses can be sent to. */
static void
dest_tell_name(const struct priv_dest *dest)
{
	const char	*source = priv.opt->source;
	int		 family = source == NULL ? 0 :
			    strchr(source, ':') == NULL ? 4 : 6;

	if (dest->named)
		priv_resolver_name(dest->conf.slot, family, dest->host);
}

/*
 * Start
 */

/* Whether the start must wait for it. */
static int
dest_is_awaited(const struct priv_dest *dest)
{
	return (dest->state == DEST_LOOKUP ||
	    (priv.opt->savefile != NULL && dest->state == DEST_CONNECTING));
}

/* Signals are blocked still, for the loop that is to come. */
static int
end_is_pending(void)
{
	sigset_t	set;

	return (sigpending(&set) == 0 && (sigismember(&set, SIGINT) == 1 ||
	    sigismember(&set, SIGTERM) == 1));
}

static void
await(void)
{
	struct pollfd	pfd[MAX_EXPORT + 1];
	int64_t		end = priv_now_ms(), now;
	unsigned int	i;

	end += priv.opt->savefile == NULL ? START_MS : START_FILE_MS;
	while ((now = priv_now_ms()) < end && !end_is_pending()) {
		for (i = 0; i < priv.ndest; i++)
			if (dest_is_awaited(&priv.dest[i]))
				break;
		if (i == priv.ndest)
			return;
		priv_export_pollfds(pfd);
		pfd[MAX_EXPORT].fd = priv_resolver_fd();
		pfd[MAX_EXPORT].events = POLLIN;
		if (poll(pfd, MAX_EXPORT + 1, 100) > 0) {
			priv_export_events(pfd);
			if (pfd[MAX_EXPORT].revents != 0)
				priv_resolver_event();
		}
		priv_export_timers(now);
	}
	for (i = 0; i < priv.ndest && priv.opt->savefile != NULL; i++)
		if (dest_is_awaited(&priv.dest[i]))
			fatalx("%s: no answer", priv.dest[i].name);
}

void
priv_export_open(void)
{
	char		error[512];
	unsigned int	i;
	int		named = 0;

	priv.starting = 1;
	priv.ndest = priv.opt->ndest;
	for (i = 0; i < priv.ndest; i++)
		priv.dest[i].fd = -1;
	for (i = 0; i < priv.ndest; i++) {
		if (dest_prepare(&priv.dest[i], &priv.opt->dest[i], i, error,
		    sizeof(error)) == -1)
			fatalx("%s", error);
		priv.dest_slot[i] = (uint8_t)i;
		named |= priv.dest[i].named;
	}
	/* A file may come to name one. */
	if (named || (priv.opt->config_path != NULL &&
	    priv.opt->savefile == NULL)) {
		priv_resolver_open();
		for (i = 0; i < priv.ndest; i++)
			dest_tell_name(&priv.dest[i]);
		priv_resolver_lock();
	}
	for (i = 0; i < priv.ndest; i++)
		priv_export_try(&priv.dest[i]);
	await();
	priv.starting = 0;
}

unsigned int
priv_export_ports(uint16_t *ports)
{
	unsigned int	i, n = 0;

	for (i = 0; i < priv.ndest; i++)
		if (priv.dest[i].conf.transport == TRANSPORT_TCP)
			ports[n++] = priv.dest[i].port;
	if (priv.opt->config_path != NULL)
		for (i = 0; i < nitems(usual_ports); i++)
			ports[n++] = usual_ports[i];
	priv.ntcp_port = n;
	memcpy(priv.tcp_port, ports, n * sizeof(*ports));
	return (n);
}

/*
 * Reload.  One that goes leaves its slot, which knows sequence numbers by it,
 * until another takes that.
 */

/* TCP, as far as we let ourselves when we confined us. */
static int
check_confinement(const struct priv_dest *dest, char *error, size_t len)
{
	char		ports[128] = "none", *to = ports;
	unsigned int	i;

	if (dest->named && priv_resolver_fd() == -1) {
		snprintf(error, len, "%s: names are not looked up, as no "
		    "resolver runs; give an address, or restart softflowd",
		    dest->name);
		return (-1);
	}
	if (dest->conf.transport != TRANSPORT_TCP || priv.tcp_any)
		return (0);
	if (priv.opt->source != NULL && !priv.tcp_bind) {
		snprintf(error, len, "%s: TCP from -e %s takes a restart, as "
		    "there was no -e at the start", dest->name,
		    priv.opt->source);
		return (-1);
	}
	for (i = 0; i < priv.ntcp_port; i++) {
		if (priv.tcp_port[i] == dest->port)
			return (0);
		to += snprintf(to, (size_t)(ports + sizeof(ports) - to),
		    "%s%u", i == 0 ? "" : ", ", priv.tcp_port[i]);
	}
	snprintf(error, len, "%s: softflowd has confined itself to the TCP "
	    "ports of its start (%s); restart it for another", dest->name,
	    ports);
	return (-1);
}

/* Whether a socket can be had with these options at all. */
static int
check_socket(const struct priv_dest *dest, char *error, size_t len)
{
	const char	*what;
	int		 fd;

	if (dest->naddr == 0)
		return (0);
	fd = priv_net_connect(TRANSPORT_UDP, &dest->addr[0], &what);
	if (fd != -1)
		close(fd);
	if (fd != -1 || what == NULL)
		return (0);
	snprintf(error, len, "%s: %s: %s", dest->name, what, strerror(errno));
	return (-1);
}

/* First those never used, then those left long ago, then those left now. */
static uint32_t
slot_for_another(const struct priv_reload *next)
{
	uint32_t	i;

	if (next->ndest < MAX_EXPORT)
		return (next->ndest);
	for (i = 0; i < MAX_EXPORT; i++)
		if (priv.dest[i].state == DEST_GONE &&
		    !(next->made & 1U << i))
			return (i);
	for (i = 0; (next->kept | next->made) & 1U << i; i++)
		;
	return (i);
}

static int
prepare_one(struct priv_reload *next, const struct options_dest *opt,
    unsigned int i, char *error, size_t len)
{
	struct priv_dest	*dest;
	uint32_t		 slot;

	if (next->change.dest[i] != CHANGE_NEW) {
		dest = &priv.dest[next->dest_slot[i]];
		if (next->change.need & CHANGE_SOCKETS &&
		    (check_confinement(dest, error, len) == -1 ||
		    check_socket(dest, error, len) == -1))
			return (-1);
		return (0);
	}
	slot = slot_for_another(next);
	dest = &next->dest[slot];
	if (dest_prepare(dest, opt, slot, error, len) == -1 ||
	    check_confinement(dest, error, len) == -1 ||
	    check_socket(dest, error, len) == -1)
		return (-1);
	dest->conf.flags |= MSG_EXPORT_FRESH;
	next->dest_slot[i] = (uint8_t)slot;
	next->made |= 1U << slot;
	if (slot == next->ndest)
		next->ndest++;
	return (0);
}

int
priv_export_prepare(struct priv_reload *next, char *error, size_t len)
{
	struct options	*in_force = priv.opt;
	unsigned int	 i;
	int		 old, rv = 0;

	next->ndest = priv.ndest;
	for (i = 0; i < next->opt.ndest; i++) {
		if ((old = next->change.dest[i]) == CHANGE_NEW)
			continue;
		next->dest_slot[i] = priv.dest_slot[old];
		next->kept |= 1U << next->dest_slot[i];
	}
	priv.opt = &next->opt;
	for (i = 0; i < next->opt.ndest && rv == 0; i++)
		rv = prepare_one(next, &next->opt.dest[i], i, error, len);
	priv.opt = in_force;
	return (rv);
}

static void
dest_leave(struct priv_dest *dest)
{
	if (dest->fd != -1)
		close(dest->fd);
	dest->fd = -1;
	dest->state = DEST_GONE;
	dest->named = dest->refreshing = dest->held = 0;
	dest->conf.flags = MSG_EXPORT_GONE;
	memset(&dest->conf.local, 0, sizeof(dest->conf.local));
	memset(&dest->conf.remote, 0, sizeof(dest->conf.remote));
}

void
priv_export_switch(struct priv_reload *next)
{
	struct priv_dest	*dest;
	unsigned int		 i;

	for (i = 0; i < priv.ndest; i++)
		if (!(next->kept & 1U << i) && priv.dest[i].state != DEST_GONE)
			dest_leave(&priv.dest[i]);
	priv.ndest = next->ndest;
	memcpy(priv.dest_slot, next->dest_slot, sizeof(priv.dest_slot));
	for (i = 0; i < priv.opt->ndest; i++) {
		dest = &priv.dest[priv.dest_slot[i]];
		if (next->change.dest[i] == CHANGE_NEW) {
			*dest = next->dest[priv.dest_slot[i]];
			priv.counters.sequence[priv.dest_slot[i]] = 0;
			dest_tell_name(dest);
			priv_export_try(dest);
			continue;
		}
		dest_options(dest, &priv.opt->dest[i]);
		if (next->change.need & CHANGE_SOCKETS)
			dest_tell_name(dest);	/* another family, perhaps */
		priv_export_refresh(dest,
		    (next->change.need & CHANGE_SOCKETS) != 0);
	}
}
