/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Options records: sampling rates in both dialects, names of interfaces, the
 * time of initialisation, and totals against those before and against what
 * was received.  Part of the test collector.
 */

#include <string.h>

#include "message.h"

static void
rate_set(struct message *m, int dialect, uint64_t rate)
{
	if (rate == 0)
		return;
	m->session->rates[dialect] = rate;
	m->session->sampling = rate > UINT32_MAX ? UINT32_MAX :
	    (uint32_t)rate;
	m->rates = 1;
}

/* Elements 34 and 35, or 48 to 50. */
static int
options_sampling(struct message *m, const struct found *f, size_t off)
{
	static const struct {
		enum element rate;
		enum element mode;
	} forms[2] = {
		{ EL_SAMPLER_RANDOM, EL_SAMPLER_MODE },
		{ EL_SAMPLING, EL_SAMPLING_ALGORITHM }
	};
	uint64_t rate, mode;
	size_t i;

	for (i = 0; i < 2; i++) {
		mode = element_number(f->at[forms[i].mode]);
		if (f->at[forms[i].mode] != NULL && mode != 1 && mode != 2)
			return (message_fail(m, RULE_SAMPLING, off));
		if (f->at[forms[i].rate] == NULL)
			continue;
		if ((rate = element_number(f->at[forms[i].rate])) == 0)
			return (message_fail(m, RULE_SAMPLING, off));
		rate_set(m, RATE_OLD, rate);
	}
	return (0);
}

/* Element 311 as a rate, 0 if it is no probability. */
static uint64_t
probability_rate(const struct value *v)
{
	uint64_t bits = element_number(v);
	double p;

	memcpy(&p, &bits, sizeof(p));
	if (!(p > 0 && p <= 1))
		return (0);
	return (1 / p < 1e18 ? (uint64_t)(1 / p + 0.5) : UINT64_MAX);
}

/* The parameters that each selectorAlgorithm takes; RFC 5477, section 8.2. */
static int
options_selector(struct message *m, const struct found *f, size_t off)
{
	const struct value *algorithm = f->at[EL_SELECTOR_ALGORITHM];
	uint64_t taken = element_number(f->at[EL_SAMPLING_INTERVAL]), of = 0;

	if (f->at[EL_SAMPLING_SPACE] != NULL)
		of = taken + element_number(f->at[EL_SAMPLING_SPACE]);
	if (algorithm == NULL) {
		if (taken != 0)
			rate_set(m, RATE_SELECTOR, of / taken);
		return (0);
	}
	switch (element_number(algorithm)) {
	case 1:
		break;
	case 2:
		if (element_number(f->at[EL_TIME_INTERVAL]) == 0 ||
		    f->at[EL_TIME_SPACE] == NULL)
			return (message_fail(m, RULE_SELECTOR, off));
		return (0);
	case 3:
		taken = element_number(f->at[EL_SAMPLING_SIZE]);
		of = element_number(f->at[EL_SAMPLING_POPULATION]);
		break;
	case 4:
		taken = 1;
		of = probability_rate(f->at[EL_SAMPLING_PROBABILITY]);
		break;
	case 5: case 6: case 7: case 8:
		return (0);
	default:
		taken = 0;
	}
	if (taken == 0 || of < taken)
		return (message_fail(m, RULE_SELECTOR, off));
	rate_set(m, RATE_SELECTOR, of / taken);
	return (0);
}

static int
options_boot(struct message *m, const struct found *f, size_t off)
{
	uint64_t boot = element_number(f->at[EL_BOOT]);

	if (f->at[EL_BOOT] == NULL)
		return (0);
	/* Export time is in whole seconds; a clock may be set back. */
	if (boot == 0 || boot >= m->time_us / 1000 + 1000 ||
	    (m->session->boot_ms != 0 && m->session->boot_ms < boot))
		return (message_fail(m, RULE_BOOT, off));
	m->session->boot_ms = boot;
	return (0);
}

/* Some characters, then zeros only. */
static int
options_name(struct message *m, const struct found *f, size_t off)
{
	const struct value *v = f->at[EL_IF_NAME];
	size_t i, len = 0;

	if (v == NULL)
		return (0);
	while (len < v->length && v->data[len] != '\0') {
		if (v->data[len] < ' ' || v->data[len] == 0x7f)
			return (message_fail(m, RULE_NAME, off));
		len++;
	}
	for (i = len; i < v->length; i++) {
		if (v->data[i] != '\0')
			return (message_fail(m, RULE_NAME, off));
	}
	return (len == 0 ? message_fail(m, RULE_NAME, off) : 0);
}

static uint64_t
total_scope(const struct message *m)
{
	const struct value *v = &m->decoder->values[0];

	return (v->length > 8 ? 0 : element_number(v));
}

/*
 * A total never falls.  nth: of those with the same element in one record.
 * The first scope field says what it is about.
 */
int
options_total(struct message *m, const struct value *v, uint16_t nth,
    size_t off)
{
	struct session *s = m->session;
	uint64_t value = element_number(v);
	struct total *t;

	for (t = s->totals; t < s->totals + s->ntotals; t++) {
		if (t->id != v->id || t->nth != nth ||
		    t->scope != total_scope(m))
			continue;
		if (value < t->value)
			return (message_fail(m, RULE_TOTAL_FELL, off));
		t->value = value;
		return (0);
	}
	if (s->ntotals == TOTALS_MAX)
		return (message_fail(m, RULE_LIMIT, off));
	s->ntotals++;
	t->id = v->id;
	t->nth = nth;
	t->scope = total_scope(m);
	t->value = value;
	return (0);
}

/*
 * Those that we can count ourselves, without the message in hand.  Connections
 * before this one may have taken some.
 */
static int
total_received(struct message *m, const struct found *f, enum element e,
    uint64_t count, size_t off)
{
	uint64_t value = element_number(f->at[e]);

	if (f->at[e] == NULL || (m->session->whole &&
	    m->from->carrier == CARRIER_UDP ? value == count :
	    value >= count))
		return (0);
	return (message_fail(m, RULE_TOTAL_WRONG, off));
}

static int
options_totals(struct message *m, const struct found *f, size_t off)
{
	int e;

	for (e = EL_COUNTED; e < EL_PRINTED; e++) {
		if (f->at[e] != NULL &&
		    options_total(m, f->at[e], 0, off) == -1)
			return (-1);
	}
	if (f->at[EL_PACKETS_OBSERVED] != NULL &&
	    element_number(f->at[EL_PACKETS_SELECTED]) >
	    element_number(f->at[EL_PACKETS_OBSERVED]))
		return (message_fail(m, RULE_SELECTED, off));
	if (total_received(m, f, EL_EXPORTED_OCTETS, m->session->octets,
	    off) == -1 || total_received(m, f, EL_EXPORTED_MESSAGES,
	    m->session->messages, off) == -1)
		return (-1);
	return (total_received(m, f, EL_EXPORTED_FLOWS,
	    m->session->flow_records, off));
}

int
options_record(struct message *m, const struct template *t,
    const struct found *f, size_t off)
{
	const struct decoder_config *c = &m->decoder->config;
	struct options_record o;

	if (options_boot(m, f, off) == -1 ||
	    options_sampling(m, f, off) == -1 ||
	    options_selector(m, f, off) == -1 ||
	    options_name(m, f, off) == -1 ||
	    options_totals(m, f, off) == -1 ||
	    psamp_options(m, t, f, off) == -1)
		return (-1);
	if (c->options == NULL)
		return (0);
	o.values = m->decoder->values;
	o.nvalues = t->nfields;
	o.source_id = m->session->source_id;
	o.version = m->version;
	o.template_id = t->id;
	c->options(c->arg, &o);
	return (0);
}
