/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* From argv to struct options.  Pure but for the text of getopt(3). */

#ifndef OPTIONS_H
#define OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "msg.h"

enum options_result {
	OPTIONS_RUN,
	OPTIONS_USAGE,		/* -h: print usage to stdout, exit 0 */
	OPTIONS_VERSION,	/* -V: print version to stdout, exit 0 */
	OPTIONS_CHECKED,	/* -k: all is well; say so to stdout, exit 0 */
	OPTIONS_BAD		/* error says why: print it, exit 1 */
};

/* One collector of -n, as written; not yet looked up. */
struct options_dest {
	char	host[256];	/* name or address, without brackets */
	char	port[32];	/* number or service name */
	int	transport;	/* enum transport; -1: -P's */
	int	version;	/* as struct export_format has it; 0: -v's */
};

/* One interface of -i. */
struct options_interface {
	char		*name;
	uint16_t	 number;	/* to record; 0: ask the system */
	int		 optional;	/* may be missing */
};

struct config;

struct options {
	struct config	*config;	/* what -f's file says; or NULL */
	char		*config_path;	/* -f, as written; or NULL */
	struct options_interface interface[MAX_CAPTURE];
	unsigned int	 ninterface;	/* 0 with savefile */
	struct msg_prefix	 own[MAX_OWN_PREFIX];
	unsigned int	 nown;
	uint8_t		 mac[MAX_OWN_MAC][6];
	unsigned int	 nmac;
	struct msg_addr	 psamp_local;	/* -R; family 0: any address */
	struct msg_addr	 peer[MAX_PSAMP_PEER];	/* port 0: any */
	unsigned int	 npeer;
	char		*savefile;	/* -r; "-" is standard input */
	char		*filter;	/* BPF words joined by blanks; or NULL */
	char		*user;		/* -u; NULL: default */
	char		*pidfile;	/* -p; NULL: none */
	char		*ctlsock;	/* -c; NULL: none */
	char		*control_group;	/* -o control-group; NULL: none */
	char		*source;	/* -e, address to send from; or NULL */
	char		*device;	/* -S, interface to send from; or NULL */
	struct options_dest	 dest[MAX_EXPORT];
	unsigned int	 ndest;
	struct timeouts	 timeouts;
	uint32_t	 max_flows;
	uint32_t	 sampling;	/* 1: every packet */
	uint32_t	 source_id;
	int		 have_source_id;	/* -o source-id was given */
	uint32_t	 template_seconds, template_datagrams;
	uint32_t	 train;		/* datagrams of a call */
	uint32_t	 snaplen, buffer;	/* octets */
	uint32_t	 fragments;	/* entries of their table; 0: none */
	uint32_t	 tunnels;	/* -E, TUNNEL_BIT() each */
	enum track_level	 level;
	uint32_t	 fields;	/* OPTIONAL_*; -T adds to them */
	uint32_t	 labels;	/* -x: MPLS labels of records */
	int		 version;	/* -v, as struct export_format has it */
	int		 transport;	/* -P, enum transport */
	int		 times;		/* -A, enum format_times */
	int		 biflow;	/* -b */
	int		 classic;	/* -o templates=classic */
	int		 flow_id;	/* -o flow-id */
	int		 spread;	/* -l */
	int		 dscp;		/* -o dscp; -1: the system's */
	uint32_t	 payload;	/* -o payload, octets; 0: 1400 */
	uint32_t	 reconnect_seconds, statistics_seconds;
	uint32_t	 log_statistics;	/* seconds; 0: no lines */
	int		 log_level;	/* -o log-level, of syslog(3) */
	uint64_t	 rate;		/* -o rate, octets a second; 0: none */
	int		 hoplimit;	/* -L; -1: the system's */
	int		 foreground, debug, promisc;
	int		 check;		/* -k */
	int		 keep_own;	/* -o own-export=keep */
	int		 ignore_outgoing;
};

/*
 * Parse the command line alone.  Strings point into argv or to constants;
 * options_free() releases the filter, which is allocated, and the file's
 * settings.  On OPTIONS_BAD error holds one line that names what was wrong
 * and what is allowed, and there is nothing to free.
 */
enum options_result options_parse(int argc, char *argv[], struct options *,
    char *error, size_t errorlen);
void	options_free(struct options *);
const char *options_usage(void);

/*
 * The same with the settings of a file, NULL: none, of which those count that
 * the command line does not give.  Some strings point into them.
 */
enum options_result options_parse_with(struct config *, int argc,
    char *argv[], struct options *, char *error, size_t errorlen);

/*
 * config.c: command line and, if it names one, configuration file, which a
 * confined process reads.  May be called again, by the confined parent as
 * well; the file is opened anew, where it was the first time if its name is
 * relative.  Takes up to 5 seconds.  argv must stay.
 */
enum options_result options_load(int argc, char *argv[], struct options *,
    char *error, size_t errorlen);

/* -T's word for it. */
const char *options_level(enum track_level);

/* For getopt(3): all letters. */
#define OPTIONS_LETTERS_MAX	128
void	options_letters(char *letters);

/* The names of -o, from 0 on; NULL: there are no more. */
const char *options_tunable_name(size_t);

/*
 * Kinds of value, options_value.c: a time such as 1h30m to seconds, a rate
 * such as 10m to octets a second, and names of tunnels or of optional fields
 * with commas between them.  NULL, or what is wrong.  What transports are
 * called.
 */
const char *options_time(const char *, uint32_t *seconds);
const char *options_rate(const char *, uint64_t *rate);
const char *options_tunnels(const char *, uint32_t *tunnels);
const char *options_fields(const char *, uint32_t *fields);

/*
 * A number up to limit, behind which may stand the first of the units for
 * thousands, the second for millions and so on.  -1: it is none.
 */
int	options_scaled(const char *, const char *units, uint64_t limit,
	    uint64_t *value);

/*
 * An address, or address/bits.  -1: it is none; otherwise how many bits there
 * may be at most, if the number of them is wrong, or 0.
 */
int	options_network(const char *, struct msg_prefix *);
extern const char *const	transport_names[TRANSPORT_MAX];

/*
 * Words joined by blanks, allocated; none if there are none.  -1 without
 * memory.
 */
int	options_filter(int argc, char *argv[], char **filter);

/*
 * options_collector.c: names of versions and transports, ports, and
 * [version@][transport:]host:port; what is not given stays 0 or -1.  Likewise.
 */
#define OPTIONS_VERSIONS	"1, 5, 9, 10 (ipfix) and psamp"
const char *options_version(const char *, int *version);
const char *options_transport(const char *, int *transport);
const char *options_port(const char *);
const char *options_collector(const char *, struct options_dest *);

/*
 * When all is read: give each collector what it has no own of, and settle
 * what hangs on their versions.  -1 with an error that names the option.
 */
int	options_collectors(struct options *, char *error, size_t);

/* Of a collector that reads this version: records, and its source id. */
void	options_format(const struct options *, int version,
	    struct export_format *);
uint32_t options_source_id(const struct options *, int version);

/* Whether some collector has no counters of more than 32 bits. */
int	options_counters32(const struct options *);

/*
 * options_interface.c: add an interface, [optional:][index:]name, whose name
 * points into the argument; address/bits to a prefix; add MAC addresses.
 * Likewise.
 */
const char *options_interface(char *, struct options *);
const char *options_prefix(const char *, struct msg_prefix *);
const char *options_macs(const char *, struct options *);

/* options_psamp.c: [address:]port,peer[,peer ...].  Likewise. */
const char *options_psamp(const char *, struct options *);

#endif
