/* SPDX-License-Identifier: BSD-2-Clause */
/* The module "inpcb": what all transports of a vnet share. */
#include "netinet/pcb/in_pcb.h"

#include <errno.h>

#include "base/sbuf.h"

VNET_STATE_DEFINE(inpcb);

static const struct inpcb_vnet inpcb_defaults = {
	.iv_first = 10000,
	.iv_last = 65535,
	.iv_reservedhigh = 1023,
	.iv_maxships = 20,
	.iv_maxmsf = 10,
	.iv_maxmsf6 = 64,
};

/* Linux's pair, in order; BSD's two may be turned round. */
static int
sysctl_portrange(struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	struct inpcb_vnet *iv = inpcb_vnet(vn);
	unsigned first, last;
	struct sbuf sb;

	(void)sd;
	if (value == NULL) {
		sbuf_init(&sb, buf, len);
		sbuf_printf(&sb, "%d\t%d", iv->iv_first, iv->iv_last);
		return (sbuf_finish(&sb));
	}
	if ((value = sysctl_field(value, &first)) == NULL || (value = sysctl_field(value, &last)) == NULL || *value != '\0' ||
	    first < 1 || first > last || last > 65535)
		return (EINVAL);
	iv->iv_first = (int)first;
	iv->iv_last = (int)last;
	return (0);
}

static const struct sysctl_desc inpcb_sysctls[] = {
	CTL_INT("net.inet.ip.portrange.first", CTL_RW, struct inpcb_vnet, iv_first, 1, 65535, "First ephemeral port"),
	CTL_INT("net.inet.ip.portrange.last", CTL_RW, struct inpcb_vnet, iv_last, 1, 65535, "Last ephemeral port"),
	CTL_INT("net.inet.ip.portrange.reservedhigh", CTL_RW, struct inpcb_vnet, iv_reservedhigh, 0, 65535,
	    "Last port that only the administrator may bind"),
	CTL_INT("net.inet6.ip6.v6only", CTL_RW, struct inpcb_vnet, iv_v6only, 0, 1, "AF_INET6 sockets take no IPv4 unless told to"),
	/* Linux's bounds, under names of BSD's form and its own */
	CTL_INT("net.inet.igmp.max_memberships", CTL_RW, struct inpcb_vnet, iv_maxships, 0, 65535, "Groups a socket may join"),
	CTL_INT("net.inet.igmp.max_msf", CTL_RW, struct inpcb_vnet, iv_maxmsf, 0, 1024, "Sources of a membership in IPv4"),
	CTL_INT("net.inet6.mld.max_msf", CTL_RW, struct inpcb_vnet, iv_maxmsf6, 0, 1024, "Sources of a membership in IPv6"),
	CTL_INT("net.ipv4.igmp_max_memberships", CTL_RW, struct inpcb_vnet, iv_maxships, 0, 65535, "Groups a socket may join"),
	CTL_INT("net.ipv4.igmp_max_msf", CTL_RW, struct inpcb_vnet, iv_maxmsf, 0, 1024, "Sources of a membership in IPv4"),
	CTL_INT("net.ipv6.mld_max_msf", CTL_RW, struct inpcb_vnet, iv_maxmsf6, 0, 1024, "Sources of a membership in IPv6"),
	CTL_PROC("net.ipv4.ip_local_port_range", VI_CTL_STRING, CTL_RW, sysctl_portrange, "net.inet.ip.portrange.first, last"),
	CTL_END
};

VNET_MODULE(inpcb,
	.vm_size = sizeof(struct inpcb_vnet),
	.vm_defaults = &inpcb_defaults,
	.vm_after = "route socket",
	.vm_sysctls = inpcb_sysctls);
