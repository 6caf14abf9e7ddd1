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
#include <sys/wait.h>

#include <linux/filter.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "capture.h"
#include "capture_packet.h"
#include "compat.h"

#define SLL_HEADER	16		/* what cooked filters count in */
#define SHOWN		100	/* octets of a filter in a message */
#define LEAST		"40"	/* octets of what may be left out: IP and TCP */
#define APART_SECONDS	5

/* What the child answers; program's instructions stand behind it. */
struct answer {
	int32_t		failed, dlt;
	uint32_t	count;
	char		error[512];
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

static int
read_all(int fd, void *to, size_t len)
{
	size_t	got = 0;
	ssize_t	n;

	while (got < len && (n = read(fd, (char *)to + got, len - got)) > 0)
		got += (size_t)n;
	return (got == len ? 0 : -1);
}

static int
write_all(int fd, const void *from, size_t len)
{
	return (write(fd, from, len) == (ssize_t)len ? 0 : -1);
}

/*
 * In the child, which the alarm ends if nothing else does; at the start
 * there is none, as names of hosts take their time.
 */
static __dead void
apart_child(const struct capture_params *params, const char *device, int fd)
{
	struct bpf_program	program = { 0 };
	struct answer		answer = { 0 };
	int			dlt = 0;

	if (params->apart != NULL)
		alarm(APART_SECONDS);
	answer.failed = compile_here(params, device, &program, &dlt,
	    answer.error, sizeof(answer.error)) == -1;
	answer.dlt = dlt;
	answer.count = program.bf_len;
	if (answer.failed && params->apart != NULL &&
	    strstr(answer.error, "unknown host") != NULL)
		strlcat(answer.error, "; names of hosts are looked up only at "
		    "the start: give numbers, or restart softflowd",
		    sizeof(answer.error));
	_exit(write_all(fd, &answer, sizeof(answer)) == -1 ||
	    write_all(fd, program.bf_insns, program.bf_len *
	    sizeof(*program.bf_insns)) == -1);
}

static int
apart_answer(int fd, struct bpf_program *program, int *dlt, char *error,
    size_t errorlen)
{
	struct answer	answer;

	if (read_all(fd, &answer, sizeof(answer)) == -1 ||
	    answer.count > BPF_MAXINSNS) {
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
	if (program->bf_insns == NULL || read_all(fd, program->bf_insns,
	    answer.count * sizeof(*program->bf_insns)) == -1) {
		free(program->bf_insns);
		strlcpy(error, "out of memory", errorlen);
		return (-1);
	}
	return (0);
}

int
ring_compile(const struct capture_params *params, const char *device,
    struct bpf_program *program, int *dlt, char *error, size_t errorlen)
{
	pid_t	pid;
	int	end[2], rv;

	if (pipe(end) == -1 || (pid = fork()) == -1) {
		strlcpy(error, strerror(errno), errorlen);
		return (-1);
	}
	if (pid == 0)
		apart_child(params, device, end[1]);
	close(end[1]);
	rv = apart_answer(end[0], program, dlt, error, errorlen);
	close(end[0]);
	waitpid(pid, NULL, 0);
	return (rv);
}
