/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP_MD5SIG, as BGP speakers use it: with the same key it connects, with none it does not. */
#include "show.h"

static int
setkey(int fd, const struct sockaddr_in *peer, const char *key, socklen_t len)
{
	struct tcp_md5sig md5;

	memset(&md5, 0, sizeof(md5));
	memcpy(&md5.tcpm_addr, peer, sizeof(*peer));
	md5.tcpm_keylen = (unsigned short)strlen(key);
	memcpy(md5.tcpm_key, key, strlen(key) < 80 ? strlen(key) : 80);
	return (setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &md5, len));
}

/* Connects with a key, or without: does it come about within half a second? */
static void
try(const char *what, const struct sockaddr_in *to, const char *key)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	if (key != NULL)
		show("key", setkey(fd, to, key, sizeof(struct tcp_md5sig)));
	if (connect(fd, (const struct sockaddr *)to, sizeof(*to)) != 0 && errno != EINPROGRESS)
		show("connect", -1);
	printf("%s: %s\n", what, poll(&p, 1, 500) == 1 && (p.revents & POLLOUT) ? "yes" : "no");
	close(fd);
}

int
main(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001) };
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char big[100];

	setvbuf(stdout, NULL, _IOLBF, 0);
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	show("bind", bind(fd, (struct sockaddr *)&sin, sizeof(sin)));
	show("listen", listen(fd, 5));
	show("name", getsockname(fd, (struct sockaddr *)&sin, &len));
	show("too long", setkey(fd, &sin, big, sizeof(struct tcp_md5sig)));
	show("short", setkey(fd, &sin, "secret", 100));
	show("none to remove", setkey(fd, &sin, "", sizeof(struct tcp_md5sig)));
	show("set", setkey(fd, &sin, "secret", sizeof(struct tcp_md5sig)));
	try("the same", &sin, "secret");
	try("another", &sin, "Secret");
	try("none", &sin, NULL);
	show("remove", setkey(fd, &sin, "", sizeof(struct tcp_md5sig)));
	try("none again", &sin, NULL);
	return (0);
}
