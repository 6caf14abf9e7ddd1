/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Live capture on Linux: filter expressions.  A child compiles them, as
 * libpcap may end its process or crash.  At the start it has the parent's
 * rights and looks up names of hosts; later it is confined and can ask nobody.
 */

#include <sys/socket.h>

#include <linux/filter.h>

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "capture.h"
#include "capture_apart.h"
#include "capture_packet.h"
#include "compat.h"

#define SLL_HEADER	16		/* what cooked filters count in */
#define SHOWN		100	/* octets of a filter in a message */
#define LEAST		"40"	/* octets of what may be left out: IP and TCP */
#define APART_SECONDS	5

/* What the child answers, with count of the instructions. */
struct answer {
	int32_t		failed, dlt;
	uint32_t	count;
	char		error[512];
	struct bpf_insn	insns[BPF_MAXINSNS];
};

struct task {
	const struct capture_params	*params;
	const char			*device;
};

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
 * an expression changes what stands behind it.  Frames too short for that are
 * not asked: the kernel refuses one at the first octet that it has not, and we
 * would not count it.
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
	if (asprintf(&text, *filter == '\0' ? "not (greater " LEAST
	    " and (%s))%s" : "not (greater " LEAST " and (%s)) and (%s)",
	    params->except, filter) == -1)
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
compile_here(const struct capture_params *params, const char *device,
    struct bpf_program *program, int *dlt, char *error, size_t errorlen)
{
	const char	*filter = params->filter == NULL ? "" : params->filter;
	pcap_t		*handle;
	char		 errbuf[PCAP_ERRBUF_SIZE];
	int		 status;

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
	if (params->apart != NULL && params->apart() == -1) {
		snprintf(error, errorlen, "confinement of the compiler: %s",
		    strerror(errno));
		pcap_close(handle);
		return (-1);
	}
	if (ring_expression(params, handle, program) == -1) {
		snprintf(error, errorlen, "filter expression \"%.*s%s\": %s",
		    SHOWN, filter, strlen(filter) > SHOWN ? "..." : "",
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

/* In the child; one that fails says nothing, or less. */
static void
compile_apart(void *arg, int fd)
{
	const struct task	*task = arg;
	struct bpf_program	 program = { 0 };
	static struct answer	 answer;
	size_t			 len;
	int			 dlt = 0;

	answer.failed = compile_here(task->params, task->device, &program,
	    &dlt, answer.error, sizeof(answer.error)) == -1;
	answer.dlt = dlt;
	if (answer.failed && task->params->apart != NULL &&
	    strstr(answer.error, "unknown host") != NULL)
		strlcat(answer.error, "; names of hosts are looked up only at "
		    "the start: give numbers, or restart softflowd",
		    sizeof(answer.error));
	if (program.bf_len > BPF_MAXINSNS)
		return;
	answer.count = program.bf_len;
	len = program.bf_len * sizeof(*program.bf_insns);
	if (len != 0)
		memcpy(answer.insns, program.bf_insns, len);
	len += offsetof(struct answer, insns);
	if (write(fd, &answer, len) == -1)
		return;
}

/* A confined child has seconds; names of hosts, at the start, take longer. */
int
ring_compile(const struct capture_params *params, const char *device,
    struct bpf_program *program, int *dlt, char *error, size_t errorlen)
{
	static struct answer	answer;
	struct task		task = { params, device };
	ssize_t			n;

	n = capture_apart(compile_apart, &task,
	    params->apart == NULL ? 0 : APART_SECONDS, &answer, sizeof(answer));
	if (n == -1) {
		strlcpy(error, strerror(errno), errorlen);
		return (-1);
	}
	if ((size_t)n < offsetof(struct answer, insns) ||
	    answer.count > BPF_MAXINSNS || (size_t)n !=
	    offsetof(struct answer, insns) +
	    answer.count * sizeof(answer.insns[0])) {
		strlcpy(error, "the filter expression could not be compiled",
		    errorlen);
		return (-1);
	}
	answer.error[sizeof(answer.error) - 1] = '\0';
	strlcpy(error, answer.error, errorlen);
	if (answer.failed)
		return (-1);
	*dlt = answer.dlt;
	program->bf_len = answer.count;
	program->bf_insns = calloc(answer.count + 1,
	    sizeof(*program->bf_insns));
	if (program->bf_insns == NULL) {
		strlcpy(error, "out of memory", errorlen);
		return (-1);
	}
	memcpy(program->bf_insns, answer.insns,
	    answer.count * sizeof(answer.insns[0]));
	return (0);
}
