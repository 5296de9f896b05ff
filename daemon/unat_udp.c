/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: datagrams of the jail in the host's network (RFC 4787).
 *
 * Each address and port that the jail sends from has one socket of the host, with a port of the host's choice, for all it talks to: endpoint-independent
 * mapping (REQ-1), and filtering too (REQ-8).  It goes when nothing went out for five minutes (REQ-5), or half a minute when there was only talk with resolvers.
 * A forward (unat_forward.c) makes the mapping of one address and port beforehand, with a port that it names.
 *
 * Where the host has resolvers of one family only, what is asked of the other's goes by a mapping of its own.
 *
 * What hosts of the host's network answer comes from where they are; errors that the host is told of, the jail is told.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <unistd.h>

#include "daemon/unat_raw.h"

#define UDP_TIMEOUT	(300 * NAT_SEC)
#define UDP_DNSTIMEOUT	(30 * NAT_SEC)
#define UDP_TURN	64
#define UDP_NCLIENTS	64

/* Who has come to a forward from the host's loopback interface, lately: he may be answered, whatever else there is forbidden. */
struct nat_clients {
	uint16_t	nc_port[UDP_NCLIENTS];	/* network order */
	unsigned	nc_next;
};

struct nat_udp {
	struct nat_flow	 nu_flow;
	bool		 nu_dns;	/* asked the resolver by our name for it */
	bool		 nu_other;	/* sent to other ports than a resolver's */
	struct nat_clients *nu_fixed;	/* of a forward; NULL: a mapping that expires */
};

static void
udp_free(struct nat_flow *nf)
{
	struct nat_udp *nu = (struct nat_udp *)nf;

	nat_flow_remove(nf);
	nat_release(nf->nf_nat, nu->nu_fixed, sizeof(*nu->nu_fixed));
	nat_release(nf->nf_nat, nu, sizeof(*nu));
}

static void
udp_touch(struct nat_udp *nu)
{
	if (nu->nu_fixed == NULL)
		nu->nu_flow.nf_until = nat_now(nu->nu_flow.nf_nat) + (nu->nu_other ? UDP_TIMEOUT : UDP_DNSTIMEOUT);
}

static bool
client_known(const struct nat_clients *nc, uint16_t port)
{
	for (unsigned i = 0; nc != NULL && i < UDP_NCLIENTS; i++)
		if (nc->nc_port[i] == port)
			return true;
	return false;
}

static void
client_add(struct nat_clients *nc, uint16_t port)
{
	if (!client_known(nc, port))
		nc->nc_port[nc->nc_next++ % UDP_NCLIENTS] = port;
}

/* From the host */

static void
udp_deliver(struct nat_udp *nu, struct nat_packet *pk)
{
	struct nat *na = nu->nu_flow.nf_nat;
	struct udphdr uh = { .dest = pk->pk_dst.sa_port, .len = htons((uint16_t)(sizeof(uh) + pk->pk_len)) };

	if (nu->nu_flow.nf_pair.np_far.sa_family != 0) {
		if (!nat_answers(na, pk->pk_dst.sa_family, &pk->pk_src))
			return;
		pk->pk_src = nu->nu_flow.nf_pair.np_far;
	} else if (!nat_unmap(na, &pk->pk_src, nu->nu_dns)) {
		if (nu->nu_fixed == NULL || !nat_isgateway(na, &pk->pk_src))
			return;
		client_add(nu->nu_fixed, pk->pk_src.sa_port);
	}
	uh.source = pk->pk_src.sa_port;
	udp_touch(nu);
	pk->pk_proto = IPPROTO_UDP;
	nat_raw_send(na, pk, &uh, sizeof(uh), offsetof(struct udphdr, check));
}

static bool
udp_receive(struct nat_udp *nu)
{
	struct nat_packet pk;
	int error = nat_host_receive(&nu->nu_flow, &pk);

	if (error == 0)
		udp_deliver(nu, &pk);
	return error == 0 || error == EINTR;
}

/* What the host was told of something that the jail sent. */
static uint32_t
udp_errors(struct nat_flow *nf)
{
	const struct nat_udp *nu = (struct nat_udp *)nf;
	struct nat *na = nf->nf_nat;
	uint8_t buf[sizeof(struct udphdr) + 512];
	struct udphdr *uh = (void *)buf;
	struct nat_hosterr he;
	uint32_t mtu = 0;

	while (nat_host_error(nf, &he, buf + sizeof(*uh), sizeof(buf) - sizeof(*uh))) {
		struct nat_packet pk = { .pk_src = nu->nu_flow.nf_pair.np_jail, .pk_dst = he.he_dst, .pk_proto = IPPROTO_UDP, .pk_ttl = 1,
			.pk_data = buf, .pk_len = sizeof(*uh) + he.he_len };

		if (he.he_mtu != 0) {
			mtu = he.he_mtu;
			continue;
		}
		if (nf->nf_pair.np_far.sa_family != 0) {	/* the other family's have other numbers */
			pk.pk_dst = nf->nf_pair.np_far;
			(void)nat_error_make(pk.pk_dst.sa_family, ECONNREFUSED, &he.he_error);
		} else {
			(void)nat_unmap(na, &pk.pk_dst, nu->nu_dns);
			(void)nat_unmap(na, &he.he_error.ne_from, false);
		}
		*uh = (struct udphdr){ .source = pk.pk_src.sa_port, .dest = pk.pk_dst.sa_port, .len = htons((uint16_t)pk.pk_len) };
		nat_error_send(na, &he.he_error, &pk);
	}
	return mtu;
}

static const struct nat_kind udp_kind = { .nk_free = udp_free, .nk_expire = udp_free, .nk_errors = udp_errors };

static void
udp_event(struct lx_event *le, uint32_t events)
{
	struct nat_udp *nu = CONTAINER(le, struct nat_udp, nu_flow.nf_event);

	if (!nat_begin(nu->nu_flow.nf_nat))
		return;
	if ((events & EPOLLERR) != 0)
		(void)udp_errors(&nu->nu_flow);
	for (int i = 0; i < UDP_TURN && udp_receive(nu); i++)
		;
	nat_done(nu->nu_flow.nf_nat);
}

/* From the jail */

/* A mapping with this descriptor, which is closed when that fails. */
static int
udp_open(struct nat *na, const struct nat_pair *np, int fd, struct nat_udp **nup)
{
	struct nat_udp *nu = nat_alloc(na, sizeof(*nu));
	struct nat_flow *nf = &nu->nu_flow;
	int error;

	if (nu == NULL || !nat_flow_add(na, nf, &udp_kind, np)) {
		nat_release(na, nu, sizeof(*nu));
		close(fd);
		return ENOBUFS;
	}
	nf->nf_fd = fd;
	if ((error = nat_host_setup(nf)) == 0)
		error = lx_loop_add(na->na_worker->w_loop, &nf->nf_event, fd, EPOLLIN, udp_event);
	if (error != 0)
		udp_free(nf);
	else
		*nup = nu;
	return error;
}

static int
udp_get(struct nat *na, const struct nat_pair *np, struct nat_udp **nup)
{
	int fd;

	if ((*nup = (struct nat_udp *)nat_flow_find(na, &udp_kind, np)) != NULL)
		return 0;
	if ((fd = socket(nat_hostinet6(np) ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) < 0)
		return errno;
	return udp_open(na, np, fd, nup);
}

int
nat_udp_fix(struct nat *na, const struct vi_sockaddr *jail, int fd, struct nat_udp **nup)
{
	const struct nat_pair np = { .np_jail = *jail };
	struct nat_udp *nu = (struct nat_udp *)nat_flow_find(na, &udp_kind, &np);
	const bool taken = nu != NULL && nu->nu_fixed != NULL;
	struct nat_clients *nc = taken ? NULL : nat_alloc(na, sizeof(*nc));
	int error;

	if (nc == NULL) {
		close(fd);
		return taken ? EEXIST : ENOMEM;
	}
	if (nu != NULL)
		udp_free(&nu->nu_flow);
	if ((error = udp_open(na, &np, fd, &nu)) != 0) {
		nat_release(na, nc, sizeof(*nc));
		return error;
	}
	nu->nu_fixed = nc;
	*nup = nu;
	return 0;
}

void
nat_udp_unfix(struct nat_udp *nu)
{
	udp_free(&nu->nu_flow);
}

/* Where the datagram goes, as the host says it. */
static int
udp_target(struct nat *na, const struct nat_udp *nu, const struct vi_sockaddr *to, struct vi_sockaddr *host)
{
	int error = nat_map(na, to, host);

	if (error == 0 || nu == NULL || !nat_isgateway(na, to) || !client_known(nu->nu_fixed, to->sa_port))
		return error;
	nat_loopback(host);
	return 0;
}

static int
udp_send(struct nat *na, const struct nat_packet *pk, const struct vi_sockaddr *to, uint16_t sport)
{
	struct nat_pair np = { .np_jail = pk->pk_src };
	struct vi_sockaddr host;
	struct nat_udp *nu;
	int error;

	np.np_jail.sa_port = sport;
	nu = (struct nat_udp *)nat_flow_find(na, &udp_kind, &np);
	if ((error = udp_target(na, nu, to, &host)) != 0)
		return error;
	if (host.sa_family != to->sa_family)
		np.np_far = *to;
	if ((error = udp_get(na, &np, &nu)) != 0)
		return error;
	nu->nu_dns |= nat_isresolver(na, to);
	nu->nu_other |= to->sa_port != htons(53);
	udp_touch(nu);
	return nat_host_send(&nu->nu_flow, pk, &host, pk->pk_data + sizeof(struct udphdr), pk->pk_len - sizeof(struct udphdr));
}

void
nat_udp_input(struct nat *na, const struct nat_packet *pk)
{
	struct vi_sockaddr to = pk->pk_dst;
	struct nat_error ne;
	struct udphdr uh;
	int error;

	if (pk->pk_len < sizeof(uh))
		return;
	memcpy(&uh, pk->pk_data, sizeof(uh));
	to.sa_port = uh.dest;
	if (ntohs(uh.len) != pk->pk_len || uh.source == 0)
		return;
	if (uh.dest == htons(67) && to.sa_family == VI_AF_INET && nat_dhcp_input(na, pk->pk_data + sizeof(uh), pk->pk_len - sizeof(uh)))
		return;
	if (!nat_isunicast(&to))
		return;		/* of the link alone, and nobody else is on it */
	if (!nat_isonlink(na, &pk->pk_src)) {
		na->na_refused++;
		return;
	}
	if (pk->pk_ttl <= 1 && !nat_isgateway(na, &to)) {
		nat_error_ttl(na, pk);
		return;
	}
	if ((error = udp_send(na, pk, &to, uh.source)) != 0 && nat_error_make(to.sa_family, error, &ne))
		nat_error_send(na, &ne, pk);
}
