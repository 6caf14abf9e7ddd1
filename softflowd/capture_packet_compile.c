/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Live capture on Linux: what an expression is compiled on, and how the
 * program is made to fit the socket.
 */

#include <sys/socket.h>

#include <linux/filter.h>

#include <stdio.h>
#include <string.h>

#include "capture.h"
#include "capture_compile.h"
#include "capture_packet.h"
#include "compat.h"

#define SLL_HEADER	16		/* what cooked filters count in */

/*
 * A filter for a cooked socket sees no link header, while libpcap compiled
 * it for one of 16 octets: move the offsets, and ask the kernel for the two
 * fields that it knows.
 */
int
compile_fit(struct bpf_program *program, int dlt)
{
	struct bpf_insn	*insn;
	unsigned int	 i;

	if (dlt != DLT_LINUX_SLL)
		return (0);
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
 * A short-lived activated handle of this device: only that knows its link type
 * and that the kernel takes VLAN tags out of the frame.
 */
pcap_t *
compile_handle(const struct capture_params *params, const char *device,
    int *dlt, char *error, size_t errorlen)
{
	pcap_t	*handle;
	char	 errbuf[PCAP_ERRBUF_SIZE];
	int	 status;

	if ((handle = pcap_create(device, errbuf)) == NULL) {
		snprintf(error, errorlen, "%s: %s", device, errbuf);
		return (NULL);
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
		return (NULL);
	}
	*dlt = pcap_datalink(handle);
	return (handle);
}
