/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stack tells of its sockets; those that programs hold have our part of them as the argument of their upcalls.  What such a
 * program wrote and the stack did not take yet, and what the stack gave and the program did not read,
 * lies in the pair between them.
 */
#include "linux/pcbs.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <vimage/jail.h>

#define PIECE	16	/* looked at in some microseconds */

struct lx_viewer
lx_viewer(struct vi_kernel *k, int jid)
{
	return ((struct lx_viewer){ k, jid == 0 || vi_jail_owner(k, jid, "vnet") == jid ? 0 : jid });
}

bool
lx_viewer_sees(const struct lx_viewer *lv, int jail)
{
	return (lv->lv_jid == 0 || (jail != 0 && vi_jail_visible(lv->lv_kernel, lv->lv_jid, jail)));
}

static void
pcbs_collect(void *arg, const struct vi_pcbinfo *pi)
{
	struct lx_pcbs *pl = arg;
	struct lx_pcb *more;
	struct lx_sock *ls;
	const bool raw = pi->pi_type == SOCK_RAW;
	size_t room;

	if (pl->pl_nomem || (pl->pl_proto != 0 && (pl->pl_proto == IPPROTO_RAW ? !raw : raw || pi->pi_proto != pl->pl_proto)))
		return;
	if (!lx_viewer_sees(&pl->pl_viewer, pi->pi_jail))
		return;
	if (pl->pl_n == pl->pl_room) {
		room = pl->pl_room == 0 ? 64 : pl->pl_room * 2;
		if ((more = realloc(pl->pl_pcb, room * sizeof(*more))) == NULL) {
			pl->pl_nomem = true;
			return;
		}
		pl->pl_pcb = more;
		pl->pl_room = room;
	}
	ls = lx_pcb_owner(pl->pl_lx, pi);
	pl->pl_pcb[pl->pl_n++] = (struct lx_pcb){ .pc_info = *pi, .pc_ls = ls, .pc_ino = ls != NULL ? ls->ls_ino : 0 };
}

void
lx_pcbs_list(struct lx_pcbs *pl, const struct lx *lx, struct vi_vnet *vn, int proto, const struct lx_viewer *lv)
{
	*pl = (struct lx_pcbs){ .pl_proto = proto, .pl_lx = lx, .pl_viewer = *lv };
	vi_pcbs(vn, pcbs_collect, pl);
}

bool
lx_pcbs_more(struct lx_pcbs *pl, const struct lx *lx, struct vi_vnet *vn)
{
	pl->pl_lx = lx;
	return (vi_pcbs_next(vn, &pl->pl_mark, PIECE, pcbs_collect, pl) && !pl->pl_nomem);
}

struct lx_sock *
lx_pcb_again(const struct lx *lx, const struct vi_vnet *vn, const struct lx_pcb *pc)
{
	struct lx_sock *ls = pc->pc_ino == 0 ? NULL : lx_sock_find(lx, pc->pc_ino);

	return (ls != NULL && ls->ls_so == pc->pc_info.pi_socket && ls->ls_vnet == vn && ls->ls_fd >= 0 ? ls : NULL);
}

struct lx_sock *
lx_pcb_owner(const struct lx *lx, const struct vi_pcbinfo *pi)
{
	struct lx_sock *ls;

	if (pi->pi_socket == NULL)
		return (NULL);
	if ((ls = vi_socket_upcallarg(pi->pi_socket, stream_upcall)) == NULL)
		ls = vi_socket_upcallarg(pi->pi_socket, dgram_upcall);
	return (ls != NULL && ls->ls_lx == lx && ls->ls_so == pi->pi_socket && ls->ls_fd >= 0 ? ls : NULL);
}

/* Sockets without ports have them at 0. */
static bool
pcb_connected(const struct vi_pcbinfo *pi)
{
	static const uint8_t any[16];
	const struct vi_sockaddr *sa = &pi->pi_foreign;

	if (sa->sa_family == VI_AF_UNSPEC)
		return (false);
	if (pi->pi_type != SOCK_RAW)
		return (sa->sa_port != 0);
	return (memcmp(sa->sa_bytes, any, sa->sa_family == VI_AF_INET6 ? 16 : 4) != 0);
}

uint8_t
lx_pcb_state(const struct vi_pcbinfo *pi)
{
	if (pi->pi_proto == IPPROTO_TCP && pi->pi_type == SOCK_STREAM)
		return (tcpinfo_state(pi->pi_state));
	return (pcb_connected(pi) ? LX_TCP_ESTABLISHED : LX_TCP_CLOSE);
}

uint8_t
lx_pcb_family(const struct lx_pcb *pc)
{
	if (pc->pc_ls != NULL)
		return (pc->pc_ls->ls_family);
	return (pc->pc_info.pi_local.sa_family == VI_AF_INET6 ? AF_INET6 : AF_INET);
}

void
lx_pcb_address(const struct lx_pcb *pc, const struct vi_sockaddr *sa, uint32_t out[4])
{
	struct vi_sockaddr copy = *sa;

	if (lx_pcb_family(pc) == AF_INET6 && copy.sa_family == VI_AF_INET)
		sockaddr_map(&copy);
	if (copy.sa_family != VI_AF_UNSPEC)
		memcpy(out, copy.sa_bytes, copy.sa_family == VI_AF_INET6 ? 16 : 4);
}

bool
lx_pcb_bound(const struct vi_pcbinfo *pi)
{
	if (pi->pi_type == SOCK_STREAM)
		return (lx_pcb_state(pi) != LX_TCP_CLOSE);
	return (pi->pi_type == SOCK_RAW || pi->pi_local.sa_port != 0);
}

void
lx_pcb_queues(const struct lx_pcb *pc, uint32_t *recv, uint32_t *send)
{
	int n = 0, copy;

	*recv = pc->pc_info.pi_recvq;
	*send = pc->pc_info.pi_sendq;
	if (pc->pc_ls == NULL || pc->pc_ls->ls_fd < 0)
		return;
	if (pc->pc_ls->ls_state == LXS_LISTEN) {
		*send -= *send > 0;	/* the backlog: one more than it says is let in */
		return;
	}
	if (pc->pc_ls->ls_fill == 0 && ioctl(pc->pc_ls->ls_fd, FIONREAD, &n) == 0)
		*send += (uint32_t)n;
	if (ioctl(pc->pc_ls->ls_fd, SIOCOUTQ, &n) != 0 || n == 0 || (copy = lx_sock_locate(pc->pc_ls)) < 0)
		return;
	if (ioctl(copy, FIONREAD, &n) == 0)
		*recv += (uint32_t)n;
	close(copy);
}
