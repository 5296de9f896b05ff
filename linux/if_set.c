/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ioctls that change an interface, as programs of the time before netlink use them.
 *
 * They know one IPv4 address of an interface, the first, or the one that is called as they say ("eth0:1"): each call changes one thing of it.  On a socket of AF_INET6 addresses are added and
 * removed.  Who may is asked as for netlink.
 */
#include "linux/lx.h"

#include <errno.h>
#include <string.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <linux/capability.h>
#include <linux/sockios.h>

#include <vimage/ifnet.h>
#include <vimage/jail.h>
#include <vimage/priv.h>

#include "linux/ifinfo.h"

/* <linux/ipv6.h> does not go together with <netinet/in.h>. */
struct lx_in6_ifreq {
	uint8_t		addr[16];
	uint32_t	prefixlen;
	int		ifindex;
};

int
lx_call_netcred(struct lx_call *c, struct vi_vnet *vn, enum vi_priv priv, struct vi_cred *cr)
{
	int error;

	if ((error = lx_call_cred(c, cr)) != 0)
		return (error);
	cr->cr_priv = lx_call_has(c, CAP_NET_ADMIN);
	/* A stack that no jail owns is an embedder's, who has no rules but this one.  Who lacks the capability is refused there as well: it is logged. */
	if (vi_vnet_jail(vn) >= 0)
		cr->cr_priv = vi_vnet_priv(vn, c->c_pr->pr_use.us_jid[VI_CLASS_VNET], cr, priv) == 0;
	return (cr->cr_priv ? 0 : EPERM);
}

struct first {
	const char	*fi_label;	/* the name that was given */
	struct vi_ifaddr fi_ia;
	uint32_t	 fi_flags;
	uint32_t	 fi_index;
	bool		 fi_have;
};

static void
first_each(void *arg, const struct vi_ifinfo *info)
{
	struct first *fi = arg;
	const struct vi_ifaddr *ia = ifinfo_inet(info, fi->fi_label);

	fi->fi_flags = info->if_flags;
	fi->fi_index = info->if_index;
	if ((fi->fi_have = ia != NULL))
		fi->fi_ia = *ia;
}

static bool
first_alias(const struct first *fi)
{
	return (strchr(fi->fi_label, ':') != NULL);
}

/* Addresses.  The struct sockaddr of a request may be of no family (netmasks are, now and then). */
static int
req_sin(const struct sockaddr *sa, bool strict, uint32_t *addr)
{
	struct sockaddr_in sin;

	memcpy(&sin, sa, sizeof(sin));
	if (strict && sin.sin_family != AF_INET)
		return (EINVAL);
	*addr = sin.sin_addr.s_addr;
	return (0);
}

/* On a link to one other end the address stands alone until the other is named. */
static int
set_addr(struct vi_vnet *vn, const char *name, struct first *fi, const struct ifreq *ifr)
{
	struct vi_ifaddr ia = { .ia_addr = { .sa_family = VI_AF_INET }, .ia_prefixlen = 0xff };
	int error;

	if ((error = req_sin(&ifr->ifr_addr, true, &ia.ia_addr.sa_in)) != 0)
		return (error);
	if (ia.ia_addr.sa_in == 0)
		return (fi->fi_have ? vi_if_addr_del(vn, name, &fi->fi_ia.ia_addr) : 0);
	if ((fi->fi_flags & VI_IFF_POINTOPOINT) != 0)
		ia.ia_prefixlen = 32;
	if (fi->fi_have && fi->fi_ia.ia_addr.sa_in == ia.ia_addr.sa_in)
		return (0);
	if (!first_alias(fi))
		return (vi_if_addr_add(vn, name, &ia, false));
	memcpy(ia.ia_label, fi->fi_label, strnlen(fi->fi_label, sizeof(ia.ia_label) - 1));
	if (fi->fi_have && (error = vi_if_addr_del(vn, name, &fi->fi_ia.ia_addr)) != 0)
		return (error);
	return (vi_if_addr_add(vn, name, &ia, true));
}

static int
set_netmask(struct vi_vnet *vn, const char *name, struct first *fi, const struct ifreq *ifr)
{
	uint32_t mask;
	uint8_t len;
	int error;

	if ((error = req_sin(&ifr->ifr_netmask, false, &mask)) != 0 || (error = ifinfo_masklen(mask, &len)) != 0)
		return (error);
	if (len == fi->fi_ia.ia_prefixlen)
		return (0);
	fi->fi_ia.ia_prefixlen = len;
	fi->fi_ia.ia_broadcast.sa_family = 0;
	return (vi_if_addr_add(vn, name, &fi->fi_ia, false));
}

static int
set_dstaddr(struct vi_vnet *vn, const char *name, struct first *fi, const struct ifreq *ifr)
{
	if ((fi->fi_flags & VI_IFF_POINTOPOINT) == 0)
		return (EINVAL);
	fi->fi_ia.ia_dst.sa_family = VI_AF_INET;
	return (req_sin(&ifr->ifr_dstaddr, true, &fi->fi_ia.ia_dst.sa_in) != 0 ? EINVAL : vi_if_addr_add(vn, name, &fi->fi_ia, false));
}

static int
set_brdaddr(struct vi_vnet *vn, const char *name, struct first *fi, const struct ifreq *ifr)
{
	fi->fi_ia.ia_broadcast.sa_family = VI_AF_INET;
	return (req_sin(&ifr->ifr_broadaddr, true, &fi->fi_ia.ia_broadcast.sa_in) != 0 ? EINVAL :
	    vi_if_addr_add(vn, name, &fi->fi_ia, false));
}

/* The rest */

static int
set_flags(struct vi_vnet *vn, const char *name, struct first *fi, const struct ifreq *ifr)
{
	const uint32_t can = VI_IFF_UP | VI_IFF_DEBUG | VI_IFF_NOARP | VI_IFF_PROMISC;	/* Linux has the same numbers */
	const uint32_t want = (unsigned short)ifr->ifr_flags & can, change = (want ^ fi->fi_flags) & can;

	if (first_alias(fi) && !fi->fi_have)
		return (EADDRNOTAVAIL);
	if (first_alias(fi))		/* down it is not there */
		return ((want & VI_IFF_UP) != 0 ? 0 : vi_if_addr_del(vn, name, &fi->fi_ia.ia_addr));
	return (change == 0 ? 0 : vi_if_set_flags(vn, name, want & change, ~want & change));
}

static int
set_mtu(struct vi_vnet *vn, const char *name, struct first *fi, const struct ifreq *ifr)
{
	(void)fi;
	return (ifr->ifr_mtu <= 0 ? EINVAL : vi_if_set_mtu(vn, name, (uint32_t)ifr->ifr_mtu));
}

static int
set_hwaddr(struct vi_vnet *vn, const char *name, struct first *fi, const struct ifreq *ifr)
{
	(void)fi;
	if (ifr->ifr_hwaddr.sa_family != ARPHRD_ETHER)
		return (EINVAL);
	return (vi_if_set_lladdr(vn, name, (const uint8_t *)ifr->ifr_hwaddr.sa_data, 6));
}

static int
set_name(struct vi_vnet *vn, const char *name, struct first *fi, const struct ifreq *ifr)
{
	char newname[VI_IFNAMSIZ];

	(void)fi;
	memcpy(newname, ifr->ifr_newname, sizeof(newname));
	newname[sizeof(newname) - 1] = '\0';
	return (vi_if_rename(vn, name, newname));
}

static int
set_qlen(struct vi_vnet *vn, const char *name, struct first *fi, const struct ifreq *ifr)
{
	(void)fi;
	return (ifr->ifr_qlen < 0 ? EINVAL : vi_if_set_txqlen(vn, name, (uint32_t)ifr->ifr_qlen));
}

static enum vi_priv
set_priv(unsigned cmd)
{
	switch (cmd) {
	case SIOCSIFADDR:
	case SIOCDIFADDR:
	case SIOCSIFNETMASK:
	case SIOCSIFDSTADDR:
	case SIOCSIFBRDADDR:
		return (VI_PRIV_NET_IFADDR);
	default:
		return (VI_PRIV_NET_IFSET);
	}
}

static const struct {
	unsigned cmd;
	bool	 address;	/* there must be one */
	int	(*fn)(struct vi_vnet *, const char *, struct first *, const struct ifreq *);
} set_table[] = {
	{ SIOCSIFFLAGS, false, set_flags },
	{ SIOCSIFADDR, false, set_addr },
	{ SIOCSIFNETMASK, true, set_netmask },
	{ SIOCSIFDSTADDR, true, set_dstaddr },
	{ SIOCSIFBRDADDR, true, set_brdaddr },
	{ SIOCSIFMTU, false, set_mtu },
	{ SIOCSIFHWADDR, false, set_hwaddr },
	{ SIOCSIFNAME, false, set_name },
	{ SIOCSIFTXQLEN, false, set_qlen },
};

static int
set_find(struct vi_vnet *vn, unsigned cmd, const struct ifreq *ifr)
{
	char name[VI_IFNAMSIZ], label[VI_IFNAMSIZ];
	struct first fi = { .fi_label = label };

	memcpy(label, ifr->ifr_name, sizeof(label));
	label[sizeof(label) - 1] = '\0';
	memcpy(name, label, sizeof(name));
	name[strcspn(name, ":")] = '\0';
	ifinfo_realname(vn, name);
	for (size_t i = 0; i < LX_NITEMS(set_table); i++) {
		if (set_table[i].cmd != cmd)
			continue;
		if (vi_if_get(vn, name, first_each, &fi) != 0)
			return (ENODEV);
		if (set_table[i].address && !fi.fi_have)
			return (EADDRNOTAVAIL);
		return (set_table[i].fn(vn, name, &fi, ifr));
	}
	return (ENOTTY);
}

static int
set_addr6(struct vi_vnet *vn, const struct lx_in6_ifreq *req, bool add)
{
	struct vi_ifaddr ia = { .ia_addr = { .sa_family = VI_AF_INET6 }, .ia_prefixlen = (uint8_t)req->prefixlen };
	char name[VI_IFNAMSIZ];
	int error;

	if (req->prefixlen > 128)
		return (EINVAL);
	if ((error = ifinfo_name(vn, (uint32_t)req->ifindex, name)) != 0)
		return (error);
	memcpy(ia.ia_addr.sa_in6, req->addr, sizeof(req->addr));
	return (add ? vi_if_addr_add(vn, name, &ia, true) : vi_if_addr_del(vn, name, &ia.ia_addr));
}

bool
lx_ifset_iscmd(unsigned cmd)
{
	if (cmd == SIOCDIFADDR)
		return (true);
	for (size_t i = 0; i < LX_NITEMS(set_table); i++)
		if (set_table[i].cmd == cmd)
			return (true);
	return (false);
}

int64_t
lx_ifset(struct lx_call *c, struct vi_vnet *vn, unsigned cmd)
{
	const bool six = c->c_sock != NULL && c->c_sock->ls_family == AF_INET6 && (cmd == SIOCSIFADDR || cmd == SIOCDIFADDR);
	union { struct ifreq ifr; struct lx_in6_ifreq in6; } req;
	struct vi_cred cr;
	int error;

	if ((error = lx_copyin(c, c->c_arg[2], &req, six ? sizeof(req.in6) : sizeof(req.ifr))) != 0)
		return (-error);
	lx_manage(c->c_lx);
	error = lx_call_netcred(c, vn, set_priv(cmd), &cr);
	if (error == 0 && six)
		error = set_addr6(vn, &req.in6, cmd == SIOCSIFADDR);
	else if (error == 0)
		error = cmd == SIOCDIFADDR ? EOPNOTSUPP : set_find(vn, cmd, &req.ifr);
	lx_managed(c->c_lx);
	return (error == ENOENT ? LX_DONE : error == ENXIO ? -ENODEV : -error);
}
