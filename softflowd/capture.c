/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Link types and the choice of a reader.  Link types are used by the parent,
 * the rest by the worker.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <net/if.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture_dlt.h"
#include "capture_reader.h"
#include "compat.h"

static const struct {
	int		dlt;
	enum link_type	link;
} capture_links[] = {
	{ DLT_EN10MB,			LINK_ETHERNET },
	{ DLT_NULL,			LINK_NULL },
	{ DLT_LOOP,			LINK_NULL },
	{ DLT_RAW,			LINK_RAW },
	{ DLT_IPV4,			LINK_IPV4 },
	{ DLT_IPV6,			LINK_IPV6 },
	{ DLT_LINUX_SLL,		LINK_SLL },
	{ DLT_LINUX_SLL2,		LINK_SLL2 },
	{ DLT_PPP,			LINK_PPP },
	{ DLT_PPP_SERIAL,		LINK_PPP_SERIAL },
	{ DLT_PPP_PPPD,			LINK_PPP_PPPD },
	{ DLT_PPP_WITH_DIR,		LINK_PPP_WITH_DIR },
	{ DLT_PPP_ETHER,		LINK_PPP_ETHER },
	{ DLT_C_HDLC,			LINK_C_HDLC },
	{ DLT_FRELAY,			LINK_FRELAY },
	{ DLT_MPLS,			LINK_MPLS },
	{ DLT_ATM_RFC1483,		LINK_LLC },
	{ DLT_FDDI,			LINK_FDDI },
	{ DLT_IEEE802,			LINK_TOKEN_RING },
	{ DLT_IP_OVER_FC,		LINK_IP_OVER_FC },
	{ DLT_IEEE802_11,		LINK_WLAN },
	{ DLT_IEEE802_11_RADIO,		LINK_RADIOTAP },
	{ DLT_PRISM_HEADER,		LINK_PRISM },
	{ DLT_IEEE802_11_RADIO_AVS,	LINK_AVS },
	{ DLT_PFLOG,			LINK_PFLOG },
	{ DLT_ENC,			LINK_ENC },
	{ DLT_NFLOG,			LINK_NFLOG },
	{ DLT_IPNET,			LINK_IPNET }
};
const unsigned int capture_ndlts = nitems(capture_links);
_Static_assert(nitems(capture_links) <= MSG_FILTER_MAX, "too many link types");

int
capture_dlt(unsigned int n)
{
	return (capture_links[n].dlt);
}

int
capture_link(int dlt)
{
	size_t	i;

	for (i = 0; i < nitems(capture_links); i++)
		if (capture_links[i].dlt == dlt)
			return ((int)capture_links[i].link);
	return (-1);
}

const char *
capture_supported(void)
{
	static char	 names[512];
	char		 number[16];
	const char	*name;
	size_t		 i;

	names[0] = '\0';
	for (i = 0; i < nitems(capture_links); i++) {
		name = pcap_datalink_val_to_name(capture_links[i].dlt);
		if (name == NULL) {		/* not all have one */
			snprintf(number, sizeof(number), "%d",
			    capture_links[i].dlt);
			name = number;
		}
		if (i > 0)
			strlcat(names, ", ", sizeof(names));
		strlcat(names, name, sizeof(names));
	}
	return (names);
}

void
capture_no_interface(const char *name, char *error, size_t errorlen)
{
	const char		*separator = " ";
	struct if_nameindex	*list, *i;

	snprintf(error, errorlen, "%s: no such interface; there are%s", name,
	    capture_is_any("any") ? " any," : "");
	if ((list = if_nameindex()) == NULL)
		return;
	for (i = list; i->if_index != 0; i++) {
		strlcat(error, separator, errorlen);
		strlcat(error, i->if_name, errorlen);
		separator = ", ";
	}
	if_freenameindex(list);
}

struct capture *
capture_new(const struct msg_capture *conf, int fd, int filter_fd,
    const struct msg_filter *filter)
{
	struct capture	*cap;
	int		 error;

	if ((cap = calloc(1, sizeof(*cap))) == NULL)
		return (NULL);
	cap->conf = *conf;
	cap->fd = fd;
	switch (conf->kind) {
	case CAPTURE_SAVEFILE:
		cap->ops = &capture_file_ops;
		break;
	case CAPTURE_PSAMP:
		cap->ops = &capture_psamp_ops;
		break;
	default:
		if (conf->kind != capture_live_kind ||
		    conf->link >= LINK_TYPES) {
			errno = EINVAL;
			goto fail;
		}
		cap->link = conf->link;
		if (!(conf->flags & MSG_CAPTURE_ANY))
			cap->slot = (uint8_t)(conf->slot + 1);
		cap->ops = &capture_live_ops;
		break;
	}
	if (cap->ops->open(cap, filter_fd, filter) == -1)
		goto fail;
	return (cap);
fail:
	error = errno;
	free(cap);
	errno = error;
	return (NULL);
}

int
capture_start(struct capture *cap)
{
	return (cap->ops->start == NULL ? 0 : cap->ops->start(cap));
}

int
capture_fd(const struct capture *cap)
{
	return (cap->fd);
}

enum link_type
capture_link_type(const struct capture *cap)
{
	return (cap->link);
}

int
capture_ready(struct capture *cap, struct counters *c)
{
	return (cap->ops->ready == NULL ? 1 : cap->ops->ready(cap, c));
}

int
capture_read(struct capture *cap, int max, capture_frame_fn *fn, void *arg,
    struct counters *c)
{
	return (cap->ops->read(cap, max, fn, arg, c));
}

void
capture_position(const struct capture *cap, struct capture_mark *mark)
{
	mark->block = mark->frames = 0;
	if (cap->ops->position != NULL)
		cap->ops->position(cap, mark);
}

void
capture_resume(struct capture *cap, const struct capture_mark *mark)
{
	cap->conf.flags &= ~(uint32_t)MSG_CAPTURE_SKIP;
	if (cap->ops->resume != NULL)
		cap->ops->resume(cap, mark);
}

void
capture_window(struct capture *cap, uint64_t from_us, uint64_t before_us)
{
	if (cap->ops->window != NULL)
		cap->ops->window(cap, from_us, before_us);
}

void
capture_keep(const struct capture *cap, struct psamp_sessions *sessions)
{
	if (cap->ops->keep != NULL)
		cap->ops->keep(cap, sessions);
}

void
capture_recall(struct capture *cap, const struct psamp_sessions *sessions)
{
	if (cap->ops->recall != NULL)
		cap->ops->recall(cap, sessions);
}

int
capture_in_hand(const struct capture *cap)
{
	return (cap->ops->in_hand != NULL && cap->ops->in_hand(cap));
}

void
capture_kernel_counters(struct capture *cap, struct counters *c,
    struct capture_kernel *at)
{
	if (cap->ops->kernel_counters != NULL)
		cap->ops->kernel_counters(cap, c, at);
}

int
capture_clear_error(struct capture *cap)
{
	return (cap->ops->clear_error == NULL ? 0 :
	    cap->ops->clear_error(cap));
}

const char *
capture_error(const struct capture *cap)
{
	return (cap->error);
}
