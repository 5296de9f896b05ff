/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/route_addr.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "cmd/cmd.h"
#include "cmd/inet.h"

/* "fe80::1%epair0a"; the zone of what has none is not looked at. */
static bool
in6_number(const char *word, struct route_addr *ra)
{
	char host[INET6_ADDRSTRLEN];
	const char *zone = strchr(word, '%');
	size_t len = zone != NULL ? (size_t)(zone - word) : strlen(word);

	if (len >= sizeof(host) || (zone != NULL && (zone[1] == '\0' ||
	    strlen(zone + 1) >= sizeof(ra->ra_zone))))
		return false;
	memcpy(host, word, len);
	host[len] = '\0';
	if (inet_pton(AF_INET6, host, &ra->ra_in6) != 1)
		return false;
	ra->ra_family = AF_INET6;
	strcpy(ra->ra_zone, zone != NULL ? zone + 1 : "");
	return true;
}

static bool
in6_name(const char *word, struct route_addr *ra)
{
	struct addrinfo hints = { .ai_family = AF_INET6, .ai_socktype = SOCK_RAW }, *ai;
	struct sockaddr_in6 sin6;

	if (word[0] == '\0' || getaddrinfo(word, NULL, &hints, &ai) != 0)
		return false;
	memcpy(&sin6, ai->ai_addr, sizeof(sin6));
	freeaddrinfo(ai);
	ra->ra_family = AF_INET6;
	ra->ra_in6 = sin6.sin6_addr;
	return true;
}

bool
route_addr_host(const char *word, int family, struct route_addr *ra)
{
	memset(ra, 0, sizeof(*ra));
	if (family == AF_INET6 || (family == AF_UNSPEC && strchr(word, ':') != NULL))
		return in6_number(word, ra) || (strchr(word, ':') == NULL && in6_name(word, ra));
	ra->ra_family = AF_INET;
	return inet_host(word, &ra->ra_in);
}

static bool
in6_prefix(const char *word, struct route_addr *ra, int *len)
{
	const char *slash = strchr(word, '/');
	char host[ROUTE_ADDRSTRLEN];
	size_t n = slash != NULL ? (size_t)(slash - word) : strlen(word);
	long long value = -1;

	if (n >= sizeof(host) || (slash != NULL && !cmd_number(slash + 1, 0, 128, &value)))
		return false;
	memcpy(host, word, n);
	host[n] = '\0';
	*len = (int)value;
	return in6_number(host, ra);
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
	if (family == AF_INET6 || (family == AF_UNSPEC && strchr(word, ':') != NULL))
		return in6_prefix(word, ra, len);
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
		return IN6_IS_ADDR_UNSPECIFIED(&ra->ra_in6) ? 0 : net ? 64 : 128;
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

static void
in6_mask(struct in6_addr *in6, int len)
{
	for (int i = 0; i < 16; i++, len -= 8)
		in6->s6_addr[i] &= (uint8_t)(len >= 8 ? 0xff : len <= 0 ? 0 : 0xff00 >> len);
}

void
route_addr_mask(struct route_addr *ra, int len)
{
	ra->ra_in.s_addr &= htonl(inet_mask(len));
	in6_mask(&ra->ra_in6, len);
}

void
route_addr_ones(const struct route_addr *ra, int len, char buf[ROUTE_ADDRSTRLEN])
{
	struct route_addr ones = { .ra_family = ra->ra_family, .ra_in.s_addr = INADDR_NONE };

	memset(&ones.ra_in6, 0xff, sizeof(ones.ra_in6));
	route_addr_mask(&ones, len);
	route_addr_text(&ones, buf);
}

void
route_addr_text(const struct route_addr *ra, char buf[ROUTE_ADDRSTRLEN])
{
	if (ra->ra_family != AF_INET6) {
		(void)inet_ntop(AF_INET, &ra->ra_in, buf, ROUTE_ADDRSTRLEN);
		return;
	}
	(void)inet_ntop(AF_INET6, &ra->ra_in6, buf, INET6_ADDRSTRLEN);
	if (ra->ra_zone[0] != '\0') {
		strcat(buf, "%");
		strcat(buf, ra->ra_zone);
	}
}
