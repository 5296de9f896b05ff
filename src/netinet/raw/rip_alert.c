/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Router alert (RFC 2113, RFC 2711): packets on their way through that a program of this router is to see, whole, instead of being forwarded.  Only
 * what some socket asked for is taken off the path (RFC 6398 5.1); all else goes on.
 */
#include <errno.h>

#include "mbuf/mbuf.h"
#include "netinet/ip/ip_segment.h"
#include "netinet/pcb/in_pcbextra.h"
#include "netinet/raw/raw_var.h"
#include "wire/ip.h"

/* As Linux: in IPv4 it is a socket of the packet's protocol, in IPv6 one that names the value of the option. */
static bool
alert_wants(const struct inpcb *inp, const struct inet_pkt *pk, int value)
{
	const struct in_pcbextra *ex = inp->inp_extra;
	const bool six = pk->ip_ops->io_family != VI_AF_INET;

	if (ex == NULL || !ex->ex_alerts || (six ? ex->ex_alert != value : inp->inp_proto != pk->ip_proto))
		return (false);
	/* What passes by is none of a jail's that has only some of the addresses. */
	return ((inp->inp_boundif == 0 || inp->inp_boundif == pk->ip_rcvif->if_index) && in_pcbjail_may(inp, in_pcbfam(pk->ip_ops), &pk->ip_dst));
}

static struct inpcb *
alert_next(struct inpcb *inp, const struct inet_pkt *pk, int value)
{
	while (inp != NULL && !alert_wants(inp, pk, value))
		inp = TAILQ_NEXT(inp, inp_list);
	return (inp);
}

bool
rip_alert(struct mbuf *m, const struct inet_pkt *pk, int value)
{
	struct rip_vnet *rv = rip_vnet(pk->ip_vnet);
	struct inpcbinfo *ipi = pk->ip_ops->io_family == VI_AF_INET ? &rv->rv_raw : &rv->rv_raw6;
	struct inpcb *inp = alert_next(TAILQ_FIRST(&ipi->ipi_list), pk, value);

	if (inp == NULL)
		return (false);
	rv->rv_stat.rips_alerts++;
	if ((m = inet_delayed_cksum(m, pk->ip_hlen)) == NULL) {
		rv->rv_stat.rips_nomem++;
		return (true);
	}
	rip_deliver(inp, m, pk, alert_next, value);
	return (true);
}

static int
alert_set(struct inpcb *inp, bool on, int value, bool keep)
{
	struct in_pcbextra *ex = inp->inp_extra;

	if (on && ex != NULL && ex->ex_alerts)
		return (EADDRINUSE);
	if (!on && (ex == NULL || !ex->ex_alerts))
		return (ENOBUFS);	/* Linux has no other word */
	if ((ex = in_pcbextra(inp)) == NULL)
		return (ENOBUFS);
	ex->ex_alerts = on;
	ex->ex_alert = value;
	ex->ex_alertget = keep;
	return (0);
}

int
rip_setalert(struct inpcb *inp, const void *val, size_t len)
{
	int v, error;

	if ((error = sooptint(val, len, &v)) != 0)
		return (error);
	if (inp->inp_proto == IPPROTO_RAW)
		return (EINVAL);
	return (alert_set(inp, v != 0, 0, v != 0));
}

int
rip6_setalert(struct inpcb *inp, const void *val, size_t len)
{
	int v, error;

	if ((error = sooptint(val, len, &v)) != 0)
		return (error);
	if (inp->inp_proto != IPPROTO_RAW)
		return (ENOPROTOOPT);
	return (alert_set(inp, v >= 0, v, v != 0));
}
