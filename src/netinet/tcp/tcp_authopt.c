/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the user says of signed segments (tcp_auth.c): VI_TCP_AUTHKEY, VI_TCP_AUTHINFO, VI_TCP_AUTHKEYS.
 *
 * A key of TCP-MD5 replaces the one of the same place, and counts at once.  TCP-AO is as Linux has it: no two keys that a
 * peer could confuse (RFC 5925 3.1), a key in use is not taken away (ibid.), a connection that began without stays so,
 * and which key signs and which is asked for is said apart from adding keys.
 */
#include "netinet/tcp/tcp_int.h"

#include <errno.h>
#include <string.h>

static struct tcp_auth *
tcp_auth_get(struct tcpcb *tp)
{
	if (tp->t_auth == NULL)
		tp->t_auth = kmalloc(vnet_acct(tcp_vn(tp)), ACCT_TCPCB, sizeof(*tp->t_auth));
	return (tp->t_auth);
}

int
tcp_auth_add(struct tcpcb *tp, const struct tcp_authkey *key, struct tcp_authkey *behind,
    struct tcp_authkey **copy)
{
	struct acctset *as = vnet_acct(tcp_vn(tp));
	struct tcp_auth *ta = tcp_auth_get(tp);
	struct tcp_authkey *ak;

	if (ta == NULL || (ak = kmalloc(as, ACCT_TCPCB, sizeof(*ak))) == NULL)
		return (ENOBUFS);
	*ak = *key;
	ak->ak_as = as;
	ak->ak_refs = 1;
	ak->ak_good = ak->ak_bad = 0;
	if (behind != NULL)
		SLIST_INSERT_AFTER(behind, ak, ak_link);
	else
		SLIST_INSERT_HEAD(&ta->ta_keys, ak, ak_link);
	ta->ta_nkeys++;
	ta->ta_ao = ta->ta_ao || tcp_authkey_isao(ak);
	if (copy != NULL)
		*copy = ak;
	return (0);
}

static bool
tcp_authkey_same(const struct tcp_authkey *a, const struct tcp_authkey *b)
{
	return (a->ak_family == b->ak_family && a->ak_prefix == b->ak_prefix &&
		in_addr_eq(&a->ak_addr, &b->ak_addr) && tcp_authkey_isao(a) == tcp_authkey_isao(b) &&
		(!tcp_authkey_isao(a) || (a->ak_sndid == b->ak_sndid && a->ak_rcvid == b->ak_rcvid)));
}

/* The one of the same place and ids. */
static struct tcp_authkey *
tcp_auth_same(const struct tcp_auth *ta, const struct tcp_authkey *key)
{
	struct tcp_authkey *ak;

	SLIST_FOREACH(ak, &ta->ta_keys, ak_link)
		if (tcp_authkey_same(ak, key))
			return (ak);
	return (NULL);
}

static void
tcp_auth_remove(struct tcp_auth *ta, struct tcp_authkey *ak)
{
	SLIST_REMOVE(&ta->ta_keys, ak, tcp_authkey, ak_link);
	ta->ta_nkeys--;
	tcp_authkey_unref(ak);
}

/* Is there a peer, who cannot change any more? */
static bool
tcp_auth_fixed(const struct tcpcb *tp)
{
	return (tp->t_state >= TCPS_SYN_SENT);
}

/* Of a socket that has something of AO, or a connection that is signed with it; else NULL. */
static struct tcp_auth *
tcp_auth_ao(const struct tcpcb *tp)
{
	struct tcp_auth *ta = tp->t_auth;

	if (ta == NULL || !ta->ta_ao || (tcp_auth_fixed(tp) && !tcp_authkey_isao(ta->ta_current)))
		return (NULL);
	return (ta);
}

/* MD5 has no courtesy: we sign with the new key at once. */
static void
tcp_auth_changed(struct tcpcb *tp)
{
	const struct inpcb *inp = &tp->t_inpcb;
	struct tcp_auth *ta = tp->t_auth;

	if (!tcp_auth_fixed(tp) || ta == NULL || tcp_authkey_isao(ta->ta_current))
		return;
	tcp_authkey_assign(&ta->ta_current, tcp_auth_find(tp, inp->inp_ops, &inp->inp_faddr, -1));
	tcp_setmss(tp);
}

/* As Linux: a peer has keys of one kind only. */
static int
tcp_auth_setmd5(struct tcpcb *tp, const struct tcp_authkey *key)
{
	struct tcp_auth *ta = tp->t_auth;
	struct tcp_authkey *ak, *old = ta != NULL ? tcp_auth_same(ta, key) : NULL;
	int error = 0;

	if (key->ak_len == 0) {
		if (old == NULL)
			return (ENOENT);
	} else if (ta != NULL) {
		if (ta->ta_required)
			return (EKEYREJECTED);
		SLIST_FOREACH(ak, &ta->ta_keys, ak_link)
			if (tcp_authkey_isao(ak) && tcp_authkey_within(ak, key->ak_family, &key->ak_addr, ak->ak_prefix))
				return (EKEYREJECTED);
		if (old == NULL && ta->ta_nkeys >= TCP_MAXAUTHKEYS)
			return (ENOSPC);
	}
	if (key->ak_len != 0)
		error = tcp_auth_add(tp, key, NULL, NULL);
	if (error == 0 && old != NULL)
		tcp_auth_remove(ta, old);
	if (error == 0)
		tcp_auth_changed(tp);
	return (error);
}

/* The newest key with this SendID, or this RecvID (the other -1), that a connection could use. */
static struct tcp_authkey *
tcp_auth_byid(const struct tcpcb *tp, int sndid, int rcvid)
{
	const struct inpcb *inp = &tp->t_inpcb;
	struct tcp_authkey *ak;

	SLIST_FOREACH(ak, &tp->t_auth->ta_keys, ak_link)
		if (tcp_authkey_isao(ak) && (sndid < 0 || ak->ak_sndid == sndid) &&
		    (rcvid < 0 || ak->ak_rcvid == rcvid) &&
		    (!tcp_auth_fixed(tp) || tcp_authkey_covers(ak, inp->inp_ops, &inp->inp_faddr)))
			break;
	return (ak);
}

/* The keys that shall be current and asked for; where flags do not say, *cur and *rnext stay.  ENOENT. */
static int
tcp_auth_choose(const struct tcpcb *tp, unsigned flags, uint8_t curid, uint8_t rnextid,
    struct tcp_authkey **cur, struct tcp_authkey **rnext)
{
	if ((flags & VI_TCP_AUTH_CURRENT) != 0 && (*cur = tcp_auth_byid(tp, curid, -1)) == NULL)
		return (ENOENT);
	if ((flags & VI_TCP_AUTH_RNEXT) != 0 && (*rnext = tcp_auth_byid(tp, -1, rnextid)) == NULL)
		return (ENOENT);
	return (0);
}

/* Whom a key of AO would be confused with. */
static int
tcp_auth_clash(const struct tcp_auth *ta, const struct tcp_authkey *key)
{
	const struct tcp_authkey *ak;
	int error = 0;

	SLIST_FOREACH(ak, &ta->ta_keys, ak_link) {
		if (!tcp_authkey_isao(ak)) {
			if (tcp_authkey_within(ak, key->ak_family, &key->ak_addr, ak->ak_prefix))
				return (EKEYREJECTED);
		} else if ((ak->ak_sndid == key->ak_sndid || ak->ak_rcvid == key->ak_rcvid) &&
			   tcp_authkey_within(ak, key->ak_family, &key->ak_addr, u32min(ak->ak_prefix, key->ak_prefix))) {
			error = EEXIST;
		}
	}
	return (error);
}

static int
tcp_auth_addao(struct tcpcb *tp, const struct tcp_authkey *key, unsigned flags)
{
	const struct inpcb *inp = &tp->t_inpcb;
	struct tcp_auth *ta = tp->t_auth;
	struct tcp_authkey *ak;
	int error;

	if (tcp_auth_fixed(tp) && !tcp_authkey_covers(key, inp->inp_ops, &inp->inp_faddr))
		return (EINVAL);
	if (ta != NULL && (error = tcp_auth_clash(ta, key)) != 0)
		return (error);
	if (ta != NULL && ta->ta_nkeys >= TCP_MAXAUTHKEYS)
		return (ENOSPC);
	if ((error = tcp_auth_add(tp, key, NULL, &ak)) != 0)
		return (error);
	if (flags & VI_TCP_AUTH_CURRENT)
		tcp_authkey_assign(&tp->t_auth->ta_current, ak);
	if (flags & VI_TCP_AUTH_RNEXT)
		tcp_authkey_assign(&tp->t_auth->ta_rnext, ak);
	return (0);
}

static int
tcp_auth_delao(struct tcpcb *tp, const struct tcp_authkey *key, const struct vi_tcp_authkey *k)
{
	struct tcp_auth *ta = tcp_auth_ao(tp);
	struct tcp_authkey *ak, *cur, *rnext;
	int error;

	if (ta == NULL)
		return (ENOENT);
	cur = ta->ta_current;
	rnext = ta->ta_rnext;
	if ((error = tcp_auth_choose(tp, k->tk_flags, k->tk_current, k->tk_rnext, &cur, &rnext)) != 0)
		return (error);
	if ((ak = tcp_auth_same(ta, key)) == NULL)
		return (ENOENT);
	if (ak == cur || ak == rnext)
		return (EBUSY);
	tcp_authkey_assign(&ta->ta_current, cur);
	tcp_authkey_assign(&ta->ta_rnext, rnext);
	tcp_auth_remove(ta, ak);
	return (0);
}

/* What is said of AO comes too late, or of keys that a listener has not. */
static int
tcp_auth_timely(const struct tcpcb *tp, unsigned flags)
{
	if (tcp_auth_fixed(tp) && tcp_auth_ao(tp) == NULL)
		return (EISCONN);
	if (tp->t_state == TCPS_LISTEN && (flags & (VI_TCP_AUTH_CURRENT | VI_TCP_AUTH_RNEXT)) != 0)
		return (EINVAL);
	return (0);
}

/* VI_TCP_AUTHKEY: a key is added, or with no length removed. */
int
tcp_auth_setkey(struct tcpcb *tp, const struct vi_tcp_authkey *k)
{
	struct tcp_authkey ak = {.ak_family = k->tk_addr.sa_family,
	    .ak_prefix = k->tk_prefix,
	    .ak_alg = k->tk_alg,
	    .ak_sndid = k->tk_sndid,
	    .ak_rcvid = k->tk_rcvid,
	    .ak_len = (uint8_t)k->tk_len};
	bool v4 = k->tk_addr.sa_family == VI_AF_INET;
	int error;

	if (k->tk_len > VI_TCP_AUTHKEYLEN || k->tk_alg > VI_TCP_AUTH_AES128_CMAC ||
	    k->tk_prefix > (v4 ? 32 : 128) || (k->tk_flags & ~(VI_TCP_AUTH_CURRENT | VI_TCP_AUTH_RNEXT)) != 0)
		return (EINVAL);
	if (!v4 && k->tk_addr.sa_family != VI_AF_INET6)
		return (EAFNOSUPPORT);
	if (v4)
		ak.ak_addr = in4_any(k->tk_addr.sa_in);
	else
		memcpy(&ak.ak_addr, k->tk_addr.sa_in6, sizeof(ak.ak_addr));
	if (!v4 && ak.ak_prefix >= 96 && ak.ak_addr.in6[0] == 0 && ak.ak_addr.in6[1] == 0 &&
	    ak.ak_addr.in6[2] == HTONL(0xffff)) {	/* RFC 4291 2.5.5.2: IPv4-mapped */
		ak.ak_family = VI_AF_INET;
		ak.ak_prefix = (uint8_t)(ak.ak_prefix - 96);
		ak.ak_addr = in4_any(ak.ak_addr.in6[3]);
	}
	memcpy(ak.ak_key, k->tk_key, ak.ak_len);
	if (!tcp_authkey_isao(&ak))
		return (tcp_auth_setmd5(tp, &ak));
	if ((error = tcp_auth_timely(tp, k->tk_flags)) != 0)
		return (error);
	return (ak.ak_len == 0 ? tcp_auth_delao(tp, &ak, k) : tcp_auth_addao(tp, &ak, k->tk_flags));
}

int
tcp_auth_setinfo(struct tcpcb *tp, const struct vi_tcp_authinfo *ai)
{
	struct tcp_authkey *cur = NULL, *rnext = NULL, *ak;
	struct tcp_auth *ta;
	int error;

	if ((ai->ai_flags & ~VI_TCP_AUTH_ALL) != 0)
		return (EINVAL);
	if ((error = tcp_auth_timely(tp, ai->ai_flags)) != 0)
		return (error);
	if ((ta = tcp_auth_get(tp)) == NULL)
		return (ENOBUFS);
	if (ai->ai_flags & VI_TCP_AUTH_REQUIRED)
		SLIST_FOREACH(ak, &ta->ta_keys, ak_link)
			if (!tcp_authkey_isao(ak))
				return (EKEYREJECTED);
	if ((error = tcp_auth_choose(tp, ai->ai_flags, ai->ai_current, ai->ai_rnext, &cur, &rnext)) != 0)
		return (error);
	if (ai->ai_flags & VI_TCP_AUTH_COUNTERS)
		ta->ta_count = (struct tcp_authcount){ ai->ai_good, ai->ai_bad, ai->ai_nokey, ai->ai_unsigned, ai->ai_icmp };
	ta->ta_ao = true;
	ta->ta_required = (ai->ai_flags & VI_TCP_AUTH_REQUIRED) != 0;
	ta->ta_icmp = (ai->ai_flags & VI_TCP_AUTH_ICMP) != 0;
	if (cur != NULL)
		tcp_authkey_assign(&ta->ta_current, cur);
	if (rnext != NULL)
		tcp_authkey_assign(&ta->ta_rnext, rnext);
	return (0);
}

int
tcp_auth_getinfo(const struct tcpcb *tp, struct vi_tcp_authinfo *ai)
{
	const struct tcp_auth *ta = tcp_auth_ao(tp);

	if (ta == NULL)
		return (ENOENT);
	*ai = (struct vi_tcp_authinfo){
	    .ai_flags = (ta->ta_required ? VI_TCP_AUTH_REQUIRED : 0u) | (ta->ta_icmp ? VI_TCP_AUTH_ICMP : 0u),
	    .ai_good = ta->ta_count.good,
	    .ai_bad = ta->ta_count.bad,
	    .ai_nokey = ta->ta_count.nokey,
	    .ai_unsigned = ta->ta_count.unsign,
	    .ai_icmp = ta->ta_count.icmp};
	if (ta->ta_current != NULL) {
		ai->ai_flags |= VI_TCP_AUTH_CURRENT;
		ai->ai_current = ta->ta_current->ak_sndid;
	}
	if (ta->ta_rnext != NULL) {
		ai->ai_flags |= VI_TCP_AUTH_RNEXT;
		ai->ai_rnext = ta->ta_rnext->ak_rcvid;
	}
	return (0);
}

/* Keys of AO, the newest first, as many as there is room for. */
int
tcp_auth_getkeys(const struct tcpcb *tp, void *buf, size_t *len)
{
	const struct tcp_auth *ta = tcp_auth_ao(tp);
	struct vi_tcp_authkey *k = buf;
	const struct tcp_authkey *ak;
	size_t n = 0;

	if (ta == NULL)
		return (ENOENT);
	SLIST_FOREACH(ak, &ta->ta_keys, ak_link) {
		if (!tcp_authkey_isao(ak))
			continue;
		if (*len / sizeof(*k) == n)
			break;
		k[n] = (struct vi_tcp_authkey){.tk_addr = {.sa_family = ak->ak_family},
		    .tk_prefix = ak->ak_prefix,
		    .tk_alg = ak->ak_alg,
		    .tk_sndid = ak->ak_sndid,
		    .tk_rcvid = ak->ak_rcvid,
		    .tk_flags = (uint8_t)((ak == ta->ta_current ? VI_TCP_AUTH_CURRENT : 0) |
					  (ak == ta->ta_rnext ? VI_TCP_AUTH_RNEXT : 0)),
		    .tk_len = ak->ak_len,
		    .tk_good = ak->ak_good,
		    .tk_bad = ak->ak_bad};
		if (ak->ak_family == VI_AF_INET)
			k[n].tk_addr.sa_in = ak->ak_addr.in6[0];
		else
			memcpy(k[n].tk_addr.sa_in6, &ak->ak_addr, sizeof(k[n].tk_addr.sa_in6));
		memcpy(k[n].tk_key, ak->ak_key, ak->ak_len);
		n++;
	}
	*len = n * sizeof(*k);
	return (0);
}
