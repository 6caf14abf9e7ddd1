/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Live capture on Linux, the parent's half: with CAP_NET_RAW it opens,
 * filters and binds an AF_PACKET socket with a TPACKET_V3 ring, and never
 * maps it.
 */

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>

#include <arpa/inet.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture.h"
#include "capture_compile.h"
#include "capture_packet.h"

#define RING_BUFFER		(32U << 20)
#define RING_BLOCKS		32	/* at least, to grow them */
#define RING_FRAME_SIZE		2048		/* nominal; V3 packs tighter */
#define RING_MODEL		"lo"		/* of a missing interface */
#define RING_NO_PROTOCOL	0x05fe		/* between lengths and types */

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING	23
#endif

const int	capture_can_rebind = 1;

static int
ring_attach(int fd, const struct bpf_program *program)
{
	struct sock_filter	*code;
	struct sock_fprog	 fprog;
	unsigned int		 i;
	int			 rv, lock = 1;

	if ((code = calloc(program->bf_len, sizeof(*code))) == NULL)
		return (-1);
	for (i = 0; i < program->bf_len; i++) {
		code[i].code = program->bf_insns[i].code;
		code[i].jt = program->bf_insns[i].jt;
		code[i].jf = program->bf_insns[i].jf;
		code[i].k = program->bf_insns[i].k;
	}
	fprog.len = (unsigned short)program->bf_len;
	fprog.filter = code;
	rv = setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &fprog,
	    sizeof(fprog));
	free(code);
	if (rv == -1)
		return (-1);
	return (setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &lock,
	    sizeof(lock)));
}

/*
 * Large blocks wake the worker less often, and what it needs is then in the
 * cache for more packets; enough of them are left for the kernel to go on.
 */
static void
ring_measure(const struct capture_params *params, struct msg_capture *conf)
{
	uint32_t	buffer = params->buffer;

	if (buffer == 0)
		buffer = RING_BUFFER / (params->share > 0 ? params->share : 1);
	conf->block_size = params->snaplen > RING_BLOCK_SIZE / 2 ?
	    RING_BLOCK_SIZE_LARGE : RING_BLOCK_SIZE;
	while (conf->block_size < RING_BLOCK_SIZE_MAX &&
	    buffer / RING_BLOCKS >= 2 * conf->block_size)
		conf->block_size *= 2;
	conf->block_count = buffer / conf->block_size;
	if (conf->block_count < RING_BLOCKS_MIN)
		conf->block_count = RING_BLOCKS_MIN;
	if (conf->block_count > RING_BLOCKS_MAX)
		conf->block_count = RING_BLOCKS_MAX;
}

static int
ring_make(int fd, const struct capture_params *params,
    struct msg_capture *conf)
{
	struct tpacket_req3	req = { 0 };
	int			version = TPACKET_V3;

	ring_measure(params, conf);
	req.tp_block_size = conf->block_size;
	req.tp_block_nr = conf->block_count;
	req.tp_frame_size = RING_FRAME_SIZE;
	req.tp_frame_nr = conf->block_size / RING_FRAME_SIZE *
	    conf->block_count;
	req.tp_retire_blk_tov = RING_BLOCK_TIMER_MS;
	if (setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version,
	    sizeof(version)) == -1)
		return (-1);
	return (setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &req,
	    sizeof(req)));
}

static int
ring_ignore_outgoing(int fd, const struct capture_params *params,
    const char **what)
{
	int	on = 1;

	if (!params->ignore_outgoing || setsockopt(fd, SOL_PACKET,
	    PACKET_IGNORE_OUTGOING, &on, sizeof(on)) == 0)
		return (0);
	*what = "-o ignore-outgoing takes Linux 4.20: ";
	return (-1);
}

/*
 * Time at receipt, not when the packet comes to this socket: so it is the
 * same on every socket that gets it, and one may take over from another at a
 * moment between two packets.
 */
static int
ring_stamp(int fd)
{
	int	on = 1;

	return (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMP, &on, sizeof(on)));
}

/* Bind to an interface, 0 for all, and make it promiscuous if asked. */
static int
ring_bind(int fd, unsigned int ifindex, int promisc)
{
	struct sockaddr_ll	sll = { 0 };
	struct packet_mreq	mreq = { 0 };

	sll.sll_family = AF_PACKET;
	sll.sll_protocol = htons(ETH_P_ALL);
	sll.sll_ifindex = (int)ifindex;
	if (bind(fd, (struct sockaddr *)&sll, sizeof(sll)) == -1)
		return (-1);
	if (!promisc || ifindex == 0)
		return (0);
	mreq.mr_ifindex = (int)ifindex;
	mreq.mr_type = PACKET_MR_PROMISC;
	return (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &mreq,
	    sizeof(mreq)));
}

int
capture_is_any(const char *interface)
{
	return (strcmp(interface, "any") == 0);
}

int
capture_open_live(const struct capture_params *params,
    struct msg_capture *conf, char *error, size_t errorlen)
{
	struct bpf_program	program;
	unsigned int		ifindex = 0;
	int			any = capture_is_any(params->interface);
	const char		*what = "";
	int			cooked, dlt = 0, fd = -1, saved;

	if (!any && (ifindex = if_nametoindex(params->interface)) == 0 &&
	    !params->optional) {
		capture_no_interface(params->interface, error, errorlen);
		return (-1);
	}
	if (capture_compile(params, any || ifindex != 0 ? params->interface :
	    RING_MODEL, &program, &dlt, error, errorlen) == -1)
		return (-1);
	cooked = dlt == DLT_LINUX_SLL;
	if (!cooked && capture_link(dlt) == -1) {
		snprintf(error, errorlen, "%s: link type %s is not supported;"
		    " supported are %s", params->interface,
		    pcap_datalink_val_to_name(dlt), capture_supported());
		pcap_freecode(&program);
		return (-1);
	}
	conf->kind = CAPTURE_RING;
	conf->link = cooked ? LINK_COOKED : (uint32_t)capture_link(dlt);
	conf->flags = any ? MSG_CAPTURE_ANY : 0;
	/* Protocol 0: nothing arrives before the filter is in place. */
	if ((fd = socket(AF_PACKET, (cooked ? SOCK_DGRAM : SOCK_RAW) |
	    SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) == -1 ||
	    ring_attach(fd, &program) == -1 ||
	    ring_stamp(fd) == -1 ||
	    ring_make(fd, params, conf) == -1 ||
	    ring_ignore_outgoing(fd, params, &what) == -1 ||
	    ((any || ifindex != 0) &&
	    ring_bind(fd, ifindex, params->promisc) == -1)) {
		saved = errno;
		snprintf(error, errorlen, "%s: %s%s", params->interface, what,
		    strerror(saved));
		if (fd != -1)
			close(fd);
		fd = -1;
	}
	pcap_freecode(&program);
	return (fd);
}

/*
 * There is no way to unbind but to ask for what never comes.  The filter is
 * locked, and closing the socket would take what waits in it.
 */
void
capture_unbind(int fd, const struct capture_params *params)
{
	struct sockaddr_ll	sll = { 0 };
	struct packet_mreq	mreq = { 0 };
	int			hardware;

	mreq.mr_ifindex = (int)capture_bound(fd, &hardware);
	mreq.mr_type = PACKET_MR_PROMISC;
	if (params->promisc && mreq.mr_ifindex != 0)
		setsockopt(fd, SOL_PACKET, PACKET_DROP_MEMBERSHIP, &mreq,
		    sizeof(mreq));
	sll.sll_family = AF_PACKET;
	sll.sll_protocol = htons(RING_NO_PROTOCOL);
	sll.sll_ifindex = mreq.mr_ifindex;
	(void)bind(fd, (struct sockaddr *)&sll, sizeof(sll));
}

uint32_t
capture_bound(int fd, int *hardware)
{
	struct sockaddr_ll	sll = { 0 };
	socklen_t		len = sizeof(sll);

	/* -1 once the device has gone, whatever has its index now. */
	if (getsockname(fd, (struct sockaddr *)&sll, &len) == -1 ||
	    sll.sll_ifindex <= 0) {
		*hardware = ARPHRD_ETHER;
		return (0);
	}
	*hardware = sll.sll_hatype;
	return ((uint32_t)sll.sll_ifindex);
}

int
capture_rebind(int fd, const struct capture_params *params, uint32_t ifindex,
    int hardware, char *error, size_t errorlen)
{
	struct ifreq	ifr = { 0 };
	int		now;

	strlcpy(ifr.ifr_name, params->interface, sizeof(ifr.ifr_name));
	if (ioctl(fd, SIOCGIFHWADDR, &ifr) == -1) {
		strlcpy(error, strerror(errno), errorlen);
		return (-1);
	}
	if ((now = ifr.ifr_hwaddr.sa_family) != hardware) {
		snprintf(error, errorlen, "its hardware type is %d, not %d%s",
		    now, hardware, hardware == ARPHRD_ETHER ? " (Ethernet)" :
		    " as before");
		return (-1);
	}
	if (ring_bind(fd, ifindex, params->promisc) == -1) {
		strlcpy(error, strerror(errno), errorlen);
		return (-1);
	}
	return (0);
}
