/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The privileged parent. */

#ifndef PRIV_H
#define PRIV_H

#include "options.h"

/* Run the daemon; returns its exit status. */
int	priv_main(int argc, char *argv[], struct options *);

#endif
