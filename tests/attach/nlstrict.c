/* SPDX-License-Identifier: BSD-2-Clause */
/* NETLINK_GET_STRICT_CHK: which dumps are refused, and what narrows them.  Numbers of network namespaces. */
#include <linux/fib_rules.h>
#include <linux/neighbour.h>
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include "show.h"

static int nl;

static struct {
	struct nlmsghdr	 h;
	union {
		struct ifinfomsg ifi;
		struct ifaddrmsg ifa;
		struct rtmsg	 rtm;
		struct ndmsg	 nd;
		struct fib_rule_hdr fr;
		char		 b[256];
	};
} rq;

static void
begin(uint16_t type, size_t len)
{
	memset(&rq, 0, sizeof(rq));
	rq.h = (struct nlmsghdr){ .nlmsg_len = (uint32_t)NLMSG_LENGTH(len), .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP, .nlmsg_seq = 1 };
	rq.b[0] = AF_INET;
}

static void
attr(unsigned short type, uint32_t value)
{
	const struct rtattr ra = { RTA_LENGTH(sizeof(value)), type };
	char *p = (char *)&rq + rq.h.nlmsg_len;

	memcpy(p, &ra, sizeof(ra));
	memcpy(p + RTA_LENGTH(0), &value, sizeof(value));
	rq.h.nlmsg_len += RTA_LENGTH(sizeof(value));
}

/* What one message says of its interface. */
static uint32_t
index_of(const struct nlmsghdr *h)
{
	struct ifaddrmsg ifa;
	const struct rtattr *ra;
	struct rtmsg rtm;
	uint32_t v = 0;
	size_t left;

	if (h->nlmsg_type == RTM_NEWADDR) {
		memcpy(&ifa, NLMSG_DATA(h), sizeof(ifa));
		return (ifa.ifa_index);
	}
	if (h->nlmsg_type == RTM_NEWNSID) {
		ra = (const void *)((const char *)NLMSG_DATA(h) + NLMSG_ALIGN(sizeof(struct rtgenmsg)));
		if (ra->rta_type == NETNSA_NSID)
			memcpy(&v, RTA_DATA(ra), sizeof(v));
		return (v);
	}
	if (h->nlmsg_type != RTM_NEWROUTE)
		return (0);
	memcpy(&rtm, NLMSG_DATA(h), sizeof(rtm));
	ra = (const void *)((const char *)NLMSG_DATA(h) + NLMSG_ALIGN(sizeof(rtm)));
	for (left = NLMSG_PAYLOAD(h, sizeof(rtm)); RTA_OK(ra, left); ra = RTA_NEXT(ra, left))
		if (ra->rta_type == RTA_OIF)
			memcpy(&v, RTA_DATA(ra), sizeof(v));
	return (v);
}

/* The end of the dump, and whether all messages were of one interface. */
static void
ask(const char *what, uint32_t index)
{
	static char buf[65536] __attribute__((aligned(8)));
	bool others = false;
	int error = 1;
	ssize_t n;

	if (send(nl, &rq, rq.h.nlmsg_len, 0) < 0) {
		show(what, -1);
		return;
	}
	while (error > 0 && (n = recv(nl, buf, sizeof(buf), 0)) > 0) {
		struct nlmsghdr *h = (void *)buf;

		for (; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
			if (h->nlmsg_type == NLMSG_ERROR || h->nlmsg_type == NLMSG_DONE)
				memcpy(&error, NLMSG_DATA(h), sizeof(error));
			else
				others |= index != 0 && index_of(h) != index;
		}
	}
	printf("%s: %s%s\n", what, error == 0 ? "done" : error < 0 ? strerrorname_np(-error) : "no end", others ? ", and others" : "");
}

static void
questions(bool strict)
{
	const uint32_t lo = 1, only = strict ? lo : 0;	/* else others may come as well */

	begin(RTM_GETADDR, sizeof(rq.ifa));
	ask("addresses", 0);
	rq.ifa.ifa_index = lo;
	ask("addresses of one", only);
	rq.ifa.ifa_index = 0;
	rq.ifa.ifa_prefixlen = 8;
	ask("addresses, with a length", 0);
	begin(RTM_GETADDR, sizeof(rq.ifa));
	attr(IFA_LABEL, 0);
	ask("addresses, with a label", 0);
	begin(RTM_GETADDR, 1);
	ask("addresses, with a short header", 0);
	begin(RTM_GETROUTE, sizeof(rq.rtm));
	ask("routes", 0);
	rq.rtm.rtm_table = RT_TABLE_LOCAL;
	attr(RTA_OIF, lo);
	ask("routes of one", only);
	begin(RTM_GETROUTE, sizeof(rq.rtm));
	rq.rtm.rtm_dst_len = 8;
	ask("routes, with a length", 0);
	begin(RTM_GETROUTE, sizeof(rq.rtm));
	rq.rtm.rtm_flags = RTM_F_NOTIFY;
	ask("routes, with a flag", 0);
	begin(RTM_GETROUTE, sizeof(rq.rtm));
	attr(RTA_PRIORITY, 1);
	ask("routes, with a metric", 0);
	begin(RTM_GETROUTE, sizeof(rq.rtm));
	rq.rtm.rtm_protocol = RTPROT_BOOT;
	rq.rtm.rtm_type = RTN_UNICAST;
	ask("routes of a kind that is not there", strict ? 999 : 0);
	begin(RTM_GETNEIGH, sizeof(rq.nd));
	ask("neighbours", 0);
	rq.nd.ndm_state = NUD_STALE;
	ask("neighbours, with a state", 0);
	begin(RTM_GETRULE, sizeof(rq.fr));
	ask("rules", 0);
	rq.fr.table = 1;
	ask("rules, with a table", 0);
	begin(RTM_GETLINK, sizeof(rq.ifi));
	rq.ifi.ifi_family = AF_UNSPEC;
	ask("links", 0);
	rq.ifi.ifi_index = 1;
	ask("links, with an index", 0);
}

/* No namespace has a number, of whatever process it is. */
static void
namespaces(void)
{
	const unsigned short by[] = { NETNSA_PID, NETNSA_NSID, 0 };

	for (unsigned i = 0; i < sizeof(by) / sizeof(by[0]); i++) {
		begin(RTM_GETNSID, NLMSG_ALIGN(sizeof(struct rtgenmsg)));
		rq.h.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
		rq.b[0] = AF_UNSPEC;
		if (by[i] != 0)
			attr(by[i], by[i] == NETNSA_PID ? (uint32_t)getpid() : 7);
		ask(by[i] == NETNSA_PID ? "namespace of a process" : by[i] == NETNSA_NSID ? "namespace of a number" : "of nothing", UINT32_MAX);
	}
	begin(RTM_GETNSID, NLMSG_ALIGN(sizeof(struct rtgenmsg)));
	rq.b[0] = AF_UNSPEC;
	ask("namespaces", UINT32_MAX);
}

/* To the kernel anybody sends; there is nobody with such a number. */
static void
destinations(const char *who)
{
	static const struct { const char *what; struct sockaddr_nl to; socklen_t len; } rows[] = {
		{ "the kernel", { .nl_family = AF_NETLINK }, sizeof(struct sockaddr_nl) },
		{ "nobody", { .nl_family = AF_NETLINK, .nl_pid = 4000000 }, sizeof(struct sockaddr_nl) },
		{ "a group", { .nl_family = AF_NETLINK, .nl_groups = 1 << 20 }, sizeof(struct sockaddr_nl) },
		{ "short", { .nl_family = AF_NETLINK }, sizeof(struct sockaddr_nl) - 1 },
		{ "another family", { .nl_family = AF_INET }, sizeof(struct sockaddr_nl) },
	};
	const struct { struct nlmsghdr h; struct rtgenmsg g; } req = { .h = { .nlmsg_len = sizeof(req), .nlmsg_type = RTM_GETLINK,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP }, .g = { AF_UNSPEC } };
	char buf[8192];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int s = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

		printf("%s: ", who);
		show(rows[i].what, sendto(s, &req, sizeof(req), 0, (const struct sockaddr *)&rows[i].to, rows[i].len));
		printf("  answered: %d\n", recv(s, buf, sizeof(buf), MSG_DONTWAIT) > 0);
		close(s);
	}
	fflush(stdout);
}

/* News that find no room are lost, and that is told. */
static void
overrun(void)
{
	const struct sockaddr_nl links = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	struct ifreq ifr = { .ifr_name = "lo" };
	int s = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE), u = socket(AF_INET, SOCK_DGRAM, 0);
	char buf[8192];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	show("SO_RCVBUF", set_int(s, SOL_SOCKET, SO_RCVBUF, 512));
	show("is", get_int(s, SOL_SOCKET, SO_RCVBUF));
	timeout_of(s, SO_RCVTIMEO, 2000);
	show("bind", bind(s, (const struct sockaddr *)&links, sizeof(links)));
	for (int i = 0; i < 100; i++) {
		ifr.ifr_mtu = 9000 + i;
		(void)ioctl(u, SIOCSIFMTU, &ifr);
	}
	usleep(200000);
	n = recvmsg(s, &mh, 0);
	show("received", n > 0 ? 1 : n);
	n = recvmsg(s, &mh, 0);
	show("received", n > 0 ? 1 : n);
	show("forced", set_int(s, SOL_SOCKET, SO_RCVBUFFORCE, 30000000));
	show("is", get_int(s, SOL_SOCKET, SO_RCVBUF));
	fflush(stdout);
	if (fork() == 0) {
		if (setresuid(65534, 65534, 65534) != 0)
			_exit(1);
		show("nobody", set_int(s, SOL_SOCKET, SO_RCVBUFFORCE, 4096));
		_exit(0);
	}
	(void)wait(NULL);
	close(s);
	close(u);
}

static void
destinations_all(void)
{
	destinations("root");
	if (fork() == 0) {
		if (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0)
			_exit(1);
		destinations("nobody");
		_exit(0);
	}
	(void)wait(NULL);
}

static void
memberships(const char *what, int fd, socklen_t len)
{
	uint32_t words[8] = { 0 };
	int r = getsockopt(fd, SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS, words, &len);

	printf("%s: %s length %u %#x %#x\n", what, r == 0 ? "0" : strerrorname_np(errno), len, words[0], words[1]);
}

/* Numbers of sockets, what they were told, and who the kernel is. */
static void
sockets(void)
{
	static const int flags[] = { NETLINK_BROADCAST_ERROR, NETLINK_NO_ENOBUFS, NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK };
	struct sockaddr_nl sa = { .nl_family = AF_NETLINK };
	socklen_t len = sizeof(sa);
	int s[3];

	for (int i = 0; i < 3; i++)
		s[i] = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	for (int i = 0; i < 2; i++) {
		sa.nl_pid = 0;
		show("bind", bind(s[i], (struct sockaddr *)&sa, sizeof(sa)));
		(void)getsockname(s[i], (struct sockaddr *)&sa, &len);
		printf("the process's: %d\n", sa.nl_pid == (uint32_t)getpid());
	}
	sa.nl_pid = (uint32_t)getpid();
	show("taken", bind(s[2], (struct sockaddr *)&sa, sizeof(sa)));
	close(s[0]);
	show("free", bind(s[2], (struct sockaddr *)&sa, sizeof(sa)));
	sa.nl_pid = 77;
	show("another", bind(s[2], (struct sockaddr *)&sa, sizeof(sa)));
	memberships("never in any", s[1], 32);
	show("join", set_int(s[1], SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, RTNLGRP_LINK));
	show("join", set_int(s[1], SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, RTNLGRP_NEXTHOP));
	memberships("two", s[1], 32);
	memberships("half", s[1], 4);
	memberships("less", s[1], 3);
	for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		printf("option %d: %d", flags[i], get_int(s[1], SOL_NETLINK, flags[i]));
		(void)set_int(s[1], SOL_NETLINK, flags[i], 1);
		printf(" %d\n", get_int(s[1], SOL_NETLINK, flags[i]));
	}
	close(s[1]);
	close(s[2]);
}

static void
kernel(void)
{
	union { char buf[256]; struct cmsghdr align; } control;
	static char buf[65536];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control) };
	struct { int pid, uid, gid; } cred = { -1, -1, -1 };
	int s = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	show("SO_PASSCRED", set_int(s, SOL_SOCKET, SO_PASSCRED, 1));
	printf("is %d\n", get_int(s, SOL_SOCKET, SO_PASSCRED));
	begin(RTM_GETLINK, sizeof(rq.ifi));
	(void)!send(s, &rq, rq.h.nlmsg_len, 0);
	if (recvmsg(s, &mh, 0) > 0 && CMSG_FIRSTHDR(&mh) != NULL && CMSG_FIRSTHDR(&mh)->cmsg_type == SCM_CREDENTIALS)
		memcpy(&cred, CMSG_DATA(CMSG_FIRSTHDR(&mh)), sizeof(cred));
	printf("pid %d uid %d gid %d\n", cred.pid, cred.uid, cred.gid);
	close(s);
}

/* A dump by one of its two bits, and tables that are not there. */
static void
rest(void)
{
	begin(RTM_GETADDR, sizeof(rq.ifa));
	rq.h.nlmsg_flags = NLM_F_REQUEST | NLM_F_ROOT;
	ask("addresses, by the root", 0);
	begin(RTM_GETROUTE, sizeof(rq.rtm));
	rq.h.nlmsg_flags = NLM_F_REQUEST | NLM_F_MATCH;
	ask("routes, by match", 0);
	begin(RTM_GETROUTE, sizeof(rq.rtm));
	rq.rtm.rtm_table = 99;
	ask("routes of a table that is not there", 0);
	begin(RTM_GETROUTE, sizeof(rq.rtm));
	attr(RTA_TABLE, 9999);
	ask("routes of a table that is not there, either", 0);
	rq.b[0] = AF_UNSPEC;
	ask("of any family", 0);
}

int
main(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int s;

	own_network();
	s = socket(AF_INET, SOCK_DGRAM, 0);
	(void)ioctl(s, SIOCSIFFLAGS, &ifr);	/* where it is down */
	nl = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	timeout_of(nl, SO_RCVTIMEO, 2000);
	show("off", setsockopt(nl, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &(int){ 0 }, sizeof(int)));
	questions(false);
	namespaces();
	show("on", setsockopt(nl, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &(int){ 1 }, sizeof(int)));
	questions(true);
	rest();
	show("off", setsockopt(nl, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &(int){ 0 }, sizeof(int)));
	rest();
	close(nl);
	sockets();
	kernel();
	destinations_all();
	overrun();
	return (0);
}
