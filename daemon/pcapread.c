/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/pcapread.h"

#include <errno.h>
#include <string.h>

#define OLD_HDR		24u
#define OLD_RECORD	16u

#define NG_SHB		0x0a0d0d0au	/* reads the same in both orders */
#define NG_IDB		1u
#define NG_SPB		3u
#define NG_EPB		6u
#define NG_MAGIC	0x1a2b3c4du
#define NG_TSRESOL	9u
#define NG_MINIMUM	12u		/* type and twice the length */

static uint32_t
get32(const struct pcapread *pr, const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return pr->pr_swap ? __builtin_bswap32(v) : v;
}

static uint16_t
get16(const struct pcapread *pr, const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return pr->pr_swap ? __builtin_bswap16(v) : v;
}

/* The old format */

static int
old_header(struct pcapread *pr, const uint8_t *buf, size_t len, size_t *used)
{
	uint32_t magic;

	if (len < OLD_HDR)
		return EAGAIN;
	magic = get32(pr, buf);
	pr->pr_swap = magic != PCAP_USEC && magic != PCAP_NSEC;
	magic = get32(pr, buf);
	if (magic != PCAP_USEC && magic != PCAP_NSEC)
		return EINVAL;
	/* The upper bits say how long the checksums are that the frames end with. */
	if (get32(pr, buf + 20) != PCAP_ETHERNET)
		return EPROTONOSUPPORT;
	pr->pr_usec = magic == PCAP_USEC ? 1000 : 1;
	pr->pr_format = PCAPREAD_OLD;
	*used = OLD_HDR;
	return 0;
}

static int
old_record(struct pcapread *pr, const uint8_t *buf, size_t len, struct pcapread_frame *pf, size_t *used)
{
	uint32_t n;

	if (len < OLD_RECORD)
		return EAGAIN;
	n = get32(pr, buf + 8);
	if (n > PCAPREAD_MAX - OLD_RECORD)
		return EINVAL;
	if (len - OLD_RECORD < n)
		return EAGAIN;
	pf->pf_data = buf + OLD_RECORD;
	pf->pf_len = n;
	pf->pf_cut = get32(pr, buf + 12) > n;
	pf->pf_time = get32(pr, buf) * UINT64_C(1000000000) + (uint64_t)get32(pr, buf + 4) * pr->pr_usec;
	*used = OLD_RECORD + n;
	return 0;
}

/* pcapng */

/* A time in units of if_tsresol as ns. */
static uint64_t
ng_time(uint8_t resol, uint64_t t)
{
	unsigned n = resol & 0x7f;
	uint64_t mask;

	if ((resol & 0x80) == 0) {
		for (; n < 9; n++)
			t = t > UINT64_MAX / 10 ? UINT64_MAX : t * 10;
		for (; n > 9 && t > 0; n--)
			t /= 10;
		return t;
	}
	if (n > 32) {
		t = n - 32 < 64 ? t >> (n - 32) : 0;
		n = 32;
	}
	mask = (UINT64_C(1) << n) - 1;
	return (t >> n) > UINT64_MAX / 1000000001 ? UINT64_MAX : (t >> n) * 1000000000 + ((t & mask) * 1000000000 >> n);
}

static int
ng_section(struct pcapread *pr, const uint8_t *block, size_t len)
{
	pr->pr_nifs = 0;
	return len < 28 || get16(pr, block + 12) != 1 ? EINVAL : 0;
}

static int
ng_interface(struct pcapread *pr, const uint8_t *block, size_t len)
{
	size_t at = 16, n;
	uint16_t code;

	if (len < 20)
		return EINVAL;
	if (pr->pr_nifs >= PCAPREAD_IFS)
		return 0;
	pr->pr_if[pr->pr_nifs].ethernet = get16(pr, block + 8) == PCAP_ETHERNET;
	pr->pr_if[pr->pr_nifs].tsresol = 6;
	for (len -= 4; len - at >= 4; at += 4 + ((n + 3) & ~(size_t)3)) {
		code = get16(pr, block + at);
		n = get16(pr, block + at + 2);
		if (code == 0)
			break;
		if (((n + 3) & ~(size_t)3) > len - at - 4)
			return EINVAL;
		if (code == NG_TSRESOL && n == 1)
			pr->pr_if[pr->pr_nifs].tsresol = block[at + 4];
	}
	pr->pr_nifs++;
	return 0;
}

static int
ng_frame(const uint8_t *data, size_t room, uint32_t n, uint32_t whole, struct pcapread_frame *pf)
{
	if (n > room)
		return EINVAL;
	pf->pf_data = data;
	pf->pf_len = n;
	pf->pf_cut = whole > n;
	return 0;
}

static int
ng_packet(const struct pcapread *pr, const uint8_t *block, size_t len, struct pcapread_frame *pf)
{
	uint32_t i;

	if (len < 32)
		return EINVAL;
	i = get32(pr, block + 8);
	if (i >= pr->pr_nifs)
		return pr->pr_nifs == PCAPREAD_IFS ? 0 : EINVAL;
	if (!pr->pr_if[i].ethernet)
		return 0;
	pf->pf_time = ng_time(pr->pr_if[i].tsresol, (uint64_t)get32(pr, block + 12) << 32 | get32(pr, block + 16));
	return ng_frame(block + 28, len - 32, get32(pr, block + 20), get32(pr, block + 24), pf);
}

/* A frame of the first interface without a time; its length is the block's, if it was not cut. */
static int
ng_simple(const struct pcapread *pr, const uint8_t *block, size_t len, struct pcapread_frame *pf)
{
	uint32_t whole, room;

	if (len < 16 || pr->pr_nifs == 0)
		return EINVAL;
	if (!pr->pr_if[0].ethernet)
		return 0;
	whole = get32(pr, block + 8);
	room = (uint32_t)(len - 16);
	return ng_frame(block + 12, room, whole < room ? whole : room, whole, pf);
}

static int
ng_block(struct pcapread *pr, const uint8_t *block, size_t len, struct pcapread_frame *pf)
{
	switch (get32(pr, block)) {
	case NG_SHB:
		return ng_section(pr, block, len);
	case NG_IDB:
		return ng_interface(pr, block, len);
	case NG_EPB:
		return ng_packet(pr, block, len, pf);
	case NG_SPB:
		return ng_simple(pr, block, len, pf);
	default:
		return 0;
	}
}

static int
ng_next(struct pcapread *pr, const uint8_t *buf, size_t len, struct pcapread_frame *pf, size_t *used)
{
	uint32_t n;
	int error;

	if (len < NG_MINIMUM)
		return EAGAIN;
	if (get32(pr, buf) == NG_SHB) {
		pr->pr_swap = false;
		pr->pr_swap = get32(pr, buf + 8) != NG_MAGIC;
		if (get32(pr, buf + 8) != NG_MAGIC)
			return EINVAL;
	}
	n = get32(pr, buf + 4);
	if (n < NG_MINIMUM || n % 4 != 0 || n > PCAPREAD_MAX)
		return EINVAL;
	if (len < n)
		return EAGAIN;
	if (get32(pr, buf + n - 4) != n)
		return EINVAL;
	if ((error = ng_block(pr, buf, n, pf)) == 0)
		*used = n;
	return error;
}

int
pcapread_next(struct pcapread *pr, const uint8_t *buf, size_t len, struct pcapread_frame *pf, size_t *used)
{
	uint32_t magic;

	*pf = (struct pcapread_frame){ .pf_data = NULL };
	if (pr->pr_format == PCAPREAD_NEW) {
		if (len < sizeof(magic))
			return EAGAIN;
		memcpy(&magic, buf, sizeof(magic));
		if (magic != NG_SHB)
			return old_header(pr, buf, len, used);
		pr->pr_format = PCAPREAD_NG;
	}
	return pr->pr_format == PCAPREAD_NG ? ng_next(pr, buf, len, pf, used) : old_record(pr, buf, len, pf, used);
}
