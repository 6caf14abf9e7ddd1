/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * bpf(4) for the cases of capture_bpf_SYSTEM_test.c: included behind all
 * headers and before the files that call it.  Calls are written down; what a
 * case wants the device to say stands in bpf.
 */

#ifndef BPF_FAKE_H
#define BPF_FAKE_H

#define DEVICE		5		/* its descriptor */
#define FIXED_SIZE	65536U

static struct {
	/* the parent's */
	int		 missing;	/* the interface */
	u_int		 minor;		/* of the version */
	u_int		 gives;		/* octets of a buffer; 0: as asked */
	u_int		 dlt, list[4], nlist;
	/* the worker's */
	uint8_t		 buffer[FIXED_SIZE];
	size_t		 len;		/* of it, for the next read(2) */
	int		 error;		/* of it, instead */
	short		 revents;
	struct bpf_stat	 stat;
	unsigned int	 reads;
	int		 stopped;	/* the time that frames wait */
	int		 endless;	/* it is full again */
} bpf;

static void
bpf_reset(void)
{
	record_reset();
	memset(&bpf, 0, sizeof(bpf));
	bpf.minor = BPF_MINOR_VERSION;
	bpf.dlt = DLT_EN10MB;
	bpf.revents = POLLIN;
}

static int
fake_open(const char *path, int flags)
{
	const int	all = O_CLOEXEC | O_NONBLOCK;

	return (record("open", "%s, %s%s", path, (flags & O_ACCMODE) ==
	    O_RDONLY ? "read only" : "to write", (flags & all) == all ?
	    ", close on exec, without waiting" : "") == -1 ? -1 : DEVICE);
}

static int
fake_close(int fd)
{
	return (record("close", "%d", fd));
}

static int
fake_poll(struct pollfd *pfd, nfds_t n, int ms)
{
	ATF_REQUIRE_EQ(1, n);
	ATF_REQUIRE_EQ(DEVICE, pfd->fd);
	ATF_REQUIRE_EQ(0, ms);
	ATF_REQUIRE_EQ(POLLIN, pfd->events);
	pfd->revents = bpf.revents;
	bpf.stopped = 0;
	return (bpf.revents != 0);
}

/* Of exactly the buffer's length, or the kernel refuses. */
static ssize_t
fake_read(int fd, void *data, size_t len)
{
	size_t	n = bpf.len;

	ATF_REQUIRE_EQ(DEVICE, fd);
	ATF_REQUIRE_EQ(FIXED_SIZE, len);
	bpf.reads++;
	if (bpf.error != 0) {
		errno = bpf.error;
		return (-1);
	}
	memcpy(data, bpf.buffer, n);
	if (!bpf.endless)
		bpf.len = 0;
	return ((ssize_t)n);
}

/* Behind it is a page that nobody may touch. */
static void *
fake_malloc(size_t size)
{
	size_t	 page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t	*p;

	ATF_REQUIRE_EQ(0, size % page);
	p = mmap(NULL, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE |
	    MAP_ANON, -1, 0);
	ATF_REQUIRE(p != MAP_FAILED);
	ATF_REQUIRE_EQ(0, mprotect(p + size, page, PROT_NONE));
	return (p);
}

static unsigned int
fake_nametoindex(const char *name)
{
	ATF_CHECK_STREQ("em0", name);
	return (bpf.missing ? 0 : 7);
}

static int
ioctl_number(const char *name, u_int *value)
{
	return (record(name, "%u", *value));
}

static int
ioctl_program(const struct bpf_program *p)
{
	if (p->bf_len == 1 && p->bf_insns[0].code == (BPF_RET | BPF_K))
		return (record("BIOCSETF", "return %u", p->bf_insns[0].k));
	return (record("BIOCSETF", "%u instructions", p->bf_len));
}

static int
ioctl_links(struct bpf_dltlist *list)
{
	if (record("BIOCGDLTLIST", "room for %u", list->bfl_len) == -1)
		return (-1);
	memcpy(list->bfl_list, bpf.list, bpf.nlist * sizeof(bpf.list[0]));
	list->bfl_len = bpf.nlist;
	return (0);
}

static int	ioctl_system(unsigned long, void *);

static int
fake_ioctl(int fd, unsigned long request, void *arg)
{
	struct bpf_version	*version = arg;
	struct ifreq		*ifr = arg;
	int			 rv;

	ATF_REQUIRE_EQ(DEVICE, fd);
	bpf.stopped = 1;
	switch (request) {
	case BIOCVERSION:
		version->bv_major = BPF_MAJOR_VERSION;
		version->bv_minor = (u_short)bpf.minor;
		return (record("BIOCVERSION", "%s", ""));
	case BIOCSBLEN:
		rv = ioctl_number("BIOCSBLEN", arg);
		if (bpf.gives != 0)
			*(u_int *)arg = bpf.gives;
		return (rv);
	case BIOCSETF:
		return (ioctl_program(arg));
	case BIOCSETIF:
		return (record("BIOCSETIF", "%s", ifr->ifr_name));
	case BIOCGETIF:
		memcpy(ifr->ifr_name, "em0", sizeof("em0"));
		return (record("BIOCGETIF", "%s", ""));
	case BIOCGDLT:
		*(u_int *)arg = bpf.dlt;
		return (record("BIOCGDLT", "%s", ""));
	case BIOCGDLTLIST:
		return (ioctl_links(arg));
	case BIOCSDLT:
		return (ioctl_number("BIOCSDLT", arg));
	case BIOCGSTATS:
		rv = record("BIOCGSTATS", "%s", "");
		memcpy(arg, &bpf.stat, sizeof(bpf.stat));
		if (rv == -1)
			memset(arg, 0xff, sizeof(bpf.stat));
		return (rv);
	case BIOCPROMISC:
		return (record("BIOCPROMISC", "%s", ""));
	case BIOCLOCK:
		return (record("BIOCLOCK", "%s", ""));
	default:
		return (ioctl_system(request, arg));
	}
}

static int
ioctl_time(const char *name, const struct timeval *tv)
{
	return (record(name, "%ld.%06ld", (long)tv->tv_sec,
	    (long)tv->tv_usec));
}

/* Not of members, which have the same names. */
#define open(path, flags)	fake_open(path, flags)
#define close(fd)		fake_close(fd)
#define malloc(size)		fake_malloc(size)
#define read(fd, data, len)	fake_read(fd, data, len)
#define poll(pfd, n, ms)	fake_poll(pfd, n, ms)
#define if_nametoindex(name)	fake_nametoindex(name)
#define ioctl(fd, ...)		IOCTL(fd, __VA_ARGS__, NULL)
#define IOCTL(fd, request, arg, ...)	fake_ioctl(fd, request, arg)

#endif
