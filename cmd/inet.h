/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv4 addresses, masks and networks as the commands read and write them. */
#ifndef CMD_INET_H
#define CMD_INET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAC_STRLEN	18

bool	inet_number(const char *, struct in_addr *);	/* what inet_aton(3) takes */
bool	inet_host(const char *, struct in_addr *);	/* or a name that resolves */
/* "255.255.255.0", "0xffffff00"; the ones must be contiguous. */
bool	inet_mask_number(const char *, int *prefixlen);
/* "192.0.2.1/24"; *prefixlen is -1 without a length. */
bool	inet_prefix(const char *, struct in_addr *, int *prefixlen);
/* A destination of route(8): "default", "10/8", "192.0.2", "192.0.2.0/24"; *prefixlen -1: not said.
 */
bool	inet_network_prefix(const char *, struct in_addr *, int *prefixlen);
uint32_t inet_mask(int prefixlen);			/* host byte order */
int	inet_class_prefixlen(struct in_addr);
bool	mac_parse(const char *, uint8_t mac[6]);
void	mac_format(const uint8_t mac[6], char buf[MAC_STRLEN]);

#endif
