/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Captures on their way through the modules of a worker, unconfined, so that
 * valgrind can watch and an emulator run it: read, decoded, tracked and
 * exported to the null device, in each version, without and with all that
 * records may say; each time in a process that ends with it, as a worker does.
 * -w exports to standard output, octet for octet the same each time.
 *
 *	passage [-w] file ...
 *
 * Exits 1 if the counters of a file do not add up, or valgrind says so.
 */

#include <sys/wait.h>

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture.h"
#include "compat.h"
#include "meter_fixture.h"
#include "side.h"

#define FLOWS	2048

/* Kept until the end, as a worker's are. */
static struct meter	*m;
static struct capture	*cap;

static ssize_t
send_away(int fd, const void *data, size_t len)
{
	return (write(fd, data, len));
}

/* Files that cannot be read, such as those of unknown link types, are none. */
static void
read_frames(const char *file)
{
	struct msg_capture	 conf = { .kind = CAPTURE_SAVEFILE };
	struct capture_mark	 mark = { 0, 0 };
	int			 fd, n;

	if ((fd = open(file, O_RDONLY | O_CLOEXEC)) == -1 ||
	    (cap = capture_new(&conf, fd, -1, NULL)) == NULL)
		err(2, "%s", file);
	if (capture_start(cap) == -1)
		return;
	do {
		meter_batch(m, 0, capture_link_type(cap), &mark);
		n = capture_read(cap, MAX_BATCH, meter_frame, m,
		    meter_counters(m));
		meter_account(m);
		mark.frames += n > 0 ? (uint64_t)n : 0;
		(void)meter_tick(m, meter_now(m));
	} while (n > 0);
}

static void
pass(const char *file, uint16_t version, int all, int fd)
{
	struct msg_conf	 conf = fixture_conf(FLOWS);
	struct estate	*es;
	const char	*wrong;

	conf.flags = CONF_SAVEFILE;
	if (all) {
		conf.fields = version < 9 ? 0 : OPTIONAL_ALL;
		conf.labels = version < 9 ? 0 : SIDE_LABELS;
		conf.track_level = TRACK_VLAN;
		conf.tunnels = TUNNEL_ALL;
	}
	fixture_version = version;
	if ((es = estate_map(-1, conf.max_flows, 1)) == NULL)
		err(2, "estate_map");
	memset(es->secret, 1, sizeof(es->secret));
	m = fixture_meter(&conf, es, send_away, fd == -1 ? -1 : dup(fd));
	read_frames(file);
	fixture_expire_all(m);
	if ((wrong = fixture_sums(meter_counters(m))) != NULL)
		errx(1, "%s: version %u: %s do not add up", file, version,
		    wrong);
}

int
main(int argc, char *argv[])
{
	static const uint16_t	versions[] = { 1, 5, 9, 10 };
	unsigned int		v;
	pid_t			pid;
	int			fd, i, status, failed = 0;

	fd = argc > 1 && strcmp(argv[1], "-w") == 0 ? STDOUT_FILENO : -1;
	for (i = fd == -1 ? 1 : 2; i < argc; i++)
		for (v = 0; v < 2 * nitems(versions); v++) {
			if ((pid = fork()) == -1)
				err(2, "fork");
			if (pid == 0) {
				pass(argv[i], versions[v / 2], v % 2, fd);
				exit(0);
			}
			if (waitpid(pid, &status, 0) == -1)
				err(2, "waitpid");
			failed |= status != 0;
		}
	return (failed);
}
