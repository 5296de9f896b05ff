/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/framing.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int
framing_init(struct framing *fm)
{
	*fm = (struct framing){ .fm_buf = malloc(FRAMING_SIZE) };
	return fm->fm_buf == NULL ? ENOMEM : 0;
}

void
framing_free(struct framing *fm)
{
	free(fm->fm_buf);
	fm->fm_buf = NULL;
}

void
framing_clear(struct framing *fm)
{
	fm->fm_head = fm->fm_tail = 0;
}

uint8_t *
framing_room(struct framing *fm, size_t *len)
{
	if (fm->fm_head == fm->fm_tail) {
		framing_clear(fm);
	} else if (FRAMING_SIZE - fm->fm_head < FRAMING_HDR + FRAMING_MAX) {
		/* The frame that began here might not fit. */
		memmove(fm->fm_buf, fm->fm_buf + fm->fm_head, fm->fm_tail - fm->fm_head);
		fm->fm_tail -= fm->fm_head;
		fm->fm_head = 0;
	}
	*len = FRAMING_SIZE - fm->fm_tail;
	return fm->fm_buf + fm->fm_tail;
}

void
framing_got(struct framing *fm, size_t len)
{
	fm->fm_tail += len;
}

int
framing_next(struct framing *fm, const uint8_t **frame, size_t *len)
{
	uint32_t n;

	if (fm->fm_tail - fm->fm_head < FRAMING_HDR)
		return 0;
	memcpy(&n, fm->fm_buf + fm->fm_head, sizeof(n));
	n = ntohl(n);
	if (n == 0 || n > FRAMING_MAX)
		return -1;
	if (fm->fm_tail - fm->fm_head < FRAMING_HDR + n)
		return 0;
	*frame = fm->fm_buf + fm->fm_head + FRAMING_HDR;
	*len = n;
	fm->fm_head += FRAMING_HDR + n;
	return 1;
}
