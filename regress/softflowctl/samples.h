/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Answers of a daemon that has something of everything. */

#ifndef SAMPLES_H
#define SAMPLES_H

#include "fake.h"

#define START_US	UINT64_C(1767323045123456)  /* 2026-01-02T03:04:05 */
#define HUGE_COUNT	UINT64_C(9007199254740993)  /* no double has it */

answer_fn	answer_report, answer_sandbox, answer_memory, answer_timeouts,
		answer_flows, answer_no_flows, answer_refusal;

#endif
