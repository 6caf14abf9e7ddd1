/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* FreeBSD: attributes of a process, by procctl(2). */

#include <sys/types.h>
#include <sys/procctl.h>
#include <sys/wait.h>

#include <signal.h>
#include <unistd.h>

#include "sandbox.h"

static int
set(int command, int value)
{
	return (procctl(P_PID, getpid(), command, &value));
}

int
sandbox_os_undumpable(void)
{
	return (set(PROC_TRACE_CTL, PROC_TRACE_CTL_DISABLE));
}

/*
 * A process made by pdfork(2) dies with its parent as well, but such a one
 * sends no SIGCHLD and is none of those that waitpid(-1) waits for, by which
 * the parent's loop knows of each death, of every role and on every system.
 */
int
sandbox_os_parent_death(void)
{
	return (set(PROC_PDEATHSIG_CTL, SIGKILL));
}

/*
 * Writable and executable at once is refused from the next execve(2) on: the
 * parent says so for its children, and those look whether it is.
 */
int
sandbox_os_no_new_privs(uint32_t *layers)
{
	int	 state = 0;

	if (set(PROC_NO_NEW_PRIVS_CTL, PROC_NO_NEW_PRIVS_ENABLE) == -1)
		return (-1);
	*layers |= SANDBOX_NNP;
	if (!sandbox_sanitized)
		(void)set(PROC_WXMAP_CTL, PROC_WX_MAPPINGS_DISALLOW_EXEC);
	if (procctl(P_PID, getpid(), PROC_WXMAP_STATUS, &state) == 0 &&
	    ((unsigned int)state & PROC_WXORX_ENFORCE) != 0)
		*layers |= SANDBOX_MDWE;
	return (0);
}
