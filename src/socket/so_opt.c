/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of the socket itself; the rest goes to the protocol. */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "mbuf/mbuf.h"
#include "socket/so_int.h"
#include "vimage/priv.h"

int
sooptint(const void *val, size_t len, int *out)
{
	if (len < sizeof(int))
		return (EINVAL);
	memcpy(out, val, sizeof(int));
	return (0);
}

int
sooptput(void *buf, size_t *len, const void *val, size_t vallen)
{
	*len = MIN(*len, vallen);
	memcpy(buf, val, *len);
	return (0);
}

int
sooptputint(void *buf, size_t *len, int v)
{
	if (*len < sizeof(v))
		return (EINVAL);
	return (sooptput(buf, len, &v, sizeof(v)));
}

/* The options that are one bit of so_options. */
static uint16_t
so_optbit(enum vi_sockopt opt)
{
	switch (opt) {
	case VI_SO_REUSEADDR:	return (SO_REUSEADDR);
	case VI_SO_REUSEPORT:	return (SO_REUSEPORT);
	case VI_SO_KEEPALIVE:	return (SO_KEEPALIVE);
	case VI_SO_BROADCAST:	return (SO_BROADCAST);
	case VI_SO_DONTROUTE:	return (SO_DONTROUTE);
	case VI_SO_OOBINLINE:	return (SO_OOBINLINE);
	case VI_SO_TIMESTAMP:	return (SO_TIMESTAMP);
	default:		return (0);
	}
}

static int
so_setbuf(struct socket *so, struct sockbuf *sb, int v, bool force)
{
	const uint32_t max = force ? SB_FORCED : socket_vnet(so->so_vnet)->sv_sbmax;

	if (force && vnet_priv_check(so->so_vnet, &so->so_cred, VI_PRIV_NET_SOCKOPT) != 0)
		return (EPERM);
	if (v < 0)
		return (EINVAL);
	/* As Linux: silently between a floor and the maximum. */
	sb->sb_flags &= ~(uint32_t)SB_AUTOSIZE;
	return (sbreserve(sb, MIN(MAX((uint32_t)v, 2048u), max)));
}

static int
so_setlinger(struct socket *so, const void *val, size_t len)
{
	struct vi_linger l;

	if (len < sizeof(l))
		return (EINVAL);
	memcpy(&l, val, sizeof(l));
	if (l.l_linger < 0 || l.l_linger > INT16_MAX)
		l.l_linger = INT16_MAX;
	so->so_options = (uint16_t)(l.l_onoff ? so->so_options | SO_LINGER : so->so_options & ~SO_LINGER);
	so->so_linger = (int16_t)l.l_linger;
	return (0);
}

/* What of streams the user is told beyond the data. */
static int
so_setwatch(struct socket *so, enum vi_sockopt opt, const void *val, size_t len)
{
	int v, error;

	if (so->so_proto->pr_mark == NULL)
		return (EOPNOTSUPP);
	if ((error = sooptint(val, len, &v)) != 0)
		return (error);
	if (opt == VI_SO_ZEROCOPY) {
		if (v != 0 && v != 1)
			return (EINVAL);
		so->so_zerocopy = v != 0;
		return (0);
	}
	if (((unsigned)v & ~VI_SOF_KNOWN) != 0)
		return (EINVAL);
	/* As Linux: what is sent is counted from the connection's state now. */
	if (((unsigned)v & VI_SOF_OPT_ID) != 0 && (so->so_stamping & VI_SOF_OPT_ID) == 0) {
		if (!so_haspcb(so) || (so->so_state & SS_ISCONNECTED) == 0)
			return (EINVAL);
		so->so_stampbase = so->so_proto->pr_position(so);
	}
	so->so_stamping = (unsigned)v;
	return (0);
}

static int
so_protoset(struct socket *so, enum vi_sockopt opt, const void *val, size_t len)
{
	if (so->so_proto->pr_setopt == NULL || !so_haspcb(so))
		return (ENOPROTOOPT);
	return (so->so_proto->pr_setopt(so, opt, val, len));
}

int
sosetopt(struct socket *so, enum vi_sockopt opt, const void *val, size_t len)
{
	uint16_t bit;
	int v = 0, error;

	if (so_isdead(so))
		return (ECONNABORTED);
	if (opt == VI_SO_LINGER)
		return (so_setlinger(so, val, len));
	if (opt == VI_SO_ZEROCOPY || opt == VI_SO_TIMESTAMPING)
		return (so_setwatch(so, opt, val, len));
	if (opt == VI_SO_FILTER || opt == VI_SO_NOFILTER || opt == VI_SO_LOCK_FILTER)
		return (sofilter_set(so, opt, val, len));
	if ((bit = so_optbit(opt)) != 0) {
		if ((error = sooptint(val, len, &v)) != 0)
			return (error);
		so->so_options = (uint16_t)(v != 0 ? so->so_options | bit : so->so_options & ~bit);
		/* Protocols that act on it (keepalive) may listen; those that do not say ENOPROTOOPT, which is fine here. */
		error = so_protoset(so, opt, val, len);
		return (error == ENOPROTOOPT ? 0 : error);
	}
	switch (opt) {
	case VI_SO_SNDBUF:
	case VI_SO_RCVBUF:
	case VI_SO_SNDBUFFORCE:
	case VI_SO_RCVBUFFORCE:
	case VI_SO_SNDLOWAT:
	case VI_SO_RCVLOWAT:
	case VI_SO_PRIORITY:
	case VI_SO_MARK:
	case VI_SO_VLAN_PCP:
		if ((error = sooptint(val, len, &v)) != 0)
			return (error);
		break;
	default:
		return (so_protoset(so, opt, val, len));
	}
	switch (opt) {
	case VI_SO_SNDBUF:
	case VI_SO_SNDBUFFORCE:
		return (so_setbuf(so, &so->so_snd, v, opt == VI_SO_SNDBUFFORCE));
	case VI_SO_RCVBUF:
	case VI_SO_RCVBUFFORCE:
		error = so_setbuf(so, &so->so_rcv, v, opt == VI_SO_RCVBUFFORCE);
		if (error == 0)
			(void)so_protoset(so, VI_SO_RCVBUF, val, len);	/* tcp: the window follows */
		return (error);
	case VI_SO_RCVLOWAT:
		so->so_rcv.sb_lowat = v == 0 ? 1 : MIN((uint32_t)v, so->so_rcv.sb_hiwat);	/* below 0: as much as can be, as Linux */
		return (0);
	case VI_SO_PRIORITY:
		so->so_priority = (uint32_t)v;
		return (0);
	case VI_SO_MARK:
		if (vnet_priv_check(so->so_vnet, &so->so_cred, VI_PRIV_NET_SOCKOPT) != 0)
			return (EPERM);
		so->so_mark = (uint32_t)v;
		return (0);
	case VI_SO_VLAN_PCP:
		if ((so->so_proto->pr_flags & PR_ATOMIC) == 0)
			return (ENOPROTOOPT);
		if (v < -1 || v > 7)
			return (EINVAL);
		so->so_pcp = (uint8_t)(v + 1);
		return (0);
	default:	/* SNDLOWAT: Linux does not let it be set */
		return (ENOPROTOOPT);
	}
}

static int
so_getlinger(const struct socket *so, void *buf, size_t *len)
{
	struct vi_linger l = { .l_onoff = (so->so_options & SO_LINGER) != 0, .l_linger = so->so_linger };

	return (sooptput(buf, len, &l, sizeof(l)));
}

static uint32_t
so_nread(struct socket *so)
{
	const struct sockdgram *sd;

	if ((so->so_proto->pr_flags & PR_ATOMIC) == 0)
		return (so->so_rcv.sb_cc);
	sd = sbdgram(&so->so_rcv);
	return (sd == NULL ? 0 : sd->sd_len);
}

int
sogetopt(struct socket *so, enum vi_sockopt opt, void *buf, size_t *len)
{
	uint16_t bit;

	if (so_isdead(so) && opt != VI_SO_ERROR)
		return (ECONNABORTED);
	if ((bit = so_optbit(opt)) != 0)
		return (sooptputint(buf, len, (so->so_options & bit) != 0));
	switch (opt) {
	case VI_SO_LINGER:
		return (so_getlinger(so, buf, len));
	case VI_SO_ERROR:
		return (sooptputint(buf, len, so_takeerror(so)));
	case VI_SO_TYPE:
		return (sooptputint(buf, len, so->so_type));
	case VI_SO_PROTOCOL:
		return (sooptputint(buf, len, so->so_protocol));
	case VI_SO_DOMAIN:
		return (sooptputint(buf, len, so->so_proto->pr_family));
	case VI_SO_ACCEPTCONN:
		return (sooptputint(buf, len, (so->so_options & SO_ACCEPTCONN) != 0));
	case VI_SO_SNDBUF:
		return (sooptputint(buf, len, (int)so->so_snd.sb_hiwat));
	case VI_SO_RCVBUF:
		return (sooptputint(buf, len, (int)so->so_rcv.sb_hiwat));
	case VI_SO_SNDLOWAT:
		return (sooptputint(buf, len, (int)so->so_snd.sb_lowat));
	case VI_SO_RCVLOWAT:
		return (sooptputint(buf, len, (int)so->so_rcv.sb_lowat));
	case VI_SO_PRIORITY:
		return (sooptputint(buf, len, (int)so->so_priority));
	case VI_SO_MARK:
		return (sooptputint(buf, len, (int)so->so_mark));
	case VI_SO_VLAN_PCP:
		if ((so->so_proto->pr_flags & PR_ATOMIC) == 0)
			return (ENOPROTOOPT);
		return (sooptputint(buf, len, so->so_pcp - 1));
	case VI_SO_ZEROCOPY:
		return (sooptputint(buf, len, so->so_zerocopy));
	case VI_SO_TIMESTAMPING:
		return (sooptputint(buf, len, (int)so->so_stamping));
	case VI_SO_FILTER:
		return (sofilter_get(so, buf, len));
	case VI_SO_LOCK_FILTER:
		return (sooptputint(buf, len, so->so_filterlocked));
	case VI_SO_NREAD:
		return (sooptputint(buf, len, (int)so_nread(so)));
	case VI_SO_NWRITE:
		return (sooptputint(buf, len, (int)so->so_snd.sb_cc));
	default:
		if (so->so_proto->pr_getopt == NULL || !so_haspcb(so))
			return (ENOPROTOOPT);
		return (so->so_proto->pr_getopt(so, opt, buf, len));
	}
}
