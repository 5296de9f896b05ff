/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/inet.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cmd/cmd.h"

bool
inet_number(const char *text, struct in_addr *in)
{
	/* inet_aton(3) would stop at a blank and be content. */
	return text[strspn(text, "0123456789abcdefxABCDEFX.")] == '\0' && inet_aton(text, in) != 0;
}

bool
inet_host(const char *text, struct in_addr *in)
{
	struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_RAW }, *ai;
	struct sockaddr_in sin;

	if (inet_number(text, in))
		return true;
	if (text[0] == '\0' || getaddrinfo(text, NULL, &hints, &ai) != 0)
		return false;
	memcpy(&sin, ai->ai_addr, sizeof(sin));
	freeaddrinfo(ai);
	*in = sin.sin_addr;
	return true;
}

uint32_t
inet_mask(int prefixlen)
{
	return prefixlen <= 0 ? 0 : prefixlen >= 32 ? UINT32_MAX : ~(UINT32_MAX >> prefixlen);
}

int
inet_class_prefixlen(struct in_addr in)
{
	uint32_t a = ntohl(in.s_addr);

	return a < 0x80000000 ? 8 : a < 0xc0000000 ? 16 : a < 0xe0000000 ? 24 : 32;
}

bool
inet_mask_number(const char *text, int *prefixlen)
{
	struct in_addr in;

	if (!inet_number(text, &in))
		return false;
	for (int len = 0; len <= 32; len++) {
		if (inet_mask(len) == ntohl(in.s_addr)) {
			*prefixlen = len;
			return true;
		}
	}
	return false;
}

/* Splits "x/len": the part before the slash and the length, -1 without. */
static bool
split_length(const char *text, char *host, size_t room, int *prefixlen)
{
	const char *slash = strchr(text, '/');
	size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
	long long n = -1;

	if (len >= room || (slash != NULL && !cmd_number(slash + 1, 0, 32, &n)))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	*prefixlen = (int)n;
	return true;
}

bool
inet_prefix(const char *text, struct in_addr *in, int *prefixlen)
{
	char host[64];

	return split_length(text, host, sizeof(host), prefixlen) && inet_number(host, in);
}

/* "10" is 10.0.0.0 and "192.0.2" is 192.0.2.0 here: a network, unlike in inet_aton(3). */
static bool
network_number(const char *text, struct in_addr *in)
{
	unsigned dots = 0;
	char full[64];

	if (text[0] == '\0' || text[strspn(text, "0123456789.")] != '\0')
		return false;
	for (const char *p = text; *p != '\0'; p++)
		dots += *p == '.';
	if (dots > 3 ||
	    snprintf(full, sizeof(full), "%s%.*s", text, (int)(3 - dots) * 2, ".0.0.0") >=
		(int)sizeof(full))
		return false;
	return inet_pton(AF_INET, full, in) == 1;
}

bool
inet_network_prefix(const char *text, struct in_addr *in, int *prefixlen)
{
	char host[64];

	if (strcmp(text, "default") == 0) {
		in->s_addr = 0;
		*prefixlen = 0;
		return true;
	}
	return split_length(text, host, sizeof(host), prefixlen) && network_number(host, in);
}

bool
mac_parse(const char *text, uint8_t mac[6])
{
	unsigned b[6];
	int end = 0;

	if (sscanf(text, "%2x%*1[:-]%2x%*1[:-]%2x%*1[:-]%2x%*1[:-]%2x%*1[:-]%2x%n",
	    &b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &end) != 6 || text[end] != '\0' ||
	    text[strspn(text, "0123456789abcdefABCDEF:-")] != '\0')
		return false;
	for (int i = 0; i < 6; i++)
		mac[i] = (uint8_t)b[i];
	return true;
}

void
mac_format(const uint8_t m[6], char buf[MAC_STRLEN])
{
	snprintf(
	    buf, MAC_STRLEN, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
}
