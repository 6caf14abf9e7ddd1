/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The interfaces that are captured on, in the parent: bound again when they
 * come back, and told to the worker, with what else of the system it cannot
 * ask for.
 */

#include <errno.h>
#include <net/if.h>

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "log.h"
#include "priv_state.h"
#include "stack.h"

#define LOOK_MS	100	/* between two looks that events ask for */

static int64_t	looked_ms, look_ms;	/* the next; 0: no reason */

/* All of the system. */
static void
interfaces_any(struct msg_interfaces *msg, const struct stack_link *links,
    unsigned int n)
{
	struct msg_interface	*i;

	for (; n > 0 && msg->count < MSG_INTERFACES; n--, links++) {
		i = &msg->interface[msg->count++];
		i->ifindex = i->number = links->ifindex;
		memcpy(i->name, links->name, sizeof(i->name));
	}
}

static void
interfaces_captures(struct msg_interfaces *msg)
{
	const struct priv_capture	*cap;
	struct msg_interface		*i;

	msg->captures = 1;
	for (cap = priv.capture; cap < priv.capture + priv.ncapture; cap++) {
		i = &msg->interface[msg->count++];
		i->ifindex = cap->ifindex;
		i->number = cap->number;
		strlcpy(i->name, cap->name, sizeof(i->name));
	}
}

/* Make the message anew; whether it is another than before. */
static int
interfaces_make(void)
{
	static struct stack_link	links[STACK_LINKS];
	static struct msg_interfaces	msg;
	struct msg_interface		*i;
	char				*c;
	int				n, differs;

	memset(&msg, 0, sizeof(msg));
	if ((n = priv_link_list(links, STACK_LINKS)) == -1) {
		log_warn("interfaces of the system");
		n = 0;
	}
	if (priv.capture[0].conf.flags & MSG_CAPTURE_ANY)
		interfaces_any(&msg, links, (unsigned int)n);
	else
		interfaces_captures(&msg);
	for (i = msg.interface; i < msg.interface + msg.count; i++)
		for (c = i->name; *c != '\0'; c++)
			if (!isgraph((unsigned char)*c))
				*c = '?';
	stack_pairs(links, (unsigned int)n, &msg);
	differs = memcmp(&priv.interfaces, &msg, sizeof(msg)) != 0;
	priv.interfaces = msg;
	return (differs);
}

static const char *
interfaces_name(uint32_t ifindex)
{
	uint32_t	i;

	for (i = 0; i < priv.interfaces.count; i++)
		if (priv.interfaces.interface[i].ifindex == ifindex)
			return (priv.interfaces.interface[i].name);
	return ("?");
}

/* Name those that see the same packets, if somebody has chosen them. */
static void
interfaces_warn(void)
{
	const struct msg_interfaces	*msg = &priv.interfaces;
	uint32_t			 i;

	for (i = 0; i < msg->pairs && msg->captures; i++)
		log_warnx("%s and %s see the same packets: what both see "
		    "counts on %s, and as second_sightings on the other",
		    interfaces_name(msg->pair[i].first),
		    interfaces_name(msg->pair[i].again),
		    interfaces_name(msg->pair[i].first));
}

void
priv_interfaces_open(void)
{
	if ((priv.link_fd = priv_link_open()) == -1)
		fatal("interface events");
	interfaces_make();
	interfaces_warn();
}

const struct priv_capture *
priv_interface_holder(uint32_t ifindex, const struct priv_capture *but)
{
	const struct priv_capture	*cap;
	int				 hardware;

	for (cap = priv.capture; cap < priv.capture + priv.ncapture; cap++)
		if (cap != but && cap->removed == 0 && ifindex != 0 &&
		    capture_bound(cap->fd, &hardware) == ifindex)
			return (cap);
	return (NULL);
}

/* Whether it is bound as before, perhaps under another name. */
static int
interface_held(struct priv_capture *cap)
{
	char	now[IF_NAMESIZE];
	int	hardware;

	if (cap->ifindex == 0 ||
	    capture_bound(cap->fd, &hardware) != cap->ifindex)
		return (0);
	/* The name may be one of several that it has. */
	if (if_nametoindex(cap->name) != cap->ifindex &&
	    if_indextoname(cap->ifindex, now) != NULL) {
		log_info("%s: the interface is now called %s, and captured on "
		    "as before", cap->name, now);
		strlcpy(cap->name, now, sizeof(cap->name));
	}
	return (1);
}

/* Bind it to the interface that has its name. */
static int
interface_bind(struct priv_capture *cap, uint32_t ifindex)
{
	const struct priv_capture	*other;
	char				 error[256];

	if ((other = priv_interface_holder(ifindex, cap)) != NULL)
		snprintf(error, sizeof(error), "-i %s captures on it",
		    other->params.interface);
	else if ((capture_can_rebind ? capture_rebind(cap->fd, &cap->params,
	    ifindex, cap->hardware, error, sizeof(error)) :
	    priv_capture_renew(cap, error, sizeof(error))) == 0)
		return (0);
	/*
	 * FreeBSD tells of an interface before bpf(4) knows it: once more, soon.
	 * Then each event is another chance; one line is enough.
	 */
	if (cap->refused != ifindex) {
		cap->refused = ifindex;
		cap->told = 0;
		priv_interfaces_soon();
	} else if (!cap->told) {
		cap->told = 1;
		log_warnx("%s: the interface is back, but cannot be bound: %s",
		    cap->name, error);
	}
	return (-1);
}

/* One that has gone, or come; its number stays until then. */
static void
interface_check(struct priv_capture *cap)
{
	static struct log_limit	 gone[MAX_CAPTURE], back[MAX_CAPTURE];
	const char	*name = cap->params.interface;
	uint32_t	 ifindex, before = cap->ifindex;
	ptrdiff_t	 slot = cap - priv.capture;

	if (cap->removed != 0 || capture_is_any(name) ||
	    interface_held(cap) || (priv.reload != NULL &&
	    priv.reload->returned & 1U << slot))
		return;
	cap->ifindex = 0;
	if ((ifindex = if_nametoindex(name)) == 0) {
		cap->refused = 0;
		if (before != 0)
			log_limited(&gone[slot], LOG_INFO, "%s: the interface "
			    "has gone; waiting for %s", cap->name,
			    strcmp(cap->name, name) == 0 ? "it" : name);
	}
	strlcpy(cap->name, name, sizeof(cap->name));
	if (ifindex == 0 || (!capture_can_rebind &&
	    priv_capture_renewal_waits()) || interface_bind(cap, ifindex) == -1)
		return;
	log_limited(&back[slot], LOG_INFO, "%s: the interface is back", name);
	cap->refused = 0;
	cap->ifindex = ifindex;
	if (!cap->fixed)
		cap->number = ifindex;
}

void
priv_interfaces_changed(void)
{
	uint32_t	pairs = priv.interfaces.pairs;
	unsigned int	i;

	look_ms = 0;
	looked_ms = priv_now_ms();
	for (i = 0; i < priv.ncapture; i++)
		interface_check(&priv.capture[i]);
	if (priv.reload != NULL && priv.worker.phase == WORKER_RUNNING)
		priv_handover_start();
	if (!interfaces_make())
		return;
	if (priv.interfaces.pairs != pairs)
		interfaces_warn();
	if (priv.worker.pid > 0 && (priv.worker.phase <= WORKER_RUNNING ||
	    priv.worker.phase == WORKER_FINISHING))
		priv_worker_send(IMSG_INTERFACES, -1, &priv.interfaces,
		    sizeof(priv.interfaces));
}

void
priv_interfaces_soon(void)
{
	int64_t	now = priv_now_ms();

	look_ms = now - looked_ms < LOOK_MS ? looked_ms + LOOK_MS : now;
}

void
priv_interfaces_timers(int64_t now_ms)
{
	if (look_ms != 0 && now_ms >= look_ms)
		priv_interfaces_changed();
}

int64_t
priv_interfaces_next_ms(void)
{
	return (look_ms == 0 ? INT64_MAX : look_ms);
}
