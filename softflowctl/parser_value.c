/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What words and their arguments put into a request. */

#include <arpa/inet.h>
#include <ctype.h>
#include <netdb.h>

#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "options.h"
#include "parser.h"
#include "summary.h"

const char *
set_request(struct command *c, const struct token *t, const char *arg)
{
	(void)arg;
	c->request = t->value;
	return (NULL);
}

const char *
set_show(struct command *c, const struct token *t, const char *arg)
{
	static const uint32_t requests[] = {
		[VIEW_STATISTICS] = CTL_STATISTICS,
		[VIEW_FLOWS] = CTL_SHOW_FLOWS,
		[VIEW_TIMEOUTS] = CTL_TIMEOUTS,
		[VIEW_COLLECTORS] = CTL_STATISTICS,
		[VIEW_INTERFACES] = CTL_STATISTICS,
		[VIEW_SANDBOX] = CTL_SANDBOX,
		[VIEW_MEMORY] = CTL_MEMORY
	};

	(void)arg;
	c->view = t->value;
	c->request = requests[t->value];
	return (NULL);
}

/*
 * Changes.
 */

const char *
set_wish(struct command *c, const struct token *t, const char *arg)
{
	(void)arg;
	c->request = CTL_SET;
	c->set.wish = t->value;
	return (NULL);
}

const char *
set_verbose(struct command *c, const struct token *t, const char *arg)
{
	(void)arg;
	c->request = CTL_SET;
	c->set.wish = WISH_VERBOSE;
	c->set.value = t->value;
	return (NULL);
}

const char *
set_timeout(struct command *c, const struct token *t, const char *arg)
{
	const char *wanted;

	c->set.which = t->value;
	if ((wanted = options_time(arg, &c->set.value)) != NULL)
		return (wanted);
	if (c->set.value == 0 && !TIMEOUT_MAY_BE_0(t->value))
		return ("it must not be 0; only maxlife and expint may");
	return (NULL);
}

/* A number; NULL or what it ought to be. */
static const char *
number(const char *arg, long long min, long long max, long long *value,
    const char *wanted)
{
	const char *errstr;

	*value = strtonum(arg, min, max, &errstr);
	return (errstr == NULL ? NULL : wanted);
}

const char *
set_sampling(struct command *c, const struct token *t, const char *arg)
{
	const char *wanted;
	long long n;

	(void)t;
	wanted = number(arg, 1, UINT32_MAX, &n,
	    "it must be a number from 1, for all, to 4294967295");
	c->request = CTL_SET;
	c->set.wish = WISH_SAMPLING;
	c->set.value = (uint32_t)n;
	return (wanted);
}

/*
 * Filters.
 */

const char *
set_host(struct command *c, const struct token *t, const char *arg)
{
	struct ctl_filter *f = &c->query.filter;

	(void)t;
	switch (options_network(arg, &f->host[f->nhost])) {
	case -1:
		return ("it must be an address or a prefix, such as "
		    "192.0.2.7 or 2001:db8::/32");
	case 32:
		return ("behind the / must be a number from 0 to 32");
	case 128:
		return ("behind the / must be a number from 0 to 128");
	}
	f->nhost++;
	return (NULL);
}

const char *
set_port(struct command *c, const struct token *t, const char *arg)
{
	struct ctl_filter *f = &c->query.filter;
	struct servent *se;
	const char *errstr;

	(void)t;
	f->port[f->nport] = (uint16_t)strtonum(arg, 0, UINT16_MAX, &errstr);
	if (errstr != NULL) {
		if ((se = getservbyname(arg, NULL)) == NULL)
			return ("it must be a number from 0 to 65535 or the "
			    "name of a service");
		f->port[f->nport] = ntohs((uint16_t)se->s_port);
	}
	f->nport++;
	return (NULL);
}

const char *
set_proto(struct command *c, const struct token *t, const char *arg)
{
	struct ctl_filter *f = &c->query.filter;
	const char *errstr;
	int n;

	(void)t;
	f->have |= CTL_FILTER_PROTO;
	f->proto = (uint8_t)strtonum(arg, 0, UINT8_MAX, &errstr);
	if (errstr == NULL)
		return (NULL);
	summary_load_protocols();
	for (n = 0; n < 256 && *arg != '\0'; n++) {
		if (strcasecmp(arg, summary_protocol((uint8_t)n)) != 0)
			continue;
		f->proto = (uint8_t)n;
		return (NULL);
	}
	return ("it must be a number from 0 to 255 or the name of a protocol, "
	    "such as tcp");
}

const char *
set_interface(struct command *c, const struct token *t, const char *arg)
{
	struct ctl_filter *f = &c->query.filter;
	size_t i = 0;

	(void)t;
	f->have |= CTL_FILTER_INTERFACE;
	while (isgraph((unsigned char)arg[i]))
		i++;
	if (i == 0 || arg[i] != '\0' || strlcpy(f->interface, arg,
	    sizeof(f->interface)) >= sizeof(f->interface))
		return ("it must be the name of an interface, of 1 to 15 "
		    "characters that can be printed");
	return (NULL);
}

const char *
set_vlan(struct command *c, const struct token *t, const char *arg)
{
	const char *wanted;
	long long n;

	(void)t;
	wanted = number(arg, 1, 4094, &n, "it must be a number from 1 to 4094");
	c->query.filter.have |= CTL_FILTER_VLAN;
	c->query.filter.vlan = (uint16_t)n;
	return (wanted);
}

/* A count, of thousands with k, millions with M, milliards with G. */
static const char *
count(const char *arg, uint64_t *value)
{
	if (options_scaled(arg, "kmg", INT64_MAX, value) == -1 || *value == 0)
		return ("it must be a number, or one with k, M or G for "
		    "thousands and so on, of 1 to 2^63");
	return (NULL);
}

const char *
set_min_octets(struct command *c, const struct token *t, const char *arg)
{
	(void)t;
	return (count(arg, &c->query.filter.min_octets));
}

const char *
set_min_packets(struct command *c, const struct token *t, const char *arg)
{
	(void)t;
	return (count(arg, &c->query.filter.min_packets));
}

const char *
set_min_age(struct command *c, const struct token *t, const char *arg)
{
	(void)t;
	return (options_time(arg, &c->query.filter.min_age));
}

const char *
set_min_idle(struct command *c, const struct token *t, const char *arg)
{
	(void)t;
	return (options_time(arg, &c->query.filter.min_idle));
}

const char *
set_state(struct command *c, const struct token *t, const char *arg)
{
	(void)arg;
	c->query.filter.have |= CTL_FILTER_STATE;
	c->query.filter.state = (uint8_t)t->value;
	return (NULL);
}

/*
 * Order.
 */

const char *
set_sort(struct command *c, const struct token *t, const char *arg)
{
	(void)arg;
	c->query.sort = t->value;
	return (NULL);
}

const char *
set_limit(struct command *c, const struct token *t, const char *arg)
{
	const char *wanted;
	long long n;

	(void)t;
	wanted = number(arg, 1, UINT32_MAX, &n,
	    "it must be a number from 1 to 4294967295, or to 1000 if the flows "
	    "are sorted");
	c->query.limit = (uint32_t)n;
	return (wanted);
}
