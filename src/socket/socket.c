/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * A socket is held by its user (until soclose), by its protocol (SS_PROTOREF, until sodetached) and, before accept, by its listener's queue
 * (SS_COMP).  It is freed when the last of them lets go.  If its upcall is queued at that moment, the work function frees it.
 *
 * Nothing here blocks and nothing calls the user: changes post so_work to the lane, and the work function makes one upcall with
 * the events that hold then.
 *
 * Teardown: the protocols' stop functions abort their pcbs first (they start after "socket" and so stop before it); then each socket dies: it leaves the vnet's
 * accounts, the user is told once, and what is left waits for soclose without any vnet.
 */
#include "socket/socket.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "socket/so_int.h"
#include "vimage/priv.h"

static void
so_upcallwork(struct work *wk)
{
	struct socket *so = CONTAINER_OF(wk, struct socket, so_work);

	if (so->so_state & SS_NOFDREF)
		sofree_maybe(so);
	else if (so->so_upcall != NULL)
		so->so_upcall((struct vi_socket *)so, sopoll(so), so->so_upcallarg);
}

static void
so_wakeup(struct socket *so)
{
	if (so->so_upcall != NULL && so->so_vnet != NULL)
		lane_post(&so->so_vnet->vn_lane, &so->so_work);
}

struct socket *
soalloc(struct vnet *vn, const struct protosw *pr)
{
	struct socket_vnet *sv = socket_vnet(vn);
	struct socket *so;

	if (sv->sv_nsockets >= sv->sv_maxsockets)
		return (NULL);
	if (!acct_count(vnet_acct(vn), LIMIT_SOCKETS, 1))
		return (NULL);
	if ((so = kmalloc(vnet_acct(vn), ACCT_SOCKET, sizeof(*so))) == NULL) {
		acct_uncount(vnet_acct(vn), LIMIT_SOCKETS, 1);
		return (NULL);
	}
	so->so_vnet = vn;
	so->so_acct = vnet_acct(vn);
	so->so_proto = pr;
	so->so_type = pr->pr_type;
	so->so_oobmark = SO_NOOOB;
	so->so_snd.sb_hiwat = pr->pr_sndspace;
	so->so_rcv.sb_hiwat = pr->pr_rcvspace;
	so->so_snd.sb_lowat = so->so_rcv.sb_lowat = 1;
	TAILQ_INIT(&so->so_comp);
	work_init(&so->so_work, so_upcallwork);
	TAILQ_INSERT_TAIL(&sv->sv_sockets, so, so_vlink);
	sv->sv_nsockets++;
	return (so);
}

void
so_flushprepared(struct socket *so)
{
	if (so->so_prepared == NULL)
		return;
	m_freem(so->so_prepared);
	so->so_prepared = NULL;
}

void
sofree_maybe(struct socket *so)
{
	struct socket_vnet *sv;

	if ((so->so_state & SS_NOFDREF) == 0 || (so->so_state & (SS_PROTOREF | SS_COMP)) != 0)
		return;
	if (so->so_vnet != NULL) {
		if (atomic_load_explicit(&so->so_work.wk_queued, memory_order_acquire))
			return;		/* so_upcallwork does it */
		sv = socket_vnet(so->so_vnet);
		TAILQ_REMOVE(&sv->sv_sockets, so, so_vlink);
		sv->sv_nsockets--;
		acct_uncount(vnet_acct(so->so_vnet), LIMIT_SOCKETS, 1);
	}
	so_flushprepared(so);
	sbflush(&so->so_snd);
	sbflush(&so->so_rcv);
	soerrq_free(so);
	sofilter_free(so);
	kfree(so->so_acct, ACCT_SOCKET, so, sizeof(*so));
}

static const struct protosw *
proto_look(const struct socket_vnet *sv, int family, int type, int proto, int *error)
{
	const struct protosw *pr;
	bool family_seen = false, type_seen = false;

	for (unsigned i = 0; i < sv->sv_nproto; i++) {
		pr = sv->sv_proto[i];
		if (pr->pr_family != family)
			continue;
		family_seen = true;
		if (pr->pr_type != type)
			continue;
		type_seen = true;
		if ((pr->pr_flags & PR_ANYPROTO) != 0 || proto == pr->pr_protocol ||
		    (proto == 0 && (pr->pr_protocol == VI_IPPROTO_TCP || pr->pr_protocol == VI_IPPROTO_UDP)))
			return (pr);
	}
	/* As Linux: an unknown family, then an unknown type, then a protocol the type has not (socket(2)). */
	*error = !family_seen ? EAFNOSUPPORT : !type_seen ? ESOCKTNOSUPPORT : EPROTONOSUPPORT;
	return (NULL);
}

/* Who makes sockets makes many of a kind. */
static const struct protosw *
proto_find(struct vnet *vn, int family, int type, int proto, int *error)
{
	struct socket_vnet *sv = socket_vnet(vn);

	if (sv->sv_found.sf_family != family || sv->sv_found.sf_type != type || sv->sv_found.sf_number != proto ||
	    sv->sv_found.sf_proto == NULL) {
		sv->sv_found.sf_family = family;
		sv->sv_found.sf_type = type;
		sv->sv_found.sf_number = proto;
		sv->sv_found.sf_proto = proto_look(sv, family, type, proto, error);
	}
	return (sv->sv_found.sf_proto);
}

bool
sofamily(struct socket *so, int family)
{
	const struct protosw *pr;
	int error;

	if ((pr = proto_find(so->so_vnet, family, so->so_type, so->so_proto->pr_protocol, &error)) == NULL)
		return (false);
	so->so_proto = pr;
	return (true);
}

int
socreate(struct vnet *vn, int family, int type, int proto, const struct vi_cred *cred, struct socket **sop)
{
	const struct protosw *pr;
	struct socket *so;
	int error = 0;

	*sop = NULL;
	if (!vnet_running(vn))
		return (ENETDOWN);
	if (proto < 0 || proto > UINT16_MAX)
		return (EPROTONOSUPPORT);
	if ((pr = proto_find(vn, family, type, proto, &error)) == NULL)
		return (error);
	if ((error = prison_check_af(vn->vn_kernel, cred, family)) != 0)
		return (error);
	if ((so = soalloc(vn, pr)) == NULL)
		return (ENOBUFS);
	so->so_cred = *cred;
	so->so_protocol = (uint16_t)(proto != 0 ? proto : pr->pr_protocol);
	so->so_state |= SS_PROTOREF;
	if ((error = pr->pr_attach(so, proto)) != 0) {
		so->so_state = (uint16_t)((so->so_state & ~SS_PROTOREF) | SS_NOFDREF);
		sofree_maybe(so);
		return (error);
	}
	*sop = so;
	return (0);
}

static void
so_abortqueue(struct socket *head)
{
	struct socket *so;

	while ((so = TAILQ_FIRST(&head->so_comp)) != NULL) {
		TAILQ_REMOVE(&head->so_comp, so, so_list);
		head->so_qlen--;
		so->so_head = NULL;
		so->so_state = (uint16_t)((so->so_state & ~SS_COMP) | SS_NOFDREF);
		if (so_haspcb(so))
			so->so_proto->pr_abort(so);
		else
			sofree_maybe(so);
	}
}

void
soclose(struct socket *so)
{
	VI_ASSERT((so->so_state & SS_NOFDREF) == 0);
	so->so_upcall = NULL;
	so_feed(so);
	so_flushprepared(so);
	so_abortqueue(so);
	so->so_state |= SS_NOFDREF;
	if (so_haspcb(so))
		so->so_proto->pr_close(so);
	else
		sofree_maybe(so);
}

int
sobind(struct socket *so, const struct vi_sockaddr *sa)
{
	if (so_isdead(so))
		return (ECONNABORTED);
	if (!so_haspcb(so))
		return (EINVAL);
	return (so->so_proto->pr_bind == NULL ? EOPNOTSUPP : so->so_proto->pr_bind(so, sa));
}

/* An attempt that failed leaves no trace: as on Linux the next may succeed. */
static void
so_unrefuse(struct socket *so)
{
	if ((so->so_state & SS_ISDISCONNECTED) == 0)
		return;
	so->so_state &= (uint16_t)~SS_ISDISCONNECTED;
	so->so_rcv.sb_flags &= ~(uint32_t)SBS_CANTRCVMORE;
	so->so_snd.sb_flags &= ~(uint32_t)SBS_CANTSENDMORE;
}

int
solisten(struct socket *so, int backlog)
{
	uint32_t max;
	int error;

	if (so_isdead(so))
		return (ECONNABORTED);
	if (so->so_proto->pr_listen == NULL)
		return (EOPNOTSUPP);
	if (!so_haspcb(so) || (so->so_state & (SS_ISCONNECTED | SS_ISCONNECTING | SS_ISDISCONNECTING)) != 0)
		return (EINVAL);
	max = socket_vnet(so->so_vnet)->sv_somaxconn;
	if (backlog < 0 || (uint32_t)backlog > max)
		backlog = (int)max;
	if ((error = so->so_proto->pr_listen(so, backlog)) != 0)
		return (error);
	so_unrefuse(so);
	so->so_options |= SO_ACCEPTCONN;
	so->so_qlimit = (uint32_t)backlog + 1;	/* as Linux: a backlog of 0 still takes one */
	return (0);
}

int
so_takeerror(struct socket *so)
{
	int error = so->so_error;

	so->so_error = 0;
	return (error);
}

/* As Linux: whatever the connection was, it is reset, and the socket may begin another. */
static int
so_unconnect(struct socket *so)
{
	const uint16_t any = SS_ISCONNECTED | SS_ISCONNECTING | SS_ISDISCONNECTING | SS_ISDISCONNECTED | SS_WASCONNECTED |
	    SS_FASTOPEN | SS_FASTSENT;
	int error;

	if (!so_haspcb(so) || so->so_proto->pr_disconnect == NULL)
		return (so_haspcb(so) ? EOPNOTSUPP : ECONNABORTED);
	so_flushprepared(so);
	if ((error = so->so_proto->pr_disconnect(so)) != 0)
		return (error);
	sbflush(&so->so_rcv);
	so->so_state &= (uint16_t)~any;
	so->so_rcv.sb_flags &= ~(uint32_t)SBS_CANTRCVMORE;
	so->so_snd.sb_flags &= ~(uint32_t)SBS_CANTSENDMORE;
	so->so_hasoob = false;
	so->so_oobmark = SO_NOOOB;
	so->so_error = 0;
	return (0);
}

/* Nobody is accepted any more; who waits for it is reset. */
static int
so_unlisten(struct socket *so)
{
	so_abortqueue(so);
	so->so_options &= (uint16_t)~SO_ACCEPTCONN;
	if (so_haspcb(so) && so->so_proto->pr_disconnect != NULL)
		so->so_proto->pr_disconnect(so);
	return (0);
}

int
soconnect(struct socket *so, const struct vi_sockaddr *sa)
{
	const struct protosw *pr = so->so_proto;
	int error;

	if (so_isdead(so))
		return (ECONNABORTED);
	if (so->so_options & SO_ACCEPTCONN)
		return (sa->sa_family == VI_AF_UNSPEC ? so_unlisten(so) : EISCONN);
	if (pr->pr_connect == NULL)
		return (EOPNOTSUPP);
	if (pr->pr_flags & PR_CONNREQUIRED) {
		if (sa->sa_family == VI_AF_UNSPEC)
			return (so_unconnect(so));
		if (so->so_state & SS_ISCONNECTED)
			return (EISCONN);
		if (so->so_state & SS_ISCONNECTING)
			return (so->so_state & SS_FASTOPEN ? EISCONN : EALREADY);
		if (so->so_error != 0)
			return (so_takeerror(so));
		if ((so->so_state & SS_WASCONNECTED) != 0 || !so_haspcb(so))
			return (ECONNABORTED);
		so_unrefuse(so);
	} else {
		if (!so_haspcb(so))
			return (ENOTCONN);
		if (so->so_state & SS_ISCONNECTED && pr->pr_disconnect != NULL && (error = pr->pr_disconnect(so)) != 0)
			return (error);
		if (sa->sa_family == VI_AF_UNSPEC)
			return (0);
	}
	if ((error = pr->pr_connect(so, sa)) != 0)
		return (error);
	return ((so->so_state & (SS_ISCONNECTING | SS_FASTOPEN)) == SS_ISCONNECTING ? EINPROGRESS : 0);
}

int
soaccept(struct socket *head, struct socket **sop, struct vi_sockaddr *peer)
{
	struct socket *so;

	if (so_isdead(head))
		return (ECONNABORTED);
	if ((head->so_options & SO_ACCEPTCONN) == 0)
		return (EINVAL);
	if ((so = TAILQ_FIRST(&head->so_comp)) == NULL)
		return (head->so_error != 0 ? so_takeerror(head) : EAGAIN);
	TAILQ_REMOVE(&head->so_comp, so, so_list);
	head->so_qlen--;
	so->so_head = NULL;
	if (peer != NULL && (!so_haspcb(so) || so->so_proto->pr_peeraddr(so, peer) != 0))
		memset(peer, 0, sizeof(*peer));
	so->so_state &= (uint16_t)~SS_COMP;
	*sop = so;
	return (0);
}

int
soshutdown(struct socket *so, int how)
{
	if (so_isdead(so))
		return (ECONNABORTED);
	if (how < VI_SHUT_RD || how > VI_SHUT_RDWR)
		return (EINVAL);
	if (so->so_options & SO_ACCEPTCONN) {
		/* As Linux: SHUT_RD makes a listener deaf; there is nothing to send. */
		if (how == VI_SHUT_WR)
			return (0);
		return (so_unlisten(so));
	}
	if ((so->so_state & SS_ISCONNECTED) == 0 || !so_haspcb(so))
		return (ENOTCONN);
	if (how != VI_SHUT_WR)
		socantrcvmore(so);
	if (how != VI_SHUT_RD && (so->so_snd.sb_flags & SBS_CANTSENDMORE) == 0) {
		socantsendmore(so);
		if (so->so_proto->pr_shutdown != NULL)
			return (so->so_proto->pr_shutdown(so));
	}
	return (0);
}

/* What the protocol tells. */

bool
soqueuefull(const struct socket *head)
{
	return (head->so_qlen >= head->so_qlimit);
}

struct socket *
sonewconn(struct socket *head)
{
	struct socket *so;

	if (soqueuefull(head) || (so = soalloc(head->so_vnet, head->so_proto)) == NULL)
		return (NULL);
	so->so_cred = head->so_cred;
	so->so_protocol = head->so_protocol;
	so->so_options = head->so_options & (uint16_t)~SO_ACCEPTCONN;
	so->so_linger = head->so_linger;
	so->so_fib = head->so_fib;
	so->so_mark = head->so_mark;
	so->so_zerocopy = head->so_zerocopy;
	so->so_snd.sb_hiwat = head->so_snd.sb_hiwat;
	so->so_rcv.sb_hiwat = head->so_rcv.sb_hiwat;
	so->so_snd.sb_lowat = head->so_snd.sb_lowat;
	so->so_rcv.sb_lowat = head->so_rcv.sb_lowat;
	so->so_snd.sb_flags |= head->so_snd.sb_flags & SB_AUTOSIZE;
	so->so_rcv.sb_flags |= head->so_rcv.sb_flags & SB_AUTOSIZE;
	so->so_state |= SS_ISCONNECTED | SS_WASCONNECTED | SS_COMP | SS_PROTOREF;
	so->so_head = head;
	TAILQ_INSERT_TAIL(&head->so_comp, so, so_list);
	head->so_qlen++;
	sorwakeup(head);
	return (so);
}

void
soisconnecting(struct socket *so)
{
	so->so_state = (uint16_t)((so->so_state & ~(SS_ISCONNECTED | SS_ISDISCONNECTING)) | SS_ISCONNECTING);
}

void
soisconnected(struct socket *so)
{
	so->so_state = (uint16_t)((so->so_state & ~(SS_ISCONNECTING | SS_ISDISCONNECTING)) | SS_ISCONNECTED | SS_WASCONNECTED);
	so_wakeup(so);
}

void
soisdisconnecting(struct socket *so)
{
	so->so_state = (uint16_t)((so->so_state & ~SS_ISCONNECTING) | SS_ISDISCONNECTING);
	so->so_rcv.sb_flags |= SBS_CANTRCVMORE;
	so->so_snd.sb_flags |= SBS_CANTSENDMORE;
	so_wakeup(so);
}

void
soisdisconnected(struct socket *so)
{
	so->so_state = (uint16_t)((so->so_state & ~(SS_ISCONNECTING | SS_ISCONNECTED | SS_ISDISCONNECTING)) | SS_ISDISCONNECTED);
	so->so_rcv.sb_flags |= SBS_CANTRCVMORE;
	so->so_snd.sb_flags |= SBS_CANTSENDMORE;
	sbflush(&so->so_snd);
	so_wakeup(so);
}

void
socantsendmore(struct socket *so)
{
	so->so_snd.sb_flags |= SBS_CANTSENDMORE;
	so_wakeup(so);
}

void
socantrcvmore(struct socket *so)
{
	so->so_rcv.sb_flags |= SBS_CANTRCVMORE;
	so_wakeup(so);
}

void
sorwakeup(struct socket *so)
{
	so_wakeup(so);
}

void
sowwakeup(struct socket *so)
{
	so_feed(so);
	so_wakeup(so);
}

void
soerror(struct socket *so, int error)
{
	so->so_error = error;
	so_wakeup(so);
}

void
sohasoutofband(struct socket *so)
{
	so_wakeup(so);
}

void
sodetached(struct socket *so)
{
	so->so_state &= (uint16_t)~SS_PROTOREF;
	so->so_pcb = NULL;
	sofree_maybe(so);
}

void
so_die(struct socket *so)
{
	struct vnet *vn = so->so_vnet;
	struct socket_vnet *sv = socket_vnet(vn);

	VI_ASSERT(!so_haspcb(so) && TAILQ_EMPTY(&so->so_comp));
	work_cancel(&vn->vn_lane, &so->so_work);
	so_feed(so);
	so_flushprepared(so);
	sbflush(&so->so_snd);
	sbflush(&so->so_rcv);
	soerrq_free(so);
	sofilter_free(so);
	TAILQ_REMOVE(&sv->sv_sockets, so, so_vlink);
	sv->sv_nsockets--;
	acct_uncount(vnet_acct(vn), LIMIT_SOCKETS, 1);
	so->so_acct = worker_acct(lane_worker(&vn->vn_lane));
	acct_move(&vn->vn_acct, so->so_acct, ACCT_SOCKET, so, sizeof(*so));
	so->so_vnet = NULL;
	so->so_state = (uint16_t)((so->so_state & SS_NOFDREF) | SS_DEAD | SS_ISDISCONNECTED | (so->so_state & SS_WASCONNECTED));
	so->so_rcv.sb_flags |= SBS_CANTRCVMORE;
	so->so_snd.sb_flags |= SBS_CANTSENDMORE;
	so->so_error = ECONNABORTED;
	if (so->so_state & SS_NOFDREF)
		sofree_maybe(so);
	else if (so->so_upcall != NULL)
		so->so_upcall((struct vi_socket *)so, sopoll(so), so->so_upcallarg);
}

bool
so_errpending(const struct socket *so)
{
	return (so->so_error != 0 || so->so_zcpending || (so->so_errq != NULL && so->so_errq->eq_n > 0));
}

/* Room: a third free, as Linux, so that a writer is not woken for a few bytes. */
static bool
so_writable(struct socket *so)
{
	const struct sockbuf *snd = &so->so_snd;

	if (snd->sb_flags & SBS_CANTSENDMORE)
		return (true);
	if (so->so_starved || sbspace(snd) < snd->sb_hiwat / 3)
		return (false);
	return (so->so_proto->pr_sendroom == NULL || !so_haspcb(so) ||
	    so->so_proto->pr_sendroom(so, true) > 0);
}

static unsigned
sopoll_stream(struct socket *so)
{
	const struct sockbuf *rcv = &so->so_rcv, *snd = &so->so_snd;
	unsigned ev = 0;

	if (so->so_options & SO_ACCEPTCONN)
		return (so->so_qlen > 0 ? VI_POLLIN : 0);
	if (so->so_state & SS_ISCONNECTING)
		return (so->so_state & SS_FASTOPEN ? VI_POLLOUT : 0);
	/* Never connected, or over: Linux says OUT and HUP (tcp_poll, state CLOSE). */
	if ((so->so_state & (SS_ISCONNECTED | SS_ISDISCONNECTING)) == 0)
		ev |= VI_POLLHUP | VI_POLLOUT;
	if (rcv->sb_flags & SBS_CANTRCVMORE)
		ev |= VI_POLLIN | VI_POLLRDHUP;
	if ((rcv->sb_flags & SBS_CANTRCVMORE) && (snd->sb_flags & SBS_CANTSENDMORE))
		ev |= VI_POLLHUP;
	if (rcv->sb_cc > 0 && rcv->sb_cc >= rcv->sb_lowat)
		ev |= VI_POLLIN;
	if (so_writable(so))
		ev |= VI_POLLOUT;
	if (so->so_hasoob)
		ev |= VI_POLLPRI;
	return (ev);
}

unsigned
sopoll(struct socket *so)
{
	unsigned ev;

	if (so->so_proto->pr_flags & PR_CONNREQUIRED) {
		ev = sopoll_stream(so);
	} else {
		ev = VI_POLLOUT;
		if (so->so_rcv.sb_records > 0)
			ev |= VI_POLLIN;
		if (so->so_rcv.sb_flags & SBS_CANTRCVMORE)
			ev |= VI_POLLIN | VI_POLLRDHUP;
		if ((so->so_rcv.sb_flags & SBS_CANTRCVMORE) && (so->so_snd.sb_flags & SBS_CANTSENDMORE))
			ev |= VI_POLLHUP;
	}
	if (so_errpending(so))
		ev |= VI_POLLERR;
	if (so->so_state & SS_DEAD)
		ev |= VI_POLLERR | VI_POLLHUP;
	return (ev);
}
