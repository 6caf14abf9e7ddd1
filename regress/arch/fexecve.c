/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * fexecve(3) for an emulator without execveat(2), such as qemu before 8: glibc
 * does it by name only on architectures that are older than the call.
 */

#include <stdio.h>
#include <unistd.h>

int
fexecve(int fd, char *const argv[], char *const envp[])
{
	char	 name[32];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	return (execve(name, argv, envp));
}
