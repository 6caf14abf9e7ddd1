/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What the hostile roles of hostiled do, and how they are told, for all they
 * get is what the daemon's parent gives to any of them:
 *
 * the worker	by two timeouts in CONF: SCRIPT_BASE + its script, and 1 + how
 *		many generations are hostile, numbered by the deaths before;
 *		one before them is READY and ends; the first try is -t udp=,
 *		and -t tcp= from one to the next
 * the resolver	by the number at the head of the first name
 * the reader	by "# hostile N" at the head of the configuration file
 *
 * Whoever is told nothing is what it is in softflowd.
 */

#ifndef SCRIPT_H
#define SCRIPT_H

#define SCRIPT_BASE	10000000	/* -t general=; the count is -t icmp= */

enum worker_script {
	/* The nth generation says the nth message of try.h in that state. */
	SCRIPT_TRY,			/* + enum try_state */
	/* The others are READY first, if need be. */
	SCRIPT_EXIT = 20,		/* at once */
	SCRIPT_MUTE,			/* never READY */
	SCRIPT_SILENT,			/* says nothing any more */
	SCRIPT_CLOSE,			/* closes the channel, but lives */
	SCRIPT_SHUT,			/* that of the parent's words only */
	SCRIPT_HALF,			/* of a header, then nothing */
	SCRIPT_STAY,			/* does not hand over */
	SCRIPT_STAY_LEFT,		/* says so, but stays */
	SCRIPT_STAY_FINISHED,		/* says so, but stays */
	SCRIPT_UNFINISHED,		/* does not finish */
	SCRIPT_DEAF,			/* asks on end, reads no answer */
	SCRIPT_FLOOD_LOG,
	SCRIPT_FLOOD_COUNTERS,
	SCRIPT_FLOOD_ASK,		/* reads the answers */
	SCRIPT_FLOOD_WISH,		/* of a client; reads the answers */
	SCRIPT_FLOOD_NONSENSE,		/* 1 MiB of it, in one go */
	SCRIPT_LAST_WORDS,		/* much, then what is not allowed */
	SCRIPT_EVIL_LOG,		/* a line that is not for terminals */
	SCRIPT_SHUTDOWN			/* of a client: end */
};

#define SCRIPT_EVIL	"a\033[2J\nsoftflowd: forged\r\177%s%n\200z"

enum resolver_script {
	RESOLVE_WELL = 1,
	RESOLVE_SHORT, RESOLVE_LONG, RESOLVE_EMPTY, RESOLVE_HUGE,
	RESOLVE_SLOT,			/* of nobody */
	RESOLVE_UNASKED,		/* a collector's that has no name */
	RESOLVE_COUNT, RESOLVE_FAMILY, RESOLVE_PORT, RESOLVE_BOTH,
	RESOLVE_TYPE, RESOLVE_READY,	/* once more */
	RESOLVE_FLOOD,
	RESOLVE_FD,
	RESOLVE_HALF,			/* of a message, then the end */
	RESOLVE_EXIT,
	RESOLVE_NEVER,
	RESOLVE_MAX
};

enum reader_script {
	READ_WELL = 1,
	READ_SHORT, READ_LONG, READ_EMPTY, READ_HUGE,
	READ_MANY,			/* one setting too many */
	READ_LETTER,			/* of no option */
	READ_COMMAND_LINE,		/* what a file may not say */
	READ_UNTERMINATED, READ_CONTROL, READ_LINE, READ_COLUMN,
	READ_ERROR_EMPTY, READ_ERROR_CONTROL, READ_ERROR_UNTERMINATED,
	READ_END_LONG, READ_TYPE,
	READ_FD,
	READ_FLOOD,			/* of messages of no type */
	READ_HALF,			/* of a message, then the end */
	READ_EXIT,
	READ_NEVER,
	READ_MAX
};

/* Send as it is, with so many copies of a descriptor; 0 or -1. */
int	hostile_send(int fd, const void *, size_t, unsigned int descriptors);

/* A message with a right header. */
int	hostile_say(int fd, uint32_t type, const void *, size_t,
	    unsigned int descriptors);

#endif
