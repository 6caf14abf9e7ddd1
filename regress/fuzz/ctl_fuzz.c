/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * softflowctl: its command line, and a daemon that answers anything.
 *   0  enum ctl_form in the lower two bits: how it is shown; CTL_FUZZ_* above
 * The words of the command follow, up to a newline, and the messages of the
 * answer, as feed.h has them.
 */

#include <sys/socket.h>

#include <unistd.h>

#include <jansson.h>

#include "control_filter.h"
#include "feed.h"
#include "fuzz.h"

#define main	softflowctl_main
int	softflowctl_main(int, char *[]);
#include "softflowctl.c"
#undef main
#define answer	client_answer
#define take_row	client_take_row
#include "client.c"
#undef answer
#undef take_row

#define CTL_FUZZ_FORM	0x03
#define CTL_FUZZ_RAW	0x04
#define CTL_FUZZ_WIDTH	0x08	/* a terminal of as many columns as 1 has */
#define WORDS_MAX	64

static void	ctl_seeds(void (*)(const uint8_t *, size_t));

const struct fuzz_target	fuzz_target = {
	.name = "ctl", .max = 2000, .runs = 14000, .seeds = ctl_seeds
};

/* What takes a terminal is not in it. */
int
top_main(const char *path, int argc, char *argv[])
{
	(void)path;
	(void)argc;
	(void)argv;
	abort();
}

static size_t
right_length(uint32_t type)
{
	static const size_t	lengths[] = {
		sizeof(struct summary), sizeof(struct summary_proto),
		sizeof(struct summary_export),
		sizeof(struct summary_interface), sizeof(struct ctl_flow),
		sizeof(struct timeouts), sizeof(struct ctl_sandbox),
		sizeof(struct ctl_memory), sizeof(struct ctl_result)
	};

	return (type <= CTL_RESULT ? lengths[type - CTL_SUMMARY] : 0);
}

/* What is shown, or said, can be: in text there is nothing but text. */
static void
check_text(const char *text)
{
	for (; *text != '\0'; text++)
		REQUIRE((*text >= ' ' && *text <= '~') || *text == '\n');
}

static void
check_json(const char *text, size_t size)
{
	json_error_t	 error;
	json_t		*json;

	if (size == 0)
		return;
	json = json_loadb(text, size, JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK,
	    &error);
	REQUIRE(json != NULL);
	json_decref(json);
}

/* What the daemon would have said to it. */
static void
check_command(const struct command *c)
{
	const struct ctl_filter	*f = NULL;
	const void		*payload;
	size_t			 len;

	payload = parser_payload(c, &len);
	REQUIRE((payload == NULL) == (len == 0));
	if (c->request == CTL_SHOW_FLOWS)
		f = &c->query.filter;
	else if (c->request == CTL_FLOW_EXPIRE || c->request == CTL_FLOW_DELETE)
		f = payload;
	REQUIRE(f == NULL || control_filter_check(f) == NULL);
	REQUIRE(c->request < CTL_REQUEST_MAX);
}

static int
take_command(struct take *t, struct command *command)
{
	static char	 line[1024];
	char		 error[1024] = "", *words[WORDS_MAX], *next = line;
	const uint8_t	*octets;
	size_t		 n;
	int		 argc = 0;

	for (n = 0; n < t->left && n < sizeof(line) - 1 && t->p[n] != '\n';)
		n++;
	n = take_octets(t, n, &octets);
	if (n > 0)
		memcpy(line, octets, n);
	line[n] = '\0';
	(void)take(t, 1);
	while (argc < WORDS_MAX && (words[argc] = strsep(&next, " ")) != NULL)
		argc++;
	if (parser_parse(argc, words, command, error, sizeof(error)) == 0) {
		REQUIRE(*error == '\0');
		check_command(command);
		return (0);
	}
	REQUIRE(*error != '\0');
	return (-1);
}

/* A daemon behind a socket that has said all that it will. */
static struct client *
daemon_new(struct take *t)
{
	struct client	*c;
	struct feed	 feed = { -1, CTL_SUMMARY, CTL_VERSION, right_length };
	int		 fd[2], size = 1 << 20;

	feed_pair(fd);
	(void)setsockopt(fd[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	feed.fd = fd[1];
	while (feed_message(&feed, t))
		continue;
	REQUIRE(shutdown(fd[1], SHUT_WR) == 0);
	close(fd[1]);
	REQUIRE((c = calloc(1, sizeof(*c))) != NULL);
	REQUIRE(imsgbuf_init(&c->ibuf, fd[0]) == 0);
	REQUIRE(imsgbuf_set_maxsize(&c->ibuf, MSG_WORKER_MAX) == 0);
	return (c);
}

static void
ask(struct take *t, const struct command *c, uint8_t how)
{
	static const struct output	*const forms[] = { &output_text,
					    &output_json, &output_prometheus,
					    &output_classic };
	static struct answer		 a;
	struct client			*client;
	char				 text[MSG_TEXT_SIZE], *shown = NULL;
	const void			*payload;
	size_t				 len, size;
	int				 form = how & CTL_FUZZ_FORM, status;

	memset(&a, 0, sizeof(a));
	if (c->view == VIEW_CLASSIC)
		form = 3;
	else if (form == 3 || (form == 2 && c->view == VIEW_FLOWS))
		form = 0;
	a.output = forms[form];
	a.show.view = c->view;
	a.show.raw = (how & CTL_FUZZ_RAW) != 0;
	a.show.width = how & CTL_FUZZ_WIDTH ? (unsigned int)take(t, 1) : 0;
	REQUIRE((a.show.out = open_memstream(&shown, &size)) != NULL);
	a.client = client = daemon_new(t);
	payload = parser_payload(c, &len);
	if (c->request == CTL_STATISTICS)
		status = client_report(client, &a.report, text, a.error,
		    sizeof(a.error));
	else
		status = client_ask(client, c->request, payload, len,
		    take_row, &a, text, a.error, sizeof(a.error));
	if (status == 0)
		show_answer(&a, c, text);
	else if (status == 1)
		output_line(a.show.out, client_pid(client), text);
	else
		REQUIRE(*a.error != '\0');
	fclose(a.show.out);
	check_text(shown);
	if (form == 1 && status == 0)
		check_json(shown, size);
	free(shown);
	client_close(client);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct take	 t = { data, size };
	struct command	 command;
	unsigned int	 before = feed_descriptors();
	uint8_t		 how;
	FILE		*null;

	how = (uint8_t)take(&t, 1);
	if (take_command(&t, &command) == -1)
		return (0);
	if (command.request == PARSER_HELP) {
		REQUIRE((null = fopen("/dev/null", "w")) != NULL);
		parser_help(null, &command);
		fclose(null);
	} else if (command.request >= CTL_SHUTDOWN)
		ask(&t, &command, how);
	REQUIRE(feed_descriptors() == before);
	return (0);
}

static void
ctl_seeds(void (*fn)(const uint8_t *, size_t))
{
	static const struct {
		const char	*line;
		uint8_t		 row;
	} commands[] = {
		{ "statistics", 0 }, { "show statistics", 0 },
		{ "show collectors", 0 }, { "show interfaces", 0 },
		{ "dump-flows", 4 }, { "show flows", 4 },
		{ "timeouts", 5 }, { "show timeouts", 5 },
		{ "show sandbox", 6 }, { "show memory", 7 },
		{ "shutdown", 8 }, { "set timeout udp 1h", 8 },
		{ "set sampling 10", 8 }, { "show ?", 8 },
		{ "show flows host 10.0.0.0/8 port 53 proto udp vlan 7 min-"
		    "octets 1M sort octets limit 9", 4 },
		{ "flow expire state syn min-age 3h", 8 }
	};
	uint8_t			data[512], *p;
	size_t			len;
	unsigned int		i, j, form;

	for (i = 0; i < nitems(commands); i++)
		for (form = 0; form < 3; form++) {
			len = strlen(commands[i].line);
			data[0] = (uint8_t)form;
			memcpy(data + 1, commands[i].line, len);
			p = data + 1 + len;
			*p++ = '\n';
			for (j = commands[i].row; j <= CTL_RESULT - CTL_SUMMARY;
			    j = j < 3 && commands[i].row == 0 ? j + 1 :
			    CTL_RESULT - CTL_SUMMARY + (j == 8)) {
				/* An address family, a version, a count */
				memcpy(p, (uint8_t[]){ FEED_RIGHT, (uint8_t)j,
				    0, 0 }, 4);
				p += 4;
				fn(data, (size_t)(p - data));
			}
		}
}
