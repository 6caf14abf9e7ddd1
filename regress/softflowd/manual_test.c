/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Numbers in softflowd(8): ranges and defaults are those of the code. */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <atf-c.h>

#include "compat.h"
#include "expire.h"
#include "options_fixture.h"

#define PAGE		"/../../man/softflowd.8"
#define RANGE		"must be a number from "

static char	page[256 * 1024], item[32 * 1024];

static void
page_read(const atf_tc_t *tc)
{
	char	 path[1024];
	size_t	 len;
	FILE	*fp;

	snprintf(path, sizeof(path), "%s" PAGE,
	    atf_tc_get_config_var(tc, "srcdir"));
	ATF_REQUIRE_MSG((fp = fopen(path, "r")) != NULL, "%s", path);
	len = fread(page, 1, sizeof(page) - 1, fp);
	ATF_REQUIRE(len > 0 && len < sizeof(page) - 1);
	fclose(fp);
	page[len] = '\0';
}

/*
 * What the page says below this line: up to the next item or section, with
 * blanks for ends of lines.  NULL: there is no such line.
 */
static const char *
page_item(const char *macro, const char *name)
{
	static const char *const	 ends[] = { "\n.Sh ", "\n.Ss ", "\n.It " };
	char				 head[64], *at, *end, *next;
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
	for (at = item; *at != '\0'; at++)
		if (*at == '\n')
			*at = ' ';
	return (item);
}

/* Of an option whose number is wrong the message says the range. */
static int
check_range(const char *macro, const char *name, const char *line)
{
	char		 wanted[64];
	const char	*text, *range;
	long long	 min, max;

	if (parse(line) != OPTIONS_BAD ||
	    (range = strstr(error, RANGE)) == NULL)
		return (0);
	ATF_REQUIRE_EQ(sscanf(range + strlen(RANGE), "%lld to %lld", &min,
	    &max), 2);
	text = page_item(macro, name);
	ATF_REQUIRE_MSG(text != NULL, "%s: not in the manual", line);
	snprintf(wanted, sizeof(wanted), "from %lld to %lld", min, max);
	if (strstr(text, wanted) != NULL)
		return (1);
	/* "from 0, which is never, to 86400" */
	snprintf(wanted, sizeof(wanted), " from %lld,", min);
	text = strstr(text, wanted);
	ATF_CHECK_MSG(text != NULL, "%s: no range%s", line, wanted);
	snprintf(wanted, sizeof(wanted), " to %lld", max);
	ATF_CHECK_MSG(text != NULL && strstr(text, wanted) != NULL,
	    "%s: no range from %lld to %lld", line, min, max);
	return (1);
}

ATF_TC_WITHOUT_HEAD(ranges_of_options_are_those_of_the_manual);
ATF_TC_BODY(ranges_of_options_are_those_of_the_manual, tc)
{
	char	line[64], name[2] = "";
	int	c, found = 0;

	page_read(tc);
	for (c = 1; c < 127; c++) {
		if (!isalnum(c))
			continue;
		name[0] = (char)c;
		snprintf(line, sizeof(line), "-r f -%s nonsense", name);
		found += check_range("Fl", name, line);
	}
	ATF_CHECK_MSG(found >= 6, "only %d have a range", found);
	check_range("Fl", "i", "-i 0:e");
}

ATF_TC_WITHOUT_HEAD(ranges_of_details_are_those_of_the_manual);
ATF_TC_BODY(ranges_of_details_are_those_of_the_manual, tc)
{
	char	 names[512], line[128], *rest = names, *name;
	char	*list;
	int	 found = 0;

	page_read(tc);
	ATF_REQUIRE_EQ(parse("-r f -o nonsense"), OPTIONS_BAD);
	ATF_REQUIRE((list = strstr(error, "the names are ")) != NULL);
	strlcpy(names, list + strlen("the names are "), sizeof(names));
	while ((name = strsep(&rest, ", ")) != NULL) {
		if (*name == '\0')
			continue;
		snprintf(line, sizeof(line), "-r f -o %s=nonsense", name);
		found += check_range("Cm", name, line);
	}
	ATF_CHECK_MSG(found >= 8, "only %d have a range", found);
}

static void
check_defaults(void)
{
	const struct {
		const char	*macro, *name, *text;
		uint32_t	 value;
	} numbers[] = {
		{ "Fl", "C", "The default is %u.", opts.snaplen },
		{ "Fl", "m", "The default is %u.", opts.max_flows },
		{ "Fl", "s", "0 and %u are every packet, the default",
		    opts.sampling },
		{ "Fl", "x", "from %u, the default, to", opts.labels },
		{ "Fl", "v", "The default is %u, ", (uint32_t)opts.version },
		{ "Cm", "fragment-entries", "The default is %u.",
		    opts.fragments },
		{ "Cm", "reconnect", "The default is %u, ",
		    opts.reconnect_seconds },
		{ "Cm", "statistics-seconds", "The default is %u.",
		    opts.statistics_seconds },
		{ "Cm", "template-seconds", "The default is %u.",
		    opts.template_seconds },
		{ "Cm", "template-datagrams", "The default is %u.",
		    opts.template_datagrams },
		{ "Cm", "train", "The default is %u.", opts.train },
		{ "Cm", "rate", "%u, the default, is no limit",
		    (uint32_t)opts.rate },
	};
	const char	*text;
	char		 wanted[128];
	size_t		 i;

	for (i = 0; i < nitems(numbers); i++) {
		text = page_item(numbers[i].macro, numbers[i].name);
		ATF_REQUIRE_MSG(text != NULL, "%s", numbers[i].name);
		snprintf(wanted, sizeof(wanted), numbers[i].text,
		    numbers[i].value);
		ATF_CHECK_MSG(strstr(text, wanted) != NULL,
		    "%s: the manual does not say \"%s\"", numbers[i].name,
		    wanted);
	}
}

ATF_TC_WITHOUT_HEAD(defaults_are_those_of_the_manual);
ATF_TC_BODY(defaults_are_those_of_the_manual, tc)
{
	page_read(tc);
	ATF_REQUIRE_EQ(parse("-i e"), OPTIONS_RUN);
	check_defaults();
	ATF_CHECK(strstr(page_item("Fl", "c"), opts.ctlsock) != NULL);
	ATF_CHECK(strstr(page_item("Fl", "p"), opts.pidfile) != NULL);
	ATF_CHECK(strstr(page_item("Fl", "u"), SOFTFLOWD_USER) != NULL);
	ATF_CHECK(strstr(page_item("Fl", "u"),
	    SOFTFLOWD_USER_FALLBACK) != NULL);
}

ATF_TC_WITHOUT_HEAD(timeouts_are_those_of_the_manual);
ATF_TC_BODY(timeouts_are_those_of_the_manual, tc)
{
	char	row[64];
	int	i;

	page_read(tc);
	for (i = 0; i < TIMEOUT_MAX; i++) {
		snprintf(row, sizeof(row), "\n.It Cm %s Ta %u Ta ",
		    timeout_names[i], expire_defaults.seconds[i]);
		ATF_CHECK_MSG(strstr(page, row) != NULL, "no row %s", row + 1);
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
