/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Numbers in softflowd(8) and softflowd.conf(5): ranges and defaults are those
 * of the code.
 */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <atf-c.h>

#include "compat.h"
#include "config.h"
#include "expire.h"
#include "options_fixture.h"

#define RANGE		"must be a number from "

static char	manual[256 * 1024], conf[256 * 1024], item[32 * 1024];

static void
page_read(const atf_tc_t *tc, const char *name, char *page, size_t size)
{
	char	 path[1024];
	size_t	 len;
	FILE	*fp;

	snprintf(path, sizeof(path), "%s/../../man/%s",
	    atf_tc_get_config_var(tc, "srcdir"), name);
	ATF_REQUIRE_MSG((fp = fopen(path, "r")) != NULL, "%s", path);
	len = fread(page, 1, size - 1, fp);
	ATF_REQUIRE(len > 0 && len < size - 1);
	fclose(fp);
	page[len] = '\0';
}

static void
pages_read(const atf_tc_t *tc)
{
	page_read(tc, "softflowd.8", manual, sizeof(manual));
	page_read(tc, "softflowd.conf.5", conf, sizeof(conf));
}

/*
 * What the page says below this line: up to the next item or section, with
 * blanks for ends of lines.  NULL: there is no such line.
 */
static const char *
page_item(const char *page, const char *macro, const char *name)
{
	static const char *const	 ends[] = { "\n.Sh ", "\n.Ss ", "\n.It " };
	char				 head[64], *text;
	const char			*at, *end, *next;
	size_t				 i, len;

	len = (size_t)snprintf(head, sizeof(head), "\n.It %s %s", macro, name);
	for (at = page; (at = strstr(at, head)) != NULL; at++)
		if (at[len] == '\n' || at[len] == ' ')
			break;
	if (at == NULL)
		return (NULL);
	end = at + strlen(at);
	for (i = 0; i < nitems(ends); i++)
		if ((next = strstr(at + 1, ends[i])) != NULL && next < end)
			end = next;
	ATF_REQUIRE((size_t)(end - at) < sizeof(item));
	strlcpy(item, at, (size_t)(end - at) + 1);
	for (text = item; *text != '\0'; text++)
		if (*text == '\n')
			*text = ' ';
	return (item);
}

/* The item of an option, of a detail of -o, or of its keyword in a file. */
static const char *
option_item(int letter, const char *detail, int of_conf)
{
	char		 name[2] = { (char)letter, '\0' };
	const char	*keyword, *text;

	if (!of_conf)
		return (page_item(manual, detail == NULL ? "Fl" : "Cm",
		    detail == NULL ? name : detail));
	if ((keyword = config_keyword(letter, detail)) == NULL)
		return (NULL);
	text = page_item(conf, "Ic", keyword);
	ATF_REQUIRE_MSG(text != NULL, "%s: not in softflowd.conf(5)", keyword);
	return (text);
}

static void
check_text(const char *line, const char *text, long long min, long long max)
{
	char	wanted[64];

	snprintf(wanted, sizeof(wanted), "from %lld to %lld", min, max);
	if (strstr(text, wanted) != NULL)
		return;
	/* "from 0, which is never, to 86400" */
	snprintf(wanted, sizeof(wanted), " from %lld,", min);
	text = strstr(text, wanted);
	snprintf(wanted, sizeof(wanted), ", to %lld", max);
	ATF_CHECK_MSG(text != NULL && strstr(text, wanted) != NULL,
	    "%s: no range from %lld to %lld in %s", line, min, max, item);
}

/* Of an option whose number is wrong the message says the range. */
static int
check_range(int letter, const char *detail, const char *line)
{
	const char	*text, *range;
	long long	 min, max;

	if (parse(line) != OPTIONS_BAD ||
	    (range = strstr(error, RANGE)) == NULL)
		return (0);
	ATF_REQUIRE_EQ(sscanf(range + strlen(RANGE), "%lld to %lld", &min,
	    &max), 2);
	text = option_item(letter, detail, 0);
	ATF_REQUIRE_MSG(text != NULL, "%s: not in softflowd(8)", line);
	check_text(line, text, min, max);
	if ((text = option_item(letter, detail, 1)) != NULL)
		check_text(line, text, min, max);
	return (1);
}

ATF_TC_WITHOUT_HEAD(ranges_of_options_are_those_of_the_manual);
ATF_TC_BODY(ranges_of_options_are_those_of_the_manual, tc)
{
	char	line[64];
	int	c, found = 0;

	pages_read(tc);
	for (c = 1; c < 127; c++) {
		if (!isalnum(c))
			continue;
		snprintf(line, sizeof(line), "-r f -%c nonsense", c);
		found += check_range(c, NULL, line);
	}
	ATF_CHECK_MSG(found >= 6, "only %d have a range", found);
	ATF_CHECK_EQ(check_range('i', NULL, "-i 0:e"), 1);
}

ATF_TC_WITHOUT_HEAD(ranges_of_details_are_those_of_the_manual);
ATF_TC_BODY(ranges_of_details_are_those_of_the_manual, tc)
{
	char	 names[512], line[128], *rest = names, *name, *list;
	int	 found = 0;

	pages_read(tc);
	ATF_REQUIRE_EQ(parse("-r f -o nonsense"), OPTIONS_BAD);
	ATF_REQUIRE((list = strstr(error, "the names are ")) != NULL);
	strlcpy(names, list + strlen("the names are "), sizeof(names));
	while ((name = strsep(&rest, ", ")) != NULL) {
		if (*name == '\0')
			continue;
		snprintf(line, sizeof(line), "-r f -o %s=nonsense", name);
		found += check_range('o', name, line);
	}
	ATF_CHECK_MSG(found >= 8, "only %d have a range", found);
}

static void
check_default(int letter, const char *detail, uint32_t value)
{
	static const char *const	 forms[] = {
		"The default is %u.", "The default is %u, ", "%u, the default",
		"and %u are every packet, the default",
		"from %u, which is never and the default"
	};
	const char			*text;
	char				 wanted[64];
	size_t				 i;
	int				 of_conf;

	for (of_conf = 0; of_conf < 2; of_conf++) {
		text = option_item(letter, detail, of_conf);
		ATF_REQUIRE_MSG(text != NULL, "-%c %s", letter, detail);
		for (i = 0; i < nitems(forms); i++) {
			snprintf(wanted, sizeof(wanted), forms[i], value);
			if (strstr(text, wanted) != NULL)
				break;
		}
		ATF_CHECK_MSG(i < nitems(forms), "the default is not %u in %s",
		    value, text);
	}
}

ATF_TC_WITHOUT_HEAD(defaults_are_those_of_the_manual);
ATF_TC_BODY(defaults_are_those_of_the_manual, tc)
{
	pages_read(tc);
	ATF_REQUIRE_EQ(parse("-i e"), OPTIONS_RUN);
	check_default('C', NULL, opts.snaplen);
	check_default('m', NULL, opts.max_flows);
	check_default('s', NULL, opts.sampling);
	check_default('v', NULL, (uint32_t)opts.version);
	check_default('x', NULL, opts.labels);
	check_default('o', "fragment-entries", opts.fragments);
	check_default('o', "log-statistics", opts.log_statistics);
	check_default('o', "rate", (uint32_t)opts.rate);
	check_default('o', "reconnect", opts.reconnect_seconds);
	check_default('o', "statistics-seconds", opts.statistics_seconds);
	check_default('o', "template-datagrams", opts.template_datagrams);
	check_default('o', "template-seconds", opts.template_seconds);
	check_default('o', "train", opts.train);
	ATF_CHECK(strstr(option_item('c', NULL, 0), opts.ctlsock) != NULL);
	ATF_CHECK(strstr(option_item('c', NULL, 1), opts.ctlsock) != NULL);
	ATF_CHECK(strstr(option_item('p', NULL, 0), opts.pidfile) != NULL);
	ATF_CHECK(strstr(option_item('p', NULL, 1), opts.pidfile) != NULL);
	ATF_CHECK(strstr(option_item('u', NULL, 0), SOFTFLOWD_USER) != NULL);
	ATF_CHECK(strstr(option_item('u', NULL, 1), SOFTFLOWD_USER) != NULL);
}

ATF_TC_WITHOUT_HEAD(timeouts_are_those_of_the_manual);
ATF_TC_BODY(timeouts_are_those_of_the_manual, tc)
{
	const char	*at;
	char		 row[64];
	int		 i;

	pages_read(tc);
	for (i = 0; i < TIMEOUT_MAX; i++) {
		snprintf(row, sizeof(row), "\n.It Cm %s Ta %u Ta ",
		    timeout_names[i], expire_defaults.seconds[i]);
		ATF_CHECK_MSG(strstr(manual, row) != NULL, "no row %s",
		    row + 1);
		snprintf(row, sizeof(row), ".Cm %s\n.Pq %u",
		    timeout_names[i], expire_defaults.seconds[i]);
		at = strstr(conf, row);
		ATF_CHECK_MSG(at != NULL &&
		    !isdigit((unsigned char)at[strlen(row)]), "no %s", row);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, ranges_of_options_are_those_of_the_manual);
	ATF_TP_ADD_TC(tp, ranges_of_details_are_those_of_the_manual);
	ATF_TP_ADD_TC(tp, defaults_are_those_of_the_manual);
	ATF_TP_ADD_TC(tp, timeouts_are_those_of_the_manual);
	return (atf_no_error());
}
