/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Captures: whoever asked sees the frames of an interface.
 *
 * A frame is shown as a wire would carry it, whatever the stacks spared themselves, so a copy is cut and summed when that is needed; or, to who can
 * tell one (ic_whole), as it is given to who carries it.  A capture ends with the interface's stay in the vnet: who was let see one stack is not
 * shown the next one's frames.
 */
#include <errno.h>

#include "base/util.h"
#include "host/host.h"
#include "mbuf/mbuf.h"
#include "net/if_int.h"

#define CAPTURE_BUF	(IF_MAXMTU + 32u)	/* and a link header */

int
if_capture_begin(struct ifnet *ifp, struct if_capture *ic, struct acctset *as)
{
	if (ifp->if_dying)
		return (EBUSY);
	if (if_extra_make(ifp, as) != 0)
		return (ENOBUFS);
	ic->ic_ifp = ifp;
	LIST_INSERT_HEAD(&ifp->if_extra->ix_captures, ic, ic_link);
	return (0);
}

struct if_capture *
if_capture_of(const struct ifnet *ifp, void (*frame)(struct if_capture *, const struct if_frame *))
{
	struct if_capture *ic = NULL;

	if (ifp->if_extra != NULL)
		LIST_FOREACH(ic, &ifp->if_extra->ix_captures, ic_link)
			if (ic->ic_frame == frame)
				break;
	return (ic);
}

void
if_capture_end(struct if_capture *ic)
{
	LIST_REMOVE(ic, ic_link);
	if_extra_trim_in(ic->ic_ifp);
}

void
if_capture_endall(struct ifnet *ifp)
{
	struct if_capture *ic;

	while ((ic = LIST_FIRST(&ifp->if_extra->ix_captures)) != NULL) {
		LIST_REMOVE(ic, ic_link);
		ic->ic_ended(ic);
	}
}

enum { FORM_WHOLE = 1, FORM_WIRE = 2 };

/* An interface that loops gets what it showed already when it was sent. */
static bool
capture_wants(const struct if_capture *ic, const struct if_frame *fr, unsigned forms)
{
	if (!fr->f_out && (fr->f_m->m_flags & M_LOOP) != 0 && !ic->ic_loop)
		return (false);
	return ((forms & (ic->ic_whole ? FORM_WHOLE : FORM_WIRE)) != 0);
}

static void
capture_each(struct ifnet *ifp, const struct if_frame *fr, unsigned forms)
{
	struct if_capture *ic;

	LIST_FOREACH(ic, &ifp->if_extra->ix_captures, ic_link)
		if (capture_wants(ic, fr, forms))
			ic->ic_frame(ic, fr);
}

static bool
capture_any(const struct ifnet *ifp, const struct if_frame *fr, unsigned forms)
{
	const struct if_capture *ic;

	LIST_FOREACH(ic, &ifp->if_extra->ix_captures, ic_link)
		if (capture_wants(ic, fr, forms))
			return (true);
	return (false);
}

/* A copy that is cut and summed.  Without memory for it the frame is shown as it is. */
static void
capture_wire(struct ifnet *ifp, struct if_frame *fr, unsigned forms)
{
	struct mbuf *copy = m_dup(fr->f_m, vnet_acct(ifp->if_vnet)), *next;

	if (copy == NULL) {
		capture_each(ifp, fr, forms);
		return;
	}
	for (copy = if_wire(ifp, copy, true); copy != NULL; copy = next) {
		next = copy->m_nextpkt;
		copy->m_nextpkt = NULL;
		fr->f_m = copy;
		capture_each(ifp, fr, forms);
		m_freem(copy);
	}
}

void
if_capture_show(struct ifnet *ifp, const struct mbuf *m, const struct ifnet *from, bool out)
{
	const bool finished = if_finished(m, true);
	const bool whole = finished || !out || ifp->if_ops->ifo_whole == NULL || ifp->if_ops->ifo_whole(ifp, m);
	const unsigned asis = finished ? FORM_WHOLE | FORM_WIRE : whole ? FORM_WHOLE : 0, wire = (FORM_WHOLE | FORM_WIRE) & ~asis;
	struct if_frame fr = {
		.f_m = m,
		.f_from = from,
		.f_time = host_realtime(kernel_host(ifp->if_vnet->vn_kernel)),
		.f_out = out,
	};

	if (asis != 0)
		capture_each(ifp, &fr, asis);
	if (wire != 0 && capture_any(ifp, &fr, wire))
		capture_wire(ifp, &fr, wire);
}

/* Captures by a function of the library's user. */

struct fn_capture {
	struct if_capture fc_capture;
	vi_capture_fn	*fc_fn;
	void		*fc_arg;
	uint8_t		*fc_buf;	/* a frame that is in pieces */
};

static void
fn_frame(struct if_capture *ic, const struct if_frame *f)
{
	const struct fn_capture *fc = CONTAINER_OF(ic, struct fn_capture, fc_capture);
	struct vi_frame fr = { .fr_time = f->f_time, .fr_out = f->f_out, .fr_type = ic->ic_ifp->if_type,
	    .fr_len = f->f_m->m_pkt.len, .fr_data = f->f_m->m_data };

	if (fr.fr_len > CAPTURE_BUF)
		return;
	if (f->f_m->m_len < fr.fr_len) {
		(void)m_copydata(f->f_m, 0, fr.fr_len, fc->fc_buf);
		fr.fr_data = fc->fc_buf;
	}
	fc->fc_fn(fc->fc_arg, &fr);
}

static void
fn_free(struct fn_capture *fc)
{
	struct acctset *as = fc->fc_capture.ic_ifp->if_acct;

	kfree(as, ACCT_IFNET, fc->fc_buf, CAPTURE_BUF);
	kfree(as, ACCT_IFNET, fc, sizeof(*fc));
}

static void
fn_ended(struct if_capture *ic)
{
	struct fn_capture *fc = CONTAINER_OF(ic, struct fn_capture, fc_capture);
	vi_capture_fn *fn = fc->fc_fn;
	void *arg = fc->fc_arg;

	fn_free(fc);
	fn(arg, NULL);
}

static struct fn_capture *
fn_find(const struct ifnet *ifp, vi_capture_fn *fn, const void *arg)
{
	struct if_capture *ic;
	struct fn_capture *fc;

	if (ifp->if_extra == NULL)
		return (NULL);
	LIST_FOREACH(ic, &ifp->if_extra->ix_captures, ic_link) {
		fc = CONTAINER_OF(ic, struct fn_capture, fc_capture);
		if (ic->ic_frame == fn_frame && fc->fc_fn == fn && fc->fc_arg == arg)
			return (fc);
	}
	return (NULL);
}

int
if_capture(struct ifnet *ifp, vi_capture_fn *fn, void *arg)
{
	struct fn_capture *fc;
	int error = ENOBUFS;

	if (fn_find(ifp, fn, arg) != NULL)
		return (EEXIST);
	if ((fc = kmalloc(ifp->if_acct, ACCT_IFNET, sizeof(*fc))) == NULL)
		return (ENOBUFS);
	fc->fc_capture = (struct if_capture){ .ic_ifp = ifp, .ic_frame = fn_frame, .ic_ended = fn_ended };
	fc->fc_fn = fn;
	fc->fc_arg = arg;
	if ((fc->fc_buf = kmalloc(ifp->if_acct, ACCT_IFNET, CAPTURE_BUF)) == NULL ||
	    (error = if_capture_begin(ifp, &fc->fc_capture, ifp->if_acct)) != 0)
		fn_free(fc);
	else
		return (0);
	return (error);
}

int
if_uncapture(struct ifnet *ifp, vi_capture_fn *fn, void *arg)
{
	struct fn_capture *fc = fn_find(ifp, fn, arg);

	if (fc == NULL)
		return (ENOENT);
	LIST_REMOVE(&fc->fc_capture, ic_link);
	fn_free(fc);
	if_extra_trim(ifp);
	return (0);
}
