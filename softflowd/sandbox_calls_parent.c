/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What the parent may call once it has confined itself.  Its children inherit
 * that, so the lists have all that they call, too: between fork and exec, in
 * the loader and until they confine themselves further, and libpcap in who
 * compiles an expression.  Measured over the whole life of the daemon, under
 * glibc 2.36; names of other architectures and what the manual of a call says
 * are added.  Everything else fails with ENOSYS, as in a kernel that does not
 * have it: a C library that comes to prefer a new call then takes the old one,
 * and neither stops the daemon nor opens a door.
 */

#include <sys/types.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <linux/fcntl.h>
#include <linux/if_packet.h>
#include <linux/net.h>
#include <linux/netlink.h>
#include <linux/sockios.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>

#include <sched.h>
#include <signal.h>

#include "sandbox_calls.h"

#ifndef PR_SET_MDWE
#define PR_SET_MDWE	65
#define PR_GET_MDWE	66
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL	0x0008		/* <linux/memfd.h> of 6.3 */
#endif
#ifndef ARCH_SET_FS
#define ARCH_SET_FS	0x1002		/* <asm/prctl.h> of x86 */
#endif

/*
 * O_LARGEFILE, which other C libraries and 32 bits always have, is the
 * kernel's, from <linux/fcntl.h>; <fcntl.h> may have it as 0.
 */
#define READ_ONLY(n)							\
    BITS(n, "flags", O_RDONLY, O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK |	\
    O_NOCTTY | O_DIRECTORY | O_LARGEFILE)

/* Of socketcall; as FD_FROM. */
#define CALL_FROM(first, count)						\
    { 0, (count) - 1, (first), "call", NULL }

/* Linux 6.3 has MFD_NOEXEC_SEAL; older ones take a file in memory without. */
#define SEALABLE(n)							\
    BITS(n, "flags", MFD_CLOEXEC | MFD_ALLOW_SEALING, MFD_NOEXEC_SEAL)

/* The parent's own work. */
static const struct call	 parent[] = {
	{ "poll ppoll ppoll_time64", "main loop, the reader's answers", ANY },
	{ "accept4 accept", "control clients", ANY },
	{ "socketpair", "channels", SOCKET(AF_UNIX, SOCK_STREAM, 0) },
	{ "recvmsg", "channels", ANY },
	{ "sendmsg", "channels", 1, { SEND_FLAGS(2) } },
	/* Of streams none: what root may ask of a local daemon is too much. */
	{ "socket", "syslog, names of interfaces, service manager",
	    SOCKET(AF_UNIX, SOCK_DGRAM, 0) },
	{ "socket", "collectors", SOCKET(AF_INET, SOCK_DGRAM, IPPROTO_UDP) },
	{ "socket", "collectors", SOCKET(AF_INET6, SOCK_DGRAM, IPPROTO_UDP) },
	{ "socket", "collectors", SOCKET(AF_INET, SOCK_STREAM, IPPROTO_TCP) },
	{ "socket", "collectors", SOCKET(AF_INET6, SOCK_STREAM, IPPROTO_TCP) },
	{ "socket", "collectors", SOCKET(AF_INET, SOCK_STREAM, IPPROTO_SCTP) },
	{ "socket", "collectors",
	    SOCKET(AF_INET6, SOCK_STREAM, IPPROTO_SCTP) },
	{ "socket", "which interfaces there are",
	    SOCKET(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE) },
	{ "socket", "capture", SOCKET(AF_PACKET, SOCK_RAW, 0) },
	{ "socket", "capture, without link header",
	    SOCKET(AF_PACKET, SOCK_DGRAM, 0) },
	{ "bind connect getsockname", "collectors, capture, syslog", ANY },
	{ "recvfrom recv", "netlink, syslog", ANY },
	{ "sendto send", "netlink, syslog", 1, { SEND_FLAGS(3) } },
	{ "setsockopt", "collectors", OPTION(SOL_SOCKET, SO_SNDBUF) },
	{ "setsockopt", "collectors", OPTION(SOL_SOCKET, SO_KEEPALIVE) },
	{ "setsockopt", "-S", OPTION(SOL_SOCKET, SO_BINDTODEVICE) },
	{ "setsockopt", "collectors", OPTION(IPPROTO_TCP, TCP_USER_TIMEOUT) },
	{ "setsockopt", "-o dscp", OPTION(IPPROTO_IP, IP_TOS) },
	{ "setsockopt", "-o dscp", OPTION(IPPROTO_IPV6, IPV6_TCLASS) },
	{ "setsockopt", "-L", OPTION(IPPROTO_IP, IP_TTL) },
	{ "setsockopt", "-L", OPTION(IPPROTO_IP, IP_MULTICAST_TTL) },
	{ "setsockopt", "-L", OPTION(IPPROTO_IPV6, IPV6_UNICAST_HOPS) },
	{ "setsockopt", "-L", OPTION(IPPROTO_IPV6, IPV6_MULTICAST_HOPS) },
	{ "setsockopt", "no fragments", OPTION(IPPROTO_IP, IP_MTU_DISCOVER) },
	{ "setsockopt", "no fragments",
	    OPTION(IPPROTO_IPV6, IPV6_MTU_DISCOVER) },
	{ "setsockopt", "capture", OPTION(SOL_SOCKET, SO_ATTACH_FILTER) },
	{ "setsockopt", "capture", OPTION(SOL_SOCKET, SO_LOCK_FILTER) },
	{ "setsockopt", "netlink", OPTION(SOL_SOCKET, SO_RCVTIMEO) },
	{ "setsockopt", "capture", OPTION(SOL_SOCKET, SO_TIMESTAMP) },
	{ "setsockopt", "capture", OPTION(SOL_PACKET, PACKET_VERSION) },
	{ "setsockopt", "capture", OPTION(SOL_PACKET, PACKET_RX_RING) },
	{ "setsockopt", "capture", OPTION(SOL_PACKET, PACKET_ADD_MEMBERSHIP) },
	{ "setsockopt", "capture",
	    OPTION(SOL_PACKET, PACKET_DROP_MEMBERSHIP) },
	{ "setsockopt", "-o ignore-outgoing",
	    OPTION(SOL_PACKET, PACKET_IGNORE_OUTGOING) },
	{ "setsockopt", "the worker's datagrams",
	    OPTION(SOL_UDP, UDP_SEGMENT) },
	{ "getsockopt", "connections, link down",
	    OPTION(SOL_SOCKET, SO_ERROR) },
	{ "getsockopt", "who a control client is",
	    OPTION(SOL_SOCKET, SO_PEERCRED) },
	{ "getsockopt", "who a control client is",
	    OPTION(SOL_SOCKET, SO_PEERGROUPS) },
	{ "getsockopt", "size of datagrams", OPTION(IPPROTO_IP, IP_MTU) },
	{ "getsockopt", "size of datagrams", OPTION(IPPROTO_IPV6, IPV6_MTU) },
	{ "getsockopt", "kernel drops",
	    OPTION(SOL_PACKET, PACKET_STATISTICS) },
	{ "getsockopt", "the worker's: what a collector acknowledged",
	    OPTION(IPPROTO_TCP, TCP_INFO) },
	{ "ioctl", "interfaces", 1, { EQ(1, "request", SIOCGIFINDEX) } },
	{ "ioctl", "interfaces", 1, { EQ(1, "request", SIOCGIFNAME) } },
	{ "ioctl", "interfaces", 1, { EQ(1, "request", SIOCGIFHWADDR) } },
	{ "memfd_create", "flow table, filters", 1, { SEALABLE(1) } },
	{ "ftruncate ftruncate64", "flow table", ANY },
	{ "fcntl fcntl64", "its seals", 1, { EQ(1, "cmd", F_ADD_SEALS) } },
	{ "fcntl fcntl64", "descriptors to their places", 1,
	    { EQ(1, "cmd", F_DUPFD) } },
	{ "fcntl fcntl64", "descriptors to their places", 1,
	    { EQ(1, "cmd", F_DUPFD_CLOEXEC) } },
	{ "fcntl fcntl64", "channels", 1, { EQ(1, "cmd", F_GETFL) } },
	{ "fcntl fcntl64", "channels", 1, { EQ(1, "cmd", F_SETFL) } },
	{ "clone", "processes", 1, { FORK } },
	{ "fork", "processes", ANY },
	{ "pipe pipe2", "who compiles an expression", ANY },
	{ "kill", "processes of ours", 1, { EQ(1, "signal", SIGKILL) } },
	{ "kill", "processes of ours", 1, { EQ(1, "signal", SIGTERM) } },
	/* Of any process: the children inherit it, and abort, too. */
	{ "tgkill", "abort", 1, { EQ(2, "signal", SIGABRT) } },
	{ "wait4 waitpid", "processes of ours", ANY },
	{ "unlinkat", "pid file, control socket, their locks", 1,
	    { EQ(2, "flags", 0) } },
};

/* Of parent and children alike: the C library, and files to read. */
static const struct call	 library[] = {
	{ "read write writev close", "files, channels, log", ANY },
	{ "openat", "files that Landlock leaves, to read only", 1,
	    { READ_ONLY(2) } },
	{ "open", "files that Landlock leaves, to read only", 1,
	    { READ_ONLY(1) } },
	{ "stat stat64 fstat fstat64 newfstatat fstatat64 statx lstat lstat64 "
	    "access faccessat faccessat2", "files", ANY },
	{ "lseek _llseek pread64", "files, libraries", ANY },
	{ "brk munmap mremap madvise", "malloc, libraries", ANY },
	{ "mmap mmap2", "malloc, libraries' data, rings, flow table", 1,
	    { BITS(2, "prot", PROT_NONE, PROT_READ | PROT_WRITE) } },
	{ "mmap mmap2", "libraries' code, from a file", 2,
	    { EQ(2, "prot", PROT_READ | PROT_EXEC),
	    BITS(3, "flags", MAP_PRIVATE, MAP_FIXED | MAP_DENYWRITE) } },
	{ "mprotect", "malloc, libraries' data", 1,
	    { BITS(2, "prot", PROT_NONE, PROT_READ | PROT_WRITE) } },
	{ "clock_gettime clock_gettime64 gettimeofday time", "clocks", ANY },
	{ "getrandom", "arc4random", ANY },
	{ "futex futex_time64 set_robust_list rseq", "locks, fork", ANY },
	{ "getpid gettid getppid geteuid geteuid32", "the log, checks", ANY },
	{ "rt_sigaction rt_sigprocmask rt_sigreturn sigreturn "
	    "restart_syscall", "signals", ANY },
	{ "uname", "libpcap, names", ANY },
	{ "exit exit_group", "the end", ANY },
};

/*
 * Where glibc has no other way to call sockets (i386, s390x): what it does
 * itself for names of hosts and interfaces and for syslog.  The arguments are
 * in memory, unseen.  Our own calls are direct, see socket_direct.c.
 */
static const struct call	 sockets[] = {
	{ "socketcall", "socket", 1, { EQ(0, "call", SYS_SOCKET) } },
	{ "socketcall", "bind, connect", 1, { CALL_FROM(SYS_BIND, 2) } },
	{ "socketcall", "getsockname, getpeername", 1,
	    { CALL_FROM(SYS_GETSOCKNAME, 2) } },
	{ "socketcall", "socketpair, send, recv, sendto", 1,
	    { CALL_FROM(SYS_SOCKETPAIR, 4) } },
	{ "socketcall", "recvfrom", 1, { EQ(0, "call", SYS_RECVFROM) } },
	{ "socketcall", "setsockopt, getsockopt", 1,
	    { CALL_FROM(SYS_SETSOCKOPT, 2) } },
	{ "socketcall", "sendmsg, recvmsg", 1,
	    { CALL_FROM(SYS_SENDMSG, 2) } },
	{ "socketcall", "accept4", 1, { EQ(0, "call", SYS_ACCEPT4) } },
	{ "socketcall", "sendmmsg", 1, { EQ(0, "call", SYS_SENDMMSG) } },
};

/* Of a process that starts, and of libpcap when it opens a device. */
static const struct call	 start[] = {
	/*
	 * The path goes unseen: an absolute one, for which fd means nothing,
	 * is Landlock's to refuse.
	 */
	{ "execveat", "a process", 2,
	    { OWN_PROGRAM, EQ(4, "flags", AT_EMPTY_PATH) } },
	{ "dup2 dup3", "descriptors to their places", 1,
	    { NEW_FD_FROM(0, 16) } },
	{ "dup2 dup3", "capture to its place", 1,
	    { NEW_FD_FROM(FD_CAPTURE, 16) } },
	{ "close_range", "what is not ours", ANY },
	{ "arch_prctl", "thread pointer", 1, { EQ(0, "code", ARCH_SET_FS) } },
	{ "set_thread_area set_tls set_tid_address", "thread pointer", ANY },
	{ "umask", "start", ANY },
	{ "alarm setitimer", "an end of who compiles; none in a worker", ANY },
	{ "prlimit64", "limits", 1, { EQ(0, "pid", 0) } },
	{ "ugetrlimit", "the C library's start, 32 bit", ANY },
	{ "prctl", "confinement", 2, { EQ(0, "option", PR_SET_NO_NEW_PRIVS),
	    EQ(1, "value", 1) } },
	{ "prctl", "confinement", 2, { EQ(0, "option", PR_SET_DUMPABLE),
	    EQ(1, "value", 0) } },
	{ "prctl", "confinement", 2, { EQ(0, "option", PR_SET_PDEATHSIG),
	    EQ(1, "value", SIGKILL) } },
	{ "prctl", "confinement", 2, { EQ(0, "option", PR_CAP_AMBIENT),
	    EQ(1, "value", PR_CAP_AMBIENT_CLEAR_ALL) } },
	{ "prctl", "confinement", 1, { EQ(0, "option", PR_SET_MDWE) } },
	{ "prctl", "confinement", 1, { EQ(0, "option", PR_GET_MDWE) } },
	{ "prctl", "how many capabilities there are", 1,
	    { EQ(0, "option", PR_CAPBSET_READ) } },
	{ "capget capset", "confinement", ANY },
	{ "landlock_create_ruleset landlock_add_rule landlock_restrict_self "
	    "seccomp", "confinement", ANY },
	{ "socket", "libpcap, to ask about a device",
	    SOCKET(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC) },
	{ "socket", "libpcap, the same", SOCKET(AF_UNIX, SOCK_RAW, 0) },
	{ "socket", "libpcap, the same", SOCKET(AF_INET, SOCK_DGRAM, 0) },
	{ "socket", "names of interfaces", SOCKET(AF_INET6, SOCK_DGRAM, 0) },
	{ "eventfd2", "libpcap", ANY },
	{ "setsockopt", "libpcap", OPTION(SOL_PACKET, PACKET_RESERVE) },
	{ "setsockopt", "libpcap", OPTION(SOL_PACKET, PACKET_AUXDATA) },
	{ "getsockopt", "libpcap", OPTION(SOL_PACKET, PACKET_HDRLEN) },
	{ "getsockopt", "libpcap", OPTION(SOL_SOCKET, SO_BPF_EXTENSIONS) },
	{ "ioctl", "libpcap: what a device does to frames", 1,
	    { EQ(1, "request", SIOCETHTOOL) } },
	{ "ioctl", "libpcap", 1, { EQ(1, "request", SIOCGIFMTU) } },
	{ "ioctl", "libpcap", 1, { EQ(1, "request", SIOCGIFFLAGS) } },
};

/* Of children of a parent that is root. */
static const struct call	 root[] = {
	{ "chroot chdir fchdir", "into the empty directory", ANY },
	{ "prctl", "bounding set", 1, { EQ(0, "option", PR_CAPBSET_DROP) } },
	{ "setgroups setgroups32", "no groups", 1, { EQ(0, "size", 0) } },
	{ "setresuid setresuid32", "leave root", 3,
	    { UID(0, "real"), UID(1, "effective"), UID(2, "saved") } },
	{ "setresgid setresgid32", "leave root", 3,
	    { GID(0, "real"), GID(1, "effective"), GID(2, "saved") } },
	{ "getgroups getgroups32 getresuid getresuid32 getresgid getresgid32",
	    "whether it did", ANY },
};

/*
 * Who compiles an expression, besides the library's: it asks nobody, starts
 * nothing, and writes its answer.
 */
static const struct call	 compiler[] = {
	{ "tgkill", "abort: own death only", 2,
	    { OWN_PID, EQ(2, "signal", SIGABRT) } },
	{ "setsockopt", "the end of capture",
	    OPTION(SOL_PACKET, PACKET_RX_RING) },
	{ "memfd_create", "its answer for a savefile", 1, { SEALABLE(1) } },
	{ "ftruncate ftruncate64", "the same", ANY },
	{ "fcntl fcntl64", "its seals", 1, { EQ(1, "cmd", F_ADD_SEALS) } },
};

const struct calls	 sandbox_calls_compiler = CALLS(compiler, 0);
const struct calls	 sandbox_calls_parent = CALLS(parent, 0);
const struct calls	 sandbox_calls_library = CALLS(library, 0);
const struct calls	 sandbox_calls_sockets = CALLS(sockets, 0);
const struct calls	 sandbox_calls_start = CALLS(start, 0);
const struct calls	 sandbox_calls_root = CALLS(root, 1);
