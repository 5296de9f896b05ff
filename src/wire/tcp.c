/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: the fixed header and the options of a segment (RFC 9293 3.1, 3.2), without
 * any state.
 *
 * tcp_check() settles the header length.  Options are walked by tcp_opt_next() alone, so the rule
 * that an option lies whole inside the header is in one place; tcp_opts_parse() and
 * tcp_opt_find() are built on it and may then read what an option's own length covers.
 *
 * tcp_opts_build() goes through tcp_optw_put() alone, which knows the room; tcp_opts_need() runs
 * the same code with nothing to write to, so the two cannot disagree.
 *
 * The options of a usual SYN are read and written as the five words they are.
 */
#include "wire/tcp.h"

#include <string.h>

#include "base/util.h"

enum wire_error
tcp_check(const void *p, size_t clen, size_t plen, struct tcp_hdr_info *out)
{
	const struct tcphdr *th = p;

	*out = (struct tcp_hdr_info){ .hi_need = TCP_MINHLEN };
	if (plen < TCP_MINHLEN)
		return (WIRE_SHORT);
	if (clen < TCP_MINHLEN)
		return (WIRE_PULLUP);
	/* 65535 bytes are the most that IP carries, so hi_dlen cannot overflow. */
	if (plen > UINT16_MAX)
		return (WIRE_BADLEN);
	out->hi_hlen = (uint16_t)th_hlen(th);
	if (out->hi_hlen < TCP_MINHLEN || out->hi_hlen > plen)
		return (WIRE_BADHLEN);
	out->hi_need = out->hi_hlen;
	if (clen < out->hi_hlen)
		return (WIRE_PULLUP);
	out->hi_sport = th->th_sport;
	out->hi_dport = th->th_dport;
	out->hi_seq = NTOHL(th->th_seq);
	out->hi_ack = NTOHL(th->th_ack);
	out->hi_flags = th_flags(th);
	out->hi_win = NTOHS(th->th_win);
	out->hi_urp = NTOHS(th->th_urp);
	out->hi_optlen = (uint16_t)(out->hi_hlen - TCP_MINHLEN);
	out->hi_dlen = (uint16_t)(plen - out->hi_hlen);
	return (WIRE_OK);
}

/*
 * Steps over NOPs to the next option of the len bytes at p.  WIRE_OK: *offp is at its kind and
 * its whole extent is there; WIRE_END; WIRE_BADOPT: its length is below 2, missing, or runs past
 * the end.
 */
static enum wire_error
tcp_opt_next(const uint8_t *p, size_t len, size_t *offp)
{
	size_t off = *offp;

	while (off < len && p[off] == TCPOPT_NOP)
		off++;
	*offp = off;
	if (off >= len || p[off] == TCPOPT_EOL)
		return (WIRE_END);
	if (len - off < 2 || p[off + 1] < 2 || p[off + 1] > len - off)
		return (WIRE_BADOPT);
	return (WIRE_OK);
}

/* RFC 2018 3: a header and one to four whole blocks. */
static bool
tcp_opt_sack(const uint8_t *o, struct tcp_opts *to)
{
	unsigned int i, n = (o[1] - TCPOLEN_SACKHDR) / TCPOLEN_SACK;

	if (n < 1 || n > TCP_MAX_SACK || o[1] != TCPOLEN_SACKHDR + n * TCPOLEN_SACK)
		return (false);
	for (i = 0; i < n; i++) {
		to->to_sack[i].sb_start = be32dec(o + TCPOLEN_SACKHDR + i * TCPOLEN_SACK);
		to->to_sack[i].sb_end = be32dec(o + TCPOLEN_SACKHDR + i * TCPOLEN_SACK + 4);
	}
	to->to_nsack = (uint8_t)n;
	to->to_flags |= TOF_SACK;
	return (true);
}

/* RFC 7413 4.1.1: a cookie of 4 to 16 bytes, even in number, or none, which asks for one. */
static bool
tcp_opt_tfo(const uint8_t *o, uint8_t hlen, struct tcp_opts *to)
{
	uint8_t n = (uint8_t)(o[1] - hlen);

	if (n != 0 && (n < TCP_FASTOPEN_MIN_COOKIE || n > TCP_FASTOPEN_MAX_COOKIE || (n & 1) != 0))
		return (false);
	to->to_tfo = o + hlen;
	to->to_tfolen = n;
	to->to_flags = (to->to_flags & ~(uint32_t)TOF_TFOEXP) | TOF_FASTOPEN;
	return (true);
}

/* The options that count only with SYN.  Returns false if the length is wrong. */
static bool
tcp_opt_syn(const uint8_t *o, struct tcp_opts *to)
{
	switch (o[0]) {
	case TCPOPT_MAXSEG:
		if (o[1] != TCPOLEN_MAXSEG)
			return (false);
		to->to_mss = be16dec(o + 2);
		to->to_flags |= TOF_MSS;
		return (true);
	case TCPOPT_WINDOW:
		if (o[1] != TCPOLEN_WINDOW)
			return (false);
		to->to_wscale = MIN(o[2], TCP_MAX_WINSHIFT);
		to->to_flags |= TOF_SCALE;
		return (true);
	case TCPOPT_SACK_PERMITTED:
		if (o[1] != TCPOLEN_SACK_PERMITTED)
			return (false);
		to->to_flags |= TOF_SACKPERM;
		return (true);
	default:
		return (tcp_opt_tfo(o, TCPOLEN_FAST_OPEN_EMPTY, to));
	}
}

/* RFC 6994: of the experiments one is known, Fast Open before it had a kind of its own. */
static bool
tcp_opt_experiment(const uint8_t *o, bool syn, struct tcp_opts *to)
{
	if (!syn || o[1] < TCPOLEN_EXP_FAST_OPEN_EMPTY || be16dec(o + 2) != TCP_EXID_FAST_OPEN) {
		to->to_flags |= TOF_UNKNOWN;
		return (true);
	}
	if (!tcp_opt_tfo(o, TCPOLEN_EXP_FAST_OPEN_EMPTY, to))
		return (false);
	to->to_flags |= TOF_TFOEXP;
	return (true);
}

/* RFC 5925 2.2: two key ids at least, and but one of it.  Otherwise none can be right: to_aolen is 0. */
static bool
tcp_opt_ao(const uint8_t *o, struct tcp_opts *to)
{
	const bool good = o[1] >= 4 && (to->to_flags & TOF_AO) == 0;

	to->to_ao = good ? o + 2 : o;
	to->to_aolen = good ? (uint8_t)(o[1] - 2) : 0;
	to->to_flags |= TOF_AO;
	return (good);
}

/*
 * One option whose extent is known to be there.  Returns false if its length is wrong for its
 * kind.
 */
static bool
tcp_opt_parse(const uint8_t *o, bool syn, struct tcp_opts *to)
{
	switch (o[0]) {
	case TCPOPT_MAXSEG:
	case TCPOPT_WINDOW:
	case TCPOPT_SACK_PERMITTED:
	case TCPOPT_FAST_OPEN:
		return (!syn || tcp_opt_syn(o, to));
	case TCPOPT_EXP2:
		return (tcp_opt_experiment(o, syn, to));
	case TCPOPT_SACK:
		return (syn || tcp_opt_sack(o, to));
	case TCPOPT_TIMESTAMP:
		if (o[1] != TCPOLEN_TIMESTAMP)
			return (false);
		to->to_tsval = be32dec(o + 2);
		to->to_tsecr = be32dec(o + 6);
		to->to_flags |= TOF_TS;
		return (true);
	case TCPOPT_UTO:
		if (o[1] != TCPOLEN_UTO)
			return (false);
		to->to_uto = be16dec(o + 2);
		to->to_flags |= TOF_UTO;
		return (true);
	case TCPOPT_SIGNATURE:
		if (o[1] != TCPOLEN_SIGNATURE)
			return (false);
		to->to_md5 = o + 2;
		to->to_flags |= TOF_SIGNATURE;
		return (true);
	case TCPOPT_AO:
		return (tcp_opt_ao(o, to));
	default:
		to->to_flags |= TOF_UNKNOWN;
		return (true);
	}
}

/*
 * What nearly every SYN has: MSS, window scale, SACK permitted and timestamps in five words, in the order of BSD or, with
 * TOF_SCALELAST, of Linux.
 */
#define	SYN_FLAGS	(TOF_MSS | TOF_SCALE | TOF_SACKPERM | TOF_TS)
#define	SYN_OLEN	20
#define	SYN_MSS		(TCPOPT_MAXSEG << 8 | TCPOLEN_MAXSEG)
#define	SYN_SCALE	(TCPOPT_NOP << 16 | TCPOPT_WINDOW << 8 | TCPOLEN_WINDOW)
#define	SYN_SACKTS	((uint32_t)TCPOPT_SACK_PERMITTED << 24 | TCPOLEN_SACK_PERMITTED << 16 | TCPOPT_TIMESTAMP << 8 | TCPOLEN_TIMESTAMP)

/* tcp_opts_parse() of these; false: they are others. */
static bool
tcp_opts_parse_syn(const uint8_t *p, struct tcp_opts *to)
{
	const bool last = be32dec(p + 4) == SYN_SACKTS;
	const uint8_t *ts = p + (last ? 4 : 8), *scale = p + (last ? 16 : 4);

	if (be16dec(p) != SYN_MSS || be32dec(ts) != SYN_SACKTS || be32dec(scale) >> 8 != SYN_SCALE)
		return (false);
	*to = (struct tcp_opts){
		.to_flags = SYN_FLAGS,
		.to_mss = be16dec(p + 2),
		.to_wscale = MIN(scale[3], TCP_MAX_WINSHIFT),
		.to_tsval = be32dec(ts + 4),
		.to_tsecr = be32dec(ts + 8),
	};
	return (true);
}

/* tcp_opts_build() of these. */
static void
tcp_opts_build_syn(const struct tcp_opts *to, uint8_t *buf)
{
	const bool last = (to->to_flags & TOF_SCALELAST) != 0;
	uint8_t *ts = buf + (last ? 4 : 8), *scale = buf + (last ? 16 : 4);

	be32enc(buf, (uint32_t)SYN_MSS << 16 | to->to_mss);
	be32enc(scale, (uint32_t)SYN_SCALE << 8 | to->to_wscale);
	be32enc(ts, SYN_SACKTS);
	be32enc(ts + 4, to->to_tsval);
	be32enc(ts + 8, to->to_tsecr);
}

enum wire_error
tcp_opts_parse(const uint8_t *p, size_t len, bool syn, struct tcp_opts *to)
{
	enum wire_error e, verdict = WIRE_OK;
	size_t off = 0;

	if (syn && len == SYN_OLEN && tcp_opts_parse_syn(p, to))
		return (WIRE_OK);
	*to = (struct tcp_opts){ .to_flags = 0 };
	while ((e = tcp_opt_next(p, len, &off)) == WIRE_OK) {
		if (!tcp_opt_parse(p + off, syn, to))
			verdict = WIRE_BADOPT;
		off += p[off + 1];
	}
	return (e == WIRE_END ? verdict : e);
}

int
tcp_opt_find(const uint8_t *p, size_t len, uint8_t kind)
{
	size_t off = 0;

	while (tcp_opt_next(p, len, &off) == WIRE_OK) {
		if (p[off] == kind)
			return ((int)off);
		off += p[off + 1];
	}
	return (-1);
}

/* The bytes being written; with w_buf NULL they are only counted. */
struct tcp_optw {
	uint8_t	*w_buf;
	size_t	 w_len;
	size_t	 w_room;
};

/*
 * Reserves an option of len bytes after nops NOPs and writes its kind and length.  Returns where
 * its value goes, or NULL if there is no room or nothing to write to.
 */
static uint8_t *
tcp_optw_put(struct tcp_optw *w, size_t nops, uint8_t kind, size_t len)
{
	uint8_t *o;

	if (len + nops > w->w_room - w->w_len)
		return (NULL);
	o = w->w_buf;
	if (o != NULL) {
		o += w->w_len;
		memset(o, TCPOPT_NOP, nops);
		o += nops;
		*o++ = kind;
		*o++ = (uint8_t)len;
	}
	w->w_len += nops + len;
	return (o);
}

static void
tcp_optw_bytes(struct tcp_optw *w, size_t nops, uint8_t kind, const uint8_t *value, size_t len)
{
	uint8_t *o;

	if ((o = tcp_optw_put(w, nops, kind, len + 2)) == NULL || len == 0)
		return;
	if (value != NULL)
		memcpy(o, value, len);
	else
		memset(o, 0, len);
}

static void
tcp_optw_ts(struct tcp_optw *w, size_t nops, const struct tcp_opts *to)
{
	uint8_t *o;

	if ((o = tcp_optw_put(w, nops, TCPOPT_TIMESTAMP, TCPOLEN_TIMESTAMP)) == NULL)
		return;
	be32enc(o, to->to_tsval);
	be32enc(o + 4, to->to_tsecr);
}

/* As many blocks as fit; the first are the most recent and matter most (RFC 2018 4). */
static void
tcp_optw_sack(struct tcp_optw *w, const struct tcp_opts *to)
{
	size_t i, n = MIN(to->to_nsack, TCP_MAX_SACK), room = w->w_room - w->w_len;
	uint8_t *o;

	if (room < 2 + TCPOLEN_SACKHDR + TCPOLEN_SACK)
		return;
	n = MIN(n, (room - 2 - TCPOLEN_SACKHDR) / TCPOLEN_SACK);
	if (n == 0)
		return;
	o = tcp_optw_put(w, 2, TCPOPT_SACK, TCPOLEN_SACKHDR + n * TCPOLEN_SACK);
	if (o == NULL)
		return;
	for (i = 0; i < n; i++) {
		be32enc(o + i * TCPOLEN_SACK, to->to_sack[i].sb_start);
		be32enc(o + i * TCPOLEN_SACK + 4, to->to_sack[i].sb_end);
	}
}

/* Window scale, SACK permitted and timestamps, in one of two orders. */
static void
tcp_optw_syn(struct tcp_optw *w, const struct tcp_opts *to)
{
	uint32_t f = to->to_flags;
	bool sackperm = (f & TOF_SACKPERM) != 0;

	if ((f & (TOF_SCALE | TOF_SCALELAST)) == TOF_SCALE)
		tcp_optw_bytes(w, 1, TCPOPT_WINDOW, &to->to_wscale, 1);
	/* SACK permitted and timestamps share three words; alone each is led by two NOPs. */
	if (sackperm)
		tcp_optw_put(w, (f & TOF_TS) != 0 ? 0 : 2, TCPOPT_SACK_PERMITTED,
		    TCPOLEN_SACK_PERMITTED);
	if ((f & TOF_TS) != 0)
		tcp_optw_ts(w, sackperm ? 0 : 2, to);
	if ((f & (TOF_SCALE | TOF_SCALELAST)) == (TOF_SCALE | TOF_SCALELAST))
		tcp_optw_bytes(w, 1, TCPOPT_WINDOW, &to->to_wscale, 1);
}

static void
tcp_optw_tfo(struct tcp_optw *w, const struct tcp_opts *to)
{
	uint8_t *o;

	if ((to->to_flags & TOF_FASTOPEN) == 0 || to->to_tfolen > TCP_FASTOPEN_MAX_COOKIE)
		return;
	if ((to->to_flags & TOF_TFOEXP) == 0) {
		tcp_optw_bytes(w, 0, TCPOPT_FAST_OPEN, to->to_tfo, to->to_tfolen);
		return;
	}
	o = tcp_optw_put(w, 0, TCPOPT_EXP2, TCPOLEN_EXP_FAST_OPEN_EMPTY + (size_t)to->to_tfolen);
	if (o == NULL)
		return;
	be16enc(o, TCP_EXID_FAST_OPEN);
	if (to->to_tfolen > 0)
		memcpy(o + 2, to->to_tfo, to->to_tfolen);
}

static void
tcp_optw_all(struct tcp_optw *w, const struct tcp_opts *to)
{
	uint32_t f = to->to_flags;
	uint8_t mss[2], uto[2];

	be16enc(mss, to->to_mss);
	be16enc(uto, to->to_uto);
	if ((f & TOF_MSS) != 0)
		tcp_optw_bytes(w, 0, TCPOPT_MAXSEG, mss, sizeof(mss));
	tcp_optw_syn(w, to);
	if ((f & TOF_SIGNATURE) != 0)
		tcp_optw_bytes(w, 2, TCPOPT_SIGNATURE, to->to_md5, TCPOLEN_SIGNATURE - 2);
	if ((f & TOF_AO) != 0 && to->to_aolen >= 2)
		tcp_optw_bytes(w, 0, TCPOPT_AO, to->to_ao, to->to_aolen);
	tcp_optw_tfo(w, to);
	if ((f & TOF_UTO) != 0)
		tcp_optw_bytes(w, 0, TCPOPT_UTO, uto, sizeof(uto));
	if ((f & TOF_SACK) != 0)
		tcp_optw_sack(w, to);
}

size_t
tcp_opts_build(const struct tcp_opts *to, uint8_t *buf, size_t room)
{
	struct tcp_optw w = { .w_buf = buf, .w_room = ROUNDDOWN2(MIN(room, TCP_MAXOLEN), 4ul) };
	size_t end;

	if ((to->to_flags & ~(uint32_t)TOF_SCALELAST) == SYN_FLAGS && room >= SYN_OLEN) {
		tcp_opts_build_syn(to, buf);
		return (SYN_OLEN);
	}
	tcp_optw_all(&w, to);
	end = ROUNDUP2(w.w_len, (size_t)4);
	/* RFC 9293 3.1: either will do; the systems differ here as in the order. */
	memset(buf + w.w_len, (to->to_flags & TOF_SCALELAST) != 0 ? TCPOPT_NOP : TCPOPT_EOL, end - w.w_len);
	return (end);
}

size_t
tcp_opts_need(const struct tcp_opts *to)
{
	struct tcp_optw w = { .w_buf = NULL, .w_room = SIZE_MAX };

	tcp_optw_all(&w, to);
	return (ROUNDUP2(w.w_len, (size_t)4));
}
