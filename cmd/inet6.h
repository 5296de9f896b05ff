/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv6 addresses as the commands read and write them. */
#ifndef CMD_INET6_H
#define CMD_INET6_H

#include <netinet/in.h>
#include <stdbool.h>

#define INET6_TEXTLEN	64	/* an address with its zone */

struct inet6 {
	struct in6_addr	 i6_addr;
	char		 i6_zone[16];	/* "" none */
};

bool	inet6_number(const char *, struct inet6 *);	/* "fe80::1%epair0a" */
bool	inet6_host(const char *, struct inet6 *);	/* or a name that resolves */
/* "2001:db8::1/64"; *prefixlen is -1 without a length. */
bool	inet6_prefix(const char *, struct inet6 *, int *prefixlen);
void	inet6_mask(struct in6_addr *, int prefixlen);	/* clears the host's part */
void	inet6_text(const struct inet6 *, char buf[INET6_TEXTLEN]);

#endif
