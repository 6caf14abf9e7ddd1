/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The hostile resolver, and the hostile reader of the configuration file. */

#include <sys/types.h>
#include <sys/socket.h>

#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "imsg.h"
#include "resolver.h"
#include "sandbox.h"
#include "script.h"
#include "try.h"

__dead void	__real_resolver_main(void);
__dead void	__wrap_resolver_main(void);
__dead void	__real_config_main(void);
__dead void	__wrap_config_main(void);

static __dead void
stay(void)
{
	for (;;)
		(void)poll(NULL, 0, -1);
}

static void
say(uint32_t type, const void *data, size_t len)
{
	if (hostile_say(FD_CHANNEL, type, data, len, 0) == -1)
		stay();
}

/*
 * The resolver: says READY, and what the script wants for each question.
 */

static __dead void
resolve(int script)
{
	static unsigned char	octets[TRY_LONGEST];
	struct resolver_answer	a = { .slot = 0, .count = 1 };
	size_t			len = sizeof(a);
	uint32_t		type = RESOLVER_ANSWER;

	a.addr[0].family = 4;
	a.addr[0].addr[0] = 127;
	a.addr[0].addr[3] = 1;
	switch ((enum resolver_script)script) {
	case RESOLVE_SHORT:
		len--;
		break;
	case RESOLVE_LONG:
		len++;
		break;
	case RESOLVE_EMPTY:
		len = 0;
		break;
	case RESOLVE_HUGE:
		len = TRY_LONGEST - IMSG_HEADER_SIZE + 1;
		break;
	case RESOLVE_SLOT:
		a.slot = UINT32_MAX;
		break;
	case RESOLVE_UNASKED:
		a.slot = 1;
		break;
	case RESOLVE_COUNT:
		a.count = RESOLVER_ADDRS + 1;
		break;
	case RESOLVE_FAMILY:
		a.addr[0].family = 5;
		break;
	case RESOLVE_PORT:
		a.addr[0].port = 22;
		break;
	case RESOLVE_BOTH:
		a.error = -2;
		break;
	case RESOLVE_TYPE:
		type = UINT32_MAX;
		break;
	case RESOLVE_READY:
		type = RESOLVER_READY;
		len = 0;
		break;
	case RESOLVE_EXIT:
		_exit(1);
	case RESOLVE_NEVER:
		stay();
	default:
		break;
	}
	memcpy(octets, &a, sizeof(a));
	if (script == RESOLVE_HALF) {
		(void)hostile_send(FD_CHANNEL, octets, 9, 0);
		_exit(1);
	}
	(void)hostile_say(FD_CHANNEL, type, octets, len,
	    script == RESOLVE_FD ? 3 : 0);
	while (script == RESOLVE_FLOOD)
		say(type, octets, len);
	stay();
}

/* The number at the head of the first name; 0: there is no name. */
static int
resolver_script(void)
{
	struct imsg_hdr	hdr;
	char		first[2048];
	size_t		at = sizeof(hdr) + sizeof(struct resolver_conf);
	ssize_t		n;

	/* It stays there for the real one. */
	do {
		(void)poll(NULL, 0, 1);
		if ((n = recv(FD_CHANNEL, first, sizeof(first) - 1,
		    MSG_PEEK)) <= 0)
			_exit(1);
	} while ((size_t)n < at + sizeof(hdr));
	first[n] = '\0';
	memcpy(&hdr, first + at, sizeof(hdr));
	return (hdr.type != RESOLVER_NAME ? 0 : (int)strtol(first + at +
	    sizeof(hdr) + offsetof(struct resolver_name, host), NULL, 10));
}

void
__wrap_resolver_main(void)
{
	struct pollfd	pfd = { .fd = FD_CHANNEL, .events = POLLIN };
	struct imsgbuf	channel;
	struct imsg	imsg;
	uint32_t	type;
	int		script;

	if ((script = resolver_script()) == 0)
		__real_resolver_main();
	if (imsgbuf_init(&channel, FD_CHANNEL) == -1)
		_exit(1);
	for (;;) {
		while (imsgbuf_get(&channel, &imsg) == 1) {
			type = imsg_get_type(&imsg);
			imsg_free(&imsg);
			if (type == RESOLVER_LOCK)
				say(RESOLVER_READY, NULL, 0);
			if (type == RESOLVER_ASK)
				resolve(script);
		}
		if (poll(&pfd, 1, -1) == 1 && imsgbuf_read(&channel) != 1)
			_exit(1);
	}
}

/*
 * The reader
 */

static __dead void
answer(int script)
{
	static unsigned char	octets[TRY_LONGEST];
	struct config_item	item = { 1, 1, 's', "2" };
	struct config_error	error = { 1, 1, "nothing is wrong" };
	size_t			len = sizeof(item);
	uint32_t		type = CONFIG_ITEM;
	unsigned int		i, n = 1;

	switch ((enum reader_script)script) {
	case READ_SHORT:
		len--;
		break;
	case READ_LONG:
		len++;
		break;
	case READ_EMPTY:
		len = 0;
		break;
	case READ_HUGE:
		len = TRY_LONGEST - IMSG_HEADER_SIZE + 1;
		break;
	case READ_MANY:
		n = CONFIG_ITEMS + 1;
		break;
	case READ_LETTER:
		item.letter = INT32_MIN;
		break;
	case READ_COMMAND_LINE:
		item.letter = 'f';
		break;
	case READ_UNTERMINATED:
		memset(item.arg, 'A', sizeof(item.arg));
		break;
	case READ_CONTROL:
		strlcpy(item.arg, SCRIPT_EVIL, sizeof(item.arg));
		break;
	case READ_LINE:
		item.line = 0;
		break;
	case READ_COLUMN:
		item.column = UINT32_MAX;
		break;
	case READ_ERROR_EMPTY:
	case READ_ERROR_CONTROL:
	case READ_ERROR_UNTERMINATED:
		type = CONFIG_ERROR;
		len = sizeof(error);
		memset(error.text, script == READ_ERROR_UNTERMINATED ? 'A' : 0,
		    sizeof(error.text));
		if (script == READ_ERROR_CONTROL)
			strlcpy(error.text, SCRIPT_EVIL, sizeof(error.text));
		break;
	case READ_END_LONG:
		type = CONFIG_END;
		len = 1;
		break;
	case READ_TYPE:
		type = UINT32_MAX;
		break;
	case READ_EXIT:
		_exit(0);
	case READ_NEVER:
		stay();
	default:
		break;
	}
	if (type == CONFIG_ERROR)
		memcpy(octets, &error, sizeof(error));
	else
		memcpy(octets, &item, sizeof(item));
	if (script == READ_HALF) {
		(void)hostile_send(FD_CHANNEL, octets, 9, 0);
		_exit(0);
	}
	for (i = 0; i < n; i++)
		if (hostile_say(FD_CHANNEL, type, octets, len,
		    script == READ_FD ? 3 : 0) == -1)
			stay();
	while (script == READ_FLOOD)
		say(0, octets, len);
	say(CONFIG_END, NULL, 0);
	stay();
}

void
__wrap_config_main(void)
{
	char		head[32] = "";
	int		fd = -1, script = 0;
	struct {
		_Alignas(struct cmsghdr) char	octets[CMSG_SPACE(sizeof(int))];
	}		control;
	char		data[256];
	struct iovec	iov = { data, sizeof(data) };
	struct msghdr	msg = { .msg_iov = &iov, .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control) };

	/* A copy of the file to look into; the message stays. */
	if (recvmsg(FD_CHANNEL, &msg, MSG_PEEK) <= 0 ||
	    CMSG_FIRSTHDR(&msg) == NULL)
		_exit(1);
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	if (pread(fd, head, sizeof(head) - 1, 0) > 10 &&
	    strncmp(head, "# hostile ", 10) == 0)
		script = (int)strtol(head + 10, NULL, 10);
	close(fd);
	if (script == 0)
		__real_config_main();
	answer(script);
}
