/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A strict reader of v1, v5, v9 and IPFIX datagrams for tests; knows of
 * softflowd nothing but that sets are padded to 4 octets.
 */

#ifndef EXPORT_WALK_H
#define EXPORT_WALK_H

#include <stddef.h>
#include <stdint.h>

#define WALK_FIELDS	96
#define WALK_RECORDS	64
#define WALK_TEMPLATES	24
#define WALK_OPTIONS	64
#define WALK_REVERSE	29305	/* the only enterprise number there is */

struct walk_template {
	uint16_t	id;
	uint16_t	count;
	uint16_t	element[WALK_FIELDS];
	uint16_t	length[WALK_FIELDS];
	uint8_t		reverse[WALK_FIELDS];	/* RFC 5103 */
	uint16_t	scopes;
	int		options;
};

/*
 * value[element]; addresses stand aside.  v1 and v5 records look like v9's.
 */
struct walk_record {
	uint64_t	value[512];
	uint64_t	reverse[512];
	uint64_t	again;		/* the last of one that came before */
	uint8_t		exporter[2][16];	/* elements 131 and 404 */
	uint8_t		src[16];
	uint8_t		dst[16];
	uint16_t	set_id;
};

/* One collector: its templates stay, the rest is the last datagram's. */
struct walk {
	struct walk_template	template[WALK_TEMPLATES];
	unsigned int		ntemplates;

	uint16_t		version;
	uint32_t		count;		/* but IPFIX */
	uint32_t		uptime;		/* but IPFIX */
	uint32_t		seconds;
	uint32_t		nsecs;		/* v1, v5 */
	uint32_t		sequence;
	uint32_t		source_id;
	uint16_t		sampling;	/* v5 */
	unsigned int		sets;
	unsigned int		templates;	/* records */
	unsigned int		options;	/* data records */
	unsigned int		flows;
	struct walk_record	option[WALK_OPTIONS];
	struct walk_record	record[WALK_RECORDS];
};

/* NULL, or what is wrong with the datagram. */
const char *walk_datagram(struct walk *, const uint8_t *, size_t);

/* The template of that id, or NULL. */
const struct walk_template *walk_template_of(const struct walk *, uint16_t id);

/* The datagram's first options record of that template, or NULL. */
const struct walk_record *walk_option(const struct walk *, uint16_t id);

/*
 * The length of an element in the template of that id, of the other direction
 * if reverse; 0: not in it.
 */
uint16_t walk_length(const struct walk *, uint16_t id, uint16_t element,
	    int reverse);

#endif
