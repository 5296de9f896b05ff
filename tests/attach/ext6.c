/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RFC 3542 as programs use it: extension headers that stay and that come with a message, what is received of them, flow labels and their
 * leases, an MTU of a socket's own.  All over ::1.
 */
#include "show.h"

#include <linux/in6.h>

static struct sockaddr_in6 to;
static const unsigned char hop[8] = { 0, 0, 1, 4 }, dst[16] = { 0, 1, 0x1e, 12, 1, 2, 3, 4 }, dst0[8] = { 0, 0, 0x1e, 4, 9, 9, 9, 9 };

struct piece { int type; const void *data; size_t len; };

static long
send_with(int fd, const char *data, size_t len, const struct piece *p, unsigned n)
{
	union { char buf[4096]; struct cmsghdr align; } c;
	struct iovec iov = { (void *)(uintptr_t)data, len };
	struct msghdr mh = { .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &iov, .msg_iovlen = 1, .msg_control = c.buf, .msg_controllen = sizeof(c.buf) };
	struct cmsghdr *ch = (struct cmsghdr *)(void *)c.buf;
	size_t used = 0;

	memset(&c, 0, sizeof(c));
	for (; n > 0; n--, p++) {
		ch->cmsg_level = IPPROTO_IPV6;
		ch->cmsg_type = p->type;
		ch->cmsg_len = CMSG_LEN(p->len);
		memcpy(CMSG_DATA(ch), p->data, p->len);
		used += CMSG_SPACE(p->len);
		ch = (struct cmsghdr *)(void *)(c.buf + used);
	}
	mh.msg_controllen = used;
	mh.msg_control = used != 0 ? c.buf : NULL;
	return (sendmsg(fd, &mh, 0));
}

/* What has come, its ancillary data in their order. */
static void
receive(const char *what, int fd, size_t room)
{
	union { char buf[4096]; struct cmsghdr align; } c;
	static char data[70000];
	struct iovec iov = { data, sizeof(data) };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = c.buf, .msg_controllen = room };
	struct cmsghdr *ch;
	ssize_t n;
	size_t i;

	(void)polled(fd, 2000, POLLIN);
	n = recvmsg(fd, &mh, MSG_DONTWAIT);
	if (n < 0) {
		show(what, -1);
		return;
	}
	printf("%s: %zd%s", what, n, (mh.msg_flags & MSG_CTRUNC) != 0 ? " cut" : "");
	for (ch = CMSG_FIRSTHDR(&mh); ch != NULL; ch = CMSG_NXTHDR(&mh, ch)) {
		printf(" [%d.%d", ch->cmsg_level, ch->cmsg_type);
		for (i = 0; i < ch->cmsg_len - CMSG_LEN(0); i++)
			printf(" %x", CMSG_DATA(ch)[i]);
		printf("]");
	}
	printf("\n");
	fflush(stdout);
}

static void
sticky(const char *what, int fd, int name, const void *value, socklen_t len)
{
	unsigned char back[2048];
	socklen_t n = sizeof(back), i;

	show(what, setsockopt(fd, IPPROTO_IPV6, name, value, len));
	if (getsockopt(fd, IPPROTO_IPV6, name, back, &n) != 0) {
		show("back", -1);
		return;
	}
	printf("back %u:", n);
	for (i = 0; i < n; i++)
		printf(" %x", back[i]);
	printf("\n");
}

static void
sticky_all(int s, int r)
{
	static const unsigned char old[24] = { 0, 2, 0, 1 }, none[24] = { 0, 2, 3, 1 };
	unsigned char segs[56] = { 0, 6, 4, 1, 3 }, longer[24] = { 0, 1, 1, 12 };

	sticky("hop-by-hop", s, IPV6_HOPOPTS, hop, sizeof(hop));
	sticky("of a wrong length", s, IPV6_HOPOPTS, hop, 7);
	sticky("too short for what it says", s, IPV6_DSTOPTS, dst, 8);
	sticky("with something behind", s, IPV6_DSTOPTS, longer, sizeof(longer));
	sticky("destination", s, IPV6_DSTOPTS, dst, sizeof(dst));
	sticky("before a routing header", s, IPV6_RTHDRDSTOPTS, dst0, sizeof(dst0));
	sticky("an old routing header", s, IPV6_RTHDR, old, sizeof(old));
	sticky("one of RPL", s, IPV6_RTHDR, none, sizeof(none));
	sticky("segments, not so many", s, IPV6_RTHDR, segs, sizeof(segs));
	show("no address", setsockopt(s, IPPROTO_IPV6, IPV6_HOPOPTS, NULL, 8));
	show("a bad one", setsockopt(s, IPPROTO_IPV6, IPV6_HOPOPTS, (void *)16, 8));
	show("send", send_with(s, "abc", 3, NULL, 0));
	receive("got", r, 4096);
	receive("none", r, 4096);
	show("send empty", send_with(s, "", 0, NULL, 0));
	receive("got", r, 4096);
	show("send", send_with(s, "abc", 3, NULL, 0));
	receive("little room", r, 64);
	sticky("no more", s, IPV6_HOPOPTS, NULL, 0);
	sticky("no more", s, IPV6_DSTOPTS, NULL, 0);
	sticky("no more", s, IPV6_RTHDRDSTOPTS, NULL, 0);
	sticky("no more", s, IPV6_RTHDR, NULL, 0);
	show("send", send_with(s, "abc", 3, NULL, 0));
	receive("got", r, 4096);
}

static void
messages(int s, int r)
{
	const int one = 1, two = 2, hops = 7, class = 0x20;
	const unsigned char segs[24] = { 0, 2, 4, 0, 0 }, old[24] = { 0, 2, 0, 1 };
	const uint32_t flow = htonl(0x0ab54321);
	const struct piece p[] = {
		{ IPV6_HOPOPTS, hop, sizeof(hop) }, { IPV6_DSTOPTS, dst, sizeof(dst) }, { IPV6_2292HOPOPTS, hop, sizeof(hop) },
		{ IPV6_2292DSTOPTS, dst, sizeof(dst) }, { IPV6_RTHDRDSTOPTS, dst0, sizeof(dst0) }, { IPV6_FLOWINFO, &flow, sizeof(flow) },
		{ IPV6_2292HOPLIMIT, &hops, sizeof(hops) }, { IPV6_TCLASS, &class, sizeof(class) },
	};
	const struct piece bad[] = {
		{ IPV6_HOPOPTS, hop, 1 }, { IPV6_HOPOPTS, dst, 8 }, { IPV6_DSTOPTS, dst, 15 }, { IPV6_RTHDR, segs, sizeof(segs) }, { IPV6_RTHDR, old, sizeof(old) },
		{ IPV6_RTHDR, old, 2 }, { IPV6_FLOWINFO, &flow, 3 }, { IPV6_DONTFRAG, &two, 4 }, { IPV6_DONTFRAG, &one, 3 }, { IPV6_2292HOPLIMIT, &hops, 3 },
		{ IPV6_NEXTHOP, &to, sizeof(to) }, { IPV6_PATHMTU, &one, 4 }, { IPV6_RECVHOPOPTS, &one, 4 },
	};
	size_t i;

	for (i = 0; i < sizeof(p) / sizeof(p[0]); i++) {
		printf("%d ", p[i].type);
		show("alone", send_with(s, "abc", 3, &p[i], 1));
		receive("got", r, 4096);
	}
	show("two, in the other order", send_with(s, "abc", 3, (const struct piece[]){ p[1], p[0] }, 2));
	receive("got", r, 4096);
	show("two of one", send_with(s, "abc", 3, (const struct piece[]){ p[0], p[0] }, 2));
	show("two of another", send_with(s, "abc", 3, (const struct piece[]){ p[1], p[1] }, 2));
	receive("got", r, 4096);
	show("two of the old", send_with(s, "abc", 3, (const struct piece[]){ p[3], p[3] }, 2));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		printf("%d/%zu ", bad[i].type, bad[i].len);
		show("bad", send_with(s, "abc", 3, &bad[i], 1));
	}
	receive("none", r, 4096);
}

/* Leases that another run on this host had linger some seconds, and while there is one Linux takes no other label. */
static void
calm(void)
{
	int s = socket(AF_INET6, SOCK_DGRAM, 0);
	struct sockaddr_in6 name = to;

	name.sin6_flowinfo = htonl(0x54321);
	(void)set_int(s, IPPROTO_IPV6, IPV6_FLOWINFO_SEND, 1);
	for (int i = 0; i < 400 && connect(s, (struct sockaddr *)&name, sizeof(name)) != 0 && errno == EINVAL; i++)
		usleep(50000);
	close(s);
}

static void
label(const char *what, int fd, struct in6_flowlabel_req *fr, int action, int share, int flags, uint32_t value)
{
	fr->flr_action = (unsigned char)action;
	fr->flr_share = (unsigned char)share;
	fr->flr_flags = (unsigned short)flags;
	fr->flr_label = htonl(value);
	show(what, setsockopt(fd, IPPROTO_IPV6, IPV6_FLOWLABEL_MGR, fr, sizeof(*fr)));
}

static void
label_of(const char *what, int fd, int flags)
{
	struct in6_flowlabel_req fr = { .flr_action = IPV6_FL_A_GET, .flr_flags = (unsigned short)flags };
	socklen_t len = sizeof(fr);

	if (getsockopt(fd, IPPROTO_IPV6, IPV6_FLOWLABEL_MGR, &fr, &len) != 0)
		show(what, -1);
	else
		printf("%s: %u label %x share %u linger %u\n", what, len, ntohl(fr.flr_label), fr.flr_share, fr.flr_linger);
}

static void
flows(int r)
{
	int s = socket(AF_INET6, SOCK_DGRAM, 0), other = socket(AF_INET6, SOCK_DGRAM, 0);
	struct in6_flowlabel_req fr = { .flr_linger = 10, .flr_expires = 20 };
	struct sockaddr_in6 name = to;
	socklen_t len = sizeof(name);
	uint32_t mine;

	(void)set_int(s, IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, 0);
	name.sin6_flowinfo = htonl(0x54321);
	memcpy(&fr.flr_dst, &to.sin6_addr, sizeof(fr.flr_dst));
	show("not said to mean something", sendto(s, "a", 1, 0, (struct sockaddr *)&name, sizeof(name)));
	receive("got", r, 4096);
	show("said", set_int(s, IPPROTO_IPV6, IPV6_FLOWINFO_SEND, 1));
	show("any label", sendto(s, "a", 1, 0, (struct sockaddr *)&name, sizeof(name)));
	receive("got", r, 4096);
	name.sin6_flowinfo = htonl(0xab54321);
	show("and a class", sendto(s, "a", 1, 0, (struct sockaddr *)&name, sizeof(name)));
	receive("got", r, 4096);
	show("connect", connect(s, (struct sockaddr *)&name, sizeof(name)));
	show("send", send(s, "a", 1, 0));
	receive("got", r, 4096);
	memset(&name, 0, sizeof(name));
	show("peer", getpeername(s, (struct sockaddr *)&name, &len));
	printf("flow %x\n", ntohl(name.sin6_flowinfo));
	label_of("no lease", s, 0);
	label("not there", s, &fr, IPV6_FL_A_GET, IPV6_FL_S_EXCL, 0, 0x4321);
	label("bad action", s, &fr, 9, IPV6_FL_S_EXCL, 0, 0x4321);
	label("bad share", s, &fr, IPV6_FL_A_GET, 77, IPV6_FL_F_CREATE, 0x4321);
	label("too large", s, &fr, IPV6_FL_A_GET, IPV6_FL_S_EXCL, IPV6_FL_F_CREATE, 0x104321);
	label("reflect", s, &fr, IPV6_FL_A_GET, IPV6_FL_S_EXCL, IPV6_FL_F_REFLECT, 0);
	label("make one", s, &fr, IPV6_FL_A_GET, IPV6_FL_S_ANY, IPV6_FL_F_CREATE, 0x4321);
	label("for others", other, &fr, IPV6_FL_A_GET, IPV6_FL_S_ANY, 0, 0x4321);
	label("only new", other, &fr, IPV6_FL_A_GET, IPV6_FL_S_ANY, IPV6_FL_F_CREATE | IPV6_FL_F_EXCL, 0x4321);
	label("of another kind", other, &fr, IPV6_FL_A_GET, IPV6_FL_S_PROCESS, 0, 0x4321);
	label("my own", s, &fr, IPV6_FL_A_GET, IPV6_FL_S_EXCL, IPV6_FL_F_CREATE, 0);
	mine = ntohl(fr.flr_label);
	printf("chosen %d\n", mine != 0 && mine < 0x100000);
	label("taken", other, &fr, IPV6_FL_A_GET, IPV6_FL_S_EXCL, 0, mine);
	name = to;
	name.sin6_flowinfo = htonl(mine);
	show("connect with it", connect(s, (struct sockaddr *)&name, sizeof(name)));
	show("send", send(s, "a", 1, 0));
	(void)set_int(other, IPPROTO_IPV6, IPV6_FLOWINFO_SEND, 1);
	show("not theirs", connect(other, (struct sockaddr *)&name, sizeof(name)));
	show("nor to send with", sendto(other, "a", 1, 0, (struct sockaddr *)&name, sizeof(name)));
	label("prolong", s, &fr, IPV6_FL_A_RENEW, IPV6_FL_S_EXCL, 0, mine);
	label("prolong what is not there", s, &fr, IPV6_FL_A_RENEW, IPV6_FL_S_EXCL, 0, 0x777);
	label("give back", s, &fr, IPV6_FL_A_PUT, IPV6_FL_S_EXCL, 0, mine);
	label("twice", s, &fr, IPV6_FL_A_PUT, IPV6_FL_S_EXCL, 0, mine);
	label("give back the other", s, &fr, IPV6_FL_A_PUT, IPV6_FL_S_EXCL, 0, 0x4321);
	label("and theirs", other, &fr, IPV6_FL_A_PUT, IPV6_FL_S_EXCL, 0, 0x4321);
	show("short", setsockopt(s, IPPROTO_IPV6, IPV6_FLOWLABEL_MGR, &fr, sizeof(fr) - 1));
	close(s);
	close(other);
}

static void
privilege(void)
{
	static const unsigned char home[24] = { 0, 2, 0, 1 };
	const struct piece p = { IPV6_HOPOPTS, hop, sizeof(hop) }, q = { IPV6_RTHDR, home, sizeof(home) };
	int s = socket(AF_INET6, SOCK_DGRAM, 0);

	show("nobody: hop-by-hop", setsockopt(s, IPPROTO_IPV6, IPV6_HOPOPTS, hop, sizeof(hop)));
	show("nobody: of a wrong length", setsockopt(s, IPPROTO_IPV6, IPV6_HOPOPTS, hop, 7));
	show("nobody: none", setsockopt(s, IPPROTO_IPV6, IPV6_DSTOPTS, NULL, 0));
	show("nobody: routing", setsockopt(s, IPPROTO_IPV6, IPV6_RTHDR, home, sizeof(home)));
	show("nobody: no routing", setsockopt(s, IPPROTO_IPV6, IPV6_RTHDR, NULL, 0));
	show("nobody: with a message", send_with(s, "abc", 3, &p, 1));
	show("nobody: routing with a message", send_with(s, "abc", 3, &q, 1));
	close(s);
}

static void
mtu(int r)
{
	static char big[70000];
	struct ip6_mtuinfo { struct sockaddr_in6 addr; uint32_t mtu; } mi;
	int s = socket(AF_INET6, SOCK_DGRAM, 0);
	socklen_t len = sizeof(mi);

	(void)set_int(s, IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, 0);
	show("IPV6_PATHMTU of no path", getsockopt(s, IPPROTO_IPV6, IPV6_PATHMTU, &mi, &len));
	show("connect", connect(s, (struct sockaddr *)&to, sizeof(to)));
	show("IPV6_PATHMTU", getsockopt(s, IPPROTO_IPV6, IPV6_PATHMTU, &mi, &len));
	printf("%u bytes, family %u, there is one %d\n", len, mi.addr.sin6_family, mi.mtu != 0);
	len = sizeof(mi) - 1;
	show("short", getsockopt(s, IPPROTO_IPV6, IPV6_PATHMTU, &mi, &len));
	show("IPV6_MTU", set_int(s, IPPROTO_IPV6, IPV6_MTU, 1280));
	show("send 3000", send(s, big, 3000, 0));
	receive("in fragments", r, 4096);
	show("IPV6_DONTFRAG", set_int(s, IPPROTO_IPV6, IPV6_DONTFRAG, 1));
	show("send 3000", send_with(s, big, 3000, NULL, 0));
	show("IPV6_RECVPATHMTU", set_int(s, IPPROTO_IPV6, IPV6_RECVPATHMTU, 1));
	show("send 3000", send_with(s, big, 3000, NULL, 0));
	close(s);
}

int
main(void)
{
	static const int wanted[] = { IPV6_RECVHOPOPTS, IPV6_RECVDSTOPTS, IPV6_RECVRTHDR, IPV6_2292HOPOPTS, IPV6_2292DSTOPTS, IPV6_2292RTHDR, IPV6_RECVHOPLIMIT,
		IPV6_RECVTCLASS, IPV6_FLOWINFO };
	int s = socket(AF_INET6, SOCK_DGRAM, 0), r = socket(AF_INET6, SOCK_DGRAM, 0);
	socklen_t len = sizeof(to);
	size_t i;
	pid_t pid;

	to.sin6_family = AF_INET6;
	to.sin6_addr.s6_addr[15] = 1;
	if (bind(r, (struct sockaddr *)&to, sizeof(to)) != 0 || getsockname(r, (struct sockaddr *)&to, &len) != 0)
		return (1);
	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		show("wanted", set_int(r, IPPROTO_IPV6, wanted[i], 1));
	calm();
	/* Labels of their own choice differ. */
	(void)set_int(s, IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, 0);
	if (getuid() == 0) {
		sticky_all(s, r);
		messages(s, r);
		fflush(stdout);
		if ((pid = fork()) == 0) {
			if (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0)
				_exit(1);
			privilege();
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	} else
		privilege();
	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (wanted[i] != IPV6_FLOWINFO)
			(void)set_int(r, IPPROTO_IPV6, wanted[i], 0);
	mtu(r);
	flows(r);
	return (0);
}
