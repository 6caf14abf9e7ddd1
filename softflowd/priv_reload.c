/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Reload: read the options anew, refuse what cannot be, have everything ready
 * that could fail, and only then bring them into force, by a hand-over if a
 * worker must be started with them.  Also what single clients wish.
 */

#include <sys/types.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "expire.h"
#include "log.h"
#include "netflow.h"
#include "priv_state.h"

#define WISHES_PER_SECOND	20

static int	  reload_argc;
static char	**reload_argv;

void
priv_reload_source(int argc, char *argv[])
{
	reload_argc = argc;
	reload_argv = argv;
}

/* What command line and file say now; options_free() releases it. */
static int
priv_options_read(struct options *opt, char *error, size_t errorlen)
{
	return (options_load(reload_argc, reload_argv, opt, error,
	    errorlen) == OPTIONS_RUN ? 0 : -1);
}

/* To the log, and to the client that asked. */
static void __attribute__((__format__(printf, 3, 4)))
reload_answer(int client, int failed, const char *fmt, ...)
{
	struct msg_wish_done	msg = { 0 };
	char			text[1024];
	va_list			ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_at(failed ? LOG_ERR : LOG_INFO, "%s", text);
	if (client == -1)
		return;
	strlcpy(msg.text, text, sizeof(msg.text));
	msg.client = (uint32_t)client;
	msg.failed = failed != 0;
	priv_worker_send(IMSG_WISH_DONE, -1, &msg, sizeof(msg));
}

static void
settings_send(void)
{
	struct msg_settings	msg = { 0 };

	msg.timeouts = priv.opt->timeouts;
	msg.sampling = priv.opt->sampling;
	msg.verbose = log_get_verbose();
	priv_worker_send(IMSG_SETTINGS, -1, &msg, sizeof(msg));
}

/* Put in force what is prepared.  The old options are needed by nobody. */
void
priv_reload_switch(void)
{
	struct priv_reload	*next = priv.reload;

	priv_capture_switch(next);
	if (!next->renewal) {
		options_free(priv.opt);
		*priv.opt = next->opt;
		priv_export_switch(next);
		log_set_verbose(priv.opt->debug);
		log_set_level(priv.opt->log_level);
	}
	free(next);
	priv.reload = NULL;
	if (priv.opt->ninterface > 0)
		priv_interfaces_changed();
}

static struct priv_reload *
reload_prepare(char *error, size_t errorlen)
{
	struct priv_reload	*next;

	if ((next = calloc(1, sizeof(*next))) == NULL) {
		snprintf(error, errorlen, "out of memory");
		return (NULL);
	}
	if (priv_options_read(&next->opt, error, errorlen) == 0) {
		if (change_find(priv.opt, &next->opt, &next->change, error,
		    errorlen) == 0 &&
		    priv_export_prepare(next, error, errorlen) == 0 &&
		    priv_capture_prepare(next, error, errorlen) == 0)
			return (next);
		priv_capture_abandon(next);
		options_free(&next->opt);
	}
	free(next);
	return (NULL);
}

void
priv_reload(int client)
{
	struct priv_reload	*next;
	char			 error[768];
	unsigned int		 need;

	if (priv.reload != NULL) {
		reload_answer(client, 1, "not reloaded: a reload is under "
		    "way");
		return;
	}
	priv_notify_reloading();
	if ((next = reload_prepare(error, sizeof(error))) == NULL) {
		reload_answer(client, 1, "not reloaded: %s", error);
		return;
	}
	need = next->change.need;
	if (log_get_verbose() != next->opt.debug)
		need |= CHANGE_SETTINGS;
	priv.reload = next;
	reload_answer(client, 0, "%s%s", next->change.text[0] == '\0' ?
	    "reloaded: nothing changed" : "reloaded: ", next->change.text);
	if (need & CHANGE_HANDOVER) {
		priv_handover_start();
		return;
	}
	priv_reload_switch();
	if (need & CHANGE_SETTINGS)
		settings_send();
}

/*
 * Wishes
 */

static int
wish_timeout(const struct msg_wish *msg)
{
	if (msg->which >= TIMEOUT_MAX || msg->value > LIMIT_TIMEOUT ||
	    (msg->value == 0 && !TIMEOUT_MAY_BE_0(msg->which)))
		return (-1);
	priv.opt->timeouts.seconds[msg->which] = msg->value;
	settings_send();
	reload_answer((int)msg->client, 0, "Timeout %s is now %u s.",
	    timeout_names[msg->which], msg->value);
	return (0);
}

static int
wish_sampling(const struct msg_wish *msg)
{
	unsigned int	i;

	if (msg->value < 1)
		return (-1);
	for (i = 0; i < priv.opt->ndest; i++)
		if (priv.opt->dest[i].version == 5 &&
		    msg->value > NETFLOW5_SAMPLING_MAX) {
			reload_answer((int)msg->client, 1, "NetFlow v5 cannot "
			    "announce more than 1 in %d; sampling stays 1 in "
			    "%u.", NETFLOW5_SAMPLING_MAX, priv.opt->sampling);
			return (0);
		}
	priv.opt->sampling = msg->value;
	settings_send();
	reload_answer((int)msg->client, 0, "Sampling is now 1 in %u.",
	    msg->value);
	return (0);
}

static int
wish_verbose(const struct msg_wish *msg)
{
	if (msg->value > 1)
		return (-1);
	log_set_verbose((int)msg->value);
	settings_send();
	reload_answer((int)msg->client, 0, "The log is now %s.",
	    msg->value ? "verbose" : "brief");
	return (0);
}

/* Who wishes on end would fill the log, and keep us reading files. */
static int
wishes_are_too_many(void)
{
	static int64_t		second;
	static unsigned int	n;
	int64_t			now = priv_now_ms() / 1000;

	if (now != second)
		n = 0;
	second = now;
	return (n++ >= WISHES_PER_SECOND);
}

int
priv_wish(const struct msg_wish *msg)
{
	struct msg_wish_done	busy = { .client = msg->client, .failed = 1 };

	if (msg->wish >= WISH_MAX)
		return (-1);
	if (wishes_are_too_many()) {
		snprintf(busy.text, sizeof(busy.text), "not done: more than "
		    "%d changes in a second; try again", WISHES_PER_SECOND);
		priv_worker_send(IMSG_WISH_DONE, -1, &busy, sizeof(busy));
		return (0);
	}
	/* Its words and ours have crossed. */
	if (priv.worker.phase != WORKER_RUNNING) {
		reload_answer((int)msg->client, 1, "not done: %s",
		    priv.worker.phase == WORKER_LEAVING ?
		    "a reload is under way" : "softflowd is about to end");
		return (0);
	}
	switch ((enum wish)msg->wish) {
	case WISH_TIMEOUT:
		return (wish_timeout(msg));
	case WISH_SAMPLING:
		return (wish_sampling(msg));
	case WISH_VERBOSE:
		return (wish_verbose(msg));
	case WISH_RELOAD:
	default:
		priv_reload((int)msg->client);
		return (0);
	}
}
