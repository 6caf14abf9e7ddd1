/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Whom somebody who has taken a process over might like to meet.
 */

#include <sys/prctl.h>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "try.h"

pid_t
try_neighbour(void)
{
	pid_t	pid;
	char	octet;
	int	fd[2];

	ATF_REQUIRE_EQ(0, pipe2(fd, O_CLOEXEC));
	if ((pid = fork()) == 0) {
		if (geteuid() == 0 && (setresgid(TRY_NOBODY, TRY_NOBODY,
		    TRY_NOBODY) == -1 || setresuid(TRY_NOBODY, TRY_NOBODY,
		    TRY_NOBODY) == -1))
			_exit(1);
		/* A change of ids clears both. */
		prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		if (write(fd[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	ATF_REQUIRE(pid != -1);
	close(fd[1]);
	/* It can be met, and as whom it is to be. */
	ATF_REQUIRE_EQ_MSG(1, read(fd[0], &octet, 1), "no neighbour");
	close(fd[0]);
	return (pid);
}

int
try_listener(int domain)
{
	struct sockaddr_un	sun = { .sun_family = AF_UNIX };
	struct sockaddr_in	sin = { .sin_family = AF_INET };
	socklen_t		len;
	int			fd;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ATF_REQUIRE((fd = socket(domain, SOCK_STREAM, 0)) != -1);
	ATF_REQUIRE_EQ(0, domain == AF_INET ?
	    bind(fd, (struct sockaddr *)&sin, sizeof(sin)) :
	    bind(fd, (struct sockaddr *)&sun, sizeof(sa_family_t)));
	ATF_REQUIRE_EQ(0, listen(fd, 8));
	len = sizeof(sin);
	if (domain == AF_INET)
		ATF_REQUIRE_EQ(0, getsockname(fd,
		    (struct sockaddr *)&try_data.stranger, &len));
	len = sizeof(try_data.abstract);
	if (domain == AF_UNIX) {
		ATF_REQUIRE_EQ(0, getsockname(fd,
		    (struct sockaddr *)&try_data.abstract, &len));
		try_data.len = len;
	}
	return (fd);
}
