/* SPDX-License-Identifier: BSD-2-Clause */
/* Which address of the host a link's jail means, and back. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <netinet/in.h>

#include "daemon/unat.h"

#define RESOLVER_AGE	(5 * NAT_SEC)	/* /etc/resolv.conf is looked at again */
#define RESOLVER_FILE	"/etc/resolv.conf"

static bool
same_address(const struct vi_sockaddr *a, const struct vi_sockaddr *b)
{
	return a->sa_family == b->sa_family && memcmp(a->sa_bytes, b->sa_bytes, a->sa_family == VI_AF_INET ? 4 : 16) == 0;
}

bool
nat_isgateway(const struct nat *na, const struct vi_sockaddr *sa)
{
	const struct nat_net *nn = nat_net(na, sa->sa_family);

	return same_address(sa, &nn->nn_gate) || same_address(sa, &nn->nn_dns);
}

bool
nat_isresolver(const struct nat *na, const struct vi_sockaddr *sa)
{
	return sa->sa_port == htons(53) && same_address(sa, &nat_net(na, sa->sa_family)->nn_dns);
}

static bool
isloopback(const struct vi_sockaddr *sa)
{
	if (sa->sa_family == VI_AF_INET)
		return ntohl(sa->sa_in) >> 24 == 127;
	return memcmp(sa->sa_in6, &in6addr_loopback, sizeof(sa->sa_in6)) == 0;
}

bool
nat_islinklocal(const struct vi_sockaddr *sa)
{
	return sa->sa_family == VI_AF_INET6 && sa->sa_in6[0] == 0xfe && (sa->sa_in6[1] & 0xc0) == 0x80;
}

/* 0.0.0.0 and :: are this host for Linux, and what begins like :: may be an IPv4 address in disguise; link-local ones mean nothing beyond the link. */
bool
nat_isunicast(const struct vi_sockaddr *sa)
{
	static const uint8_t zero[10];
	const uint32_t top = ntohl(sa->sa_in) >> 24;

	if (sa->sa_family == VI_AF_INET)
		return top != 0 && top < 224;
	return sa->sa_family == VI_AF_INET6 && memcmp(sa->sa_in6, zero, sizeof(zero)) != 0 && sa->sa_in6[0] != 0xff &&
	    !nat_islinklocal(sa);
}

bool
nat_isonlink(const struct nat *na, const struct vi_sockaddr *sa)
{
	const struct nat_net *nn = nat_net(na, sa->sa_family);

	if (nat_isgateway(na, sa))
		return false;
	if (sa->sa_family == VI_AF_INET6)	/* of 64 bits, all of them */
		return memcmp(sa->sa_in6, nn->nn_gate.sa_in6, 8) == 0;
	return ((sa->sa_in ^ nn->nn_gate.sa_in) & htonl(~0u << (32 - nn->nn_prefixlen))) == 0;
}

void
nat_loopback(struct vi_sockaddr *sa)
{
	if (sa->sa_family == VI_AF_INET)
		sa->sa_in = htonl(INADDR_LOOPBACK);
	else
		memcpy(sa->sa_in6, &in6addr_loopback, sizeof(sa->sa_in6));
}

/* The first of each family that the file names; the host itself when it names none (resolv.conf(5)). */
static void
read_resolvers(struct nat *na)
{
	struct vi_sockaddr *inet = &na->na_net[0].nn_resolver, *inet6 = &na->na_net[1].nn_resolver;
	char line[256], text[64];
	FILE *f = fopen(RESOLVER_FILE, "re");

	memset(inet, 0, sizeof(*inet));
	memset(inet6, 0, sizeof(*inet6));
	inet->sa_port = inet6->sa_port = htons(53);
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, " nameserver %63s", text) != 1)
			continue;
		if (inet->sa_family == 0 && inet_pton(AF_INET, text, &inet->sa_in) == 1)
			inet->sa_family = VI_AF_INET;
		if (inet6->sa_family == 0 && inet_pton(AF_INET6, text, inet6->sa_in6) == 1)
			inet6->sa_family = VI_AF_INET6;
	}
	if (f != NULL)
		fclose(f);
	if (inet->sa_family == 0 && inet6->sa_family == 0) {
		inet->sa_family = VI_AF_INET;
		nat_loopback(inet);
	}
}

/* Who answers what a jail asks the resolver of that family: where the host has none of it, one of the other. */
static const struct vi_sockaddr *
resolver_for(const struct nat *na, uint8_t family)
{
	const struct vi_sockaddr *sa = &nat_net(na, family)->nn_resolver;

	return sa->sa_family != 0 ? sa : &nat_net(na, family == VI_AF_INET ? VI_AF_INET6 : VI_AF_INET)->nn_resolver;
}

bool
nat_answers(const struct nat *na, uint8_t family, const struct vi_sockaddr *sa)
{
	const struct vi_sockaddr *resolver = resolver_for(na, family);

	return sa->sa_port == resolver->sa_port && same_address(sa, resolver);
}

static int
map_resolver(struct nat *na, uint8_t family, struct vi_sockaddr *host)
{
	if (na->na_resolverread == 0 || nat_now(na) - na->na_resolverread > RESOLVER_AGE) {
		read_resolvers(na);
		na->na_resolverread = nat_now(na);
	}
	*host = *resolver_for(na, family);
	return 0;
}

int
nat_map(struct nat *na, const struct vi_sockaddr *far, struct vi_sockaddr *host)
{
	*host = *far;
	if (nat_isresolver(na, far))
		return map_resolver(na, far->sa_family, host);
	if (na->na_loopback && same_address(far, &nat_net(na, far->sa_family)->nn_gate)) {
		nat_loopback(host);
		return 0;
	}
	return nat_isgateway(na, far) || isloopback(far) || !nat_isunicast(far) ? EACCES : 0;
}

bool
nat_unmap(const struct nat *na, struct vi_sockaddr *sa, bool dns)
{
	const struct nat_net *nn = nat_net(na, sa->sa_family);
	const struct vi_sockaddr *as = NULL;

	if (dns && sa->sa_port == nn->nn_resolver.sa_port && same_address(sa, &nn->nn_resolver))
		as = &nn->nn_dns;
	else if (isloopback(sa))
		as = &nn->nn_gate;
	sa->sa_scope = 0;
	if (as == NULL)
		return nat_isunicast(sa);
	memcpy(sa->sa_bytes, as->sa_bytes, sizeof(sa->sa_bytes));
	return as == &nn->nn_dns || na->na_loopback;
}
