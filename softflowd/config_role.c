/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The process that reads the configuration file.  Takes over a descriptor of
 * it, confines itself, and only then reads and parses it; says what it says,
 * or what is wrong, and ends.
 */

#include <sys/types.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "imsg.h"
#include "sandbox.h"

/* To the parent; one that is gone needs no answer. */
static void
say(struct imsgbuf *channel, enum config_type type, const void *data,
    size_t len)
{
	if (imsg_compose(channel, type, 0, 0, -1, data, len) == -1 ||
	    imsgbuf_flush(channel) == -1)
		_exit(1);
}

static __dead void
fail(struct imsgbuf *channel, struct config_error *error)
{
	say(channel, CONFIG_ERROR, error, sizeof(*error));
	_exit(0);
}

/* The parent's one message; the file gets its place. */
static void
get_start(struct imsgbuf *channel, struct config_start *start)
{
	struct imsg	imsg;
	int		fd, n;

	do {
		if (imsgbuf_read(channel) != 1)
			_exit(1);
	} while ((n = imsgbuf_get(channel, &imsg)) == 0);
	if (n == -1 || imsg_get_type(&imsg) != CONFIG_START ||
	    imsg_get_data(&imsg, start, sizeof(*start)) == -1 ||
	    (fd = imsg_get_fd(&imsg)) == -1)
		_exit(1);
	imsg_free(&imsg);
	if (fd != FD_SAVEFILE &&
	    (dup2(fd, FD_SAVEFILE) == -1 || close(fd) == -1))
		_exit(1);
}

static void
lock(struct imsgbuf *channel, const struct config_start *start)
{
	struct sandbox_worker	 box = { 0 };
	struct config_error	 error = { 0 };
	uint32_t		 layers, abi;
	const char		*step;

	box.root = start->root != 0;
	box.uid = start->uid;
	box.gid = start->gid;
	box.chroot_fd = FD_CHROOT;
	box.parent = start->parent;
	if (!box.root)
		close(FD_CHROOT);
	if (sandbox_config(&box, &layers, &abi, &step) == 0)
		return;
	snprintf(error.text, sizeof(error.text), "the confinement of who "
	    "reads it failed at %s: %s", step, strerror(errno));
	fail(channel, &error);
}

void
config_main(void)
{
	static char		 text[CONFIG_FILE_MAX + 1];
	static struct config	 config;
	struct config_error	 error = { 0 };
	struct config_start	 start;
	struct imsgbuf		 channel;
	size_t			 len = 0;
	unsigned int		 i;
	ssize_t			 n;

	if (sandbox_worker_start() == -1 ||
	    imsgbuf_init(&channel, FD_CHANNEL) == -1)
		_exit(1);
	imsgbuf_allow_fdpass(&channel);
	get_start(&channel, &start);
	lock(&channel, &start);
	while ((n = read(FD_SAVEFILE, text + len, sizeof(text) - len)) > 0)
		len += (size_t)n;
	if (n == -1 || len > CONFIG_FILE_MAX) {
		snprintf(error.text, sizeof(error.text), "%s", n == -1 ?
		    strerror(errno) : "longer than 1 MiB");
		fail(&channel, &error);
	}
	if (config_parse(text, len, &config, &error) == -1)
		fail(&channel, &error);
	for (i = 0; i < config.n; i++)
		say(&channel, CONFIG_ITEM, &config.item[i],
		    sizeof(config.item[i]));
	say(&channel, CONFIG_END, NULL, 0);
	_exit(0);
}
