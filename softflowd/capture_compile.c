/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Filter expressions of live captures.  A child compiles them, as libpcap may
 * end its process or crash.  At the start it has the parent's rights and looks
 * up names of hosts; later it is confined and can ask nobody.
 */

#include <sys/types.h>

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture.h"
#include "capture_apart.h"
#include "capture_compile.h"
#include "compat.h"

#define SHOWN		100	/* octets of a filter in a message */
#define LEAST		"40"	/* octets of what may be left out: IP and TCP */
#define APART_SECONDS	5
#define PROGRAM_MAX	4096	/* instructions; no system takes more */

/* What the child answers, with count of the instructions. */
struct answer {
	int32_t		failed, dlt;
	uint32_t	count;
	char		error[512];
	struct bpf_insn	insns[PROGRAM_MAX];
};

struct task {
	const struct capture_params	*params;
	const char			*device;
	int				 dlt;
};

/*
 * The expression, and before it what is left out of all, as the word vlan in
 * an expression changes what stands behind it.  Frames too short for that are
 * not asked: the kernel refuses one at the first octet that it has not, and we
 * would not count it.
 */
static int
expression(const struct capture_params *params, pcap_t *handle,
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

static int
compile_here(const struct task *task, struct bpf_program *program, int *dlt,
    char *error, size_t errorlen)
{
	const struct capture_params	*params = task->params;
	const char			*filter;
	pcap_t				*handle;

	filter = params->filter == NULL ? "" : params->filter;
	handle = compile_handle(params, task->device, dlt, error, errorlen);
	if (handle == NULL)
		return (-1);
	if (params->apart != NULL && params->apart() == -1) {
		snprintf(error, errorlen, "confinement of the compiler: %s",
		    strerror(errno));
		pcap_close(handle);
		return (-1);
	}
	if (expression(params, handle, program) == -1) {
		snprintf(error, errorlen, "filter expression \"%.*s%s\": %s",
		    SHOWN, filter, strlen(filter) > SHOWN ? "..." : "",
		    pcap_geterr(handle));
		pcap_close(handle);
		return (-1);
	}
	pcap_close(handle);
	if (compile_fit(program, *dlt) == -1) {
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
	int			 dlt = task->dlt;

	answer.failed = compile_here(task, &program, &dlt, answer.error,
	    sizeof(answer.error)) == -1;
	answer.dlt = dlt;
	if (answer.failed && task->params->apart != NULL &&
	    strstr(answer.error, "unknown host") != NULL)
		strlcat(answer.error, "; names of hosts are looked up only at "
		    "the start: give numbers, or restart softflowd",
		    sizeof(answer.error));
	if (program.bf_len > PROGRAM_MAX)
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
capture_compile(const struct capture_params *params, const char *device,
    struct bpf_program *program, int *dlt, char *error, size_t errorlen)
{
	static struct answer	answer;
	struct task		task = { params, device, *dlt };
	ssize_t			n;

	n = capture_apart(compile_apart, &task,
	    params->apart == NULL ? 0 : APART_SECONDS, &answer, sizeof(answer));
	if (n == -1) {
		strlcpy(error, strerror(errno), errorlen);
		return (-1);
	}
	if ((size_t)n < offsetof(struct answer, insns) ||
	    answer.count > PROGRAM_MAX || (size_t)n !=
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
