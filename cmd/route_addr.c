/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/route_addr.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "cmd/cmd.h"
#include "cmd/inet.h"

bool
route_addr_host(const char *word, int family, struct route_addr *ra)
{
	memset(ra, 0, sizeof(*ra));
	if (family == AF_INET6 || (family == AF_UNSPEC && strchr(word, ':') != NULL)) {
		ra->ra_family = AF_INET6;
		return inet6_host(word, &ra->ra_in6);
	}
	ra->ra_family = AF_INET;
	return inet_host(word, &ra->ra_in);
}

bool
route_addr_prefix(const char *word, int family, struct route_addr *ra, int *len)
{
	memset(ra, 0, sizeof(*ra));
	if (family == AF_INET6 && strcmp(word, "default") == 0) {
		ra->ra_family = AF_INET6;
		*len = 0;
		return true;
	}
	if (family == AF_INET6 || (family == AF_UNSPEC && strchr(word, ':') != NULL)) {
		ra->ra_family = AF_INET6;
		return inet6_prefix(word, &ra->ra_in6, len);
	}
	ra->ra_family = AF_INET;
	return inet_network_prefix(word, &ra->ra_in, len);
}

/* IPv4: the network of its class where the host part is zero, else a host. */
int
route_addr_length(const struct route_addr *ra, bool net, bool host)
{
	int len;

	if (host)
		return route_addr_bits(ra);
	if (ra->ra_family == AF_INET6)
		return IN6_IS_ADDR_UNSPECIFIED(&ra->ra_in6.i6_addr) ? 0 : net ? 64 : 128;
	len = inet_class_prefixlen(ra->ra_in);
	if (ra->ra_in.s_addr == 0)
		return 0;
	return net || (ntohl(ra->ra_in.s_addr) & ~inet_mask(len)) == 0 ? len : 32;
}

int
route_addr_bits(const struct route_addr *ra)
{
	return ra->ra_family == AF_INET6 ? 128 : 32;
}

void
route_addr_mask(struct route_addr *ra, int len)
{
	ra->ra_in.s_addr &= htonl(inet_mask(len));
	inet6_mask(&ra->ra_in6.i6_addr, len);
}

void
route_addr_ones(const struct route_addr *ra, int len, char buf[ROUTE_ADDRSTRLEN])
{
	struct route_addr ones = { .ra_family = ra->ra_family, .ra_in.s_addr = INADDR_NONE };

	memset(&ones.ra_in6.i6_addr, 0xff, sizeof(ones.ra_in6.i6_addr));
	route_addr_mask(&ones, len);
	route_addr_text(&ones, buf);
}

void
route_addr_text(const struct route_addr *ra, char buf[ROUTE_ADDRSTRLEN])
{
	if (ra->ra_family == AF_INET6)
		inet6_text(&ra->ra_in6, buf);
	else
		(void)inet_ntop(AF_INET, &ra->ra_in, buf, ROUTE_ADDRSTRLEN);
}
