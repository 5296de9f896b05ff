/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pre-shared keys of Fast Open, as FreeBSD has them (net.inet.tcp.fastopen.psk_enable): the server gives its
 * cookie to whoever asks, but data goes only with the code of that cookie under a key that both sides know.
 * So a server may serve its own clients and no others.  The code is SipHash-2-4, eight bytes.
 */
#include "netinet/tcp/tcp_int.h"

#include <errno.h>
#include <string.h>

#include "base/sbuf.h"

static void
tfopsk_hash(const struct siphash_key *psk, const uint8_t *cookie, size_t len, uint8_t code[TFO_COOKIELEN])
{
	uint64_t h = HTOLE64(siphash24(psk, cookie, len));

	memcpy(code, &h, TFO_COOKIELEN);
}

/* The caller: what goes out in place of the server's cookie.  There is nothing to add to a question for one. */
void
tcp_tfo_addpsk(const struct siphash_key *psk, uint8_t cookie[TCP_FASTOPEN_MAX_COOKIE], uint8_t *len)
{
	if (*len == 0)
		return;
	tfopsk_hash(psk, cookie, *len, cookie);
	*len = TFO_COOKIELEN;
}

/* The server: did one of its keys make this of its cookie? */
bool
tcp_tfo_pskmade(const struct tcp_vnet *tv, const uint8_t cookie[TFO_COOKIELEN], const uint8_t *got)
{
	const struct tcp_tfokeys *tk = &tv->tv_tfo.tf_psks;
	uint8_t code[TFO_COOKIELEN];

	for (unsigned i = 0; i < tk->tk_n; i++) {
		tfopsk_hash(&tk->tk_key[i], cookie, TFO_COOKIELEN, code);
		if (memcmp(code, got, TFO_COOKIELEN) == 0)
			return (true);
	}
	return (false);
}

void
tcp_tfo_freepsk(struct tcpcb *tp)
{
	kfree(vnet_acct(tcp_vn(tp)), ACCT_TCPCB, tp->t_tfopsk, sizeof(*tp->t_tfopsk));
	tp->t_tfopsk = NULL;
}

/* VI_TCP_FASTOPEN_CONNECT with a key. */
int
tcp_tfo_setpsk(struct tcpcb *tp, const struct vi_tcp_fastopen *tf)
{
	if ((tf->tf_enable != 0 && tf->tf_enable != 1) || tp->t_state > TCPS_LISTEN)
		return (EINVAL);
	if (!tp->t_tv->tv_tfo.tf_client)
		return (EOPNOTSUPP);
	tp->t_tfoconnect = tf->tf_enable != 0;
	if (!tp->t_tfoconnect) {
		tcp_tfo_freepsk(tp);
		return (0);
	}
	if (tp->t_tfopsk == NULL && (tp->t_tfopsk = kmalloc(vnet_acct(tcp_vn(tp)), ACCT_TCPCB, sizeof(*tp->t_tfopsk))) == NULL)
		return (ENOBUFS);
	siphash_key_init(tp->t_tfopsk, tf->tf_psk);
	return (0);
}

/* net.inet.tcp.fastopen.server_enable */
int
tcp_sysctl_tfoserver(struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	struct tcp_fastopen *tf = &tcp_vnet(vn)->tv_tfo;
	const int was = tf->tf_server;
	int error;

	if ((error = tcp_sysctl_number(sd, &tf->tf_server, value, buf, len)) == 0 && was && !tf->tf_server) {
		tf->tf_keys.tk_n = tf->tf_psks.tk_n = 0;
		tf->tf_keyset = false;
	}
	return (error);
}

/* net.inet.tcp.fastopen.client_enable */
int
tcp_sysctl_tfoclient(struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	struct tcp_vnet *tv = tcp_vnet(vn);
	int error;

	if ((error = tcp_sysctl_number(sd, &tv->tv_tfo.tf_client, value, buf, len)) == 0 && !tv->tv_tfo.tf_client)
		tcp_ccache_clear(tv);
	return (error);
}

/* net.inet.tcp.fastopen.psk_enable */
int
tcp_sysctl_tfopsk(struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	struct tcp_fastopen *tf = &tcp_vnet(vn)->tv_tfo;
	const int was = tf->tf_psk;
	int error;

	if ((error = tcp_sysctl_number(sd, &tf->tf_psk, value, buf, len)) == 0 && was && !tf->tf_psk)
		tf->tf_psks.tk_n = 0;
	return (error);
}

/* net.inet.tcp.fastopen.maxpsks, .numpsks */
int
tcp_sysctl_tfopsks(struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	const struct tcp_tfokeys *tk = &tcp_vnet(vn)->tv_tfo.tf_psks;
	struct sbuf sb;

	if (value != NULL)
		return (EPERM);
	sbuf_init(&sb, buf, len);
	sbuf_printf(&sb, "%u", strcmp(strrchr(sd->sd_name, '.'), ".maxpsks") == 0 ? (unsigned)NITEMS(tk->tk_key) : tk->tk_n);
	return (sbuf_finish(&sb));
}

/* net.inet.tcp.fastopen.setpsk: a secret, that nobody reads here. */
int
tcp_sysctl_tfosetpsk(struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	struct tcp_tfokeys *tk = &tcp_vnet(vn)->tv_tfo.tf_psks;
	struct siphash_key key;
	int error;

	(void)sd;
	if (!tcp_tfo_newkey(value, buf, len, &key, &error))
		return (error);
	tk->tk_key[1] = tk->tk_key[0];
	tk->tk_key[0] = key;
	tk->tk_n = tk->tk_n == 0 ? 1 : 2;
	return (0);
}
