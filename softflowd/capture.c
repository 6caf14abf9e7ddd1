/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Link types and the choice of a reader.  Link types are used by the parent,
 * the rest by the worker.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "capture_reader.h"
#include "compat.h"

static const struct {
	int		dlt;
	enum link_type	link;
} capture_links[] = {
	{ DLT_EN10MB,		LINK_ETHERNET },
	{ DLT_NULL,		LINK_NULL },
	{ DLT_LOOP,		LINK_NULL },
	{ DLT_RAW,		LINK_RAW },
	{ DLT_IPV4,		LINK_IPV4 },
	{ DLT_IPV6,		LINK_IPV6 },
	{ DLT_LINUX_SLL,	LINK_SLL },
	{ DLT_LINUX_SLL2,	LINK_SLL2 }
};

const int capture_dlts[] = {
	DLT_EN10MB, DLT_NULL, DLT_LOOP, DLT_RAW, DLT_IPV4, DLT_IPV6,
	DLT_LINUX_SLL, DLT_LINUX_SLL2
};
const unsigned int capture_ndlts = nitems(capture_dlts);
_Static_assert(nitems(capture_dlts) <= MSG_FILTER_MAX, "too many link types");
_Static_assert(nitems(capture_dlts) == nitems(capture_links), "one list short");

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
	static char	 names[256];
	const char	*name;
	size_t		 i;

	names[0] = '\0';
	for (i = 0; i < nitems(capture_links); i++) {
		if ((name = pcap_datalink_val_to_name(
		    capture_links[i].dlt)) == NULL)
			continue;
		if (names[0] != '\0')
			strlcat(names, ", ", sizeof(names));
		strlcat(names, name, sizeof(names));
	}
	return (names);
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
	default:
		if (conf->kind != capture_live_kind ||
		    conf->link >= LINK_MAX) {
			errno = EINVAL;
			goto fail;
		}
		cap->link = conf->link;
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
capture_kernel_counters(struct capture *cap, struct counters *c)
{
	if (cap->ops->kernel_counters != NULL)
		cap->ops->kernel_counters(cap, c);
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
