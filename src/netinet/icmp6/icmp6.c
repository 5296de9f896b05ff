/* SPDX-License-Identifier: BSD-2-Clause */
/* The module "icmp6". */
#include "netinet/icmp6/icmp6_var.h"

#include <errno.h>

#include "netinet/ip6/ip6_var.h"

VNET_STATE_DEFINE(icmp6);

static const struct icmp6_vnet icmp6_defaults = {
	.ic6v_errppslim = 100,
	.ic6v_mcastecho = 1,
};

static const struct sysctl_desc icmp6_sysctls[] = {
	CTL_INT("net.inet6.icmp6.errppslimit", CTL_RW, struct icmp6_vnet, ic6v_errppslim, 0, 1000000, "Errors per second; 0 no limit"),
	CTL_INT("net.inet6.icmp6.ignore_echo", CTL_RW, struct icmp6_vnet, ic6v_ignoreecho, 0, 1, "Do not answer echo requests"),
	CTL_INT("net.ipv6.icmp.echo_ignore_all", CTL_RW, struct icmp6_vnet, ic6v_ignoreecho, 0, 1, "As net.inet6.icmp6.ignore_echo"),
	CTL_INT("net.inet6.icmp6.mcastecho", CTL_RW, struct icmp6_vnet, ic6v_mcastecho, 0, 1, "Answer echo requests to groups"),
	CTL_END
};

/* slot of icmp6_hist(), type, text */
#define ICMP6_HIST(X) \
	X(1, 1, "unreach") X(2, 2, "packet too big") X(3, 3, "time exceed") X(4, 4, "parameter problem") X(5, 128, "echo") \
	X(6, 129, "echo reply") X(7, 130, "multicast listener query") X(8, 131, "MLDv1 listener report") \
	X(9, 132, "MLDv1 listener done") X(10, 133, "router solicitation") X(11, 134, "router advertisement") \
	X(12, 135, "neighbor solicitation") X(13, 136, "neighbor advertisement") X(14, 137, "redirect") X(15, 143, "MLDv2 listener report")
#define ICMP6_OUT(slot, type, text) { "icmp6", "ic6s_outhist_" #type, offsetof(struct icmp6_vnet, ic6v_stat.ic6s_outhist[slot]), text },
#define ICMP6_IN(slot, type, text) { "icmp6", "ic6s_inhist_" #type, offsetof(struct icmp6_vnet, ic6v_stat.ic6s_inhist[slot]), text },

static const struct stat_desc icmp6_stats[] = {
#define ICMP6_STAT_DESC(name, text)	STAT_IN("icmp6", struct icmp6_vnet, ic6v_stat, name, text),
	ICMP6_STATS(ICMP6_STAT_DESC)
#undef ICMP6_STAT_DESC
	ICMP6_HIST(ICMP6_OUT)
	ICMP6_HIST(ICMP6_IN)
	STAT_END
};

static int
icmp6_attach(struct vnet *vn)
{
	const struct inet_proto pr = { .ip_proto = IPPROTO_ICMPV6, .ip_input = icmp6_input };

	ip6_vnet(vn)->i6v_icmp = pr;
	return (0);
}

VNET_MODULE(icmp6,
	.vm_size = sizeof(struct icmp6_vnet),
	.vm_defaults = &icmp6_defaults,
	.vm_after = "ip6",
	.vm_attach = icmp6_attach,
	.vm_sysctls = icmp6_sysctls,
	.vm_stats = icmp6_stats);
