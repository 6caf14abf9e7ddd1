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

#include <pcap/pcap.h>

#include "capture.h"
#include "capture_packet.h"

#define RING_BUFFER		(32U << 20)
#define RING_BLOCKS		32	/* at least, to grow them */
#define RING_FRAME_SIZE		2048		/* nominal; V3 packs tighter */
#define RING_BLOCK_TIMER_MS	100		/* a quiet link waits no longer */
#define SLL_HEADER		16		/* what cooked filters count in */
#define RING_MODEL		"lo"		/* of a missing interface */

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING	23
#endif

/*
 * A filter for a cooked socket sees no link header, while libpcap compiled
 * it for one of 16 octets: move the offsets, and ask the kernel for the two
 * fields that it knows.
 */
static int
ring_fix_cooked(struct bpf_program *program)
{
	struct bpf_insn	*insn;
	unsigned int	 i;

	for (i = 0; i < program->bf_len; i++) {
		insn = &program->bf_insns[i];
		if ((BPF_CLASS(insn->code) != BPF_LD &&
		    BPF_CLASS(insn->code) != BPF_LDX) ||
		    (BPF_MODE(insn->code) != BPF_ABS &&
		    BPF_MODE(insn->code) != BPF_IND &&
		    BPF_MODE(insn->code) != BPF_MSH) ||
		    insn->k >= (bpf_u_int32)SKF_AD_OFF)
			continue;
		if (insn->k >= SLL_HEADER)
			insn->k -= SLL_HEADER;
		else if (insn->k == 0)
			insn->k = SKF_AD_OFF + SKF_AD_PKTTYPE;
		else if (insn->k == 14)
			insn->k = SKF_AD_OFF + SKF_AD_PROTOCOL;
		else
			return (-1);
	}
	return (0);
}

/*
 * The expression, and before it what is left out of all, as the word vlan in
 * an expression changes what stands behind it.
 */
static int
ring_expression(const struct capture_params *params, pcap_t *handle,
    struct bpf_program *program)
{
	const char	*filter = params->filter == NULL ? "" : params->filter;
	char		*text;
	int		 rv;

	rv = pcap_compile(handle, program, filter, 1, PCAP_NETMASK_UNKNOWN);
	if (rv == -1 || params->except == NULL)
		return (rv);
	pcap_freecode(program);
	if (asprintf(&text, *filter == '\0' ? "not (%s)%s" :
	    "not (%s) and (%s)", params->except, filter) == -1)
		return (-1);
	rv = pcap_compile(handle, program, text, 1, PCAP_NETMASK_UNKNOWN);
	free(text);
	return (rv);
}

/*
 * Compile on a short-lived activated handle of this device: only that knows
 * its link type and that the kernel takes VLAN tags out of the frame.
 */
static int
ring_compile(const struct capture_params *params, const char *device,
    struct bpf_program *program, int *dlt, char *error, size_t errorlen)
{
	pcap_t	*handle;
	char	 errbuf[PCAP_ERRBUF_SIZE];
	int	 status;

	if ((handle = pcap_create(device, errbuf)) == NULL) {
		snprintf(error, errorlen, "%s: %s", device, errbuf);
		return (-1);
	}
	pcap_set_snaplen(handle, (int)params->snaplen);
	pcap_set_timeout(handle, RING_BLOCK_TIMER_MS);
	if ((status = pcap_activate(handle)) < 0) {
		errbuf[0] = '\0';
		if (status == PCAP_ERROR)
			strlcpy(errbuf, pcap_geterr(handle), sizeof(errbuf));
		snprintf(error, errorlen, "%s: %s", device,
		    errbuf[0] != '\0' ? errbuf : pcap_statustostr(status));
		pcap_close(handle);
		return (-1);
	}
	*dlt = pcap_datalink(handle);
	if (ring_expression(params, handle, program) == -1) {
		snprintf(error, errorlen, "filter expression \"%s\": %s",
		    params->filter == NULL ? "" : params->filter,
		    pcap_geterr(handle));
		pcap_close(handle);
		return (-1);
	}
	pcap_close(handle);
	if (*dlt == DLT_LINUX_SLL && ring_fix_cooked(program) == -1) {
		snprintf(error, errorlen, "filter expression \"%s\": %s has "
		    "no link header to look at", params->filter,
		    params->interface);
		pcap_freecode(program);
		return (-1);
	}
	return (0);
}

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

/* The interfaces that there are, for whoever mistyped one. */
static void
ring_no_interface(const char *name, char *error, size_t errorlen)
{
	struct if_nameindex	*list, *i;

	snprintf(error, errorlen, "%s: no such interface; there are any",
	    name);
	if ((list = if_nameindex()) == NULL)
		return;
	for (i = list; i->if_index != 0; i++) {
		strlcat(error, ", ", errorlen);
		strlcat(error, i->if_name, errorlen);
	}
	if_freenameindex(list);
}

int
capture_open_live(const struct capture_params *params,
    struct msg_capture *conf, char *error, size_t errorlen)
{
	struct bpf_program	program;
	unsigned int		ifindex = 0;
	int			any = capture_is_any(params->interface);
	const char		*what = "";
	int			cooked, dlt, fd = -1, saved;

	if (!any && (ifindex = if_nametoindex(params->interface)) == 0 &&
	    !params->optional) {
		ring_no_interface(params->interface, error, errorlen);
		return (-1);
	}
	if (ring_compile(params, any || ifindex != 0 ? params->interface :
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
