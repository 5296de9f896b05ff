/* SPDX-License-Identifier: BSD-2-Clause */
/* One connection that a link to the host relays. */
#ifndef DAEMON_UNAT_TCP_H
#define DAEMON_UNAT_TCP_H

#include "daemon/unat.h"

enum nat_tcp_state {
	NT_NEW,		/* its first segment is held; na_new */
	NT_CONNECTING,	/* the host's socket is */
	NT_OPENING,	/* the host has answered: the segment was let in, a listener waits for the handshake */
	NT_REFUSED,	/* the same without a listener: TCP will answer with a reset */
	NT_DIALING,	/* of a forward: the far stack's socket connects to the jail */
	NT_RELAYING,
};

struct nat_tcp {
	struct nat_flow	 nt_flow;
	enum nat_tcp_state nt_state;
	STAILQ_ENTRY(nat_tcp) nt_newlink;
	struct nat_listener *nt_listener;	/* while NT_OPENING */
	struct vi_socket *nt_so;
	/* While NT_RELAYING.  "up" is from the jail to the host. */
	bool		 nt_upblocked, nt_downblocked;	/* the receiver's buffer is full */
	bool		 nt_upeof, nt_downeof;		/* told to the receiver */
	uint16_t	 nt_synlen;
	uint8_t		*nt_syn;	/* NULL: let in, or there was none */
};

extern const struct nat_kind nat_tcp_kind;

/* unat_relay.c: both ends are connected.  May free it. */
void	nat_relay_start(struct nat_tcp *);
/* Both ends hear of a reset. */
void	nat_tcp_reset(struct nat_tcp *);

#endif
