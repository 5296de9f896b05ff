/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Streams that had no memory for what their users want to send.  poll does not call them writable; they are woken when something of theirs is
 * acknowledged, or after a moment, for it may be others that give memory back.  A user that waits for room, as it does when the buffer is full, is so
 * never forgotten.
 */
#include <errno.h>

#include "socket/so_int.h"

#define STARVE_LOOK	UINT64_C(10000000)	/* ns */

int
so_starve(struct socket *so)
{
	struct socket_vnet *sv = socket_vnet(so->so_vnet);

	if (!so->so_starved) {
		so->so_starved = true;
		TAILQ_INSERT_TAIL(&sv->sv_starved, so, so_list);
		if (!callout_pending(&sv->sv_look))
			callout_reset(&sv->sv_look, STARVE_LOOK);
	}
	return (EAGAIN);
}

void
so_feed(struct socket *so)
{
	if (!so->so_starved)
		return;
	so->so_starved = false;
	TAILQ_REMOVE(&socket_vnet(so->so_vnet)->sv_starved, so, so_list);
}

static void
starve_look(void *arg)
{
	struct socket_vnet *sv = arg;
	struct socket *so;

	while ((so = TAILQ_FIRST(&sv->sv_starved)) != NULL)
		sowwakeup(so);
}

void
so_starve_init(struct vnet *vn)
{
	struct socket_vnet *sv = socket_vnet(vn);

	TAILQ_INIT(&sv->sv_starved);
	callout_init(&sv->sv_look, &vn->vn_lane, starve_look, sv);
}

void
so_starve_stop(struct vnet *vn)
{
	callout_stop(&socket_vnet(vn)->sv_look);
}
