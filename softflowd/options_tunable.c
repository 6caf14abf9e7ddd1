/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* -o name=value: what few operators change. */

#include <string.h>
#include <syslog.h>

#include "compat.h"
#include "datagram.h"
#include "options_parse.h"
#include "netflow.h"

struct tunable {
	const char	*name;
	size_t		 offset;
	uint32_t	 min, max;
	int		(*set)(struct parse *, const char *arg,
			    const char *value);	/* NULL: a number */
};

static int
set_own_prefix(struct parse *p, const char *arg, const char *value)
{
	struct options *o = p->options;
	const char *errstr;

	if (o->nown == MAX_OWN_PREFIX)
		return (options_fail(p, arg, "more than %d prefixes",
		    MAX_OWN_PREFIX));
	if ((errstr = options_prefix(value, &o->own[o->nown])) != NULL)
		return (options_fail(p, arg, "%s", errstr));
	o->nown++;
	return (0);
}

static int
set_own_export(struct parse *p, const char *arg, const char *value)
{
	p->options->keep_own = strcmp(value, "keep") == 0;
	if (!p->options->keep_own && strcmp(value, "drop") != 0)
		return (options_fail(p, arg, "it must be drop or keep"));
	return (0);
}

static int
set_ignore_outgoing(struct parse *p, const char *arg, const char *value)
{
	if (*value != '\0')
		return (options_fail(p, arg, "it takes no value"));
	p->options->ignore_outgoing = 1;
	return (0);
}

static int
set_fields(struct parse *p, const char *arg, const char *value)
{
	return (options_check(p, arg,
	    options_fields(value, &p->options->fields)));
}

static int
set_source_id(struct parse *p, const char *arg, const char *value)
{
	p->options->have_source_id = 1;
	return (options_number(p, arg, value, 0, UINT32_MAX,
	    &p->options->source_id));
}

static int
set_rate(struct parse *p, const char *arg, const char *value)
{
	return (options_check(p, arg,
	    options_rate(value, &p->options->rate)));
}

static int
set_templates(struct parse *p, const char *arg, const char *value)
{
	p->options->classic = strcmp(value, "classic") == 0;
	if (!p->options->classic && strcmp(value, "default") != 0)
		return (options_fail(p, arg, "it must be default or classic"));
	return (0);
}

static int
set_flow_id(struct parse *p, const char *arg, const char *value)
{
	if (*value != '\0')
		return (options_fail(p, arg, "it takes no value"));
	p->options->flow_id = 1;
	return (0);
}

static int
set_control_group(struct parse *p, const char *arg, const char *value)
{
	if (*value == '\0')
		return (options_fail(p, arg, "it needs a group"));
	p->options->control_group = (char *)(uintptr_t)value;
	return (0);
}

static int
set_log_level(struct parse *p, const char *arg, const char *value)
{
	struct options *o = p->options;

	/* What -D asks for is more than any level. */
	if (strcmp(value, "error") == 0)
		o->log_level = LOG_ERR;
	else if (strcmp(value, "warning") == 0)
		o->log_level = LOG_WARNING;
	else if (strcmp(value, "info") == 0)
		o->log_level = LOG_INFO;
	else if (strcmp(value, "debug") == 0)
		o->debug = 1;
	else
		return (options_fail(p, arg, "it must be error, warning, "
		    "info or debug"));
	return (0);
}

static const struct tunable tunables[] = {
	{ "source-id", 0, 0, 0, set_source_id },
	{ "dscp", OFFSET(dscp), 0, 63, NULL },
	{ "payload", OFFSET(payload), PAYLOAD_MIN, DATAGRAM_SIZE, NULL },
	{ "rate", 0, 0, 0, set_rate },
	{ "reconnect", OFFSET(reconnect_seconds), 1, 60, NULL },
	{ "statistics-seconds", OFFSET(statistics_seconds), 0, 86400, NULL },
	{ "templates", 0, 0, 0, set_templates },
	{ "flow-id", 0, 0, 0, set_flow_id },
	{ "template-seconds", OFFSET(template_seconds), 1, 86400, NULL },
	{ "template-datagrams", OFFSET(template_datagrams), 1, 1000000, NULL },
	{ "train", OFFSET(train), 1, MAX_TRAIN, NULL },
	{ "fragment-entries", OFFSET(fragments), 0, LIMIT_FRAGMENTS, NULL },
	{ "fields", 0, 0, 0, set_fields },
	{ "own-prefix", 0, 0, 0, set_own_prefix },
	{ "own-export", 0, 0, 0, set_own_export },
	{ "ignore-outgoing", 0, 0, 0, set_ignore_outgoing },
	{ "control-group", 0, 0, 0, set_control_group },
	{ "log-level", 0, 0, 0, set_log_level },
	{ "log-statistics", OFFSET(log_statistics), 0, 86400, NULL }
};

const char *
options_tunable_name(size_t i)
{
	return (i < nitems(tunables) ? tunables[i].name : NULL);
}

int
options_tunable(struct parse *p, char *arg)
{
	const struct tunable *t;
	const char *value;
	size_t len;

	len = strcspn(arg, "=");
	value = arg[len] == '\0' ? "" : arg + len + 1;
	for (t = tunables; t < tunables + nitems(tunables); t++) {
		if (strlen(t->name) != len || strncmp(t->name, arg, len) != 0)
			continue;
		if (t->set != NULL)
			return (t->set(p, arg, value));
		return (options_number(p, arg, value, t->min, t->max,
		    options_member(p, t->offset)));
	}
	return (options_fail(p, arg, "it must be name=value; the names are "
	    "fields, source-id, dscp, payload, rate, reconnect, "
	    "statistics-seconds, templates, flow-id, template-seconds, "
	    "template-datagrams, train, fragment-entries, own-prefix, "
	    "own-export, ignore-outgoing, control-group, log-level, "
	    "log-statistics"));
}
