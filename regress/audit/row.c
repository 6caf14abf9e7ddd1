/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "row.h"

static const char *const	names[] = {
	"proven", "GAP", "missing", "not checked"
};

void
row(const char *process, const char *layer, const char *attempt,
    enum row_result result, const char *detail)
{
	const char	*path = getenv("AUDIT_ROWS");
	const char	*column[] = { process, layer, attempt, names[result],
			    detail };
	char		 line[1024];
	size_t		 i, n = 0;
	const char	*c;
	int		 fd = STDOUT_FILENO;

	for (i = 0; i < sizeof(column) / sizeof(column[0]); i++) {
		for (c = column[i]; *c != '\0' && n < sizeof(line) - 2; c++)
			line[n++] = strchr("\t\r\n", *c) != NULL ? ' ' : *c;
		line[n++] = '\t';
		if (n >= sizeof(line) - 1)
			break;
	}
	line[n - 1] = '\n';
	if (path != NULL && (fd = open(path, O_WRONLY | O_APPEND | O_CREAT |
	    O_CLOEXEC, 0600)) == -1)
		err(1, "%s", path);
	/* One write: cases may run side by side. */
	if (write(fd, line, n) != (ssize_t)n)
		err(1, "%s", path != NULL ? path : "stdout");
	if (path != NULL)
		close(fd);
}
