/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of vxlan interfaces.  Each takes effect at once: what was set up is taken down and set up anew. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/in6addr.h"
#include "base/inaddr.h"
#include "netinet/tunnel/vxlan_int.h"

static int
conf_restart(struct vxlan *vx, const struct if_option *io, char *err)
{
	int error;

	vxlan_stop(vx);
	if ((error = vxlan_start(vx)) != 0)
		return (ifopt_fail(err, error, "%s: the port or the group cannot be had", io->io_name));
	return (0);
}

static int
opt_id(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	int error = ifopt_u32(ifp, io, argv, argc, err);

	return (error != 0 ? error : conf_restart(ifp->if_softc, io, err));
}

/* io_arg: whether it is the other end. */
static int
opt_end(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	struct vxlan *vx = ifp->if_softc;
	const struct inet_ops *ops;
	struct in_addr_any a;

	(void)argc;
	if (tunnel_address(NULL, argv[0], &ops, &a) != 0)
		return (ifopt_fail(err, EINVAL, "%s: %s is no address of a host", io->io_name, argv[0]));
	if (io->io_arg != 0) {
		if (ops != vx->vx_rops)		/* what was entered cannot be reached any more */
			vxlan_flush(vx, true);
		vx->vx_rops = ops;
		vx->vx_remote = a;
		vx->vx_group = false;
	} else {
		vx->vx_lops = ops;
		vx->vx_local = a;
	}
	return (conf_restart(vx, io, err));
}

static int
opt_group(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	struct vxlan *vx = ifp->if_softc;
	struct in_addr_any a = in4_any(0);
	uint8_t six[16];
	bool four;

	(void)argc;
	four = inaddr_pton(argv[0], &a.in4) == 0;
	if (four ? !in_multicast(a.in4) : in6addr_pton(argv[0], six) != 0 || !in6_multicast(six) || (six[1] & 0xf) <= IN6_SCOPE_LINK)
		return (ifopt_fail(err, EINVAL, "%s: %s is no group beyond a link", io->io_name, argv[0]));
	if (!four)
		memcpy(a.in6, six, sizeof(six));
	if (vx->vx_rops != (four ? &in_ops : &in6_ops))
		vxlan_flush(vx, true);
	vx->vx_rops = four ? &in_ops : &in6_ops;
	vx->vx_remote = a;
	vx->vx_group = true;
	return (conf_restart(vx, io, err));
}

static int
opt_dev(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	struct vxlan *vx = ifp->if_softc;
	struct ifnet *dev;
	int error;

	(void)argc;
	if ((error = ifopt_interface(ifp, argv[0], &dev, err)) != 0)
		return (error);
	if (dev == ifp)
		return (ifopt_fail(err, EINVAL, "%s: %s is the interface itself", io->io_name, argv[0]));
	memcpy(vx->vx_dev, dev->if_xname, sizeof(vx->vx_dev));
	return (conf_restart(vx, io, err));
}

static int
opt_port(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	int error = ifopt_u16(ifp, io, argv, argc, err);

	return (error != 0 ? error : conf_restart(ifp->if_softc, io, err));
}

static int
opt_range(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	struct vxlan *vx = ifp->if_softc;
	long long lo, hi;
	int error;

	(void)argc;
	if ((error = ifopt_number(io, argv[0], &lo, err)) != 0 || (error = ifopt_number(io, argv[1], &hi, err)) != 0)
		return (error);
	if (lo > hi)
		return (ifopt_fail(err, EINVAL, "%s: %lld is more than %lld", io->io_name, lo, hi));
	vx->vx_minport = (uint16_t)lo;
	vx->vx_maxport = (uint16_t)hi;
	return (0);
}

/* io_arg: those entered by hand, too. */
static int
opt_flush(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	(void)argv, (void)argc, (void)err;
	vxlan_flush(ifp->if_softc, io->io_arg != 0);
	return (0);
}

static int
get_station(const struct if_option *io, const char *text, uint8_t mac[ETHER_ADDR_LEN], char *err)
{
	if (ether_addr_pton(text, mac) != 0 || ether_multicast(mac) || ether_zero(mac))
		return (ifopt_fail(err, EINVAL, "%s: %s is not the address of a station", io->io_name, text));
	return (0);
}

/* It must be reached as the remote address is: by one socket, and so by one family. */
static int
opt_static(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	struct vxlan *vx = ifp->if_softc;
	const struct inet_ops *ops;
	uint8_t mac[ETHER_ADDR_LEN];
	struct in_addr_any a;
	int error;

	(void)argc;
	if ((error = get_station(io, argv[0], mac, err)) != 0)
		return (error);
	if (tunnel_address(NULL, argv[1], &ops, &a) != 0)
		return (ifopt_fail(err, EINVAL, "%s: %s is no address of a host", io->io_name, argv[1]));
	if (ops != vx->vx_rops)
		return (ifopt_fail(err, EAFNOSUPPORT, "%s: %s is not of the family of the remote address", io->io_name, argv[1]));
	return (vxlan_enter(vx, mac, &a));
}

static int
opt_deladdr(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	uint8_t mac[ETHER_ADDR_LEN];
	int error;

	(void)argc;
	if ((error = get_station(io, argv[0], mac, err)) != 0)
		return (error);
	if ((error = vxlan_forget(ifp->if_softc, mac)) != 0)
		return (ifopt_fail(err, error, "%s does not know %s", ifp->if_xname, argv[0]));
	return (0);
}

const struct if_option vxlan_options[] = {
	{ "vxlanid", 1, 1, opt_id, offsetof(struct vxlan, vx_vni), 0, VXLAN_MAXVNI },
	{ "vxlanlocal", 1, 1, opt_end, 0, 0, 0 },
	{ "vxlanremote", 1, 1, opt_end, 1, 0, 0 },
	{ "vxlangroup", 1, 1, opt_group, 0, 0, 0 },
	{ "vxlandev", 1, 1, opt_dev, 0, 0, 0 },
	{ "vxlanlocalport", 1, 1, opt_port, offsetof(struct vxlan, vx_lport), 1, 65535 },
	{ "vxlanremoteport", 1, 1, opt_port, offsetof(struct vxlan, vx_rport), 1, 65535 },
	{ "vxlanportrange", 2, 2, opt_range, 0, 1, 65535 },
	{ "vxlanttl", 1, 1, ifopt_u8, offsetof(struct vxlan, vx_ttl), 1, 255 },
	{ "vxlanlearn", 0, 0, ifopt_flag, offsetof(struct vxlan, vx_learn), 0, 0 },
	{ "-vxlanlearn", 0, 0, ifopt_flag, offsetof(struct vxlan, vx_learn), 0, 0 },
	{ "vxlanmaxaddr", 1, 1, ifopt_u32, offsetof(struct vxlan, vx_maxaddr), 0, 1 << 20 },
	{ "vxlantimeout", 1, 1, ifopt_u32, offsetof(struct vxlan, vx_timeout), 1, 86400 },
	{ "vxlanflush", 0, 0, opt_flush, 0, 0, 0 },
	{ "vxlanflushall", 0, 0, opt_flush, 1, 0, 0 },
	{ "vxlanstatic", 2, 2, opt_static, 0, 0, 0 },
	{ "vxlandeladdr", 1, 1, opt_deladdr, 0, 0, 0 },
	{ NULL, 0, 0, NULL, 0, 0, 0 },
};

static void
show_end(struct vnet *vn, const struct inet_ops *ops, const struct in_addr_any *a, uint16_t port, struct sbuf *sb)
{
	char text[TUNNEL_ADDRLEN];

	if (ops == NULL)
		sbuf_printf(sb, "-:%u", port);
	else
		sbuf_printf(sb, ops == &in_ops ? "%s:%u" : "[%s]:%u", tunnel_ntop(vn, ops, a, text), port);
}

void
vxlan_show(const struct ifnet *ifp, const struct ifopt_show *is)
{
	const struct vxlan *vx = ifp->if_softc;
	char text[160];
	struct sbuf sb;

	if (vx->vx_vni == UINT32_MAX)
		return;
	sbuf_init(&sb, text, sizeof(text));
	sbuf_printf(&sb, "vni %u local ", vx->vx_vni);
	show_end(ifp->if_vnet, vx->vx_lops, &vx->vx_local, vx->vx_lport, &sb);
	sbuf_cat(&sb, vx->vx_group ? " group " : " remote ");
	show_end(ifp->if_vnet, vx->vx_rops, &vx->vx_remote, vx->vx_rport, &sb);
	ifopt_put(is, NULL, NULL, "vxlan", "%s", text);
}

int
vxlan_show_list(const struct ifnet *ifp, const char *list, const struct ifopt_show *is)
{
	if (strcmp(list, "address") != 0)
		return (ENOENT);
	vxlan_table_show(ifp->if_softc, is);
	return (0);
}
