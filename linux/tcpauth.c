/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP_MD5SIG and TCP_AO_*: keys of segments, from Linux's structures to the vnet's. */
#include "linux/lx.h"

#include <errno.h>
#include <string.h>
#include <linux/tcp.h>

/* The host's headers may be older than Linux 6.7, which brought these. */
#define LX_TCP_AO_KEYF_IFINDEX	1	/* of one routing domain: there is only the default, 0 */
#define LX_TCP_AO_KEYF_KNOWN	3	/* and options left out */

struct lx_ao_add {
	struct sockaddr_storage aa_addr;
	char		 aa_alg[64];
	int32_t		 aa_ifindex;
	uint32_t	 aa_bits;	/* 1 current at once, 2 next at once */
	uint16_t	 aa_reserved;
	uint8_t		 aa_prefix, aa_sndid, aa_rcvid, aa_maclen, aa_keyflags, aa_keylen;
	uint8_t		 aa_key[80];
} __attribute__((aligned(8)));

struct lx_ao_del {
	struct sockaddr_storage ad_addr;
	int32_t		 ad_ifindex;
	uint32_t	 ad_bits;	/* 1 current, 2 next, 4 later */
	uint16_t	 ad_reserved;
	uint8_t		 ad_prefix, ad_sndid, ad_rcvid, ad_current, ad_rnext, ad_keyflags;
} __attribute__((aligned(8)));

struct lx_ao_info {
	uint32_t	 ai_bits;	/* VI_TCP_AUTH_* */
	uint16_t	 ai_reserved;
	uint8_t		 ai_current, ai_rnext;
	uint64_t	 ai_good, ai_bad, ai_nokey, ai_unsigned, ai_icmp;
} __attribute__((aligned(8)));

struct lx_ao_get {
	struct sockaddr_storage ag_addr;
	char		 ag_alg[64];
	uint8_t		 ag_key[80];
	uint32_t	 ag_nkeys;
	uint16_t	 ag_bits;	/* 1 the current, 2 the next, 4 all */
	uint8_t		 ag_sndid, ag_rcvid, ag_prefix, ag_maclen, ag_keyflags, ag_keylen;
	int32_t		 ag_ifindex;
	uint64_t	 ag_good, ag_bad;
} __attribute__((aligned(8)));

enum { AG_CURRENT = 1, AG_RNEXT = 2, AG_ALL = 4, AG_KNOWN = 7 };
#define AO_MAXKEYS	64	/* what a socket has at most: vimage/socket.h */
#define AO_MACLEN	12	/* RFC 5926 3 */

_Static_assert(sizeof(struct lx_ao_add) == 288 && sizeof(struct lx_ao_del) == 144 &&
    sizeof(struct lx_ao_info) == 48 && sizeof(struct lx_ao_get) == 304, "as in linux/tcp.h");

/* Only zeros behind what is known?  E2BIG. */
static int
ao_rest(const uint8_t *buf, size_t len, size_t known)
{
	for (size_t i = known; i < len; i++)
		if (buf[i] != 0)
			return (E2BIG);
	return (0);
}

/* An address as the stack has it, its port and its bits.  EINVAL: of no family that TCP runs over. */
static int
auth_addr(const struct sockaddr_storage *ss, struct vi_tcp_authkey *tk, uint16_t *port)
{
	struct sockaddr_in6 sin6;
	struct sockaddr_in sin;

	memcpy(&sin, ss, sizeof(sin));
	memcpy(&sin6, ss, sizeof(sin6));
	*port = sin.sin_port;		/* in the same place */
	if (sin.sin_family == AF_INET ||
	    (sin6.sin6_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&sin6.sin6_addr))) {
		tk->tk_addr.sa_family = VI_AF_INET;
		tk->tk_addr.sa_in = sin.sin_family == AF_INET ? sin.sin_addr.s_addr : sin6.sin6_addr.s6_addr32[3];
		tk->tk_prefix = 32;
	} else if (sin6.sin6_family == AF_INET6) {
		tk->tk_addr.sa_family = VI_AF_INET6;
		memcpy(tk->tk_addr.sa_in6, &sin6.sin6_addr, sizeof(tk->tk_addr.sa_in6));
		tk->tk_prefix = 128;
	} else
		return (EINVAL);
	return (0);
}

static int
auth_set(struct lx_sock *ls, struct vi_tcp_authkey *tk)
{
	int error = vi_setsockopt(ls->ls_so, VI_TCP_AUTHKEY, tk, sizeof(*tk));

	explicit_bzero(tk->tk_key, sizeof(tk->tk_key));
	return (error);
}

/* tcp_v4_parse_md5_keys(): its refusals, and a length of nothing takes the key away. */
int
tcpauth_md5(struct lx_sock *ls, bool ext, const uint8_t *buf, size_t len)
{
	struct vi_tcp_authkey tk = { .tk_alg = VI_TCP_AUTH_MD5 };
	struct tcp_md5sig md5;
	uint16_t port;

	if (len < sizeof(md5))
		return (EINVAL);
	memcpy(&md5, buf, sizeof(md5));
	if (auth_addr((const struct sockaddr_storage *)&md5.tcpm_addr, &tk, &port) != 0 ||
	    md5.tcpm_keylen > sizeof(md5.tcpm_key) ||
	    (ext && (md5.tcpm_flags & TCP_MD5SIG_FLAG_IFINDEX) != 0))
		return (EINVAL);
	if (ext && (md5.tcpm_flags & TCP_MD5SIG_FLAG_PREFIX) != 0)
		tk.tk_prefix = md5.tcpm_prefixlen;
	tk.tk_len = md5.tcpm_keylen;
	memcpy(tk.tk_key, md5.tcpm_key, md5.tcpm_keylen);
	return (auth_set(ls, &tk));
}

static const struct { const char *name, *shown; uint8_t alg; } ao_algs[] = {
	{ "hmac(sha1)", "hmac(sha1)", VI_TCP_AUTH_HMAC_SHA1 },
	{ "cmac(aes128)", "cmac(aes)", VI_TCP_AUTH_AES128_CMAC },
};

static int
ao_alg(const char *name, uint8_t *alg)
{
	for (size_t i = 0; i < LX_NITEMS(ao_algs); i++)
		if (strcmp(name, ao_algs[i].name) == 0) {
			*alg = ao_algs[i].alg;
			return (0);
		}
	return (ENOENT);
}

/* Up to which bit are two addresses of one family alike? */
static unsigned
ao_common(const struct vi_sockaddr *a, const struct vi_sockaddr *b)
{
	const bool v4 = a->sa_family == VI_AF_INET;
	const uint8_t *p = v4 ? (const uint8_t *)&a->sa_in : (const uint8_t *)a->sa_in6;
	const uint8_t *q = v4 ? (const uint8_t *)&b->sa_in : (const uint8_t *)b->sa_in6;
	unsigned i = 0;

	while (i < (v4 ? 32u : 128u) && ((p[i / 8] ^ q[i / 8]) & (0x80 >> i % 8)) == 0)
		i++;
	return (i);
}

static bool
ao_isany(const struct vi_sockaddr *a)
{
	const struct vi_sockaddr any = { .sa_family = a->sa_family };

	return (ao_common(a, &any) == (a->sa_family == VI_AF_INET ? 32 : 128));
}

/* Are all bits behind the prefix 0, and of a prefix not all? */
static bool
ao_isprefix(const struct vi_sockaddr *a, unsigned bits)
{
	struct vi_sockaddr cut = *a;
	uint8_t *p = a->sa_family == VI_AF_INET ? (uint8_t *)&cut.sa_in : (uint8_t *)cut.sa_in6;
	const unsigned max = a->sa_family == VI_AF_INET ? 32 : 128;

	for (unsigned i = bits; i < max; i++)
		p[i / 8] &= (uint8_t)~(0x80 >> i % 8);
	return (ao_common(a, &cut) == max && ao_isany(a) == (bits == 0));
}

/* Peers, as Linux takes them: without a port, and nothing behind the prefix. */
static int
ao_peers(const struct sockaddr_storage *ss, unsigned prefix, struct vi_tcp_authkey *tk)
{
	uint16_t port;

	if (auth_addr(ss, tk, &port) != 0 || port != 0)
		return (EINVAL);
	if (ss->ss_family == AF_INET6 && tk->tk_addr.sa_family == VI_AF_INET && prefix == 0)
		return (EINVAL);	/* mapped: not the address of all */
	if (prefix > tk->tk_prefix || !ao_isprefix(&tk->tk_addr, prefix))
		return (EINVAL);
	tk->tk_prefix = (uint8_t)prefix;
	return (0);
}

int
tcpauth_ao_add(struct lx_sock *ls, const uint8_t *buf, size_t len)
{
	struct vi_tcp_authkey tk = { .tk_alg = 0 };
	struct lx_ao_add aa;
	int error;

	if (len < sizeof(aa))
		return (EINVAL);
	if ((error = ao_rest(buf, len, sizeof(aa))) != 0)
		return (error);
	memcpy(&aa, buf, sizeof(aa));
	if (aa.aa_keylen > sizeof(aa.aa_key) || aa.aa_reserved != 0 || (aa.aa_bits & ~3U) != 0 ||
	    aa.aa_addr.ss_family != ls->ls_family || ao_peers(&aa.aa_addr, aa.aa_prefix, &tk) != 0 ||
	    (aa.aa_keyflags & ~LX_TCP_AO_KEYF_KNOWN) != 0 || aa.aa_ifindex != 0)
		return (EINVAL);
	if (aa.aa_keyflags != 0 || (aa.aa_maclen != 0 && aa.aa_maclen != AO_MACLEN) || aa.aa_keylen == 0)
		return (EOPNOTSUPP);
	aa.aa_alg[sizeof(aa.aa_alg) - 1] = '\0';
	error = ao_alg(aa.aa_alg, &tk.tk_alg);
	if (error != 0)
		return (error);
	tk.tk_sndid = aa.aa_sndid;
	tk.tk_rcvid = aa.aa_rcvid;
	tk.tk_flags = (uint8_t)aa.aa_bits;
	tk.tk_len = aa.aa_keylen;
	memcpy(tk.tk_key, aa.aa_key, aa.aa_keylen);
	explicit_bzero(aa.aa_key, sizeof(aa.aa_key));
	return (auth_set(ls, &tk));
}

int
tcpauth_ao_del(struct lx_sock *ls, const uint8_t *buf, size_t len)
{
	struct vi_tcp_authkey tk = { .tk_alg = VI_TCP_AUTH_HMAC_SHA1 };
	struct lx_ao_del ad;
	uint16_t port;
	int error;

	if (len < sizeof(ad))
		return (EINVAL);
	if ((error = ao_rest(buf, len, sizeof(ad))) != 0)
		return (error);
	memcpy(&ad, buf, sizeof(ad));
	if (ad.ad_reserved != 0 || (ad.ad_bits & ~7U) != 0 ||
	    (ad.ad_keyflags & ~LX_TCP_AO_KEYF_IFINDEX) != 0 ||
	    (ad.ad_ifindex != 0 && ad.ad_keyflags == 0) ||
	    ((ad.ad_bits & 4) != 0 && ls->ls_state != LXS_LISTEN) ||	/* "later" is at once */
	    auth_addr(&ad.ad_addr, &tk, &port) != 0 || port != 0)
		return (EINVAL);
	if (ad.ad_keyflags != 0 || ad.ad_prefix > tk.tk_prefix)
		return (ENOENT);
	tk.tk_prefix = ad.ad_prefix;
	tk.tk_sndid = ad.ad_sndid;
	tk.tk_rcvid = ad.ad_rcvid;
	tk.tk_flags = (uint8_t)(ad.ad_bits & 3);
	tk.tk_current = ad.ad_current;
	tk.tk_rnext = ad.ad_rnext;
	return (auth_set(ls, &tk));
}

int
tcpauth_ao_setinfo(struct lx_sock *ls, const uint8_t *buf, size_t len)
{
	struct vi_tcp_authinfo vi;
	struct lx_ao_info ai;
	int error;

	if (len < sizeof(ai))
		return (EINVAL);
	if ((error = ao_rest(buf, len, sizeof(ai))) != 0)
		return (error);
	memcpy(&ai, buf, sizeof(ai));
	if (ai.ai_reserved != 0 || (ai.ai_bits & ~(unsigned)VI_TCP_AUTH_ALL) != 0)
		return (EINVAL);
	vi = (struct vi_tcp_authinfo){ ai.ai_bits, ai.ai_current, ai.ai_rnext, ai.ai_good, ai.ai_bad, ai.ai_nokey, ai.ai_unsigned, ai.ai_icmp };
	return (vi_setsockopt(ls->ls_so, VI_TCP_AUTHINFO, &vi, sizeof(vi)));
}

/* What getsockopt() is given: as much of it as is known, zeros behind.  EINVAL, E2BIG, EFAULT. */
static int
ao_copyin(struct lx_call *c, void *value, size_t size, int space)
{
	uint8_t *buf = (uint8_t *)c->c_lx->lx_buf;
	size_t len = (size_t)space;
	int error;

	if (space <= 0)
		return (EINVAL);
	if (len > LX_BUFSIZE)
		return (E2BIG);
	if ((error = lx_copyin(c, c->c_arg[3], buf, len)) != 0)
		return (error);
	memset(value, 0, size);
	memcpy(value, buf, len < size ? len : size);
	return (ao_rest(buf, len, size));
}

int
tcpauth_ao_getinfo(struct lx_call *c, int space)
{
	struct vi_tcp_authinfo vi;
	size_t size = sizeof(vi);
	struct lx_ao_info ai;
	int error;

	if ((error = ao_copyin(c, &ai, sizeof(ai), space)) != 0)
		return (error);
	if (ai.ai_reserved != 0 || (ai.ai_bits & ~(unsigned)VI_TCP_AUTH_ALL) != 0)
		return (EINVAL);
	if (c->c_sock->ls_so == NULL)
		return (ECONNABORTED);
	if ((error = vi_getsockopt(c->c_sock->ls_so, VI_TCP_AUTHINFO, &vi, &size)) != 0)
		return (error);
	ai = (struct lx_ao_info){ vi.ai_flags, 0, vi.ai_current, vi.ai_rnext, vi.ai_good, vi.ai_bad, vi.ai_nokey, vi.ai_unsigned, vi.ai_icmp };
	return (lx_copyout(c, c->c_arg[3], &ai, (size_t)space < sizeof(ai) ? (size_t)space : sizeof(ai)));
}

/* Which keys are wanted: all, the current and the next, or those of these peers, which tk tells then.  EINVAL, EAFNOSUPPORT. */
static int
ao_wanted(const struct lx_ao_get *ag, struct vi_tcp_authkey *tk)
{
	const bool some = ag->ag_bits != 0;

	if (ag->ag_good != 0 || ag->ag_bad != 0 || (ag->ag_keyflags & ~LX_TCP_AO_KEYF_IFINDEX) != 0 ||
	    (ag->ag_ifindex != 0 && ag->ag_keyflags == 0) || (ag->ag_bits & ~AG_KNOWN) != 0 ||
	    ((ag->ag_bits & AG_ALL) != 0 && ag->ag_bits != AG_ALL))
		return (EINVAL);
	if (some && ag->ag_addr.ss_family == 0)
		return (ag->ag_prefix != 0 || ag->ag_sndid != 0 || ag->ag_rcvid != 0 ? EINVAL : 0);
	if (ag->ag_addr.ss_family != AF_INET && ag->ag_addr.ss_family != AF_INET6)
		return (EAFNOSUPPORT);
	return (some ? EINVAL : ao_peers(&ag->ag_addr, ag->ag_prefix, tk));
}

static bool
ao_iswanted(const struct lx_ao_get *ag, const struct vi_tcp_authkey *want, const struct vi_tcp_authkey *tk)
{
	_Static_assert((int)AG_CURRENT == VI_TCP_AUTH_CURRENT && (int)AG_RNEXT == VI_TCP_AUTH_RNEXT, "marks of keys");
	if (ag->ag_bits != 0)
		return (ag->ag_bits == AG_ALL || (ag->ag_bits & tk->tk_flags) != 0);
	if (tk->tk_sndid != ag->ag_sndid || tk->tk_rcvid != ag->ag_rcvid || tk->tk_addr.sa_family != want->tk_addr.sa_family)
		return (false);
	return (ao_isany(&tk->tk_addr) || ao_isany(&want->tk_addr) ||
		ao_common(&tk->tk_addr, &want->tk_addr) >= want->tk_prefix);
}

static void
ao_tell(const struct vi_tcp_authkey *tk, struct lx_ao_get *ag)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr.s_addr = tk->tk_addr.sa_in };

	memset(ag, 0, sizeof(*ag));
	memcpy(&sin6.sin6_addr, tk->tk_addr.sa_in6, sizeof(sin6.sin6_addr));
	if (tk->tk_addr.sa_family == VI_AF_INET)
		memcpy(&ag->ag_addr, &sin, sizeof(sin));
	else
		memcpy(&ag->ag_addr, &sin6, sizeof(sin6));
	for (size_t i = 0; i < LX_NITEMS(ao_algs); i++)
		if (ao_algs[i].alg == tk->tk_alg)
			strcpy(ag->ag_alg, ao_algs[i].shown);
	memcpy(ag->ag_key, tk->tk_key, tk->tk_len);
	ag->ag_keylen = (uint8_t)tk->tk_len;
	ag->ag_bits = tk->tk_flags;
	ag->ag_sndid = tk->tk_sndid;
	ag->ag_rcvid = tk->tk_rcvid;
	ag->ag_prefix = tk->tk_prefix;
	ag->ag_maclen = AO_MACLEN;
	ag->ag_good = tk->tk_good;
	ag->ag_bad = tk->tk_bad;
}

/* The first of an array says what is wanted and how many there is room for; how many there are comes back in it. */
int
tcpauth_ao_getkeys(struct lx_call *c, int space)
{
	struct vi_tcp_authkey keys[AO_MAXKEYS], want = { .tk_alg = 0 };
	struct lx_ao_get ag, out;
	size_t size = sizeof(keys), step = (size_t)space;
	uint32_t n = 0;
	int error;

	if (c->c_sock->ls_so == NULL)
		return (ECONNABORTED);
	if ((error = vi_getsockopt(c->c_sock->ls_so, VI_TCP_AUTHKEYS, keys, &size)) != 0 ||
	    (error = ao_copyin(c, &ag, sizeof(ag), space)) != 0 || (error = ao_wanted(&ag, &want)) != 0)
		return (error);
	for (size_t i = 0; i < size / sizeof(keys[0]) && error == 0; i++) {
		if (!ao_iswanted(&ag, &want, &keys[i]) || n++ >= ag.ag_nkeys)
			continue;
		ao_tell(&keys[i], &out);
		error = lx_copyout(c, c->c_arg[3] + (n - 1) * step, &out, step < sizeof(out) ? step : sizeof(out));
	}
	explicit_bzero(keys, sizeof(keys));
	explicit_bzero(out.ag_key, sizeof(out.ag_key));
	space = (int)sizeof(out);
	if (error == 0)
		error = lx_copyout(c, c->c_arg[4], &space, sizeof(space));
	return (error != 0 ? error : lx_copyout(c, c->c_arg[3] + offsetof(struct lx_ao_get, ag_nkeys), &n, sizeof(n)));
}
