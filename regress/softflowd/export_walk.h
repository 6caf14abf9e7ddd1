/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A strict reader of v5, v9 and IPFIX datagrams for tests; knows of softflowd
 * nothing but that sets are padded to 4 octets.
 */

#ifndef EXPORT_WALK_H
#define EXPORT_WALK_H

#include <stddef.h>
#include <stdint.h>

#define WALK_FIELDS	64
#define WALK_RECORDS	64
#define WALK_TEMPLATES	8

struct walk_template {
	uint16_t	id;
	uint16_t	count;
	uint16_t	element[WALK_FIELDS];
	uint16_t	length[WALK_FIELDS];
	int		options;
};

/* value[element]; addresses stand aside.  v5 records look like v9's. */
struct walk_record {
	uint64_t	value[512];
	uint8_t		src[16];
	uint8_t		dst[16];
	uint16_t	set_id;
};

/* One collector: its templates stay, the rest is the last datagram's. */
struct walk {
	struct walk_template	template[WALK_TEMPLATES];
	unsigned int		ntemplates;

	uint16_t		version;
	uint32_t		count;		/* v5, v9 */
	uint32_t		uptime;		/* v5, v9 */
	uint32_t		seconds;
	uint32_t		nsecs;		/* v5 */
	uint32_t		sequence;
	uint32_t		source_id;
	uint16_t		sampling;	/* v5 */
	unsigned int		sets;
	unsigned int		templates;	/* records */
	unsigned int		options;	/* data records */
	unsigned int		flows;
	struct walk_record	option;		/* the last one */
	struct walk_record	record[WALK_RECORDS];
};

/* NULL, or what is wrong with the datagram. */
const char *walk_datagram(struct walk *, const uint8_t *, size_t);

#endif
