/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP_MD5SIG and TCP_AO_*: keys of segments, from Linux's structures to the vnet's. */
#include "linux/lx.h"

#include <errno.h>
#include <string.h>
#include <linux/tcp.h>

/* The host's headers may be older than Linux 6.7, which brought these. */
#define LX_TCP_AO_KEYF_KNOWN	3	/* bound to an interface, options left out */

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

/* EINVAL: of no family that TCP runs over. */
static int
auth_addr(const struct sockaddr_storage *ss, struct vi_tcp_authkey *tk)
{
	struct sockaddr_in6 sin6;
	struct sockaddr_in sin;

	memcpy(&sin, ss, sizeof(sin));
	memcpy(&sin6, ss, sizeof(sin6));
	if (sin.sin_family == AF_INET) {
		tk->tk_addr.sa_family = VI_AF_INET;
		tk->tk_addr.sa_in = sin.sin_addr.s_addr;
		tk->tk_prefix = 32;
	} else if (sin.sin_family == AF_INET6) {
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

	if (len < sizeof(md5))
		return (EINVAL);
	memcpy(&md5, buf, sizeof(md5));
	if (auth_addr((const struct sockaddr_storage *)&md5.tcpm_addr, &tk) != 0 ||
	    md5.tcpm_keylen > sizeof(md5.tcpm_key) ||
	    (ext && (md5.tcpm_flags & TCP_MD5SIG_FLAG_IFINDEX) != 0))
		return (EINVAL);
	if (ext && (md5.tcpm_flags & TCP_MD5SIG_FLAG_PREFIX) != 0)
		tk.tk_prefix = md5.tcpm_prefixlen;
	tk.tk_len = md5.tcpm_keylen;
	memcpy(tk.tk_key, md5.tcpm_key, md5.tcpm_keylen);
	return (auth_set(ls, &tk));
}

static int
ao_alg(const char *name, uint8_t *alg)
{
	if (strcmp(name, "hmac(sha1)") == 0)
		*alg = VI_TCP_AUTH_HMAC_SHA1;
	else if (strcmp(name, "cmac(aes128)") == 0)
		*alg = VI_TCP_AUTH_AES128_CMAC;
	else
		return (ENOENT);
	return (0);
}

/* The newest key of a peer is the one that is used, so "current at once" says nothing new. */
int
tcpauth_ao_add(struct lx_sock *ls, const uint8_t *buf, size_t len)
{
	struct vi_tcp_authkey tk = { .tk_alg = 0 };
	struct lx_ao_add aa;
	uint8_t max;
	int error;

	if (len < sizeof(aa))
		return (EINVAL);
	memcpy(&aa, buf, sizeof(aa));
	if (aa.aa_keylen > sizeof(aa.aa_key) || aa.aa_reserved != 0 || (aa.aa_bits & ~3U) != 0 ||
	    (aa.aa_keyflags & ~LX_TCP_AO_KEYF_KNOWN) != 0 || auth_addr(&aa.aa_addr, &tk) != 0)
		return (EINVAL);
	max = tk.tk_prefix;
	if (aa.aa_ifindex != 0 || aa.aa_prefix > max)
		return (EINVAL);
	if (aa.aa_keyflags != 0 || (aa.aa_maclen != 0 && aa.aa_maclen != 12) || aa.aa_bits == 1 ||
	    aa.aa_bits == 2 || aa.aa_keylen == 0)
		return (EOPNOTSUPP);
	aa.aa_alg[sizeof(aa.aa_alg) - 1] = '\0';
	error = ao_alg(aa.aa_alg, &tk.tk_alg);
	if (error != 0)
		return (error);
	tk.tk_prefix = aa.aa_prefix;
	tk.tk_sndid = aa.aa_sndid;
	tk.tk_rcvid = aa.aa_rcvid;
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

	if (len < sizeof(ad))
		return (EINVAL);
	memcpy(&ad, buf, sizeof(ad));
	if (ad.ad_reserved != 0 || (ad.ad_bits & ~7U) != 0 ||
	    (ad.ad_keyflags & ~LX_TCP_AO_KEYF_KNOWN) != 0 || auth_addr(&ad.ad_addr, &tk) != 0 ||
	    ad.ad_prefix > tk.tk_prefix)
		return (EINVAL);
	if (ad.ad_bits != 0 || ad.ad_keyflags != 0)
		return (EOPNOTSUPP);
	tk.tk_prefix = ad.ad_prefix;
	tk.tk_sndid = ad.ad_sndid;
	tk.tk_rcvid = ad.ad_rcvid;
	return (auth_set(ls, &tk));
}
