/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * For real.sh: <pcap.h> of OpenBSD, as pcap_open_live(3) there has it.  It is
 * one file, takes net/bpf.h of the system, and has less than others do:
 * neither a folder pcap/ nor bpf_validate().  By a line that begins with a
 * function's type real.sh knows what is in the library.
 */

#ifndef PCAP_OPENBSD_H
#define PCAP_OPENBSD_H

#include <sys/types.h>
#include <sys/time.h>

#include <net/bpf.h>

#include <stdio.h>

#define PCAP_ERRBUF_SIZE	256
#define PCAP_ERROR		-1
#define PCAP_NETMASK_UNKNOWN	0xffffffff

typedef struct pcap	pcap_t;
typedef struct pcap_dumper	pcap_dumper_t;

/* Times have 32 bits, on all architectures. */
struct pcap_pkthdr {
	struct bpf_timeval	ts;
	bpf_u_int32		caplen;
	bpf_u_int32		len;
};

typedef void (*pcap_handler)(u_char *, const struct pcap_pkthdr *,
    const u_char *);

pcap_t	*pcap_create(const char *, char *);
int	pcap_set_snaplen(pcap_t *, int);
int	pcap_set_timeout(pcap_t *, int);
int	pcap_activate(pcap_t *);
pcap_t	*pcap_open_dead(int, int);
pcap_t	*pcap_open_offline(const char *, char *);
pcap_t	*pcap_fopen_offline(FILE *, char *);
void	pcap_close(pcap_t *);
int	pcap_dispatch(pcap_t *, int, pcap_handler, u_char *);
int	pcap_compile(pcap_t *, struct bpf_program *, const char *, int, u_int);
void	pcap_freecode(struct bpf_program *);
int	pcap_datalink(pcap_t *);
int	pcap_snapshot(pcap_t *);
char	*pcap_geterr(pcap_t *);
const char *pcap_statustostr(int);
const char *pcap_datalink_val_to_name(int);
int	pcap_offline_filter(const struct bpf_program *,
	    const struct pcap_pkthdr *, const u_char *);

#endif
