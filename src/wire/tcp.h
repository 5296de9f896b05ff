/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef WIRE_TCP_H
#define WIRE_TCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/endian.h"
#include "wire/wire.h"

/* TCP segments, RFC 9293 3.1.  Fields of struct tcphdr are in network order. */
#define	TCP_MINHLEN	20
#define	TCP_MAXHLEN	60
#define	TCP_MAXOLEN	40		/* bytes of options */
#define	TCP_MAXWIN	65535		/* largest unscaled window */
#define	TCP_MAX_WINSHIFT 14		/* RFC 7323 2.3 */
#define	TCP_MSS_DEFAULT	536		/* RFC 9293 3.7.1, MUST-15 */
#define	TCP6_MSS_DEFAULT 1220

struct tcphdr {
	uint16_t	th_sport;
	uint16_t	th_dport;
	uint32_t	th_seq;
	uint32_t	th_ack;
	uint16_t	th_offflags;	/* data offset and flags: th_off(), th_flags() */
	uint16_t	th_win;
	uint16_t	th_sum;
	uint16_t	th_urp;
} WIRE_STRUCT;

WIRE_ASSERT_SIZE(struct tcphdr, 20);
WIRE_ASSERT_OFFSET(struct tcphdr, th_seq, 4);
WIRE_ASSERT_OFFSET(struct tcphdr, th_offflags, 12);
WIRE_ASSERT_OFFSET(struct tcphdr, th_sum, 16);

#define	TH_FIN		0x001
#define	TH_SYN		0x002
#define	TH_RST		0x004
#define	TH_PUSH		0x008
#define	TH_ACK		0x010
#define	TH_URG		0x020
#define	TH_ECE		0x040		/* RFC 3168 6.1 */
#define	TH_CWR		0x080		/* RFC 3168 6.1 */
#define	TH_AE		0x100		/* RFC 9768 */
#define	TH_FLAGMASK	0x1ff
#define	TH_RESMASK	0xe00		/* reserved: sent as zero, ignored on receipt */

/* Option kinds (IANA). */
#define	TCPOPT_EOL		0
#define	TCPOPT_NOP		1
#define	TCPOPT_MAXSEG		2
#define	TCPOPT_WINDOW		3	/* RFC 7323 2 */
#define	TCPOPT_SACK_PERMITTED	4	/* RFC 2018 2 */
#define	TCPOPT_SACK		5	/* RFC 2018 3 */
#define	TCPOPT_TIMESTAMP	8	/* RFC 7323 3 */
#define	TCPOPT_SIGNATURE	19	/* RFC 2385 */
#define	TCPOPT_UTO		28	/* RFC 5482 */
#define	TCPOPT_AO		29	/* RFC 5925 */
#define	TCPOPT_MPTCP		30	/* RFC 8684 */
#define	TCPOPT_FAST_OPEN	34	/* RFC 7413 */
#define	TCPOPT_ACCECN0		172	/* RFC 9768 3.2.3 */
#define	TCPOPT_ACCECN1		174
#define	TCPOPT_EXP1		253	/* RFC 6994 */
#define	TCPOPT_EXP2		254

#define	TCPOLEN_MAXSEG		4
#define	TCPOLEN_WINDOW		3
#define	TCPOLEN_SACK_PERMITTED	2
#define	TCPOLEN_SACKHDR		2
#define	TCPOLEN_SACK		8	/* one block */
#define	TCPOLEN_TIMESTAMP	10
#define	TCPOLEN_TSTAMP_APPA	12	/* with two NOPs, RFC 7323 appendix A */
#define	TCPOLEN_SIGNATURE	18
#define	TCPOLEN_UTO		4
#define	TCP_UTO_MINUTES		0x8000	/* RFC 5482 3: granularity of the other 15 bits */
#define	TCPOLEN_FAST_OPEN_EMPTY	2
#define	TCP_FASTOPEN_MIN_COOKIE	4	/* RFC 7413 4.1.1 */
#define	TCP_FASTOPEN_MAX_COOKIE	16
#define	TCPOLEN_EXP_FAST_OPEN_EMPTY	4
#define	TCP_EXID_FAST_OPEN	0xf989	/* IANA's experiment of TCPOPT_EXP2, RFC 6994 */
#define	TCP_MAX_SACK		4	/* blocks that fit 40 bytes */

/* The first four bytes of RFC 7323 appendix A's layout, in host order. */
#define	TCPOPT_TSTAMP_HDR	0x0101080aU

/* Data offset in 32-bit words. */
static inline unsigned int
th_off(const struct tcphdr *th)
{
	return (NTOHS(th->th_offflags) >> 12);
}

/* Header length in bytes. */
static inline unsigned int
th_hlen(const struct tcphdr *th)
{
	return (th_off(th) << 2);
}

/* The nine flags, TH_*. */
static inline uint16_t
th_flags(const struct tcphdr *th)
{
	return ((uint16_t)(NTOHS(th->th_offflags) & TH_FLAGMASK));
}

/*
 * Sets header length (bytes, a multiple of 4 from 20 to 60) and flags; reserved bits become zero.
 */
static inline void
th_set_offflags(struct tcphdr *th, unsigned int hlen, uint16_t flags)
{
	th->th_offflags = HTONS(hlen << 10 | (flags & TH_FLAGMASK));
}

static inline void
th_set_flags(struct tcphdr *th, uint16_t flags)
{
	th_set_offflags(th, th_hlen(th), flags);
}

/* What tcp_check() found, in host order except ports. */
struct tcp_hdr_info {
	uint16_t	hi_sport;	/* network order */
	uint16_t	hi_dport;
	uint32_t	hi_seq;
	uint32_t	hi_ack;
	uint16_t	hi_flags;	/* TH_* */
	uint16_t	hi_win;		/* not scaled */
	uint16_t	hi_urp;
	uint16_t	hi_hlen;	/* header with options */
	uint16_t	hi_optlen;	/* options, from TCP_MINHLEN on */
	uint16_t	hi_dlen;	/* data; SYN and FIN not counted */
	size_t		hi_need;	/* with WIRE_PULLUP */
};

/* Checks the form of a segment that is the plen bytes of payload of an IP packet. */
enum wire_error tcp_check(const void *p, size_t clen, size_t plen, struct tcp_hdr_info *out);

struct tcp_sackblk {
	uint32_t	sb_start;	/* host order; [start, end) */
	uint32_t	sb_end;
};

/* Which members of struct tcp_opts hold something. */
#define	TOF_MSS		0x0001
#define	TOF_SCALE	0x0002
#define	TOF_SACKPERM	0x0004
#define	TOF_TS		0x0008
#define	TOF_SACK	0x0010
#define	TOF_FASTOPEN	0x0020
#define	TOF_SIGNATURE	0x0040
#define	TOF_AO		0x0080
#define	TOF_UTO		0x0200
#define	TOF_TFOEXP	0x0800		/* with TOF_FASTOPEN: in the form it had as an experiment */
#define	TOF_SCALELAST	0x0400		/* build only: see tcp_opts_build() */
#define	TOF_UNKNOWN	0x0100		/* parse only: an option of another kind was skipped */

/* Options decoded, or to be sent; numbers in host order, pointers into the segment parsed. */
struct tcp_opts {
	uint32_t	to_flags;	/* TOF_* */
	uint16_t	to_mss;
	uint16_t	to_uto;		/* as in the option: TCP_UTO_MINUTES and the number */
	uint8_t		to_wscale;	/* at most TCP_MAX_WINSHIFT */
	uint8_t		to_nsack;	/* 1 to TCP_MAX_SACK with TOF_SACK */
	uint32_t	to_tsval;
	uint32_t	to_tsecr;
	struct tcp_sackblk to_sack[TCP_MAX_SACK];
	const uint8_t	*to_tfo;	/* cookie; with length 0 a request for one */
	const uint8_t	*to_md5;	/* 16 bytes */
	const uint8_t	*to_ao;		/* key id, next key id, MAC */
	uint8_t		to_tfolen;
	uint8_t		to_aolen;	/* bytes at to_ao, at least 2; parsed 0: the option is not as it must be */
};

/*
 * Decodes len bytes of options.  syn: the segment has SYN; MSS, window scale, SACK permitted and
 * Fast Open count only there, SACK only elsewhere, and are skipped otherwise.  A shift above 14
 * becomes 14 (RFC 7323 2.3).  Of an option given twice the last counts.
 *
 * Returns WIRE_OK, or WIRE_BADOPT if any option had an illegal length (RFC 9293 MUST-7): one that
 * is wrong for its kind is skipped, one that is below 2 or runs past the end also ends the
 * decoding. Either way *to holds the options that were well formed, and the caller decides.
 */
enum wire_error tcp_opts_parse(const uint8_t *p, size_t len, bool syn, struct tcp_opts *to);

/*
 * Writes options, padded with EOL to a multiple of 4, into at most room bytes (40 are the most
 * that fit a header), in the order MSS, window scale, SACK permitted, timestamps, signature, AO,
 * Fast Open, user timeout, SACK; with TOF_SCALELAST the window scale follows the timestamps, and NOPs fill the last word. What does not fit is left out; SACK gives as many blocks as fit.  A NULL
 * to_md5 writes 16 zero bytes to be filled in later, see tcp_opt_find().  Returns the bytes
 * written, never more than room.
 */
size_t tcp_opts_build(const struct tcp_opts *to, uint8_t *buf, size_t room);

/*
 * The bytes tcp_opts_build() would write if it had all the room it wanted; above 40 something is
 * left out.
 */
size_t tcp_opts_need(const struct tcp_opts *to);

/* Offset of the first option of a kind in len bytes of options, with its whole extent, or -1. */
int tcp_opt_find(const uint8_t *p, size_t len, uint8_t kind);

/*
 * The layout every bulk sender uses, NOP NOP TS (RFC 7323 appendix A); false: use
 * tcp_opts_parse().
 */
static inline bool
tcp_opts_fast_ts(const uint8_t *p, size_t len, uint32_t *val, uint32_t *ecr)
{
	if (len != TCPOLEN_TSTAMP_APPA || u32load(p) != HTONL(TCPOPT_TSTAMP_HDR))
		return (false);
	*val = be32dec(p + 4);
	*ecr = be32dec(p + 8);
	return (true);
}

/* Writes the same layout: 12 bytes. */
static inline void
tcp_opts_put_ts(uint8_t *p, uint32_t val, uint32_t ecr)
{
	be32enc(p, TCPOPT_TSTAMP_HDR);
	be32enc(p + 4, val);
	be32enc(p + 8, ecr);
}

#endif /* WIRE_TCP_H */
