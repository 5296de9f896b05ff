/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * Segments signed with a key both ends know: TCP-MD5 (RFC 2385), as old BGP speakers want it, and
 * TCP-AO (RFC 5925) with the algorithms of RFC 5926.
 *
 * Keys (for AO: master key tuples) belong to a socket, each for a prefix of peers; the longest
 * prefix counts.  A listener hands the keys that fit the peer to the connection.  Who has a key
 * signs all his segments, and takes none without a good signature: they are dropped and counted,
 * before they can do anything, an RST included.  Who has none drops segments with a signature.
 *
 * AO's traffic keys are derived anew for each segment from master key, addresses, ports and both
 * ISNs (5925 5.2); nothing is cached.  The sequence number extension (6.2) follows from 64-bit
 * positions, ta_snd and ta_rcv.  Keys roll over as the peer asks: his RNextKeyID names the key we
 * sign with next (7.5.1); ours names the one that the user wants (tcp_authopt.c).
 *
 * The segment is copied into one buffer for the digest.  Super-packets are not made by connections
 * with a key: each segment on the wire needs a signature of its own.
 */
#include "netinet/tcp/tcp_int.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "kern/crypto.h"

#define AUTH_PSEUDO	40	/* IPv6's; IPv4's has 12 bytes */

struct tcp_authkey *
tcp_authkey_ref(struct tcp_authkey *ak)
{
	if (ak != NULL)
		ak->ak_refs++;
	return (ak);
}

void
tcp_authkey_unref(struct tcp_authkey *ak)
{
	if (ak == NULL || --ak->ak_refs > 0)
		return;
	memset(ak->ak_key, 0, sizeof(ak->ak_key));
	kfree(ak->ak_as, ACCT_TCPCB, ak, sizeof(*ak));
}

bool
tcp_authkey_within(const struct tcp_authkey *ak, uint8_t family, const struct in_addr_any *addr,
    uint32_t bits)
{
	uint32_t mask;

	if (ak->ak_family != family)
		return (false);
	for (unsigned i = 0; i < 4 && bits > 0; i++, bits -= u32min(bits, 32)) {
		mask = bits >= 32 ? UINT32_MAX : HTONL(UINT32_MAX << (32 - bits));
		if ((ak->ak_addr.in6[i] ^ addr->in6[i]) & mask)
			return (false);
	}
	return (true);
}

bool
tcp_authkey_covers(const struct tcp_authkey *ak, const struct inet_ops *io,
    const struct in_addr_any *peer)
{
	return (tcp_authkey_within(ak, io->io_family, peer, ak->ak_prefix));
}

struct tcp_authkey *
tcp_auth_find(const struct tcpcb *tp, const struct inet_ops *io, const struct in_addr_any *peer,
    int rcvid)
{
	struct tcp_authkey *ak, *best = NULL;

	if (tp->t_auth == NULL)
		return (NULL);
	/* Newest first: of equals the newest. */
	SLIST_FOREACH(ak, &tp->t_auth->ta_keys, ak_link)
		if (tcp_authkey_covers(ak, io, peer) &&
		    (rcvid < 0 || (ak->ak_alg != VI_TCP_AUTH_MD5 && ak->ak_rcvid == rcvid)) &&
		    (best == NULL || ak->ak_prefix > best->ak_prefix))
			best = ak;
	return (best);
}

void
tcp_auth_free(struct tcpcb *tp)
{
	struct tcp_auth *ta = tp->t_auth;
	struct tcp_authkey *ak;

	if (ta == NULL)
		return;
	while ((ak = SLIST_FIRST(&ta->ta_keys)) != NULL) {
		SLIST_REMOVE_HEAD(&ta->ta_keys, ak_link);
		tcp_authkey_unref(ak);
	}
	tcp_authkey_unref(ta->ta_current);
	tcp_authkey_unref(ta->ta_rnext);
	kfree(vnet_acct(tcp_vn(tp)), ACCT_TCPCB, ta, sizeof(*ta));
	tp->t_auth = NULL;
}

/* *akp, which is counted, becomes ak. */
void
tcp_authkey_assign(struct tcp_authkey **akp, struct tcp_authkey *ak)
{
	tcp_authkey_ref(ak);
	tcp_authkey_unref(*akp);
	*akp = ak;
}

/* With AO the keys of other peers are of no more use, as Linux sees it; what the user chose for this one stays. */
static void
tcp_auth_narrow(struct tcpcb *tp, struct tcp_authkey *best)
{
	const struct inpcb *inp = &tp->t_inpcb;
	struct tcp_auth *ta = tp->t_auth;
	struct tcp_authkey *ak, *next;

	for (ak = SLIST_FIRST(&ta->ta_keys); ak != NULL; ak = next) {
		next = SLIST_NEXT(ak, ak_link);
		if (tcp_authkey_covers(ak, inp->inp_ops, &inp->inp_faddr))
			continue;
		if (ta->ta_current == ak)
			tcp_authkey_assign(&ta->ta_current, NULL);
		if (ta->ta_rnext == ak)
			tcp_authkey_assign(&ta->ta_rnext, NULL);
		SLIST_REMOVE(&ta->ta_keys, ak, tcp_authkey, ak_link);
		ta->ta_nkeys--;
		tcp_authkey_unref(ak);
	}
	if (ta->ta_current == NULL)
		tcp_authkey_assign(&ta->ta_current, best);
	if (ta->ta_rnext == NULL)
		tcp_authkey_assign(&ta->ta_rnext, best);
}

void
tcp_auth_connect(struct tcpcb *tp)
{
	const struct inpcb *inp = &tp->t_inpcb;
	struct tcp_auth *ta = tp->t_auth;
	struct tcp_authkey *ak;

	if (ta == NULL)
		return;
	ta->ta_snd = ta->ta_rcv = 0;
	ak = tcp_auth_find(tp, inp->inp_ops, &inp->inp_faddr, -1);
	if (tcp_authkey_isao(ak)) {
		tcp_auth_narrow(tp, ak);
		return;
	}
	tcp_authkey_assign(&ta->ta_current, ak);
	tcp_authkey_assign(&ta->ta_rnext, NULL);
}

int
tcp_auth_inherit(struct tcpcb *tp, const struct tcpcb *ltp)
{
	const struct inpcb *inp = &tp->t_inpcb;
	const struct tcp_auth *lta = ltp->t_auth;
	const struct tcp_authkey *ak;
	struct tcp_authkey *last = NULL;
	int error;

	if (lta == NULL)
		return (0);
	SLIST_FOREACH(ak, &lta->ta_keys, ak_link) {
		if (!tcp_authkey_covers(ak, inp->inp_ops, &inp->inp_faddr))
			continue;
		/* In the order they had. */
		if ((error = tcp_auth_add(tp, ak, last, &last)) != 0)
			return (error);
	}
	if (tp->t_auth != NULL)
		tp->t_auth->ta_required = lta->ta_required;
	return (0);
}

uint32_t
tcp_auth_optlen(const struct tcp_authkey *ak)
{
	return (ak->ak_alg == VI_TCP_AUTH_MD5 ? 2 + TCPOLEN_SIGNATURE : TCP_AO_OPTLEN);
}

void
tcp_auth_fill(const struct tcp_authctx *ac, struct tcp_opts *to, uint8_t ids[TCP_AO_OPTLEN])
{
	if (ac->ac_key == NULL)
		return;
	if (ac->ac_key->ak_alg == VI_TCP_AUTH_MD5) {
		to->to_flags |= TOF_SIGNATURE;
		to->to_md5 = NULL;
		return;
	}
	memset(ids, 0, TCP_AO_OPTLEN);
	ids[0] = ac->ac_key->ak_sndid;
	ids[1] = ac->ac_rnext;
	to->to_flags |= TOF_AO;
	to->to_ao = ids;
	to->to_aolen = 2 + TCP_AO_MACLEN;
}

/* The 64-bit number nearest to ref whose low half is seq. */
static uint64_t
tcp_auth_extend(uint64_t ref, uint32_t seq)
{
	return (ref + (uint64_t)(int64_t)(int32_t)(seq - (uint32_t)ref));
}

void
tcp_auth_ctx(const struct tcpcb *tp, uint32_t seq, struct tcp_authctx *ac)
{
	struct tcp_auth *ta = tp->t_auth;
	uint64_t ext;

	*ac = (struct tcp_authctx){ .ac_lisn = tp->iss, .ac_fisn = tp->irs };
	if (ta == NULL)
		return;
	ac->ac_key = ta->ta_current;
	ac->ac_rnext = ta->ta_rnext != NULL ? ta->ta_rnext->ak_rcvid : 0;
	if (ta->ta_snd == 0)
		ta->ta_snd = tp->iss;
	ext = tcp_auth_extend(ta->ta_snd, seq);
	if (SEQ_GT(seq, (uint32_t)ta->ta_snd))
		ta->ta_snd = ext;
	ac->ac_sne = (uint32_t)(ext >> 32);
}

/* One segment to be signed or checked. */
struct auth_seg {
	const struct tcp_authkey *as_key;
	const struct inet_ops *as_ops;
	const struct in_addr_any *as_src, *as_dst;
	uint32_t	 as_sisn, as_disn, as_sne;
	const struct mbuf *as_m;	/* header in front */
	uint32_t	 as_len;
};

/* An address as it is on the wire; its length.  The stack keeps zones in link-local ones. */
static size_t
tcp_auth_addr(const struct auth_seg *as, const struct in_addr_any *a, uint8_t *p)
{
	size_t alen = as->as_ops->io_family == VI_AF_INET ? 4 : 16;

	memcpy(p, a, alen);
	if (alen == 16 && p[0] == 0xfe && (p[1] & 0xc0) == 0x80)
		p[2] = p[3] = 0;
	return (alen);
}

static size_t
tcp_auth_pseudo(const struct auth_seg *as, uint8_t *p)
{
	size_t alen;

	p += tcp_auth_addr(as, as->as_src, p);
	p += alen = tcp_auth_addr(as, as->as_dst, p);
	if (alen == 4) {
		be16enc(p, VI_IPPROTO_TCP);
		be16enc(p + 2, (uint16_t)as->as_len);
		return (12);
	}
	be32enc(p, as->as_len);
	be32enc(p + 4, VI_IPPROTO_TCP);
	return (40);
}

static enum crypto_alg
tcp_auth_alg(const struct tcp_authkey *ak)
{
	return (ak->ak_alg == VI_TCP_AUTH_HMAC_SHA1 ? CRYPTO_HMAC_SHA1 : CRYPTO_AES128_CMAC);
}

/* RFC 5926 3.1.1: the segment's traffic key; its length in *len. */
static int
tcp_auth_traffickey(const struct auth_seg *as, const struct tcphdr *th,
    uint8_t key[CRYPTO_MAXMAC], size_t *len)
{
	static const uint8_t zero[16];
	const struct tcp_authkey *ak = as->as_key;
	size_t klen = ak->ak_len;
	uint8_t in[7 + 32 + 4 + 8 + 2], *p = in, master[CRYPTO_MAXMAC];
	const uint8_t *k = ak->ak_key;
	int error;

	*len = ak->ak_alg == VI_TCP_AUTH_HMAC_SHA1 ? 20 : 16;
	if (*len == 16 && klen != 16) {	/* 3.1.1.2: another length is made one of 16 */
		if ((error = crypto_mac(CRYPTO_AES128_CMAC, zero, 16, k, klen, master)) != 0)
			return (error);
		k = master;
		klen = 16;
	}
	*p++ = 1;
	memcpy(p, "TCP-AO", 6);
	p += 6;
	p += tcp_auth_addr(as, as->as_src, p);
	p += tcp_auth_addr(as, as->as_dst, p);
	u16store(p, th->th_sport);
	u16store(p + 2, th->th_dport);
	be32enc(p + 4, as->as_sisn);
	be32enc(p + 8, as->as_disn);
	be16enc(p + 12, (uint16_t)(*len * 8));
	p += 14;
	return (crypto_mac(tcp_auth_alg(ak), k, klen, in, (size_t)(p - in), key));
}

/* RFC 5925 5.1: extension, pseudo header, header with options and an empty MAC, data. */
static int
tcp_auth_ao(const struct auth_seg *as, uint8_t *buf, uint8_t mac[CRYPTO_MAXMAC])
{
	size_t n = 4, keylen;
	uint8_t key[CRYPTO_MAXMAC];
	struct tcphdr *th;
	int error, off;

	be32enc(buf, as->as_sne);
	n += tcp_auth_pseudo(as, buf + n);
	if (m_copydata(as->as_m, 0, as->as_len, buf + n) != 0)
		return (EINVAL);
	th = (struct tcphdr *)(void *)(buf + n);
	th->th_sum = 0;
	off = tcp_opt_find(buf + n + TCP_MINHLEN, th_hlen(th) - TCP_MINHLEN, TCPOPT_AO);
	if (off < 0)
		return (EINVAL);
	memset(buf + n + TCP_MINHLEN + off + 4, 0, buf[n + TCP_MINHLEN + (size_t)off + 1] - 4u);
	if ((error = tcp_auth_traffickey(as, th, key, &keylen)) != 0)
		return (error);
	return (crypto_mac(tcp_auth_alg(as->as_key), key, keylen, buf, n + as->as_len, mac));
}

/* RFC 2385 2.0: pseudo header, header without options, data, key. */
static int
tcp_auth_md5(const struct auth_seg *as, uint8_t *buf, uint8_t mac[CRYPTO_MAXMAC])
{
	size_t n = tcp_auth_pseudo(as, buf), hlen = th_hlen(mtod(as->as_m, const struct tcphdr *));
	size_t dlen = as->as_len - hlen;

	memcpy(buf + n, mtod(as->as_m, const void *), TCP_MINHLEN);
	((struct tcphdr *)(void *)(buf + n))->th_sum = 0;
	n += TCP_MINHLEN;
	if (dlen > 0 && m_copydata(as->as_m, (uint32_t)hlen, (uint32_t)dlen, buf + n) != 0)
		return (EINVAL);
	n += dlen;
	memcpy(buf + n, as->as_key->ak_key, as->as_key->ak_len);
	return (crypto_mac(CRYPTO_MD5, NULL, 0, buf, n + as->as_key->ak_len, mac));
}

static int
tcp_auth_mac(struct tcp_vnet *tv, const struct auth_seg *as, uint8_t mac[CRYPTO_MAXMAC])
{
	size_t size = 4 + AUTH_PSEUDO + as->as_len + VI_TCP_AUTHKEYLEN;
	struct acctset *acct = vnet_acct(tv->tv_vnet);
	uint8_t *buf;
	int error;

	if ((buf = kmalloc(acct, ACCT_MISC, size)) == NULL)
		return (ENOBUFS);
	error = as->as_key->ak_alg == VI_TCP_AUTH_MD5 ? tcp_auth_md5(as, buf, mac)
						      : tcp_auth_ao(as, buf, mac);
	kfree(acct, ACCT_MISC, buf, size);
	return (error);
}

int
tcp_auth_sign(struct tcp_vnet *tv, const struct tcp_authctx *ac, const struct inet_flow *fl,
    const struct inet_ops *io, struct mbuf *m)
{
	struct tcphdr *th = mtod(m, struct tcphdr *);
	bool md5 = ac->ac_key->ak_alg == VI_TCP_AUTH_MD5;
	struct auth_seg as = {.as_key = ac->ac_key,
	    .as_ops = io,
	    .as_src = &fl->if_laddr,
	    .as_dst = &fl->if_faddr,
	    .as_sisn = ac->ac_lisn,
	    /* RFC 5925 5.2: of the first SYN only one ISN is known. */
	    .as_disn = (th_flags(th) & (TH_SYN | TH_ACK)) == TH_SYN ? 0 : ac->ac_fisn,
	    .as_sne = ac->ac_sne,
	    .as_m = m,
	    .as_len = m->m_pkt.len};
	uint8_t mac[CRYPTO_MAXMAC], *opts = (uint8_t *)(th + 1);
	int error, off;

	off = tcp_opt_find(opts, th_hlen(th) - TCP_MINHLEN,
	    md5 ? TCPOPT_SIGNATURE : TCPOPT_AO);
	VI_ASSERT(off >= 0);
	if ((error = tcp_auth_mac(tv, &as, mac)) != 0) {
		TCPSTAT_INC(tv, tcps_sig_err_buildsig);
		return (error);
	}
	memcpy(opts + off + (md5 ? 2 : 4), mac, md5 ? 16 : TCP_AO_MACLEN);
	return (0);
}

/* The peer says which key we shall sign with (RFC 5925 7.5.1). */
static void
tcp_auth_rollover(struct tcpcb *tp, uint8_t rnext)
{
	struct tcp_auth *ta = tp->t_auth;
	struct tcp_authkey *ak;

	if (ta->ta_current == NULL || ta->ta_current->ak_sndid == rnext)
		return;
	SLIST_FOREACH(ak, &ta->ta_keys, ak_link)
		if (ak->ak_alg != VI_TCP_AUTH_MD5 && ak->ak_sndid == rnext &&
		    tcp_authkey_covers(ak, tp->t_inpcb.inp_ops, &tp->t_inpcb.inp_faddr)) {
			tcp_authkey_assign(&ta->ta_current, ak);
			return;
		}
}

void
tcp_auth_use(struct tcpcb *tp, uint8_t rcvid, uint8_t rnext)
{
	const struct inpcb *inp = &tp->t_inpcb;
	struct tcp_authkey *ak = tcp_auth_find(tp, inp->inp_ops, &inp->inp_faddr, rcvid);

	if (ak == NULL)
		return;
	tcp_authkey_assign(&tp->t_auth->ta_current, ak);
	tcp_authkey_assign(&tp->t_auth->ta_rnext, ak);
	tcp_auth_rollover(tp, rnext);
}

/* A segment that goes, for the vnet and for who has TCP-AO; ak: the key that its signature names, or NULL. */
static bool
tcp_auth_bad(const struct tcpcb *tp, const struct tcp_seg *ts, struct tcp_authkey *ak)
{
	TCPSTAT_INC(ts->ts_tv, tcps_sig_rcvbadsig);
	if (ts->ts_to.to_flags & TOF_AO) {
		if (ak != NULL) {
			tp->t_auth->ta_count.bad++;
			ak->ak_bad++;
		} else {
			tp->t_auth->ta_count.nokey++;
		}
	}
	return (false);
}

/* The key that this segment must be signed with: NULL and true: none; false: it is counted. */
static bool
tcp_auth_expected(const struct tcpcb *tp, struct tcp_seg *ts, struct tcp_authkey **akp)
{
	const struct inet_pkt *pkt = ts->ts_pkt;
	uint32_t sig = ts->ts_to.to_flags & (TOF_SIGNATURE | TOF_AO);
	struct tcp_authkey *ak = tcp_auth_find(tp, pkt->ip_ops, &pkt->ip_src, -1);
	bool required = tp->t_auth != NULL && tp->t_auth->ta_required, isao = tcp_authkey_isao(ak);

	if (isao && sig == TOF_AO) {
		ak = tcp_auth_find(tp, pkt->ip_ops, &pkt->ip_src, ts->ts_to.to_ao[0]);
		if (ak == NULL || ts->ts_to.to_aolen != 2 + TCP_AO_MACLEN)
			return (tcp_auth_bad(tp, ts, ak));
	}
	*akp = ak;
	if (ak == NULL && sig != 0) {
		TCPSTAT_INC(ts->ts_tv, tcps_sig_err_sigopt);
		if (tp->t_auth != NULL && sig == TOF_AO)
			tp->t_auth->ta_count.nokey++;
		return (false);
	}
	if ((ak == NULL && required) ||
	    (ak != NULL && sig != (isao ? TOF_AO : TOF_SIGNATURE))) {
		TCPSTAT_INC(ts->ts_tv, tcps_sig_err_nosigopt);
		if (required || isao)
			tp->t_auth->ta_count.unsign++;
		return (false);
	}
	return (true);
}

/* ISNs and extension, from the receiver's place (RFC 5925 5.2, 7.4). */
static void
tcp_auth_isns(const struct tcpcb *tp, const struct tcp_seg *ts, struct auth_seg *as)
{
	uint64_t ref;

	if ((ts->ts_flags & (TH_SYN | TH_ACK)) == TH_SYN) {
		as->as_sisn = ts->ts_seq;
		return;
	}
	if (tp->t_state == TCPS_LISTEN || tp->t_state == TCPS_SYN_SENT) {
		/* The SYN-ACK, or the ACK of ours: both numbers are in the segment. */
		as->as_sisn = ts->ts_seq - ((ts->ts_flags & TH_SYN) == 0);
		as->as_disn = tp->t_state == TCPS_LISTEN ? ts->ts_ack - 1 : tp->iss;
		return;
	}
	as->as_sisn = tp->irs;
	as->as_disn = tp->iss;
	ref = tp->t_auth->ta_rcv != 0 ? tp->t_auth->ta_rcv : tp->irs;
	as->as_sne = (uint32_t)(tcp_auth_extend(ref, ts->ts_seq) >> 32);
}

bool
tcp_auth_input(struct inpcb *inp, struct tcp_seg *ts, const struct mbuf *m)
{
	struct tcpcb *tp = intotcpcb(inp);
	struct auth_seg as = {.as_ops = ts->ts_pkt->ip_ops,
	    .as_src = &ts->ts_pkt->ip_src,
	    .as_dst = &ts->ts_pkt->ip_dst,
	    .as_m = m,
	    .as_len = m->m_pkt.len};
	uint8_t mac[CRYPTO_MAXMAC];
	struct tcp_authkey *ak;
	bool md5, good;

	if (!tcp_auth_expected(tp, ts, &ak))
		return (false);
	if (ak == NULL)
		return (true);
	md5 = ak->ak_alg == VI_TCP_AUTH_MD5;
	as.as_key = ak;
	tcp_auth_isns(tp, ts, &as);
	good = tcp_auth_mac(ts->ts_tv, &as, mac) == 0 &&
	       crypto_equal(mac, md5 ? ts->ts_to.to_md5 : ts->ts_to.to_ao + 2,
		   md5 ? 16 : TCP_AO_MACLEN);
	if (!good)
		return (tcp_auth_bad(tp, ts, ak));
	TCPSTAT_INC(ts->ts_tv, tcps_sig_rcvgoodsig);
	ak->ak_good++;
	if (!md5)
		tp->t_auth->ta_count.good++;
	if (tp->t_state > TCPS_SYN_SENT && !md5) {
		if (tp->t_auth->ta_rcv == 0)
			tp->t_auth->ta_rcv = tp->irs;
		if (SEQ_GT(ts->ts_seq, (uint32_t)tp->t_auth->ta_rcv))
			tp->t_auth->ta_rcv = tcp_auth_extend(tp->t_auth->ta_rcv, ts->ts_seq);
	}
	if (tp->t_state >= TCPS_SYN_SENT && !md5)
		tcp_auth_rollover(tp, ts->ts_to.to_ao[1]);
	return (true);
}
