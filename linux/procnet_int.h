/* SPDX-License-Identifier: BSD-2-Clause */
/* A text of /proc/net being written. */
#ifndef LINUX_PROCNET_INT_H
#define LINUX_PROCNET_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vimage/types.h>

#include "linux/pcbs.h"

struct procnet {
	struct lx	*pn_lx;
	struct vi_vnet	*pn_vnet;
	struct lx_viewer pn_viewer;
	char		*pn_text;
	size_t		 pn_len, pn_room;
	size_t		 pn_line;	/* where the line begins that is to be padded */
	int		 pn_error;	/* it is over: ENOMEM, EFBIG */
	uint64_t	 pn_until;	/* ns, of lx_now(): then the rest is for another time */
	bool		 pn_begun;	/* something was done in this piece */
	bool		 pn_again;	/* ... and there is one more */
	struct pn_socks	*pn_socks;	/* of a file of sockets, between two pieces */
};

/* Is this piece over?  Asked by who can go on later; the first thing each time is done in any case. */
bool	 pn_over(struct procnet *);
void	 pn_socks_free(struct procnet *);

void	 pn_printf(struct procnet *, const char *fmt, ...) VI_PRINTF(2, 3);
void	 pn_hex(struct procnet *, const uint8_t *, size_t);	/* without separators, lower case */
unsigned pn_knob(const struct procnet *, const char *name);	/* a number among the sysctls of the vnet; 0: none */
/* Lines of one length: blanks up to it, and the newline. */
void	 pn_begin(struct procnet *);
void	 pn_end(struct procnet *, size_t width);

typedef void procnet_fn(struct procnet *);
/* procnet_if.c */
procnet_fn procnet_dev, procnet_dev_mcast, procnet_if_inet6, procnet_igmp, procnet_igmp6, procnet_mcfilter, procnet_mcfilter6;
/* procnet_route.c */
procnet_fn procnet_arp, procnet_ipv6_route, procnet_route, procnet_rt_cache;
/* procnet_sock.c */
procnet_fn procnet_icmp, procnet_icmp6, procnet_ip6_flowlabel, procnet_netlink, procnet_packet, procnet_raw, procnet_raw6, procnet_sockstat, procnet_sockstat6, procnet_tcp,
    procnet_tcp6, procnet_udp, procnet_udp6, procnet_udplite, procnet_udplite6;
/* procnet_stat.c */
procnet_fn procnet_netstat, procnet_snmp, procnet_snmp6;

#endif
