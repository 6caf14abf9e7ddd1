/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Savefiles: pcap and pcapng through libpcap on a descriptor that the parent
 * opened.  The parent compiles the filter; the confined worker reads the
 * file, its header included.
 */

#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pcap.h>

#include "capture_apart.h"
#include "capture_reader.h"
#include "capture_record.h"
#include "shmem.h"

#define FILE_IOBUF	(64 * 1024)
#define FILE_IOALIGN	4096	/* the kernel copies faster to a page */
#define FILE_CAPLEN_MAX	262144		/* libpcap's own limit */
#define FILE_FILTER_MAX	65536		/* instructions of one program */
#define FILE_DLT_RAW_14	14		/* DLT_RAW in files of OpenBSD */
#define CHECK_SECONDS	5

struct file_state {
	FILE			*fp;
	pcap_t			*pcap;
	char			*iobuf;
	const struct bpf_insn	*insns;		/* of all link types, mapped */
	struct msg_filter	 filter;
	struct bpf_program	 program;	/* of this file's link type */
	int			 filtered;
	int			 failed;
	int			 n;		/* frames of this read */
	struct frame		 frame;		/* the one in hand */
	capture_frame_fn	*fn;
	void			*arg;
};

/*
 * PARENT
 */

static int
file_write_all(int fd, const void *data, size_t len)
{
	const uint8_t	*p = data;
	ssize_t		 n;

	while (len > 0) {
		if ((n = write(fd, p, len)) == -1)
			return (-1);
		p += n;
		len -= (size_t)n;
	}
	return (0);
}

/*
 * Compile for one link type and append, if there is where to; 0 instructions
 * if it cannot be.
 */
static int
file_compile_one(int fd, int dlt, const char *expression, uint32_t *count,
    char *error, size_t errorlen)
{
	struct bpf_program	 program;
	pcap_t			*dead;
	int			 rv = 0;

	*count = 0;
	if ((dead = pcap_open_dead(dlt, FILE_CAPLEN_MAX)) == NULL) {
		strlcpy(error, "out of memory", errorlen);
		return (-1);
	}
	if (pcap_compile(dead, &program, expression, 1,
	    PCAP_NETMASK_UNKNOWN) == -1) {
		if (error[0] == '\0')
			strlcpy(error, pcap_geterr(dead), errorlen);
	} else {
		*count = program.bf_len;
		if (fd != -1 && file_write_all(fd, program.bf_insns,
		    program.bf_len * sizeof(*program.bf_insns)) == -1) {
			snprintf(error, errorlen, "shared memory: %s",
			    strerror(errno));
			rv = -1;
		}
		pcap_freecode(&program);
	}
	pcap_close(dead);
	return (rv);
}

/* For all link types, of which it must mean something for one. */
static int
file_compile(int fd, const char *expression, struct msg_filter *filter,
    char *error, size_t errorlen)
{
	unsigned int	i;
	int		usable = 0;

	memset(filter, 0, sizeof(*filter));
	error[0] = '\0';
	for (i = 0; i < capture_ndlts; i++) {
		if (file_compile_one(fd, capture_dlt(i), expression,
		    &filter->count[i], error, errorlen) == -1)
			return (-1);
		if (filter->count[i] > 0)
			usable = 1;
	}
	return (usable ? 0 : -1);
}

int
capture_compile_savefile(const char *expression, struct msg_filter *filter,
    char *error, size_t errorlen)
{
	int	fd;

	if ((fd = shmem_new("softflowd filter")) == -1) {
		snprintf(error, errorlen, "shared memory: %s",
		    strerror(errno));
		return (-1);
	}
	if (file_compile(fd, expression, filter, error, errorlen) == 0) {
		if (shmem_seal(fd) == 0)
			return (fd);
		snprintf(error, errorlen, "shared memory: %s",
		    strerror(errno));
	}
	close(fd);
	return (-1);
}

struct check {
	const char	*expression;
	int		(*apart)(void);
};

/*
 * In the child: what is wrong, as text with its NUL.  Nobody needs the
 * programs, and a confined child could make no shared memory for them.
 */
static void
check_apart(void *arg, int fd)
{
	const struct check	*check = arg;
	struct msg_filter	 filter;
	char			 error[512] = "";

	if (check->apart() == -1)
		snprintf(error, sizeof(error), "confinement of the "
		    "compiler: %s", strerror(errno));
	else if (file_compile(-1, check->expression, &filter, error,
	    sizeof(error)) != -1 || strstr(error, "unknown host") != NULL)
		*error = '\0';
	if (write(fd, error, strlen(error) + 1) == -1)
		return;
}

int
capture_check_filter(const char *expression, int (*apart)(void), char *error,
    size_t errorlen)
{
	struct check	check = { expression, apart };
	ssize_t		n;

	n = capture_apart(check_apart, &check, CHECK_SECONDS, error, errorlen);
	if (n == -1)
		strlcpy(error, strerror(errno), errorlen);
	else if (n == 0 || error[n - 1] != '\0')
		strlcpy(error, "it could not be compiled", errorlen);
	return (*error == '\0' ? 0 : -1);
}

/*
 * WORKER
 */

/* Map and check the programs; the descriptor is closed either way. */
static int
file_map_filter(struct file_state *st, int filter_fd,
    const struct msg_filter *filter)
{
	struct stat	 sb;
	size_t		 total = 0;
	unsigned int	 i;
	void		*p;

	for (i = 0; i < capture_ndlts; i++) {
		if (filter->count[i] > FILE_FILTER_MAX)
			goto invalid;
		total += filter->count[i];
	}
	total *= sizeof(struct bpf_insn);
	if (total == 0 || fstat(filter_fd, &sb) == -1 ||
	    sb.st_size != (off_t)total)
		goto invalid;
	p = mmap(NULL, total, PROT_READ, MAP_SHARED, filter_fd, 0);
	close(filter_fd);
	if (p == MAP_FAILED)
		return (-1);
	st->insns = p;
	st->filter = *filter;
	st->filtered = 1;
	return (0);
invalid:
	close(filter_fd);
	errno = EINVAL;
	return (-1);
}

static int
file_open(struct capture *cap, int filter_fd, const struct msg_filter *filter)
{
	struct file_state	*st;

	if ((st = calloc(1, sizeof(*st))) == NULL)
		return (-1);
	cap->state = st;
	if (filter_fd != -1 &&
	    file_map_filter(st, filter_fd, filter) == -1)
		return (-1);
	if ((st->iobuf = aligned_alloc(FILE_IOALIGN, FILE_IOBUF)) == NULL)
		return (-1);
	/* Without its own buffer stdio would call fstat(2) later. */
	if ((st->fp = fdopen(cap->fd, "r")) == NULL ||
	    setvbuf(st->fp, st->iobuf, _IOFBF, FILE_IOBUF) != 0)
		return (-1);
	return (0);
}

/* The program for this file's link type out of those the parent made. */
static int
file_pick_filter(struct capture *cap, int dlt)
{
	struct file_state	*st = cap->state;
	struct bpf_insn		*copy;
	size_t			 skip = 0;
	unsigned int		 i;

	for (i = 0; i < capture_ndlts && capture_dlt(i) != dlt; i++)
		skip += st->filter.count[i];
	if (i == capture_ndlts || st->filter.count[i] == 0) {
		snprintf(cap->error, sizeof(cap->error), "the filter "
		    "expression means nothing for link type %s",
		    pcap_datalink_val_to_name(dlt));
		return (-1);
	}
	if ((copy = calloc(st->filter.count[i], sizeof(*copy))) == NULL) {
		strlcpy(cap->error, "out of memory", sizeof(cap->error));
		return (-1);
	}
	memcpy(copy, st->insns + skip, st->filter.count[i] * sizeof(*copy));
	if (!capture_valid(copy, st->filter.count[i])) {
		strlcpy(cap->error, "invalid filter program",
		    sizeof(cap->error));
		free(copy);
		return (-1);
	}
	st->program.bf_len = st->filter.count[i];
	st->program.bf_insns = copy;
	return (0);
}

static int
file_start(struct capture *cap)
{
	struct file_state	*st = cap->state;
	const char		*name;
	char			 errbuf[PCAP_ERRBUF_SIZE];
	int			 dlt, link;

	if (capture_record_init() == -1) {
		strlcpy(cap->error, "this libpcap's records are unknown",
		    sizeof(cap->error));
		return (-1);
	}
	if ((st->pcap = pcap_fopen_offline(st->fp, errbuf)) == NULL) {
		strlcpy(cap->error, errbuf, sizeof(cap->error));
		return (-1);
	}
	dlt = pcap_datalink(st->pcap);
	if (dlt == FILE_DLT_RAW_14)
		dlt = DLT_RAW;
	if ((link = capture_link(dlt)) == -1) {
		name = pcap_datalink_val_to_name(dlt);
		snprintf(cap->error, sizeof(cap->error), "link type %s (%d) "
		    "is not supported; supported are %s",
		    name == NULL ? "unknown" : name, dlt,
		    capture_supported());
		return (-1);
	}
	cap->link = link;
	if (st->filtered && file_pick_filter(cap, dlt) == -1)
		return (-1);
	return (0);
}

/* Called by libpcap with each record, whose octets are its own. */
static void
file_record(u_char *arg, const struct pcap_pkthdr *h, const u_char *data)
{
	struct file_state	*st = (struct file_state *)(void *)arg;
	struct frame		*frame = &st->frame;

	st->n++;
	frame->data = data;
	capture_record(h, frame);
	frame->flags = st->filtered &&
	    pcap_offline_filter(&st->program, h, data) == 0 ?
	    FRAME_FILTERED : 0;
	st->fn(st->arg, frame);
}

/* What was read before damage counts; the next call tells of it. */
static int
file_read(struct capture *cap, int max, capture_frame_fn *fn, void *arg,
    struct counters *c)
{
	struct file_state	*st = cap->state;

	(void)c;
	if (st->failed)
		return (-1);
	st->n = 0;
	st->fn = fn;
	st->arg = arg;
	if (pcap_dispatch(st->pcap, max, file_record,
	    (u_char *)(void *)st) < 0) {
		strlcpy(cap->error, pcap_geterr(st->pcap),
		    sizeof(cap->error));
		st->failed = 1;
	}
	return (st->n == 0 && st->failed ? -1 : st->n);
}

const struct capture_ops capture_file_ops = {
	.open = file_open,
	.start = file_start,
	.read = file_read,
};
