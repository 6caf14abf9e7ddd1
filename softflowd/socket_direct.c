/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Linux on i386 and s390x, where glibc calls sockets by socketcall(2) alone,
 * whose arguments are in memory and unseen by a filter.  These go before the
 * C library's, for us and for libpcap, and have a call each, as Linux does
 * from 4.3 on.  What the library calls inside itself stays as it is.
 *
 * <sys/socket.h> would have other names and types for them.
 */

#include <sys/types.h>
#include <sys/syscall.h>

#include <unistd.h>

#define CALL2(ret, name, nr, t1, t2)					\
ret	name(t1, t2);							\
ret									\
name(t1 a, t2 b)							\
{									\
	return ((ret)syscall(nr, a, b));				\
}
#define CALL3(ret, name, nr, t1, t2, t3)				\
ret	name(t1, t2, t3);						\
ret									\
name(t1 a, t2 b, t3 c)							\
{									\
	return ((ret)syscall(nr, a, b, c));				\
}
#define CALL4(ret, name, nr, t1, t2, t3, t4)				\
ret	name(t1, t2, t3, t4);						\
ret									\
name(t1 a, t2 b, t3 c, t4 d)						\
{									\
	return ((ret)syscall(nr, a, b, c, d));				\
}
#define CALL5(ret, name, nr, t1, t2, t3, t4, t5)			\
ret	name(t1, t2, t3, t4, t5);					\
ret									\
name(t1 a, t2 b, t3 c, t4 d, t5 e)					\
{									\
	return ((ret)syscall(nr, a, b, c, d, e));			\
}

CALL3(int, socket, SYS_socket, int, int, int)
CALL4(int, socketpair, SYS_socketpair, int, int, int, int *)
CALL3(int, bind, SYS_bind, int, const void *, unsigned int)
CALL3(int, connect, SYS_connect, int, const void *, unsigned int)
CALL2(int, listen, SYS_listen, int, int)
CALL4(int, accept4, SYS_accept4, int, void *, unsigned int *, int)
CALL3(int, getsockname, SYS_getsockname, int, void *, unsigned int *)
CALL3(int, getpeername, SYS_getpeername, int, void *, unsigned int *)
CALL2(int, shutdown, SYS_shutdown, int, int)
CALL5(int, getsockopt, SYS_getsockopt, int, int, int, void *, unsigned int *)
CALL5(int, setsockopt, SYS_setsockopt, int, int, int, const void *,
    unsigned int)
CALL3(ssize_t, sendmsg, SYS_sendmsg, int, const void *, int)
CALL3(ssize_t, recvmsg, SYS_recvmsg, int, void *, int)

/* With 64-bit times; no option or message of ours has one but SO_RCVTIMEO. */
CALL5(int, __getsockopt64, SYS_getsockopt, int, int, int, void *,
    unsigned int *)
CALL5(int, __setsockopt64, SYS_setsockopt, int, int, int, const void *,
    unsigned int)
CALL3(ssize_t, __sendmsg64, SYS_sendmsg, int, const void *, int)
CALL3(ssize_t, __recvmsg64, SYS_recvmsg, int, void *, int)

int	 accept(int, void *, unsigned int *);
ssize_t	 sendto(int, const void *, size_t, int, const void *, unsigned int);
ssize_t	 send(int, const void *, size_t, int);
ssize_t	 recvfrom(int, void *, size_t, int, void *, unsigned int *);
ssize_t	 recv(int, void *, size_t, int);
ssize_t	 __recvfrom_chk(int, void *, size_t, size_t, int, void *,
	    unsigned int *);
ssize_t	 __recv_chk(int, void *, size_t, size_t, int);

int
accept(int fd, void *addr, unsigned int *len)
{
	return (accept4(fd, addr, len, 0));
}

ssize_t
sendto(int fd, const void *buf, size_t len, int flags, const void *addr,
    unsigned int addrlen)
{
	return (syscall(SYS_sendto, fd, buf, len, flags, addr, addrlen));
}

ssize_t
send(int fd, const void *buf, size_t len, int flags)
{
	return (sendto(fd, buf, len, flags, NULL, 0));
}

ssize_t
recvfrom(int fd, void *buf, size_t len, int flags, void *addr,
    unsigned int *addrlen)
{
	return (syscall(SYS_recvfrom, fd, buf, len, flags, addr, addrlen));
}

ssize_t
recv(int fd, void *buf, size_t len, int flags)
{
	return (recvfrom(fd, buf, len, flags, NULL, NULL));
}

/* What _FORTIFY_SOURCE makes of them; room is what the compiler knows. */
ssize_t
__recvfrom_chk(int fd, void *buf, size_t len, size_t room, int flags,
    void *addr, unsigned int *addrlen)
{
	if (len > room)
		__builtin_trap();
	return (recvfrom(fd, buf, len, flags, addr, addrlen));
}

ssize_t
__recv_chk(int fd, void *buf, size_t len, size_t room, int flags)
{
	return (__recvfrom_chk(fd, buf, len, room, flags, NULL, NULL));
}
