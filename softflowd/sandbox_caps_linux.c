/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Linux: capabilities and the attributes of a process, by prctl(2).
 */

#include <sys/types.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <linux/capability.h>

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <unistd.h>

#include "compat.h"
#include "sandbox_filter.h"

#ifndef PR_SET_MDWE
#define PR_SET_MDWE			65
#define PR_GET_MDWE			66
#define PR_MDWE_REFUSE_EXEC_GAIN	1
#endif

#define BIT(n)	(UINT64_C(1) << (n))

/* What the parent keeps. */
static const struct {
	unsigned int	 cap;
	const char	*name;
	const char	*reason;
} parent_caps[] = {
	{ CAP_NET_RAW, "NET_RAW", "open capture" },
	{ CAP_SETUID, "SETUID", "a worker leaves root" },
	{ CAP_SETGID, "SETGID", "a worker leaves root" },
	{ CAP_SYS_CHROOT, "SYS_CHROOT", "a worker leaves the file system" },
	{ CAP_SETPCAP, "SETPCAP", "a worker empties its bounding set" },
	{ CAP_KILL, "KILL", "end a worker, which has another user" },
};

const char *
sandbox_os_capability(enum sandbox_filter process, size_t n,
    const char **reason)
{
	if ((process != SANDBOX_FILTER_PARENT &&
	    process != SANDBOX_FILTER_COMPILER) || n >= nitems(parent_caps))
		return (NULL);
	*reason = parent_caps[n].reason;
	return (parent_caps[n].name);
}

static int
caps_get(uint64_t *permitted)
{
	struct __user_cap_header_struct	 head = {
		_LINUX_CAPABILITY_VERSION_3, 0
	};
	struct __user_cap_data_struct	 caps[2] = { 0 };

	if (syscall(SYS_capget, &head, caps) == -1)
		return (-1);
	*permitted = caps[0].permitted | (uint64_t)caps[1].permitted << 32;
	return (0);
}

/* Permitted and effective; inheritable and ambient become empty. */
static int
caps_set(uint64_t wanted)
{
	struct __user_cap_header_struct	 head = {
		_LINUX_CAPABILITY_VERSION_3, 0
	};
	struct __user_cap_data_struct	 caps[2] = { 0 };

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == -1)
		return (-1);
	caps[0].permitted = caps[0].effective = (uint32_t)wanted;
	caps[1].permitted = caps[1].effective = (uint32_t)(wanted >> 32);
	return ((int)syscall(SYS_capset, &head, caps));
}

static int
bounding_set(uint64_t keep)
{
	unsigned long	 cap;

	for (cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) != -1; cap++) {
		if (cap < 64 && (keep & BIT(cap)) != 0)
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == -1)
			return (-1);
	}
	return (cap > 0 ? 0 : -1);	/* not the end of the list: no answer */
}

int
sandbox_os_caps_bounding(void)
{
	return (bounding_set(0));
}

int
sandbox_os_caps_drop(void)
{
	uint64_t	 left;
	int		 fd;

	if (caps_set(0) == -1 || caps_get(&left) == -1)
		return (-1);
	if (left != 0)
		goto not_dropped;
	/* In the daemon the parent's filter refuses this already. */
	if (setresuid(0, 0, 0) != -1)
		goto not_dropped;
	if ((fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)) != -1) {
		close(fd);
		goto not_dropped;
	}
	return (0);

not_dropped:
	errno = ENOTRECOVERABLE;
	return (-1);
}

int
sandbox_os_parent_caps(void)
{
	uint64_t	 have, keep = 0;
	size_t		 i;

	for (i = 0; i < nitems(parent_caps); i++)
		keep |= BIT(parent_caps[i].cap);
	if (caps_get(&have) == -1)
		return (-1);
	/* Others may not, and no_new_privs makes the set useless to them. */
	if (geteuid() == 0 && bounding_set(keep) == -1)
		return (-1);
	return (caps_set(have & keep));
}

/*
 * Process attributes.
 */

int
sandbox_os_undumpable(void)
{
	return (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
}

int
sandbox_os_parent_death(void)
{
	return (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0));
}

int
sandbox_os_no_new_privs(uint32_t *layers)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return (-1);
	*layers |= SANDBOX_NNP;
	/* Optional: Linux 6.3.  Sanitizers' runtimes may break on it. */
	if (!sandbox_sanitized)
		(void)prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0);
	if (prctl(PR_GET_MDWE, 0, 0, 0, 0) > 0)
		*layers |= SANDBOX_MDWE;
	return (0);
}

int
sandbox_os_mdwe(void)
{
	return (prctl(PR_GET_MDWE, 0, 0, 0, 0) != -1);
}
