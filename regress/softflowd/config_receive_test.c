/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What the parent takes from the process that reads the configuration file.
 * This program plays the process, well and badly.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <atf-c.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "imsg.h"
#include "priv_state.h"

#define HOSTILE	"the process that reads it sends a message that is not allowed"

struct priv		 priv;

static struct imsgbuf	 far;		/* the process's end */
static int		 near;
static struct config	 config;
static struct config_error error;
static struct config_item item;

/* Of what is not tested here. */
int
priv_exec_init(const char **what)
{
	(void)what;
	return (-1);
}

void
priv_exec(int channel, int root, const char *title, const char *role)
{
	(void)channel;
	(void)root;
	(void)title;
	(void)role;
	_exit(1);
}

static void
begin(void)
{
	int	sv[2];

	ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sv));
	near = sv[0];
	ATF_REQUIRE_EQ(0, imsgbuf_init(&far, sv[1]));
	imsgbuf_allow_fdpass(&far);
	memset(&item, 0, sizeof(item));
	item.line = item.column = 1;
	item.letter = 'u';
	strlcpy(item.arg, "flow", sizeof(item.arg));
}

static void
say_with(uint32_t type, int fd, const void *data, size_t len)
{
	ATF_REQUIRE_EQ(1, imsg_compose(&far, type, 0, 0, fd, data, len));
	ATF_REQUIRE_EQ(0, imsgbuf_flush(&far));
}

static void
say(uint32_t type, const void *data, size_t len)
{
	say_with(type, -1, data, len);
}

/* What was said, and the end of the channel. */
static int
receive(void)
{
	int	ret, fd = far.fd;

	imsgbuf_clear(&far);
	close(fd);
	ret = config_receive(near, 1000, &config, &error);
	close(near);
	return (ret);
}

static void
expect_hostile(const char *what)
{
	ATF_CHECK_EQ_MSG(-1, receive(), "%s was taken", what);
	ATF_CHECK_STREQ(HOSTILE, error.text);
}

#define CASE(name)							\
ATF_TC_WITHOUT_HEAD(name);						\
ATF_TC_BODY(name, tc)

CASE(settings_are_taken_in_their_order)
{
	begin();
	say(CONFIG_ITEM, &item, sizeof(item));
	item.letter = 'o';
	item.line = CONFIG_FILE_MAX;
	item.column = CONFIG_LINE_MAX + 1;
	strlcpy(item.arg, "dscp=5", sizeof(item.arg));
	say(CONFIG_ITEM, &item, sizeof(item));
	item.letter = CONFIG_EXPRESSION;
	memset(item.arg, '~', sizeof(item.arg) - 1);
	say(CONFIG_ITEM, &item, sizeof(item));
	say(CONFIG_END, NULL, 0);
	ATF_CHECK_EQ(0, receive());
	ATF_REQUIRE_EQ(3, config.n);
	ATF_CHECK_EQ('u', config.item[0].letter);
	ATF_CHECK_STREQ("flow", config.item[0].arg);
	ATF_CHECK_STREQ("dscp=5", config.item[1].arg);
	ATF_CHECK_EQ(CONFIG_FILE_MAX, config.item[1].line);
	ATF_CHECK_EQ(CONFIG_ARG - 1, strlen(config.item[2].arg));
}

CASE(an_error_is_taken_as_it_is)
{
	struct config_error	bad = { 7, 9, "what is wrong" };

	begin();
	say(CONFIG_ITEM, &item, sizeof(item));
	say(CONFIG_ERROR, &bad, sizeof(bad));
	ATF_CHECK_EQ(-1, receive());
	ATF_CHECK_STREQ("what is wrong", error.text);
	ATF_CHECK(error.line == 7 && error.column == 9);
}

CASE(an_error_must_be_a_line_of_text)
{
	struct config_error	bad = { 1, 1, "" };

	begin();
	say(CONFIG_ERROR, &bad, sizeof(bad));
	expect_hostile("an empty text");
	begin();
	strlcpy(bad.text, "\033[2J", sizeof(bad.text));
	say(CONFIG_ERROR, &bad, sizeof(bad));
	expect_hostile("an escape sequence");
	begin();
	memset(bad.text, 'e', sizeof(bad.text));
	say(CONFIG_ERROR, &bad, sizeof(bad));
	expect_hostile("a text without an end");
	begin();
	say(CONFIG_ERROR, &bad, sizeof(bad) - 1);
	expect_hostile("a short error");
}

CASE(only_what_a_file_may_set_is_taken)
{
	static const int	letters[] = { 'f', 'k', 'h', 'V', 'M', 'a', 0,
				    -1, '?', 'o', 'i' + 256, 'i' - 256 };
	size_t			i;

	for (i = 0; i < nitems(letters); i++) {
		begin();
		item.letter = letters[i];
		say(CONFIG_ITEM, &item, sizeof(item));
		say(CONFIG_END, NULL, 0);
		ATF_CHECK_EQ_MSG(-1, receive(), "letter %d was taken",
		    letters[i]);
		ATF_CHECK_STREQ(HOSTILE, error.text);
	}
	begin();
	item.letter = 'o';
	strlcpy(item.arg, "dscpx=5", sizeof(item.arg));
	say(CONFIG_ITEM, &item, sizeof(item));
	expect_hostile("an unknown name");
	begin();
	item.letter = 'o';
	memset(item.arg, 'n', sizeof(item.arg) - 1);
	say(CONFIG_ITEM, &item, sizeof(item));
	expect_hostile("a long name");
}

static void
arg_without_end(void)
{
	memset(item.arg, 'a', sizeof(item.arg));
}

static void
arg_with_newline(void)
{
	strlcpy(item.arg, "a\nb", sizeof(item.arg));
}

static void
arg_of_eight_bits(void)
{
	strlcpy(item.arg, "\x9b", sizeof(item.arg));
}

static void
line_0(void)
{
	item.line = 0;
}

static void
line_too_large(void)
{
	item.line = CONFIG_FILE_MAX + 1;
}

static void
column_0(void)
{
	item.column = 0;
}

static void
column_too_large(void)
{
	item.column = UINT32_MAX;
}

CASE(places_and_values_are_checked)
{
	static void (*const	spoil[])(void) = {
		arg_without_end, arg_with_newline, arg_of_eight_bits, line_0,
		line_too_large, column_0, column_too_large
	};
	size_t			i;

	for (i = 0; i < nitems(spoil); i++) {
		begin();
		say(CONFIG_ITEM, &item, sizeof(item));
		spoil[i]();
		say(CONFIG_ITEM, &item, sizeof(item));
		say(CONFIG_END, NULL, 0);
		ATF_CHECK_EQ_MSG(-1, receive(), "%zu was taken", i);
		ATF_CHECK_STREQ(HOSTILE, error.text);
	}
}

CASE(there_are_so_many_settings_at_most)
{
	struct config_item	one;
	pid_t			pid;
	int			i;

	begin();
	one = item;
	/* They do not fit into the socket all at once. */
	if ((pid = fork()) == 0) {
		close(near);
		for (i = 0; i < CONFIG_ITEMS + 1; i++)
			if (imsg_compose(&far, CONFIG_ITEM, 0, 0, -1, &one,
			    sizeof(one)) == -1 || imsgbuf_flush(&far) == -1)
				_exit(1);
		_exit(0);
	}
	ATF_CHECK_EQ(-1, receive());
	ATF_CHECK_STREQ(HOSTILE, error.text);
	ATF_CHECK_EQ(CONFIG_ITEMS, config.n);
}

CASE(wrong_lengths_types_and_descriptors_are_hostile)
{
	uint32_t	type;

	for (type = 0; type < 110; type++) {
		if (type == CONFIG_END)
			continue;
		begin();
		say(type, "x", 1);
		ATF_CHECK_EQ_MSG(-1, receive(), "type %u was taken", type);
		ATF_CHECK_STREQ(HOSTILE, error.text);
	}
	begin();
	say(CONFIG_END, "x", 1);
	expect_hostile("an end with more");
	begin();
	say_with(CONFIG_END, dup(STDIN_FILENO), NULL, 0);
	expect_hostile("a descriptor");
	begin();
	say(CONFIG_ITEM, &item, sizeof(item) - 1);
	expect_hostile("a short item");
	begin();
	ATF_REQUIRE_EQ(12, write(far.fd, "no message\n\n", 12));
	shutdown(far.fd, SHUT_WR);
	ATF_CHECK_EQ(-1, receive());
}

CASE(an_end_without_an_answer_is_told)
{
	begin();
	ATF_CHECK_EQ(-1, receive());
	ATF_CHECK_STREQ("the process that reads it ended without an answer",
	    error.text);
	begin();
	say(CONFIG_ITEM, &item, sizeof(item));
	ATF_CHECK_EQ(-1, receive());
	ATF_CHECK_STREQ("the process that reads it ended without an answer",
	    error.text);
}

CASE(one_that_is_silent_is_given_up)
{
	begin();
	say(CONFIG_ITEM, &item, sizeof(item));
	ATF_CHECK_EQ(-1, config_receive(near, 50, &config, &error));
	ATF_CHECK_STREQ("the process that reads it does not answer",
	    error.text);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, settings_are_taken_in_their_order);
	ATF_TP_ADD_TC(tp, an_error_is_taken_as_it_is);
	ATF_TP_ADD_TC(tp, an_error_must_be_a_line_of_text);
	ATF_TP_ADD_TC(tp, only_what_a_file_may_set_is_taken);
	ATF_TP_ADD_TC(tp, places_and_values_are_checked);
	ATF_TP_ADD_TC(tp, there_are_so_many_settings_at_most);
	ATF_TP_ADD_TC(tp, wrong_lengths_types_and_descriptors_are_hostile);
	ATF_TP_ADD_TC(tp, an_end_without_an_answer_is_told);
	ATF_TP_ADD_TC(tp, one_that_is_silent_is_given_up);
	return (atf_no_error());
}
