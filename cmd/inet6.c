/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/inet6.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "cmd/cmd.h"

bool
inet6_number(const char *text, struct inet6 *i6)
{
	const char *zone = strchr(text, '%');
	size_t len = zone != NULL ? (size_t)(zone - text) : strlen(text);
	char host[INET6_ADDRSTRLEN];

	memset(i6, 0, sizeof(*i6));
	if (len >= sizeof(host) ||
	    (zone != NULL && (zone[1] == '\0' || strlen(zone + 1) >= sizeof(i6->i6_zone))))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	if (zone != NULL)
		strcpy(i6->i6_zone, zone + 1);
	return inet_pton(AF_INET6, host, &i6->i6_addr) == 1;
}

bool
inet6_host(const char *text, struct inet6 *i6)
{
	struct addrinfo hints = { .ai_family = AF_INET6, .ai_socktype = SOCK_RAW }, *ai;
	struct sockaddr_in6 sin6;

	if (inet6_number(text, i6))
		return true;
	if (text[0] == '\0' || strpbrk(text, ":%") != NULL ||
	    getaddrinfo(text, NULL, &hints, &ai) != 0)
		return false;
	memcpy(&sin6, ai->ai_addr, sizeof(sin6));
	freeaddrinfo(ai);
	memset(i6, 0, sizeof(*i6));
	i6->i6_addr = sin6.sin6_addr;
	return true;
}

bool
inet6_prefix(const char *text, struct inet6 *i6, int *prefixlen)
{
	const char *slash = strchr(text, '/');
	size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
	char host[INET6_TEXTLEN];
	long long n = -1;

	if (len >= sizeof(host) || (slash != NULL && !cmd_number(slash + 1, 0, 128, &n)))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	*prefixlen = (int)n;
	return inet6_number(host, i6);
}

void
inet6_mask(struct in6_addr *in6, int len)
{
	for (int i = 0; i < 16; i++, len -= 8)
		in6->s6_addr[i] &= (uint8_t)(len >= 8 ? 0xff : len <= 0 ? 0 : 0xff00 >> len);
}

void
inet6_text(const struct inet6 *i6, char buf[INET6_TEXTLEN])
{
	(void)inet_ntop(AF_INET6, &i6->i6_addr, buf, INET6_ADDRSTRLEN);
	if (i6->i6_zone[0] != '\0') {
		strcat(buf, "%");
		strcat(buf, i6->i6_zone);
	}
}
