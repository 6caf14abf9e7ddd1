/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What one system's headers have and another's lack. */

#ifndef COMPAT_H
#define COMPAT_H

#ifndef __dead
#define __dead		__attribute__((__noreturn__))
#endif

#ifndef nitems
#define nitems(a)	(sizeof(a) / sizeof((a)[0]))
#endif

/*
 * Before getopt(3)'s letters: the first word that is no option ends them.
 * glibc must be told so; to some others that would be a letter.
 */
#ifdef __linux__
#define GETOPT_STOP	"+"
#else
#define GETOPT_STOP	""
#endif

#endif
