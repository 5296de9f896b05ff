/* SPDX-License-Identifier: BSD-2-Clause */
/* Groups of packet sockets that share frames: each frame is for one of them. */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "host/host.h"
#include "packet/packet_var.h"

#define FANOUT_FLAGS	(VI_FANOUT_F_ROLLOVER | VI_FANOUT_F_UNIQUEID | VI_FANOUT_F_IGNORE_OUTGOING)

static struct pktfanout *
fanout_find(const struct packet_vnet *pv, uint16_t id)
{
	struct pktfanout *pf;

	LIST_FOREACH(pf, &pv->pv_fanouts, pf_link)
		if (pf->pf_id == id)
			break;
	return (pf);
}

/* One that nobody has; false: all are taken. */
static bool
fanout_newid(const struct packet_vnet *pv, uint16_t *id)
{
	for (uint32_t i = 1; i <= UINT16_MAX; i++)
		if (fanout_find(pv, (uint16_t)i) == NULL) {
			*id = (uint16_t)i;
			return (true);
		}
	return (false);
}

static struct pktfanout *
fanout_make(struct packet_vnet *pv, const struct pktpcb *pp, uint16_t id, unsigned how)
{
	struct pktfanout *pf;

	if ((pf = kmalloc(vnet_acct(pv->pv_vnet), ACCT_PCB, sizeof(*pf))) == NULL)
		return (NULL);
	pf->pf_id = id;
	pf->pf_how = (uint8_t)(how & VI_FANOUT_TYPE);
	pf->pf_flags = (uint16_t)(how & FANOUT_FLAGS);
	pf->pf_type = pp->pp_type;
	pf->pf_ifindex = pp->pp_ifindex;
	pf->pf_frame = UINT64_MAX;
	LIST_INSERT_HEAD(&pv->pv_fanouts, pf, pf_link);
	return (pf);
}

static bool
fanout_suits(const struct pktfanout *pf, const struct pktpcb *pp, unsigned how)
{
	const unsigned same = FANOUT_FLAGS & ~(unsigned)VI_FANOUT_F_UNIQUEID;

	return (pf->pf_how == (how & VI_FANOUT_TYPE) && (pf->pf_flags & same) == (how & same) && pf->pf_type == pp->pp_type &&
	    pf->pf_ifindex == pp->pp_ifindex);
}

int
pkt_fanout_join(struct pktpcb *pp, const void *val, size_t len)
{
	struct packet_vnet *pv = pkt_vnet(pp);
	struct pktfanout *pf;
	uint16_t id;
	unsigned how;
	int v, error;

	if ((error = sooptint(val, len, &v)) != 0)
		return (error);
	id = (uint16_t)v;
	how = (uint32_t)v >> 16;
	if ((how & VI_FANOUT_TYPE) > VI_FANOUT_CBPF || (how & ~(unsigned)(VI_FANOUT_TYPE | FANOUT_FLAGS)) != 0 ||
	    ((how & VI_FANOUT_F_ROLLOVER) != 0 && (how & VI_FANOUT_TYPE) == VI_FANOUT_ROLLOVER))
		return (EINVAL);
	if (pp->pp_fanout != NULL)
		return (EALREADY);
	if (!pp->pp_hooked || ((how & VI_FANOUT_F_UNIQUEID) != 0 && id != 0))
		return (EINVAL);
	if ((how & VI_FANOUT_F_UNIQUEID) != 0 && !fanout_newid(pv, &id))
		return (ENOMEM);
	if ((pf = fanout_find(pv, id)) == NULL && (pf = fanout_make(pv, pp, id, how)) == NULL)
		return (ENOMEM);
	if (!fanout_suits(pf, pp, how))
		return (EINVAL);
	if (pf->pf_n == VI_FANOUT_MAX)
		return (ENOSPC);
	pf->pf_member[pf->pf_n++] = pp;
	pp->pp_fanout = pf;
	return (0);
}

void
pkt_fanout_leave(struct pktpcb *pp)
{
	struct pktfanout *pf = pp->pp_fanout;
	uint32_t i = 0;

	if (pf == NULL)
		return;
	while (pf->pf_member[i] != pp)
		i++;
	memmove(&pf->pf_member[i], &pf->pf_member[i + 1], (pf->pf_n - i - 1) * sizeof(pf->pf_member[0]));
	pf->pf_n--;
	pf->pf_frame = UINT64_MAX;
	pp->pp_fanout = NULL;
	if (pf->pf_n > 0)
		return;
	LIST_REMOVE(pf, pf_link);
	sofilter_drop(vnet_acct(pkt_vnet(pp)->pv_vnet), pf->pf_filter);
	kfree(vnet_acct(pkt_vnet(pp)->pv_vnet), ACCT_PCB, pf, sizeof(*pf));
}

/* EINVAL: it is in no such group; EPERM: its own filter is locked. */
int
pkt_fanout_data(struct pktpcb *pp, const void *val, size_t len)
{
	struct acctset *as = vnet_acct(pkt_vnet(pp)->pv_vnet);
	struct pktfanout *pf = pp->pp_fanout;
	struct so_filter *sf;
	int error;

	if (pf == NULL || pf->pf_how != VI_FANOUT_CBPF)
		return (EINVAL);
	if (pp->pp_socket->so_filterlocked)
		return (EPERM);
	if ((error = sofilter_make(as, val, len, &sf)) != 0)
		return (error);
	sofilter_drop(as, pf->pf_filter);
	pf->pf_filter = sf;
	return (0);
}

static uint32_t
fanout_index(struct pktfanout *pf, const struct pktview *pw)
{
	uint32_t v = 0;

	switch (pf->pf_how) {
	case VI_FANOUT_HASH:
		return ((uint32_t)((uint64_t)pktview_hash(pw) * pf->pf_n >> 32));
	case VI_FANOUT_LB:
		return (pf->pf_next++ % pf->pf_n);
	case VI_FANOUT_RND:
		host_random(kernel_host(pw->pw_ifp->if_vnet->vn_kernel), &v, sizeof(v));
		return (v % pf->pf_n);
	case VI_FANOUT_CBPF:
		return (pf->pf_filter == NULL ? 0 : pktview_run(pw, pf->pf_filter, 0) % pf->pf_n);
	default:	/* one worker runs the lane, there is one queue, and the first is the first */
		return (0);
	}
}

/* Is there room?  From index on, once round. */
static uint32_t
fanout_rollover(const struct pktfanout *pf, uint32_t index, uint32_t len)
{
	for (uint32_t i = 0; i < pf->pf_n; i++)
		if (sbspace(&pf->pf_member[(index + i) % pf->pf_n]->pp_socket->so_rcv) > len)
			return ((index + i) % pf->pf_n);
	return (index);
}

bool
pkt_fanout_mine(struct pktpcb *pp, const struct pktview *pw)
{
	struct pktfanout *pf = pp->pp_fanout;
	const uint64_t frame = pkt_vnet(pp)->pv_frame;
	uint32_t index;

	if ((pf->pf_flags & VI_FANOUT_F_IGNORE_OUTGOING) != 0 && pw->pw_frame->f_out)
		return (false);
	if (pf->pf_frame != frame) {
		index = fanout_index(pf, pw);
		if (pf->pf_how == VI_FANOUT_ROLLOVER || (pf->pf_flags & VI_FANOUT_F_ROLLOVER) != 0)
			index = fanout_rollover(pf, index, pw->pw_len);
		pf->pf_chosen = pf->pf_member[index];
		pf->pf_frame = frame;
	}
	return (pf->pf_chosen == pp);
}
