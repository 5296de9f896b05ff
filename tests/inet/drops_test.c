/* SPDX-License-Identifier: BSD-2-Clause */
/* What a stack says about packets that it drops: a line for the first, or for many, and later how many there were. */
#include "tests/inet/inet.h"

#include <arpa/inet.h>
#include <vimage/host.h>

struct drops {
	struct tl	 t;
	struct tl_pair	 p;
	struct vi_socket *raw;	/* in a: whole packets to b */
	char		 text[8192];
};

static void
begin(struct drops *d)
{
	tl_begin(&d->t, 1);
	tl_pair(&d->t, &d->p);
	tl_ok(vi_socket(d->p.a, VI_AF_INET, VI_SOCK_RAW, 255, &tl_root, &d->raw));
}

static void
end(struct drops *d)
{
	vi_close(d->raw);
	tl_run(&d->t, TL_MSL2);
	tl_unpair(&d->p);
	tl_end(&d->t);
}

static void
put32(uint8_t *p, const struct vi_sockaddr *sa)
{
	memcpy(p, &sa->sa_in, 4);
}

/* A packet from src to b; the sum of its header is filled in, that of what follows is wrong. */
static void
send_packet(struct drops *d, const char *src, uint8_t proto, const uint8_t *data, size_t len)
{
	const struct vi_sockaddr from = tl_addr(src, 0), to = tl_addr(d->p.addrb, 0);
	uint8_t pkt[128] = { 0x45, 0, 0, (uint8_t)(20 + len), [8] = 64, [9] = proto };
	struct vi_msg msg = { .msg_iov = &(struct vi_iovec){ pkt, 20 + len }, .msg_iovcnt = 1, .msg_hasname = true, .msg_name = to };
	size_t done;

	put32(pkt + 12, &from);
	put32(pkt + 16, &to);
	memcpy(pkt + 20, data, len);
	tl_ok(vi_sendmsg(d->raw, &msg, &done));
	tl_settle(&d->t);
}

static void
add_line(void *arg, const struct vi_logmsg *lm)
{
	struct drops *d = arg;
	size_t used = strlen(d->text);

	snprintf(d->text + used, sizeof(d->text) - used, "<%u>%s\n", lm->lm_level, lm->lm_text);
}

static const char *
said(struct drops *d)
{
	d->text[0] = '\0';
	vi_log_read(d->p.b, 0, add_line, d);
	return d->text;
}

static void
martians(void **state)
{
	struct drops d;
	char want[512];

	(void)state;
	begin(&d);
	for (unsigned i = 0; i < 1000; i++)
		send_packet(&d, "127.0.0.9", 17, (const uint8_t *)"", 0);
	snprintf(want, sizeof(want), "<5>ip: a packet from 127.0.0.9 to %s on %s cannot be\n", d.p.addrb, d.p.cable.b);
	assert_string_equal(said(&d), want);
	tl_run(&d.t, 31 * TL_SEC);
	send_packet(&d, "224.0.0.9", 17, (const uint8_t *)"", 0);
	snprintf(want + strlen(want), sizeof(want) - strlen(want),
	    "<5>999 packets with impossible addresses since the last word of them\n<5>ip: a packet from 224.0.0.9 to %s on %s cannot be\n", d.p.addrb, d.p.cable.b);
	assert_string_equal(said(&d), want);
	end(&d);
}

/* Single ones happen; ten within half a minute are worth a line. */
static void
checksums(void **state)
{
	static const uint8_t udp[] = { 0, 9, 0, 9, 0, 8, 0x12, 0x34 };
	struct drops d;

	(void)state;
	begin(&d);
	for (unsigned i = 0; i < 9; i++)
		send_packet(&d, d.p.addra, 17, udp, sizeof(udp));
	assert_string_equal(said(&d), "");
	send_packet(&d, d.p.addra, 17, udp, sizeof(udp));
	assert_non_null(strstr(said(&d), "<5>udp: bad checksums on"));
	end(&d);
}

static void
full_queue(void **state)
{
	struct vi_socket *l, *c[20];
	struct vi_sockaddr to;
	struct drops d;

	(void)state;
	begin(&d);
	l = tl_listen(d.p.b, d.p.addrb, 80, 1);
	to = tl_addr(d.p.addrb, 80);
	for (unsigned i = 0; i < 20; i++) {
		c[i] = tl_socket(d.p.a, VI_SOCK_STREAM);
		tl_fails(vi_connect(c[i], &to), EINPROGRESS);
		tl_settle(&d.t);
	}
	assert_non_null(strstr(said(&d), "<5>tcp: the listen queue of port 80 is full:"));
	assert_null(strstr(strstr(d.text, "listen queue") + 1, "listen queue"));
	for (unsigned i = 0; i < 20; i++)
		vi_close(c[i]);
	vi_close(l);
	end(&d);
}

static void
syn_flood(void **state)
{
	uint8_t syn[20] = { 0, 9, 0, 80, [12] = 0x50, 0x02, 0xff, 0xff };
	struct vi_socket *l;
	struct drops d;

	(void)state;
	begin(&d);
	l = tl_listen(d.p.b, d.p.addrb, 80, 8);
	tl_ok(vi_sysctl_set(d.p.b, "net.inet.tcp.syncookies_only", "1", &tl_root));
	for (unsigned i = 0; i < 50; i++) {
		const struct vi_sockaddr from = tl_addr(d.p.addra, 0), to = tl_addr(d.p.addrb, 0);
		uint32_t sum = 6 + sizeof(syn);

		syn[0] = (uint8_t)(i + 10);
		syn[16] = syn[17] = 0;
		for (unsigned j = 0; j < sizeof(syn); j += 2)
			sum += (uint32_t)(syn[j] << 8 | syn[j + 1]);
		for (unsigned j = 0; j < 4; j += 2)
			sum += (uint32_t)(((const uint8_t *)&from.sa_in)[j] << 8 | ((const uint8_t *)&from.sa_in)[j + 1]) +
			    (uint32_t)(((const uint8_t *)&to.sa_in)[j] << 8 | ((const uint8_t *)&to.sa_in)[j + 1]);
		sum = (sum & 0xffff) + (sum >> 16);
		sum = ~((sum & 0xffff) + (sum >> 16));
		syn[16] = (uint8_t)(sum >> 8);
		syn[17] = (uint8_t)sum;
		send_packet(&d, d.p.addra, 6, syn, sizeof(syn));
	}
	assert_string_equal(said(&d), "<4>tcp: too many connections begin on port 80: sending SYN cookies\n");
	vi_close(l);
	end(&d);
}

/* From a to port 82 of b, with the right sum. */
static void
send_tcp(struct drops *d, uint16_t flags)
{
	const struct vi_sockaddr from = tl_addr(d->p.addra, 0), to = tl_addr(d->p.addrb, 0);
	uint8_t seg[32] = { [9] = 6, [11] = 20, [13] = 83, [15] = 82, [24] = (uint8_t)(0x50 | flags >> 8), (uint8_t)flags };
	uint16_t sum;

	put32(seg, &from);
	put32(seg + 4, &to);
	sum = inet_cksum(seg, sizeof(seg));
	memcpy(seg + 28, &sum, 2);
	send_packet(d, d->p.addra, 6, seg + 12, 20);
}

/* net.inet.tcp.log_in_vain, net.inet.udp.log_in_vain: FreeBSD's lines, with the port asked for and who asked. */
static void
in_vain(void **state)
{
	struct vi_sockaddr to, from;
	struct vi_socket *c, *u;
	struct drops d;
	char want[1024];

	(void)state;
	begin(&d);
	tl_ifaddr(d.p.a, d.p.cable.a, "2001:db8::1", 64);
	tl_ifaddr(d.p.b, d.p.cable.b, "2001:db8::2", 64);
	tl_run(&d.t, 3 * TL_SEC);
	u = tl_udp(d.p.a, d.p.addra, 1234);
	for (unsigned on = 0; on < 2; on++) {
		tl_ok(vi_sysctl_set(d.p.b, "net.inet.tcp.log_in_vain", on ? "1" : "0", &tl_root));
		tl_ok(vi_sysctl_set(d.p.b, "net.inet.udp.log_in_vain", on ? "1" : "0", &tl_root));
		c = tl_socket(d.p.a, VI_SOCK_STREAM);
		to = tl_addr(d.p.addrb, 81);
		tl_fails(vi_connect(c, &to), EINPROGRESS);
		tl_ok(vi_sockname(c, &from));
		tl_settle(&d.t);
		vi_close(c);
		if (on == 0)
			assert_string_equal(said(&d), "");
	}
	snprintf(want, sizeof(want), "<6>TCP: [%s]:%u to [%s]:81 tcpflags 0x2<SYN>; tcp_input: Connection attempt to closed port\n", d.p.addra, ntohs(from.sa_port), d.p.addrb);
	assert_string_equal(said(&d), want);
	/* 1 is of SYNs, 2 of all; who has no flags has no names of them. */
	for (unsigned vain = 1; vain < 3; vain++) {
		tl_ok(vi_sysctl_set(d.p.b, "net.inet.tcp.log_in_vain", vain == 1 ? "1" : "2", &tl_root));
		send_tcp(&d, 0x110);
		send_tcp(&d, 0);
	}
	for (unsigned i = 0; i < 2; i++)
		snprintf(want + strlen(want), sizeof(want) - strlen(want),
		    "<6>TCP: [%s]:83 to [%s]:82 tcpflags 0x%s; tcp_input: Connection attempt to closed port\n", d.p.addra, d.p.addrb, i == 0 ? "110<ACK,AE>" : "0");
	assert_string_equal(said(&d), want);
	tl_ok(inet_sendto(u, "x", 1, d.p.addrb, 9));
	tl_settle(&d.t);
	snprintf(want + strlen(want), sizeof(want) - strlen(want), "<6>Connection attempt to UDP %s:9 from %s:1234\n", d.p.addrb, d.p.addra);
	assert_string_equal(said(&d), want);
	vi_close(u);
	u = tl_udp(d.p.a, "2001:db8::1", 1234);
	tl_ok(inet_sendto(u, "x", 1, "2001:db8::2", 9));
	tl_settle(&d.t);
	snprintf(want + strlen(want), sizeof(want) - strlen(want), "<6>Connection attempt to UDP [2001:db8::2]:9 from [2001:db8::1]:1234\n");
	assert_string_equal(said(&d), want);
	vi_close(u);
	end(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(martians),
		cmocka_unit_test(checksums),
		cmocka_unit_test(full_queue),
		cmocka_unit_test(syn_flood),
		cmocka_unit_test(in_vain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
