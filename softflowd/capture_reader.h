/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What a capture reader is to capture.c; included by readers only. */

#ifndef CAPTURE_READER_H
#define CAPTURE_READER_H

#include "capture.h"

struct capture_ops {
	/* map or buffer, before lock-down; -1 with errno */
	int	(*open)(struct capture *, int filter_fd,
		    const struct msg_filter *);
	/* read what needs reading first, after lock-down */
	int	(*start)(struct capture *);
	/* NULL: always ready */
	int	(*ready)(struct capture *, struct counters *);
	int	(*read)(struct capture *, int, capture_frame_fn *, void *,
		    struct counters *);
	/* NULL: reads all */
	void	(*window)(struct capture *, uint64_t, uint64_t);
	/* both NULL: there are no exporters to know */
	void	(*keep)(const struct capture *, struct psamp_sessions *);
	void	(*recall)(struct capture *, const struct psamp_sessions *);
	/* NULL: none ever */
	int	(*in_hand)(const struct capture *);
	void	(*kernel_counters)(struct capture *, struct counters *,
		    struct capture_kernel *);
	int	(*clear_error)(struct capture *);
	/* where a successor shall go on; both NULL: nowhere */
	void	(*position)(const struct capture *, struct capture_mark *);
	void	(*resume)(struct capture *, const struct capture_mark *);
};

struct capture {
	const struct capture_ops	*ops;
	struct msg_capture		 conf;
	enum link_type			 link;
	uint8_t				 slot;		/* of frames; 0: own */
	int				 fd;
	void				*state;		/* the reader's own */
	char				 error[768];
};

extern const struct capture_ops	capture_file_ops;
extern const struct capture_ops	capture_psamp_ops;

/* The live reader of this system: capture_packet.c or capture_bpf.c. */
extern const struct capture_ops	capture_live_ops;
extern const enum capture_kind	capture_live_kind;

/* Whether a program ends whatever it meets, and touches only what is its. */
struct bpf_insn;
int	capture_valid(const struct bpf_insn *, uint32_t n);

#endif
