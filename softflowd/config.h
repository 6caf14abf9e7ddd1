/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The configuration file, softflowd.conf(5).  A process of its own, our own
 * program with its channel on descriptor 3, reads it, confined to that; what
 * it answers are options, which the parent treats as it does those of the
 * command line.
 */

#ifndef CONFIG_H
#define CONFIG_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "compat.h"

/* argv[1] of the process that reads. */
#define CONFIG_ROLE	"--config"

#define CONFIG_FILE_MAX	(1U << 20)	/* octets of a file, */
#define CONFIG_LINE_MAX	8192		/* of a line */
#define CONFIG_ARG	4096		/* and of one setting, with its NUL */
#define CONFIG_ITEMS	256		/* settings */

#define CONFIG_EXPRESSION	'*'	/* in the place of an option's letter */

/* One setting, as the option that it stands for. */
struct config_item {
	uint32_t	line, column;	/* of its value, from 1 */
	int32_t		letter;		/* or CONFIG_EXPRESSION */
	char		arg[CONFIG_ARG];	/* empty: it has none */
};

/* What is wrong with a file, and where; line 0: nowhere. */
struct config_error {
	uint32_t	line, column;
	char		text[512];
};

/* A file, read. */
struct config {
	char			path[PATH_MAX];	/* as the operator wrote it */
	unsigned int		n;
	struct config_item	item[CONFIG_ITEMS];
};

/* Payloads are fixed structures, of exact length, as in msg.h. */
enum config_type {
	CONFIG_START = 1,	/* struct config_start, with the file */

	CONFIG_ITEM = 100,	/* struct config_item, in their order */
	CONFIG_ERROR,		/* struct config_error; the last one */
	CONFIG_END		/* empty; the last one */
};

struct config_start {
	uint32_t	root;		/* change ids to: */
	uint32_t	uid, gid;
	int32_t		parent;		/* its process id */
};

/*
 * config_parse.c: text to settings.  Pure; -1 with what is wrong.  path stays
 * as it is.
 */
int	config_parse(const char *text, size_t len, struct config *,
	    struct config_error *);

/*
 * config_keyword.c: what may stand in a file.  The keyword of an option's
 * letter, or of -o name; NULL: a file cannot say it.
 */
const char *config_keyword(int letter, const char *name);

/* config_role.c: the process that reads. */
__dead void config_main(void);

/*
 * config.c, in the parent.  options_load() of options.h stands there, too.
 * What the process says on its channel, until it has said all or milliseconds
 * have passed; -1 with what is wrong, or what was wrong with it.
 */
int	config_receive(int channel, int milliseconds, struct config *,
	    struct config_error *);

/*
 * Where files must stay readable for the configuration file to be: as it was
 * named and as it was found, for sandbox_parent().  How many there are.
 */
#define CONFIG_DIRS	2
unsigned int config_dirs(const char *dirs[CONFIG_DIRS]);

#endif
