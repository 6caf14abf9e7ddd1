/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* For sys_unsealed_cases.h, behind sys_fake.h. */

static char	created[64];	/* the name of the newest object */

/* One that nobody else has; the first ones may be taken. */
static uint64_t	randoms;

static void
fake_random(void *to, size_t size)
{
	uint64_t	value = (uint64_t)getpid() << 16 | randoms++;

	ATF_REQUIRE_EQ(size, sizeof(value));
	record("arc4random_buf", "%zu", size);
	memcpy(to, &value, sizeof(value));
}

FAKE int
fake_shm_open(const char *name, int flags, mode_t mode)
{
	strlcpy(created, name, sizeof(created));
	return (record("shm_open", "%s, %#x, %#o", name, (unsigned int)flags,
	    (unsigned int)mode) == -1 ? -1 : shm_open(name, flags, mode));
}

FAKE int
fake_shm_unlink(const char *name)
{
	int	rv = shm_unlink(name);

	return (record("shm_unlink", "%s", name) == -1 ? -1 : rv);
}

FAKE int
fake_fcntl(int fd, int command, int flags)
{
	return (record("fcntl", "%d, %d", command, flags) == -1 ? -1 :
	    fcntl(fd, command, flags));
}

FAKE int
fake_dup3(int from, int to, int flags)
{
	return (record("dup3", "%#x", (unsigned int)flags) == -1 ? -1 :
	    dup3(from, to, flags));
}

FAKE int
fake_ftruncate(int fd, off_t size)
{
	return (record("ftruncate", "%lld", (long long)size) == -1 ? -1 :
	    ftruncate(fd, size));
}

FAKE int
fake_getpeereid(int fd, uid_t *uid, gid_t *gid)
{
	*uid = 1000;
	*gid = 100;
	return (record("getpeereid", "%d", fd));
}

FAKE struct passwd *
fake_getpwuid(uid_t uid)
{
	static char		name[] = "somebody";
	static struct passwd	pw = { .pw_name = name };

	return (record("getpwuid", "%u", (unsigned int)uid) == -1 ? NULL :
	    &pw);
}

FAKE int
fake_getgrouplist(const char *name, gid_t base, gid_t *groups, int *n)
{
	ATF_REQUIRE(*n > NGROUPS_MAX);
	groups[0] = base;
	groups[1] = 20;
	*n = 2;
	return (record("getgrouplist", "%s, %u", name, (unsigned int)base));
}

#define arc4random_buf(p, n)		fake_random(p, n)
#define getpeereid(f, u, g)		fake_getpeereid(f, u, g)
#define getpwuid(u)			fake_getpwuid(u)
#define getgrouplist(n, b, g, c)	fake_getgrouplist(n, b, g, c)
#define shm_open(n, f, m)		fake_shm_open(n, f, m)
#define shm_unlink(n)			fake_shm_unlink(n)
#define fcntl(f, c, a)			fake_fcntl(f, c, a)
#define dup3(f, t, a)			fake_dup3(f, t, a)
#define ftruncate(f, s)			fake_ftruncate(f, s)
