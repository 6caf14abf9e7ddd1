/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What each fuzzer is: one source NAME_fuzz.c, which libFuzzer drives, or
 * corpus_test.c without it.
 */

#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fuzz_target {
	const char	*name;		/* corpus/NAME.hex */
	size_t		 max;		/* octets of an input that is made */
	unsigned int	 runs;		/* of those, in about 2 s */
	int		 cut;		/* one cut anywhere is another one */
	/* inputs to begin with; NULL: another program makes them */
	void		(*seeds)(void (*)(const uint8_t *, size_t));
};
extern const struct fuzz_target	fuzz_target;

/* Abort if what comes of the input cannot be.  Returns 0. */
int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(what)							\
	do {								\
		if (!(what)) {						\
			fprintf(stderr, "%s:%d: not so: %s\n",		\
			    __FILE__, __LINE__, #what);			\
			abort();					\
		}							\
	} while (0)

/* An input, read from its beginning on: behind its end there are zeroes. */
struct take {
	const uint8_t	*p;
	size_t		 left;
};

static inline uint64_t
take(struct take *t, unsigned int octets)
{
	uint64_t	value = 0;

	for (; octets > 0; octets--) {
		value <<= 8;
		if (t->left > 0) {
			value |= *t->p++;
			t->left--;
		}
	}
	return (value);
}

/* Up to n octets, where they stand; how many there are. */
static inline size_t
take_octets(struct take *t, size_t n, const uint8_t **octets)
{
	if (n > t->left)
		n = t->left;
	*octets = t->p;
	t->p += n;
	t->left -= n;
	return (n);
}

#endif
