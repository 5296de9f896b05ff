/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Captures: whoever asked sees the frames of an interface.
 *
 * A frame is shown as a wire would carry it, whatever the stacks spared themselves; so a copy is
 * cut and summed when that is needed.  A capture ends with the interface's stay in the vnet: who
 * was let see one stack is not shown the next one's frames.
 */
#include <errno.h>

#include "host/host.h"
#include "mbuf/mbuf.h"
#include "net/if_int.h"

struct if_capture {
	LIST_ENTRY(if_capture) ic_link;
	vi_capture_fn	*ic_fn;
	void		*ic_arg;
	uint8_t		*ic_buf;	/* a frame that is in pieces */
};

#define CAPTURE_BUF	(IF_MAXMTU + 32u)	/* and a link header */

static struct if_capture *
capture_find(const struct ifnet *ifp, vi_capture_fn *fn, const void *arg)
{
	struct if_capture *ic;

	if (ifp->if_extra == NULL)
		return (NULL);
	LIST_FOREACH(ic, &ifp->if_extra->ix_captures, ic_link)
		if (ic->ic_fn == fn && ic->ic_arg == arg)
			return (ic);
	return (NULL);
}

static void
capture_free(struct ifnet *ifp, struct if_capture *ic)
{
	LIST_REMOVE(ic, ic_link);
	kfree(ifp->if_acct, ACCT_IFNET, ic->ic_buf, CAPTURE_BUF);
	kfree(ifp->if_acct, ACCT_IFNET, ic, sizeof(*ic));
}

int
if_capture(struct ifnet *ifp, vi_capture_fn *fn, void *arg)
{
	struct if_capture *ic;

	if (capture_find(ifp, fn, arg) != NULL)
		return (EEXIST);
	if (ifp->if_dying)
		return (EBUSY);
	if (if_extra_make(ifp) != 0)
		return (ENOBUFS);
	if ((ic = kmalloc(ifp->if_acct, ACCT_IFNET, sizeof(*ic))) == NULL) {
		if_extra_trim(ifp);
		return (ENOBUFS);
	}
	LIST_INSERT_HEAD(&ifp->if_extra->ix_captures, ic, ic_link);
	ic->ic_fn = fn;
	ic->ic_arg = arg;
	if ((ic->ic_buf = kmalloc(ifp->if_acct, ACCT_IFNET, CAPTURE_BUF)) == NULL) {
		LIST_REMOVE(ic, ic_link);
		kfree(ifp->if_acct, ACCT_IFNET, ic, sizeof(*ic));
		if_extra_trim(ifp);
		return (ENOBUFS);
	}
	return (0);
}

int
if_uncapture(struct ifnet *ifp, vi_capture_fn *fn, void *arg)
{
	struct if_capture *ic = capture_find(ifp, fn, arg);

	if (ic == NULL)
		return (ENOENT);
	capture_free(ifp, ic);
	if_extra_trim(ifp);
	return (0);
}

void
if_capture_endall(struct ifnet *ifp)
{
	struct if_capture *ic;
	vi_capture_fn *fn;
	void *arg;

	while ((ic = LIST_FIRST(&ifp->if_extra->ix_captures)) != NULL) {
		fn = ic->ic_fn;
		arg = ic->ic_arg;
		capture_free(ifp, ic);
		fn(arg, NULL);
	}
}

static void
capture_frame(struct ifnet *ifp, const struct mbuf *m, struct vi_frame *fr)
{
	struct if_capture *ic;

	fr->fr_len = m->m_pkt.len;
	if (fr->fr_len > CAPTURE_BUF)
		return;
	LIST_FOREACH(ic, &ifp->if_extra->ix_captures, ic_link) {
		fr->fr_data = m->m_data;
		if (m->m_len < fr->fr_len) {
			(void)m_copydata(m, 0, fr->fr_len, ic->ic_buf);
			fr->fr_data = ic->ic_buf;
		}
		ic->ic_fn(ic->ic_arg, fr);
	}
}

/* Without memory for the copy the frame is shown as it is. */
void
if_capture_show(struct ifnet *ifp, const struct mbuf *m, bool out)
{
	struct vi_frame fr = {
		.fr_time = host_realtime(kernel_host(ifp->if_vnet->vn_kernel)),
		.fr_out = out,
		.fr_type = ifp->if_type,
	};
	struct mbuf *copy, *next;

	if ((m->m_pkt.segsz == 0 && (m->m_pkt.csum_flags & CSUM_DELAY_DATA) == 0) ||
	    (copy = m_dup(m, vnet_acct(ifp->if_vnet))) == NULL) {
		capture_frame(ifp, m, &fr);
		return;
	}
	for (copy = if_wire(ifp, copy, true); copy != NULL; copy = next) {
		next = copy->m_nextpkt;
		copy->m_nextpkt = NULL;
		capture_frame(ifp, copy, &fr);
		m_freem(copy);
	}
}
