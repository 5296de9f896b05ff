/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: fuzzes what comes from the other end of a wire: a stream of frames with their lengths, and captures to be replayed.
 *
 * The first byte says which, the second how large the pieces are in which the rest comes.  However it is cut, the same frames must come out, and the same
 * end be reached: a stream's are compared with those that a plain reading of the bytes finds, a capture's with those of the whole in one piece.
 */
#include <errno.h>
#include <string.h>

#include "base/endian.h"
#include "daemon/framing.h"
#include "daemon/pcapread.h"
#include "tests/fuzz/target.h"

/* What was read: how many, of how many bytes, a sum over them, and how it ended. */
struct result {
	unsigned	r_frames;
	size_t		r_bytes;
	uint64_t	r_sum;
	int		r_end;
};

static void
take(struct result *r, const uint8_t *p, size_t len)
{
	r->r_frames++;
	r->r_bytes += len;
	for (size_t i = 0; i < len; i++)
		r->r_sum = r->r_sum * 31 + p[i];
}

static bool
same(const struct result *a, const struct result *b)
{
	return (a->r_frames == b->r_frames && a->r_bytes == b->r_bytes && a->r_sum == b->r_sum && a->r_end == b->r_end);
}

/* A stream */

static struct result
stream_plain(const uint8_t *p, size_t size)
{
	struct result r = { 0 };
	uint32_t len;

	while (size >= FRAMING_HDR) {
		len = be32dec(p);
		if (len == 0 || len > FRAMING_MAX) {
			r.r_end = -1;
			break;
		}
		if (size - FRAMING_HDR < len)
			break;
		take(&r, p + FRAMING_HDR, len);
		p += FRAMING_HDR + len;
		size -= FRAMING_HDR + len;
	}
	return (r);
}

static void
stream(const uint8_t *p, size_t size, size_t piece)
{
	const struct result plain = stream_plain(p, size);
	struct result r = { 0 };
	const uint8_t *frame;
	struct framing fm;
	size_t room, len;
	uint8_t *to;

	REQUIRE(framing_init(&fm) == 0);
	for (; size > 0 && r.r_end == 0; p += room, size -= room) {
		to = framing_room(&fm, &room);
		REQUIRE(room > 0);
		room = room < piece ? room : piece;
		room = room < size ? room : size;
		memcpy(to, p, room);
		framing_got(&fm, room);
		while ((r.r_end = framing_next(&fm, &frame, &len)) > 0)
			take(&r, frame, len);
	}
	framing_free(&fm);
	REQUIRE(same(&r, &plain));
}

/* A capture: in blocks of memory that are just as large as what is there. */

static struct result
capture(const uint8_t *p, size_t size, size_t piece)
{
	struct pcapread pr = { 0 };
	struct pcapread_frame pf;
	struct result r = { 0 };
	size_t have = 0, used;
	uint8_t *block;

	for (;;) {
		have = size - have < piece ? size : have + piece;
		REQUIRE((block = malloc(have + 1)) != NULL);
		memcpy(block + 1, p, have);
		r.r_end = pcapread_next(&pr, block + 1, have, &pf, &used);
		if (r.r_end == 0) {
			REQUIRE(used > 0 && used <= have);
			if (pf.pf_data != NULL) {
				REQUIRE(pf.pf_data > block && pf.pf_len <= have && pf.pf_data + pf.pf_len <= block + 1 + have);
				take(&r, pf.pf_data, pf.pf_len);
				r.r_sum += pf.pf_time + pf.pf_cut;
			}
			p += used;
			size -= used;
			have = 0;
		}
		free(block);
		if (r.r_end != 0 && (r.r_end != EAGAIN || have == size))
			return (r);
		REQUIRE(r.r_end == 0 || have < PCAPREAD_MAX);	/* that much is enough */
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct result whole, pieces;
	size_t piece;

	if (size < 2)
		return (0);
	piece = 1 + (size_t)data[1] * data[1];
	if ((data[0] & 1) == 0) {
		stream(data + 2, size - 2, piece);
		return (0);
	}
	whole = capture(data + 2, size - 2, size);
	pieces = capture(data + 2, size - 2, piece);
	REQUIRE(same(&whole, &pieces));
	return (0);
}
