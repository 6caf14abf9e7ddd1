/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Information elements: their lengths, names and types of values.  Part of the
 * test collector.
 */

#include "message.h"

/* Unsigned numbers may be sent shorter than they are, the others not. */
static const struct {
	uint16_t	 id;
	uint16_t	 length;
	int		 exact;
	const char	*name;		/* printed only */
} elements[EL_MAX] = {
	[EL_OCTETS] = { 1, 8, 0, NULL },
	[EL_PACKETS] = { 2, 8, 0, NULL },
	[EL_PROTO] = { 4, 1, 0, NULL },
	[EL_TOS] = { 5, 1, 0, NULL },
	[EL_TCPFLAGS] = { 6, 2, 0, NULL },
	[EL_SPORT] = { 7, 2, 0, NULL },
	[EL_SRC4] = { 8, 4, 1, NULL },
	[EL_IN] = { 10, 4, 0, NULL },
	[EL_DPORT] = { 11, 2, 0, NULL },
	[EL_DST4] = { 12, 4, 1, NULL },
	[EL_OUT] = { 14, 4, 0, NULL },
	[EL_LAST_UPTIME] = { 21, 4, 0, NULL },
	[EL_FIRST_UPTIME] = { 22, 4, 0, NULL },
	[EL_SRC6] = { 27, 16, 1, NULL },
	[EL_DST6] = { 28, 16, 1, NULL },
	[EL_ICMP4] = { 32, 2, 0, NULL },
	[EL_SAMPLING] = { 34, 4, 0, NULL },
	[EL_SAMPLER_RANDOM] = { 50, 4, 0, NULL },
	[EL_REASON] = { 136, 1, 0, NULL },
	[EL_ICMP6] = { 139, 2, 0, NULL },
	[EL_FIRST_S] = { 150, 4, 1, NULL },
	[EL_LAST_S] = { 151, 4, 1, NULL },
	[EL_FIRST_MS] = { 152, 8, 1, NULL },
	[EL_LAST_MS] = { 153, 8, 1, NULL },
	[EL_FIRST_US] = { 154, 8, 1, NULL },
	[EL_LAST_US] = { 155, 8, 1, NULL },
	[EL_FIRST_NS] = { 156, 8, 1, NULL },
	[EL_LAST_NS] = { 157, 8, 1, NULL },
	[EL_SAMPLING_ALGORITHM] = { 35, 1, 0, NULL },
	[EL_SAMPLER_MODE] = { 49, 1, 0, NULL },
	[EL_IF_NAME] = { 82, FIELD_VARIABLE, 0, NULL },
	[EL_BOOT] = { 160, 8, 1, NULL },
	[EL_SEQUENCE_ID] = { 301, 8, 0, NULL },
	[EL_SELECTOR_ID] = { 302, 8, 0, NULL },
	[EL_SELECTOR_ALGORITHM] = { 304, 2, 0, NULL },
	[EL_SAMPLING_INTERVAL] = { 305, 4, 0, NULL },
	[EL_SAMPLING_SPACE] = { 306, 4, 0, NULL },
	[EL_TIME_INTERVAL] = { 307, 4, 0, NULL },
	[EL_TIME_SPACE] = { 308, 4, 0, NULL },
	[EL_SAMPLING_SIZE] = { 309, 4, 0, NULL },
	[EL_SAMPLING_POPULATION] = { 310, 4, 0, NULL },
	[EL_SAMPLING_PROBABILITY] = { 311, 8, 1, NULL },
	[EL_FRAME_SIZE] = { 312, 2, 0, NULL },
	[EL_SECTION_IP] = { 313, FIELD_VARIABLE, 0, NULL },
	[EL_SECTION_PAYLOAD] = { 314, FIELD_VARIABLE, 0, NULL },
	[EL_SECTION_FRAME] = { 315, FIELD_VARIABLE, 0, NULL },
	[EL_SECTION_MPLS] = { 316, FIELD_VARIABLE, 0, NULL },
	[EL_SECTION_MPLS_PAYLOAD] = { 317, FIELD_VARIABLE, 0, NULL },
	[EL_SECTION_OCTETS] = { 410, 2, 0, NULL },
	[EL_OBSERVED_S] = { 322, 4, 1, NULL },
	[EL_OBSERVED_MS] = { 323, 8, 1, NULL },
	[EL_OBSERVED_US] = { 324, 8, 1, NULL },
	[EL_OBSERVED_NS] = { 325, 8, 1, NULL },
	[EL_EXPORTED_OCTETS] =
	{ 40, 8, 0, NULL }, { 41, 8, 0, NULL }, { 42, 8, 0, NULL },
	{ 163, 8, 0, NULL }, { 164, 8, 0, NULL }, { 165, 8, 0, NULL },
	{ 166, 8, 0, NULL }, { 167, 8, 0, NULL }, { 168, 8, 0, NULL },
	[EL_PACKETS_OBSERVED] = { 318, 8, 0, NULL },
	[EL_PACKETS_SELECTED] = { 319, 8, 0, NULL },
	[EL_BIFLOW_DIRECTION] = { 239, 1, 0, "biflow_direction" },
	{ 25, 8, 0, "length_min" }, { 26, 8, 0, "length_max" },
	{ 31, 4, 0, "flow_label" },
	{ 52, 1, 0, "ttl_min" }, { 53, 1, 0, "ttl_max" },
	{ 56, 6, 1, "src_mac" }, { 80, 6, 1, "dst_mac" },
	{ 58, 2, 0, "vlan" },
	{ 70, 3, 1, "mpls1" }, { 71, 3, 1, "mpls2" }, { 72, 3, 1, "mpls3" },
	{ 73, 3, 1, "mpls4" }, { 74, 3, 1, "mpls5" }, { 75, 3, 1, "mpls6" },
	{ 76, 3, 1, "mpls7" }, { 77, 3, 1, "mpls8" }, { 78, 3, 1, "mpls9" },
	{ 79, 3, 1, "mpls10" },
	{ 218, 8, 0, "syn" }, { 219, 8, 0, "fin" }, { 220, 8, 0, "rst" },
	{ 243, 2, 0, "dot1q_vlan" }, { 244, 1, 0, "dot1q_priority" },
	{ 245, 2, 0, "dot1q_inner_vlan" },
	{ 246, 1, 0, "dot1q_inner_priority" },
	{ 296, 4, 0, "gre_key" }, { 351, 8, 0, "segment" },
	{ 507, 4, 0, "gtpu_teid" },
};

enum element
element_find(uint16_t id)
{
	int e;

	for (e = EL_NONE + 1; e < EL_MAX; e++) {
		if (elements[e].id == id)
			return (e);
	}
	return (EL_NONE);
}

const char *
decode_name(const struct value *v, int *octets)
{
	enum element e = element_find(v->id);

	if (v->enterprise != 0 || e < EL_PRINTED)
		return (NULL);
	*octets = elements[e].exact;
	return (elements[e].name);
}

int
element_length_ok(enum element e, uint16_t length)
{
	if (e == EL_NONE)
		return (1);
	return (elements[e].exact ? length == elements[e].length :
	    length <= elements[e].length);
}

/* Those that say nothing of one direction; RFC 5103, section 6.1. */
int
element_reversible(uint16_t id)
{
	static const uint16_t never[] = { 40, 41, 42, 130, 131, 137, 141, 142,
	    143, 144, 145, 148, 149, 160, 163, 164, 165, 166, 167, 168, 173,
	    210, 211, 212, 213, 214, 215, 216, 217, 239, 301, 302 };
	size_t i;

	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		if (never[i] == id)
			return (0);
	}
	return (1);
}

uint64_t
element_number(const struct value *v)
{
	return (v == NULL ? 0 : decode_number(v->data, v->length));
}

/* Elements 154 to 157: seconds since 1900, modulo 2^32, and a fraction. */
uint64_t
element_ntp_us(uint64_t ntp, uint32_t fraction_mask)
{
	uint32_t fraction = (uint32_t)ntp & fraction_mask;
	uint32_t seconds = (uint32_t)(ntp >> 32) - 2208988800U;

	return (seconds * 1000000ULL + ((fraction * 1000000ULL) >> 32));
}
