/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * softflowd --sandbox: all of the sandbox in words, from the tables that make
 * it, for people and as JSON.  Every string is one of ours, without a quote, a
 * backslash or a control character.
 */

#include <sys/types.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "sandbox_filter.h"

#define COLUMNS		80

static const struct {
	const char	*name;
	const char	*text;
} processes[SANDBOX_FILTERS] = {
	[SANDBOX_FILTER_WORKER] = { "worker",
	    "reads packets, reports, savefiles and control requests" },
	[SANDBOX_FILTER_READER] = { "reader",
	    "reads the configuration file, and ends" },
	[SANDBOX_FILTER_RESOLVER] = { "resolver",
	    "looks up the names of collectors" },
	[SANDBOX_FILTER_PARENT] = { "parent",
	    "opens sockets and starts the others" },
	[SANDBOX_FILTER_COMPILER] = { "compiler",
	    "compiles a filter expression, as a child of the parent" },
};

/* For the parent's filter: nobody's ids, and a descriptor, as an example. */
static const struct sandbox_parent	example = {
	.root = 1, .uid = 65534, .gid = 65534, .binary_fd = 64
};

/*
 * Text
 */

/* Words from column from on, the first one behind what is there already. */
static void
put_words(const char *text, size_t column, size_t from)
{
	size_t	 len;

	for (; *text != '\0'; text += len, text += strspn(text, " ")) {
		len = strcspn(text, " ");
		if (column + 1 + len > COLUMNS) {
			printf("\n%*s", (int)from - 1, "");
			column = from - 1;
		}
		printf(" %.*s", (int)len, text);
		column += 1 + len;
	}
	putchar('\n');
}

static void
put_line(const char *name, const char *text)
{
	char	 line[1024];

	strlcpy(line, name, sizeof(line));
	if (*text != '\0') {
		strlcat(line, ": ", sizeof(line));
		strlcat(line, text, sizeof(line));
	}
	printf("   ");
	put_words(line, 3, 8);
}

static int
same(const struct sandbox_rule *a, const struct sandbox_rule *b)
{
	return (strcmp(a->condition, b->condition) == 0 &&
	    strcmp(a->reason, b->reason) == 0);
}

/* Those that differ in nothing but the name stand together. */
static void
text_calls(enum sandbox_filter process)
{
	struct sandbox_rule	 rule, next;
	char			 name[1024];
	size_t			 n = 0;
	int			 more;

	printf("  %s; any other %s:\n", sandbox_os_words.rules,
	    sandbox_os_otherwise(process));
	more = sandbox_os_words.rule != NULL &&
	    sandbox_os_words.rule(process, getpid(), &example, n++, &rule);
	if (!more)
		put_line("none", "");
	while (more) {
		strlcpy(name, rule.call, sizeof(name));
		while ((more = sandbox_os_words.rule(process, getpid(),
		    &example, n++, &next)) && same(&rule, &next)) {
			strlcat(name, ", ", sizeof(name));
			strlcat(name, next.call, sizeof(name));
		}
		if (rule.condition[0] != '\0') {
			strlcat(name, " (", sizeof(name));
			strlcat(name, rule.condition, sizeof(name));
			strlcat(name, ")", sizeof(name));
		}
		put_line(name, rule.reason);
		rule = next;
	}
}

static void
text_process(enum sandbox_filter process)
{
	const struct sandbox_words	*words = &sandbox_os_words;
	const struct sandbox_layer	*l;
	struct sandbox_right		 right;
	const char			*name, *text;
	char				 line[256];
	size_t				 n;

	printf("\n%s, which", processes[process].name);
	snprintf(line, sizeof(line), "%s%s", processes[process].text,
	    process == SANDBOX_FILTER_PARENT && words->inherited ?
	    ", which inherit its rules" : "");
	put_words(line, strlen(processes[process].name) + 7, 2);
	printf("  Layers:\n");
	for (l = sandbox_os_layers; l->name != NULL; l++)
		if (l->processes & 1U << process)
			put_line(l->name, l->meaning);
	if (sandbox_layers(process) == 0)
		put_line("none", "");
	if (words->capability != NULL)
		printf("  Capabilities:\n");
	for (n = 0; words->capability != NULL &&
	    (name = words->capability(process, n, &text)) != NULL; n++)
		put_line(name, text);
	if (words->capability != NULL && n == 0)
		put_line("none", "");
	printf("  Limits:\n");
	for (n = 0; (name = sandbox_limit(process, n, &text)) != NULL; n++)
		put_line(name, text);
	if (n == 0)
		put_line("none of its own", "");
	if (words->file != NULL)
		printf("  %s:\n", words->files);
	for (n = 0; words->file != NULL && words->file(process, n, &right);
	    n++) {
		snprintf(line, sizeof(line), "%s (%s)", right.object,
		    right.rights);
		put_line(line, right.reason);
	}
	if (words->file != NULL && n == 0)
		put_line("none", "");
	text_calls(process);
}

static void
text_all(void)
{
	printf("softflowd %s%s\n", SOFTFLOWD_VERSION, sandbox_sanitized ?
	    ", a sanitizer build that is confined less" : "");
	if (sandbox_os_words.kernel != NULL)
		sandbox_os_words.kernel(0);
	printf("Without root there is no chroot and no change of ids.\n");
}

/*
 * JSON
 */

static void
json_string(const char *name, const char *value, const char *end)
{
	printf("\"%s\": \"%s\"%s", name, value, end);
}

static void
json_calls(enum sandbox_filter process)
{
	const struct sandbox_words	*words = &sandbox_os_words;
	struct sandbox_rule		 rule;
	unsigned int			 i;
	size_t				 n;

	json_string("otherwise", sandbox_os_otherwise(process), ",\n");
	printf("\"%s\": [", words->rules_key);
	for (n = 0; words->rule != NULL && words->rule(process, getpid(),
	    &example, n, &rule); n++) {
		printf("%s\n{ ", n > 0 ? "," : "");
		json_string(words->rule_key, rule.call, ", ");
		json_string("condition", rule.condition, ", ");
		json_string("reason", rule.reason, ", \"arguments\": [");
		for (i = 0; i < rule.nargs; i++)
			printf("%s{ \"number\": %u, \"mask\": \"%#" PRIx64
			    "\", \"value\": \"%#" PRIx64 "\" }",
			    i > 0 ? ", " : "", rule.args[i].n,
			    rule.args[i].mask, rule.args[i].value);
		printf("] }");
	}
	printf("]");
}

static void
json_process(enum sandbox_filter process)
{
	const struct sandbox_words	*words = &sandbox_os_words;
	struct sandbox_right		 right;
	const char			*name, *text;
	uint32_t			 layer, left = sandbox_layers(process);
	unsigned int			 i;
	size_t				 n;

	printf("{ ");
	json_string("process", processes[process].name, ",\n\"layers\": [");
	for (i = 0; (name = sandbox_layer(i, &layer)) != NULL; i++)
		if (left & layer)
			printf("\"%s\"%s", name, (left &= ~layer) ? ", " : "");
	if (words->capability != NULL)
		printf("],\n\"capabilities\": [");
	for (n = 0; words->capability != NULL &&
	    (name = words->capability(process, n, &text)) != NULL; n++)
		printf("%s\"%s\"", n > 0 ? ", " : "", name);
	printf("],\n\"limits\": {");
	for (n = 0; (name = sandbox_limit(process, n, &text)) != NULL; n++) {
		printf("%s", n > 0 ? ", " : " ");
		json_string(name, text, "");
	}
	printf(" },\n");
	if (words->file != NULL)
		printf("\"%s\": [", words->files_key);
	for (n = 0; words->file != NULL && words->file(process, n, &right);
	    n++) {
		printf("%s\n{ ", n > 0 ? "," : "");
		json_string("object", right.object, ", ");
		json_string("rights", right.rights, ", ");
		json_string("reason", right.reason, " }");
	}
	if (words->file != NULL)
		printf("],\n");
	json_calls(process);
	printf(" }");
}

int
sandbox_show(int json)
{
	int	 process;

	if (json) {
		printf("{ ");
		json_string("version", SOFTFLOWD_VERSION, ",\n");
		if (sandbox_os_words.kernel != NULL)
			sandbox_os_words.kernel(1);
		printf("\"sanitized\": %s,\n\"processes\": [\n",
		    sandbox_sanitized ? "true" : "false");
	} else
		text_all();
	for (process = 0; process < SANDBOX_FILTERS; process++) {
		if (json && process > 0)
			printf(",\n");
		(json ? json_process : text_process)(process);
	}
	if (json)
		printf("] }\n");
	if (fflush(stdout) == 0 && !ferror(stdout))
		return (0);
	perror("softflowd: standard output");
	return (-1);
}
