/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Where packets come from, in the parent: opened at the start, and at a
 * reload opened beside what is read now, until that is to be read no more.
 */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "priv_state.h"
#include "sandbox.h"

/*
 * Standard input as it is, unless it can be written to as well: then anew,
 * for a worker must have no way out that we did not make.
 */
static int
open_stdin(void)
{
	struct stat	sb;
	int		fd, flags;

	if ((flags = fcntl(STDIN_FILENO, F_GETFL)) == -1)
		return (-1);
	if ((flags & O_ACCMODE) == O_RDONLY)
		return (fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, PRIV_FD_BASE));
	fd = open("/dev/stdin", O_RDONLY | O_CLOEXEC);
	/*
	 * The same again is what a BSD gives.  FreeBSD's pipes have both
	 * directions, and nobody at the other end who reads.
	 */
	if (fd == -1 || fstat(fd, &sb) == -1 || S_ISFIFO(sb.st_mode) ||
	    (flags = fcntl(fd, F_GETFL)) == -1 ||
	    (flags & O_ACCMODE) == O_RDONLY)
		return (fd);
	close(fd);
	fatalx("-: standard input can be written to; redirect it from a file "
	    "or a pipe");
}

static void
open_savefile(void)
{
	const char		*path = priv.opt->savefile;
	struct priv_capture	*cap = &priv.capture[0];
	struct stat		 sb;
	char			 error[256];

	priv.ncapture = 1;
	cap->conf.kind = CAPTURE_SAVEFILE;
	cap->fd = strcmp(path, "-") == 0 ? open_stdin() :
	    open(path, O_RDONLY | O_CLOEXEC);
	if (cap->fd == -1 || fstat(cap->fd, &sb) == -1)
		fatal("%s", priv.opt->savefile);
	priv.capture_pipe = !S_ISREG(sb.st_mode);
	if (priv.opt->filter == NULL)
		return;
	priv.filter_fd = capture_compile_savefile(priv.opt->filter,
	    &priv.filter, error, sizeof(error));
	if (priv.filter_fd == -1)
		fatalx("filter expression \"%s\": %s", priv.opt->filter,
		    error);
}

/* What may change while the socket stays. */
void
priv_capture_name(struct priv_capture *cap,
    const struct options_interface *interface)
{
	cap->params.optional = interface->optional;
	cap->fixed = interface->number != 0;
	cap->number = cap->fixed ? interface->number : cap->ifindex;
	strlcpy(cap->interface, interface->name, sizeof(cap->interface));
	cap->params.interface = cap->interface;
}

int
priv_capture_live(struct priv_capture *cap, unsigned int slot,
    const struct options *opt, const struct options_interface *interface,
    const char *except, char *error, size_t errorlen)
{
	memset(cap, 0, sizeof(*cap));
	cap->params.interface = interface->name;
	cap->params.filter = opt->filter;
	cap->params.except = except;
	cap->params.snaplen = opt->snaplen;
	cap->params.buffer = opt->buffer;
	cap->params.share = opt->ninterface;
	cap->params.promisc = opt->promisc;
	cap->params.optional = interface->optional;
	cap->params.ignore_outgoing = opt->ignore_outgoing;
	cap->params.apart = priv.confined ? sandbox_compiler : NULL;
	cap->fd = capture_open_live(&cap->params, &cap->conf, error, errorlen);
	if (cap->fd == -1)
		return (-1);
	/* They are for opening only, and do not live on. */
	cap->params.filter = cap->params.except = NULL;
	cap->conf.slot = slot;
	cap->ifindex = capture_bound(cap->fd, &cap->hardware);
	priv_capture_name(cap, interface);
	strlcpy(cap->name, interface->name, sizeof(cap->name));
	if (cap->ifindex == 0 && interface->optional)
		log_info("%s: no such interface yet; waiting for it",
		    interface->name);
	/* By one number they are one. */
	if (cap->fixed)
		cap->conf.flags &= ~(uint32_t)MSG_CAPTURE_ANY;
	return (0);
}

static void
open_live(void)
{
	char				*except = NULL;
	const struct priv_capture	*other;
	struct priv_capture		*cap;
	char				 error[768];
	unsigned int			 i;

	if (!priv.opt->keep_own && priv_own_filter(&except) == -1)
		fatal("filter");
	for (i = 0; i < priv.opt->ninterface; i++) {
		cap = &priv.capture[i];
		if (priv_capture_live(cap, i, priv.opt,
		    &priv.opt->interface[i], except, error,
		    sizeof(error)) == -1)
			fatalx("%s", error);
		other = priv_interface_holder(cap->ifindex, cap);
		if (other != NULL)
			fatalx("-i %s and -i %s are one interface; give one "
			    "of them", other->name, cap->name);
		priv.capture_slot[i] = (uint8_t)i;
		priv.ncapture++;
	}
	free(except);
	priv_interfaces_open();
}

void
priv_capture_open(void)
{
	if (priv.opt->savefile != NULL)
		open_savefile();
	else if (priv.opt->npeer > 0)
		priv_psamp_open();
	else
		open_live();
}

/*
 * Reload.  A source that is read no more keeps its slot, for flows know it by
 * that, and its socket, in which packets may wait, until both are needed.
 */

/*
 * A slot for one more; -1: there is none.  That which it had before, or one
 * never used, or the one that was left first.
 */
static int
slot_for_another(const struct priv_reload *next, const char *name)
{
	const struct priv_capture	*cap, *oldest = NULL;

	for (cap = priv.capture; cap < priv.capture + priv.ncapture; cap++) {
		if (cap->removed == 0 || next->opened & 1U << cap->conf.slot)
			continue;
		if (strcmp(cap->interface, name) == 0)
			return ((int)cap->conf.slot);
		if (oldest == NULL || cap->removed < oldest->removed)
			oldest = cap;
	}
	if (next->ncapture < MAX_CAPTURE)
		return ((int)next->ncapture);
	return (oldest == NULL ? -1 : (int)oldest->conf.slot);
}

/* The source that is to read this interface as well; NULL: none. */
static const struct priv_capture *
same_interface(const struct priv_reload *next, unsigned int n,
    uint32_t ifindex)
{
	const struct priv_capture	*cap;
	unsigned int			 i, slot;
	int				 hardware;

	for (i = 0; i < n && ifindex != 0; i++) {
		slot = next->capture_slot[i];
		cap = next->opened & 1U << slot ? &next->capture[slot] :
		    &priv.capture[slot];
		if (capture_bound(cap->fd, &hardware) == ifindex)
			return (cap);
	}
	return (NULL);
}

static int
prepare_one(struct priv_reload *next, unsigned int i, const char *except,
    char *error, size_t errorlen)
{
	const struct options_interface	*interface = &next->opt.interface[i];
	const struct priv_capture	*other;
	int				 old = next->change.interface[i], slot;

	slot = old == CHANGE_NEW ? slot_for_another(next,
	    interface->name) :
	    priv.capture_slot[old];
	if (slot == -1) {
		snprintf(error, errorlen, "-i %s: there is no room for one "
		    "more of %d until others have been removed by an earlier "
		    "reload; restart softflowd, or reload twice",
		    interface->name, MAX_CAPTURE);
		return (-1);
	}
	next->capture_slot[i] = (uint8_t)slot;
	next->stays |= 1U << slot;
	if (old != CHANGE_NEW && !(next->change.need & CHANGE_CAPTURE))
		return (0);
	if (priv_capture_live(&next->capture[slot], (unsigned int)slot,
	    &next->opt, interface, except, error, errorlen) == -1)
		return (-1);
	next->opened |= 1U << slot;
	next->capture[slot].conf.flags |= MSG_CAPTURE_FRESH;
	/* What waits in the old one is to be read before. */
	if ((unsigned int)slot < next->ncapture)
		next->replaced |= 1U << slot;
	else
		next->ncapture++;
	other = same_interface(next, i, next->capture[slot].ifindex);
	if (other == NULL)
		return (0);
	snprintf(error, errorlen, "-i %s and -i %s are one interface; give "
	    "one of them", other->name, interface->name);
	return (-1);
}

/*
 * What waits in one that is removed is to be read before one takes its place
 * on which nothing comes any more.
 */
static int
prepare_removal(struct priv_reload *next, unsigned int slot, char *error,
    size_t errorlen)
{
	const struct capture_params	 none = {
		.interface = "", .snaplen = priv.opt->snaplen, .optional = 1
	};
	struct priv_capture		*cap = &next->capture[slot];

	*cap = priv.capture[slot];
	cap->fd = capture_open_live(&none, &cap->conf, error, errorlen);
	if (cap->fd == -1)
		return (-1);
	cap->conf.flags |= MSG_CAPTURE_FRESH;
	next->opened |= 1U << slot;
	next->replaced |= 1U << slot;
	return (0);
}

int
priv_capture_prepare(struct priv_reload *next, char *error, size_t errorlen)
{
	char		*except = NULL;
	unsigned int	 i;
	int		 rv = 0;

	if (!next->opt.keep_own && priv_own_filter(&except) == -1) {
		strlcpy(error, strerror(errno), errorlen);
		return (-1);
	}
	next->ncapture = priv.ncapture;
	for (i = 0; i < next->opt.ninterface && rv == 0; i++)
		rv = prepare_one(next, i, except, error, errorlen);
	free(except);
	if (capture_can_rebind || next->opt.ninterface == 0)
		return (rv);
	for (i = 0; i < priv.ncapture && rv == 0; i++)
		if (!(next->stays & 1U << i) && priv.capture[i].removed == 0)
			rv = prepare_removal(next, i, error, errorlen);
	return (rv);
}

int
priv_capture_renewal_waits(void)
{
	return (priv.worker.phase == WORKER_FINISHING ||
	    priv.worker.phase == WORKER_FINISHED || (priv.reload != NULL &&
	    (!priv.reload->renewal || priv.reload->tries > 0)));
}

/* The options stay as they are. */
static struct priv_reload *
renewal(void)
{
	struct priv_reload	*next = priv.reload;

	if (next == NULL && (next = calloc(1, sizeof(*next))) != NULL) {
		next->renewal = 1;
		next->ncapture = priv.ncapture;
		priv.reload = next;
	}
	return (next);
}

int
priv_capture_renew(const struct priv_capture *cap, char *error,
    size_t errorlen)
{
	struct options_interface	 interface = { 0 };
	struct priv_capture		 new;
	struct priv_reload		*next;
	char				 name[INTERFACE_NAME], *except = NULL;
	int				 rv;

	strlcpy(name, cap->interface, sizeof(name));
	interface.name = name;
	interface.number = cap->fixed ? (uint16_t)cap->number : 0;
	if (!priv.opt->keep_own && priv_own_filter(&except) == -1) {
		strlcpy(error, strerror(errno), errorlen);
		return (-1);
	}
	rv = priv_capture_live(&new, cap->conf.slot, priv.opt, &interface,
	    except, error, errorlen);
	free(except);
	if (rv == -1)
		return (-1);
	if ((next = renewal()) == NULL) {
		strlcpy(error, strerror(errno), errorlen);
		close(new.fd);
		return (-1);
	}
	new.conf.flags |= MSG_CAPTURE_FRESH;
	new.params.optional = cap->params.optional;
	next->capture[cap->conf.slot] = new;
	next->opened |= 1U << cap->conf.slot;
	next->replaced |= 1U << cap->conf.slot;
	next->returned |= 1U << cap->conf.slot;
	return (0);
}

void
priv_capture_abandon(struct priv_reload *next)
{
	unsigned int	i;

	for (i = 0; i < MAX_CAPTURE; i++)
		if (next->opened & 1U << i)
			close(next->capture[i].fd);
	next->opened = 0;
}

void
priv_capture_switch(struct priv_reload *next)
{
	static uint64_t		 removals;
	struct priv_capture	*cap;
	unsigned int		 i;

	for (i = 0; i < next->ncapture; i++) {
		cap = &priv.capture[i];
		if (next->opened & 1U << i) {
			if (i < priv.ncapture)
				close(cap->fd);
			*cap = next->capture[i];
			cap->params.interface = cap->interface;
		}
		if (!(next->stays & 1U << i) && cap->removed == 0 &&
		    next->opt.ninterface > 0) {
			if (capture_can_rebind)
				capture_unbind(cap->fd, &cap->params);
			cap->removed = ++removals;
			cap->conf.flags |= MSG_CAPTURE_REMOVED;
			cap->ifindex = 0;
		}
	}
	next->opened = 0;
	priv.ncapture = next->ncapture;
	if (next->renewal)
		return;
	memcpy(priv.capture_slot, next->capture_slot,
	    sizeof(priv.capture_slot));
	for (i = 0; i < next->opt.ninterface; i++)
		priv_capture_name(&priv.capture[priv.capture_slot[i]],
		    &next->opt.interface[i]);
}
