/* SPDX-License-Identifier: BSD-2-Clause */
/* Rings of packet sockets. */
#ifndef LINUX_PACKET_RING_H
#define LINUX_PACKET_RING_H

#include "linux/lx.h"

struct tpacket_req3;

/* With what PACKET_RX_RING said.  EINVAL; ENOMEM: too large as well. */
int	 ring_new(struct lx_sock *, int version, unsigned reserve, const struct tpacket_req3 *, struct lx_ring **);
void	 ring_free(struct lx_ring *);			/* NULL is fine */
void	 ring_rx(struct lx_ring *);			/* frames from the vnet's socket into it */
int	 ring_fd(const struct lx_ring *, size_t len);	/* to be mapped whole; -1: not of this length */
uint64_t rings_timer(struct lx *, uint64_t now);	/* when to be called again */

#endif
