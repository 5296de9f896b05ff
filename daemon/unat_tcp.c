/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: connections from the jail to the host's network.
 *
 * The first segment is held, and a socket of the host connects.  When that has an answer, the jail gets the same: the segment is let into the far stack, where
 * either a listener waits at the address and port that the jail means, or nobody does, and TCP sends a reset; or an ICMP error says what the host said.
 * So connect(2) in the jail returns what it would outside.  A repeated first segment is dropped meanwhile.
 *
 * Listeners are shared by all that wait for the same address and port, and gone when the last of these has shaken hands.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "daemon/unat_tcp.h"
#include "linux/sockaddr.h"

#define TCP_PATIENCE	(75 * NAT_SEC)	/* for a handshake with the jail */
#define TCP_BACKLOG	1024

struct nat_listener {
	LIST_ENTRY(nat_listener) nl_link;
	struct nat	*nl_nat;
	struct vi_sockaddr nl_addr;
	struct vi_socket *nl_so;
	unsigned	 nl_refs;
};

/* Listeners */

static void
listener_free(struct nat_listener *nl)
{
	LIST_REMOVE(nl, nl_link);
	if (nl->nl_so != NULL)
		vi_close(nl->nl_so);
	nat_release(nl->nl_nat, nl, sizeof(*nl));
}

static void
listener_release(struct nat_tcp *nt)
{
	struct nat_listener *nl = nt->nt_listener;

	nt->nt_listener = NULL;
	if (nl != NULL && --nl->nl_refs == 0)
		listener_free(nl);
}

/* A connection has come about: whose? */
static void
listener_accepted(struct nat_listener *nl, struct vi_socket *so, const struct vi_sockaddr *jail)
{
	const struct nat_pair np = { .np_jail = *jail, .np_far = nl->nl_addr };
	struct nat_tcp *nt = (struct nat_tcp *)nat_flow_find(nl->nl_nat, &nat_tcp_kind, &np);

	if (nt == NULL || nt->nt_state != NT_OPENING) {
		(void)vi_tcp_abort(so);
		vi_close(so);
		return;
	}
	nt->nt_so = so;
	listener_release(nt);
	nat_relay_start(nt);
}

static void
listener_upcall(struct vi_socket *so, unsigned events, void *arg)
{
	struct nat_listener *nl = arg;
	struct vi_socket *conn;
	struct vi_sockaddr jail;

	(void)events;
	if (vi_socket_dead(so)) {
		nl->nl_so = NULL;
		vi_close(so);
		return;
	}
	/* The last one takes the listener with it. */
	nl->nl_refs++;
	while (vi_accept(so, &conn, &jail) == 0)
		listener_accepted(nl, conn, &jail);
	if (--nl->nl_refs == 0)
		listener_free(nl);
}

static int
listener_open(struct nat_listener *nl)
{
	const struct vi_cred root = { .cr_priv = true };
	int error;

	if ((error = vi_socket(nl->nl_nat->na_far, nl->nl_addr.sa_family, VI_SOCK_STREAM, 0, &root, &nl->nl_so)) != 0 ||
	    (error = nat_transparent(nl->nl_so, nl->nl_addr.sa_family)) != 0 ||
	    (error = nat_setint(nl->nl_so, VI_SO_REUSEADDR, 1)) != 0 ||
	    (error = vi_bind(nl->nl_so, &nl->nl_addr)) != 0 || (error = vi_listen(nl->nl_so, TCP_BACKLOG)) != 0)
		return error;
	vi_socket_upcall(nl->nl_so, listener_upcall, nl);
	return 0;
}

static int
listener_get(struct nat *na, const struct vi_sockaddr *addr, struct nat_listener **nlp)
{
	struct nat_listener *nl;
	int error;

	LIST_FOREACH(nl, &na->na_listeners, nl_link)
		if (memcmp(&nl->nl_addr, addr, sizeof(*addr)) == 0)
			break;
	if (nl == NULL) {
		if ((nl = nat_alloc(na, sizeof(*nl))) == NULL)
			return ENOMEM;
		nl->nl_nat = na;
		nl->nl_addr = *addr;
		LIST_INSERT_HEAD(&na->na_listeners, nl, nl_link);
		if ((error = listener_open(nl)) != 0) {
			listener_free(nl);
			return error;
		}
	}
	nl->nl_refs++;
	*nlp = nl;
	return 0;
}

/* Connections */

static void
tcp_free(struct nat_flow *nf)
{
	struct nat_tcp *nt = (struct nat_tcp *)nf;

	if (nt->nt_state == NT_NEW)
		STAILQ_REMOVE(&nf->nf_nat->na_new, nt, nat_tcp, nt_newlink);
	listener_release(nt);
	if (nt->nt_so != NULL)
		vi_close(nt->nt_so);
	nat_flow_remove(nf);
	nat_release(nf->nf_nat, nt->nt_syn, nt->nt_synlen);
	nat_release(nf->nf_nat, nt, sizeof(*nt));
}

/* Only those that wait for the jail have a time. */
static void
tcp_expire(struct nat_flow *nf)
{
	nat_tcp_reset((struct nat_tcp *)nf);
}

const struct nat_kind nat_tcp_kind = { .nk_free = tcp_free, .nk_expire = tcp_expire };

/* Lets the first segment go where it wanted to. */
static void
tcp_let_in(struct nat_tcp *nt, enum nat_tcp_state state)
{
	nt->nt_state = state;
	nt->nt_flow.nf_until = nat_now(nt->nt_flow.nf_nat) + TCP_PATIENCE;
	(void)vi_unat_input(nt->nt_flow.nf_nat->na_unat, nt->nt_syn, nt->nt_synlen);	/* lost: the jail sends it again */
	nat_release(nt->nt_flow.nf_nat, nt->nt_syn, nt->nt_synlen);
	nt->nt_syn = NULL;
}

/* The host said no. */
static void
tcp_refuse(struct nat_tcp *nt, int error)
{
	struct nat_flow *nf = &nt->nt_flow;

	if (error == ECONNREFUSED || error == ECONNRESET) {
		lx_loop_del(nf->nf_nat->na_worker->w_loop, &nf->nf_event);
		tcp_let_in(nt, NT_REFUSED);
		return;
	}
	nat_unreach(nf->nf_nat, &nf->nf_pair, nt->nt_syn, nt->nt_synlen, error);
	tcp_free(nf);
}

static void
tcp_connected(struct nat_tcp *nt)
{
	int error = listener_get(nt->nt_flow.nf_nat, &nt->nt_flow.nf_pair.np_far, &nt->nt_listener);

	lx_loop_del(nt->nt_flow.nf_nat->na_worker->w_loop, &nt->nt_flow.nf_event);
	if (error != 0)
		tcp_free(&nt->nt_flow);
	else
		tcp_let_in(nt, NT_OPENING);
}

static void
tcp_connect_event(struct lx_event *le, uint32_t events)
{
	struct nat_tcp *nt = CONTAINER(le, struct nat_tcp, nt_flow.nf_event);
	struct nat *na = nt->nt_flow.nf_nat;
	socklen_t len = sizeof(int);
	int error = 0;

	(void)events;
	if (!nat_begin(na))
		return;
	if (getsockopt(le->le_fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		error = errno;
	if (error != 0)
		tcp_refuse(nt, error);
	else
		tcp_connected(nt);
	nat_done(na);
}

static int
tcp_connect(struct nat_tcp *nt)
{
	struct nat_flow *nf = &nt->nt_flow;
	struct sockaddr_storage ss;
	struct vi_sockaddr host;
	socklen_t len;
	int error;

	if ((error = nat_map(nf->nf_nat, &nf->nf_pair.np_far, &host)) != 0)
		return error;
	len = sockaddr_build(&host, &ss);
	if ((nf->nf_fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) < 0)
		return errno;
	if (connect(nf->nf_fd, (struct sockaddr *)&ss, len) != 0 && errno != EINPROGRESS)
		return errno;
	nt->nt_state = NT_CONNECTING;
	return lx_loop_add(nf->nf_nat->na_worker->w_loop, &nf->nf_event, nf->nf_fd, EPOLLOUT, tcp_connect_event);
}

void
nat_tcp_begin(struct nat *na)
{
	struct nat_tcp *nt;
	int error;

	while ((nt = STAILQ_FIRST(&na->na_new)) != NULL) {
		STAILQ_REMOVE_HEAD(&na->na_new, nt_newlink);
		nt->nt_state = NT_CONNECTING;
		if ((error = tcp_connect(nt)) != 0)
			tcp_refuse(nt, error);
	}
}

/* The addresses and ports of a first segment, whose form the far stack's interface has looked at. */
static bool
tcp_pair(const uint8_t *packet, size_t len, struct nat_pair *np)
{
	const struct ip6_hdr *ip6 = (const void *)packet;
	const struct iphdr *ip = (const void *)packet;
	size_t hlen = ip->version == 4 ? (size_t)ip->ihl * 4 : sizeof(*ip6);
	const struct tcphdr *th = (const void *)(packet + hlen);

	memset(np, 0, sizeof(*np));
	if (len < hlen + sizeof(*th))
		return false;
	np->np_jail.sa_port = th->source;
	np->np_far.sa_port = th->dest;
	if (ip->version == 4) {
		np->np_jail.sa_family = np->np_far.sa_family = VI_AF_INET;
		np->np_jail.sa_in = ip->saddr;
		np->np_far.sa_in = ip->daddr;
	} else {
		np->np_jail.sa_family = np->np_far.sa_family = VI_AF_INET6;
		memcpy(np->np_jail.sa_in6, &ip6->ip6_src, 16);
		memcpy(np->np_far.sa_in6, &ip6->ip6_dst, 16);
	}
	return true;
}

static bool
tcp_new(struct nat *na, const struct nat_pair *np, const uint8_t *packet, size_t len)
{
	struct nat_tcp *nt = nat_alloc(na, sizeof(*nt));

	if (nt == NULL || (nt->nt_syn = nat_alloc(na, len)) == NULL || !nat_flow_add(na, &nt->nt_flow, &nat_tcp_kind, np)) {
		if (nt != NULL)
			nat_release(na, nt->nt_syn, len);
		nat_release(na, nt, sizeof(*nt));
		return false;
	}
	memcpy(nt->nt_syn, packet, len);
	nt->nt_synlen = (uint16_t)len;
	STAILQ_INSERT_TAIL(&na->na_new, nt, nt_newlink);
	nat_kick(na);
	return true;
}

/*
 * In the midst of things: nothing of the library is called.  What there is no room for is lost, as a SYN is that finds a full queue.
 */
bool
nat_tcp_syn(struct nat *na, const uint8_t *packet, size_t len)
{
	struct nat_pair np;
	struct nat_tcp *nt;

	if (!tcp_pair(packet, len, &np))
		return true;
	if ((nt = (struct nat_tcp *)nat_flow_find(na, &nat_tcp_kind, &np)) == NULL) {
		if (!nat_isonlink(na, &np.np_jail) || !tcp_new(na, &np, packet, len))
			na->na_refused++;
		return true;
	}
	if (nt->nt_state == NT_REFUSED) {	/* it is on its way to the reset */
		tcp_free(&nt->nt_flow);
		return false;
	}
	return nt->nt_state < NT_OPENING;
}

void
nat_tcp_fini(struct nat *na)
{
	while (!LIST_EMPTY(&na->na_listeners))
		listener_free(LIST_FIRST(&na->na_listeners));
}
