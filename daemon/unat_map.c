/* SPDX-License-Identifier: BSD-2-Clause */
/* Which address of the host a link's jail means, and back. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <netinet/in.h>

#include "daemon/daemon.h"
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
	return same_address(sa, &na->na_gate) || same_address(sa, &na->na_dns);
}

bool
nat_isresolver(const struct nat *na, const struct vi_sockaddr *sa)
{
	return sa->sa_port == htons(53) && same_address(sa, &na->na_dns);
}

static bool
isloopback(const struct vi_sockaddr *sa)
{
	return sa->sa_family == VI_AF_INET && ntohl(sa->sa_in) >> 24 == 127;
}

/* 0.0.0.0 is this host for Linux. */
bool
nat_isunicast(const struct vi_sockaddr *sa)
{
	const uint32_t top = ntohl(sa->sa_in) >> 24;

	return sa->sa_family == VI_AF_INET && top != 0 && top < 224;
}

/* The first that the file names; the host itself when it names none (resolv.conf(5)). */
static void
read_resolver(struct vi_sockaddr *sa)
{
	char line[256], text[64];
	FILE *f = fopen(RESOLVER_FILE, "re");

	*sa = (struct vi_sockaddr){ .sa_family = VI_AF_INET, .sa_port = htons(53), .sa_in = htonl(INADDR_LOOPBACK) };
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, " nameserver %63s", text) == 1 && inet_pton(AF_INET, text, &sa->sa_in) == 1)
			break;
	if (f != NULL)
		fclose(f);
}

static const struct vi_sockaddr *
resolver(struct nat *na)
{
	if (na->na_resolverread == 0 || nat_now(na) - na->na_resolverread > RESOLVER_AGE) {
		read_resolver(&na->na_resolver);
		na->na_resolverread = nat_now(na);
	}
	return &na->na_resolver;
}

void
nat_loopback(struct vi_sockaddr *sa)
{
	sa->sa_in = htonl(INADDR_LOOPBACK);
}

int
nat_map(struct nat *na, const struct vi_sockaddr *far, struct vi_sockaddr *host)
{
	*host = *far;
	if (nat_isresolver(na, far)) {
		*host = *resolver(na);
		return 0;
	}
	if (same_address(far, &na->na_gate) && na->na_loopback) {
		nat_loopback(host);
		return 0;
	}
	return nat_isgateway(na, far) || isloopback(far) || !nat_isunicast(far) ? EACCES : 0;
}

bool
nat_unmap(const struct nat *na, struct vi_sockaddr *sa, bool dns)
{
	if (dns && sa->sa_port == na->na_resolver.sa_port && same_address(sa, &na->na_resolver)) {
		sa->sa_in = na->na_dns.sa_in;
		return true;
	}
	if (!isloopback(sa))
		return true;
	sa->sa_in = na->na_gate.sa_in;
	return na->na_loopback;
}
