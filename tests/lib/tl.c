/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/lib/tl.h"

#include <arpa/inet.h>
#include <stdlib.h>

const struct vi_cred tl_root = { .cr_priv = true };
const struct vi_cred tl_user = { .cr_uid = 1000, .cr_gid = 1000 };

void
tl_errno(int error, int want, const char *expr, const char *file, int line)
{
	if (error == want)
		return;
	print_error("%s:%d: %s: \"%s\" instead of \"%s\"\n", file, line, expr, strerror(error), strerror(want));
	_fail(file, line);
}

/* Nothing is on an interface or a cable that the test did not put there.  Tests of IPv6 take it back. */
static void
tl_quiet(struct vi_vnet *vn)
{
	tl_ok(vi_sysctl_set(vn, "net.inet6.ip6.auto_linklocal", "0", &tl_root));
}

void
tl_begin(struct tl *t, uint64_t seed)
{
	tl_ok(vi_host_sim_new(seed, &t->host));
	tl_ok(vi_kernel_new(&(struct vi_kernel_params){ .kp_host = t->host }, &t->k));
	tl_quiet(vi_vnet0(t->k));
}

static void
tl_leak(void *arg, const struct vi_leak *lk)
{
	(void)arg;
	print_error("leak: %llu bytes in %llu objects of %s\n", (unsigned long long)lk->lk_bytes, (unsigned long long)lk->lk_count, lk->lk_zone);
}

void
tl_end(struct tl *t)
{
	unsigned leaks = vi_kernel_free(t->k, tl_leak, NULL);
	size_t left = vi_sim_memory(t->host);

	vi_host_sim_free(t->host);
	assert_int_equal(leaks, 0);
	assert_int_equal(left, 0);
}

bool
tl_step(struct tl *t, uint64_t deadline)
{
	uint64_t wait = vi_kernel_poll(t->k), now = tl_now(t);

	if (wait == 0)
		return (true);
	if (wait == VI_FOREVER || now >= deadline)
		return (false);
	vi_sim_advance(t->host, wait < deadline - now ? wait : deadline - now);
	return (true);
}

void
tl_run(struct tl *t, uint64_t ns)
{
	uint64_t end = tl_now(t) + ns;

	while (tl_step(t, end))
		;
	if (tl_now(t) < end)
		vi_sim_advance(t->host, end - tl_now(t));
}

void
tl_settle(struct tl *t)
{
	while (vi_kernel_poll(t->k) == 0)
		;
}

/* Vnets. */

struct vi_vnet *
tl_vnet(struct tl *t, const char *name)
{
	struct vi_vnet *vn;

	tl_ok(vi_vnet_create(t->k, name, &vn));
	tl_quiet(vn);
	return (vn);
}

void
tl_destroy(struct vi_vnet *vn)
{
	assert_int_equal(vi_vnet_destroy(vn, tl_leak, NULL), 0);
}

struct tl_find {
	const char	*name;
	bool		 found;
	uint64_t	 value;
};

static void
find_account(void *arg, const struct vi_account *va)
{
	struct tl_find *f = arg;

	if (strcmp(va->va_name, f->name) == 0) {
		f->found = true;
		f->value = va->va_bytes;
	}
}

uint64_t
tl_account(struct vi_vnet *vn, const char *account)
{
	struct tl_find f = { .name = account };

	vi_vnet_accounts(vn, find_account, &f);
	if (!f.found)
		fail_msg("no account \"%s\"", account);
	return (f.value);
}

static void
find_stat(void *arg, const struct vi_stat *st)
{
	struct tl_find *f = arg;

	if (strcmp(st->st_name, f->name) == 0) {
		f->found = true;
		f->value = st->st_value;
	}
}

uint64_t
tl_stat(struct vi_vnet *vn, const char *name)
{
	struct tl_find f = { .name = name };

	vi_stats(vn, NULL, find_stat, &f);
	if (!f.found)
		fail_msg("no counter \"%s\"", name);
	return (f.value);
}

/* Addresses and interfaces. */

struct vi_sockaddr
tl_addr(const char *text, uint16_t port)
{
	struct vi_sockaddr sa = { .sa_port = htons(port) };
	const char *zone = strchr(text, '%');
	char buf[64];

	if (strchr(text, ':') == NULL) {
		sa.sa_family = VI_AF_INET;
		assert_int_equal(inet_pton(AF_INET, text, &sa.sa_in), 1);
		return (sa);
	}
	sa.sa_family = VI_AF_INET6;
	if (zone != NULL) {
		snprintf(buf, sizeof(buf), "%.*s", (int)(zone - text), text);
		sa.sa_scope = (uint32_t)strtoul(zone + 1, NULL, 10);
		text = buf;
	}
	assert_int_equal(inet_pton(AF_INET6, text, sa.sa_in6), 1);
	return (sa);
}

bool
tl_sameaddr(const struct vi_sockaddr *x, const struct vi_sockaddr *y)
{
	return (x->sa_family == y->sa_family && x->sa_port == y->sa_port && x->sa_scope == y->sa_scope &&
	    (x->sa_family == VI_AF_INET ? x->sa_in == y->sa_in : memcmp(x->sa_in6, y->sa_in6, sizeof(x->sa_in6)) == 0));
}

void
tl_ifaddr(struct vi_vnet *vn, const char *ifname, const char *addr, unsigned prefixlen)
{
	struct vi_ifaddr ia = { .ia_addr = tl_addr(addr, 0), .ia_prefixlen = (uint8_t)prefixlen };

	tl_ok(vi_if_addr_add(vn, ifname, &ia, true));
	tl_ok(vi_if_set_flags(vn, ifname, VI_IFF_UP, 0));
}

static void
copy_ifinfo(void *arg, const struct vi_ifinfo *info)
{
	*(struct vi_ifinfo *)arg = *info;
}

struct vi_ifinfo
tl_ifinfo(struct vi_vnet *vn, const char *ifname)
{
	struct vi_ifinfo info;

	tl_ok(vi_if_get(vn, ifname, copy_ifinfo, &info));
	return (info);
}

bool
tl_hasif(struct vi_vnet *vn, const char *ifname)
{
	struct vi_ifinfo info;

	return (vi_if_get(vn, ifname, copy_ifinfo, &info) == 0);
}

unsigned
tl_naddrs(struct vi_vnet *vn, const char *ifname)
{
	return (tl_ifinfo(vn, ifname).if_naddrs);
}

void
tl_cable(struct vi_vnet *a, struct vi_vnet *b, struct tl_cable *tc)
{
	size_t len;

	tl_ok(vi_if_create(a, "epair", tc->a));
	memcpy(tc->b, tc->a, sizeof(tc->b));
	len = strlen(tc->b);
	assert_true(len > 0 && tc->b[len - 1] == 'a');
	tc->b[len - 1] = 'b';
	if (a != b)
		tl_ok(vi_if_move(a, tc->b, b));
}

void
tl_join(struct vi_vnet *a, const char *addra, struct vi_vnet *b, const char *addrb, struct tl_cable *tc)
{
	struct tl_cable own;

	if (tc == NULL)
		tc = &own;
	tl_cable(a, b, tc);
	tl_ifaddr(a, tc->a, addra, 24);
	tl_ifaddr(b, tc->b, addrb, 24);
}

void
tl_pair(struct tl *t, struct tl_pair *p)
{
	memset(p, 0, sizeof(*p));
	p->addra = "192.0.2.1";
	p->addrb = "192.0.2.2";
#if VIMAGE_SINGLE
	p->a = p->b = vi_vnet0(t->k);
	tl_ifaddr(p->a, "lo0", p->addra, 32);
	tl_ifaddr(p->a, "lo0", p->addrb, 32);
#else
	p->a = tl_vnet(t, "a");
	p->b = tl_vnet(t, "b");
	tl_join(p->a, p->addra, p->b, p->addrb, &p->cable);
#endif
}

void
tl_unpair(struct tl_pair *p)
{
	if (p->a == p->b)
		return;		/* vnet0 ends with its kernel */
	tl_destroy(p->a);
	tl_destroy(p->b);
}

/* Sockets. */

struct vi_socket *
tl_socketof(struct vi_vnet *vn, int family, int type)
{
	struct vi_socket *so;

	tl_ok(vi_socket(vn, family, type, 0, &tl_root, &so));
	return (so);
}

struct vi_socket *
tl_socket(struct vi_vnet *vn, int type)
{
	return (tl_socketof(vn, VI_AF_INET, type));
}

struct vi_socket *
tl_listen(struct vi_vnet *vn, const char *addr, uint16_t port, int backlog)
{
	struct vi_sockaddr sa = tl_addr(addr, port);
	struct vi_socket *so = tl_socketof(vn, sa.sa_family, VI_SOCK_STREAM);

	tl_ok(vi_bind(so, &sa));
	tl_ok(vi_listen(so, backlog));
	return (so);
}

struct vi_socket *
tl_udp(struct vi_vnet *vn, const char *addr, uint16_t port)
{
	struct vi_sockaddr sa = tl_addr(addr, port);
	struct vi_socket *so = tl_socketof(vn, sa.sa_family, VI_SOCK_DGRAM);

	tl_ok(vi_bind(so, &sa));
	return (so);
}

void
tl_connect(struct tl *t, struct vi_vnet *from, struct vi_socket *listener, struct tl_conn *tc)
{
	struct vi_sockaddr sa;
	int error;

	tl_ok(vi_sockname(listener, &sa));
	tc->c = tl_socketof(from, sa.sa_family, VI_SOCK_STREAM);
	tc->s = NULL;
	error = vi_connect(tc->c, &sa);
	assert_true(error == 0 || error == EINPROGRESS);
	tl_wait(t, vi_accept(listener, &tc->s, NULL) == 0 && (vi_poll(tc->c) & VI_POLLOUT));
	tl_ok(tl_sockerr(tc->c));
}

void
tl_conn(struct tl *t, const struct tl_pair *p, struct tl_conn *tc)
{
	struct vi_socket *l = tl_listen(p->a, p->addra, 7, 1);

	tl_connect(t, p->b, l, tc);
	vi_close(l);
}

void
tl_hangup(struct tl *t, struct tl_conn *tc)
{
	vi_close(tc->c);
	vi_close(tc->s);
	tl_run(t, TL_MSL2);
}

int
tl_optint(struct vi_socket *so, enum vi_sockopt opt)
{
	int v = -1;
	size_t len = sizeof(v);

	tl_ok(vi_getsockopt(so, opt, &v, &len));
	assert_int_equal(len, sizeof(v));
	return (v);
}

int
tl_sockerr(struct vi_socket *so)
{
	return (tl_optint(so, VI_SO_ERROR));
}

/* The pattern repeats after a prime number of bytes, so that no power of two in a piece's place or length hides a mistake. */
#define PERIOD	65521u
#define PIECE	8192u

static uint8_t pattern_table[PERIOD + PIECE];

__attribute__((constructor)) static void
pattern_make(void)
{
	for (uint32_t i = 0, x = 1; i < sizeof(pattern_table); i++) {
		x = (i == PERIOD ? 1 : x) * 1664525u + 1013904223u;
		pattern_table[i] = (uint8_t)(x >> 24);
	}
}

static const uint8_t *
pattern(size_t off)
{
	return (pattern_table + off % PERIOD);
}

static size_t
piece(size_t len)
{
	return (len < PIECE ? len : PIECE);
}

void
tl_pattern(void *buf, size_t len, size_t off)
{
	for (uint8_t *p = buf; len > 0; p += piece(len), off += piece(len), len -= piece(len))
		memcpy(p, pattern(off), piece(len));
}

bool
tl_ispattern(const void *buf, size_t len, size_t off)
{
	for (const uint8_t *p = buf; len > 0; p += piece(len), off += piece(len), len -= piece(len))
		if (memcmp(p, pattern(off), piece(len)) != 0)
			return (false);
	return (true);
}

void
tl_send(struct tl *t, struct vi_socket *from, struct vi_socket *to, size_t len)
{
	uint8_t out[8192], in[8192];
	size_t sent = 0, got = 0, n;
	const uint64_t deadline = tl_now(t) + 3600 * TL_SEC;
	int error;

	while (got < len) {
		bool moved = false;

		n = len - sent < sizeof(out) ? len - sent : sizeof(out);
		tl_pattern(out, n, sent);
		if (n > 0 && (error = vi_send(from, out, n, 0, &n)) != EAGAIN) {
			tl_ok(error);
			sent += n;
			moved = true;
		}
		while ((error = vi_recv(to, in, sizeof(in), 0, &n)) == 0 && n > 0) {
			assert_true(tl_ispattern(in, n, got));
			got += n;
			moved = true;
		}
		tl_fails(error, EAGAIN);
		if (got < len && !tl_step(t, deadline) && !moved)
			fail_msg("the stream stopped at %zu of %zu bytes", got, len);
	}
	assert_int_equal(got, len);
}

/* Jails. */

#define TL_MAXPARAMS 32

int
tl_jail(struct tl *t, int caller, unsigned flags, int *jid, char err[VI_ERRLEN], ...)
{
	static char text[TL_MAXPARAMS][2048];
	struct vi_param p[TL_MAXPARAMS];
	char ownerr[VI_ERRLEN];
	unsigned n = 0;
	const char *arg;
	va_list ap;
	int dummy;
	char *eq;

	va_start(ap, err);
	while ((arg = va_arg(ap, const char *)) != NULL) {
		assert_true(n < TL_MAXPARAMS && strlen(arg) < sizeof(text[0]));
		strcpy(text[n], arg);
		p[n] = (struct vi_param){ .p_name = text[n] };
		if ((eq = strchr(text[n], '=')) != NULL) {
			*eq = '\0';
			p[n].p_value = eq + 1;
		}
		n++;
	}
	va_end(ap);
	return (vi_jail_set(t->k, caller, p, n, flags, jid != NULL ? jid : &dummy, err != NULL ? err : ownerr));
}
