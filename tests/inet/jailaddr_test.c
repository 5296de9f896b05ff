/* SPDX-License-Identifier: BSD-2-Clause */
/* Jails that share a stack and have some of its addresses only: ip4.addr, ip6.addr. */
#include "tests/lib/tl.h"

#include <vimage/host.h>

struct shared {
	struct tl	 t;
	struct vi_vnet	*s_vnet;	/* prison0's: 192.0.2.1 to .4 and 2001:db8::1, ::2, and a cable to far */
	struct vi_vnet	*s_far;		/* 192.0.2.9 */
	char		 s_err[VI_ERRLEN];
	int		 s_jid;
};

static void
begin(struct shared *s)
{
	struct tl_cable c;

	tl_begin(&s->t, 1);
	s->s_vnet = vi_jail_vnet(s->t.k, 0);
	s->s_far = tl_vnet(&s->t, "far");
	tl_join(s->s_vnet, "192.0.2.1", s->s_far, "192.0.2.9", &c);
	tl_ifaddr(s->s_vnet, c.a, "192.0.2.2", 24);
	tl_ifaddr(s->s_vnet, c.a, "192.0.2.3", 24);
	tl_ifaddr(s->s_vnet, c.a, "192.0.2.4", 24);
	tl_ifaddr(s->s_vnet, "lo0", "127.0.0.1", 8);
	tl_ifaddr(s->s_vnet, "lo0", "2001:db8::1", 128);
	tl_ifaddr(s->s_vnet, "lo0", "2001:db8::2", 128);
	tl_run(&s->t, 3 * TL_SEC);		/* addresses of IPv6 are verified */
}

static void
end(struct shared *s)
{
	tl_run(&s->t, TL_MSL2);
	tl_destroy(s->s_far);
	tl_end(&s->t);
}

static int
make(struct shared *s, const char *p1, const char *p2)
{
	return tl_jail(&s->t, 0, VI_JAIL_CREATE, &s->s_jid, s->s_err, "persist", p1, p2, NULL);
}

static int
modify(struct shared *s, const char *p1, const char *p2)
{
	char jid[24];
	int same;

	snprintf(jid, sizeof(jid), "jid=%d", s->s_jid);
	return tl_jail(&s->t, 0, VI_JAIL_UPDATE, &same, s->s_err, jid, p1, p2, NULL);
}

static int
try_socket(struct shared *s, int family, int type, struct vi_socket **so)
{
	const struct vi_cred cred = { .cr_priv = true, .cr_jail = s->s_jid };

	return vi_socket(s->s_vnet, family, type, 0, &cred, so);
}

static struct vi_socket *
sock(struct shared *s, int family, int type)
{
	struct vi_socket *so;

	tl_ok(try_socket(s, family, type, &so));
	return so;
}

/* What a socket that is bound to that gets; its errno in *error. */
static void
bound_is(struct shared *s, const char *to, const char *is)
{
	struct vi_sockaddr sa = tl_addr(to, 0), got, want = tl_addr(is, 0);
	struct vi_socket *so = sock(s, sa.sa_family, VI_SOCK_DGRAM);
	int one = 1;

	if (sa.sa_family == VI_AF_INET6)
		tl_ok(vi_setsockopt(so, VI_IPV6_V6ONLY, &one, sizeof(one)));
	tl_ok(vi_bind(so, &sa));
	tl_ok(vi_sockname(so, &got));
	got.sa_port = 0;
	assert_true(tl_sameaddr(&got, &want));
	vi_close(so);
}

static void
bind_fails(struct shared *s, const char *to, int error)
{
	struct vi_sockaddr sa = tl_addr(to, 0);
	struct vi_socket *so = sock(s, sa.sa_family, VI_SOCK_DGRAM);

	tl_fails(vi_bind(so, &sa), error);
	vi_close(so);
}

static void
binds_to_its_own(void **state)
{
	struct shared s;

	(void)state;
	begin(&s);
	tl_ok(make(&s, "ip4.addr=192.0.2.3,192.0.2.2", "ip6.addr=2001:db8::2"));
	bound_is(&s, "192.0.2.2", "192.0.2.2");
	bound_is(&s, "192.0.2.3", "192.0.2.3");
	bound_is(&s, "127.0.0.1", "192.0.2.3");
	bound_is(&s, "0.0.0.0", "0.0.0.0");
	bind_fails(&s, "192.0.2.1", EADDRNOTAVAIL);
	bind_fails(&s, "127.0.0.2", EADDRNOTAVAIL);
	bound_is(&s, "::", "2001:db8::2");
	bound_is(&s, "::1", "2001:db8::2");
	bind_fails(&s, "2001:db8::1", EADDRNOTAVAIL);
	/* The change holds at once; an address that the stack does not have is of no use. */
	tl_ok(modify(&s, "ip4.addr=192.0.2.4,192.0.2.77", NULL));
	bind_fails(&s, "192.0.2.3", EADDRNOTAVAIL);
	bind_fails(&s, "192.0.2.77", EADDRNOTAVAIL);
	bound_is(&s, "192.0.2.4", "192.0.2.4");
	tl_ok(modify(&s, "ip4.addr=192.0.2.4", NULL));
	bound_is(&s, "0.0.0.0", "192.0.2.4");
	tl_ok(modify(&s, "ip4=inherit", NULL));
	bound_is(&s, "192.0.2.1", "192.0.2.1");
	end(&s);
}

static void
does_without_a_family(void **state)
{
	struct vi_socket *so;
	struct shared s;

	(void)state;
	begin(&s);
	tl_ok(make(&s, "ip4.addr=192.0.2.3", "ip6=disable"));
	tl_fails(try_socket(&s, VI_AF_INET6, VI_SOCK_STREAM, &so), EAFNOSUPPORT);
	bound_is(&s, "0.0.0.0", "192.0.2.3");
	tl_ok(modify(&s, "ip4=disable", NULL));
	tl_fails(try_socket(&s, VI_AF_INET, VI_SOCK_DGRAM, &so), EAFNOSUPPORT);
	end(&s);
}

/* The address from which the far one sees what this socket sends. */
static void
sent_from(struct shared *s, struct vi_socket *so, const char *want)
{
	const struct vi_sockaddr to = tl_addr("192.0.2.9", 9), is = tl_addr(want, 0);
	struct vi_socket *far = tl_udp(s->s_far, "192.0.2.9", 9);
	struct vi_msg msg = { .msg_iov = &(struct vi_iovec){ (void *)(uintptr_t)"x", 1 }, .msg_iovcnt = 1 };
	char buf[4];
	struct vi_msg in = { .msg_iov = &(struct vi_iovec){ buf, sizeof(buf) }, .msg_iovcnt = 1 };
	size_t done;

	msg.msg_hasname = true;
	msg.msg_name = to;
	tl_ok(vi_sendmsg(so, &msg, &done));
	tl_run(&s->t, TL_SEC);
	tl_ok(vi_recvmsg(far, &in, &done));
	in.msg_name.sa_port = 0;
	assert_true(tl_sameaddr(&in.msg_name, &is));
	vi_close(far);
}

static void
sends_from_its_own(void **state)
{
	struct vi_sockaddr far = tl_addr("192.0.2.9", 9), name, want = tl_addr("192.0.2.4", 0);
	struct vi_socket *so;
	struct shared s;

	(void)state;
	begin(&s);
	tl_ok(make(&s, "ip4.addr=127.0.0.1,192.0.2.4", NULL));
	so = sock(&s, VI_AF_INET, VI_SOCK_DGRAM);
	sent_from(&s, so, "192.0.2.4");
	tl_ok(vi_connect(so, &far));
	tl_ok(vi_sockname(so, &name));
	name.sa_port = 0;
	assert_true(tl_sameaddr(&name, &want));
	vi_close(so);
	/* Told not to choose, it takes the first. */
	tl_ok(modify(&s, "ip4.addr=192.0.2.3,192.0.2.1", "ip4.nosaddrsel"));
	so = sock(&s, VI_AF_INET, VI_SOCK_DGRAM);
	sent_from(&s, so, "192.0.2.3");
	vi_close(so);
	tl_ok(modify(&s, "ip4.saddrsel", NULL));
	so = sock(&s, VI_AF_INET, VI_SOCK_DGRAM);
	sent_from(&s, so, "192.0.2.1");
	vi_close(so);
	end(&s);
}

static bool
heard(struct vi_socket *so)
{
	char buf[4];
	size_t n;

	return vi_recv(so, buf, sizeof(buf), 0, &n) == 0;
}

static void
tell(struct shared *s, const char *addr)
{
	const struct vi_sockaddr to = tl_addr(addr, 53);
	struct vi_socket *so = tl_socket(s->s_far, VI_SOCK_DGRAM);
	size_t done;

	tl_ok(vi_connect(so, &to));
	tl_ok(vi_send(so, "x", 1, 0, &done));
	tl_run(&s->t, TL_SEC);
	vi_close(so);
}

/* Host and two jails on one port, each with "any", each hearing what is for its addresses. */
static void
shares_ports(void **state)
{
	struct vi_sockaddr any = tl_addr("0.0.0.0", 53);
	struct vi_socket *host, *a, *b, *again;
	struct shared s;

	(void)state;
	begin(&s);
	host = tl_udp(s.s_vnet, "0.0.0.0", 53);
	tl_ok(make(&s, "ip4.addr=192.0.2.2,192.0.2.3", NULL));
	a = sock(&s, VI_AF_INET, VI_SOCK_DGRAM);
	again = sock(&s, VI_AF_INET, VI_SOCK_DGRAM);
	tl_ok(vi_bind(a, &any));
	tl_fails(vi_bind(again, &any), EADDRINUSE);
	tl_ok(make(&s, "ip4.addr=192.0.2.4", NULL));
	b = sock(&s, VI_AF_INET, VI_SOCK_DGRAM);
	tl_ok(vi_bind(b, &any));
	tell(&s, "192.0.2.3");
	assert_true(heard(a));
	tell(&s, "192.0.2.4");
	assert_true(heard(b));
	tell(&s, "192.0.2.1");
	assert_true(heard(host));
	assert_false(heard(a) || heard(b) || heard(host));
	vi_close(host);
	vi_close(a);
	vi_close(b);
	vi_close(again);
	end(&s);
}

static void
never_beyond_the_parent(void **state)
{
	char text[64], parent[32];
	struct shared s;
	int child, jid;

	(void)state;
	begin(&s);
	tl_ok(tl_jail(&s.t, 0, VI_JAIL_CREATE, &jid, s.s_err, "persist", "name=p", "children.max=4", "ip4.addr=192.0.2.2,192.0.2.3", NULL));
	tl_fails(tl_jail(&s.t, jid, VI_JAIL_CREATE, &child, s.s_err, "persist", "name=c", "ip4.addr=192.0.2.4", NULL), EPERM);
	assert_string_equal(s.s_err, "ip4.addr: the parent jail does not have 192.0.2.4");
	tl_ok(tl_jail(&s.t, jid, VI_JAIL_CREATE, &child, s.s_err, "persist", "name=c", "ip4.addr=192.0.2.3,192.0.2.2", NULL));
	snprintf(parent, sizeof(parent), "jid=%d", jid);
	tl_ok(tl_jail(&s.t, 0, VI_JAIL_UPDATE, &jid, s.s_err, parent, "ip4.addr=192.0.2.2", NULL));
	tl_ok(vi_jail_get(s.t.k, 0, child, "ip4.addr", text, sizeof(text)));
	assert_string_equal(text, "192.0.2.2");
	/* Who says nothing has what his parent has. */
	tl_ok(tl_jail(&s.t, jid, VI_JAIL_CREATE, &s.s_jid, s.s_err, "persist", "name=d", NULL));
	tl_ok(vi_jail_get(s.t.k, 0, s.s_jid, "ip4", text, sizeof(text)));
	assert_string_equal(text, "inherit");
	bind_fails(&s, "192.0.2.3", EADDRNOTAVAIL);
	bound_is(&s, "192.0.2.2", "192.0.2.2");
	end(&s);
}

static void
refuses_nonsense(void **state)
{
	static const struct { const char *p1, *p2, *err; int error; } rows[] = {
		{ "ip4.addr=192.0.2", NULL, "ip4.addr: \"192.0.2\" is not an IPv4 address", EINVAL },
		{ "ip4.addr=192.0.2.1,,192.0.2.2", NULL, "ip4.addr: \"\" is not an IPv4 address", EINVAL },
		{ "ip4.addr=0.0.0.0", NULL, "ip4.addr: \"0.0.0.0\" is not an IPv4 address", EINVAL },
		{ "ip4.addr=224.0.0.1", NULL, "ip4.addr: \"224.0.0.1\" is not an IPv4 address", EINVAL },
		{ "ip6.addr=192.0.2.1", NULL, "ip6.addr: \"192.0.2.1\" is not an IPv6 address", EINVAL },
		{ "ip6.addr=ff02::1", NULL, "ip6.addr: \"ff02::1\" is not an IPv6 address", EINVAL },
		{ "ip4=inherit", "ip4.addr=192.0.2.1", "ip4.addr: not with ip4=inherit", EINVAL },
		{ "ip4=disable", "ip4.addr=192.0.2.1", "ip4.addr: not with ip4=disable", EINVAL },
		{ "ip6=maybe", NULL, "ip6: \"maybe\" is neither new, inherit nor disable", EINVAL },
		{ "vnet", "ip4.addr=192.0.2.1", "vnet jails cannot have IP address restrictions", EINVAL },
		{ "vnet", "ip6=disable", "vnet jails cannot have IP address restrictions", EINVAL },
		{ "vnet", "ip4=inherit", "ip4, ip6: a jail with a network stack of its own inherits no addresses", EINVAL },
	};
	struct shared s;

	(void)state;
	begin(&s);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		tl_fails(make(&s, rows[i].p1, rows[i].p2), rows[i].error);
		assert_string_equal(s.s_err, rows[i].err);
	}
	end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(binds_to_its_own),
		cmocka_unit_test(does_without_a_family),
		cmocka_unit_test(sends_from_its_own),
		cmocka_unit_test(shares_ports),
		cmocka_unit_test(never_beyond_the_parent),
		cmocka_unit_test(refuses_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
