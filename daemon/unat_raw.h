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

/* One that came from the jail. */
struct nat_packet {
	struct vi_sockaddr pk_src, pk_dst;	/* ports: 0 */
	uint8_t		 pk_proto;
	int		 pk_ttl;
	const uint8_t	*pk_data;	/* the transport's header and what follows */
	size_t		 pk_len;
};

int	nat_raw_open(struct nat *);
void	nat_raw_fini(struct nat *);
/* From wherever to the jail; hdr and data are one behind the other.  The transport's checksum is filled in at sumoff of hdr. */
void	nat_raw_send(struct nat *, uint8_t proto, const struct vi_sockaddr *from, const struct vi_sockaddr *to, void *hdr, size_t hdrlen, size_t sumoff,
	    const void *data, size_t len);

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

/* The error queue of a socket of the host (IP_RECVERR): one entry.  data: what was sent.  False: it is empty. */
struct nat_hosterr {
	struct nat_error he_error;
	struct vi_sockaddr he_dst;	/* of the host */
	size_t		 he_len;	/* of what is in the buffer */
};
bool	nat_host_error(int fd, struct nat_hosterr *, void *buf, size_t len);

/* By protocol. */
void	nat_udp_input(struct nat *, const struct nat_packet *);
void	nat_icmp_input(struct nat *, const struct nat_packet *);
/* One to the server's port; false: it is none of DHCP's. */
bool	nat_dhcp_input(struct nat *, const uint8_t *data, size_t len);

#endif
