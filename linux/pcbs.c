/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stack tells of its sockets; those that programs hold are found by their identity.  What such a
 * program wrote and the stack did not take yet, and what the stack gave and the program did not read,
 * lies in the pair between them.
 */
#include "linux/pcbs.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>

static void
pcbs_collect(void *arg, const struct vi_pcbinfo *pi)
{
	struct lx_pcbs *pl = arg;
	struct lx_pcb *more;
	const bool raw = pi->pi_type == SOCK_RAW;
	size_t room;

	if (pl->pl_nomem || (pl->pl_proto != 0 && (pl->pl_proto == IPPROTO_RAW ? !raw : raw || pi->pi_proto != pl->pl_proto)))
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
	pl->pl_pcb[pl->pl_n++] = (struct lx_pcb){ .pc_info = *pi };
}

void
lx_pcbs_list(struct lx_pcbs *pl, struct vi_vnet *vn, int proto)
{
	*pl = (struct lx_pcbs){ .pl_proto = proto };
	vi_pcbs(vn, pcbs_collect, pl);
}

static int
pcb_cmp(const void *a, const void *b)
{
	const uintptr_t x = (uintptr_t)((const struct lx_pcb *)a)->pc_info.pi_socket,
	    y = (uintptr_t)((const struct lx_pcb *)b)->pc_info.pi_socket;

	return ((x > y) - (x < y));
}

void
lx_pcbs_owners(struct lx_pcbs *pl, const struct lx *lx, const struct vi_vnet *vn)
{
	struct lx_pcb key, *found;
	struct lx_sock *ls;

	if (pl->pl_n == 0)
		return;
	qsort(pl->pl_pcb, pl->pl_n, sizeof(pl->pl_pcb[0]), pcb_cmp);
	TAILQ_FOREACH(ls, &lx->lx_socks, ls_link) {
		if (ls->ls_vnet != vn || ls->ls_so == NULL)
			continue;
		key.pc_info.pi_socket = ls->ls_so;
		if ((found = bsearch(&key, pl->pl_pcb, pl->pl_n, sizeof(key), pcb_cmp)) != NULL)
			found->pc_ls = ls;
	}
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
