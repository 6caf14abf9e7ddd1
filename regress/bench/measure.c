/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Run a program and say what it took, with all the processes it waited for:
 *
 *	measure -o file program [argument ...]
 *
 * writes one line, separated by tabs: seconds of user and of system time,
 * seconds that went by, KiB of the largest process at its peak, and KiB of
 * all its processes, each at its peak.  The last is looked up in /proc every
 * 10 ms, and 0 where there is none.  SIGTERM and SIGINT are passed on, and
 * SIGKILL a minute later.  Exits as the program did, 128 and the signal's
 * number if one killed it.
 */

#include <sys/types.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DEPTH_MAX	8
#define PATIENCE	60	/* seconds after SIGTERM */

/* KiB of a process at its peak, 0 if it is gone. */
static long
peak_of(long pid)
{
	char	 path[64], line[256];
	FILE	*fp;
	long	 kib = 0;

	snprintf(path, sizeof(path), "/proc/%ld/status", pid);
	if ((fp = fopen(path, "r")) == NULL)
		return (0);
	while (fgets(line, sizeof(line), fp) != NULL)
		if (sscanf(line, "VmHWM: %ld", &kib) == 1)
			break;
	fclose(fp);
	return (kib);
}

/* The same of a process and those below it. */
static long
peak_of_tree(long pid, int depth)
{
	char	 path[64];
	FILE	*fp;
	long	 child, kib = peak_of(pid);

	snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children", pid, pid);
	if (depth >= DEPTH_MAX || (fp = fopen(path, "r")) == NULL)
		return (kib);
	while (fscanf(fp, "%ld", &child) == 1)
		kib += peak_of_tree(child, depth + 1);
	fclose(fp);
	return (kib);
}

/* Until the child has ended; how, in status. */
static long
watch(pid_t child, const sigset_t *set, int *status, struct rusage *ru)
{
	const struct timespec	 wait = { 0, 10000000 };
	struct timespec		 now;
	time_t			 killed = 0;
	long			 kib, most = 0;
	int			 sig;
	pid_t			 pid;

	for (;;) {
		if ((pid = wait4(child, status, WNOHANG, ru)) == -1)
			err(125, "wait4");
		if (pid == child)
			return (most);
		if ((kib = peak_of_tree(child, 0)) > most)
			most = kib;
		sig = sigtimedwait(set, NULL, &wait);
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (sig == SIGTERM || sig == SIGINT) {
			kill(child, sig);
			killed = now.tv_sec;
		} else if (killed != 0 && now.tv_sec - killed > PATIENCE)
			kill(child, SIGKILL);
	}
}

static double
seconds(const struct timeval *tv)
{
	return ((double)tv->tv_sec + (double)tv->tv_usec / 1e6);
}

int
main(int argc, char *argv[])
{
	struct timespec	 from, to;
	struct rusage	 ru;
	sigset_t	 set, old;
	FILE		*out;
	long		 tree;
	int		 status;
	pid_t		 child;

	if (argc < 4 || strcmp(argv[1], "-o") != 0) {
		fprintf(stderr,
		    "usage: measure -o file program [argument ...]\n");
		return (125);
	}
	if ((out = fopen(argv[2], "we")) == NULL)
		err(125, "%s", argv[2]);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &old);
	clock_gettime(CLOCK_MONOTONIC, &from);
	if ((child = fork()) == -1)
		err(125, "fork");
	if (child == 0) {
		sigprocmask(SIG_SETMASK, &old, NULL);
		execvp(argv[3], argv + 3);
		err(126, "%s", argv[3]);
	}
	tree = watch(child, &set, &status, &ru);
	clock_gettime(CLOCK_MONOTONIC, &to);
	fprintf(out, "%.3f\t%.3f\t%.3f\t%ld\t%ld\n", seconds(&ru.ru_utime),
	    seconds(&ru.ru_stime), (double)(to.tv_sec - from.tv_sec) +
	    (double)(to.tv_nsec - from.tv_nsec) / 1e9, ru.ru_maxrss, tree);
	if (fclose(out) == EOF)
		err(125, "%s", argv[2]);
	return (WIFEXITED(status) ? WEXITSTATUS(status) :
	    128 + WTERMSIG(status));
}
