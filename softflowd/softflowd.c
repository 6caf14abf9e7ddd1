/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * softflowd: options and roles.  Started by an operator we are the parent;
 * started by the parent, with its channel on descriptor 3, the worker, the
 * resolver or who reads the configuration file.
 */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture.h"
#include "config.h"
#include "engine.h"
#include "options.h"
#include "priv.h"
#include "resolver.h"
#include "sandbox_filter.h"

#define SHOW_ROLE	"--sandbox"

/* Nothing that we open may end up as standard output. */
static void
sanitise_stdfds(void)
{
	int	fd;

	do {
		if ((fd = open("/dev/null", O_RDWR)) == -1) {
			fprintf(stderr, "softflowd: /dev/null: %s\n",
			    strerror(errno));
			exit(1);
		}
	} while (fd <= STDERR_FILENO);
	close(fd);
}

/* Roles are given by the parent, with a channel. */
static int
has_role(const char *arg, const char *role)
{
	struct stat	sb;

	if (strcmp(arg, role) != 0)
		return (0);
	if (fstat(FD_CHANNEL, &sb) == -1 || !S_ISSOCK(sb.st_mode)) {
		fprintf(stderr, "softflowd: %s is for softflowd itself\n",
		    role);
		exit(1);
	}
	return (1);
}

static int
check_filter(const char *filter)
{
	char	error[512];

	if (filter == NULL || capture_check_filter(filter,
	    sandbox_compiler, error, sizeof(error)) == 0)
		return (0);
	fprintf(stderr, "softflowd: filter expression \"%s\": %s\n", filter,
	    error);
	return (1);
}

/* For whoever wants to know; needs no right and no device. */
static int
show(int argc, char *argv[])
{
	if (argc > 3 || (argc == 3 && strcmp(argv[2], "json") != 0)) {
		fprintf(stderr, "softflowd: %s is alone, or with the word "
		    "json\n", SHOW_ROLE);
		return (1);
	}
	return (sandbox_show(argc == 3) == -1);
}

int
main(int argc, char *argv[])
{
	static char	 buf[BUFSIZ];
	struct options	 opt;
	char		 error[1024];
	int		 status;

	if (argc == 2 && has_role(argv[1], ENGINE_ROLE))
		engine_main();
	if (argc == 2 && has_role(argv[1], RESOLVER_ROLE))
		resolver_main();
	if (argc == 2 && has_role(argv[1], CONFIG_ROLE))
		config_main();
	/* Without memory for a buffer stdio loses a line without an error. */
	(void)setvbuf(stdout, buf, _IOFBF, sizeof(buf));
	if (argc >= 2 && strcmp(argv[1], SHOW_ROLE) == 0)
		return (show(argc, argv));
	sanitise_stdfds();
	closefrom(STDERR_FILENO + 1);	/* our starter's are not our business */
	if (sandbox_lacks != 0)
		fprintf(stderr, "softflowd: TEST BUILD, UNCONFINED: every "
		    "system call is allowed; not for real traffic\n");
	else if (sandbox_sanitized)
		fprintf(stderr, "softflowd: sanitizer build, confined less "
		    "than a release\n");
	switch (options_load(argc, argv, &opt, error, sizeof(error))) {
	case OPTIONS_USAGE:
		fputs(options_usage(), stdout);
		return (fflush(stdout) == EOF);
	case OPTIONS_VERSION:
		printf("softflowd %s\n", SOFTFLOWD_VERSION);
		return (fflush(stdout) == EOF);
	case OPTIONS_CHECKED:
		status = check_filter(opt.filter);
		options_free(&opt);
		if (status == 0)
			puts("configuration OK");
		return (status != 0 || fflush(stdout) == EOF);
	case OPTIONS_BAD:
		fprintf(stderr, "softflowd: %s\n", error);
		return (1);
	case OPTIONS_RUN:
		break;
	}
	status = priv_main(argc, argv, &opt);
	options_free(&opt);
	return (status);
}
