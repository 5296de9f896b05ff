/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Socket ioctls.  Questions about interfaces are answered on every kind of socket: the C
 * library asks them on AF_UNIX sockets, which otherwise are the host's.  What changes an interface is
 * in if_set.c.
 */
#include "linux/lx.h"
#include "linux/ifinfo.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <linux/sockios.h>

#define LX_SIOCOUTQ	TIOCOUTQ
#define LX_SIOCPROTOPRIVATE	0x89e0

static int
req_index(const struct vi_ifinfo *info, struct ifreq *ifr)
{
	ifr->ifr_ifindex = (int)info->if_index;
	return (0);
}

static int
req_flags(const struct vi_ifinfo *info, struct ifreq *ifr)
{
	ifr->ifr_flags = (short)ifinfo_flags(info);
	return (0);
}

static int
req_mtu(const struct vi_ifinfo *info, struct ifreq *ifr)
{
	ifr->ifr_mtu = (int)info->if_mtu;
	return (0);
}

static int
req_metric(const struct vi_ifinfo *info, struct ifreq *ifr)
{
	(void)info;
	ifr->ifr_metric = 0;		/* as Linux, which has none */
	return (0);
}

static int
req_hwaddr(const struct vi_ifinfo *info, struct ifreq *ifr)
{
	memset(&ifr->ifr_hwaddr, 0, sizeof(ifr->ifr_hwaddr));
	ifr->ifr_hwaddr.sa_family = ifinfo_arphrd(info);
	memcpy(ifr->ifr_hwaddr.sa_data, info->if_lladdr,
	    info->if_addrlen < sizeof(info->if_lladdr) ? info->if_addrlen
						       : sizeof(info->if_lladdr));
	return (0);
}

static int
req_qlen(const struct vi_ifinfo *info, struct ifreq *ifr)
{
	ifr->ifr_qlen = (int)info->if_txqlen;
	return (0);
}

static int
req_map(const struct vi_ifinfo *info, struct ifreq *ifr)
{
	(void)info;
	memset(&ifr->ifr_map, 0, sizeof(ifr->ifr_map));
	return (0);
}

static void
put_sin(struct sockaddr *sa, uint32_t addr)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr = { addr } };

	memcpy(sa, &sin, sizeof(sin));
}

static int
req_addr(const struct vi_ifinfo *info, struct ifreq *ifr)
{
	const struct vi_ifaddr *ia = ifinfo_inet(info, ifr->ifr_name);

	if (ia == NULL)
		return (EADDRNOTAVAIL);
	put_sin(&ifr->ifr_addr, ia->ia_addr.sa_in);
	return (0);
}

static int
req_dstaddr(const struct vi_ifinfo *info, struct ifreq *ifr)
{
	const struct vi_ifaddr *ia = ifinfo_inet(info, ifr->ifr_name);

	if (ia == NULL)
		return (EADDRNOTAVAIL);
	put_sin(&ifr->ifr_dstaddr,
	    ia->ia_dst.sa_family == VI_AF_INET ? ia->ia_dst.sa_in : ia->ia_addr.sa_in);
	return (0);
}

static int
req_brdaddr(const struct vi_ifinfo *info, struct ifreq *ifr)
{
	const struct vi_ifaddr *ia = ifinfo_inet(info, ifr->ifr_name);

	if (ia == NULL)
		return (EADDRNOTAVAIL);
	put_sin(&ifr->ifr_broadaddr,
	    ia->ia_broadcast.sa_family == VI_AF_INET ? ia->ia_broadcast.sa_in : 0);
	return (0);
}

static int
req_netmask(const struct vi_ifinfo *info, struct ifreq *ifr)
{
	const struct vi_ifaddr *ia = ifinfo_inet(info, ifr->ifr_name);

	if (ia == NULL)
		return (EADDRNOTAVAIL);
	put_sin(&ifr->ifr_netmask, ifinfo_mask(ia->ia_prefixlen));
	return (0);
}

static const struct {
	unsigned cmd;
	int	(*fn)(const struct vi_ifinfo *, struct ifreq *);
} req_table[] = {
    {SIOCGIFINDEX, req_index},
    {SIOCGIFFLAGS, req_flags},
    {SIOCGIFADDR, req_addr},
    {SIOCGIFNETMASK, req_netmask},
    {SIOCGIFBRDADDR, req_brdaddr},
    {SIOCGIFDSTADDR, req_dstaddr},
    {SIOCGIFMTU, req_mtu},
    {SIOCGIFHWADDR, req_hwaddr},
    {SIOCGIFMETRIC, req_metric},
    {SIOCGIFTXQLEN, req_qlen},
    {SIOCGIFMAP, req_map},
};

struct req_arg {
	int	(*fn)(const struct vi_ifinfo *, struct ifreq *);
	struct ifreq *ifr;
	int	 error;
};

static void
req_found(void *arg, const struct vi_ifinfo *info)
{
	struct req_arg *ra = arg;

	ra->error = ra->fn(info, ra->ifr);
}

static int64_t
ioctl_ifreq(
    struct lx_call *c, struct vi_vnet *vn, int (*fn)(const struct vi_ifinfo *, struct ifreq *))
{
	char name[VI_IFNAMSIZ];
	struct ifreq ifr;
	struct req_arg ra = { fn, &ifr, 0 };
	int error;

	error = lx_copyin(c, c->c_arg[2], &ifr, sizeof(ifr));
	if (error != 0)
		return (-error);
	ifr.ifr_name[sizeof(ifr.ifr_name) - 1] = '\0';
	memcpy(name, ifr.ifr_name, sizeof(name));
	name[strcspn(name, ":")] = '\0';	/* an alias's label */
	lx_manage(c->c_lx);
	ifinfo_realname(vn, name);
	error = vi_if_get(vn, name, req_found, &ra);
	lx_managed(c->c_lx);
	if (error != 0)
		return (-ENODEV);
	if (ra.error != 0)
		return (-ra.error);
	return (-lx_copyout(c, c->c_arg[2], &ifr, sizeof(ifr)));
}

static int64_t
ioctl_ifname(struct lx_call *c, struct vi_vnet *vn)
{
	struct ifreq ifr;
	int error;

	error = lx_copyin(c, c->c_arg[2], &ifr, sizeof(ifr));
	if (error != 0)
		return (-error);
	lx_manage(c->c_lx);
	error = ifinfo_name(vn, (uint32_t)ifr.ifr_ifindex, ifr.ifr_name);
	lx_managed(c->c_lx);
	return (error != 0 ? -error : -lx_copyout(c, c->c_arg[2], &ifr, sizeof(ifr)));
}

struct conf_arg {
	char	*buf;
	size_t	 len, space;
};

static void
conf_each(void *arg, const struct vi_ifinfo *info)
{
	struct conf_arg *ca = arg;
	struct ifreq ifr;
	uint32_t i;

	for (i = 0; i < info->if_naddrs; i++) {
		if (info->if_addrs[i].ia_addr.sa_family != VI_AF_INET)
			continue;
		memset(&ifr, 0, sizeof(ifr));
		memcpy(ifr.ifr_name, info->if_addrs[i].ia_label[0] != '\0' ? info->if_addrs[i].ia_label : info->if_name, sizeof(ifr.ifr_name));
		put_sin(&ifr.ifr_addr, info->if_addrs[i].ia_addr.sa_in);
		if (ca->len + sizeof(ifr) > ca->space)
			return;
		memcpy(ca->buf + ca->len, &ifr, sizeof(ifr));
		ca->len += sizeof(ifr);
	}
}

/* Without a buffer only the length is asked for. */
static int64_t
ioctl_ifconf(struct lx_call *c, struct vi_vnet *vn)
{
	struct conf_arg ca = { .buf = c->c_lx->lx_buf, .space = LX_BUFSIZE };
	struct ifconf ifc;
	int error;

	error = lx_copyin(c, c->c_arg[2], &ifc, sizeof(ifc));
	if (error != 0)
		return (-error);
	if (ifc.ifc_buf != NULL) {
		if (ifc.ifc_len < 0)
			return (-EINVAL);
		if ((size_t)ifc.ifc_len < ca.space)
			ca.space = (size_t)ifc.ifc_len;
	}
	lx_manage(c->c_lx);
	vi_if_list(vn, conf_each, &ca);
	lx_managed(c->c_lx);
	if (ifc.ifc_buf != NULL)
		error = lx_copyout(c, (uintptr_t)ifc.ifc_buf, ca.buf, ca.len);
	ifc.ifc_len = (int)ca.len;
	if (error == 0)
		error = lx_copyout(c, c->c_arg[2], &ifc, sizeof(ifc));
	return (-error);
}

/* Bytes the peer has not acknowledged, or not been sent: those still in the pair are both. */
static int64_t
ioctl_outq(struct lx_call *c, enum vi_sockopt opt)
{
	struct lx_sock *ls = c->c_sock;
	size_t len = sizeof(int);
	int n = 0, queued = 0;

	if (ls->ls_kind == LXK_NETLINK)
		return (LX_CONTINUE);
	if (ls->ls_state == LXS_LISTEN)
		return (-EINVAL);
	if (ls->ls_so != NULL && vi_getsockopt(ls->ls_so, opt, &n, &len) != 0)
		n = 0;
	if (ls->ls_fd >= 0 && ls->ls_fill == 0 && ioctl(ls->ls_fd, FIONREAD, &queued) == 0)
		n += queued;
	return (-lx_copyout(c, c->c_arg[2], &n, sizeof(n)));
}

/* Of datagrams: the length of the next one. */
static int64_t
ioctl_nread(struct lx_call *c)
{
	int n;

	if (c->c_sock->ls_kind != LXK_DGRAM)
		return (LX_CONTINUE);
	n = dgram_next(c);
	return (-lx_copyout(c, c->c_arg[2], &n, sizeof(n)));
}

/* SIOCGSTAMP and its kin: when the last datagram that was read had come; of one that came before anybody asked that is now. */
static int64_t
ioctl_stamp(struct lx_call *c, bool nano)
{
	struct { int64_t sec, frac; } t;
	struct timespec now;
	uint64_t ns;

	if (c->c_sock->ls_kind != LXK_DGRAM)
		return (c->c_sock->ls_kind == LXK_STREAM ? -ENOENT : -ENOTTY);
	if (c->c_sock->ls_so == NULL)
		return (-ENOENT);
	ns = dgram_stamp(c);
	c->c_sock->ls_stamped = true;
	opt_stamps(c->c_sock);
	if (ns == LX_FOREVER)
		return (-ENOENT);
	if (ns == 0) {
		(void)clock_gettime(CLOCK_REALTIME, &now);
		ns = c->c_sock->ls_fifo.f_stamp = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	}
	t.sec = (int64_t)(ns / 1000000000);
	t.frac = (int64_t)(ns % 1000000000) / (nano ? 1 : 1000);
	return (-lx_copyout(c, c->c_arg[2], &t, sizeof(t)));
}

static int64_t
ioctl_interface(struct lx_call *c, struct vi_vnet *vn, unsigned cmd)
{
	size_t i;

	if (vn == NULL)
		return (-ENETDOWN);
	lx_tuns_reap(c->c_lx, vn);
	if (cmd == SIOCGIFNAME)
		return (ioctl_ifname(c, vn));
	if (cmd == SIOCGIFCONF)
		return (ioctl_ifconf(c, vn));
	if (cmd == SIOCETHTOOL)
		return (lx_ethtool(c, vn));
	if (lx_ifset_iscmd(cmd))
		return (lx_ifset(c, vn, cmd));
	if (lx_rtset_iscmd(cmd))
		return (lx_rtset(c, vn, cmd));
	for (i = 0; i < LX_NITEMS(req_table); i++)
		if (req_table[i].cmd == cmd)
			return (ioctl_ifreq(c, vn, req_table[i].fn));
	return (-ENOTTY);
}

int64_t
lx_sys_ioctl(struct lx_call *c)
{
	struct lx_sock *ls = c->c_sock;
	unsigned cmd = (unsigned)c->c_arg[1];

	if (lx_tun_iscmd(cmd))
		return (lx_sys_tun(c));
	if (lx_chflags_iscmd(cmd))
		return (lx_sys_chflags(c));
	if ((cmd < SIOCGIFNAME && !lx_rtset_iscmd(cmd)) || cmd >= LX_SIOCPROTOPRIVATE) {
		if (ls == NULL)
			return (LX_CONTINUE);
		switch (cmd) {
		case FIONREAD:
			return (ioctl_nread(c));
		case LX_SIOCOUTQ:
			return (ioctl_outq(c, VI_SO_NWRITE));
		case SIOCGSTAMP_OLD:
			return (ioctl_stamp(c, false));
		case SIOCGSTAMPNS_OLD:
			return (ioctl_stamp(c, true));
		case SIOCATMARK:	/* the pair has another errno for this */
			return (ls->ls_kind == LXK_STREAM ? LX_CONTINUE : -ENOTTY);
		default:		/* FIOSETOWN...: native */
			return (cmd >= LX_SIOCPROTOPRIVATE ? -ENOTTY : LX_CONTINUE);
		}
	}
	if (cmd == SIOCOUTQNSD)
		return (ls == NULL ? LX_CONTINUE : ioctl_outq(c, VI_SO_NUNSENT));
	return (ioctl_interface(c, ls != NULL ? ls->ls_vnet : c->c_pr->pr_vnet, cmd));
}
