/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words of ifconfig(8) that join an interface to something of the host's: if.medium.
 *
 * The device, socket or file is opened here, with our own rights and in our own network namespace, and passed.  When it is opened all words have
 * been understood, and those before have been done.
 */
#include "cmd/ifconfig_int.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/hostaddr.h"

#define DGRAM_BUFFER	(4 << 20)	/* as far as the host lets us */
#define PACKET_BUFFER	(8 << 20)

/* The operation's texts are what was written; they are replaced by what vimaged is to know.  The descriptor or -1; errors are told. */
struct opening {
	struct cmd_ctx	*og_cx;
	const char	*og_ifname;
	json_t		*og_op;
	int		 og_fd;
};

static int
opening_fail(struct opening *og, const char *what, const char *why)
{
	cmd_warnx(og->og_cx, "%s: %s", what, why);
	return -1;
}

/* The name of an interface of the host; -1 after a message when none could have it. */
static int
host_name(struct opening *og, struct ifreq *ifr)
{
	const char *dev = cmd_str(og->og_op, "address");

	if (strlen(dev) >= sizeof(ifr->ifr_name))
		return opening_fail(og, dev, strerror(ENODEV));
	memcpy(ifr->ifr_name, dev, strlen(dev) + 1);
	return 0;
}

/* A tap, not a tun: whatever it has been named. */
static bool
is_ethernet(const struct opening *og)
{
	struct cmd_error ce;
	bool ether;
	json_t *r;

	if (cmd_try(og->og_cx, json_pack("{s:s,s:s,s:O*}", "op", "if.list", "name", og->og_ifname, "jail", json_object_get(og->og_op, "jail")), &r, &ce) != 0)
		return true;		/* the operation will say what is wrong */
	ether = strcmp(cmd_str(json_array_get(json_object_get(r, "interfaces"), 0), "type"), "ether") == 0;
	json_decref(r);
	return ether;
}

/* A device of the host. */
static int
open_hostdev(struct opening *og)
{
	const char *dev = cmd_str(og->og_op, "address");
	struct ifreq ifr = { .ifr_flags = 0 };

	ifr.ifr_flags = (short)(IFF_NO_PI | (is_ethernet(og) ? IFF_TAP : IFF_TUN));
	if (host_name(og, &ifr) != 0)
		return -1;
	if ((og->og_fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC)) < 0)
		return opening_fail(og, "/dev/net/tun", strerror(errno));
	if (ioctl(og->og_fd, TUNSETIFF, &ifr) != 0)
		return opening_fail(og, dev, strerror(errno));
	json_object_del(og->og_op, "address");
	return 0;
}

/* Addresses */

/* "host:port", looked up. */
static int
lookup(struct opening *og, const char *text, bool passive, struct sockaddr_storage *ss, socklen_t *len)
{
	struct addrinfo hints = { .ai_flags = passive ? AI_PASSIVE : 0, .ai_socktype = SOCK_STREAM }, *ai;
	char host[256];
	long long port;
	char *colon;
	int error;

	snprintf(host, sizeof(host), "%.255s", text);
	if ((colon = strrchr(host, ':')) == NULL)
		return opening_fail(og, text, "neither a path nor host:port");
	*colon = '\0';
	if (!cmd_number(colon + 1, 0, 65535, &port))
		return opening_fail(og, text, "bad port");
	if ((error = getaddrinfo(host[0] != '\0' ? host : NULL, colon + 1, &hints, &ai)) != 0)
		return opening_fail(og, text, gai_strerror(error));
	memcpy(ss, ai->ai_addr, ai->ai_addrlen);
	*len = ai->ai_addrlen;
	freeaddrinfo(ai);
	return 0;
}

/* A path from the root, if the text is a path at all. */
static const char *
full_path(const char *text, char *buf, size_t len)
{
	char dir[4096];

	if (text[0] == '/' || getcwd(dir, sizeof(dir)) == NULL)
		return text;
	snprintf(buf, len, "%s/%s", dir, strncmp(text, "./", 2) == 0 ? text + 2 : text);
	return buf;
}

/* The member of the operation as an address; it is written anew as vimaged reads it. */
static int
take_address(struct opening *og, const char *key, bool passive, struct sockaddr_storage *ss, socklen_t *len)
{
	const char *text = cmd_str(og->og_op, key);
	char full[2 * 4096], canonical[HOSTADDR_TEXT];
	int error;

	if (strchr(text, '/') != NULL)
		text = full_path(text, full, sizeof(full));
	if ((error = hostaddr_parse(text, ss, len)) == ENAMETOOLONG)
		return opening_fail(og, text, strerror(error));
	if (error != 0 && lookup(og, text, passive, ss, len) != 0)
		return -1;
	hostaddr_text(ss, *len, canonical);
	json_object_set_new(og->og_op, key, json_string(canonical));
	return 0;
}

/* Sockets */

static int
make_socket(struct opening *og, int family, int type)
{
	if ((og->og_fd = socket(family, type | SOCK_CLOEXEC, 0)) < 0)
		return opening_fail(og, "socket", strerror(errno));
	return 0;
}

/* A connection that is dead is found out in half a minute. */
static void
tune_tcp(int fd)
{
	const int on = 1, idle = 10, interval = 5, count = 4, timeout = 30000;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof(timeout));
}

/* A socket's file that nobody answers at any more is in the way. */
static void
remove_stale(const struct sockaddr_storage *ss, socklen_t len, int type)
{
	char path[HOSTADDR_TEXT];
	struct stat st;
	int fd;

	hostaddr_text(ss, len, path);
	if (ss->ss_family != AF_UNIX || lstat(path, &st) != 0 || !S_ISSOCK(st.st_mode) || (fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0)) < 0)
		return;
	if (connect(fd, (const struct sockaddr *)(const void *)ss, len) != 0 && errno == ECONNREFUSED)
		(void)unlink(path);
	close(fd);
}

static int
bind_address(struct opening *og, const struct sockaddr_storage *ss, socklen_t len, int type)
{
	const int on = 1;

	remove_stale(ss, len, type);
	if (type == SOCK_STREAM)
		(void)setsockopt(og->og_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(og->og_fd, (const struct sockaddr *)(const void *)ss, len) != 0 || (type == SOCK_STREAM && listen(og->og_fd, 4) != 0))
		return opening_fail(og, cmd_str(og->og_op, "address"), strerror(errno));
	return 0;
}

/* vimaged connects: now, and whenever it has to again. */
static int
open_connect(struct opening *og)
{
	struct sockaddr_storage ss;
	socklen_t len;

	if (take_address(og, "address", false, &ss, &len) != 0)
		return -1;
	if (ss.ss_family == AF_UNIX)
		return 0;
	if (make_socket(og, ss.ss_family, SOCK_STREAM) != 0)
		return -1;
	tune_tcp(og->og_fd);
	return 0;
}

static int
open_listen(struct opening *og)
{
	struct sockaddr_storage ss;
	socklen_t len;

	if (take_address(og, "address", true, &ss, &len) != 0 || make_socket(og, ss.ss_family, SOCK_STREAM) != 0)
		return -1;
	if (ss.ss_family != AF_UNIX)
		tune_tcp(og->og_fd);
	return bind_address(og, &ss, len, SOCK_STREAM);
}

static int
open_dgram(struct opening *og)
{
	const int size = DGRAM_BUFFER;
	struct sockaddr_storage local, remote;
	socklen_t locallen, remotelen;

	if (take_address(og, "address", true, &local, &locallen) != 0 || take_address(og, "remote", false, &remote, &remotelen) != 0)
		return -1;
	if (local.ss_family != remote.ss_family)
		return opening_fail(og, cmd_str(og->og_op, "remote"), "not of the family of the local address");
	if (make_socket(og, local.ss_family, SOCK_DGRAM) != 0)
		return -1;
	(void)setsockopt(og->og_fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	(void)setsockopt(og->og_fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (bind_address(og, &local, locallen, SOCK_DGRAM) != 0)
		return -1;
	if (remote.ss_family != AF_UNIX && connect(og->og_fd, (const struct sockaddr *)(const void *)&remote, remotelen) != 0)
		return opening_fail(og, cmd_str(og->og_op, "remote"), strerror(errno));
	return 0;
}

static int
open_file(struct opening *og, int flags)
{
	const char *name = cmd_str(og->og_op, "address");
	char full[2 * 4096];

	if ((og->og_fd = open(name, flags | O_CLOEXEC | O_NONBLOCK, 0666)) < 0)
		return opening_fail(og, name, strerror(errno));
	json_object_set_new(og->og_op, "address", json_string(full_path(name, full, sizeof(full))));
	return 0;
}

static int
open_record(struct opening *og)
{
	return open_file(og, O_WRONLY | O_CREAT);
}

static int
open_replay(struct opening *og)
{
	return open_file(og, O_RDONLY);
}

/* What a packet socket of a lent card is like; the queue is as long as the host lets us. */
static int
tune_packet(struct opening *og, int ifindex)
{
	const struct packet_mreq mr = { .mr_ifindex = ifindex, .mr_type = PACKET_MR_PROMISC };
	const int on = 1, size = PACKET_BUFFER;
	const int fd = og->og_fd;

	if (setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) != 0 || setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) != 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) != 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &mr, sizeof(mr)) != 0)
		return opening_fail(og, "packet socket", strerror(errno));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return 0;
}

/* A network card of the host. */
static int
open_dev(struct opening *og)
{
	const char *dev = cmd_str(og->og_op, "address");
	struct sockaddr_ll sll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	struct ifreq ifr = { .ifr_flags = 0 };

	/* Without a protocol nothing comes until it is bound. */
	if (host_name(og, &ifr) != 0 || make_socket(og, AF_PACKET, SOCK_RAW) != 0)
		return -1;
	if (ioctl(og->og_fd, SIOCGIFHWADDR, &ifr) != 0)
		return opening_fail(og, dev, strerror(errno));
	if (ifr.ifr_hwaddr.sa_family != ARPHRD_ETHER)
		return opening_fail(og, dev, "not an Ethernet");
	if (ioctl(og->og_fd, SIOCGIFINDEX, &ifr) != 0)
		return opening_fail(og, dev, strerror(errno));
	sll.sll_ifindex = ifr.ifr_ifindex;
	if (tune_packet(og, ifr.ifr_ifindex) != 0)
		return -1;
	if (bind(og->og_fd, (const struct sockaddr *)(const void *)&sll, sizeof(sll)) != 0)
		return opening_fail(og, dev, strerror(errno));
	return 0;
}

static int
open_none(struct opening *og)
{
	(void)og;
	return 0;
}

static const struct medium {
	const char	*md_word;
	const char	*md_kind;
	int		 md_args;
	int		(*md_open)(struct opening *);
} media[] = {
	{ "hostdev", "hostdev", 1, open_hostdev },
	{ "connect", "connect", 1, open_connect },
	{ "listen", "listen", 1, open_listen },
	{ "dgram", "dgram", 2, open_dgram },
	{ "dev", "dev", 1, open_dev },
	{ "record", "record", 1, open_record },
	{ "replay", "replay", 1, open_replay },
	{ "disconnect", "none", 0, open_none },
};

int
ifconfig_medium_args(const char *word)
{
	for (size_t i = 0; i < sizeof(media) / sizeof(media[0]); i++)
		if (strcmp(media[i].md_word, word) == 0)
			return media[i].md_args;
	return -1;
}

json_t *
ifconfig_medium_op(const char *word, int argc, char **argv)
{
	json_t *op = json_pack("{s:s}", "op", "if.medium");

	for (size_t i = 0; i < sizeof(media) / sizeof(media[0]); i++)
		if (strcmp(media[i].md_word, word) == 0)
			json_object_set_new(op, "kind", json_string(media[i].md_kind));
	if ((argc > 0 && json_object_set_new(op, "address", json_string(argv[0])) != 0) ||
	    (argc > 1 && json_object_set_new(op, "remote", json_string(argv[1])) != 0)) {
		json_decref(op);
		return NULL;
	}
	return op;
}

int
ifconfig_medium_open(struct cmd_ctx *cx, const char *ifname, json_t *op, int *fdp)
{
	struct opening og = { .og_cx = cx, .og_ifname = ifname, .og_op = op, .og_fd = -1 };

	*fdp = -1;
	for (size_t i = 0; i < sizeof(media) / sizeof(media[0]); i++) {
		if (strcmp(media[i].md_kind, cmd_str(op, "kind")) != 0)
			continue;
		if (media[i].md_open(&og) != 0) {
			if (og.og_fd >= 0)
				close(og.og_fd);
			return -1;
		}
		*fdp = og.og_fd;
	}
	return 0;
}

/* Below this the host's kernel asks for CAP_NET_BIND_SERVICE, which vimaged has given up. */
static unsigned
unprivileged_port(void)
{
	FILE *f = fopen("/proc/sys/net/ipv4/ip_unprivileged_port_start", "re");
	unsigned port = 1024;

	if (f != NULL) {
		if (fscanf(f, "%u", &port) != 1)
			port = 1024;
		fclose(f);
	}
	return port;
}

static bool
forward_address(const char *text, struct sockaddr_storage *ss, socklen_t *len)
{
	const struct sockaddr_in6 *sin6 = (const void *)ss;
	const struct sockaddr_in *sin = (const void *)ss;
	char any[HOSTADDR_TEXT];
	in_port_t port;

	if (text[0] == '*') {
		snprintf(any, sizeof(any), "0.0.0.0%.*s", (int)sizeof(any) - 8, text + 1);
		text = any;
	}
	if (hostaddr_parse(text, ss, len) != 0 || ss->ss_family == AF_UNIX)
		return false;
	port = ntohs(ss->ss_family == AF_INET6 ? sin6->sin6_port : sin->sin_port);
	return port != 0 && port < unprivileged_port();
}

int
ifconfig_forward_open(const json_t *op)
{
	const json_t *args = json_object_get(op, "args");
	const char *proto = json_string_value(json_array_get(args, 0)), *host = json_string_value(json_array_get(args, 1));
	const bool tcp = proto != NULL && strcmp(proto, "tcp") == 0;
	struct sockaddr_storage ss;
	const int on = 1;
	socklen_t len;
	int fd;

	if (host == NULL || !forward_address(host, &ss, &len) ||
	    (fd = socket(ss.ss_family, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0)) < 0)
		return -1;
	if ((!tcp || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0) &&
	    (ss.ss_family != AF_INET6 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == 0) &&
	    bind(fd, (const struct sockaddr *)(const void *)&ss, len) == 0)
		return fd;
	close(fd);
	return -1;
}
