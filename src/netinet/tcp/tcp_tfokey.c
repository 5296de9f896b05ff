/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keys of Fast Open's cookies (RFC 7413 4.1.2) and the cookies made with them.  A listener has its own
 * (VI_TCP_FASTOPEN_KEY) or uses the vnet's.
 */
#include "netinet/tcp/tcp_int.h"

#include <errno.h>
#include <string.h>

#include "base/sbuf.h"

/* The vnet's of now, and before. */
static const struct tcp_tfokeys *
tcp_tfo_keys(struct tcp_vnet *tv)
{
	struct tcp_fastopen *tf = &tv->tv_tfo;
	struct siphash_key *key = tf->tf_keys.tk_key;
	uint64_t now = vnet_now(tv->tv_vnet), period = (uint64_t)tf->tf_autokey * SEC;

	if (tf->tf_keys.tk_n != 0 && (tf->tf_keyset || period == 0 || now - tf->tf_keytime < period))
		return (&tf->tf_keys);
	key[1] = key[0];
	if (tf->tf_keys.tk_n == 0 || now - tf->tf_keytime >= 2 * period)
		kernel_random(tv->tv_vnet->vn_kernel, &key[1], sizeof(key[1]));
	kernel_random(tv->tv_vnet->vn_kernel, &key[0], sizeof(key[0]));
	tf->tf_keytime = now;
	tf->tf_keys.tk_n = 2;
	return (&tf->tf_keys);
}

static const struct tcp_tfokeys *
tcp_tfo_keysof(const struct tcpcb *tp)
{
	const struct tcp_tfopending *tfp = tp->t_tfopending;

	return (tfp != NULL && tfp->tfp_keys.tk_n > 0 ? &tfp->tfp_keys : tcp_tfo_keys(tp->t_tv));
}

/* As Linux makes them: servers that share an address and a key may be of both kinds. */
static void
tcp_tfo_hash(const struct siphash_key *key, const struct in_addr_any *laddr,
    const struct in_addr_any *faddr, uint8_t cookie[TFO_COOKIELEN])
{
	const struct in_addr_any a[2] = { *faddr, *laddr };
	const uint32_t a4[2] = { faddr->in4, laddr->in4 };
	uint64_t h = in_addrs_short(laddr, faddr) ? siphash24(key, a4, sizeof(a4)) : siphash24(key, a, sizeof(a));

	h = HTOLE64(h);
	memcpy(cookie, &h, TFO_COOKIELEN);
}

void
tcp_tfo_cookie(const struct tcpcb *tp, const struct in_addr_any *laddr,
    const struct in_addr_any *faddr, uint8_t cookie[TFO_COOKIELEN])
{
	tcp_tfo_hash(&tcp_tfo_keysof(tp)->tk_key[0], laddr, faddr, cookie);
}

int
tcp_tfo_keyof(const struct tcpcb *ltp, const struct tcp_seg *ts)
{
	const struct tcp_tfokeys *tk = tcp_tfo_keysof(ltp);
	const uint8_t *got = ts->ts_to.to_tfo;
	const struct inet_pkt *pkt = ts->ts_pkt;
	uint8_t cookie[TFO_COOKIELEN];

	for (int i = 0; i < tk->tk_n && ts->ts_to.to_tfolen == TFO_COOKIELEN; i++) {
		tcp_tfo_hash(&tk->tk_key[i], &pkt->ip_dst, &pkt->ip_src, cookie);
		if (ts->ts_tv->tv_tfo.tf_psk ? tcp_tfo_pskmade(ts->ts_tv, cookie, got) : memcmp(cookie, got, TFO_COOKIELEN) == 0)
			return (i);
	}
	return (-1);
}

bool
tcp_tfo_iscookie(const struct tcpcb *ltp, const struct tcp_seg *ts)
{
	if (ts->ts_tv->tv_tfo.tf_acceptany && ts->ts_to.to_tfolen > 0)
		return (true);
	if (tcp_tfo_keyof(ltp, ts) >= 0)
		return (true);
	TCPSTAT_INC(ts->ts_tv, tcps_tfo_badcookie);
	return (false);
}

/* VI_TCP_FASTOPEN_KEY: the key, and behind it perhaps one whose cookies are good as well. */
int
tcp_tfo_setkey(struct tcpcb *tp, const void *val, size_t len)
{
	struct tcp_tfokeys *tk;
	int error;

	/* What a pending connection has is its listener's. */
	if ((len != VI_TCP_TFOKEYLEN && len != 2 * VI_TCP_TFOKEYLEN) || tp->t_tfo != TFO_NONE)
		return (EINVAL);
	if ((error = tcp_tfo_pending(tp)) != 0)
		return (error);
	tk = &tp->t_tfopending->tfp_keys;
	tk->tk_n = (uint8_t)(len / VI_TCP_TFOKEYLEN);
	for (unsigned i = 0; i < tk->tk_n; i++)
		siphash_key_init(&tk->tk_key[i], (const uint8_t *)val + i * VI_TCP_TFOKEYLEN);
	return (0);
}

int
tcp_tfo_getkey(const struct tcpcb *tp, void *buf, size_t *len)
{
	const struct tcp_tfokeys *tk = tcp_tfo_keysof(tp);
	uint64_t word[4];

	for (unsigned i = 0; i < tk->tk_n; i++) {
		word[2 * i] = HTOLE64(tk->tk_key[i].sk_k0);
		word[2 * i + 1] = HTOLE64(tk->tk_key[i].sk_k1);
	}
	return (sooptput(buf, len, word, tk->tk_n * (size_t)VI_TCP_TFOKEYLEN));
}

/* Up to eight hexadecimal digits; what follows them, or NULL. */
static const char *
tcp_tfo_parseword(const char *p, uint32_t *word)
{
	unsigned n, c;

	*word = 0;
	for (n = 0; n < 8; n++) {
		c = (unsigned char)p[n];
		if (c >= '0' && c <= '9')
			*word = *word << 4 | (c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			*word = *word << 4 | ((c | 0x20) - 'a' + 10);
		else
			break;
	}
	return (n == 0 ? NULL : p + n);
}

/* "a-b-c-d", 32 bits each. */
static const char *
tcp_tfo_parsekey(const char *p, struct siphash_key *key)
{
	uint32_t word[4];

	for (unsigned i = 0; i < 4; i++) {
		if (i > 0 && *p++ != '-')
			return (NULL);
		if ((p = tcp_tfo_parseword(p, &word[i])) == NULL)
			return (NULL);
	}
	key->sk_k0 = word[0] | (uint64_t)word[1] << 32;
	key->sk_k1 = word[2] | (uint64_t)word[3] << 32;
	return (p);
}

static bool
tcp_tfo_parsehex(const char *p, struct siphash_key *key)
{
	uint8_t bytes[VI_TCP_TFOKEYLEN];
	char digits[3] = { 0 };
	const char *end;
	uint32_t word;

	if (strlen(p) != 2 * sizeof(bytes))
		return (false);
	for (unsigned i = 0; i < sizeof(bytes); i++) {
		memcpy(digits, p + 2 * i, 2);
		if ((end = tcp_tfo_parseword(digits, &word)) == NULL || *end != '\0')
			return (false);
		bytes[i] = (uint8_t)word;
	}
	siphash_key_init(key, bytes);
	return (true);
}

static void
tcp_tfo_printkey(struct sbuf *sb, const struct siphash_key *key)
{
	sbuf_printf(sb, "%08x-%08x-%08x-%08x", (uint32_t)key->sk_k0, (uint32_t)(key->sk_k0 >> 32),
	    (uint32_t)key->sk_k1, (uint32_t)(key->sk_k1 >> 32));
}

/* net.ipv4.tcp_fastopen_key: the key, and behind a comma one whose cookies are good as well. */
int
tcp_sysctl_lxtfokey(struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	struct tcp_fastopen *tf = &tcp_vnet(vn)->tv_tfo;
	const struct tcp_tfokeys *tk;
	struct tcp_tfokeys new = { .tk_n = 1 };
	struct sbuf sb;

	(void)sd;
	if (value == NULL) {
		tk = tcp_tfo_keys(tcp_vnet(vn));
		sbuf_init(&sb, buf, len);
		tcp_tfo_printkey(&sb, &tk->tk_key[0]);
		if (tk->tk_n > 1) {
			sbuf_printf(&sb, ",");
			tcp_tfo_printkey(&sb, &tk->tk_key[1]);
		}
		return (sbuf_finish(&sb));
	}
	if ((value = tcp_tfo_parsekey(value, &new.tk_key[0])) == NULL)
		return (EINVAL);
	if (*value == ',') {
		if ((value = tcp_tfo_parsekey(value + 1, &new.tk_key[1])) == NULL)
			return (EINVAL);
		new.tk_n = 2;
	}
	if (*value != '\0')
		return (EINVAL);
	tf->tf_keys = new;
	tf->tf_keyset = true;
	return (0);
}

/* net.inet.tcp.fastopen.keylen, .maxkeys, .numkeys */
int
tcp_sysctl_tfokeys(struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	const char *what = strrchr(sd->sd_name, '.') + 1;
	struct sbuf sb;

	if (value != NULL)
		return (EPERM);
	sbuf_init(&sb, buf, len);
	sbuf_printf(&sb, "%u", strcmp(what, "keylen") == 0 ? VI_TCP_TFOKEYLEN :
	    strcmp(what, "maxkeys") == 0 ? (unsigned)NITEMS(tcp_vnet(vn)->tv_tfo.tf_keys.tk_key) : tcp_tfo_keys(tcp_vnet(vn))->tk_n);
	return (sbuf_finish(&sb));
}

bool
tcp_tfo_newkey(const char *value, char *buf, size_t len, struct siphash_key *key, int *error)
{
	*error = 0;
	if (value == NULL && len > 0)
		buf[0] = '\0';
	if (value == NULL || value[0] == '\0')	/* written as it is shown, which tells no key: they stay */
		return (false);
	if (tcp_tfo_parsehex(value, key))
		return (true);
	*error = EINVAL;
	return (false);
}

/* net.inet.tcp.fastopen.setkey: a secret, that nobody reads here. */
int
tcp_sysctl_tfosetkey(struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	struct tcp_fastopen *tf = &tcp_vnet(vn)->tv_tfo;
	struct siphash_key key;
	int error;

	(void)sd;
	if (!tcp_tfo_newkey(value, buf, len, &key, &error))
		return (error);
	tf->tf_keys.tk_key[1] = tcp_tfo_keys(tcp_vnet(vn))->tk_key[0];
	tf->tf_keys.tk_key[0] = key;
	tf->tf_keys.tk_n = 2;
	tf->tf_keyset = true;
	return (0);
}
