/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The functions that can fail.  Being the program's own, they stand before
 * those of the same names in every library, for the libraries' calls, too;
 * the allocator behind malloc stays the C library's.
 */

#undef _FORTIFY_SOURCE		/* its headers define some of them */

#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "fault.h"

/* With an option's level, in one number: 17103 is UDP_SEGMENT. */
#define OPTION(level, name)	((int64_t)(level) * 1000 + (name))

/* Of glibc; the Makefile leaves all out where there is another one. */
void	*__libc_malloc(size_t);
void	*__libc_calloc(size_t, size_t);
void	*__libc_realloc(void *, size_t);
void	*__libc_memalign(size_t, size_t);
int	 __poll_chk(struct pollfd *, nfds_t, int, size_t);

#define FAIL(name, arg, bad) do {					\
	int	 error_ = fault(name, arg);				\
									\
	if (error_ != 0) {						\
		errno = error_;						\
		return (bad);						\
	}								\
} while (0)

/* The function itself, the next one of its name. */
#define REAL(name)							\
	static __typeof__(&name)	 real;				\
									\
	if (real == NULL)						\
		real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

#define ALLOCATION(name, params, args)					\
void *									\
name params								\
{									\
	FAIL(#name, 0, NULL);						\
	return (__libc_##name args);					\
}

#define FUNCTION(type, bad, name, params, args, arg)			\
type									\
name params								\
{									\
	REAL(name);							\
	FAIL(#name, arg, bad);						\
	return (real args);						\
}

/* The one argument behind the last fixed one, if there is one. */
#define VARIADIC(name, params, last, args, arg)				\
int									\
name params								\
{									\
	va_list	 ap;							\
	long	 value;							\
	REAL(name);							\
	va_start(ap, last);						\
	value = va_arg(ap, long);					\
	va_end(ap);							\
	FAIL(#name, arg, -1);						\
	return (real args);						\
}

ALLOCATION(malloc, (size_t size), (size))
ALLOCATION(calloc, (size_t n, size_t size), (n, size))
ALLOCATION(realloc, (void *p, size_t size), (p, size))

void *
aligned_alloc(size_t alignment, size_t size)
{
	FAIL("aligned_alloc", 0, NULL);
	return (__libc_memalign(alignment, size));
}

FUNCTION(int, -1, socket, (int domain, int type, int protocol),
    (domain, type, protocol), domain)
FUNCTION(int, -1, socketpair, (int domain, int type, int protocol, int fd[2]),
    (domain, type, protocol, fd), domain)
FUNCTION(int, -1, bind, (int fd, const struct sockaddr *sa, socklen_t len),
    (fd, sa, len), sa->sa_family)
FUNCTION(int, -1, connect, (int fd, const struct sockaddr *sa, socklen_t len),
    (fd, sa, len), sa->sa_family)
FUNCTION(int, -1, listen, (int fd, int backlog), (fd, backlog), fd)
FUNCTION(int, -1, accept4, (int fd, struct sockaddr *sa, socklen_t *len,
    int flags), (fd, sa, len, flags), fd)
FUNCTION(int, -1, getsockopt, (int fd, int level, int name, void *value,
    socklen_t *len), (fd, level, name, value, len), OPTION(level, name))
FUNCTION(int, -1, setsockopt, (int fd, int level, int name, const void *value,
    socklen_t len), (fd, level, name, value, len), OPTION(level, name))
FUNCTION(int, -1, getsockname, (int fd, struct sockaddr *sa, socklen_t *len),
    (fd, sa, len), fd)
FUNCTION(int, -1, dup2, (int from, int to), (from, to), to)
FUNCTION(int, -1, pipe2, (int fd[2], int flags), (fd, flags), flags)
FUNCTION(int, -1, flock, (int fd, int operation), (fd, operation), operation)
FUNCTION(int, -1, memfd_create, (const char *name, unsigned int flags),
    (name, flags), flags)
FUNCTION(int, -1, ftruncate, (int fd, off_t size), (fd, size), fd)
FUNCTION(int, -1, madvise, (void *p, size_t len, int advice),
    (p, len, advice), advice)
FUNCTION(void *, MAP_FAILED, mmap, (void *p, size_t len, int prot, int flags,
    int fd, off_t at), (p, len, prot, flags, fd, at), flags)
FUNCTION(int, -1, chroot, (const char *path), (path), 0)
FUNCTION(int, -1, fchdir, (int fd), (fd), fd)
FUNCTION(char *, NULL, mkdtemp, (char *path), (path), 0)
FUNCTION(int, -1, setresuid, (uid_t r, uid_t e, uid_t s), (r, e, s), e)
FUNCTION(int, -1, setresgid, (gid_t r, gid_t e, gid_t s), (r, e, s), e)
FUNCTION(int, -1, setgroups, (size_t n, const gid_t *list), (n, list), 0)
FUNCTION(int, -1, setrlimit, (__rlimit_resource_t what,
    const struct rlimit *limit), (what, limit), what)
FUNCTION(struct passwd *, NULL, getpwnam, (const char *name), (name), 0)
FUNCTION(int, -1, getentropy, (void *p, size_t len), (p, len), 0)
FUNCTION(int, -1, fexecve, (int fd, char *const argv[], char *const envp[]),
    (fd, argv, envp), fd)
FUNCTION(pid_t, -1, waitpid, (pid_t pid, int *status, int options),
    (pid, status, options), options)
FUNCTION(int, -1, unlinkat, (int fd, const char *name, int flags),
    (fd, name, flags), flags)
FUNCTION(ssize_t, -1, pread, (int fd, void *p, size_t len, off_t at),
    (fd, p, len, at), fd)
FUNCTION(int, -1, ppoll, (struct pollfd *pfd, nfds_t n,
    const struct timespec *ts, const sigset_t *mask), (pfd, n, ts, mask),
    (int64_t)n)
FUNCTION(int, -1, poll, (struct pollfd *pfd, nfds_t n, int ms), (pfd, n, ms),
    (int64_t)n)

VARIADIC(open, (const char *path, int flags, ...), flags,
    (path, flags, (mode_t)value), flags)
VARIADIC(openat, (int fd, const char *path, int flags, ...), flags,
    (fd, path, flags, (mode_t)value), flags)
VARIADIC(fcntl, (int fd, int command, ...), command, (fd, command, value),
    command)
VARIADIC(ioctl, (int fd, unsigned long request, ...), request,
    (fd, request, value), (int64_t)request)

/* What _FORTIFY_SOURCE makes of it. */
int
__poll_chk(struct pollfd *pfd, nfds_t n, int ms, size_t size)
{
	(void)size;
	return (poll(pfd, n, ms));
}

int
prctl(int option, ...)
{
	unsigned long	 a[4];
	va_list		 ap;
	unsigned int	 i;
	REAL(prctl);

	va_start(ap, option);
	for (i = 0; i < 4; i++)
		a[i] = va_arg(ap, unsigned long);
	va_end(ap);
	FAIL("prctl", option, -1);
	return (real(option, a[0], a[1], a[2], a[3]));
}

long
syscall(long number, ...)
{
	long		 a[6];
	va_list		 ap;
	unsigned int	 i;
	REAL(syscall);

	va_start(ap, number);
	for (i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	FAIL("syscall", number, -1);
	return (real(number, a[0], a[1], a[2], a[3], a[4], a[5]));
}

pid_t
fork(void)
{
	pid_t	 pid;
	REAL(fork);

	FAIL("fork", 0, -1);
	if ((pid = real()) == 0)
		fault_role(ROLE_CHILD);
	return (pid);
}

/* Into the background. */
pid_t
setsid(void)
{
	REAL(setsid);

	fault_role(ROLE_PARENT);
	return (real());
}

void	 closefrom(int);
void
closefrom(int low)
{
	fault_closefrom(low);
}

/* A clock that was set, or a system that slept. */
int
clock_gettime(clockid_t id, struct timespec *ts)
{
	int64_t	 us;
	REAL(clock_gettime);

	if (real(id, ts) == -1)
		return (-1);
	if ((us = fault_clock_us(id)) == 0)
		return (0);
	us += ts->tv_nsec / 1000;
	ts->tv_sec += us / 1000000;
	us %= 1000000;
	if (us < 0) {
		ts->tv_sec--;
		us += 1000000;
	}
	ts->tv_nsec = us * 1000;
	return (0);
}

/*
 * What can go by half.
 */

#define HALF(len)	((len) > 1 ? (len) / 2 : (len))

#define PARTIAL(name, params, args, arg)				\
ssize_t									\
name params								\
{									\
	int	 error;							\
	REAL(name);							\
	error = fault(#name, arg);					\
	if (error == FAULT_SHORT)					\
		len = HALF(len);					\
	else if (error != 0) {						\
		errno = error;						\
		return (-1);						\
	}								\
	return (real args);						\
}

PARTIAL(read, (int fd, void *p, size_t len), (fd, p, len), fd)
PARTIAL(write, (int fd, const void *p, size_t len), (fd, p, len), fd)
PARTIAL(recv, (int fd, void *p, size_t len, int flags), (fd, p, len, flags),
    fd)
PARTIAL(send, (int fd, const void *p, size_t len, int flags),
    (fd, p, len, flags), fd)
PARTIAL(recvfrom, (int fd, void *restrict p, size_t len, int flags,
    struct sockaddr *restrict sa, socklen_t *restrict salen),
    (fd, p, len, flags, sa, salen), fd)

#define PARTIAL_MSG(name, constant)					\
ssize_t									\
name(int fd, constant struct msghdr *msg, int flags)			\
{									\
	struct msghdr	 half = *msg;					\
	struct iovec	 iov;						\
	ssize_t		 n;						\
	int		 error;						\
	REAL(name);							\
	error = fault(#name, fd);					\
	if (error == 0)							\
		return (real(fd, msg, flags));				\
	if (error != FAULT_SHORT) {					\
		errno = error;						\
		return (-1);						\
	}								\
	iov = msg->msg_iov[0];						\
	iov.iov_len = HALF(iov.iov_len);				\
	half.msg_iov = &iov;						\
	half.msg_iovlen = 1;						\
	n = real(fd, &half, flags);					\
	AFTER								\
	return (n);							\
}

#define AFTER
PARTIAL_MSG(sendmsg, const)
#undef AFTER
/* A header's worth, or less; what came with it is the caller's. */
#define AFTER	msg->msg_controllen = half.msg_controllen;		\
		msg->msg_flags = half.msg_flags;
PARTIAL_MSG(recvmsg, )

ssize_t
writev(int fd, const struct iovec *iov, int n)
{
	int	 error = fault("writev", fd);
	REAL(writev);

	if (error == FAULT_SHORT)
		return (write(fd, iov->iov_base, HALF(iov->iov_len)));
	if (error != 0) {
		errno = error;
		return (-1);
	}
	return (real(fd, iov, n));
}
