/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Collectors on the command line: where each is, how it is reached, what it
 * reads, and what no one of them could.  Runs in the parent, before it has
 * opened anything.  Pure.
 */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "netflow.h"
#include "options.h"

#define DIGITS		"0123456789"
#define FNV_BASIS	2166136261U
#define FNV_PRIME	16777619U

/* Sets of versions. */
#define V1		0x01U
#define V5		0x02U
#define V9		0x04U
#define V10		0x08U
#define VPSAMP		0x10U

static const struct version {
	const char	*name;
	int		 version;
	unsigned int	 bit;
} versions[] = {
	{ "1", 1, V1 },
	{ "5", 5, V5 },
	{ "9", 9, V9 },
	{ "10", 10, V10 },
	{ "ipfix", 10, V10 },
	{ "psamp", VERSION_PSAMP, VPSAMP }
};

static int
version_find(const char *name, size_t len)
{
	size_t	i;

	for (i = 0; i < nitems(versions); i++)
		if (strlen(versions[i].name) == len &&
		    strncmp(versions[i].name, name, len) == 0)
			return (versions[i].version);
	return (0);
}

const char *
options_version(const char *name, int *version)
{
	int	found;

	if ((found = version_find(name, strlen(name))) == 0)
		return ("unknown; known are " OPTIONS_VERSIONS);
	*version = found;
	return (NULL);
}

static int
transport_find(const char *name, size_t len)
{
	int	i;

	for (i = 0; i < TRANSPORT_MAX; i++)
		if (strlen(transport_names[i]) == len &&
		    strncmp(transport_names[i], name, len) == 0)
			return (i);
	return (-1);
}

const char *
options_transport(const char *name, int *transport)
{
	int	found;

	if ((found = transport_find(name, strlen(name))) == -1)
		return ("unknown; known are udp, tcp and sctp");
	*transport = found;
	return (NULL);
}

static int
port_is_good(const char *port)
{
	const char	*c, *errstr;
	int		 letters = 0;

	if (port[strspn(port, DIGITS)] == '\0') {
		(void)strtonum(port, 1, UINT16_MAX, &errstr);
		return (errstr == NULL);
	}
	for (c = port; *c != '\0'; c++) {
		if (isalpha((unsigned char)*c))
			letters = 1;
		else if (strchr(DIGITS "-_.+", *c) == NULL)
			return (0);
	}
	return (letters);
}

const char *
options_port(const char *port)
{
	if (port_is_good(port) &&
	    strlen(port) < sizeof(((struct options_dest *)NULL)->port))
		return (NULL);
	return ("the port must be a number from 1 to 65535 or the name of a "
	    "service");
}

static const char *
collector_place(const char *item, struct options_dest *dest)
{
	const char	*host = item, *port;
	size_t		 len;

	if (*item == '[') {
		host++;
		len = strcspn(host, "]");
		port = host + len + (host[len] == ']');
	} else {
		len = strcspn(item, ":");
		port = item + len;
		if (*port == ':' && strchr(port + 1, ':') != NULL)
			return (strspn(item, DIGITS "abcdefABCDEF") < len ?
			    "unknown transport; known are udp, tcp and sctp" :
			    "an IPv6 address needs brackets, as in "
			    "[2001:db8::1]:9995");
	}
	if (len >= sizeof(dest->host))
		return ("the host's name is too long");
	if (len == 0 || *port++ != ':')
		return ("a collector is host:port or [IPv6 address]:port");
	if (options_port(port) != NULL)
		return (options_port(port));
	strlcpy(dest->host, host, len + 1);
	strlcpy(dest->port, port, sizeof(dest->port));
	return (NULL);
}

/* [version@][transport:]host:port */
const char *
options_collector(const char *item, struct options_dest *dest)
{
	size_t	len;

	dest->version = 0;
	dest->transport = -1;
	len = strcspn(item, "@");
	if (item[len] == '@') {
		if (*item == 'v') {
			item++;
			len--;
		}
		if ((dest->version = version_find(item, len)) == 0)
			return ("unknown version before @; known are "
			    OPTIONS_VERSIONS);
		item += len + 1;
	}
	/* A host of that name has nothing but a port behind it. */
	len = strcspn(item, ":");
	if (item[len] == ':' && strchr(item + len + 1, ':') != NULL &&
	    (dest->transport = transport_find(item, len)) != -1)
		item += len + 1;
	return (collector_place(item, dest));
}

static unsigned int
version_bit(int version)
{
	size_t	i;

	for (i = 0; i < nitems(versions); i++)
		if (versions[i].version == version)
			return (versions[i].bit);
	return (0);
}

/* Those of all collectors; without any, -v's. */
static unsigned int
versions_used(const struct options *o)
{
	unsigned int	i, used = 0;

	for (i = 0; i < o->ndest; i++)
		used |= version_bit(o->dest[i].version);
	return (o->ndest == 0 ? version_bit(o->version) : used);
}

/* What is asked for and no collector can be told. */
static int
check_carried(const struct options *o, unsigned int used, char *error,
    size_t len)
{
	const struct {
		int		 given;
		const char	*what;
		unsigned int	 carry;
	} needs[] = {
		{ o->nmac > 0, "-H", V9 | V10 },
		{ o->fields != 0, "-o fields", V9 | V10 },
		{ o->labels > 0, "-x", V9 | V10 },
		{ o->times != TIMES_DEFAULT, "-A", V9 | V10 },
		{ o->classic, "-o templates=classic", V9 | V10 },
		{ o->flow_id, "-o flow-id", V10 },
		{ o->biflow, "-b", V10 }
	};
	size_t	i;

	for (i = 0; i < nitems(needs); i++) {
		if (!needs[i].given || (needs[i].carry & used) != 0)
			continue;
		snprintf(error, len, "%s: records of %s no room for it; use "
		    "%s-v 10", needs[i].what, used == V5 ? "version 5 have" :
		    used == V1 ? "version 1 have" : "no collector's version "
		    "have", needs[i].carry & V9 ? "-v 9 or " : "");
		return (-1);
	}
	return (0);
}

/* The templates of softflowd 1.x are what they were. */
static int
check_classic(const struct options *o, char *error, size_t len)
{
	const char	*what = NULL;

	if (o->flow_id)
		what = "flow-id";
	else if ((o->fields & ~(unsigned int)(OPTIONAL_VLAN |
	    OPTIONAL_MAC)) != 0)
		what = "fields other than vlan and mac";
	if (!o->classic || what == NULL)
		return (0);
	snprintf(error, len, "-o templates=classic: they have no room for "
	    "-o %s", what);
	return (-1);
}

/* What must be right for each collector. */
static int
check_version_5(const struct options *o, char *error, size_t len)
{
	if (o->sampling > NETFLOW5_SAMPLING_MAX) {
		snprintf(error, len, "-s %u: version 5 cannot announce more "
		    "than 1 in %d; use -v 9 or -v 10", o->sampling,
		    NETFLOW5_SAMPLING_MAX);
		return (-1);
	}
	if (o->have_source_id && o->source_id > UINT16_MAX) {
		snprintf(error, len, "-o source-id=%u: version 5 has room for "
		    "0 to %d; use -v 9 or -v 10", o->source_id, UINT16_MAX);
		return (-1);
	}
	return (0);
}

static int
check_transport(const struct options_dest *d, char *error, size_t len)
{
	if (d->transport != TRANSPORT_TCP ||
	    (version_bit(d->version) & (V10 | VPSAMP)) != 0)
		return (0);
	snprintf(error, len, "-n %s:%s: datagrams of version %d do not say "
	    "their length, so a TCP stream of them cannot be read; use "
	    "version 10, or udp", d->host, d->port, d->version);
	return (-1);
}

/*
 * Two sessions of one kind would tell one collector everything twice, with
 * sequence numbers that it cannot tell apart.
 */
static int
check_twice(const struct options *o, unsigned int i, char *error, size_t len)
{
	const struct options_dest	*d = &o->dest[i], *e;

	for (e = o->dest; e < d; e++) {
		if (e->version != d->version || e->transport != d->transport ||
		    strcmp(e->host, d->host) != 0 ||
		    strcmp(e->port, d->port) != 0)
			continue;
		snprintf(error, len, "-n %s:%s: it is given twice", d->host,
		    d->port);
		return (-1);
	}
	return (0);
}

static uint32_t
fnv(uint32_t hash, const char *text)
{
	/* The NUL as well, so that names do not run together. */
	do
		hash = (hash ^ (uint8_t)*text) * FNV_PRIME;
	while (*text++ != '\0');
	return (hash);
}

/* Instances on one host differ in these, and keep them over a restart. */
static uint32_t
derive_source_id(const struct options *o)
{
	uint32_t	hash = FNV_BASIS;
	unsigned int	i;

	hash = fnv(hash, o->ctlsock == NULL ? "" : o->ctlsock);
	for (i = 0; i < o->ninterface; i++)
		hash = fnv(hash, o->interface[i].name);
	return (hash == 0 ? 1 : hash);
}

uint32_t
options_source_id(const struct options *o, int version)
{
	uint32_t	id;

	if (o->have_source_id || version != 5)
		return (o->source_id);
	id = (o->source_id >> 16 ^ o->source_id) & UINT16_MAX;
	return (id == 0 && o->source_id != 0 ? 1 : id);
}

int
options_collectors(struct options *o, char *error, size_t len)
{
	unsigned int	i, used;

	for (i = 0; i < o->ndest; i++) {
		if (o->dest[i].transport == -1)
			o->dest[i].transport = o->transport;
		if (o->dest[i].version == 0)
			o->dest[i].version = o->version;
		if (check_transport(&o->dest[i], error, len) == -1 ||
		    check_twice(o, i, error, len) == -1)
			return (-1);
	}
	used = versions_used(o);
	if ((used & V5 && check_version_5(o, error, len) == -1) ||
	    check_carried(o, used, error, len) == -1 ||
	    check_classic(o, error, len) == -1)
		return (-1);
	/* A file's flows are the same wherever they are read. */
	if (!o->have_source_id && o->savefile == NULL)
		o->source_id = derive_source_id(o);
	if (o->nmac > 0)
		o->fields |= OPTIONAL_DIRECTION;
	if (used & (V9 | V10) && o->level >= TRACK_VLAN)
		o->fields |= OPTIONAL_VLAN;
	if (used & (V9 | V10) && o->level == TRACK_ETHER)
		o->fields |= OPTIONAL_MAC;
	return (0);
}

void
options_format(const struct options *o, int version, struct export_format *f)
{
	memset(f, 0, sizeof(*f));
	f->version = (uint16_t)version;
	if ((version_bit(version) & (V9 | V10)) == 0)
		return;
	f->fields = (uint16_t)o->fields;
	f->labels = (uint16_t)o->labels;
	f->times = (uint8_t)o->times;
	if (o->classic)
		f->flags |= FORMAT_CLASSIC;
	if (version == 10 && o->biflow)
		f->flags |= FORMAT_BIFLOW;
	if (version == 10 && o->flow_id)
		f->flags |= FORMAT_FLOW_ID;
}

int
options_counters32(const struct options *o)
{
	return (o->classic || (versions_used(o) & (V1 | V5)) != 0);
}
