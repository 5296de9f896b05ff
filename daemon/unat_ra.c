/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The router of a link to the host (RFC 4861 6.2): the jail makes itself an address, and finds its router and the resolver (RFC 8106).
 *
 * It advertises when it is asked, and from then on again and again, so that what it said stays valid.
 */
#include <stddef.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>

#include "daemon/unat_raw.h"

#define RA_INTERVAL	600	/* s, RFC 4861 6.2.1 */
#define RA_LIFETIME	1800	/* s */
#define RA_HOPS		255

/* RFC 8106 5.1 */
struct ra_rdnss {
	uint8_t		rd_type, rd_len;
	uint16_t	rd_reserved;
	uint32_t	rd_lifetime;
	uint8_t		rd_addr[16];
};

struct ra_message {
	struct nd_router_advert rm_ra;
	struct nd_opt_prefix_info rm_prefix;
	struct ra_rdnss	rm_dns;
};
_Static_assert(sizeof(struct ra_message) == 16 + 32 + 24, "a hole in the message");

static void
ra_send(struct nat *na)
{
	const struct nat_net *nn = nat_net(na, VI_AF_INET6);
	struct ra_message rm = {
		.rm_ra = { .nd_ra_type = ND_ROUTER_ADVERT },
		.rm_prefix = { .nd_opt_pi_type = ND_OPT_PREFIX_INFORMATION, .nd_opt_pi_len = sizeof(rm.rm_prefix) / 8,
			.nd_opt_pi_prefix_len = nn->nn_prefixlen, .nd_opt_pi_flags_reserved = ND_OPT_PI_FLAG_ONLINK | ND_OPT_PI_FLAG_AUTO,
			.nd_opt_pi_valid_time = htonl(86400), .nd_opt_pi_preferred_time = htonl(14400) },
		.rm_dns = { .rd_type = 25, .rd_len = sizeof(rm.rm_dns) / 8, .rd_lifetime = htonl(RA_LIFETIME) },
	};
	const struct vi_sockaddr all = { .sa_family = VI_AF_INET6, .sa_scope = na->na_gateindex, .sa_in6 = { 0xff, 2, [15] = 1 } };

	rm.rm_ra.nd_ra_curhoplimit = 64;
	rm.rm_ra.nd_ra_router_lifetime = htons(RA_LIFETIME);
	memcpy(&rm.rm_prefix.nd_opt_pi_prefix, nn->nn_gate.sa_in6, 8);
	memcpy(rm.rm_dns.rd_addr, nn->nn_dns.sa_in6, sizeof(rm.rm_dns.rd_addr));
	nat_raw_multicast(na, IPPROTO_ICMPV6, &all, RA_HOPS, &rm, sizeof(rm));
}

static void
ra_arm(struct nat *na)
{
	const struct itimerspec its = { .it_value.tv_sec = RA_INTERVAL };

	(void)timerfd_settime(na->na_ratimer.le_fd, 0, &its, NULL);
}

void
nat_ra_solicited(struct nat *na)
{
	ra_send(na);
	ra_arm(na);
}

void
nat_ra_event(struct lx_event *le, uint32_t events)
{
	struct nat *na = CONTAINER(le, struct nat, na_ratimer);
	uint64_t count;

	(void)events;
	(void)!read(le->le_fd, &count, sizeof(count));
	if (!nat_begin(na))
		return;
	nat_ra_solicited(na);
	nat_done(na);
}
