/* SPDX-License-Identifier: BSD-2-Clause */
/* Destinations and gateways of route(8), of either family. */
#ifndef CMD_ROUTE_ADDR_H
#define CMD_ROUTE_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>

#include "cmd/inet6.h"

#define ROUTE_ADDRSTRLEN	INET6_TEXTLEN

struct route_addr {
	int		ra_family;
	struct in_addr	ra_in;
	struct inet6	ra_in6;
};

/* family: AF_UNSPEC, or the one that it must have.  A name is resolved. */
bool	route_addr_host(const char *, int family, struct route_addr *);
/* "2001:db8::/32", and what inet_network_prefix() takes; *len is -1 without a length. */
bool	route_addr_prefix(const char *, int family, struct route_addr *, int *len);
/* What a destination without a length is. */
int	route_addr_length(const struct route_addr *, bool net, bool host);
void	route_addr_mask(struct route_addr *, int len);
int	route_addr_bits(const struct route_addr *);
/* The mask of a length, as an address. */
void	route_addr_ones(const struct route_addr *, int len, char buf[ROUTE_ADDRSTRLEN]);
void	route_addr_text(const struct route_addr *, char buf[ROUTE_ADDRSTRLEN]);

#endif
