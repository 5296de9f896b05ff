/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Name servers and search lists that routers tell of (RFC 8106).  The stack asks no names: it keeps what it heard, for as long as it was
 * told to, and shows it: vi_nd_dns(), and net.inet6.icmp6.nd6_resolv in the words of resolv.conf(5), for whoever writes that file.
 */
#include <errno.h>
#include <string.h>

#include "base/sbuf.h"
#include "base/util.h"
#include "netinet/nd6/nd6_int.h"

#define DNS_INFINITE	0xffffffffu

static void
dns_free(struct nd6_vnet *nv, struct nd6_dns *nd)
{
	TAILQ_REMOVE(&nv->nv_dns, nd, nd_link);
	nv->nv_ndns--;
	kfree(vnet_acct(nv->nv_vnet), ACCT_NEIGH, nd, sizeof(*nd));
}

static bool
dns_same(const struct nd6_dns *a, const struct nd6_dns *b)
{
	return (a->nd_ifp == b->nd_ifp && in6_equal(a->nd_addr, b->nd_addr) && strcmp(a->nd_domain, b->nd_domain) == 0);
}

/* RFC 8106 5.3.1: what would be forgotten first makes room for what lasts longer. */
static bool
dns_room(struct nd6_vnet *nv, uint64_t expire)
{
	struct nd6_dns *nd, *least = NULL;

	if (nv->nv_ndns < ND6_MAXDNS)
		return (true);
	TAILQ_FOREACH(nd, &nv->nv_dns, nd_link)
		if (least == NULL || nd->nd_expire < least->nd_expire)
			least = nd;
	nv->nv_stat.ns_routersfull++;
	if (least == NULL || least->nd_expire >= expire)
		return (false);
	dns_free(nv, least);
	return (true);
}

/* RFC 8106 5.1, 5.2: a lifetime of 0 means that it is not to be used any more. */
static void
dns_update(struct nd6_vnet *nv, const struct nd6_dns *new, uint32_t life)
{
	const uint64_t expire = life == DNS_INFINITE ? UINT64_MAX : vnet_now(nv->nv_vnet) + life * ND6_SEC;
	struct nd6_dns *nd;

	TAILQ_FOREACH(nd, &nv->nv_dns, nd_link)
		if (dns_same(nd, new))
			break;
	if (nd == NULL) {
		if (life == 0 || !dns_room(nv, expire))
			return;
		if ((nd = kmalloc(vnet_acct(nv->nv_vnet), ACCT_NEIGH, sizeof(*nd))) == NULL) {
			nv->nv_stat.ns_nomem++;
			return;
		}
		*nd = *new;
		TAILQ_INSERT_TAIL(&nv->nv_dns, nd, nd_link);
		nv->nv_ndns++;
	}
	memcpy(nd->nd_router, new->nd_router, sizeof(nd->nd_router));
	nd->nd_expire = expire;
	if (life == 0)
		dns_free(nv, nd);
}

static uint32_t
dns_lifetime(const struct nd_opt *no)
{
	uint32_t life;

	memcpy(&life, no->no_p + 4, sizeof(life));
	return (NTOHL(life));
}

/* RFC 8106 5.1: whole addresses, at least one. */
void
nd6_rdnss_input(struct nd6_vnet *nv, struct ifnet *ifp, const uint8_t router[16], const struct nd_opt *no)
{
	struct nd6_dns new = { .nd_ifp = ifp };

	if (no->no_len < 24 || no->no_len % 16 != 8)
		return;
	memcpy(new.nd_router, router, sizeof(new.nd_router));
	for (size_t off = 8; off < no->no_len; off += 16) {
		memcpy(new.nd_addr, no->no_p + off, sizeof(new.nd_addr));
		if (in6_multicast(new.nd_addr) || in6_unspecified(new.nd_addr))
			continue;
		in6_setzone(new.nd_addr, ifp->if_index);
		dns_update(nv, &new, dns_lifetime(no));
	}
}

/* A label may stand in a resolv.conf: letters, digits, hyphens and underscores. */
static bool
dns_labelok(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		const uint8_t c = p[i] | 0x20;

		if (!(c >= 'a' && c <= 'z') && !(p[i] >= '0' && p[i] <= '9') && p[i] != '-' && p[i] != '_')
			return (false);
	}
	return (true);
}

/* One name at *off, as RFC 1035 3.1 writes it but never compressed; "" at the padding.  False: it is none. */
static bool
dns_name(const struct nd_opt *no, size_t *off, char name[ND6_DOMAINLEN])
{
	size_t n = 0, len;

	name[0] = '\0';
	while (*off < no->no_len && (len = no->no_p[(*off)++]) != 0) {
		if (len > 63 || len > no->no_len - *off || n + len + 2 > ND6_DOMAINLEN || !dns_labelok(no->no_p + *off, len))
			return (false);
		if (n > 0)
			name[n++] = '.';
		memcpy(name + n, no->no_p + *off, len);
		n += len;
		name[n] = '\0';
		*off += len;
	}
	return (*off < no->no_len || n == 0 || no->no_p[no->no_len - 1] == 0);
}

/* RFC 8106 5.2. */
void
nd6_dnssl_input(struct nd6_vnet *nv, struct ifnet *ifp, const uint8_t router[16], const struct nd_opt *no)
{
	struct nd6_dns new = { .nd_ifp = ifp };
	size_t off = 8;

	if (no->no_len < 16)
		return;
	memcpy(new.nd_router, router, sizeof(new.nd_router));
	while (off < no->no_len && dns_name(no, &off, new.nd_domain) && new.nd_domain[0] != '\0')
		dns_update(nv, &new, dns_lifetime(no));
}

void
nd6_dns_slow(struct nd6_vnet *nv, uint64_t now)
{
	struct nd6_dns *nd, *next;

	for (nd = TAILQ_FIRST(&nv->nv_dns); nd != NULL; nd = next) {
		next = TAILQ_NEXT(nd, nd_link);
		if (nd->nd_expire <= now)
			dns_free(nv, nd);
	}
}

void
nd6_dns_flush(struct nd6_vnet *nv, const struct ifnet *ifp)
{
	struct nd6_dns *nd, *next;

	for (nd = TAILQ_FIRST(&nv->nv_dns); nd != NULL; nd = next) {
		next = TAILQ_NEXT(nd, nd_link);
		if (ifp == NULL || nd->nd_ifp == ifp)
			dns_free(nv, nd);
	}
}

void
nd6_dns_list(struct vnet *vn, vi_nd_dns_fn *fn, void *arg)
{
	const uint64_t now = vnet_now(vn);
	const struct nd6_dns *nd;

	TAILQ_FOREACH(nd, &nd6_vnet(vn)->nv_dns, nd_link) {
		struct vi_nd_dns out = { .dn_domain = nd->nd_domain };

		if (nd->nd_domain[0] == '\0')
			nd6_sockaddr(nd->nd_addr, &out.dn_server);
		nd6_sockaddr(nd->nd_router, &out.dn_router);
		memcpy(out.dn_ifname, nd->nd_ifp->if_xname, sizeof(out.dn_ifname));
		out.dn_expire = nd->nd_expire == UINT64_MAX ? 0 : nd->nd_expire > now ? nd->nd_expire - now : 1;
		fn(arg, &out);
	}
}

static void
dns_put_server(struct sbuf *sb, const struct nd6_dns *nd)
{
	uint8_t a[16];
	char text[40];

	memcpy(a, nd->nd_addr, sizeof(a));
	in6_setzone(a, 0);
	sbuf_printf(sb, "nameserver %s", nd6_addrname(a, text));
	if (in6_zoned(a))
		sbuf_printf(sb, "%%%s", nd->nd_ifp->if_xname);
	sbuf_printf(sb, "\n");
}

/* net.inet6.icmp6.nd6_resolv: the file it would be. */
int
nd6_resolv_sysctl(struct vnet *vn, const struct sysctl_desc *sd, const char *value, char *buf, size_t len)
{
	const struct nd6_vnet *nv = nd6_vnet(vn);
	const struct nd6_dns *nd;
	unsigned n = 0;
	struct sbuf sb;

	(void)sd, (void)value;
	if (len == 0)
		return (ENOMEM);
	sbuf_init(&sb, buf, len);
	TAILQ_FOREACH(nd, &nv->nv_dns, nd_link)
		if (nd->nd_domain[0] != '\0')
			sbuf_printf(&sb, "%s %s", n++ == 0 ? "search" : "", nd->nd_domain);
	if (n > 0)
		sbuf_printf(&sb, "\n");
	TAILQ_FOREACH(nd, &nv->nv_dns, nd_link)
		if (nd->nd_domain[0] == '\0')
			dns_put_server(&sb, nd);
	return (sbuf_finish(&sb));
}
