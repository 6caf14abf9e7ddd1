/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"

static int
nibble(char digit)
{
	static const char	 digits[] = "0123456789abcdef";
	const char		*p;

	if (digit == '\0' || (p = strchr(digits, digit)) == NULL)
		return (-1);
	return ((int)(p - digits));
}

void
input_read(const char *path, void (*fn)(const uint8_t *, size_t))
{
	static uint8_t	 data[INPUT_MAX];
	FILE		*fp;
	char		*line = NULL;
	size_t		 size = 0, n;
	ssize_t		 len;
	int		 high, low;

	if ((fp = fopen(path, "r")) == NULL)
		err(1, "%s", path);
	while ((len = getline(&line, &size, fp)) != -1) {
		if (len > 0 && line[len - 1] == '\n')
			line[--len] = '\0';
		if (len % 2 != 0 || len / 2 > INPUT_MAX)
			errx(1, "%s: a line of %zd digits", path, len);
		for (n = 0; n < (size_t)len / 2; n++) {
			high = nibble(line[2 * n]);
			low = nibble(line[2 * n + 1]);
			if (high == -1 || low == -1)
				errx(1, "%s: not hexadecimal: %s", path, line);
			data[n] = (uint8_t)(high << 4 | low);
		}
		fn(data, n);
	}
	if (ferror(fp))
		err(1, "%s", path);
	free(line);
	fclose(fp);
}
