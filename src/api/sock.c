/* SPDX-License-Identifier: BSD-2-Clause */
/* socket.h. */
#include <vimage/packet.h>
#include <vimage/socket.h>

#include <errno.h>

#include "api/api.h"

/* Calls that may send read the clock, here and nowhere below: the lane's own idea of now may be old when the caller is not in an upcall. */
static void
api_clock(struct socket *so)
{
	if (so->so_vnet != NULL)
		(void)lane_clock(&so->so_vnet->vn_lane);
}

int
vi_socket(struct vi_vnet *vn, int family, int type, int proto, const struct vi_cred *cred, struct vi_socket **sop)
{
	struct socket *so;
	int error;

	error = socreate(api_vnet(vn), family, type, proto, cred, &so);
	*sop = (struct vi_socket *)so;
	return (error);
}

void
vi_close(struct vi_socket *so)
{
	api_clock(api_socket(so));
	soclose(api_socket(so));
}

int
vi_bind(struct vi_socket *so, const struct vi_sockaddr *sa)
{
	return (sobind(api_socket(so), sa));
}

void
vi_socket_cred(struct vi_socket *so, const struct vi_cred *cred)
{
	api_socket(so)->so_cred = *cred;
}

int
vi_listen(struct vi_socket *so, int backlog)
{
	return (solisten(api_socket(so), backlog));
}

int
vi_connect(struct vi_socket *so, const struct vi_sockaddr *sa)
{
	api_clock(api_socket(so));
	return (soconnect(api_socket(so), sa));
}

int
vi_accept(struct vi_socket *so, struct vi_socket **newp, struct vi_sockaddr *peer)
{
	struct socket *new = NULL;
	int error;

	error = soaccept(api_socket(so), &new, peer);
	*newp = (struct vi_socket *)new;
	return (error);
}

int
vi_shutdown(struct vi_socket *so, int how)
{
	api_clock(api_socket(so));
	return (soshutdown(api_socket(so), how));
}

static int
api_name(struct socket *so, int (*fn)(struct socket *, struct vi_sockaddr *), struct vi_sockaddr *sa)
{
	*sa = (struct vi_sockaddr){ .sa_family = so->so_proto->pr_family };
	if (so->so_state & SS_DEAD)
		return (ECONNABORTED);
	if ((so->so_state & SS_PROTOREF) == 0)
		return (ENOTCONN);
	return (fn == NULL ? EOPNOTSUPP : fn(so, sa));
}

int
vi_sockname(struct vi_socket *so, struct vi_sockaddr *sa)
{
	int error = api_name(api_socket(so), api_socket(so)->so_proto->pr_sockaddr, sa);

	/* A socket whose connection is over still has a name on Linux: the wildcard. */
	return (error == ENOTCONN ? 0 : error);
}

int
vi_peername(struct vi_socket *so, struct vi_sockaddr *sa)
{
	return (api_name(api_socket(so), api_socket(so)->so_proto->pr_peeraddr, sa));
}

int
vi_send(struct vi_socket *so, const void *buf, size_t len, int flags, size_t *done)
{
	api_clock(api_socket(so));
	return (sosend_bytes(api_socket(so), buf, len, flags, done));
}

int
vi_recv(struct vi_socket *so, void *buf, size_t len, int flags, size_t *done)
{
	return (soreceive_bytes(api_socket(so), buf, len, flags, done));
}

int
vi_sendmsg(struct vi_socket *so, const struct vi_msg *msg, size_t *done)
{
	api_clock(api_socket(so));
	return (sosend(api_socket(so), msg, done));
}

int
vi_recvmsg(struct vi_socket *so, struct vi_msg *msg, size_t *done)
{
	return (soreceive(api_socket(so), msg, done));
}

int
vi_send_prepare(struct vi_socket *so, size_t want, struct vi_iovec *iov, unsigned *niov)
{
	return (sosend_prepare(api_socket(so), want, iov, niov));
}

int
vi_send_commit(struct vi_socket *so, size_t n, int flags)
{
	api_clock(api_socket(so));
	return (sosend_commit(api_socket(so), n, flags));
}

int
vi_recv_peek(struct vi_socket *so, size_t want, struct vi_iovec *iov, unsigned *niov)
{
	return (soreceive_peek(api_socket(so), want, iov, niov));
}

int
vi_recv_consume(struct vi_socket *so, size_t n)
{
	return (soreceive_consume(api_socket(so), n));
}

int
vi_setsockopt(struct vi_socket *so, enum vi_sockopt opt, const void *val, size_t len)
{
	return (sosetopt(api_socket(so), opt, val, len));
}

int
vi_getsockopt(struct vi_socket *so, enum vi_sockopt opt, void *val, size_t *len)
{
	return (sogetopt(api_socket(so), opt, val, len));
}

bool
vi_recv_atmark(struct vi_socket *vso)
{
	const struct socket *so = api_socket(vso);

	return (so->so_hasoob && (so->so_oobmark == SO_NOOOB || so->so_oobmark == 0));
}

unsigned
vi_poll(struct vi_socket *so)
{
	return (sopoll(api_socket(so)));
}

size_t
vi_sendspace(struct vi_socket *so)
{
	return (sbspace(&api_socket(so)->so_snd));
}

void
vi_socket_upcall(struct vi_socket *vso, vi_upcall_fn *fn, void *arg)
{
	struct socket *so = api_socket(vso);

	so->so_upcall = fn;
	so->so_upcallarg = arg;
	if (fn != NULL && so->so_vnet != NULL && sopoll(so) != 0)
		lane_post(&so->so_vnet->vn_lane, &so->so_work);
}

struct vi_vnet *
vi_socket_vnet(struct vi_socket *so)
{
	return (vnet_api(api_socket(so)->so_vnet));
}

bool
vi_socket_dead(struct vi_socket *so)
{
	return ((api_socket(so)->so_state & SS_DEAD) != 0);
}

int
vi_tcp_abort(struct vi_socket *vso)
{
	struct socket *so = api_socket(vso);

	if (so->so_type != VI_SOCK_STREAM)
		return (EOPNOTSUPP);
	if ((so->so_state & SS_PROTOREF) == 0)
		return (so->so_state & SS_DEAD ? ECONNABORTED : ENOTCONN);
	api_clock(so);
	so->so_proto->pr_abort(so);
	return (0);
}

int
vi_recverr(struct vi_socket *so, struct vi_sockerr *se, void *buf, size_t len)
{
	return (soerrdequeue(api_socket(so), se, buf, len));
}

void
vi_packets(struct vi_vnet *vn, vi_packet_fn *fn, void *arg)
{
	struct socket_vnet *sv = socket_vnet(api_vnet(vn));

	for (unsigned i = 0; i < sv->sv_nproto; i++)
		if (sv->sv_proto[i]->pr_packets != NULL)
			sv->sv_proto[i]->pr_packets(api_vnet(vn), fn, arg);
}

void
vi_pcbs(struct vi_vnet *vn, vi_pcb_fn *fn, void *arg)
{
	struct vi_pcbmark all = { 0 };

	(void)vi_pcbs_next(vn, &all, UINT32_MAX, fn, arg);
}

bool
vi_pcbs_next(struct vi_vnet *vn, struct vi_pcbmark *mark, unsigned n, vi_pcb_fn *fn, void *arg)
{
	struct socket_vnet *sv = socket_vnet(api_vnet(vn));
	struct pcbscan ps = { .ps_fn = fn, .ps_arg = arg, .ps_after = mark->pm_id, .ps_skip = mark->pm_skip, .ps_left = n };

	for (; mark->pm_proto < sv->sv_nproto; mark->pm_proto++) {
		ps.ps_seen = 0;
		if (sv->sv_proto[mark->pm_proto]->pr_pcblist != NULL)
			sv->sv_proto[mark->pm_proto]->pr_pcblist(api_vnet(vn), &ps);
		mark->pm_id = ps.ps_after;
		mark->pm_skip = ps.ps_skip;
		if (ps.ps_more)
			return (true);
		mark->pm_id = ps.ps_after = mark->pm_skip = ps.ps_skip = 0;
	}
	return (false);
}

void *
vi_socket_upcallarg(const struct vi_socket *vso, vi_upcall_fn *fn)
{
	const struct socket *so = (const struct socket *)vso;

	return (so->so_upcall == fn ? so->so_upcallarg : NULL);
}
