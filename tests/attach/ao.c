/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP-AO's options in the structures of Linux 6.7 and later: what is refused, two connections with the same keys, and how
 * they change over.
 */
#include "show.h"

enum { ADD_KEY = 38, DEL_KEY, AO_INFO, GET_KEYS, AO_REPAIR };	/* the host's headers may be older */

struct ao_add {
	struct sockaddr_storage addr;
	char alg[64];
	int32_t ifindex;
	uint32_t current : 1, rnext : 1, reserved : 30;
	uint16_t reserved2;
	uint8_t prefix, sndid, rcvid, maclen, keyflags, keylen, key[80];
} __attribute__((aligned(8)));

struct ao_del {
	struct sockaddr_storage addr;
	int32_t ifindex;
	uint32_t set_current : 1, set_rnext : 1, async : 1, reserved : 29;
	uint16_t reserved2;
	uint8_t prefix, sndid, rcvid, current, rnext, keyflags;
} __attribute__((aligned(8)));

struct ao_info {
	uint32_t set_current : 1, set_rnext : 1, required : 1, counters : 1, icmps : 1, reserved : 27;
	uint16_t reserved2;
	uint8_t current, rnext;
	uint64_t good, bad, nokey, unsign, icmp;
} __attribute__((aligned(8)));

struct ao_get {
	struct sockaddr_storage addr;
	char alg[64];
	uint8_t key[80];
	uint32_t nkeys;
	uint16_t current : 1, rnext : 1, all : 1, reserved : 13;
	uint8_t sndid, rcvid, prefix, maclen, keyflags, keylen;
	int32_t ifindex;
	uint64_t good, bad;
} __attribute__((aligned(8)));

static const char *
add(int fd, const char *addr, int prefix, int sndid, int rcvid, int flags)
{
	struct ao_add a = { .alg = "hmac(sha1)", .prefix = (uint8_t)prefix, .sndid = (uint8_t)sndid, .rcvid = (uint8_t)rcvid,
		.keylen = 6, .key = "secret", .current = (flags & 1) != 0, .rnext = (flags & 2) != 0 };
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr.s_addr = inet_addr(addr) };

	memcpy(&a.addr, &sin, sizeof(sin));
	return (setsockopt(fd, IPPROTO_TCP, ADD_KEY, &a, sizeof(a)) == 0 ? "0" : strerrorname_np(errno));
}

static const char *
del(int fd, int sndid, int rcvid, int current, int rnext)
{
	struct ao_del d = { .prefix = 32, .sndid = (uint8_t)sndid, .rcvid = (uint8_t)rcvid, .set_current = current >= 0,
		.set_rnext = rnext >= 0, .current = (uint8_t)current, .rnext = (uint8_t)rnext };
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr.s_addr = inet_addr("127.0.0.1") };

	memcpy(&d.addr, &sin, sizeof(sin));
	return (setsockopt(fd, IPPROTO_TCP, DEL_KEY, &d, sizeof(d)) == 0 ? "0" : strerrorname_np(errno));
}

static const char *
set(int fd, const struct ao_info *ai)
{
	return (setsockopt(fd, IPPROTO_TCP, AO_INFO, ai, sizeof(*ai)) == 0 ? "0" : strerrorname_np(errno));
}

static void
info(const char *what, int fd)
{
	struct ao_info ai = { .reserved = 0 };
	socklen_t len = sizeof(ai);

	if (getsockopt(fd, IPPROTO_TCP, AO_INFO, &ai, &len) != 0) {
		printf("%s: %s\n", what, strerrorname_np(errno));
		return;
	}
	printf("%s: current %d=%d rnext %d=%d%s%s, %s good, %llu bad, %llu without key, %llu unsigned\n", what, ai.set_current,
	    ai.current, ai.set_rnext, ai.rnext, ai.required ? " required" : "", ai.icmps ? " icmps" : "", ai.good > 0 ? "some" : "none",
	    (unsigned long long)ai.bad, (unsigned long long)ai.nokey, (unsigned long long)ai.unsign);
}

/* How many match, and those there is room for. */
static void
keys(const char *what, int fd, struct ao_get *first, unsigned room)
{
	struct ao_get k[4] = { *first };
	socklen_t len = sizeof(k[0]);
	char addr[INET_ADDRSTRLEN];
	struct sockaddr_in sin;

	k[0].nkeys = room;
	if (getsockopt(fd, IPPROTO_TCP, GET_KEYS, k, &len) != 0) {
		printf("%s: %s\n", what, strerrorname_np(errno));
		return;
	}
	printf("%s: %u keys of %u bytes\n", what, k[0].nkeys, len);
	for (unsigned i = 0; i < room && i < k[0].nkeys; i++) {
		memcpy(&sin, &k[i].addr, sizeof(sin));
		printf("\t%s/%d %d %d %s %.*s mac %d%s%s\n", inet_ntop(AF_INET, &sin.sin_addr, addr, sizeof(addr)), k[i].prefix, k[i].sndid,
		    k[i].rcvid, k[i].alg, k[i].keylen, (const char *)k[i].key, k[i].maclen, k[i].current ? " current" : "",
		    k[i].rnext ? " rnext" : "");
	}
}

static void
refusals(void)
{
	struct { struct ao_info ai; char more[8]; } big = { .more = "" };
	struct ao_info ai = { .reserved = 1 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct ao_get g = { .all = 1 };

	info("nothing", fd);
	keys("no keys", fd, &g, 4);
	printf("reserved: %s\n", set(fd, &ai));
	big.more[7] = 1;
	show("too much", setsockopt(fd, IPPROTO_TCP, AO_INFO, &big, sizeof(big)));
	big.more[7] = 0;
	show("zeros behind", setsockopt(fd, IPPROTO_TCP, AO_INFO, &big, sizeof(big)));
	show("too little", setsockopt(fd, IPPROTO_TCP, AO_INFO, &big, sizeof(ai) - 1));
	show("repair", setsockopt(fd, IPPROTO_TCP, AO_REPAIR, &big, sizeof(big)));
	printf("bits behind: %s\n", add(fd, "192.0.2.1", 24, 1, 1, 0));
	printf("prefix of nothing: %s\n", add(fd, "192.0.2.0", 0, 1, 1, 0));
	printf("all of nobody: %s\n", add(fd, "0.0.0.0", 8, 1, 1, 0));
	printf("one: %s\n", add(fd, "192.0.2.0", 24, 1, 1, 0));
	printf("the same: %s\n", add(fd, "192.0.2.0", 24, 1, 1, 0));
	printf("within: %s\n", add(fd, "192.0.2.7", 32, 2, 1, 0));
	printf("elsewhere: %s\n", add(fd, "198.51.100.0", 24, 1, 1, 3));
	info("both", fd);
	g.reserved = 1;
	keys("reserved", fd, &g, 4);
	g = (struct ao_get){ .all = 1, .current = 1 };
	keys("all and one", fd, &g, 4);
	g = (struct ao_get){ .sndid = 1 };
	keys("of no family", fd, &g, 4);
	g = (struct ao_get){ .current = 1 };
	keys("current", fd, &g, 4);
	g = (struct ao_get){ .all = 1 };
	keys("room for one", fd, &g, 1);
	g = (struct ao_get){ .sndid = 1, .rcvid = 1, .prefix = 24 };
	((struct sockaddr_in *)&g.addr)->sin_family = AF_INET;
	((struct sockaddr_in *)&g.addr)->sin_addr.s_addr = inet_addr("192.0.2.0");
	keys("by address", fd, &g, 4);
	ai = (struct ao_info){ .required = 1 };
	printf("require: %s\n", set(fd, &ai));
	show("connect", connect(fd, (struct sockaddr *)&(struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(1),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) }, sizeof(struct sockaddr_in)));
	close(fd);
}

int
main(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct ao_info ai = { .required = 1 };
	struct ao_get g = { .all = 1 };
	socklen_t len = sizeof(sin);
	int ls = socket(AF_INET, SOCK_STREAM, 0), a = socket(AF_INET, SOCK_STREAM, 0), b, plain;
	char c;

	setvbuf(stdout, NULL, _IOLBF, 0);
	refusals();
	ok("bind", bind(ls, (struct sockaddr *)&sin, sizeof(sin)));
	ok("listen", listen(ls, 5));
	ok("name", getsockname(ls, (struct sockaddr *)&sin, &len));
	printf("listener's key: %s\n", add(ls, "127.0.0.1", 32, 2, 1, 0));
	printf("current of a listener: %s\n", add(ls, "127.0.0.1", 32, 4, 3, 1));
	printf("only with: %s\n", set(ls, &ai));
	printf("key: %s\n", add(a, "127.0.0.1", 32, 1, 2, 0));
	ok("connect", connect(a, (struct sockaddr *)&sin, sizeof(sin)));
	b = ok("accept", accept(ls, NULL, NULL));
	printf("new key: %s, %s\n", add(a, "127.0.0.1", 32, 3, 4, 0), add(b, "127.0.0.1", 32, 4, 3, 0));
	printf("another's: %s\n", add(a, "127.0.0.2", 32, 5, 6, 0));
	info("caller", a);
	printf("in use: %s\n", del(a, 1, 2, -1, -1));
	ai = (struct ao_info){ .set_rnext = 1, .rnext = 4, .icmps = 1 };
	printf("ask for the new: %s\n", set(a, &ai));
	for (int i = 0; i < 2; i++) {	/* each answers the other with what he is asked for */
		ok("write", (int)write(a, "x", 1));
		ok("read", (int)read(b, &c, 1));
		ok("write", (int)write(b, "y", 1));
		ok("read", (int)read(a, &c, 1));
	}
	info("callee", b);
	info("caller", a);
	keys("caller's", a, &g, 4);
	printf("by force: %s\n", del(a, 1, 2, 3, 4));
	printf("the last: %s\n", del(a, 3, 4, -1, -1));
	keys("caller's", a, &g, 4);
	plain = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (connect(plain, (struct sockaddr *)&sin, sizeof(sin)) != 0 && errno != EINPROGRESS)
		show("unsigned", -1);
	poll(&(struct pollfd){ .fd = plain, .events = POLLOUT }, 1, 300);
	printf("too late: %s\n", add(plain, "127.0.0.1", 32, 1, 2, 0));
	info("listener", ls);
	return (0);
}
