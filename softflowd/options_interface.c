/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What the command line says of interfaces and of the own side.  Runs in the
 * parent, before it has opened anything.  Pure.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

#define DIGITS		"0123456789"
#define OPTIONAL	"optional:"

const char *
options_interface(char *arg, struct options *o)
{
	struct options_interface *i;
	char index[8];
	const char *errstr = "too large";
	unsigned int n;
	size_t len;

	if (o->ninterface == MAX_CAPTURE)
		return ("there are 16 interfaces before it, and no more can "
		    "be");
	i = &o->interface[o->ninterface];
	if (strncmp(arg, OPTIONAL, strlen(OPTIONAL)) == 0) {
		i->optional = 1;
		arg += strlen(OPTIONAL);
	}
	len = strspn(arg, DIGITS);
	if (len > 0 && arg[len] == ':') {
		if (len < sizeof(index)) {
			strlcpy(index, arg, len + 1);
			i->number = strtonum(index, 1, UINT16_MAX, &errstr);
		}
		if (errstr != NULL)
			return ("the index before the colon must be a number "
			    "from 1 to 65535");
		arg += len + 1;
	}
	if (*arg == '\0')
		return ("it must not be empty");
	if (strchr(arg, ':') != NULL)
		return ("it must be optional:index:name, of which the first "
		    "two may be left out, and the name has no colon");
	if (strlen(arg) >= INTERFACE_NAME)
		return ("a name has at most 15 octets");
	if (i->optional && strcmp(arg, "any") == 0)
		return ("any is always there; give it without optional");
	for (n = 0; n < o->ninterface; n++) {
		if (strcmp(o->interface[n].name, arg) == 0)
			return ("it is given twice");
		if (strcmp(o->interface[n].name, "any") == 0 ||
		    strcmp(arg, "any") == 0)
			return ("any is all interfaces; give it alone");
	}
	i->name = arg;
	o->ninterface++;
	return (NULL);
}
_Static_assert(MAX_CAPTURE == 16 && INTERFACE_NAME == 16,
    "the texts above say so");

const char *
options_prefix(const char *arg, struct msg_prefix *prefix)
{
	int max = options_network(arg, prefix);

	if (max == -1)
		return ("a prefix is address/bits, such as 192.0.2.0/24 or "
		    "2001:db8::/32");
	if (max == 0 && strchr(arg, '/') != NULL)
		return (NULL);
	return (prefix->family == 4 ? "bits must be a number from 0 to 32" :
	    "bits must be a number from 0 to 128");
}

/* Six numbers of one or two hexadecimal digits, colons between them. */
static int
mac_parse(const char *arg, size_t len, uint8_t mac[6])
{
	const char *end = arg + len;
	unsigned int value;
	size_t digits;
	int i, n;

	for (i = 0; i < 6; i++) {
		digits = strspn(arg, "0123456789abcdefABCDEF");
		if (digits < 1 || digits > 2 ||
		    /* NOLINTNEXTLINE(cert-err34-c): two digits fit */
		    sscanf(arg, "%2x%n", &value, &n) != 1)
			return (-1);
		mac[i] = (uint8_t)value;
		arg += digits;
		if (i < 5 && *arg++ != ':')
			return (-1);
	}
	return (arg == end ? 0 : -1);
}

const char *
options_macs(const char *list, struct options *o)
{
	size_t len;

	for (;; list += len + 1) {
		len = strcspn(list, ",");
		if (o->nmac == MAX_OWN_MAC)
			return ("there are more than 16 addresses");
		if (mac_parse(list, len, o->mac[o->nmac]) == -1)
			return ("a MAC address is six hexadecimal numbers with "
			    "colons between them; more follow behind commas");
		o->nmac++;
		if (list[len] == '\0')
			return (NULL);
	}
}
_Static_assert(MAX_OWN_MAC == 16, "the text above says so");
