/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/hostaddr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

static int
parse_unix(const char *text, struct sockaddr_storage *ss, socklen_t *lenp)
{
	struct sockaddr_un *sun = (struct sockaddr_un *)(void *)ss;
	const size_t len = strlen(text);

	if (len < 2)
		return EINVAL;
	if (len >= sizeof(sun->sun_path))
		return ENAMETOOLONG;
	sun->sun_family = AF_UNIX;
	memcpy(sun->sun_path, text, len);
	*lenp = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	if (text[0] == '@')
		sun->sun_path[0] = '\0';
	else
		(*lenp)++;
	return 0;
}

static int
parse_port(const char *text, in_port_t *port)
{
	char *end;
	long n;

	if (text[0] < '0' || text[0] > '9')
		return EINVAL;
	errno = 0;
	n = strtol(text, &end, 10);
	if (errno != 0 || *end != '\0' || n > 65535)
		return EINVAL;
	*port = htons((in_port_t)n);
	return 0;
}

static int
parse_inet(const char *host, const char *port, struct sockaddr_storage *ss, socklen_t *lenp)
{
	struct sockaddr_in *sin = (struct sockaddr_in *)(void *)ss;

	sin->sin_family = AF_INET;
	*lenp = sizeof(*sin);
	return inet_pton(AF_INET, host, &sin->sin_addr) == 1 ? parse_port(port, &sin->sin_port) : EINVAL;
}

static int
parse_inet6(const char *host, const char *port, struct sockaddr_storage *ss, socklen_t *lenp)
{
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)(void *)ss;

	sin6->sin6_family = AF_INET6;
	*lenp = sizeof(*sin6);
	return inet_pton(AF_INET6, host, &sin6->sin6_addr) == 1 ? parse_port(port, &sin6->sin6_port) : EINVAL;
}

int
hostaddr_parse(const char *text, struct sockaddr_storage *ss, socklen_t *lenp)
{
	char host[HOSTADDR_TEXT];
	size_t len = strlen(text);
	char *colon;

	memset(ss, 0, sizeof(*ss));
	if (text[0] == '/' || text[0] == '@')
		return parse_unix(text, ss, lenp);
	if (len >= sizeof(host))
		return ENAMETOOLONG;
	memcpy(host, text, len + 1);
	if ((colon = strrchr(host, ':')) == NULL)
		return EINVAL;
	*colon = '\0';
	if (host[0] != '[')
		return parse_inet(host, colon + 1, ss, lenp);
	if (colon == host + 1 || colon[-1] != ']')
		return EINVAL;
	colon[-1] = '\0';
	return parse_inet6(host + 1, colon + 1, ss, lenp);
}

void
hostaddr_text(const struct sockaddr_storage *ss, socklen_t len, char text[HOSTADDR_TEXT])
{
	const struct sockaddr_in *sin = (const void *)ss;
	const struct sockaddr_in6 *sin6 = (const void *)ss;
	const struct sockaddr_un *sun = (const void *)ss;
	char host[INET6_ADDRSTRLEN] = "?";
	const size_t off = offsetof(struct sockaddr_un, sun_path);

	switch (ss->ss_family) {
	case AF_INET:
		(void)inet_ntop(AF_INET, &sin->sin_addr, host, sizeof(host));
		snprintf(text, HOSTADDR_TEXT, "%s:%u", host, ntohs(sin->sin_port));
		break;
	case AF_INET6:
		(void)inet_ntop(AF_INET6, &sin6->sin6_addr, host, sizeof(host));
		snprintf(text, HOSTADDR_TEXT, "[%s]:%u", host, ntohs(sin6->sin6_port));
		break;
	case AF_UNIX:
		if (len > off && sun->sun_path[0] == '\0')
			snprintf(text, HOSTADDR_TEXT, "@%.*s", (int)(len - off - 1), sun->sun_path + 1);
		else
			snprintf(text, HOSTADDR_TEXT, "%.*s", len > off ? (int)(len - off) : 0, sun->sun_path);
		break;
	default:
		snprintf(text, HOSTADDR_TEXT, "?");
	}
}
