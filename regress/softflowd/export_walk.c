/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* A strict reader of v1, v5, v9 and IPFIX datagrams for tests. */

#include <string.h>

#include "export_walk.h"

static uint64_t
load(const uint8_t *p, size_t octets)
{
	uint64_t	value = 0;

	while (octets-- > 0)
		value = value << 8 | *p++;
	return (value);
}

/* Where v1 and v5, which have no templates, have their elements. */
struct fixed {
	uint16_t	element, off, length;
};
#define FIXED	8, 0, 4 }, { 12, 4, 4 }, { 10, 12, 2 }, { 14, 14, 2 },	\
    { 2, 16, 4 }, { 1, 20, 4 }, { 22, 24, 4 }, { 21, 28, 4 }, { 7, 32, 2 },	\
    { 11, 34, 2
static const struct fixed	fixed1[] = {
	{ FIXED }, { 4, 38, 1 }, { 5, 39, 1 }, { 6, 40, 1 }, { 0, 0, 0 }
};
static const struct fixed	fixed5[] = {
	{ FIXED }, { 6, 37, 1 }, { 4, 38, 1 }, { 5, 39, 1 }, { 0, 0, 0 }
};

/* Octets of a record that say nothing are zero. */
static const char *
walk_fixed_record(struct walk_record *r, const struct fixed *f,
    const uint8_t *p)
{
	uint8_t	rest[48];
	size_t	i;

	memset(r, 0, sizeof(*r));
	memcpy(rest, p, sizeof(rest));
	memcpy(r->src, p, 4);
	memcpy(r->dst, p + 4, 4);
	for (; f->element != 0; f++) {
		r->value[f->element] = load(p + f->off, f->length);
		memset(rest + f->off, 0, f->length);
	}
	for (i = 0; i < sizeof(rest); i++)
		if (rest[i] != 0)
			return ("filler is not zero");
	return (NULL);
}

static const char *
walk_fixed(struct walk *w, const uint8_t *p, size_t len)
{
	size_t		 header = w->version == 1 ? 16 : 24;
	uint32_t	 max = w->version == 1 ? 24 : 30;
	const char	*error = NULL;

	if (len < header || (len - header) % 48 != 0)
		return ("length");
	w->count = load(p + 2, 2);
	w->uptime = load(p + 4, 4);
	w->seconds = load(p + 8, 4);
	w->nsecs = load(p + 12, 4);
	if (w->version == 5) {
		w->sequence = load(p + 16, 4);
		w->source_id = load(p + 20, 2);
		w->sampling = load(p + 22, 2);
	}
	if (w->count == 0 || w->count > max ||
	    w->count != (len - header) / 48)
		return ("count");
	for (p += header; error == NULL && w->flows < w->count; p += 48)
		error = walk_fixed_record(&w->record[w->flows++],
		    w->version == 1 ? fixed1 : fixed5, p);
	return (error);
}

static const char *
keep_template(struct walk *w, const struct walk_template *new)
{
	const struct walk_template	*t;

	w->templates++;
	if ((t = walk_template_of(w, new->id)) != NULL)
		return (memcmp(t, new, sizeof(*t)) == 0 ? NULL :
		    "template changed its meaning");
	if (w->ntemplates == WALK_TEMPLATES)
		return ("too many templates");
	w->template[w->ntemplates++] = *new;
	return (NULL);
}

/* One field specifier; its length, 0 when it is broken. */
static size_t
walk_field(const struct walk *w, struct walk_template *t, unsigned int i,
    const uint8_t *p, size_t len)
{
	if (len < 4)
		return (0);
	t->element[i] = load(p, 2) & 0x7fff;
	t->length[i] = load(p + 2, 2);
	if ((p[0] & 0x80) == 0)
		return (4);
	if (w->version != 10 || len < 8 || load(p + 4, 4) != WALK_REVERSE)
		return (0);
	t->reverse[i] = 1;
	return (8);
}

/* One template record at p; its length, 0 when it is broken. */
static size_t
walk_template(struct walk *w, const uint8_t *p, size_t len, int options,
    const char **error)
{
	struct walk_template	t;
	size_t			at = options ? 6 : 4, n;
	unsigned int		i;

	memset(&t, 0, sizeof(t));
	*error = "template cut off";
	if (len < at)
		return (0);
	t.id = load(p, 2);
	t.count = load(p + 2, 2);
	t.options = options;
	if (options)
		t.scopes = load(p + 4, 2);
	if (options && w->version == 9) {
		t.scopes = t.count / 4;
		t.count = (t.count + load(p + 4, 2)) / 4;
	}
	*error = "template";
	if (t.id < 256 || t.count == 0 || t.count > WALK_FIELDS ||
	    t.scopes > t.count || (options && t.scopes == 0))
		return (0);
	for (i = 0; i < t.count; i++, at += n)
		if ((n = walk_field(w, &t, i, p + at, len - at)) == 0)
			return (0);
	*error = keep_template(w, &t);
	return (at);
}

/* Whether an element's octets are kept as they are. */
static uint8_t *
walk_octets(struct walk_record *r, uint16_t element, uint16_t length)
{
	switch (element) {
	case 8:
	case 27:
		return (length == (element == 8 ? 4 : 16) ? r->src : NULL);
	case 12:
	case 28:
		return (length == (element == 12 ? 4 : 16) ? r->dst : NULL);
	case 82:
		return (length == 16 ? r->src : NULL);	/* a name */
	case 131:
		return (length == 16 ? r->exporter[0] : NULL);
	case 404:
		return (length == 16 ? r->exporter[1] : NULL);
	default:
		return (NULL);
	}
}

static const char *
walk_record(struct walk *w, const struct walk_template *t, const uint8_t *p)
{
	struct walk_record	*r;
	uint8_t			*octets;
	uint64_t		*value;
	unsigned int		 i, j;

	if (w->flows == WALK_RECORDS || w->options == WALK_OPTIONS)
		return ("too many records");
	r = t->options ? &w->option[w->options] : &w->record[w->flows];
	memset(r, 0, sizeof(*r));
	r->set_id = t->id;
	for (i = 0; i < t->count; p += t->length[i++]) {
		octets = walk_octets(r, t->element[i], t->length[i]);
		if (octets != NULL) {
			memcpy(octets, p, t->length[i]);
			continue;
		}
		if (t->element[i] > 511 || t->length[i] > 8)
			return ("element");
		value = t->reverse[i] ? r->reverse : r->value;
		for (j = 0; j < i; j++)
			if (t->element[j] == t->element[i] &&
			    t->reverse[j] == t->reverse[i])
				value = NULL;
		if (value == NULL)
			r->again = load(p, t->length[i]);
		else
			value[t->element[i]] = load(p, t->length[i]);
	}
	if (t->options)
		w->options++;
	else
		w->flows++;
	return (NULL);
}

/* A set without its head. */
static const char *
walk_set(struct walk *w, uint16_t id, const uint8_t *p, size_t len)
{
	const struct walk_template	*t = NULL;
	const char			*error = NULL;
	size_t				 i, n, size = 4;
	int				 base = w->version == 9 ? 0 : 2;

	if (id > base + 1) {
		if ((t = walk_template_of(w, id)) == NULL)
			return ("data before its template");
		for (i = size = 0; i < t->count; i++)
			size += t->length[i];
	}
	if (len < size)
		return ("set without a record");
	for (; error == NULL && len >= size; p += n, len -= n) {
		if (t != NULL) {
			n = size;
			error = walk_record(w, t, p);
		} else
			n = walk_template(w, p, len, id != base, &error);
	}
	while (error == NULL && len-- > 0)
		if (*p++ != 0)
			error = "padding is not zero";
	return (error);
}

static const char *
walk_sets(struct walk *w, const uint8_t *p, size_t len)
{
	const char	*error;
	size_t		 n;

	while (len > 0) {
		if (len < 4 || (n = load(p + 2, 2)) < 4 || n > len ||
		    n % 4 != 0)
			return ("set length");
		w->sets++;
		if ((error = walk_set(w, load(p, 2), p + 4, n - 4)) != NULL)
			return (error);
		p += n;
		len -= n;
	}
	return (NULL);
}

const char *
walk_datagram(struct walk *w, const uint8_t *p, size_t len)
{
	const char	*error;

	memset(&w->version, 0, offsetof(struct walk, option) -
	    offsetof(struct walk, version));
	if (len < 20)
		return ("cut off");
	w->version = load(p, 2);
	switch (w->version) {
	case 1:
	case 5:
		return (walk_fixed(w, p, len));
	case 9:
		w->count = load(p + 2, 2);
		w->uptime = load(p + 4, 4);
		w->seconds = load(p + 8, 4);
		w->sequence = load(p + 12, 4);
		w->source_id = load(p + 16, 4);
		error = walk_sets(w, p + 20, len - 20);
		if (error == NULL &&
		    w->count != w->templates + w->options + w->flows)
			error = "count";
		return (error);
	case 10:
		w->seconds = load(p + 4, 4);
		w->sequence = load(p + 8, 4);
		w->source_id = load(p + 12, 4);
		if (load(p + 2, 2) != len)
			return ("length");
		return (walk_sets(w, p + 16, len - 16));
	default:
		return ("version");
	}
}

const struct walk_template *
walk_template_of(const struct walk *w, uint16_t id)
{
	unsigned int	i;

	for (i = 0; i < w->ntemplates; i++)
		if (w->template[i].id == id)
			return (&w->template[i]);
	return (NULL);
}

const struct walk_record *
walk_option(const struct walk *w, uint16_t id)
{
	unsigned int	i;

	for (i = 0; i < w->options; i++)
		if (w->option[i].set_id == id)
			return (&w->option[i]);
	return (NULL);
}

uint16_t
walk_length(const struct walk *w, uint16_t id, uint16_t element, int reverse)
{
	const struct walk_template	*t = walk_template_of(w, id);
	unsigned int			 i;

	for (i = 0; t != NULL && i < t->count; i++)
		if (t->element[i] == element && t->reverse[i] == reverse)
			return (t->length[i]);
	return (0);
}
