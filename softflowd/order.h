/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The order of stores into memory that outlives the process. */

#ifndef ORDER_H
#define ORDER_H

/*
 * A process that is killed has run its instructions up to one of them and
 * none behind it.  So the order in which its stores are found is a matter of
 * the compiler alone, which must not move any over this.
 */
static inline void
order_stores(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

#endif
