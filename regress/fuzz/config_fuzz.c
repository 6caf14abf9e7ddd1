/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The reader of configuration files under whatever a fuzzer thinks of, and
 * the options that come of it.  With libFuzzer, or with corpus_test.c.
 */

#include "config.h"
#include "fuzz.h"
#include "options.h"

const struct fuzz_target	fuzz_target = {
	.name = "config", .max = 1500, .runs = 300000, .cut = 1
};

static struct config	config = { .path = "fuzz.conf" };

/* What the parent takes. */
static void
check_text(const char *text, size_t size)
{
	size_t	i;

	for (i = 0; i < size && text[i] != '\0'; i++)
		REQUIRE(text[i] >= ' ' && text[i] <= '~');
	REQUIRE(i < size);
}

static void
check_place(uint32_t line, uint32_t column, size_t size)
{
	REQUIRE(line >= 1 && line <= size + 1);
	REQUIRE(column >= 1 && column <= CONFIG_LINE_MAX + 1);
}

static void
check_items(size_t size)
{
	const struct config_item	*item;
	char				 name[32];
	size_t				 len;

	REQUIRE(config.n <= CONFIG_ITEMS && config.n <= size);
	for (item = config.item; item < config.item + config.n; item++) {
		check_place(item->line, item->column, size);
		check_text(item->arg, sizeof(item->arg));
		REQUIRE(item == config.item || item[-1].line <= item->line);
		name[0] = '\0';
		len = strcspn(item->arg, "=");
		if (len < sizeof(name))
			strlcpy(name, item->arg, len + 1);
		REQUIRE(config_keyword(item->letter, item->letter == 'o' ?
		    name : NULL) != NULL);
	}
}

/* The parent's part: it takes the values or says what is wrong, at one. */
static void
check_options(void)
{
	static char		 program[] = "softflowd";
	char			*argv[] = { program, NULL };
	struct options		 opt;
	char			 text[1024];
	enum options_result	 result;

	result = options_parse_with(&config, 1, argv, &opt, text,
	    sizeof(text));
	if (result == OPTIONS_RUN) {
		REQUIRE((opt.ninterface > 0) + (opt.savefile != NULL) +
		    (opt.npeer > 0) == 1);
		REQUIRE(opt.ndest <= MAX_EXPORT && opt.nown <= MAX_OWN_PREFIX);
		options_free(&opt);
	} else {
		REQUIRE(result == OPTIONS_BAD);
		check_text(text, sizeof(text));
		REQUIRE(strstr(text, ": ") != NULL);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_error	 error;
	char			*copy;

	/* Of its own, or overruns would stay unseen. */
	if ((copy = malloc(size + (size == 0))) == NULL)
		abort();
	memcpy(copy, data, size);
	if (config_parse(copy, size, &config, &error) == -1) {
		check_place(error.line, error.column, size);
		check_text(error.text, sizeof(error.text));
		REQUIRE(error.text[0] != '\0');
	} else {
		check_items(size);
		check_options();
	}
	free(copy);
	return (0);
}
