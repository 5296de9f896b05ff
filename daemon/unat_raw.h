/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets that a link to the host composes and takes apart itself: all but TCP's.
 *
 * The far stack hands them to raw sockets, put together where they were fragments, and sends what these write from whatever address, in fragments
 * where that is needed.
 */
#ifndef DAEMON_UNAT_RAW_H
#define DAEMON_UNAT_RAW_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/unat.h"

/* One that came from the jail, or is to go there. */
struct nat_packet {
	struct vi_sockaddr pk_src, pk_dst;	/* ports: 0 */
	uint8_t		 pk_proto;
	int		 pk_ttl, pk_tos;	/* ttl: of those that come */
	bool		 pk_whole;	/* not to be fragmented */
	const uint8_t	*pk_data;	/* the transport's header and what follows */
	size_t		 pk_len;
};

int	nat_raw_open(struct nat *);
void	nat_raw_fini(struct nat *);
/* From wherever to the jail; the packet's data follow hdr.  The transport's checksum is filled in at sumoff of hdr. */
void	nat_raw_send(struct nat *, const struct nat_packet *, void *hdr, size_t hdrlen, size_t sumoff);

uint16_t nat_sum(const void *, size_t len);	/* RFC 1071, network order */
/* From the gateway's link-local address; the far stack sums it. */
void	nat_raw_multicast(struct nat *, uint8_t proto, const struct vi_sockaddr *to, int ttl, void *data, size_t len);

/* Errors about packets of the jail, as ICMP says them. */
struct nat_error {
	uint8_t		 ne_type, ne_code;
	uint32_t	 ne_info;	/* the word behind the checksum, host order */
	struct vi_sockaddr ne_from;	/* who says so; family 0: the gateway */
};
/* IPv4's or IPv6's message for an errno of the host.  False: it is no news, or none there is a message for. */
bool	nat_error_make(uint8_t family, int error, struct nat_error *);
void	nat_error_send(struct nat *, const struct nat_error *, const struct nat_packet *);
void	nat_error_ttl(struct nat *, const struct nat_packet *);	/* it has come as far as it was to */

/* unat_host.c: sockets of the host that send and receive datagrams */
int	nat_host_setup(struct nat_flow *);
/* The packet's data, to an address of the host's.  What is too long is no error: the jail is told. */
int	nat_host_send(struct nat_flow *, const struct nat_packet *, const struct vi_sockaddr *host, const void *, size_t);
/* For the jail, into na_buf; the protocol is the caller's.  EINTR: not this one; others: there is none. */
int	nat_host_receive(const struct nat_flow *, struct nat_packet *);
/* The error queue (IP_RECVERR): one entry.  buf: what was sent.  False: it is empty. */
struct nat_hosterr {
	struct nat_error he_error;
	uint32_t	 he_mtu;	/* not 0: nothing but this, and the host itself says so */
	struct vi_sockaddr he_dst;	/* of the host */
	size_t		 he_len;	/* of what is in the buffer */
};
bool	nat_host_error(const struct nat_flow *, struct nat_hosterr *, void *buf, size_t len);

/* By protocol. */
void	nat_udp_input(struct nat *, const struct nat_packet *);
void	nat_icmp_input(struct nat *, const struct nat_packet *);
/* One to the server's port; false: it is none of DHCP's. */
bool	nat_dhcp_input(struct nat *, const uint8_t *data, size_t len);

#endif
