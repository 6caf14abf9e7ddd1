/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <atf-c.h>

#include "compat.h"
#include "datagram.h"
#include "engine.h"
#include "expire.h"
#include "imsg.h"
#include "sandbox.h"
#include "shmem.h"
#include "worker_fixture.h"

#define FRAME	160U		/* octets that a frame takes in a block */
#define PACKET	28U
#define HEADER	(TPACKET_ALIGN(sizeof(struct tpacket3_hdr)) + \
    sizeof(struct sockaddr_ll))
#define NOBODY	65534

struct msg_conf		conf;
struct msg_capture	capture;
struct msg_export	export;
int			export_fd = -1;
struct msg_counters	counters;
struct msg_ready	ready;
char			said_last[MSG_LOG_SIZE];
int			table_fd;

static int		program_fd;
static struct imsgbuf	channel;
static pid_t		pid;
static unsigned int	said[512];

uint64_t
wall_us(void)
{
	struct timespec	ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ((uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000);
}

void
sleep_until(uint64_t us)
{
	uint64_t	now;

	while ((now = wall_us()) < us)
		usleep((useconds_t)(us - now));
}

/*
 * Rings
 */

void
ring_new(struct ring *r)
{
	memset(r, 0, sizeof(*r));
	r->fd = shmem_new_sized("ring", RING_BLOCK * RING_COUNT);
	ATF_REQUIRE(r->fd != -1);
	r->map = mmap(NULL, RING_BLOCK * RING_COUNT, PROT_READ | PROT_WRITE,
	    MAP_SHARED, r->fd, 0);
	ATF_REQUIRE(r->map != MAP_FAILED);
}

void
ring_fill(struct ring *r, const uint64_t *time_us, uint32_t n)
{
	static const uint8_t	packet[PACKET] = {
		0x45, 0, 0, PACKET, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1,
		192, 0, 2, 1, 0x13, 0x88, 0, 53, 0, 8, 0, 0
	};
	uint8_t				*at = r->map + r->next * RING_BLOCK;
	struct tpacket_block_desc	*b = (void *)at;
	struct tpacket3_hdr		 h = { 0 };
	uint32_t			 i;

	ATF_REQUIRE(n <= RING_FRAMES);
	ATF_REQUIRE(!(b->hdr.bh1.block_status & TP_STATUS_USER));
	b->hdr.bh1.seq_num = r->seq++;
	b->hdr.bh1.num_pkts = n;
	b->hdr.bh1.offset_to_first_pkt = sizeof(*b);
	at += sizeof(*b);
	for (i = 0; i < n; i++, at += FRAME) {
		h.tp_mac = (uint16_t)HEADER;
		h.tp_snaplen = h.tp_len = PACKET;
		h.tp_next_offset = i + 1 < n ? FRAME : 0;
		h.tp_sec = (uint32_t)(time_us[i] / 1000000);
		h.tp_nsec = (uint32_t)(time_us[i] % 1000000 * 1000);
		memcpy(at, &h, sizeof(h));
		memcpy(at + HEADER, packet, PACKET);
	}
	__atomic_store_n(&b->hdr.bh1.block_status, TP_STATUS_USER,
	    __ATOMIC_RELEASE);
	r->next = (r->next + 1) % RING_COUNT;
}

void
ring_open(struct ring *r)
{
	struct sockaddr_ll	sll = { .sll_family = AF_PACKET };
	struct tpacket_req3	req = { 0 };
	int			on = 1, version = TPACKET_V3;

	memset(r, 0, sizeof(*r));
	req.tp_block_size = RING_BLOCK;
	req.tp_block_nr = req.tp_frame_nr = RING_COUNT;
	req.tp_frame_size = RING_BLOCK;
	req.tp_retire_blk_tov = 100;
	ATF_REQUIRE((r->fd = socket(AF_PACKET, SOCK_DGRAM, 0)) != -1);
	ATF_REQUIRE(setsockopt(r->fd, SOL_PACKET, PACKET_VERSION, &version,
	    sizeof(version)) == 0);
	ATF_REQUIRE(setsockopt(r->fd, SOL_PACKET, PACKET_RX_RING, &req,
	    sizeof(req)) == 0);
	/* The same for all sockets that see a packet. */
	ATF_REQUIRE(setsockopt(r->fd, SOL_SOCKET, SO_TIMESTAMP, &on,
	    sizeof(on)) == 0);
	sll.sll_protocol = htons(ETH_P_ALL);
	sll.sll_ifindex = (int)if_nametoindex("lo");
	ATF_REQUIRE(bind(r->fd, (struct sockaddr *)&sll, sizeof(sll)) == 0);
}

/*
 * Collectors
 */

void
collector_new(int *receives, int *sends)
{
	struct sockaddr_in	sin = { .sin_family = AF_INET };
	socklen_t		len = sizeof(sin);
	int			size = 1 << 20;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ATF_REQUIRE((*receives = socket(AF_INET, SOCK_DGRAM, 0)) != -1);
	(void)setsockopt(*receives, SOL_SOCKET, SO_RCVBUF, &size,
	    sizeof(size));
	ATF_REQUIRE(bind(*receives, (struct sockaddr *)&sin, len) == 0);
	ATF_REQUIRE(getsockname(*receives, (struct sockaddr *)&sin,
	    &len) == 0);
	ATF_REQUIRE((*sends = socket(AF_INET, SOCK_DGRAM, 0)) != -1);
	ATF_REQUIRE(connect(*sends, (struct sockaddr *)&sin, len) == 0);
}

uint64_t
collector_read(int fd, struct walk *walk, unsigned int *n)
{
	uint8_t		 data[1500];
	const char	*error;
	uint64_t	 packets = 0;
	ssize_t		 len;
	unsigned int	 i;

	while ((len = recv(fd, data, sizeof(data), MSG_DONTWAIT)) > 0) {
		error = walk_datagram(walk, data, (size_t)len);
		ATF_REQUIRE_MSG(error == NULL, "%s", error);
		for (i = 0; i < walk->flows; i++)
			packets += walk->record[i].value[2];
		++*n;
	}
	return (packets);
}

void
connection_new(int *receives, int *sends)
{
	struct sockaddr_in	sin = { .sin_family = AF_INET };
	socklen_t		len = sizeof(sin);
	int			listens;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ATF_REQUIRE((listens = socket(AF_INET, SOCK_STREAM, 0)) != -1);
	ATF_REQUIRE(bind(listens, (struct sockaddr *)&sin, len) == 0);
	ATF_REQUIRE(listen(listens, 1) == 0);
	ATF_REQUIRE(getsockname(listens, (struct sockaddr *)&sin, &len) == 0);
	ATF_REQUIRE((*sends = socket(AF_INET, SOCK_STREAM, 0)) != -1);
	ATF_REQUIRE(connect(*sends, (struct sockaddr *)&sin, len) == 0);
	ATF_REQUIRE((*receives = accept(listens, NULL, NULL)) != -1);
	close(listens);
	ATF_REQUIRE(fcntl(*sends, F_SETFL, O_NONBLOCK) == 0);
}

void
report_send(int fd, int with_template, unsigned int n)
{
	static const uint8_t	template[] = {
		0, 2, 0, 12, 1, 0x90, 0, 1, 1, 0x39, 0, 28
	}, packet[28] = {
		0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1,
		192, 0, 2, 1, 0x13, 0x88, 0, 53, 0, 8, 0, 0
	};
	static uint32_t		sequence;
	uint8_t			data[1500] = { 0, 10 };
	size_t			len = 16;

	datagram_store(data + 4, (uint32_t)(wall_us() / 1000000), 4);
	datagram_store(data + 8, sequence, 4);
	sequence += n;
	if (with_template) {
		memcpy(data + len, template, sizeof(template));
		len += sizeof(template);
	}
	datagram_store(data + len, 0x190, 2);
	datagram_store(data + len + 2, 4 + n * sizeof(packet), 2);
	for (len += 4; n > 0; n--, len += sizeof(packet))
		memcpy(data + len, packet, sizeof(packet));
	datagram_store(data + 2, len, 2);
	ATF_REQUIRE_EQ((ssize_t)len, send(fd, data, len, 0));
}

/*
 * Workers
 */

void
parent_init(const char *srcdir)
{
	char	program[PATH_MAX];
	int	fd;

	snprintf(program, sizeof(program), "%s/../../softflowd/softflowd",
	    srcdir);
	fd = open(program, O_PATH | O_CLOEXEC);
	/* Out of the way of a worker's. */
	program_fd = fcntl(fd, F_DUPFD_CLOEXEC, 32);
	ATF_REQUIRE_MSG(program_fd != -1, "%s", program);
	close(fd);
	conf.timeouts = expire_defaults;
	conf.timeouts.seconds[TIMEOUT_EXPINT] = 1;
	conf.max_flows = 256;
	conf.track_level = TRACK_FULL;
	conf.sampling = 1;
	conf.template_seconds = 300;
	conf.template_datagrams = 256;
	conf.train = 1;
	conf.snaplen = DEFAULT_SNAPLEN;
	conf.daemon_pid = (int32_t)getpid();
	conf.boot_unix_us = (int64_t)wall_us() - 1000000;
	if (geteuid() == 0) {
		conf.flags |= CONF_ROOT;
		conf.uid = conf.gid = NOBODY;
	}
	table_fd = shmem_new_sized("table", estate_size(conf.max_flows, 0));
	ATF_REQUIRE(table_fd != -1);
	capture.kind = CAPTURE_RING;
	capture.link = LINK_RAW;
	capture.block_size = RING_BLOCK;
	capture.block_count = RING_COUNT;
	export.payload_max = 1400;
	export.format.version = 9;
	signal(SIGPIPE, SIG_IGN);
}

/* Nobody can go anywhere from there. */
static int
empty_directory(void)
{
	char	name[] = "empty.XXXXXX";
	int	fd;

	if (mkdtemp(name) == NULL)
		return (-1);
	fd = open(name, O_RDONLY | O_DIRECTORY);
	rmdir(name);
	return (fd);
}

static void
execute(int fd)
{
	char	*argv[] = { (char *)(uintptr_t)"softflowd",
		    (char *)(uintptr_t)ENGINE_ROLE, NULL };
	int	 root, i;

	fd = fcntl(fd, F_DUPFD, 32);
	root = conf.flags & CONF_ROOT ?
	    fcntl(empty_directory(), F_DUPFD, 32) : -1;
	for (i = 0; i < 2; i++)		/* a sanitizer's report may be seen */
		dup2(open("/dev/null", O_RDWR), i);
	if (dup2(fd, FD_CHANNEL) == -1 ||
	    (conf.flags & CONF_ROOT && dup2(root, FD_CHROOT) == -1))
		_exit(99);
	fexecve(program_fd, argv, environ);
	_exit(98);
}

void
worker_send(enum msg_type type, int fd, const void *data, size_t len)
{
	if (fd != -1)
		ATF_REQUIRE((fd = dup(fd)) != -1);
	ATF_REQUIRE_EQ(1, imsg_compose(&channel, type, 0, 0, fd, data, len));
	/* It may have died of the last one. */
	(void)imsgbuf_flush(&channel);
}

static void
worker_hears_all(const struct ring *r)
{
	struct msg_interfaces	interfaces = { .captures = 1, .count = 1 };

	strlcpy(interfaces.interface[0].name, "test0", INTERFACE_NAME);
	conf.counters = counters.counters;
	conf.boot_mono_us = conf.boot_unix_us;
	worker_send(IMSG_CONF, -1, &conf, sizeof(conf));
	worker_send(IMSG_TABLE, table_fd, NULL, 0);
	worker_send(IMSG_CAPTURE, r->fd, &capture, sizeof(capture));
	worker_send(IMSG_INTERFACES, -1, &interfaces, sizeof(interfaces));
	worker_send(IMSG_EXPORT, export_fd, &export, sizeof(export));
}

pid_t
worker_begin(const struct ring *r, void (*before)(void))
{
	int	sv[2];

	ATF_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
	if ((pid = fork()) == 0) {
		if (before != NULL)
			before();
		execute(sv[1]);
	}
	ATF_REQUIRE(pid != -1);
	close(sv[1]);
	ATF_REQUIRE_EQ(0, imsgbuf_init(&channel, sv[0]));
	imsgbuf_allow_fdpass(&channel);
	memset(said, 0, sizeof(said));
	worker_hears_all(r);
	return (pid);
}

void
worker_start(const struct ring *r)
{
	worker_begin(r, NULL);
	worker_send(IMSG_LOCK, -1, NULL, 0);
	worker_await(IMSG_READY);
}

/* Its next message; 0: there is none, it has closed the channel. */
static uint32_t
worker_says(void)
{
	struct summary	summary;
	struct msg_log	log;
	struct imsg	imsg;
	uint32_t	type;
	int		n;

	while ((n = imsgbuf_get(&channel, &imsg)) == 0)
		if (imsgbuf_read(&channel) != 1)
			return (0);
	ATF_REQUIRE_EQ(1, n);
	type = imsg_get_type(&imsg);
	ATF_REQUIRE(type < nitems(said));
	said[type]++;
	if (type == IMSG_LOG) {
		ATF_REQUIRE_EQ(0, imsg_get_data(&imsg, &log, sizeof(log)));
		printf("worker: %s\n", log.text);
		strlcpy(said_last, log.text, sizeof(said_last));
	} else if (type == IMSG_READY) {
		ATF_REQUIRE_EQ(0, imsg_get_data(&imsg, &ready,
		    sizeof(ready)));
	} else if (type == IMSG_COUNTERS) {
		ATF_REQUIRE_EQ(0, imsg_get_data(&imsg, &counters,
		    sizeof(counters)));
	} else if (type == IMSG_SUMMARY) {
		ATF_REQUIRE_EQ(0, imsg_get_data(&imsg, &summary,
		    sizeof(summary)));
		counters.counters = summary.counters;
	}
	imsg_free(&imsg);
	return (type);
}

void
worker_await(enum msg_type type)
{
	uint32_t	got;

	while ((got = worker_says()) != type)
		ATF_REQUIRE_MSG(got != 0, "it ended, and message %u did not "
		    "come", type);
}

int
worker_is_ready(void)
{
	uint32_t	got;

	while ((got = worker_says()) != 0 && got != IMSG_READY)
		;
	return (got != 0);
}

void
worker_sync(void)
{
	worker_send(IMSG_SUMMARY_REQ, -1, NULL, 0);
	worker_await(IMSG_SUMMARY_END);
}

enum msg_type
worker_end(int *status)
{
	uint32_t	got, last = 0;

	while ((got = worker_says()) != 0)
		last = got;
	ATF_REQUIRE_EQ(pid, waitpid(pid, status, 0));
	worker_forget();
	return ((enum msg_type)last);
}

int
worker_unread(void)
{
	int	n = 0;

	ATF_REQUIRE_EQ(0, ioctl(channel.fd, TIOCOUTQ, &n));
	return (n);
}

void
worker_forget(void)
{
	close(channel.fd);
	imsgbuf_clear(&channel);
}

unsigned int
worker_said(enum msg_type type)
{
	return (said[type]);
}
