/* SPDX-License-Identifier: BSD-2-Clause */
/* The module "icmp". */
#include "netinet/icmp/icmp_var.h"

#include "wire/ip.h"

VNET_STATE_DEFINE(icmp);

static const struct icmp_vnet icmp_defaults = {
	.icv_icmplim = 200,
	.icv_icmplimoutput = 1,
	.icv_quotelen = IP_MSS - IP_MINHLEN - ICMP_MINLEN,	/* RFC 1812 4.3.2.3: as much as fits 576 bytes */
	.icv_tstamprepl = 1,
};

static const struct sysctl_desc icmp_sysctls[] = {
	CTL_INT("net.inet.icmp.bmcastecho", CTL_RW, struct icmp_vnet, icv_bmcastecho, 0, 1, "Answer echo requests to broadcast addresses"),
	CTL_INT("net.inet.icmp.ignore_echo", CTL_RW, struct icmp_vnet, icv_ignoreecho, 0, 1, "Do not answer echo requests"),
	CTL_INT("net.ipv4.icmp_echo_ignore_all", CTL_RW, struct icmp_vnet, icv_ignoreecho, 0, 1, "As net.inet.icmp.ignore_echo"),
	CTL_INT("net.inet.icmp.tstamprepl", CTL_RW, struct icmp_vnet, icv_tstamprepl, 0, 1, "Answer timestamp requests"),
	CTL_INT("net.inet.icmp.drop_redirect", CTL_RW, struct icmp_vnet, icv_dropredirect, 0, 1, "Ignore redirects"),
	CTL_INT("net.inet.icmp.log_redirect", CTL_RW, struct icmp_vnet, icv_logredirect, 0, 1, "Log redirects"),
	CTL_INT("net.inet.icmp.icmplim", CTL_RW, struct icmp_vnet, icv_icmplim, 0, 1000000, "Errors of one kind per second; 0 no limit"),
	CTL_INT("net.inet.icmp.icmplim_output", CTL_RW, struct icmp_vnet, icv_icmplimoutput, 0, 1, "Log when the limit is reached"),
	CTL_INT("net.inet.icmp.error_keeptos", CTL_RW, struct icmp_vnet, icv_errorkeeptos, 0, 1, "Errors have the type of service of what they are about"),
	CTL_INT("net.inet.icmp.quotelen", CTL_RW, struct icmp_vnet, icv_quotelen, 8, 548,
	    "Bytes of the offending packet that errors quote, beside its header"),
	CTL_END
};

#define ICMP_OUT(type, text)	{ "icmp", "icps_outhist_" #type, offsetof(struct icmp_vnet, icv_stat.icps_outhist[type]), text }
#define ICMP_IN(type, text)	{ "icmp", "icps_inhist_" #type, offsetof(struct icmp_vnet, icv_stat.icps_inhist[type]), text }

static const struct stat_desc icmp_stats[] = {
#define ICMP_STAT_DESC(name, text)	STAT_IN("icmp", struct icmp_vnet, icv_stat, name, text),
	ICMP_STATS(ICMP_STAT_DESC)
#undef ICMP_STAT_DESC
	/* A histogram: netstat puts "Output histogram:" or "Input histogram:" above and shows lines "echo reply: 1". */
	ICMP_OUT(0, "echo reply"),
	ICMP_OUT(3, "destination unreachable"),
	ICMP_OUT(5, "routing redirect"),
	ICMP_OUT(8, "echo"),
	ICMP_OUT(11, "time exceeded"),
	ICMP_OUT(12, "parameter problem"),
	ICMP_OUT(13, "time stamp"),
	ICMP_OUT(14, "time stamp reply"),
	ICMP_IN(0, "echo reply"),
	ICMP_IN(3, "destination unreachable"),
	ICMP_IN(4, "source quench"),
	ICMP_IN(5, "routing redirect"),
	ICMP_IN(8, "echo"),
	ICMP_IN(9, "router advertisement"),
	ICMP_IN(10, "router solicitation"),
	ICMP_IN(11, "time exceeded"),
	ICMP_IN(12, "parameter problem"),
	ICMP_IN(13, "time stamp"),
	ICMP_IN(14, "time stamp reply"),
	ICMP_IN(15, "information request"),
	ICMP_IN(16, "information request reply"),
	ICMP_IN(17, "address mask request"),
	ICMP_IN(18, "address mask reply"),
	STAT_END
};

static int
icmp_attach(struct vnet *vn)
{
	const struct inet_proto pr = { .ip_proto = IPPROTO_ICMP, .ip_input = icmp_input };

	return (inet_proto_register(vn, &pr));
}

VNET_MODULE(icmp,
	.vm_size = sizeof(struct icmp_vnet),
	.vm_defaults = &icmp_defaults,
	.vm_after = "ip",
	.vm_attach = icmp_attach,
	.vm_sysctls = icmp_sysctls,
	.vm_stats = icmp_stats);
