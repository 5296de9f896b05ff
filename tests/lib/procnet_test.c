/* SPDX-License-Identifier: BSD-2-Clause */
/* The texts of /proc/net, as Linux 6 writes them, and as programs read them. */
#include "tests/lib/tl.h"

#include <stdlib.h>
#include <unistd.h>
#include <arpa/inet.h>

#include <vimage/packet.h>

#include "linux/lx.h"
#include "linux/procnet.h"

struct pt {
	struct tl	 t;
	struct lx_loop	*loop;
	struct lx	*lx;
	struct vi_vnet	*vn;
	struct tl_cable	 cable;
	char		*text;		/* read last */
	size_t		 len;
};

/* Both ends of a cable in one stack, so that it runs where there is one. */
static void
pt_begin(struct pt *pt)
{
	char other[VI_IFNAMSIZ];

	memset(pt, 0, sizeof(*pt));
	tl_begin(&pt->t, 1);
	tl_ok(lx_loop_new(&pt->loop));
	tl_ok(lx_new(vi_kernel_worker(pt->t.k, 0), pt->loop, NULL, NULL, &pt->lx));
	pt->vn = vi_vnet0(pt->t.k);
	tl_ok(vi_if_create(pt->vn, "epair", other));
	tl_ifaddr(pt->vn, "lo0", "127.0.0.1", 8);
	tl_ifaddr(pt->vn, "epair0a", "10.0.0.1", 24);
	tl_ifaddr(pt->vn, "epair0a", "2001:db8::1", 64);
	tl_run(&pt->t, 10 * TL_SEC);
}

static void
pt_end(struct pt *pt)
{
	free(pt->text);
	lx_free(pt->lx);
	lx_loop_free(pt->loop);
	tl_end(&pt->t);
}

static const char *
pt_read(struct pt *pt, const char *name)
{
	free(pt->text);
	pt->text = NULL;
	tl_ok(lx_procnet_text(pt->lx, pt->vn, name, &pt->text, &pt->len));
	assert_int_equal(strlen(pt->text), pt->len);
	return (pt->text);
}

static void
pt_is(struct pt *pt, const char *name, const char *want)
{
	assert_string_equal(pt_read(pt, name), want);
}

/* The line of the file that begins so; without its newline. */
static const char *
pt_line(struct pt *pt, const char *name, const char *begin, char line[512])
{
	const char *p;

	for (p = pt_read(pt, name); *p != '\0'; p += strcspn(p, "\n") + 1) {
		if (strncmp(p, begin, strlen(begin)) != 0)
			continue;
		snprintf(line, 512, "%.*s", (int)strcspn(p, "\n"), p);
		return (line);
	}
	fail_msg("%s: no line \"%s\" in:\n%s", name, begin, pt->text);
	return (NULL);
}

/* A file that is one line long and a newline, or nothing. */
static void
files(void **state)
{
	const char *name, *before = "";
	struct pt pt;
	size_t len;
	char *text;

	(void)state;
	pt_begin(&pt);
	for (unsigned i = 0; (name = lx_procnet_name(i)) != NULL; before = name, i++) {
		assert_true(strcmp(before, name) < 0);
		pt_read(&pt, name);
		assert_true(pt.len == 0 || pt.text[pt.len - 1] == '\n');
	}
	tl_fails(lx_procnet_text(pt.lx, pt.vn, "unix", &text, &len), ENOENT);
	tl_fails(lx_procnet_text(pt.lx, pt.vn, "", &text, &len), ENOENT);
	pt_end(&pt);
}

#define DEVHEAD "Inter-|   Receive                                                |  Transmit\n" \
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n"

static void
dev(void **state)
{
	struct vi_socket *so;
	struct vi_sockaddr to = tl_addr("127.0.0.1", 9);
	unsigned long long v[16];
	struct pt pt;
	char line[512];
	size_t done;

	(void)state;
	pt_begin(&pt);
	assert_int_equal(strncmp(pt_read(&pt, "dev"), DEVHEAD, strlen(DEVHEAD)), 0);
	assert_string_equal(pt_line(&pt, "dev", "   lo0:", line),
	    "   lo0:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0");
	so = tl_udp(pt.vn, "127.0.0.1", 9);
	tl_ok(vi_connect(so, &to));
	tl_ok(vi_send(so, "0123456789", 10, 0, &done));
	tl_settle(&pt.t);
	/* net-tools, as it reads what is behind the name */
	assert_int_equal(sscanf(pt_line(&pt, "dev", "   lo0:", line) + 7, "%llu %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu",
	    v, v + 1, v + 2, v + 3, v + 4, v + 5, v + 6, v + 7, v + 8, v + 9, v + 10, v + 11, v + 12, v + 13, v + 14, v + 15), 16);
	assert_int_equal(v[0], 38);
	assert_int_equal(v[1], 1);
	assert_int_equal(v[8], 38);
	assert_int_equal(v[9], 1);
	assert_int_equal(v[2] + v[3] + v[10] + v[11], 0);
	vi_close(so);
	pt_end(&pt);
}

static void
if_inet6(void **state)
{
	char a[8][5], name[21], addr[40];
	struct vi_ifaddr ia = { .ia_addr = tl_addr("fe80::1", 0), .ia_prefixlen = 64, .ia_flags = VI_IN6_IFF_NODAD };
	unsigned index, plen, scope, flags;
	struct pt pt;

	(void)state;
	pt_begin(&pt);
	tl_ok(vi_if_addr_add(pt.vn, "epair0a", &ia, true));
	ia = (struct vi_ifaddr){ .ia_addr = tl_addr("2001:db8::7", 0), .ia_prefixlen = 64, .ia_vltime = 1000, .ia_pltime = 0, .ia_flags = VI_IN6_IFF_DEPRECATED };
	tl_ok(vi_if_addr_add(pt.vn, "epair0a", &ia, true));
	pt_is(&pt, "if_inet6",
	    "00000000000000000000000000000001 01 80 10 82      lo0\n"
	    "20010db8000000000000000000000001 02 40 00 80  epair0a\n"
	    "fe800000000000000000000000000001 02 40 20 82  epair0a\n"
	    "20010db8000000000000000000000007 02 40 00 60  epair0a\n");
	/* net-tools, Java */
	assert_int_equal(sscanf(pt.text + 54, "%4s%4s%4s%4s%4s%4s%4s%4s %02x %02x %02x %02x %20s\n", a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], &index,
	    &plen, &scope, &flags, name), 13);
	assert_string_equal(name, "epair0a");
	assert_int_equal(index, 2);
	assert_int_equal(plen, 64);
	/* libdnet */
	assert_int_equal(sscanf(pt.text, "%39s %02x %02x %02x %02x %20s\n", addr, &index, &plen, &scope, &flags, name), 6);
	assert_string_equal(name, "lo0");
	pt_end(&pt);
}

static void
groups(void **state)
{
	struct vi_group_source_req gsr = { .gsr_ifindex = 2, .gsr_group = tl_addr("232.1.1.1", 0), .gsr_source = tl_addr("10.0.0.9", 0) };
	struct vi_group_req gr = { .gr_ifindex = 2, .gr_group = tl_addr("239.129.2.3", 0) };
	struct vi_socket *so;
	struct pt pt;

	(void)state;
	pt_begin(&pt);
	so = tl_udp(pt.vn, "0.0.0.0", 9);
	tl_ok(vi_setsockopt(so, VI_MCAST_JOIN_SOURCE_GROUP, &gsr, sizeof(gsr)));
	tl_ok(vi_setsockopt(so, VI_MCAST_JOIN_GROUP, &gr, sizeof(gr)));
	gr.gr_group = tl_addr("239.1.2.3", 0);	/* the same on the link */
	tl_ok(vi_setsockopt(so, VI_MCAST_JOIN_GROUP, &gr, sizeof(gr)));
	pt_is(&pt, "igmp",
	    "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n"
	    "1\tlo0       :     1      V3\n"
	    "\t\t\t\t010000E0     1 0:00000000\t\t0\n"
	    "2\tepair0a   :     4      V3\n"
	    "\t\t\t\t010101E8     1 0:00000000\t\t0\n"
	    "\t\t\t\t030201EF     1 0:00000000\t\t0\n"
	    "\t\t\t\t030281EF     1 0:00000000\t\t0\n"
	    "\t\t\t\t010000E0     1 0:00000000\t\t0\n");
	pt_is(&pt, "igmp6",
	    "1    lo0             ff0200000000000000000001ff000001     1 00000004 0\n"
	    "1    lo0             ff020000000000000000000000000001     1 0000000C 0\n"
	    "1    lo0             ff010000000000000000000000000001     1 00000008 0\n"
	    "2    epair0a         ff0200000000000000000001ff000001     1 00000004 0\n"
	    "2    epair0a         ff020000000000000000000000000001     1 0000000C 0\n"
	    "2    epair0a         ff010000000000000000000000000001     1 00000008 0\n");
	pt_is(&pt, "dev_mcast",
	    "2    epair0a         1     0     01005e010101\n"
	    "2    epair0a         2     0     01005e010203\n"
	    "2    epair0a         1     0     01005e000001\n"
	    "2    epair0a         1     0     3333ff000001\n"
	    "2    epair0a         1     0     333300000001\n");
	pt_is(&pt, "mcfilter", "Idx Device        MCA        SRC    INC    EXC\n  2 epair0 0xe8010101 0x0a000009      1      0\n");
	pt_is(&pt, "mcfilter6", "Idx Device                Multicast Address                   Source Address    INC    EXC\n");
	vi_close(so);
	pt_end(&pt);
}

static void
route_add(struct pt *pt, const char *dst, uint8_t plen, const char *gw, uint32_t flags, uint32_t metric)
{
	struct vi_route rt = { .rt_dst = tl_addr(dst, 0), .rt_prefixlen = plen, .rt_flags = VI_RTF_UP | VI_RTF_STATIC | flags, .rt_metric = metric };

	if (gw != NULL) {
		rt.rt_gateway = tl_addr(gw, 0);
		rt.rt_flags |= VI_RTF_GATEWAY;
	}
	tl_ok(vi_route_add(pt->vn, &rt));
}

#define PAD1	"                                                                            "
#define ROUTEHEAD "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT                                                       \n"

static void
route(void **state)
{
	char dev[64], gate[128], net[128], mask[128], flags[64];
	unsigned d, g, m, iflags;
	int refcnt, use, metric, mtu, win, irtt, n = 0;
	struct pt pt;

	(void)state;
	pt_begin(&pt);
	route_add(&pt, "0.0.0.0", 0, "10.0.0.2", 0, 0);
	route_add(&pt, "10.9.0.0", 16, "10.0.0.3", 0, 5);
	route_add(&pt, "10.9.0.0", 24, "10.0.0.4", 0, 0);
	route_add(&pt, "10.8.0.0", 16, NULL, VI_RTF_BLACKHOLE, 0);
	route_add(&pt, "10.7.0.0", 16, NULL, VI_RTF_REJECT, 0);
	route_add(&pt, "10.6.0.0", 16, "10.0.0.2", 0, 0);
	route_add(&pt, "10.6.0.0", 16, "10.0.0.3", 0, 0);
	route_add(&pt, "10.5.0.5", 32, "10.0.0.2", 0, 0);
	pt_read(&pt, "route");
	for (const char *p = pt.text; *p != '\0'; p += 128)
		assert_int_equal(p[127], '\n');
	pt_is(&pt, "route", ROUTEHEAD
	    "epair0a\t00000000\t0200000A\t0003\t0\t0\t0\t00000000\t0\t0\t0" PAD1 "\n"
	    "epair0a\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0" PAD1 "\n"
	    "epair0a\t0500050A\t0200000A\t0007\t0\t0\t0\tFFFFFFFF\t0\t0\t0" PAD1 "\n"
	    "epair0a\t0000060A\t0200000A\t0003\t0\t0\t0\t0000FFFF\t0\t0\t0" PAD1 "\n"
	    "*\t0000070A\t00000000\t0201\t0\t0\t0\t0000FFFF\t0\t0\t0" PAD1 "      \n"
	    "*\t0000080A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0" PAD1 "      \n"
	    "epair0a\t0000090A\t0400000A\t0003\t0\t0\t0\t00FFFFFF\t0\t0\t0" PAD1 "\n"
	    "epair0a\t0000090A\t0300000A\t0003\t0\t0\t5\t0000FFFF\t0\t0\t0" PAD1 "\n"
	    "lo0\t0000007F\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0" PAD1 "    \n");
	/* net-tools; libdnet */
	assert_int_equal(sscanf(pt.text + 128, "%16s %127s %127s %63s %d %d %d %127s %d %d %d\n", dev, net, gate, flags, &refcnt, &use, &metric, mask, &mtu,
	    &win, &irtt), 11);
	assert_string_equal(gate, "0200000A");
	for (const char *p = pt.text + 128; *p != '\0'; p += 128)
		n += sscanf(p, "%15s %X %X %X %d %d %d %X %d %d %d\n", dev, &d, &g, &iflags, &refcnt, &use, &metric, &m, &mtu, &win, &irtt) == 11;
	assert_int_equal(n, 9);
	pt_end(&pt);
}

#define NONE6	"00000000000000000000000000000000 00 "
#define VIA(gw)	"20010db800000000000000000000000" #gw " "
#define LINK	"00000000000000000000000000000000 "

static void
ipv6_route(void **state)
{
	char dev[21], dst[40], src[40], gw[40];
	unsigned dlen, slen, metric, ref, use, flags;
	struct pt pt;

	(void)state;
	pt_begin(&pt);
	route_add(&pt, "::", 0, "2001:db8::2", 0, 0);
	route_add(&pt, "2001:db8:6::", 48, "2001:db8::2", 0, 0);
	route_add(&pt, "2001:db8:6::", 48, "2001:db8::3", 0, 0);
	route_add(&pt, "2001:db8:6::", 64, "2001:db8::4", 0, 7);
	route_add(&pt, "2001:db8:8::", 48, NULL, VI_RTF_REJECT, 0);
	route_add(&pt, "2001:db8:9::", 48, NULL, VI_RTF_BLACKHOLE, 0);
	pt_is(&pt, "ipv6_route",
	    "20010db8000000000000000000000000 40 " NONE6 LINK "00000100 00000001 00000000 00000001  epair0a\n"
	    "20010db8000600000000000000000000 40 " NONE6 VIA(4) "00000007 00000001 00000000 00000003  epair0a\n"
	    "20010db8000600000000000000000000 30 " NONE6 VIA(2) "00000400 00000001 00000000 00000003  epair0a\n"
	    "20010db8000600000000000000000000 30 " NONE6 VIA(3) "00000400 00000001 00000000 00000003  epair0a\n"
	    "20010db8000800000000000000000000 30 " NONE6 LINK "00000400 00000001 00000000 00200200      lo0\n"
	    "20010db8000900000000000000000000 30 " NONE6 LINK "00000400 00000001 00000000 00200200      lo0\n"
	    "00000000000000000000000000000000 00 " NONE6 VIA(2) "00000400 00000001 00000000 00000003  epair0a\n"
	    "00000000000000000000000000000001 80 " NONE6 LINK "00000000 00000001 00000000 80200001      lo0\n"
	    "20010db8000000000000000000000001 80 " NONE6 LINK "00000000 00000001 00000000 80200001  epair0a\n"
	    "00000000000000000000000000000000 00 " NONE6 LINK "ffffffff 00000001 00000000 00200200      lo0\n");
	/* libdnet */
	assert_int_equal(sscanf(pt.text, "%39s %02x %39s %02x %39s %x %x %x %x %20s\n", dst, &dlen, src, &slen, gw, &metric, &ref, &use, &flags, dev), 10);
	assert_string_equal(dev, "epair0a");
	assert_int_equal(dlen, 64);
	assert_int_equal(flags, 1);
	pt_end(&pt);
}

static void
arp(void **state)
{
	struct vi_neigh ne = { .ne_addr = tl_addr("10.0.0.2", 0), .ne_lladdr = { 2, 0, 0, 0, 0, 11 }, .ne_complete = true, .ne_permanent = true };
	struct vi_sockaddr to = tl_addr("10.0.0.3", 9);
	char ip[100], hwa[100], mask[100], dev[100], line[512];
	struct vi_socket *so;
	int type, flags;
	struct pt pt;
	size_t done;

	(void)state;
	pt_begin(&pt);
	tl_ok(vi_neigh_add(pt.vn, &ne));
	so = tl_udp(pt.vn, "0.0.0.0", 9);
	tl_ok(vi_connect(so, &to));
	tl_ok(vi_send(so, "x", 1, 0, &done));
	tl_settle(&pt.t);
	assert_string_equal(pt_line(&pt, "arp", "10.0.0.2", line), "10.0.0.2         0x1         0x6         02:00:00:00:00:0b     *        epair0a");
	/* net-tools */
	assert_int_equal(sscanf(line, "%s 0x%x 0x%x %99s %99s %99s\n", ip, (unsigned *)&type, (unsigned *)&flags, hwa, mask, dev), 6);
	assert_string_equal(dev, "epair0a");
	/* libdnet */
	assert_int_equal(sscanf(line, "%s 0x%x 0x%x %99s %99s %99s\n", ip, (unsigned *)&type, (unsigned *)&flags, hwa, mask, dev), 6);
	assert_string_equal(pt_line(&pt, "arp", "10.0.0.3", line), "10.0.0.3         0x1         0x0         00:00:00:00:00:00     *        epair0a");
	assert_string_equal(pt_line(&pt, "arp", "IP", line), "IP address       HW type     Flags       HW address            Mask     Device");
	vi_close(so);
	pt_end(&pt);
}

/* What programs read of a socket: net-tools' format. */
struct sockline {
	char		local[33], rem[33];
	unsigned	lport, rport, state, uid;
	unsigned long	txq, rxq, tlen, retr, inode;
	int		sl, timer, timeout;
};

static void
sock_scan(struct sockline *l, const char *line)
{
	char more[512];

	assert_true(sscanf(line, "%d: %32[0-9A-Fa-f]:%X %32[0-9A-Fa-f]:%X %X %lX:%lX %X:%lX %lX %u %d %lu %511s\n", &l->sl, l->local, &l->lport, l->rem,
	    &l->rport, &l->state, &l->txq, &l->rxq, (unsigned *)&l->timer, &l->tlen, &l->retr, &l->uid, &l->timeout, &l->inode, more) >= 14);
}

/* A program's: what Linux tells of it has an inode. */
static struct lx_sock *
pt_hold(struct pt *pt, struct vi_socket *so, int family, int *app)
{
	struct lx_sock *ls;

	tl_ok(lx_sock_new(pt->lx, pt->vn, LXK_STREAM, so, app, &ls));
	ls->ls_family = (uint8_t)family;
	ls->ls_type = SOCK_STREAM;
	return (ls);
}

static void
tcp(void **state)
{
	struct vi_socket *ln, *six;
	struct sockline sl;
	struct tl_conn tc;
	struct lx_sock *ls;
	char line[512];
	struct pt pt;
	size_t done;
	int app;

	(void)state;
	pt_begin(&pt);
	ln = tl_listen(pt.vn, "127.0.0.1", 80, 7);
	six = tl_listen(pt.vn, "2001:db8::1", 81, 7);
	tl_connect(&pt.t, pt.vn, ln, &tc);
	tl_ok(vi_send(tc.c, "hello", 5, 0, &done));
	tl_run(&pt.t, TL_SEC);		/* acknowledged */
	for (const char *p = pt_read(&pt, "tcp"); *p != '\0'; p += 150)
		assert_int_equal(p[149], '\n');
	assert_string_equal(pt_line(&pt, "tcp", "  sl", line), "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
	    "                                                     ");
	sock_scan(&sl, pt_line(&pt, "tcp", "   0: ", line));
	assert_int_equal(strncmp(line, "   0: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 0 2 ", 95), 0);
	assert_int_equal(sl.state, 10);
	pt_line(&pt, "tcp", "   1: ", line);
	sock_scan(&sl, line);
	assert_int_equal(sl.state, 1);
	assert_int_equal(sl.rxq + sl.txq, strstr(line, ":0050 0100007F") != NULL ? 5 : 0);
	pt_line(&pt, "tcp", "   2: ", line);
	/* One that a program has: its inode, and TCP's own numbers behind. */
	ls = pt_hold(&pt, tc.s, AF_INET, &app);
	for (unsigned i = 1; i < 3; i++) {
		char begin[8];
		unsigned long rto, ato, quick;
		unsigned refs, cwnd;
		int ssthresh;

		snprintf(begin, sizeof(begin), "   %u: ", i);
		sock_scan(&sl, pt_line(&pt, "tcp", begin, line));
		if (sl.lport != 80)
			continue;
		assert_int_equal(sl.inode, ls->ls_ino);
		assert_int_equal(sscanf(line + 93, "%*u %u %*x %lu %lu %lu %u %d", &refs, &rto, &ato, &quick, &cwnd, &ssthresh), 6);
		assert_int_equal(refs, 2);
		assert_in_range(rto, 20, 100);
		assert_int_equal(cwnd, 2);		/* RFC 6928 2: of segments of 16 KB */
		assert_int_equal(ssthresh, -1);
	}
	sock_scan(&sl, pt_line(&pt, "tcp6", "   0: ", line));
	assert_string_equal(sl.local, "B80D0120000000000000000001000000");
	assert_int_equal(sl.lport, 81);
	assert_int_equal(sl.state, 10);
	assert_int_equal(strlen(pt_line(&pt, "tcp6", "  sl", line)), 144);
	pt_is(&pt, "sockstat", "sockets: used 1\nTCP: inuse 3 orphan 0 tw 0 alloc 4 mem 1\nUDP: inuse 0 mem 0\nUDPLITE: inuse 0\nRAW: inuse 0\nFRAG: inuse 0 memory 0\n");
	pt_is(&pt, "sockstat6", "TCP6: inuse 1\nUDP6: inuse 0\nUDPLITE6: inuse 0\nRAW6: inuse 0\nFRAG6: inuse 0 memory 0\n");
	vi_close(ln);
	vi_close(six);
	vi_close(tc.c);
	tl_settle(&pt.t);
	close(app);
	lx_sock_free(ls);
	tl_run(&pt.t, TL_MSL2);
	pt_end(&pt);
}

#define DGRAMHEAD	"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops"
#define DGRAMHEAD6	"  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops"

/* The line without the number of the socket, which is the 12th word. */
static const char *
unnumbered(char line[512])
{
	char *p = line;

	for (int i = 0; i < 11; i++) {
		p += strspn(p, " ");
		p += strcspn(p, " ");
	}
	assert_int_equal(strspn(p + 1, "0123456789abcdef"), 16);
	memset(p + 1, '#', 16);
	return (line);
}

static void
dgram(void **state)
{
	struct vi_sockaddr to = tl_addr("127.0.0.1", 53), to6 = tl_addr("::1", 53);
	struct vi_socket *u, *c, *six;
	struct sockline sl;
	char line[512], big[9000] = "";
	int room = 4000;
	struct pt pt;
	size_t done;

	(void)state;
	pt_begin(&pt);
	u = tl_udp(pt.vn, "0.0.0.0", 53);
	c = tl_udp(pt.vn, "127.0.0.1", 54);
	six = tl_socketof(pt.vn, VI_AF_INET6, VI_SOCK_DGRAM);
	tl_ok(vi_connect(six, &to6));
	tl_ok(vi_setsockopt(u, VI_SO_RCVBUF, &room, sizeof(room)));
	tl_ok(vi_connect(c, &to));
	tl_ok(vi_send(c, "abc", 3, 0, &done));
	tl_ok(vi_send(c, big, sizeof(big), 0, &done));	/* no room */
	tl_settle(&pt.t);
	for (const char *p = pt_read(&pt, "udp"); *p != '\0'; p += 128)
		assert_int_equal(p[127], '\n');
	assert_string_equal(pt_line(&pt, "udp", "   sl", line), " " DGRAMHEAD "            ");
	sock_scan(&sl, pt_line(&pt, "udp", "    0: ", line));
	assert_string_equal(unnumbered(line),
	    "    0: 00000000:0035 00000000:0000 07 00000000:00000003 00:00000000 00000000     0        0 0 2 ################ 1             ");
	assert_int_equal(sl.rxq, 3);
	pt_line(&pt, "udp", "    1: ", line);
	assert_string_equal(unnumbered(line),
	    "    1: 0100007F:0036 0100007F:0035 01 00000000:00000000 00:00000000 00000000     0        0 0 2 ################ 0             ");
	assert_string_equal(pt_line(&pt, "udp6", "  sl", line), DGRAMHEAD6);
	sock_scan(&sl, pt_line(&pt, "udp6", "    0: ", line));
	assert_string_equal(sl.rem, "00000000000000000000000001000000");
	assert_int_equal(sl.state, 1);
	vi_close(u);
	vi_close(c);
	vi_close(six);
	pt_end(&pt);
}

static void
raw(void **state)
{
	struct vi_sockaddr to = tl_addr("10.0.0.9", 0), at = { .sa_family = VI_AF_PACKET, .sa_scope = 2, .sa_port = htons(0x0800) };
	struct vi_socket *a, *b, *six, *pk, *pk2;
	struct pt pt;
	char line[512];

	(void)state;
	pt_begin(&pt);
	tl_ok(vi_socket(pt.vn, VI_AF_INET, VI_SOCK_RAW, 1, &tl_root, &a));
	tl_ok(vi_socket(pt.vn, VI_AF_INET, VI_SOCK_RAW, 89, &tl_root, &b));
	tl_ok(vi_socket(pt.vn, VI_AF_INET6, VI_SOCK_RAW, 58, &tl_root, &six));
	tl_ok(vi_connect(b, &to));
	assert_string_equal(pt_line(&pt, "raw", "  sl", line), DGRAMHEAD);
	pt_line(&pt, "raw", "   0: ", line);
	assert_string_equal(unnumbered(line), "   0: 00000000:0001 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 0 2 ################ 0");
	pt_line(&pt, "raw", "   1: ", line);
	assert_string_equal(unnumbered(line), "   1: 0100000A:0059 0900000A:0000 01 00000000:00000000 00:00000000 00000000     0        0 0 2 ################ 0");
	pt_line(&pt, "raw6", "    0: ", line);
	assert_string_equal(unnumbered(line), "    0: 00000000000000000000000000000000:003A 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000"
	    "     0        0 0 2 ################ 0");
	tl_ok(vi_socket(pt.vn, VI_AF_PACKET, VI_SOCK_RAW, VI_PKT_ALL, &tl_root, &pk));
	tl_ok(vi_socket(pt.vn, VI_AF_PACKET, VI_SOCK_DGRAM, 0, &tl_root, &pk2));
	tl_ok(vi_bind(pk2, &at));
	pt_is(&pt, "packet",
	    "sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n"
	    "0000000000000000 3      2    0800   2     1 0      0      0     \n"
	    "0000000000000000 3      3    0003   0     1 0      0      0     \n");
	vi_close(a);
	vi_close(b);
	vi_close(six);
	vi_close(pk);
	vi_close(pk2);
	pt_end(&pt);
}

/* The number below a name in the two lines of a kind. */
static long
pair_value(struct pt *pt, const char *file, const char *kind, const char *name)
{
	const char *names = strstr(pt_read(pt, file), kind), *values;
	long v = -2;

	assert_non_null(names);
	values = strstr(names + 1, kind);
	assert_non_null(values);
	for (; *names != '\n'; names += strcspn(names, " \n"), values += strcspn(values, " \n")) {
		names += *names == ' ';
		values += *values == ' ';
		if (strncmp(names, name, strlen(name)) == 0 && strchr(" \n", names[strlen(name)]) != NULL)
			v = strtol(values, NULL, 10);
	}
	assert_int_equal(*values, '\n');	/* as many of them */
	return (v);
}

static void
counters(void **state)
{
	struct vi_sockaddr to = tl_addr("127.0.0.1", 9);
	struct vi_socket *ln, *u;
	struct tl_conn tc;
	char line[512];
	struct pt pt;
	size_t done;

	(void)state;
	pt_begin(&pt);
	ln = tl_listen(pt.vn, "127.0.0.1", 80, 7);
	tl_connect(&pt.t, pt.vn, ln, &tc);
	u = tl_udp(pt.vn, "127.0.0.1", 10);
	tl_ok(vi_connect(u, &to));
	tl_ok(vi_send(u, "x", 1, 0, &done));		/* nobody is there: ICMP */
	tl_settle(&pt.t);
	assert_int_equal(pair_value(&pt, "snmp", "Ip:", "Forwarding"), 2);
	assert_int_equal(pair_value(&pt, "snmp", "Ip:", "DefaultTTL"), 64);
	assert_int_equal(pair_value(&pt, "snmp", "Ip:", "InReceives"), 5);
	assert_int_equal(pair_value(&pt, "snmp", "Icmp:", "InMsgs"), 1);
	assert_int_equal(pair_value(&pt, "snmp", "Icmp:", "InDestUnreachs"), 1);
	assert_int_equal(pair_value(&pt, "snmp", "Icmp:", "OutDestUnreachs"), 1);
	assert_int_equal(pair_value(&pt, "snmp", "IcmpMsg:", "InType3"), 1);
	assert_int_equal(pair_value(&pt, "snmp", "IcmpMsg:", "OutType3"), 1);
	assert_int_equal(pair_value(&pt, "snmp", "Tcp:", "MaxConn"), -1);
	assert_int_equal(pair_value(&pt, "snmp", "Tcp:", "ActiveOpens"), 1);
	assert_int_equal(pair_value(&pt, "snmp", "Tcp:", "PassiveOpens"), 1);
	assert_int_equal(pair_value(&pt, "snmp", "Tcp:", "CurrEstab"), 2);
	assert_int_equal(pair_value(&pt, "snmp", "Tcp:", "InSegs"), 3);
	assert_int_equal(pair_value(&pt, "snmp", "Udp:", "NoPorts"), 1);
	assert_int_equal(pair_value(&pt, "snmp", "Udp:", "OutDatagrams"), 1);
	assert_int_equal(pair_value(&pt, "netstat", "TcpExt:", "TCPKeepAlive"), 0);
	assert_int_equal(pair_value(&pt, "netstat", "IpExt:", "InNoRoutes"), 0);
	/* net-snmp goes by the place */
	assert_int_equal(strncmp(pt_line(&pt, "snmp", "Ip: F", line), "Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams InUnknownProtos InDiscards "
	    "InDelivers OutRequests OutDiscards OutNoRoutes ReasmTimeout ReasmReqds ReasmOKs ReasmFails FragOKs FragFails FragCreates OutTransmits", 300), 0);
	assert_string_equal(pt_line(&pt, "snmp", "Tcp: R", line), "Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab InSegs OutSegs "
	    "RetransSegs InErrs OutRsts InCsumErrors");
	assert_string_equal(pt_line(&pt, "netstat", "IpExt: I", line), "IpExt: InNoRoutes InTruncatedPkts InMcastPkts OutMcastPkts InBcastPkts OutBcastPkts InOctets OutOctets InMcastOctets "
	    "OutMcastOctets InBcastOctets OutBcastOctets InCsumErrors InNoECTPkts InECT1Pkts InECT0Pkts InCEPkts ReasmOverlaps");
	assert_string_equal(pt_line(&pt, "snmp6", "Icmp6OutMLDv2Reports", line), "Icmp6OutMLDv2Reports            \t2");
	assert_string_equal(pt_line(&pt, "snmp6", "Icmp6OutType143", line), "Icmp6OutType143                 \t2");
	vi_close(u);
	vi_close(ln);
	/* Who closed first waits; Linux tells of it without owner and without what a connection has. */
	vi_close(tc.c);
	tl_settle(&pt.t);
	vi_close(tc.s);
	tl_settle(&pt.t);
	assert_non_null(strstr(pt_read(&pt, "sockstat"), "TCP: inuse 0 orphan 0 tw 1 alloc 0 mem 0\n"));
	assert_non_null(strstr(pt_line(&pt, "tcp", "   0: ", line), ":0050 06 00000000:00000000 03:0000"));
	assert_non_null(strstr(line, " 00000000     0        0 0 1 "));
	tl_run(&pt.t, TL_MSL2);
	pt_end(&pt);
}

/* No file grows beyond its bound. */
static void
big(void **state)
{
	struct vi_route rt = { .rt_dst = tl_addr("20.0.0.0", 0), .rt_prefixlen = 32, .rt_flags = VI_RTF_UP | VI_RTF_STATIC | VI_RTF_BLACKHOLE };
	const uint32_t first = ntohl(rt.rt_dst.sa_in);
	struct pt pt;
	size_t len;
	char *text;

	(void)state;
	pt_begin(&pt);
	for (uint32_t i = 0; i < LX_PROCNET_MAX / 128; i++) {
		rt.rt_dst.sa_in = htonl(first + i);
		tl_ok(vi_route_add(pt.vn, &rt));
	}
	tl_fails(lx_procnet_text(pt.lx, pt.vn, "route", &text, &len), EFBIG);
	pt_read(&pt, "arp");
	vi_route_flush(pt.vn, 0, VI_AF_INET);
	pt_end(&pt);
}

/* How many lines name the port. */
static unsigned
lines_of(const char *text, unsigned port)
{
	char want[16];
	unsigned n = 0;

	snprintf(want, sizeof(want), ":%04X ", port);
	for (const char *p = text; (p = strstr(p, want)) != NULL; p++)
		n++;
	return (n);
}

#define MANY	600
#define FIRST	20000

/* A long text in many short pieces says what it says in one; sockets that come and go meanwhile are in it or not, and no other twice. */
static void
pieces(void **state)
{
	struct vi_socket *so[MANY];
	struct lx_text *tx;
	struct pt pt;
	unsigned n;
	char *text;
	size_t len;
	int error;

	(void)state;
	pt_begin(&pt);
	for (unsigned i = 0; i < MANY; i++) {
		const struct vi_sockaddr sa = tl_addr("10.0.0.1", (uint16_t)(FIRST + i));

		so[i] = tl_socketof(pt.vn, VI_AF_INET, i % 2 ? VI_SOCK_DGRAM : VI_SOCK_STREAM);
		tl_ok(vi_bind(so[i], &sa));
		if (i % 2 == 0)
			tl_ok(vi_listen(so[i], 1));
	}
	for (int udp = 0; udp < 2; udp++) {
		(void)pt_read(&pt, udp ? "udp" : "tcp");
		tl_ok(lx_text_new(udp ? "udp" : "tcp", NULL, 0, &tx));
		for (n = 0; (error = lx_text_more(tx, pt.lx, pt.vn, 0)) == EAGAIN; n++)
			;
		tl_ok(error);
		assert_true(n > MANY / 2);
		assert_non_null(text = lx_text_take(tx, &len));
		assert_int_equal(len, pt.len);
		assert_string_equal(text, pt.text);
		free(text);
	}
	tl_ok(lx_text_new("udp", NULL, 0, &tx));
	for (n = 0; (error = lx_text_more(tx, pt.lx, pt.vn, 0)) == EAGAIN; n++)
		if (n < MANY / 4) {
			const unsigned gone = (n * 7 % (MANY / 2)) * 2 + 1;

			if (so[gone] != NULL)
				vi_close(so[gone]);
			so[gone] = NULL;
			tl_settle(&pt.t);
		}
	tl_ok(error);
	assert_non_null(text = lx_text_take(tx, &len));
	for (unsigned i = 1; i < MANY; i += 2)
		assert_true(lines_of(text, FIRST + i) == 1 || (so[i] == NULL && lines_of(text, FIRST + i) == 0));
	free(text);
	/* One that nobody waits for any more. */
	tl_ok(lx_text_new("tcp", NULL, 0, &tx));
	assert_int_equal(lx_text_more(tx, pt.lx, pt.vn, 0), EAGAIN);
	lx_text_free(tx);
	tl_fails(lx_text_new("unix", NULL, 0, &tx), ENOENT);
	for (unsigned i = 0; i < MANY; i++)
		if (so[i] != NULL)
			vi_close(so[i]);
	pt_end(&pt);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files),
		cmocka_unit_test(dev),
		cmocka_unit_test(if_inet6),
		cmocka_unit_test(pieces),
		cmocka_unit_test(groups),
		cmocka_unit_test(route),
		cmocka_unit_test(ipv6_route),
		cmocka_unit_test(arp),
		cmocka_unit_test(tcp),
		cmocka_unit_test(dgram),
		cmocka_unit_test(raw),
		cmocka_unit_test(counters),
		cmocka_unit_test(big),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
