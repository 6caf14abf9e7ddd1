/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#ifndef FAKE_SYS_SYSCTL_H
#define FAKE_SYS_SYSCTL_H

#include <stddef.h>

#define CTL_KERN		1
#define KERN_PROC_ARGS		48
#define KERN_PROC_ARGV		1
#define KERN_PROC_PATHNAME	5

int	sysctl(const int *, unsigned int, void *, size_t *, const void *, size_t);

#endif
