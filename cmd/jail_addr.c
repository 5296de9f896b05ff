/* SPDX-License-Identifier: BSD-2-Clause */
/* ip_hostname: the addresses of host.hostname come before those of ip4.addr and ip6.addr. */
#include "cmd/jail_int.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static void
append(char *buf, size_t size, const char *text)
{
	size_t used = strlen(buf);

	if (text[0] != '\0' && used + strlen(text) + 2 < size)
		snprintf(buf + used, size - used, "%s%s", used > 0 ? "," : "", text);
}

/* "192.0.2.1,192.0.2.2", or "" */
static void
resolve(const char *host, int family, char *buf, size_t size)
{
	const struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_STREAM };
	struct addrinfo *list, *ai;
	char text[INET6_ADDRSTRLEN];
	const void *addr;

	buf[0] = '\0';
	if (getaddrinfo(host, NULL, &hints, &list) != 0)
		return;
	for (ai = list; ai != NULL; ai = ai->ai_next) {
		addr = family == AF_INET ? (const void *)&((const struct sockaddr_in *)(const void *)ai->ai_addr)->sin_addr :
		    (const void *)&((const struct sockaddr_in6 *)(const void *)ai->ai_addr)->sin6_addr;
		append(buf, size, inet_ntop(family, addr, text, sizeof(text)));
	}
	freeaddrinfo(list);
}

static bool
asked(const struct job *jb)
{
	return jc_param_bool(&jb->jb_params, "ip_hostname", false);
}

bool
addr_check(const struct job *jb)
{
	const char *host = jc_param_str(&jb->jb_params, "host.hostname", "");
	char v4[1024], v6[1024];

	if (!asked(jb))
		return true;
	if (host[0] == '\0') {
		job_warnx(jb, "ip_hostname: host.hostname is not set");
		return false;
	}
	resolve(host, AF_INET, v4, sizeof(v4));
	resolve(host, AF_INET6, v6, sizeof(v6));
	if (v4[0] == '\0' && v6[0] == '\0')
		job_warnx(jb, "ip_hostname: %s: no address is known", host);
	return v4[0] != '\0' || v6[0] != '\0';
}

static void
add_family(const struct job *jb, json_t *list, const char *param, int family)
{
	char addrs[4096];
	size_t i;
	json_t *pair;

	resolve(jc_param_str(&jb->jb_params, "host.hostname", ""), family, addrs, sizeof(addrs));
	if (addrs[0] == '\0')
		return;
	json_array_foreach(list, i, pair) {
		if (strcmp(json_string_value(json_array_get(pair, 0)), param) != 0)
			continue;
		if (json_string_value(json_array_get(pair, 1)) != NULL)
			append(addrs, sizeof(addrs), json_string_value(json_array_get(pair, 1)));
		json_array_set_new(pair, 1, json_string(addrs));
		return;
	}
	json_array_append_new(list, json_pack("[s,s]", param, addrs));
}

void
addr_add(const struct job *jb, json_t *list)
{
	if (!asked(jb))
		return;
	add_family(jb, list, "ip4.addr", AF_INET);
	add_family(jb, list, "ip6.addr", AF_INET6);
}
