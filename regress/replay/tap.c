/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Make a tap interface of any hardware type (ARPHRD_*), or receive frames,
 * given in hexadecimal, on one; for the live tests, in a namespace.
 *
 *	tap interface type
 *	tap interface type frame ...
 */

#include <sys/ioctl.h>

#include <linux/if_tun.h>
#include <net/if.h>

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
receive(int fd, const char *hex)
{
	unsigned char	 frame[2048];
	unsigned int	 octet;
	size_t		 n;

	for (n = 0; n < sizeof(frame) &&
	    sscanf(hex + 2 * n, "%2x", &octet) == 1; n++)
		frame[n] = (unsigned char)octet;
	if (write(fd, frame, n) != (ssize_t)n)
		err(1, "%s", hex);
}

int
main(int argc, char *argv[])
{
	struct ifreq	 ifr = { 0 };
	const char	*bad;
	unsigned long	 type;
	int		 fd, i;

	if (argc < 3)
		errx(1, "usage: tap interface type [frame ...]");
	type = (unsigned long)strtonum(argv[2], 0, 65535, &bad);
	if (bad != NULL)
		errx(1, "%s: %s", argv[2], bad);
	strlcpy(ifr.ifr_name, argv[1], sizeof(ifr.ifr_name));
	ifr.ifr_flags = IFF_TAP | IFF_NO_PI;
	if ((fd = open("/dev/net/tun", O_RDWR)) == -1 ||
	    ioctl(fd, TUNSETIFF, &ifr) == -1)
		err(1, "%s", argv[1]);
	if (argc == 3 && (ioctl(fd, TUNSETPERSIST, 1) == -1 ||
	    ioctl(fd, TUNSETLINK, type) == -1))
		err(1, "%s", argv[1]);
	for (i = 3; i < argc; i++)
		receive(fd, argv[i]);
	return (0);
}
