/* SPDX-License-Identifier: BSD-2-Clause */
/* Tunnels as interfaces: how they are made, and their options. */
#include "netinet/tunnel/tunnel.h"

#include <errno.h>
#include <string.h>

#include "base/in6addr.h"
#include "base/inaddr.h"
#include "base/sbuf.h"
#include "net/route.h"
#include "wire/gre.h"

int
tunnel_create(struct vnet *vn, enum tunnel_kind kind, const struct if_clone *ifc, uint32_t mtu, int unit, char name[IFNAMSIZ])
{
	struct ifnet *ifp;
	struct tunnel *tn;
	int error;

	if ((error = if_new_unit(vn, ifc, unit, name, &ifp)) != 0)
		return (error);
	tn = ifp->if_softc;
	tn->tn_if = ifp;
	tn->tn_kind = kind;
	ifp->if_flags = IFF_POINTOPOINT | IFF_MULTICAST;
	ifp->if_mtu = mtu;
	return (if_new_attach(ifp));
}

static int
tunnel_address6(struct vnet *vn, const char *text, struct in_addr_any *a)
{
	const char *zone = strchr(text, '%');
	char plain[TUNNEL_ADDRLEN];
	const struct ifnet *ifp;
	struct sbuf sb;
	uint8_t six[16];

	sbuf_init(&sb, plain, sizeof(plain));
	sbuf_printf(&sb, "%.*s", zone != NULL ? (int)(zone - text) : TUNNEL_ADDRLEN, text);
	if (in6addr_pton(plain, six) != 0 || in6_unspecified(six) || in6_multicast(six) || in6_linklocal(six) != (zone != NULL))
		return (EINVAL);
	if (zone != NULL) {
		if (vn == NULL || (ifp = ifnet_byname(vn, zone + 1)) == NULL)
			return (EINVAL);
		in6_setzone(six, ifp->if_index);
	}
	memcpy(a->in6, six, sizeof(six));
	return (0);
}

int
tunnel_address(struct vnet *vn, const char *text, const struct inet_ops **ops, struct in_addr_any *a)
{
	*a = in4_any(0);
	if (inaddr_pton(text, &a->in4) == 0) {
		*ops = &in_ops;
		return (a->in4 == 0 || in_multicast(a->in4) || in_broadcast(a->in4) ? EINVAL : 0);
	}
	*ops = &in6_ops;
	return (tunnel_address6(vn, text, a));
}

char *
tunnel_ntop(struct vnet *vn, const struct inet_ops *ops, const struct in_addr_any *a, char buf[TUNNEL_ADDRLEN])
{
	const struct ifnet *zone;
	struct in_addr_any plain = *a;
	char text[IN6ADDR_STRLEN];
	struct sbuf sb;

	if (ops == &in_ops)
		return (inaddr_ntop(buf, TUNNEL_ADDRLEN, a->in4));
	zone = ifnet_byindex(vn, in6_zone((const uint8_t *)a->in6));
	in6_setzone((uint8_t *)plain.in6, 0);
	sbuf_init(&sb, buf, TUNNEL_ADDRLEN);
	sbuf_cat(&sb, in6addr_ntop(text, (const uint8_t *)plain.in6));
	if (zone != NULL)
		sbuf_printf(&sb, "%%%s", zone->if_xname);
	return (buf);
}

int
tunnel_opt_ends(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	const struct inet_ops *ops[2];
	struct in_addr_any end[2];
	int error;

	(void)argc;
	for (int i = 0; i < 2; i++)
		if (tunnel_address(ifp->if_vnet, argv[i], &ops[i], &end[i]) != 0)
			return (ifopt_fail(err, EINVAL, "%s: %s is no address of a host", io->io_name, argv[i]));
	if (ops[0] != ops[1])
		return (ifopt_fail(err, EAFNOSUPPORT, "%s: addresses of two families", io->io_name));
	if (ops[0] == &in6_ops && in6_zone((const uint8_t *)end[0].in6) != in6_zone((const uint8_t *)end[1].in6))
		return (ifopt_fail(err, EINVAL, "%s: addresses of two zones", io->io_name));
	if (in_addr_eq(&end[0], &end[1]))
		return (ifopt_fail(err, EADDRNOTAVAIL, "%s: both ends are %s", io->io_name, argv[0]));
	if ((error = tunnel_setends(ifp->if_softc, ops[0], &end[0], &end[1])) == EADDRNOTAVAIL)
		return (ifopt_fail(err, error, "%s: another tunnel has these ends", io->io_name));
	return (error != 0 ? ifopt_fail(err, error, "%s: UDP's port %u cannot be had", io->io_name, GRE_UDPPORT) : 0);
}

int
tunnel_opt_noends(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	(void)io;
	(void)argv;
	(void)argc;
	(void)err;
	return (tunnel_setends(ifp->if_softc, NULL, NULL, NULL));
}

int
tunnel_opt_fib(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	struct tunnel *tn = ifp->if_softc;
	long long fib;
	int error;

	(void)argc;
	if ((error = ifopt_number(io, argv[0], &fib, err)) != 0)
		return (error);
	if (fib >= rt_nfibs(ifp->if_vnet))
		return (ifopt_fail(err, EINVAL, "%s: there are %u routing tables", io->io_name, rt_nfibs(ifp->if_vnet)));
	tn->tn_fib = (uint32_t)fib;
	return (0);
}

void
tunnel_show(const struct ifnet *ifp, const struct ifopt_show *is)
{
	const struct tunnel *tn = ifp->if_softc;
	char src[TUNNEL_ADDRLEN], dst[TUNNEL_ADDRLEN];

	if (tn->tn_ops == NULL)
		return;
	ifopt_put(is, NULL, NULL, "tunnel", "%s %s --> %s", tn->tn_ops == &in_ops ? "inet" : "inet6",
	    tunnel_ntop(ifp->if_vnet, tn->tn_ops, &tn->tn_src, src), tunnel_ntop(ifp->if_vnet, tn->tn_ops, &tn->tn_dst, dst));
	if (tn->tn_fib != 0)
		ifopt_put(is, NULL, NULL, "tunnelfib", "%u", tn->tn_fib);
}
