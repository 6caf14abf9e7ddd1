/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* self_sysctl.c, on both of its systems. */

static const char	*own_path;	/* of our program, to the kernel */

int
sysctl(const int *name, unsigned int n, void *old, size_t *len,
    const void *new, size_t newlen)
{
	ATF_REQUIRE_EQ(n, 4);
	ATF_REQUIRE(new == NULL && newlen == 0);
	ATF_REQUIRE(*len > strlen(own_path));
	memcpy(old, own_path, strlen(own_path) + 1);
	return (record("sysctl", "%d.%d.%d.%d", name[0], name[1], name[2],
	    name[3]));
}

CASE(our_program_is_the_one_that_the_kernel_names)
{
	const char	*path, *what;
	struct stat	 sb, own;
	int		 fd;

	own_path = "/bin/sh";
	ATF_REQUIRE((fd = self_open(&path, &what)) != -1);
	expect("sysctl(" OWN_NAME ")\n");
	ATF_REQUIRE_STREQ(path, "/bin/sh");
	ATF_REQUIRE(fstat(fd, &sb) == 0 && stat("/bin/sh", &own) == 0);
	ATF_REQUIRE(sb.st_ino == own.st_ino && sb.st_dev == own.st_dev);
	ATF_REQUIRE(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	ATF_REQUIRE_EQ(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);

	own_path = "/nowhere/softflowd";
	ATF_REQUIRE_ERRNO(ENOENT, self_open(&path, &what) == -1);
	ATF_REQUIRE_STREQ(what, "/nowhere/softflowd");
	record_fail("sysctl", 1, ENOENT);
	ATF_REQUIRE_ERRNO(ENOENT, self_open(&path, &what) == -1);
	ATF_REQUIRE_STREQ(what, "the name of our own program");
}

CASE(our_program_is_started_by_its_descriptor)
{
	char	*argv[] = { "title", NULL }, *envp[] = { "A=1", NULL };

	self_exec(FAKE_FD, "/not/this", argv, envp);
	expect("fexecve(, title, A=1)\n");
}

static atf_error_t
add_self_cases(atf_tp_t *tp)
{
	ATF_TP_ADD_TC(tp, our_program_is_the_one_that_the_kernel_names);
	ATF_TP_ADD_TC(tp, our_program_is_started_by_its_descriptor);
	return (atf_no_error());
}
