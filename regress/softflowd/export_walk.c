/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* A strict reader of v5, v9 and IPFIX datagrams for tests. */

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

static const char *
walk_v5(struct walk *w, const uint8_t *p, size_t len)
{
	static const struct {
		uint16_t	element, off, length;
	} fields[] = {
		{ 10, 12, 2 }, { 14, 14, 2 }, { 2, 16, 4 }, { 1, 20, 4 },
		{ 22, 24, 4 }, { 21, 28, 4 }, { 7, 32, 2 }, { 11, 34, 2 },
		{ 6, 37, 1 }, { 4, 38, 1 }, { 5, 39, 1 }
	};
	struct walk_record	*r;
	size_t			 i;

	if (len < 24 || (len - 24) % 48 != 0)
		return ("length");
	w->count = load(p + 2, 2);
	w->uptime = load(p + 4, 4);
	w->seconds = load(p + 8, 4);
	w->nsecs = load(p + 12, 4);
	w->sequence = load(p + 16, 4);
	w->source_id = load(p + 20, 2);
	w->sampling = load(p + 22, 2);
	if (w->count == 0 || w->count > 30 || w->count != (len - 24) / 48)
		return ("count");
	for (p += 24; w->flows < w->count; p += 48) {
		r = &w->record[w->flows++];
		memcpy(r->src, p, 4);
		memcpy(r->dst, p + 4, 4);
		for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
			r->value[fields[i].element] =
			    load(p + fields[i].off, fields[i].length);
		if (load(p + 8, 4) != 0 || p[36] != 0 || load(p + 40, 8) != 0)
			return ("filler is not zero");
	}
	return (NULL);
}

static struct walk_template *
find_template(struct walk *w, uint16_t id)
{
	unsigned int	i;

	for (i = 0; i < w->ntemplates; i++)
		if (w->template[i].id == id)
			return (&w->template[i]);
	return (NULL);
}

static const char *
keep_template(struct walk *w, const struct walk_template *new)
{
	struct walk_template	*t;

	w->templates++;
	if ((t = find_template(w, new->id)) != NULL)
		return (memcmp(t, new, sizeof(*t)) == 0 ? NULL :
		    "template changed its meaning");
	if (w->ntemplates == WALK_TEMPLATES)
		return ("too many templates");
	w->template[w->ntemplates++] = *new;
	return (NULL);
}

/* One template record at p; its length, 0 when it is broken. */
static size_t
walk_template(struct walk *w, const uint8_t *p, size_t len, int options,
    const char **error)
{
	struct walk_template	t;
	size_t			head = options ? 6 : 4, i;

	memset(&t, 0, sizeof(t));
	*error = "template cut off";
	if (len < head)
		return (0);
	t.id = load(p, 2);
	t.count = load(p + 2, 2);
	t.options = options;
	if (options && w->version == 9)
		t.count = (t.count + load(p + 4, 2)) / 4;
	if (t.id < 256 || t.count > WALK_FIELDS || len < head + t.count * 4U)
		return (0);
	for (i = 0; i < t.count; i++) {
		t.element[i] = load(p + head + i * 4, 2);
		t.length[i] = load(p + head + i * 4 + 2, 2);
	}
	*error = keep_template(w, &t);
	return (head + t.count * 4U);
}

static const char *
walk_record(struct walk *w, const struct walk_template *t, const uint8_t *p)
{
	struct walk_record	*r;
	size_t			 i;

	if (!t->options && w->flows == WALK_RECORDS)
		return ("too many records");
	r = t->options ? &w->option : &w->record[w->flows];
	memset(r, 0, sizeof(*r));
	r->set_id = t->id;
	for (i = 0; i < t->count; p += t->length[i++]) {
		if (t->element[i] == 8 || t->element[i] == 27)
			memcpy(r->src, p, t->length[i]);
		else if (t->element[i] == 12 || t->element[i] == 28)
			memcpy(r->dst, p, t->length[i]);
		else if (t->element[i] == 82 && t->length[i] == 16)
			memcpy(r->src, p, 16);	/* a name */
		else if (t->element[i] > 511 || t->length[i] > 8)
			return ("element");
		else
			r->value[t->element[i]] = load(p, t->length[i]);
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
		if ((t = find_template(w, id)) == NULL)
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

	memset(&w->version, 0, sizeof(*w) - offsetof(struct walk, version));
	if (len < 20)
		return ("cut off");
	w->version = load(p, 2);
	switch (w->version) {
	case 5:
		return (walk_v5(w, p, len));
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
