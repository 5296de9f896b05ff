/* SPDX-License-Identifier: BSD-2-Clause */
/* Signed segments: TCP-MD5 (RFC 2385) and TCP-AO (RFC 5925); see tcp_auth.c. */
#ifndef NETINET_TCP_TCP_AUTH_H
#define NETINET_TCP_TCP_AUTH_H

#include <stdbool.h>
#include <stdint.h>
#include <bsd/sys/queue.h>

#include <vimage/socket.h>

#include "netinet/inet_ops.h"

struct inpcb;
struct mbuf;
struct tcp_opts;
struct tcp_seg;
struct tcp_vnet;
struct tcpcb;

#define TCP_MAXAUTHKEYS	64	/* of one socket */
#define TCP_AO_MACLEN	12	/* RFC 5926 3: both algorithms are cut to 96 bits */
#define TCP_AO_OPTLEN	(4 + TCP_AO_MACLEN)

/* A key for a prefix of peers; counted, because TIME_WAIT and the SYN cache outlive its socket. */
struct tcp_authkey {
	SLIST_ENTRY(tcp_authkey) ak_link;
	struct acctset	*ak_as;		/* (c) */
	unsigned	 ak_refs;
	struct in_addr_any ak_addr;	/* (c) all below */
	uint8_t		 ak_family, ak_prefix;
	uint8_t		 ak_alg;	/* enum vi_tcp_authalg */
	uint8_t		 ak_sndid, ak_rcvid;	/* AO */
	uint8_t		 ak_len;
	uint8_t		 ak_key[VI_TCP_AUTHKEYLEN];
	uint64_t	 ak_good, ak_bad;	/* segments with it */
};
SLIST_HEAD(tcp_authkeys, tcp_authkey);

/* Of a socket with keys. */
struct tcp_auth {
	struct tcp_authkeys ta_keys;
	unsigned	 ta_nkeys;
	/* Of a connection; NULL: its peer has no key and segments are not signed. */
	struct tcp_authkey *ta_current;	/* signs; counted */
	struct tcp_authkey *ta_rnext;	/* AO: the peer shall sign with it (RNextKeyID); counted */
	uint64_t	 ta_snd, ta_rcv;	/* sequence numbers with their extension (RFC 5925 6.2) */
	bool		 ta_ao;		/* it has, or had, something of AO */
	bool		 ta_required;	/* nobody talks to it without AO */
	bool		 ta_icmp;	/* ICMP's errors are believed all the same (RFC 5925 7.8) */
	struct tcp_authcount {		/* AO: segments of each fate, and ICMP's errors not believed */
		uint64_t good, bad, nokey, unsign, icmp;
	} ta_count;
};

/* What signing a segment takes that belongs to no tcpcb. */
struct tcp_authctx {
	struct tcp_authkey *ac_key;	/* NULL: no signature */
	uint32_t	 ac_lisn, ac_fisn;	/* ours, the peer's */
	uint32_t	 ac_sne;
	uint8_t		 ac_rnext;
};

static inline bool
tcp_authkey_isao(const struct tcp_authkey *ak)
{
	return (ak != NULL && ak->ak_alg != VI_TCP_AUTH_MD5);
}

/* tcp_authopt.c: the user's side. */
int	 tcp_auth_setkey(struct tcpcb *, const struct vi_tcp_authkey *);
int	 tcp_auth_setinfo(struct tcpcb *, const struct vi_tcp_authinfo *);
int	 tcp_auth_getinfo(const struct tcpcb *, struct vi_tcp_authinfo *);
int	 tcp_auth_getkeys(const struct tcpcb *, void *, size_t *len);
/* A copy of a key, in front or behind another; *copy, unless NULL, becomes it.  ENOBUFS. */
int	 tcp_auth_add(struct tcpcb *, const struct tcp_authkey *, struct tcp_authkey *behind, struct tcp_authkey **copy);

void	 tcp_auth_free(struct tcpcb *);
/* The socket's key for a peer, or NULL.  rcvid: -1 = any. */
struct tcp_authkey *tcp_auth_find(const struct tcpcb *, const struct inet_ops *,
    const struct in_addr_any *peer, int rcvid);
struct tcp_authkey *tcp_authkey_ref(struct tcp_authkey *);
void	 tcp_authkey_unref(struct tcp_authkey *);
void	 tcp_authkey_assign(struct tcp_authkey **, struct tcp_authkey *);
/* Do the first bits of its address and of this one agree? */
bool	 tcp_authkey_within(const struct tcp_authkey *, uint8_t family, const struct in_addr_any *, uint32_t bits);
bool	 tcp_authkey_covers(const struct tcp_authkey *, const struct inet_ops *, const struct in_addr_any *peer);
/* The addresses of the connection are known. */
void	 tcp_auth_connect(struct tcpcb *);
/* A listener's keys for the peer go on; ENOBUFS. */
int	 tcp_auth_inherit(struct tcpcb *, const struct tcpcb *listener);
/* The key that the peer signed the end of the handshake with, and the one he asks for. */
void	 tcp_auth_use(struct tcpcb *, uint8_t rcvid, uint8_t rnext);
uint32_t tcp_auth_optlen(const struct tcp_authkey *);	/* bytes of the option, with its NOPs */
/* The option with an empty signature; ids is room for AO's. */
void	 tcp_auth_fill(const struct tcp_authctx *, struct tcp_opts *, uint8_t ids[TCP_AO_OPTLEN]);
void	 tcp_auth_ctx(const struct tcpcb *, uint32_t seq, struct tcp_authctx *);
/* m: a whole segment, its header in front.  ENOBUFS, EOPNOTSUPP. */
int	 tcp_auth_sign(struct tcp_vnet *, const struct tcp_authctx *, const struct inet_flow *,
    const struct inet_ops *, struct mbuf *m);
/* A segment as it came, header in front: false: drop it, it is counted. */
bool	 tcp_auth_input(struct inpcb *, struct tcp_seg *, const struct mbuf *m);

#endif
