/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/packet/stack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vimage/ifnet.h>
#include <vimage/route.h>
#include <vimage/sysctl.h>

#include "mbuf/mbuf.h"
#include "net/ifnet.h"
#include "netinet/ip/ip_segment.h"
#include "netinet/ip6/ip6_var.h"
#include "wire/ether.h"
#include "wire/ip.h"

const struct vi_cred pd_cred = { .cr_uid = 0, .cr_gid = 0, .cr_priv = true };

/* An interface's operations have no argument of ours: one stack at a time. */
static struct pd_stack *pd_current;

static void
pd_check(const char *what, int error)
{
	if (error == 0)
		return;
	fprintf(stderr, "vimage: %s: %s\n", what, strerror(error));
	exit(1);
}

uint64_t
pd_now(const struct pd_stack *ps)
{
	return (vi_sim_now(ps->ps_host));
}

/* What the link says for itself (multicast listeners, neighbours) is nothing a script knows of. */
static bool
pd_ischatter(const uint8_t *p, size_t len)
{
	if (p[0] >> 4 == 4)
		return (p[9] == IPPROTO_IGMP);
	return (len < 41 || p[6] == 0 || (p[6] == IPPROTO_ICMPV6 && p[40] >= 130));
}

/* Complete, as a wire would carry it; consumes m. */
static void
pd_keep(struct pd_stack *ps, struct mbuf *m, bool six)
{
	struct pd_packet *pp;

	if ((m->m_pkt.csum_flags & CSUM_DELAY_DATA) != 0 &&
	    (m = six ? in6_delayed_cksum(m) : in_delayed_cksum(m)) == NULL)
		return;
	if ((pp = calloc(1, sizeof(*pp) + m->m_pkt.len)) == NULL)
		abort();
	pp->pp_time = pd_now(ps);
	pp->pp_len = m->m_pkt.len;
	(void)m_copydata(m, 0, pp->pp_len, pp->pp_data);
	m_freem(m);
	if (pd_ischatter(pp->pp_data, pp->pp_len)) {
		free(pp);
		return;
	}
	*ps->ps_tail = pp;
	ps->ps_tail = &pp->pp_next;
}

static int
pd_output(struct ifnet *ifp, struct mbuf *m, const struct net_addr *nh)
{
	const bool six = nh->na_af == NET_AF_INET6;
	struct mbuf *next;
	unsigned n;

	(void)ifp;
	if (pd_current->ps_refuses) {
		m_freem(m);
		return (ENOBUFS);
	}
	if (m->m_pkt.segsz != 0)
		m = six ? ip6_segment(m, &n) : ip_segment(m, &n);
	for (; m != NULL; m = next) {
		next = m->m_nextpkt;
		m->m_nextpkt = NULL;
		pd_keep(pd_current, m, six);
	}
	return (0);
}

/* ARP, and what else has a link header of its own. */
static int
pd_transmit(struct ifnet *ifp, struct mbuf *m)
{
	(void)ifp;
	m_freem(m);
	return (0);
}

static void
pd_input(struct ifnet *ifp, struct mbuf *m)
{
	net_input(ifp, *mtod(m, uint8_t *) >> 4 == 4 ? ETHERTYPE_IP : ETHERTYPE_IPV6, m);
}

static const struct ifnet_ops pd_ops = {
	.ifo_output = pd_output,
	.ifo_transmit = pd_transmit,
	.ifo_input = pd_input,
};

static void
pd_address(struct pd_stack *ps, const char *ifname, const struct vi_ifaddr *ia)
{
	struct vi_route rt = { .rt_flags = VI_RTF_UP | VI_RTF_STATIC };

	pd_check("address", vi_if_addr_add(ps->ps_vn, ifname, ia, false));
	rt.rt_dst.sa_family = ia->ia_addr.sa_family;
	snprintf(rt.rt_ifname, sizeof(rt.rt_ifname), "%s", ifname);
	pd_check("default route", vi_route_add(ps->ps_vn, &rt));
}

static void
pd_link(struct pd_stack *ps, unsigned mtu, char name[VI_IFNAMSIZ])
{
	struct ifnet *far;
	char farname[VI_IFNAMSIZ];

	pd_check("epair", vi_if_create(ps->ps_vn, "epair", name));
	ps->ps_if = ifnet_byname((struct vnet *)ps->ps_vn, name);
	far = ps->ps_if->if_cloner->ifc_peer(ps->ps_if);
	memcpy(farname, far->if_xname, sizeof(farname));
	ps->ps_if->if_ops = &pd_ops;
	pd_check("up", vi_if_set_flags(ps->ps_vn, farname, VI_IFF_UP, 0));
	pd_check("up", vi_if_set_flags(ps->ps_vn, name, VI_IFF_UP, 0));
	pd_check("mtu", vi_if_set_mtu(ps->ps_vn, name, mtu));
}

void
pd_stack_init(struct pd_stack *ps, const struct vi_ifaddr *ia, unsigned n, unsigned mtu)
{
	struct vi_kernel_params kp;
	char name[VI_IFNAMSIZ];

	memset(ps, 0, sizeof(*ps));
	ps->ps_tail = &ps->ps_head;
	pd_current = ps;
	pd_check("host", vi_host_sim_new(1, &ps->ps_host));
	kp = (struct vi_kernel_params){ .kp_host = ps->ps_host };
	pd_check("kernel", vi_kernel_new(&kp, &ps->ps_kernel));
	pd_check("vnet", vi_vnet_create(ps->ps_kernel, "packetdrill", &ps->ps_vn));
	pd_check("lo0", vi_if_set_flags(ps->ps_vn, "lo0", VI_IFF_UP, 0));
	pd_link(ps, mtu, name);
	for (unsigned i = 0; i < n; i++)
		pd_address(ps, name, &ia[i]);
	pd_settle(ps);
	vi_sim_advance(ps->ps_host, PD_SEC);
	pd_settle(ps);
	while (ps->ps_head != NULL)
		free(pd_take(ps));
}

void
pd_stack_fini(struct pd_stack *ps)
{
	while (ps->ps_head != NULL)
		free(pd_take(ps));
	if (vi_kernel_free(ps->ps_kernel, NULL, NULL) != 0)
		fprintf(stderr, "vimage: something was left behind\n");
	vi_host_sim_free(ps->ps_host);
	pd_current = NULL;
}

void
pd_settle(struct pd_stack *ps)
{
	while (vi_kernel_poll(ps->ps_kernel) == 0)
		;
}

bool
pd_step(struct pd_stack *ps, uint64_t until)
{
	uint64_t now = pd_now(ps), wait;

	while ((wait = vi_kernel_poll(ps->ps_kernel)) == 0)
		;
	if (now >= until)
		return (false);
	vi_sim_advance(ps->ps_host, wait < until - now ? wait : until - now);
	pd_settle(ps);
	return (true);
}

int
pd_inject(struct pd_stack *ps, const void *packet, size_t len)
{
	struct mbuf *m;

	if (len == 0 || (m = m_frombuf(vnet_acct(ps->ps_if->if_vnet), packet, len, 0)) == NULL)
		return (-1);
	/* No headers are longer, and no script has a packet that is longer by less. */
	if (ps->ps_cut != 0 && len > ps->ps_cut + 120u) {
		m->m_pkt.segsz = ps->ps_cut;
		m->m_pkt.csum_flags |= CSUM_TCP | CSUM_TSO;
	}
	if_deliver(ps->ps_if, m);
	pd_settle(ps);
	return (0);
}

struct pd_packet *
pd_take(struct pd_stack *ps)
{
	struct pd_packet *pp = ps->ps_head;

	if (pp != NULL && (ps->ps_head = pp->pp_next) == NULL)
		ps->ps_tail = &ps->ps_head;
	return (pp);
}
