/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* OpenBSD's parts. */

#include "sys_fake.h"
#include "sys_unsealed_fake.h"

/* Who we are, and who a file belongs to. */
static uid_t	euid = 1000, owner;

static int
fake_fstat(int fd, struct stat *sb)
{
	int	rv = fstat(fd, sb);

	sb->st_uid = owner;
	return (rv);
}

#define geteuid()	euid
#define fstat(f, s)	fake_fstat(f, s)

#include "net_bsd.c"
#include "net_timers_none.c"
#include "peer_groups_list.c"
#include "priv_route.c"
#include "route_openbsd.c"
#include "self_path.c"
#include "shmem_name.c"
#include "shmem_unsealed.c"

#undef close
#undef fcntl
#undef fstat
#undef ftruncate
#undef shm_open

#define PARENT_REQUEST		SIOCGIFPARENT
#define LISTEN			"setsockopt(%d, %d, 1, 114688)\n"
#define LISTEN_ARGUMENTS	FAKE_FD, PF_ROUTE
#define EVENTS			RTM_IFINFO, RTM_IFANNOUNCE, RTM_DESYNC

#include "sys_cases.h"
#include "sys_unsealed_cases.h"

static const char	*started_as;	/* argv[0] */

/* Pointers and what they point to, in the caller's memory. */
int
sysctl(const int *name, unsigned int n, void *old, size_t *len,
    const void *new, size_t newlen)
{
	char	**argv = old;
	size_t	  need = 2 * sizeof(*argv);

	ATF_REQUIRE(n == 4 && new == NULL && newlen == 0);
	ATF_REQUIRE(name[0] == CTL_KERN && name[1] == KERN_PROC_ARGS &&
	    name[2] == getpid() && name[3] == KERN_PROC_ARGV);
	if (record("sysctl", "%s", old == NULL ? "size" : "") == -1)
		return (-1);
	if (started_as != NULL)
		need += strlen(started_as) + 1;
	if (old != NULL) {
		ATF_REQUIRE(*len >= need);
		argv[0] = argv[1] = NULL;
		if (started_as != NULL)
			argv[0] = memcpy(&argv[2], started_as,
			    strlen(started_as) + 1);
	}
	*len = need;
	return (0);
}

static void
answer_parent(void *arg)
{
	strlcpy(((struct if_parent *)arg)->ifp_parent, lower, IFNAMSIZ);
}

CASE(only_vlans_and_carp_are_asked_what_they_are_on)
{
	char	name[IF_NAMESIZE];

	lower = "0123456789abcde";
	ATF_REQUIRE_EQ(route_parent(FAKE_FD, "vxlan0", IFT_ETHER, name), -1);
	ATF_REQUIRE_EQ(route_parent(FAKE_FD, "0123456789abcdef", IFT_CARP,
	    name), -1);
	expect("%s", "");
	ATF_REQUIRE_EQ(route_parent(FAKE_FD, "carp0", IFT_CARP, name), 0);
	ATF_REQUIRE_STREQ(name, lower);
}

CASE(nothing_is_set_for_one_connection)
{
	net_give_up(FAKE_FD, 60000);
	expect("%s", "");
}

static void
make_program(const char *name, int mode)
{
	int	fd;

	ATF_REQUIRE((fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600)) !=
	    -1);
	ATF_REQUIRE_EQ(fchmod(fd, (mode_t)mode), 0);
	close(fd);
}

/* It is found as this file of ours; or, file being NULL, not. */
static void
check_found(const char *name, const char *file)
{
	const char	*path, *what;
	char		*whole;
	struct stat	 sb, own;
	int		 fd;

	started_as = name;
	fd = self_open(&path, &what);
	if (file == NULL) {
		ATF_REQUIRE_EQ(fd, -1);
		ATF_REQUIRE(strncmp(what, name, strlen(name)) == 0);
		ATF_REQUIRE(strstr(what, "absolute path") != NULL);
		return;
	}
	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE(fstat(fd, &sb) == 0 && stat(file, &own) == 0);
	ATF_REQUIRE(sb.st_ino == own.st_ino);
	ATF_REQUIRE((whole = realpath(file, NULL)) != NULL);
	ATF_REQUIRE_STREQ(path, whole);
	ATF_REQUIRE(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	free(whole);
	close(fd);
}

CASE(our_program_is_found_as_a_shell_finds_it)
{
	char	cwd[1024], path[4096];

	ATF_REQUIRE(getcwd(cwd, sizeof(cwd)) != NULL);
	ATF_REQUIRE(mkdir("bin", 0755) == 0 && mkdir("first", 0755) == 0);
	make_program("bin/flows", 0755);
	make_program("flows", 0755);
	make_program("first/flows", 0644);
	ATF_REQUIRE_EQ(symlink("bin/flows", "link"), 0);
	snprintf(path, sizeof(path), "%s/bin/flows", cwd);
	check_found(path, "bin/flows");
	check_found("bin/flows", "bin/flows");
	check_found("./flows", "flows");
	check_found("./link", "bin/flows");
	/* Behind a name that is none of a program, one that is. */
	snprintf(path, sizeof(path), ":.:%s/first:%s/bin:", cwd, cwd);
	ATF_REQUIRE_EQ(setenv("PATH", path, 1), 0);
	check_found("flows", "bin/flows");
}

CASE(what_cannot_be_our_program_is_told_with_what_helps)
{
	const char	*path, *what;

	make_program("flows", 0755);
	make_program("text", 0644);
	ATF_REQUIRE_EQ(mkdir("dir", 0755), 0);
	check_found("./other", NULL);
	check_found("./text", NULL);
	check_found("./dir", NULL);
	/* The directory may be another by the next start. */
	ATF_REQUIRE_EQ(setenv("PATH", ".::", 1), 0);
	check_found("flows", NULL);
	ATF_REQUIRE_EQ(unsetenv("PATH"), 0);
	check_found("flows", NULL);

	started_as = NULL;
	ATF_REQUIRE_EQ(self_open(&path, &what), -1);
	ATF_REQUIRE_STREQ(what, "the name of our own program");
	started_as = "./flows";
	record_fail("sysctl", 1, EPERM);
	ATF_REQUIRE_EQ(self_open(&path, &what), -1);
	record_reset();
	record_fail("sysctl", 2, EPERM);
	ATF_REQUIRE_EQ(self_open(&path, &what), -1);
}

CASE(root_starts_only_a_program_that_is_roots)
{
	static const int	modes[] = { 0775, 0757 };
	const char		*path, *what;
	unsigned int		 before = descriptors();
	size_t			 i;
	int			 fd;

	make_program("flows", 0755);
	started_as = "./flows";
	euid = 0;
	ATF_REQUIRE((fd = self_open(&path, &what)) != -1);
	close(fd);
	owner = 1000;
	ATF_REQUIRE_ERRNO(EPERM, self_open(&path, &what) == -1);
	ATF_REQUIRE(strstr(what, "/flows: our own program must be root's, and "
	    "writable by nobody else") != NULL);
	owner = 0;
	for (i = 0; i < nitems(modes); i++) {
		ATF_REQUIRE_EQ(chmod("flows", (mode_t)modes[i]), 0);
		ATF_REQUIRE_ERRNO(EPERM, self_open(&path, &what) == -1);
	}
	ATF_REQUIRE_EQ(descriptors(), before);
	/* Without root's rights there is nothing to gain. */
	euid = 1000;
	ATF_REQUIRE(self_open(&path, &what) != -1);
}

CASE(only_the_program_that_was_started_is_started_again)
{
	char		*argv[] = { "title", NULL }, *envp[] = { "A=1", NULL };
	const char	*path, *what;
	int		 fd;

	make_program("flows", 0755);
	make_program("update", 0755);
	started_as = "./flows";
	ATF_REQUIRE((fd = self_open(&path, &what)) != -1);
	record_reset();
	self_exec(fd, path, argv, envp);
	expect("execve(%s, title, A=1)\n", path);
	ATF_REQUIRE_EQ(rename("update", "flows"), 0);
	self_exec(fd, path, argv, envp);
	expect("log_warnx(%%s: is another program than when we started; "
	    "restart softflowd)\n");
	ATF_REQUIRE_EQ(unlink("flows"), 0);
	self_exec(fd, path, argv, envp);
	expect("%s", "");
}

ATF_TP_ADD_TCS(tp)
{
	atf_error_t	error;

	if (atf_is_error(error = add_cases(tp)) ||
	    atf_is_error(error = add_unsealed_cases(tp)))
		return (error);
	ATF_TP_ADD_TC(tp, only_vlans_and_carp_are_asked_what_they_are_on);
	ATF_TP_ADD_TC(tp, nothing_is_set_for_one_connection);
	ATF_TP_ADD_TC(tp, our_program_is_found_as_a_shell_finds_it);
	ATF_TP_ADD_TC(tp, what_cannot_be_our_program_is_told_with_what_helps);
	ATF_TP_ADD_TC(tp, root_starts_only_a_program_that_is_roots);
	ATF_TP_ADD_TC(tp, only_the_program_that_was_started_is_started_again);
	return (atf_no_error());
}
