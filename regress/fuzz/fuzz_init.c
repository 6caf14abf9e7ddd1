/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * With libFuzzer only: NAME_fuzz seeds folder kept.hex writes what there is to
 * begin with, one file for each input.
 */

#include <err.h>

#include "fuzz.h"
#include "input.h"

int	LLVMFuzzerInitialize(int *, char ***);

static const char	*folder;

static void
write_seed(const uint8_t *data, size_t size)
{
	static unsigned int	 n;
	FILE			*fp;
	char			 path[1024];

	snprintf(path, sizeof(path), "%s/kept%u", folder, n++);
	if ((fp = fopen(path, "w")) == NULL ||
	    fwrite(data, 1, size, fp) != size || fclose(fp) == EOF)
		err(1, "%s", path);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	if (*argc != 4 || strcmp((*argv)[1], "seeds") != 0)
		return (0);
	folder = (*argv)[2];
	if (fuzz_target.seeds != NULL)
		fuzz_target.seeds(write_seed);
	input_read((*argv)[3], write_seed);
	exit(0);
}
