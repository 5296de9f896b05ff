/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of UDP and UDP-Lite, with Linux's ranges (udp(7), udplite(7)). */
#include <errno.h>

#include "base/util.h"
#include "netinet/pcb/dgram.h"
#include "netinet/udp/udp_var.h"
#include "wire/udp.h"

/* RFC 3828 3.1: the header is always covered. */
static uint16_t
udplite_cov(int v)
{
	if (v == 0)
		return (0);
	return ((uint16_t)MIN(MAX(v, UDP_HDRLEN), UINT16_MAX));
}

static int
udplite_setopt(struct udpcb *u, enum vi_sockopt opt, int v)
{
	switch (opt) {
	case VI_UDPLITE_SEND_CSCOV:
		u->u_sndcov = udplite_cov(v);
		u->u_sndcovset = true;
		return (0);
	case VI_UDPLITE_RECV_CSCOV:
		u->u_rcvcov = udplite_cov(v);
		u->u_rcvcovset = true;
		return (0);
	default:
		return (ENOPROTOOPT);
	}
}

int
udp_setopt(struct socket *so, enum vi_sockopt opt, const void *val, size_t len)
{
	struct inpcb *inp = so->so_pcb;
	struct udpcb *u = intoudpcb(inp);
	int error, v;

	if (opt < VI_UDP_SEGMENT)
		return (dgram_setopt(so, opt, val, len));
	if ((error = sooptint(val, len, &v)) != 0)
		return (error);
	switch (opt) {
	case VI_UDP_NO_CHECK6_TX:
		u->u_nosum6tx = v != 0;
		return (0);
	case VI_UDP_NO_CHECK6_RX:
		u->u_nosum6rx = v != 0;
		return (0);
	default:
		break;
	}
	if (inp->inp_proto == VI_IPPROTO_UDPLITE)
		return (udplite_setopt(u, opt, v));
	switch (opt) {
	case VI_UDP_NO_CHECK:
		u->u_nosum = v != 0;
		return (0);
	case VI_UDP_SEGMENT:
		if (v < 0 || v > UINT16_MAX)
			return (EINVAL);
		u->u_segsz = (uint16_t)v;
		return (0);
	case VI_UDP_GRO:
		u->u_gro = v != 0;
		return (0);
	default:
		return (ENOPROTOOPT);
	}
}

int
udp_getopt(struct socket *so, enum vi_sockopt opt, void *buf, size_t *len)
{
	const struct inpcb *inp = so->so_pcb;
	const struct udpcb *u = intoudpcb(inp);
	const bool lite = inp->inp_proto == VI_IPPROTO_UDPLITE;

	if (opt < VI_UDP_SEGMENT)
		return (dgram_getopt(so, opt, buf, len));
	switch (opt) {
	case VI_UDP_NO_CHECK6_TX:
		return (sooptputint(buf, len, u->u_nosum6tx));
	case VI_UDP_NO_CHECK6_RX:
		return (sooptputint(buf, len, u->u_nosum6rx));
	case VI_UDP_NO_CHECK:
		return (lite ? ENOPROTOOPT : sooptputint(buf, len, u->u_nosum));
	case VI_UDP_SEGMENT:
		return (lite ? ENOPROTOOPT : sooptputint(buf, len, u->u_segsz));
	case VI_UDP_GRO:
		return (lite ? ENOPROTOOPT : sooptputint(buf, len, u->u_gro));
	case VI_UDPLITE_SEND_CSCOV:
		return (lite ? sooptputint(buf, len, u->u_sndcov) : ENOPROTOOPT);
	case VI_UDPLITE_RECV_CSCOV:
		return (lite ? sooptputint(buf, len, u->u_rcvcov) : ENOPROTOOPT);
	default:
		return (ENOPROTOOPT);
	}
}
