/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Values that have a syntax of their own: times, rates, networks, tunnels and
 * optional fields.  Runs in the parent and in softflowctl.  Pure.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <arpa/inet.h>
#include <netinet/in.h>

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "options.h"

#define RATE_LIMIT	UINT64_C(1000000000000)
#define BAD_TIME	"bad time; a time is a sum of numbers with s, m, h, " \
			"d or w, such as 1h30m"
#define LONG_TIME	"longer than 10 years (3650d)"

const char *const transport_names[TRANSPORT_MAX] = {
	[TRANSPORT_UDP] = "udp",
	[TRANSPORT_TCP] = "tcp",
	[TRANSPORT_SCTP] = "sctp"
};

const char *
options_time(const char *s, uint32_t *seconds)
{
	static const char units[] = "smhdw";
	static const uint32_t factors[] = { 1, 60, 3600, 86400, 604800, 1 };
	const char *unit;
	uint64_t n, total = 0;

	*seconds = 0;
	do {
		if (!isdigit((unsigned char)*s))
			return (BAD_TIME);
		for (n = 0; isdigit((unsigned char)*s); s++) {
			n = n * 10 + (uint64_t)(*s - '0');
			if (n > LIMIT_TIMEOUT)
				return (LONG_TIME);
		}
		/* The terminating NUL is the last unit: seconds. */
		unit = strchr(units, tolower((unsigned char)*s));
		if (unit == NULL)
			return (BAD_TIME);
		total += n * factors[unit - units];
		if (total > LIMIT_TIMEOUT)
			return (LONG_TIME);
	} while (*s != '\0' && *++s != '\0');
	*seconds = total;
	return (NULL);
}

int
options_scaled(const char *s, const char *units, uint64_t limit,
    uint64_t *value)
{
	const char *unit;
	uint64_t n = 0, digit;
	ptrdiff_t power;

	if (!isdigit((unsigned char)*s))
		return (-1);
	for (; isdigit((unsigned char)*s); s++) {
		digit = (uint64_t)(*s - '0');
		if (n > (limit - digit) / 10)
			return (-1);
		n = n * 10 + digit;
	}
	if (*s != '\0') {
		unit = strchr(units, tolower((unsigned char)*s++));
		if (unit == NULL || *s != '\0')
			return (-1);
		for (power = unit - units + 1; power > 0; power--) {
			if (n > limit / 1000)
				return (-1);
			n *= 1000;
		}
	}
	*value = n;
	return (0);
}

const char *
options_rate(const char *s, uint64_t *rate)
{
	if (options_scaled(s, "km", RATE_LIMIT, rate) == -1)
		return ("a rate is a number of octets a second, up to "
		    "1000000m, of thousands of them with k, or of millions "
		    "with m");
	return (NULL);
}

int
options_network(const char *arg, struct msg_prefix *prefix)
{
	char addr[INET6_ADDRSTRLEN];
	const char *errstr;
	size_t len = strcspn(arg, "/");
	int max;

	memset(prefix, 0, sizeof(*prefix));
	if (len >= sizeof(addr))
		len = 0;
	strlcpy(addr, arg, len + 1);
	if (inet_pton(AF_INET, addr, prefix->addr) == 1)
		prefix->family = 4;
	else if (inet_pton(AF_INET6, addr, prefix->addr) == 1)
		prefix->family = 6;
	else
		return (-1);
	prefix->bits = max = prefix->family == 4 ? 32 : 128;
	if (arg[len] == '\0')
		return (0);
	prefix->bits = strtonum(arg + len + 1, 0, max, &errstr);
	return (errstr == NULL ? 0 : max);
}

struct name_bits {
	const char	*name;
	uint32_t	 bits;
};

/* Names with commas between them; whether all n are known. */
static int
add_bits(const char *list, const struct name_bits *known, size_t n,
    uint32_t *bits)
{
	size_t i, len;

	for (;; list += len + 1) {
		len = strcspn(list, ",");
		for (i = 0; i < n; i++)
			if (strlen(known[i].name) == len &&
			    strncmp(known[i].name, list, len) == 0)
				break;
		if (i == n)
			return (0);
		*bits |= known[i].bits;
		if (list[len] == '\0')
			return (1);
	}
}

const char *
options_tunnels(const char *list, uint32_t *tunnels)
{
	static const struct name_bits known[] = {
		{ "gre", TUNNEL_BIT(TUNNEL_GRE) },
		{ "ipip", TUNNEL_BIT(TUNNEL_IPIP) },
		{ "6in4", TUNNEL_BIT(TUNNEL_6IN4) },
		{ "vxlan", TUNNEL_BIT(TUNNEL_VXLAN) },
		{ "geneve", TUNNEL_BIT(TUNNEL_GENEVE) },
		{ "gtpu", TUNNEL_BIT(TUNNEL_GTPU) },
		{ "teredo", TUNNEL_BIT(TUNNEL_TEREDO) },
		{ "l2tp", TUNNEL_BIT(TUNNEL_L2TP) },
		{ "all", TUNNEL_ALL }
	};

	return (add_bits(list, known, nitems(known), tunnels) ? NULL :
	    "a name is unknown; known are gre, ipip, 6in4, vxlan, geneve, "
	    "gtpu, teredo, l2tp and all");
}

const char *
options_fields(const char *list, uint32_t *fields)
{
	static const struct name_bits known[] = {
		{ "ttl", OPTIONAL_TTL },
		{ "length", OPTIONAL_LENGTH },
		{ "tcp", OPTIONAL_TCP },
		{ "vlan", OPTIONAL_VLAN },
		{ "mac", OPTIONAL_MAC },
		{ "label", OPTIONAL_LABEL },
		{ "tunnel", OPTIONAL_TUNNEL },
		{ "all", OPTIONAL_ALL }
	};

	return (add_bits(list, known, nitems(known), fields) ? NULL :
	    "a name is unknown; known are ttl, length, tcp, vlan, mac, "
	    "label, tunnel and all");
}

int
options_filter(int argc, char *argv[], char **filter)
{
	size_t len = 1;
	int i;

	for (i = 0; i < argc; i++)
		len += strlen(argv[i]) + 1;
	if (len == 1 + (size_t)argc)
		return (0);	/* no words, or empty ones */
	if ((*filter = calloc(1, len)) == NULL)
		return (-1);
	for (i = 0; i < argc; i++) {
		if (i > 0)
			strlcat(*filter, " ", len);
		strlcat(*filter, argv[i], len);
	}
	return (0);
}
