/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Shared memory without seals and groups by name: OpenBSD and NetBSD. */

#define FLOWS	8

#define CHECK_CREATED()							\
	expect("arc4random_buf(8)\nshm_open(%s, %#x, 0600)\n"		\
	    "shm_open(%s, 0, 0)\nfcntl(%d, %d)\nfcntl(%d, %d)\n"	\
	    "shm_unlink(%s)\n", created, O_RDWR | O_CREAT | O_EXCL,	\
	    created, F_SETFD, FD_CLOEXEC, F_SETFD, FD_CLOEXEC, created)

static unsigned int
descriptors(void)
{
	unsigned int	n = 0;
	int		fd;

	for (fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return (n);
}

/* Nothing is left of a try, but errno. */
static void
check_refused(int sized, int error)
{
	unsigned int	before = descriptors();
	int		fd;

	fd = sized ? shmem_new_sized("x", 4096) : shmem_new("x");
	ATF_REQUIRE_EQ(errno, error);
	ATF_REQUIRE_EQ(fd, -1);
	ATF_REQUIRE_EQ(descriptors(), before);
	record_reset();
}

CASE(shared_memory_has_no_name_and_does_not_outlive_an_exec)
{
	int	fd;

	ATF_REQUIRE((fd = shmem_new("x")) != -1);
	CHECK_CREATED();
	ATF_REQUIRE(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	ATF_REQUIRE_ERRNO(ENOENT, shm_open(created, O_RDONLY, 0) == -1);
}

CASE(a_name_that_is_taken_is_not_used)
{
	int	fd;

	record_fail("shm_open", 1, EEXIST);
	ATF_REQUIRE((fd = shmem_new("x")) != -1);
	ATF_REQUIRE_EQ(randoms, 2);
	record_reset();
	/* Somebody who has them all does not keep us for ever. */
	record_fail("shm_open", 0, EEXIST);
	ATF_REQUIRE_ERRNO(EEXIST, shmem_new("x") == -1);
	ATF_REQUIRE_EQ(randoms, 2 + 8);
}

CASE(what_is_sealed_can_be_read_only)
{
	char	buf[8] = "";
	int	fd, other;

	ATF_REQUIRE((other = shmem_new("x")) != -1);
	ATF_REQUIRE((fd = shmem_new("x")) != -1);
	ATF_REQUIRE_EQ(write(fd, "filter", 6), 6);
	ATF_REQUIRE_ERRNO(EINVAL, shmem_seal(other) == -1);
	ATF_REQUIRE_EQ(shmem_seal(fd), 0);
	ATF_REQUIRE(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	ATF_REQUIRE_ERRNO(EBADF, pwrite(fd, "other", 5, 0) == -1);
	ATF_REQUIRE(ftruncate(fd, 1) == -1);
	ATF_REQUIRE(mmap(NULL, 6, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) ==
	    MAP_FAILED);
	ATF_REQUIRE_EQ(pread(fd, buf, sizeof(buf), 0), 6);
	ATF_REQUIRE_STREQ(buf, "filter");
	ATF_REQUIRE_ERRNO(EINVAL, shmem_seal(fd) == -1);
	ATF_REQUIRE_ERRNO(EINVAL, shmem_seal(-1) == -1);
}

CASE(a_seal_that_cannot_be_is_told)
{
	int	fd;

	ATF_REQUIRE((fd = shmem_new("x")) != -1);
	record_fail("dup3", 1, EMFILE);
	ATF_REQUIRE_ERRNO(EMFILE, shmem_seal(fd) == -1);
}

CASE(no_descriptor_is_left_of_what_was_sealed_or_not)
{
	unsigned int	before = descriptors();
	int		fd, i;

	for (i = 0; i < 3; i++) {
		ATF_REQUIRE((fd = shmem_new("x")) != -1);
		if (i != 1)
			ATF_REQUIRE_EQ(shmem_seal(fd), 0);
		close(fd);
	}
	ATF_REQUIRE((fd = shmem_new_sized("x", 4096)) != -1);
	close(fd);
	ATF_REQUIRE_EQ(descriptors(), before);
}

CASE(a_failed_step_leaves_no_shared_memory)
{
	record_fail("shm_open", 0, ENFILE);
	check_refused(0, ENFILE);
	record_fail("shm_open", 2, EMFILE);
	check_refused(0, EMFILE);
	record_fail("shm_unlink", 1, EACCES);
	check_refused(0, EACCES);
	record_fail("fcntl", 1, EPERM);
	check_refused(0, EPERM);
	record_fail("fcntl", 2, EPERM);
	check_refused(0, EPERM);
	record_fail("ftruncate", 1, ENOSPC);
	check_refused(1, ENOSPC);
	record_fail("shm_open", 0, ENFILE);
	check_refused(1, ENFILE);
}

/* Else a disk or a table that is full would hold the parent for ever. */
CASE(another_name_is_tried_only_where_one_is_taken)
{
	const char	*first;

	record_fail("shm_open", 0, ENOSPC);
	ATF_CHECK_ERRNO(ENOSPC, shmem_new("x") == -1);
	ATF_REQUIRE((first = strstr(record_lines(), "shm_open(")) != NULL);
	ATF_CHECK(strstr(first + 1, "shm_open(") == NULL);
}

CASE(a_table_of_another_size_is_not_taken_over)
{
	struct estate	*es;
	size_t		 size = estate_size(FLOWS, 0);
	int		 fd;

	ATF_REQUIRE((fd = shmem_new_sized("x", size)) != -1);
	ATF_REQUIRE((es = estate_map(fd, FLOWS, 0)) != NULL);
	estate_init(es, FLOWS);
	ATF_REQUIRE(estate_valid(es, FLOWS));
	estate_unmap(es, FLOWS, 0);
	/* What a worker can do to it. */
	ATF_REQUIRE_EQ(ftruncate(fd, (off_t)size - 1), 0);
	ATF_REQUIRE_ERRNO(EINVAL, estate_map(fd, FLOWS, 0) == NULL);
	ATF_REQUIRE_EQ(ftruncate(fd, 0), 0);
	ATF_REQUIRE_ERRNO(EINVAL, estate_map(fd, FLOWS, 0) == NULL);
	ATF_REQUIRE_EQ(ftruncate(fd, (off_t)size + 1), 0);
	ATF_REQUIRE_ERRNO(EINVAL, estate_map(fd, FLOWS, 0) == NULL);
}

/* Of user 1000, "somebody", whose group is 100. */
CASE(groups_are_those_that_the_user_has_now)
{
	ATF_REQUIRE_EQ(peer_in_group(FAKE_FD, 20), 1);
	expect("getpeereid(%d)\ngetpwuid(1000)\ngetgrouplist(somebody, 100)\n",
	    FAKE_FD);
	ATF_REQUIRE_EQ(peer_in_group(FAKE_FD, 100), 1);
	ATF_REQUIRE_EQ(peer_in_group(FAKE_FD, 0), 0);
	ATF_REQUIRE_EQ(peer_in_group(FAKE_FD, 21), 0);
}

CASE(without_an_answer_nobody_is_in_a_group)
{
	static const char *const	calls[] = {
		"getpeereid", "getpwuid", "getgrouplist"
	};
	size_t				i;

	for (i = 0; i < nitems(calls); i++) {
		record_reset();
		record_fail(calls[i], 1, ENOTCONN);
		ATF_REQUIRE_EQ(peer_in_group(FAKE_FD, 20), 0);
	}
}

static atf_error_t
add_unsealed_cases(atf_tp_t *tp)
{
	ATF_TP_ADD_TC(tp,
	    shared_memory_has_no_name_and_does_not_outlive_an_exec);
	ATF_TP_ADD_TC(tp, a_name_that_is_taken_is_not_used);
	ATF_TP_ADD_TC(tp, what_is_sealed_can_be_read_only);
	ATF_TP_ADD_TC(tp, a_seal_that_cannot_be_is_told);
	ATF_TP_ADD_TC(tp, no_descriptor_is_left_of_what_was_sealed_or_not);
	ATF_TP_ADD_TC(tp, a_failed_step_leaves_no_shared_memory);
	ATF_TP_ADD_TC(tp, another_name_is_tried_only_where_one_is_taken);
	ATF_TP_ADD_TC(tp, a_table_of_another_size_is_not_taken_over);
	ATF_TP_ADD_TC(tp, groups_are_those_that_the_user_has_now);
	ATF_TP_ADD_TC(tp, without_an_answer_nobody_is_in_a_group);
	return (atf_no_error());
}
