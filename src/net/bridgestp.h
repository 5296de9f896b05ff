/* SPDX-License-Identifier: BSD-2-Clause */
/* Spanning tree of a bridge: its ports' part. */
#ifndef NET_BRIDGESTP_H
#define NET_BRIDGESTP_H

#include <stdint.h>

struct mbuf;

enum bstp_state { BSTP_DISABLED, BSTP_LISTENING, BSTP_LEARNING, BSTP_FORWARDING, BSTP_BLOCKING, BSTP_DISCARDING };

struct bstp { int bs_none; };
struct bstp_port { enum bstp_state bp_state; };
void bstp_input(struct bstp_port *, struct mbuf *);

#endif
