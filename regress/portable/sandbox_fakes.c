/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include <sys/types.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <atf-c.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "record.h"
#include "sandbox_fakes.h"

/* Linked with -Wl,--wrap for each. */
int	__wrap_chroot(const char *);
int	__wrap_fchdir(int);
int	__wrap_chdir(const char *);
int	__wrap_close(int);
int	__wrap_setgroups(size_t, const gid_t *);
int	__wrap_getgroups(int, gid_t *);
uid_t	__wrap_geteuid(void);
pid_t	__wrap_getppid(void);
int	__wrap_dup2(int, int);
int	__wrap_getrlimit(int, struct rlimit *);
int	__wrap_setrlimit(int, const struct rlimit *);
int	__wrap_open(const char *, int, ...);
int	__wrap_fstat(int, struct stat *);
int	__wrap_openat(int, const char *, int, ...);
DIR	*__wrap_fdopendir(int);
struct dirent *__wrap_readdir(DIR *);
int	__wrap_closedir(DIR *);
int	__wrap_setresuid(uid_t, uid_t, uid_t);
int	__wrap_setresgid(gid_t, gid_t, gid_t);
int	__wrap_getresuid(uid_t *, uid_t *, uid_t *);
int	__wrap_getresgid(gid_t *, gid_t *, gid_t *);

struct fake	fake;

void
fake_reset(int root)
{
	record_reset();
	memset(&fake, 0, sizeof(fake));
	if (!root) {
		fake.ruid = fake.euid = fake.suid = FAKE_UID;
		fake.rgid = fake.egid = fake.sgid = FAKE_GID;
	}
	fake.ngroups = 1;
	fake.groups[0] = fake.egid;
	fake.mode = S_IFDIR | 0755;
}

struct sandbox_worker
fake_worker(int root)
{
	struct sandbox_worker	w = { 0 };

	w.root = root;
	w.uid = FAKE_UID;
	w.gid = FAKE_GID;
	w.chroot_fd = root ? FD_CHROOT : -1;
	w.parent = FAKE_PARENT;
	w.memory = 4096;
	return (w);
}

int
__wrap_chroot(const char *path)
{
	return (record("chroot", "%s", path));
}

int
__wrap_fchdir(int fd)
{
	return (record("fchdir", "%d", fd));
}

int
__wrap_chdir(const char *path)
{
	return (record("chdir", "%s", path));
}

int
__wrap_close(int fd)
{
	return (record("close", "%d", fd));
}

int
__wrap_setgroups(size_t n, const gid_t *list)
{
	(void)list;
	if (record("setgroups", "%zu", n) == -1)
		return (-1);
	if (!fake.ids_stay)
		fake.ngroups = (int)n + fake.groups_kept;
	return (0);
}

int
__wrap_getgroups(int size, gid_t *list)
{
	if (size == 0)
		return (fake.ngroups);
	if (fake.ngroups > size) {
		errno = EINVAL;
		return (-1);
	}
	memcpy(list, fake.groups, (size_t)fake.ngroups * sizeof(*list));
	return (fake.ngroups);
}

uid_t
__wrap_geteuid(void)
{
	return (fake.euid);
}

pid_t
__wrap_getppid(void)
{
	return (FAKE_PARENT);
}

int
__wrap_dup2(int from, int to)
{
	return (record("dup2", "%d, %d", from, to));
}

int
__wrap_getrlimit(int resource, struct rlimit *rl)
{
	rl->rlim_cur = rl->rlim_max = resource == (int)RLIMIT_STACK ?
	    128 << 20 : RLIM_INFINITY;
	return (0);
}

int
__wrap_setrlimit(int resource, const struct rlimit *rl)
{
	static const struct {
		int		 resource;
		const char	*name;
	}		 names[] = {
		{ RLIMIT_CPU, "CPU" }, { RLIMIT_NPROC, "NPROC" },
		{ RLIMIT_CORE, "CORE" }, { RLIMIT_NOFILE, "NOFILE" },
		{ RLIMIT_FSIZE, "FSIZE" }, { RLIMIT_DATA, "DATA" },
		{ RLIMIT_AS, "AS" }, { 109, "SBSIZE" }	/* Makefile */
	};
	size_t		 i;

	ATF_REQUIRE_EQ(rl->rlim_cur, rl->rlim_max);
	for (i = 0; i < nitems(names) && names[i].resource != resource; i++)
		;
	ATF_REQUIRE(i < nitems(names));
	return (record("setrlimit", "%s, %ju", names[i].name,
	    (uintmax_t)rl->rlim_cur));
}

/* Directories are all that is opened. */
int
__wrap_open(const char *path, int flags, ...)
{
	ATF_CHECK_EQ(O_RDONLY | O_DIRECTORY | O_CLOEXEC, flags & ~O_NOFOLLOW);
	return (record("open", "%s%s", path, flags & O_NOFOLLOW ?
	    ", no link" : "") == -1 ? -1 : 50);
}

int
__wrap_fstat(int fd, struct stat *sb)
{
	memset(sb, 0, sizeof(*sb));
	sb->st_uid = fake.owner;
	sb->st_mode = fake.mode;
	return (record("fstat", "%d", fd));
}

int
__wrap_openat(int fd, const char *path, int flags, ...)
{
	ATF_CHECK_EQ(O_RDONLY | O_DIRECTORY | O_CLOEXEC, flags);
	return (record("openat", "%d, %s", fd, path) == -1 ? -1 : 51);
}

DIR *
__wrap_fdopendir(int fd)
{
	fake.entries = 0;
	if (record("fdopendir", "%d", fd) == -1)
		return (NULL);
	errno = ENOTTY;		/* as what succeeds may leave it */
	return ((DIR *)(void *)&fake);
}

struct dirent *
__wrap_readdir(DIR *dir)
{
	static struct dirent	 entry;
	const char		*names[] = { "..", ".", fake.entry, NULL };
	const char		*name = names[fake.entries++];

	ATF_REQUIRE((void *)dir == &fake);
	if (record("readdir", "%s", "") == -1 || name == NULL)
		return (NULL);
	strlcpy(entry.d_name, name, sizeof(entry.d_name));
	return (&entry);
}

int
__wrap_closedir(DIR *dir)
{
	ATF_REQUIRE((void *)dir == &fake);
	errno = EXFULL;
	return (record("closedir", "%s", ""));
}

int
__wrap_setresuid(uid_t r, uid_t e, uid_t s)
{
	if (record("setresuid", "%u, %u, %u", r, e, s) == -1)
		return (-1);
	if (!fake.ids_stay) {
		fake.ruid = r;
		fake.euid = e;
		fake.suid = s;
	}
	return (0);
}

int
__wrap_setresgid(gid_t r, gid_t e, gid_t s)
{
	if (record("setresgid", "%u, %u, %u", r, e, s) == -1)
		return (-1);
	if (!fake.ids_stay) {
		fake.rgid = r;
		fake.egid = e;
		fake.sgid = s;
	}
	return (0);
}

int
__wrap_getresuid(uid_t *r, uid_t *e, uid_t *s)
{
	*r = fake.ruid;
	*e = fake.euid;
	*s = fake.suid;
	return (0);
}

int
__wrap_getresgid(gid_t *r, gid_t *e, gid_t *s)
{
	*r = fake.rgid;
	*e = fake.egid;
	*s = fake.sgid;
	return (0);
}

/* line: of good, which it is a part of. */
static void
fail_at(int (*run)(const char **), const char *good, const char *line,
    const struct fake_step *step)
{
	const char	*p, *got = NULL;
	char		 call[32], prefix[65536];
	unsigned int	 nth = 0;
	size_t		 len = strcspn(line, "(") + 1;
	int		 rv;

	ATF_REQUIRE(len < sizeof(call));
	for (p = good; p <= line; p = strchr(p, '\n') + 1)
		nth += strncmp(p, line, len) == 0;
	strlcpy(call, line, len);
	strlcpy(prefix, good, (size_t)(strchr(line, '\n') + 2 - good));
	fake_reset(1);
	record_fail(call, nth, EPERM);
	rv = run(&got);
	if (step->step == NULL) {
		ATF_CHECK_EQ_MSG(0, rv, "%s", prefix);
		return;
	}
	ATF_CHECK_EQ_MSG(-1, rv, "goes on after:\n%s", prefix);
	ATF_CHECK_MSG(got != NULL && strcmp(step->step, got) == 0,
	    "step %s, not %s, of:\n%s", got == NULL ? "none" : got,
	    step->step, prefix);
	record_expect(prefix);
}

void
fake_each_failure(int (*run)(const char **), const struct fake_step *steps,
    size_t n)
{
	char		 good[65536];
	const char	*line, *step = "";
	size_t		 i;

	fake_reset(1);
	ATF_REQUIRE_EQ(0, run(&step));
	ATF_CHECK(step == NULL);
	strlcpy(good, record_lines(), sizeof(good));
	for (line = good; *line != '\0'; line = strchr(line, '\n') + 1) {
		for (i = 0; i < n && strncmp(line, steps[i].line,
		    strlen(steps[i].line)) != 0; i++)
			;
		ATF_REQUIRE_MSG(i < n, "no step for %s", line);
		fail_at(run, good, line, &steps[i]);
	}
}

const char *
shown(int json)
{
	static char	 text[65536];
	FILE		*fp;
	size_t		 n;

	ATF_REQUIRE(freopen("shown", "w", stdout) != NULL);
	ATF_REQUIRE_EQ(0, sandbox_show(json));
	ATF_REQUIRE((fp = fopen("shown", "r")) != NULL);
	n = fread(text, 1, sizeof(text) - 1, fp);
	text[n] = '\0';
	fclose(fp);
	return (text);
}
