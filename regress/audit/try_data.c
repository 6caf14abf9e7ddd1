/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What the arguments of tries point to: real enough that without a sandbox
 * the calls would do what they say.
 */

#include <linux/if_ether.h>

#include <signal.h>
#include <stdint.h>
#include <string.h>

#include "try.h"
#include "try_data.h"

#define MOVE(member)	((void *)(at + offsetof(struct try_data, member)))

struct try_data	try_data = {
	.root = "/", .passwd = "/etc/passwd",
	.upwards = "../../../../../../etc/passwd", .shell = "/bin/sh",
	.option = "-c", .command = "exit 77", .ts = { 0, 1000 }, .value = 1,
	.len = sizeof(int),
	.caps_head = { _LINUX_CAPABILITY_VERSION_3, 0 },
	.caps = { { ~0U, ~0U, ~0U }, { 0x1ff, 0x1ff, 0x1ff } },
	.interface = { .sll_family = AF_PACKET, .sll_ifindex = 1 },
	.allow = { BPF_RET | BPF_K, 0, 0, 0x7fff0000 },	/* ALLOW */
};

/* The data as it is at an address of the worker's. */
void
try_data_at(uintptr_t at, struct try_data *d)
{
	static const unsigned char	ether[] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1,
		TRY_PROTOCOL >> 8, TRY_PROTOCOL & 0xff
	};
	const struct cmsghdr		head = {
		CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS
	};

	*d = try_data;
	memcpy(d->frame, ether, sizeof(ether));
	d->interface.sll_protocol = htons(ETH_P_ALL);
	d->iov.iov_base = MOVE(frame);
	d->iov.iov_len = TRY_FRAME;
	d->msg.msg_iov = d->msg_stranger.msg_iov = d->msg_rights.msg_iov =
	    MOVE(iov);
	d->msg.msg_iovlen = d->msg_stranger.msg_iovlen =
	    d->msg_rights.msg_iovlen = 1;
	d->msg_stranger.msg_name = MOVE(stranger);
	d->msg_stranger.msg_namelen = sizeof(d->stranger);
	d->msg_rights.msg_control = MOVE(rights);
	d->msg_rights.msg_controllen = sizeof(d->rights);
	memcpy(d->rights, &head, sizeof(head));
	memcpy(d->rights + CMSG_LEN(0), &(int){ FD_CAPTURE }, sizeof(int));
	d->filter.len = 1;
	d->filter.filter = MOVE(allow);
	d->argv[0] = MOVE(shell);
	d->argv[1] = MOVE(option);
	d->argv[2] = MOVE(command);
}
