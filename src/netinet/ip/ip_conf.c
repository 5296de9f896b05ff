/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knobs that each interface has, by Linux's names: net.ipv4.conf.{all,default,IF}.*.
 *
 * forwarding is asked of the interface by which a packet comes.  "all" (net.inet.ip.forwarding and net.ipv4.ip_forward, too) sets that of every
 * interface and of "default", with which new ones begin; what is said of one interface afterwards is of it alone.
 *
 * rp_filter is the larger of the interface's and that of "all"; "default" is of new ones.
 *
 * accept_local and route_localnet hold where the interface or "all" has them.
 *
 * An interface that comes from another stack is a new one.
 */
#include <errno.h>
#include <string.h>

#include "base/sbuf.h"
#include "base/util.h"
#include "netinet/ip/ip_var.h"

#define CONF_PREFIX	"net.ipv4.conf."

int
inet_conf_parse(struct vnet *vn, const char *prefix, const char *name, struct inet_conf *cn)
{
	const char *inst = name + strlen(prefix), *dot = strrchr(name, '.');
	const size_t len = (size_t)(dot - inst);
	char ifname[IFNAMSIZ] = "";

	if (len == 0 || len >= sizeof(ifname))
		return (ENOENT);
	memcpy(ifname, inst, len);
	*cn = (struct inet_conf){ .cn_key = dot + 1, .cn_all = strcmp(ifname, "all") == 0 };
	if (cn->cn_all || strcmp(ifname, "default") == 0)
		return (0);
	if ((cn->cn_ifp = ifnet_byname(vn, ifname)) != NULL)
		return (0);
	/* sysctl(8) of Linux writes the dot of eth0.5 so. */
	for (char *p = ifname; *p != '\0'; p++)
		if (*p == '/')
			*p = '.';
	return ((cn->cn_ifp = ifnet_byname(vn, ifname)) == NULL ? ENOENT : 0);
}

int
inet_conf_instances(struct vnet *vn, bool (*has)(const struct ifnet *), char *buf, size_t len)
{
	const struct ifnet *ifp;
	struct sbuf sb;

	sbuf_init(&sb, buf, len);
	sbuf_cat(&sb, "all default");
	TAILQ_FOREACH(ifp, &net_vnet(vn)->nv_ifs, if_link)
		if (has == NULL || has(ifp))
			sbuf_printf(&sb, " %s", ifp->if_xname);
	return (sbuf_finish(&sb));
}

void
ip_forwarding_set(struct vnet *vn, bool on)
{
	struct ip_vnet *iv = ip_vnet(vn);
	struct ifnet *ifp;

	iv->iv_forwarding = iv->iv_newforwarding = on;
	TAILQ_FOREACH(ifp, &net_vnet(vn)->nv_ifs, if_link)
		ifp->if_forwards[NET_AF_INET] = on;
}

void
ip_conf_ifattach(struct ifnet *ifp)
{
	const struct ip_vnet *iv = ip_vnet(ifp->if_vnet);

	ifp->if_forwards[NET_AF_INET] = iv->iv_newforwarding != 0;
	ifp->if_rpfilter = (uint8_t)iv->iv_newrpfilter;
	ifp->if_martians = iv->iv_newmartians;
}

static int
conf_show(int v, char *buf, size_t len)
{
	struct sbuf sb;

	if (len == 0)
		return (ENOMEM);
	sbuf_init(&sb, buf, len);
	sbuf_printf(&sb, "%d", v);
	return (sbuf_finish(&sb));
}

static int
conf_number(const char *value, int max, int *v)
{
	const struct sysctl_desc number = { .sd_type = VI_CTL_INT, .sd_min = 0, .sd_max = max };

	return (sysctl_desc_set(&number, v, value));
}

int
ip_forwarding_sysctl(struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	int error, v;

	(void)sd;
	if (value == NULL)
		return (conf_show(ip_vnet(vn)->iv_forwarding, buf, len));
	if ((error = conf_number(value, 1, &v)) == 0)
		ip_forwarding_set(vn, v != 0);
	return (error);
}

static int
conf_forwarding(struct vnet *vn, const struct inet_conf *cn, const char *value, char *buf, size_t len)
{
	struct ip_vnet *iv = ip_vnet(vn);
	int error, v;

	if (cn->cn_all)
		return (ip_forwarding_sysctl(vn, NULL, value, buf, len));
	if (value == NULL)
		return (conf_show(cn->cn_ifp != NULL ? cn->cn_ifp->if_forwards[NET_AF_INET] : iv->iv_newforwarding, buf, len));
	if ((error = conf_number(value, 1, &v)) != 0)
		return (error);
	if (cn->cn_ifp != NULL)
		cn->cn_ifp->if_forwards[NET_AF_INET] = v != 0;
	else
		iv->iv_newforwarding = v;
	return (0);
}

static int
conf_rpfilter(struct vnet *vn, const struct inet_conf *cn, const char *value, char *buf, size_t len)
{
	struct ip_vnet *iv = ip_vnet(vn);
	int *stack = cn->cn_all ? &iv->iv_rpfilter : &iv->iv_newrpfilter, error, v;

	if (value == NULL)
		return (conf_show(cn->cn_ifp != NULL ? cn->cn_ifp->if_rpfilter : *stack, buf, len));
	if ((error = conf_number(value, 2, &v)) != 0)
		return (error);
	if (cn->cn_ifp != NULL)
		cn->cn_ifp->if_rpfilter = (uint8_t)v;
	else
		*stack = v;
	return (0);
}

static int
conf_martians(struct vnet *vn, const struct inet_conf *cn, uint8_t bit, const char *value, char *buf, size_t len)
{
	struct ip_vnet *iv = ip_vnet(vn);
	uint8_t *takes = cn->cn_ifp != NULL ? &cn->cn_ifp->if_martians : cn->cn_all ? &iv->iv_martians : &iv->iv_newmartians;
	int error, v;

	if (value == NULL)
		return (conf_show((*takes & bit) != 0, buf, len));
	if ((error = conf_number(value, 1, &v)) == 0)
		*takes = (uint8_t)(v != 0 ? *takes | bit : *takes & ~bit);
	return (error);
}

int
ip_conf_sysctl(struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	struct inet_conf cn;
	int error;

	if (value == NULL && len == 0)
		return (ENOMEM);
	if (value == NULL && strchr(sd->sd_name, '*') != NULL)
		return (inet_conf_instances(vn, NULL, buf, len));
	if ((error = inet_conf_parse(vn, CONF_PREFIX, sd->sd_name, &cn)) != 0)
		return (error);
	if (strcmp(cn.cn_key, "accept_local") == 0)
		return (conf_martians(vn, &cn, IP_ACCEPT_LOCAL, value, buf, len));
	if (strcmp(cn.cn_key, "route_localnet") == 0)
		return (conf_martians(vn, &cn, IP_ROUTE_LOCALNET, value, buf, len));
	return (strcmp(cn.cn_key, "rp_filter") == 0 ? conf_rpfilter(vn, &cn, value, buf, len) : conf_forwarding(vn, &cn, value, buf, len));
}
