/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What may stand in a configuration file, and which option it is.  Every
 * option that sets something has a keyword.  Pure.
 */

#include <string.h>

#include "config_parse.h"

#define KEYWORD(name, letter, kind)	{ name, letter, NULL, kind }
#define DETAIL(name, kind)		{ name, 'o', name, kind }

static const struct config_keyword keywords[] = {
	KEYWORD("interface", 'i', CONFIG_INTERFACE),
	KEYWORD("reports", 'R', CONFIG_REPORTS),
	KEYWORD("savefile", 'r', CONFIG_VALUE),
	KEYWORD("filter", CONFIG_EXPRESSION, CONFIG_WORDS),
	KEYWORD("collector", 'n', CONFIG_COLLECTOR),
	KEYWORD("version", 'v', CONFIG_VALUE),
	KEYWORD("transport", 'P', CONFIG_VALUE),
	KEYWORD("spread", 'l', CONFIG_FLAG),
	KEYWORD("biflow", 'b', CONFIG_FLAG),
	KEYWORD("times", 'A', CONFIG_VALUE),
	KEYWORD("labels", 'x', CONFIG_VALUE),
	KEYWORD("sampling", 's', CONFIG_VALUE),
	KEYWORD("track", 'T', CONFIG_VALUE),
	KEYWORD("tunnels", 'E', CONFIG_LIST),
	KEYWORD("timeout", 't', CONFIG_NAMED),
	KEYWORD("max-flows", 'm', CONFIG_VALUE),
	KEYWORD("own-mac", 'H', CONFIG_LIST),
	KEYWORD("snap-length", 'C', CONFIG_VALUE),
	KEYWORD("buffer", 'B', CONFIG_VALUE),
	KEYWORD("no-promiscuous", 'N', CONFIG_FLAG),
	KEYWORD("source-address", 'e', CONFIG_VALUE),
	KEYWORD("source-interface", 'S', CONFIG_VALUE),
	KEYWORD("hop-limit", 'L', CONFIG_VALUE),
	KEYWORD("user", 'u', CONFIG_VALUE),
	KEYWORD("pid-file", 'p', CONFIG_VALUE),
	KEYWORD("control-socket", 'c', CONFIG_VALUE),
	KEYWORD("foreground", 'd', CONFIG_FLAG),
	KEYWORD("debug", 'D', CONFIG_FLAG),
	DETAIL("control-group", CONFIG_VALUE),
	DETAIL("dscp", CONFIG_VALUE),
	DETAIL("fields", CONFIG_LIST),
	DETAIL("flow-id", CONFIG_FLAG),
	DETAIL("fragment-entries", CONFIG_VALUE),
	DETAIL("ignore-outgoing", CONFIG_FLAG),
	DETAIL("log-level", CONFIG_VALUE),
	DETAIL("log-statistics", CONFIG_VALUE),
	DETAIL("own-export", CONFIG_VALUE),
	DETAIL("own-prefix", CONFIG_LIST),
	DETAIL("payload", CONFIG_VALUE),
	DETAIL("rate", CONFIG_VALUE),
	DETAIL("reconnect", CONFIG_VALUE),
	DETAIL("source-id", CONFIG_VALUE),
	DETAIL("statistics-seconds", CONFIG_VALUE),
	DETAIL("template-datagrams", CONFIG_VALUE),
	DETAIL("template-seconds", CONFIG_VALUE),
	DETAIL("templates", CONFIG_VALUE),
	DETAIL("train", CONFIG_VALUE),
	{ NULL, 0, NULL, 0 }
};

const struct config_keyword *
config_keyword_find(const char *word)
{
	const struct config_keyword *k;

	for (k = keywords; k->name != NULL; k++)
		if (strcmp(k->name, word) == 0)
			return (k);
	return (NULL);
}

const char *
config_keyword(int letter, const char *name)
{
	const struct config_keyword *k;

	for (k = keywords; k->name != NULL; k++)
		if (k->letter == letter && (k->detail == NULL ? name == NULL :
		    name != NULL && strcmp(k->detail, name) == 0))
			return (k->name);
	return (NULL);
}
