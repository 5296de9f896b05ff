/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames in a stream of bytes, as QEMU's "-netdev stream" and "-netdev socket" have them: four bytes of length, network byte order, and the frame.
 *
 * What comes is put into the buffer (framing_room, framing_got) and taken out frame by frame.  A length that no frame has ends it: where the
 * next one begins is not known any more.
 */
#ifndef DAEMON_FRAMING_H
#define DAEMON_FRAMING_H

#include <stddef.h>
#include <stdint.h>

#define FRAMING_HDR	4u
#define FRAMING_MAX	(65535u + 18u)	/* the longest frame */
#define FRAMING_SIZE	(128u << 10)	/* of the buffer: at least one frame and its length */

struct framing {
	uint8_t	*fm_buf;
	size_t	 fm_head, fm_tail;	/* what waits lies between them */
};

int	framing_init(struct framing *);		/* ENOMEM */
void	framing_free(struct framing *);
void	framing_clear(struct framing *);
/* Where bytes may be put; there always is room once framing_next has said 0. */
uint8_t	*framing_room(struct framing *, size_t *len);
void	framing_got(struct framing *, size_t len);
/* 1: a frame, valid until framing_room; 0: not complete; -1: the stream makes no sense. */
int	framing_next(struct framing *, const uint8_t **frame, size_t *len);

#endif
