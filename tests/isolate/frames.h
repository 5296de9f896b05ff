/* SPDX-License-Identifier: BSD-2-Clause */
/* The frames of floods, each a little different from the one before. */
#ifndef ISOLATE_FRAMES_H
#define ISOLATE_FRAMES_H

#include <stddef.h>
#include <stdint.h>

#define FRAMES_VICTIM4	0x0a420001u	/* 10.66.0.1 */
#define FRAMES_MAX	2048

struct frames {
	uint8_t		fr_to[6], fr_from[6];	/* Ethernet's */
	uint8_t		fr_to6[16], fr_from6[16];	/* the sender's prefix counts only */
	uint64_t	fr_rng;			/* not 0 */
};

struct flood {
	const char	*f_word, *f_name;
	size_t		(*f_make)(struct frames *, uint8_t *);	/* what follows the Ethernet header */
	uint16_t	 f_type;
};

#define NFLOODS	5
extern const struct flood floods[NFLOODS];

uint32_t frames_chance(struct frames *);
/* A whole frame into a buffer of FRAMES_MAX; returns its length. */
size_t	frames_make(struct frames *, const struct flood *, uint8_t *);

#endif
