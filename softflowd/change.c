/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Options in force and options to be: one row for each member of struct
 * options says what a change of it takes.
 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "change.h"
#include "compat.h"
#include "config.h"
#include "side.h"

#define REFUSED		0x100	/* not while softflowd runs */
#define ELSEWHERE	0x200	/* compared by a function of its own */

enum kind { NUMBER, STRING, OCTETS };

struct member {
	const char	*name;
	size_t		 offset, size;
	enum kind	 kind;
	unsigned int	 need;
};

/* NOLINTBEGIN(bugprone-sizeof-expression): a member may be a pointer */
#define ROW(text, member, kind, need)					\
	{ text, offsetof(struct options, member),			\
	    sizeof(((struct options *)0)->member), kind, need }

static const struct member members[] = {
	ROW("-f", config, OCTETS, ELSEWHERE),
	ROW("-f", config_path, STRING, ELSEWHERE),
	ROW("-k", check, NUMBER, ELSEWHERE),
	ROW("-i", interface, OCTETS, ELSEWHERE),
	ROW("-i", ninterface, NUMBER, ELSEWHERE),
	ROW("-r", savefile, STRING, REFUSED),
	ROW("-R", psamp_local, OCTETS, REFUSED),
	ROW("-R", peer, OCTETS, REFUSED),
	ROW("-R", npeer, NUMBER, REFUSED),
	ROW("-n", dest, OCTETS, ELSEWHERE),
	ROW("-n", ndest, NUMBER, ELSEWHERE),
	ROW("-v", version, NUMBER, ELSEWHERE),
	ROW("-P", transport, NUMBER, ELSEWHERE),
	ROW("-o source-id", source_id, NUMBER, ELSEWHERE),
	ROW("-o source-id", have_source_id, NUMBER, ELSEWHERE),
	ROW("-T", level, NUMBER, REFUSED),
	ROW("-m", max_flows, NUMBER, REFUSED),
	ROW("-u", user, STRING, REFUSED),
	ROW("-p", pidfile, STRING, REFUSED),
	ROW("-c", ctlsock, STRING, REFUSED),
	ROW("-d", foreground, NUMBER, REFUSED),
	ROW("-o control-group", control_group, STRING, REFUSED),
	ROW("-o log-level", debug, NUMBER, CHANGE_SETTINGS),
	ROW("-o log-level", log_level, NUMBER, CHANGE_PARENT),
	ROW("-o log-statistics", log_statistics, NUMBER, CHANGE_PARENT),
	ROW("timeouts", timeouts, OCTETS, CHANGE_SETTINGS),
	ROW("sampling", sampling, NUMBER, CHANGE_SETTINGS),
	ROW("filter", filter, STRING, CHANGE_CAPTURE),
	ROW("-C", snaplen, NUMBER, CHANGE_CAPTURE),
	ROW("-B", buffer, NUMBER, CHANGE_CAPTURE),
	ROW("-N", promisc, NUMBER, CHANGE_CAPTURE),
	ROW("-o own-export", keep_own, NUMBER, CHANGE_CAPTURE),
	ROW("-o ignore-outgoing", ignore_outgoing, NUMBER, CHANGE_CAPTURE),
	ROW("-e", source, STRING, CHANGE_SOCKETS),
	ROW("-S", device, STRING, CHANGE_SOCKETS),
	ROW("-L", hoplimit, NUMBER, CHANGE_SOCKETS),
	ROW("-o dscp", dscp, NUMBER, CHANGE_SOCKETS),
	ROW("-o reconnect", reconnect_seconds, NUMBER, CHANGE_PARENT),
	ROW("-o own-prefix", own, OCTETS, CHANGE_WORKER),
	ROW("-o own-prefix", nown, NUMBER, CHANGE_WORKER),
	ROW("-H", mac, OCTETS, CHANGE_WORKER),
	ROW("-H", nmac, NUMBER, CHANGE_WORKER),
	ROW("-o template-seconds", template_seconds, NUMBER, CHANGE_WORKER),
	ROW("-o template-datagrams", template_datagrams, NUMBER, CHANGE_WORKER),
	ROW("-o statistics-seconds", statistics_seconds, NUMBER,
	    CHANGE_WORKER),
	ROW("-o train", train, NUMBER, CHANGE_WORKER),
	ROW("-o fragment-entries", fragments, NUMBER, CHANGE_WORKER),
	ROW("-E", tunnels, NUMBER, CHANGE_WORKER),
	ROW("-o fields", fields, NUMBER, CHANGE_WORKER),
	ROW("-x", labels, NUMBER, CHANGE_WORKER),
	ROW("-A", times, NUMBER, CHANGE_WORKER),
	ROW("-b", biflow, NUMBER, CHANGE_WORKER),
	ROW("-o templates", classic, NUMBER, CHANGE_WORKER),
	ROW("-o flow-id", flow_id, NUMBER, CHANGE_WORKER),
	ROW("-l", spread, NUMBER, CHANGE_WORKER),
	ROW("-o payload", payload, NUMBER, CHANGE_WORKER),
	ROW("-o rate", rate, NUMBER, CHANGE_WORKER)
};
/* NOLINTEND(bugprone-sizeof-expression) */

size_t
change_member_end(size_t octet)
{
	const struct member	*m;

	for (m = members; m < members + nitems(members); m++)
		if (m->offset <= octet && octet < m->offset + m->size)
			return (m->offset + m->size);
	return (0);
}

static const void *
member(const struct options *o, const struct member *m)
{
	return ((const char *)o + m->offset);
}

static const char *
member_string(const struct options *o, const struct member *m)
{
	const char	*s;

	memcpy(&s, member(o, m), sizeof(s));
	return (s);
}

/* What the operator knows it by: in a file it has a keyword. */
static const char *
member_name(const struct member *m, const struct options *o)
{
	const char	*keyword = NULL;

	if (o->config_path != NULL && strncmp(m->name, "-o ", 3) == 0)
		keyword = config_keyword('o', m->name + 3);
	else if (o->config_path != NULL && m->name[0] == '-')
		keyword = config_keyword(m->name[1], NULL);
	return (keyword == NULL ? m->name : keyword);
}

static int
member_differs(const struct member *m, const struct options *old,
    const struct options *new)
{
	const char	*a, *b;

	if (m->kind != STRING)
		return (memcmp(member(old, m), member(new, m), m->size) != 0);
	a = member_string(old, m);
	b = member_string(new, m);
	return (a == NULL || b == NULL ? a != b : strcmp(a, b) != 0);
}

static const char *
member_text(const struct member *m, const struct options *o, char *buf,
    size_t len)
{
	uint32_t	n;

	if (m->kind == STRING)
		return (member_string(o, m) == NULL ? "none" :
		    member_string(o, m));
	if (m->offset == offsetof(struct options, level))
		return (options_level(o->level));
	memcpy(&n, member(o, m), sizeof(n));
	if (m->offset == offsetof(struct options, max_flows))
		snprintf(buf, len, "%u", n);
	else
		strlcpy(buf, n ? "given" : "not given", len);
	return (buf);
}

static int __attribute__((__format__(printf, 5, 6)))
refuse(const char *name, const char *is, char *error, size_t len,
    const char *fmt, ...)
{
	char	would[128];
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(would, sizeof(would), fmt, ap);
	va_end(ap);
	snprintf(error, len, "%s cannot change while softflowd runs; it is %s, "
	    "and would be %s", name, is, would);
	return (-1);
}

static const char *
source_name(const struct options *o)
{
	return (o->ninterface > 0 ? "-i" : o->npeer > 0 ? "-R" : "-r");
}

static int
check_source(const struct options *old, const struct options *new,
    char *error, size_t len)
{
	if (old->savefile != NULL) {
		snprintf(error, len, "a file is being read; there is nothing "
		    "to reload");
		return (-1);
	}
	if (strcmp(source_name(old), source_name(new)) == 0)
		return (0);
	return (refuse("the kind of source", source_name(old), error, len,
	    "%s", source_name(new)));
}

/* With "any" each frame says its interface, without it each slot does. */
static int
check_any(const struct options *old, const struct options *new, char *error,
    size_t len)
{
	int	is = old->ninterface > 0 && old->interface[0].number == 0 &&
		    strcmp(old->interface[0].name, "any") == 0;
	int	would = new->ninterface > 0 && new->interface[0].number == 0 &&
		    strcmp(new->interface[0].name, "any") == 0;

	if (is == would)
		return (0);
	return (refuse("-i", is ? "any" : old->interface[0].name, error, len,
	    "%s", would ? "any" : new->interface[0].name));
}

/* The table's layout is for life. */
static int
check_side(const struct options *old, const struct options *new, char *error,
    size_t len)
{
	int	is = side_wanted(old->level, old->fields, old->labels);
	int	would = side_wanted(new->level, new->fields, new->labels);

	if (is == would)
		return (0);
	return (refuse("the layout of the table", is ? "with room for -o "
	    "fields, -x, -H or -T vlan" : "without room for -o fields, -x, -H "
	    "or -T vlan", error, len, "%s it", would ? "with" : "without"));
}

static int
check_refused(const struct options *old, const struct options *new,
    char *error, size_t len)
{
	const struct member	*m;
	char			 is[16], would[16];

	for (m = members; m < members + nitems(members); m++) {
		if (!member_differs(m, old, new))
			continue;
		if (m->need == REFUSED && m->kind == OCTETS)
			return (refuse(member_name(m, new),
			    "one list of peers", error, len, "another"));
		if (m->need == REFUSED)
			return (refuse(member_name(m, new), member_text(m,
			    old, is, sizeof(is)), error, len, "%s",
			    member_text(m, new, would, sizeof(would))));
		if (m->need == CHANGE_CAPTURE && new->npeer > 0)
			return (refuse(member_name(m, new), "as it was at the "
			    "start", error, len, "another"));
	}
	return (0);
}

/* "this, that" */
static void __attribute__((__format__(printf, 2, 3)))
tell(struct change *c, const char *fmt, ...)
{
	size_t	len = strlen(c->text);
	va_list	ap;

	if (len > 0 && len + 2 < sizeof(c->text))
		len += (size_t)snprintf(c->text + len, sizeof(c->text) - len,
		    ", ");
	va_start(ap, fmt);
	vsnprintf(c->text + len, sizeof(c->text) - len, fmt, ap);
	va_end(ap);
}

static void
tell_count(struct change *c, int n, const char *what, const char *done)
{
	if (n > 0)
		tell(c, "%d %s%s %s", n, what, n == 1 ? "" : "s", done);
}

static void
find_interfaces(const struct options *old, const struct options *new,
    struct change *c)
{
	const struct options_interface	*a, *b;
	unsigned int			 i, j, kept = 0;
	int				 renumbered = 0;

	for (i = 0; i < new->ninterface; i++) {
		b = &new->interface[i];
		c->interface[i] = CHANGE_NEW;
		for (j = 0; j < old->ninterface; j++) {
			a = &old->interface[j];
			if (strcmp(a->name, b->name) != 0)
				continue;
			c->interface[i] = (int)j;
			kept++;
			renumbered += a->number != b->number ||
			    a->optional != b->optional;
		}
	}
	if (kept < new->ninterface || kept < old->ninterface)
		c->need |= CHANGE_WORKER;
	if (renumbered)
		c->need |= CHANGE_PARENT;
	tell_count(c, (int)(new->ninterface - kept), "interface", "added");
	tell_count(c, (int)(old->ninterface - kept), "interface", "removed");
	tell_count(c, renumbered, "interface", "changed");
}

static int
same_place(const struct options_dest *a, const struct options_dest *b)
{
	return (strcmp(a->host, b->host) == 0 &&
	    strcmp(a->port, b->port) == 0 && a->transport == b->transport);
}

/* Whether what it hears goes on as before. */
static int
same_session(const struct options *old, const struct options_dest *a,
    const struct options *new, const struct options_dest *b)
{
	struct export_format	before, after;

	options_format(old, a->version, &before);
	options_format(new, b->version, &after);
	return (same_place(a, b) && a->version == b->version &&
	    memcmp(&before, &after, sizeof(before)) == 0 &&
	    options_source_id(old, a->version) ==
	    options_source_id(new, b->version));
}

static void
find_collectors(const struct options *old, const struct options *new,
    struct change *c)
{
	uint32_t	taken = 0;	/* bit for each old one */
	unsigned int	i, j;
	int		kept = 0, changed = 0;

	for (i = 0; i < new->ndest; i++) {
		c->dest[i] = CHANGE_NEW;
		for (j = 0; j < old->ndest; j++)
			if (same_session(old, &old->dest[j], new,
			    &new->dest[i]))
				break;
		if (j == old->ndest)
			continue;
		c->dest[i] = (int)j;
		taken |= 1U << j;
		kept++;
	}
	for (i = 0; i < new->ndest; i++)
		for (j = 0; c->dest[i] == CHANGE_NEW && j < old->ndest; j++) {
			if (taken & 1U << j || !same_place(&old->dest[j],
			    &new->dest[i]))
				continue;
			taken |= 1U << j;
			changed++;
			break;
		}
	if (kept < (int)new->ndest || kept < (int)old->ndest ||
	    options_counters32(old) != options_counters32(new))
		c->need |= CHANGE_WORKER;
	tell_count(c, (int)new->ndest - kept - changed, "collector", "added");
	tell_count(c, (int)old->ndest - kept - changed, "collector",
	    "removed");
	tell_count(c, changed, "collector", "changed");
}

int
change_find(const struct options *old, struct options *new, struct change *c,
    char *error, size_t errorlen)
{
	const struct member	*m;
	const char		*told = "";

	memset(c, 0, sizeof(*c));
	if (check_source(old, new, error, errorlen) == -1 ||
	    check_any(old, new, error, errorlen) == -1 ||
	    check_refused(old, new, error, errorlen) == -1 ||
	    check_side(old, new, error, errorlen) == -1)
		return (-1);
	/* Derived from names of interfaces; collectors know us by it. */
	if (!old->have_source_id && !new->have_source_id)
		new->source_id = old->source_id;
	find_interfaces(old, new, c);
	find_collectors(old, new, c);
	for (m = members; m < members + nitems(members); m++) {
		if (m->need >= REFUSED || !member_differs(m, old, new))
			continue;
		c->need |= m->need;
		if (strcmp(told, m->name) != 0)
			tell(c, "%s changed", member_name(m, new));
		told = m->name;
	}
	return (0);
}
