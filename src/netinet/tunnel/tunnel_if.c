/* SPDX-License-Identifier: BSD-2-Clause */
/* Tunnels as interfaces: how they are made, and their options. */
#include "netinet/tunnel/tunnel.h"

#include <errno.h>
#include <string.h>

#include "base/in6addr.h"
#include "base/inaddr.h"
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

int
tunnel_address(const char *text, const struct inet_ops **ops, struct in_addr_any *a)
{
	uint8_t six[16];

	*a = in4_any(0);
	if (inaddr_pton(text, &a->in4) == 0) {
		*ops = &in_ops;
		return (a->in4 == 0 || in_multicast(a->in4) || in_broadcast(a->in4) ? EINVAL : 0);
	}
	if (in6addr_pton(text, six) != 0 || in6_unspecified(six) || in6_multicast(six) || in6_linklocal(six))
		return (EINVAL);
	memcpy(a->in6, six, sizeof(six));
	*ops = &in6_ops;
	return (0);
}

char *
tunnel_ntop(const struct inet_ops *ops, const struct in_addr_any *a, char buf[TUNNEL_ADDRLEN])
{
	if (ops == &in_ops)
		return (inaddr_ntop(buf, TUNNEL_ADDRLEN, a->in4));
	return (in6addr_ntop(buf, (const uint8_t *)a->in6));
}

int
tunnel_opt_ends(struct ifnet *ifp, const struct if_option *io, const char *const *argv, unsigned argc, char *err)
{
	const struct inet_ops *ops[2];
	struct in_addr_any end[2];
	int error;

	(void)argc;
	for (int i = 0; i < 2; i++)
		if (tunnel_address(argv[i], &ops[i], &end[i]) != 0)
			return (ifopt_fail(err, EINVAL, "%s: %s is no address of a host", io->io_name, argv[i]));
	if (ops[0] != ops[1])
		return (ifopt_fail(err, EAFNOSUPPORT, "%s: addresses of two families", io->io_name));
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
	ifopt_put(is, NULL, NULL, "tunnel", "%s %s --> %s", tn->tn_ops == &in_ops ? "inet" : "inet6", tunnel_ntop(tn->tn_ops, &tn->tn_src, src),
	    tunnel_ntop(tn->tn_ops, &tn->tn_dst, dst));
	if (tn->tn_fib != 0)
		ifopt_put(is, NULL, NULL, "tunnelfib", "%u", tn->tn_fib);
}
