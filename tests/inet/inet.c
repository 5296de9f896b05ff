/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/inet/inet.h"

#include <arpa/inet.h>

void
inet_route(struct vi_vnet *vn, const char *dst, unsigned prefixlen, const char *gateway)
{
	struct vi_route rt = { .rt_dst = tl_addr(dst, 0), .rt_prefixlen = (uint8_t)prefixlen, .rt_gateway = tl_addr(gateway, 0) };

	tl_ok(vi_route_add(vn, &rt));
}

void
chain_begin(struct chain *ch)
{
	tl_begin(&ch->t, 5);
	ch->c = tl_vnet(&ch->t, "client");
	ch->r = tl_vnet(&ch->t, "router");
	ch->s = tl_vnet(&ch->t, "server");
	tl_join(ch->c, "10.0.1.1", ch->r, "10.0.1.2", &ch->left);
	tl_join(ch->r, "10.0.2.2", ch->s, "10.0.2.1", &ch->right);
	tl_ifaddr(ch->c, "lo0", "127.0.0.1", 8);
	inet_route(ch->c, "0.0.0.0", 0, "10.0.1.2");
	inet_route(ch->s, "0.0.0.0", 0, "10.0.2.2");
	tl_ok(vi_sysctl_set(ch->r, "net.inet.ip.forwarding", "1", &tl_root));
}

void
chain_end(struct chain *ch)
{
	tl_end(&ch->t);
}

struct vi_socket *
inet_socket(struct vi_vnet *vn, int type, int proto, const struct vi_cred *cred)
{
	struct vi_socket *so;

	tl_ok(vi_socket(vn, VI_AF_INET, type, proto, cred, &so));
	return (so);
}

void
inet_connect(struct vi_socket *so, const char *addr, uint16_t port)
{
	struct vi_sockaddr sa = tl_addr(addr, port);

	tl_ok(vi_connect(so, &sa));
}

void
inet_setint(struct vi_socket *so, enum vi_sockopt opt, int v)
{
	tl_ok(vi_setsockopt(so, opt, &v, sizeof(v)));
}

void
inet_setmtu(struct vi_vnet *vn, const char *ifname, uint32_t mtu)
{
	tl_ok(vi_if_set_mtu(vn, ifname, mtu));
}

int
inet_sendto(struct vi_socket *so, const void *p, size_t len, const char *addr, uint16_t port)
{
	struct vi_iovec iov = { (void *)(uintptr_t)p, len };
	struct vi_msg msg = { .msg_iov = &iov, .msg_iovcnt = 1 };
	size_t done;

	if (addr != NULL) {
		msg.msg_hasname = true;
		msg.msg_name = tl_addr(addr, port);
	}
	return (vi_sendmsg(so, &msg, &done));
}

int
inet_recv(struct vi_socket *so, struct vi_msg *msg, void *buf, size_t size, size_t *n)
{
	static struct vi_iovec iov;

	iov = (struct vi_iovec){ buf, size };
	*msg = (struct vi_msg){ .msg_iov = &iov, .msg_iovcnt = 1 };
	return (vi_recvmsg(so, msg, n));
}

void
inet_wait(struct tl *t, struct vi_socket *so, struct vi_msg *msg, void *buf, size_t size, size_t *n)
{
	tl_settle(t);		/* what needs no time takes none: neighbours stay fresh */
	tl_wait(t, (vi_poll(so) & (VI_POLLIN | VI_POLLERR)) != 0);
	tl_ok(inet_recv(so, msg, buf, size, n));
}

void
inet_expect(struct tl *t, struct vi_socket *so, size_t len, struct vi_msg *msg)
{
	static uint8_t buf[65536];
	struct vi_msg own;
	size_t n;

	if (msg == NULL)
		msg = &own;
	inet_wait(t, so, msg, buf, sizeof(buf), &n);
	assert_int_equal(n, len);
	assert_true(tl_ispattern(buf, len, 0));
}

void
inet_expecterr(struct tl *t, struct vi_socket *so, struct vi_sockerr *se, int error, const char *offender)
{
	struct vi_sockerr own;
	uint8_t buf[600];

	if (se == NULL)
		se = &own;
	tl_wait(t, (vi_poll(so) & VI_POLLERR) != 0);
	tl_ok(vi_recverr(so, se, buf, sizeof(buf)));
	assert_int_equal(se->se_errno, error);
	assert_int_equal(se->se_offender.sa_in, tl_addr(offender, 0).sa_in);
	tl_fails(tl_sockerr(so), error);
}

uint16_t
inet_cksum(const void *p, size_t len)
{
	const uint8_t *b = p;
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += (i & 1) == 0 ? (uint32_t)b[i] << 8 : b[i];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (htons((uint16_t)~sum));
}

size_t
inet_echo(uint8_t *p, uint16_t id, uint16_t seq, size_t len)
{
	const uint8_t head[8] = { 8, 0, 0, 0, (uint8_t)(id >> 8), (uint8_t)id, (uint8_t)(seq >> 8), (uint8_t)seq };
	uint16_t sum;

	memcpy(p, head, 8);
	tl_pattern(p + 8, len, 0);
	sum = inet_cksum(p, len + 8);
	memcpy(p + 2, &sum, 2);
	return (len + 8);
}
