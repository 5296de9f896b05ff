/* SPDX-License-Identifier: BSD-2-Clause */
/* What comes for a port that nobody has, for logs: net.inet.tcp.log_in_vain, net.inet.udp.log_in_vain. */
#include "base/in6addr.h"
#include "base/inaddr.h"
#include "netinet/pcb/in_pcb.h"

static char *
vain_ntop(const struct inet_ops *ops, const struct in_addr_any *a, char buf[IN6ADDR_STRLEN])
{
	struct in_addr_any plain = *a;

	if (ops->io_family == VI_AF_INET)
		return (inaddr_ntop(buf, IN6ADDR_STRLEN, a->in4));
	if (in6_zone((const uint8_t *)plain.in6) != 0)
		in6_setzone((uint8_t *)plain.in6, 0);
	return (in6addr_ntop(buf, (const uint8_t *)plain.in6));
}

void
in_pcbvain(const struct inet_pkt *pk, struct in_vain *v)
{
	vain_ntop(pk->ip_ops, &pk->ip_src, v->iv_src);
	vain_ntop(pk->ip_ops, &pk->ip_dst, v->iv_dst);
}
