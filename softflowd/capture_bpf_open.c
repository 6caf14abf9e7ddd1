/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Live capture by bpf(4), the parent's half: it opens a device, for reading
 * only, binds and filters it, and locks all that.
 */

#include <sys/types.h>
#include <sys/time.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <net/if.h>
#include <net/bpf.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture.h"
#include "capture_bpf.h"
#include "capture_compile.h"
#include "compat.h"

#define BPF_DEVICE	"/dev/bpf"
#define BPF_BUFFER	(32U << 20)	/* of all interfaces */
#define BPF_BUFFERS	2		/* the kernel has so many for each */
#define BPF_LINKS	64

const int	capture_can_rebind = 0;

/* A device being opened. */
struct device {
	const struct capture_params	*params;
	struct msg_capture		*conf;
	struct bpf_program		 program;
	int				 fd;
	int				 missing;	/* and may be */
	u_int				 dlt;
	char				*error;		/* "": take errno's */
	size_t				 errorlen;
};

static int
set_return(struct device *d, u_int octets)
{
	struct bpf_insn		ret = { BPF_RET | BPF_K, 0, 0, octets };
	struct bpf_program	program = { 1, &ret };

	return (ioctl(d->fd, BIOCSETF, &program));
}

static int
check_version(struct device *d)
{
	struct bpf_version	version;

	if (ioctl(d->fd, BIOCVERSION, &version) == -1)
		return (-1);
	if (version.bv_major == BPF_MAJOR_VERSION &&
	    version.bv_minor >= BPF_MINOR_VERSION)
		return (0);
	snprintf(d->error, d->errorlen, "%s: the kernel's language of filters "
	    "is %u.%u, not %u.%u", d->params->interface, version.bv_major,
	    version.bv_minor, BPF_MAJOR_VERSION, BPF_MINOR_VERSION);
	return (-1);
}

/* The kernel takes what it wants, by its sysctl(8), and says how much. */
static int
set_length(struct device *d)
{
	const struct capture_params	*params = d->params;
	u_int				 length = params->buffer;

	if (length == 0)
		length = BPF_BUFFER / (params->share > 0 ? params->share : 1);
	length /= BPF_BUFFERS;
	if (length < BPF_LENGTH_MIN)
		length = BPF_LENGTH_MIN;
	if (length > BPF_LENGTH_MAX)
		length = BPF_LENGTH_MAX;
	if (ioctl(d->fd, BIOCSBLEN, &length) == -1)
		return (-1);
	d->conf->block_size = length;
	d->conf->block_count = 1;
	if (length >= BPF_LENGTH_MIN && length <= BPF_LENGTH_MAX)
		return (0);
	snprintf(d->error, d->errorlen, "%s: the kernel gives buffers of %u "
	    "octets, not %u to %u", params->interface, length, BPF_LENGTH_MIN,
	    BPF_LENGTH_MAX);
	return (-1);
}

/* Nothing gets past this before the filter is known, and then in no race. */
static int
refuse_all(struct device *d)
{
	return (set_return(d, 0));
}

static int
set_wait(struct device *d)
{
	return (bpf_os_wait(d->fd, BPF_WAIT_MS));
}

static int
ignore_outgoing(struct device *d)
{
	return (d->params->ignore_outgoing ? bpf_os_incoming(d->fd) : 0);
}

/* One that may be missing is Ethernet, for its filter to be tried. */
static int
set_interface(struct device *d)
{
	const char	*name = d->params->interface;
	struct ifreq	 ifr = { 0 };

	d->missing = if_nametoindex(name) == 0;
	if (d->missing && d->params->optional) {
		d->dlt = DLT_EN10MB;
		d->conf->block_size = d->conf->block_count = 0;
		return (0);
	}
	if (d->missing) {
		capture_no_interface(name, d->error, d->errorlen);
		return (-1);
	}
	strlcpy(ifr.ifr_name, name, sizeof(ifr.ifr_name));
	return (ioctl(d->fd, BIOCSETIF, &ifr));
}

/* That which it has, or the first of those it can have that we know. */
static int
set_link(struct device *d)
{
	u_int			 links[BPF_LINKS];
	struct bpf_dltlist	 list = { BPF_LINKS, links };
	const char		*name;
	u_int			 i;

	if (d->missing)
		return (0);
	if (ioctl(d->fd, BIOCGDLT, &d->dlt) == -1)
		return (-1);
	if (capture_link((int)d->dlt) != -1)
		return (0);
	if (ioctl(d->fd, BIOCGDLTLIST, &list) == 0)
		for (i = 0; i < list.bfl_len && i < BPF_LINKS; i++)
			if (capture_link((int)links[i]) != -1) {
				d->dlt = links[i];
				return (ioctl(d->fd, BIOCSDLT, &d->dlt));
			}
	name = pcap_datalink_val_to_name((int)d->dlt);
	snprintf(d->error, d->errorlen, "%s: link type %s (%u) is not "
	    "supported; supported are %s", d->params->interface,
	    name == NULL ? "unknown" : name, d->dlt, capture_supported());
	return (-1);
}

static int
compile(struct device *d)
{
	int	dlt = (int)d->dlt;

	d->conf->link = (uint32_t)capture_link(dlt);
	if (d->params->filter == NULL && d->params->except == NULL)
		return (0);
	return (capture_compile(d->params, d->params->interface, &d->program,
	    &dlt, d->error, d->errorlen));
}

/* This also empties the buffers. */
static int
set_filter(struct device *d)
{
	if (d->missing)
		return (0);
	return (d->program.bf_insns == NULL ?
	    set_return(d, d->params->snaplen) :
	    ioctl(d->fd, BIOCSETF, &d->program));
}

static int
set_promisc(struct device *d)
{
	return (d->params->promisc && !d->missing ?
	    ioctl(d->fd, BIOCPROMISC) : 0);
}

static int
lock(struct device *d)
{
	return (ioctl(d->fd, BIOCLOCK));
}

static const struct {
	const char	*name;
	int		(*take)(struct device *);
} steps[] = {
	{ "version (BIOCVERSION)",		check_version },
	{ "buffer (BIOCSBLEN)",			set_length },
	{ "filter (BIOCSETF)",			refuse_all },
	{ "time to wait",			set_wait },
	{ "-o ignore-outgoing",			ignore_outgoing },
	{ "binding (BIOCSETIF)",		set_interface },
	{ "link type (BIOCGDLT, BIOCSDLT)",	set_link },
	{ "expression",				compile },
	{ "filter (BIOCSETF)",			set_filter },
	{ "promiscuous mode (BIOCPROMISC), which -N leaves out",
						set_promisc },
	{ "lock (BIOCLOCK)",			lock }
};

int
capture_open_live(const struct capture_params *params,
    struct msg_capture *conf, char *error, size_t errorlen)
{
	struct device	d = { .params = params, .conf = conf, .error = error,
			    .errorlen = errorlen };
	const char	*name = params->interface;
	size_t		i;

	d.fd = open(BPF_DEVICE, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (d.fd == -1) {
		snprintf(error, errorlen, "%s: %s: %s", name, BPF_DEVICE,
		    strerror(errno));
		return (-1);
	}
	error[0] = '\0';
	conf->kind = CAPTURE_BPF;
	conf->flags = 0;
	for (i = 0; i < nitems(steps); i++)
		if (steps[i].take(&d) == -1)
			break;
	if (i < nitems(steps)) {
		if (error[0] == '\0')
			snprintf(error, errorlen, "%s: %s: %s", name,
			    steps[i].name, strerror(errno));
		close(d.fd);
		d.fd = -1;
	}
	free(d.program.bf_insns);
	return (d.fd);
}

/* No name of an interface means more than that one here. */
int
capture_is_any(const char *interface)
{
	(void)interface;
	return (0);
}

uint32_t
capture_bound(int fd, int *hardware)
{
	struct pollfd	pfd = { .fd = fd, .events = POLLIN };
	struct ifreq	ifr = { 0 };
	u_int		dlt;
	int		rv;

	*hardware = DLT_EN10MB;
	if ((rv = ioctl(fd, BIOCGETIF, &ifr)) != -1)
		rv = ioctl(fd, BIOCGDLT, &dlt);
	/*
	 * Each question stops the time for which a frame waits, and a worker
	 * asleep does not start it again; whoever looks at the device does.
	 */
	(void)poll(&pfd, 1, 0);
	if (rv == -1)
		return (0);
	*hardware = (int)dlt;
	ifr.ifr_name[sizeof(ifr.ifr_name) - 1] = '\0';
	return (if_nametoindex(ifr.ifr_name));
}

int
capture_rebind(int fd, const struct capture_params *params, uint32_t ifindex,
    int hardware, char *error, size_t errorlen)
{
	(void)fd;
	(void)params;
	(void)ifindex;
	(void)hardware;
	strlcpy(error, "a locked device cannot be bound again", errorlen);
	return (-1);
}

void
capture_unbind(int fd, const struct capture_params *params)
{
	(void)fd;
	(void)params;
}
