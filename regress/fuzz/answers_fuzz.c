/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What the parent takes from its two helpers, each of which may say anything:
 * the process that reads the configuration file, and the resolver.
 *   0  which; of the resolver, how many questions have been asked in the
 *	upper half, of slots from 0 on
 * The rest is messages of feed.h.
 */

#include <sys/socket.h>

#include <unistd.h>

#include "config.h"
#include "feed.h"
#include "fuzz.h"
#include "log.h"
#include "priv_state.h"

static void	answers_seeds(void (*)(const uint8_t *, size_t));

const struct fuzz_target	fuzz_target = {
	.name = "answers", .max = 2000, .runs = 8000, .seeds = answers_seeds
};

struct priv			priv;

static struct config		config;
static unsigned int		asked[MAX_EXPORT];
static int64_t			now_ms;

int64_t
priv_now_ms(void)
{
	return (now_ms);
}

void
priv_export_resolved(uint32_t slot, const struct resolver_answer *answer)
{
	uint32_t	i;

	REQUIRE(slot < MAX_EXPORT && asked[slot] > 0);
	/* The last of its questions, or all of them. */
	asked[slot] = 0;
	if (answer == NULL)
		return;
	REQUIRE(answer->slot == slot && answer->count <= RESOLVER_ADDRS);
	REQUIRE(answer->error == 0 || answer->count == 0);
	for (i = 0; i < answer->count; i++)
		REQUIRE((answer->addr[i].family == 4 ||
		    answer->addr[i].family == 6) && answer->addr[i].port == 0);
}

/* No process is started here. */
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
	abort();
}

static void
sink(int priority, const char *text)
{
	REQUIRE(priority >= 0 && priority <= 7 && *text != '\0');
}

static size_t
config_length(uint32_t type)
{
	return (type == CONFIG_ITEM ? sizeof(struct config_item) :
	    type == CONFIG_ERROR ? sizeof(struct config_error) : 0);
}

static size_t
resolver_length(uint32_t type)
{
	return (type == RESOLVER_ANSWER ? sizeof(struct resolver_answer) : 0);
}

/* What is taken goes to the options as the command line does. */
static void
try_config(struct take *t, int fd[2])
{
	static char		 program[] = "softflowd";
	struct feed		 feed = { fd[1], CONFIG_ITEM, 0,
				    config_length };
	struct config_error	 error;
	struct options		 opt;
	char			*argv[] = { program, NULL }, text[8192];
	int			 size = 4 << 20;

	(void)setsockopt(fd[1], SOL_SOCKET, SO_SNDBUFFORCE, &size,
	    sizeof(size));
	while (feed_message(&feed, t))
		continue;
	close(fd[1]);
	if (config_receive(fd[0], 1000, &config, &error) == -1) {
		REQUIRE(*error.text != '\0' && memchr(error.text, '\0',
		    sizeof(error.text)) != NULL);
	} else {
		REQUIRE(config.n <= CONFIG_ITEMS);
		if (options_parse_with(&config, 1, argv, &opt, text,
		    sizeof(text)) == OPTIONS_RUN)
			options_free(&opt);
	}
	close(fd[0]);
}

static void
try_resolver(struct take *t, int fd[2], unsigned int questions)
{
	struct feed	feed = { fd[1], RESOLVER_READY, 0, resolver_length };
	unsigned int	i;

	log_init("answers_fuzz", 0, 0);
	log_set_sink(sink);
	memset(asked, 0, sizeof(asked));
	now_ms = 1000;
	priv_resolver_attach(fd[0]);
	for (i = 0; i < questions; i++) {
		asked[i % 5]++;
		priv_resolver_ask(i % 5);
	}
	while (feed_message(&feed, t) && priv_resolver_fd() != -1) {
		priv_resolver_event();
		now_ms += 100;
	}
	close(fd[1]);
	/* It hears of the end, and who waits does, too. */
	priv_resolver_event();
	if (priv_resolver_fd() != -1)
		priv_resolver_event();
	REQUIRE(priv_resolver_fd() == -1);
	for (i = 0; i < MAX_EXPORT; i++)
		REQUIRE(asked[i] == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct take	t = { data, size };
	unsigned int	before = feed_descriptors();
	uint8_t		which = (uint8_t)take(&t, 1);
	int		fd[2];

	feed_pair(fd);
	if (which & 1)
		try_config(&t, fd);
	else
		try_resolver(&t, fd, which >> 4);
	REQUIRE(feed_descriptors() == before);
	return (0);
}

static void
answers_seeds(void (*fn)(const uint8_t *, size_t))
{
	static const uint8_t	item[] = { 1, FEED_RIGHT, 0, 0, 14, 1, 0, 0,
				    0, 1, 0, 0, 0, 'v', 0, 0, 0, '9', 0 };
	static const uint8_t	error[] = { 1, FEED_RIGHT, 1, 0, 10, 1, 0, 0,
				    0, 1, 0, 0, 0, 'n', 'o' };
	static const uint8_t	answer[] = { 0x30, FEED_RIGHT, 0, 0, 0,
				    FEED_RIGHT, 1, 0, 12, 0, 0, 0, 0, 0, 0, 0,
				    0, 1, 0, 0, 0 };
	uint8_t			data[256];
	size_t			len;
	unsigned int		i;

	fn(item, sizeof(item));
	fn(error, sizeof(error));
	fn(answer, sizeof(answer));
	memcpy(data, item, sizeof(item));
	for (i = 0, len = sizeof(item); i < 8; i++) {
		memcpy(data + len, item + 1, sizeof(item) - 1);
		data[len + 12] = (uint8_t)("invtdxps"[i]);
		len += sizeof(item) - 1;
		data[len] = FEED_RIGHT;
		data[len + 1] = 2;
		data[len + 2] = data[len + 3] = 0;
		fn(data, len + 4);
	}
	memcpy(data, answer, sizeof(answer));
	memset(data + sizeof(answer), 0, 40);
	data[8] = 32;
	data[sizeof(answer) + 4 + 18] = 4;
	fn(data, sizeof(answer) + 24);
	feed_seed(fn, answer, 5, 0, 3);
}
