/* SPDX-License-Identifier: BSD-2-Clause */
/* The sysctl tree and the message buffer of a vnet. */
#include "tests/lib/tl.h"

static const char *
get(struct vi_vnet *vn, const char *name)
{
	static char buf[256];

	tl_ok(vi_sysctl_get(vn, name, buf, sizeof(buf)));
	return (buf);
}

static void
sysctl_sets_and_gets(void **state)
{
	char buf[64];
	struct vi_vnet *vn;
	struct tl t;

	(void)state;
	tl_begin(&t, 1);
	vn = vi_vnet0(t.k);
	assert_string_equal(get(vn, "net.inet.ip.forwarding"), "0");
	tl_ok(vi_sysctl_set(vn, "net.inet.ip.forwarding", "1", &tl_root));
	assert_string_equal(get(vn, "net.inet.ip.forwarding"), "1");
	assert_string_equal(get(vn, "kern.features.vimage"), "1");
	assert_string_equal(get(vn, "kern.osrelease"), vi_version());

	tl_fails(vi_sysctl_get(vn, "net.inet.nothing", buf, sizeof(buf)), ENOENT);
	tl_fails(vi_sysctl_set(vn, "net.inet.nothing", "1", &tl_root), ENOENT);
	tl_fails(vi_sysctl_set(vn, "", "1", &tl_root), ENOENT);
	tl_fails(vi_sysctl_set(vn, "net.inet", "1", &tl_root), EISDIR);
	tl_fails(vi_sysctl_set(vn, "kern", "1", &tl_root), EISDIR);
	tl_fails(vi_sysctl_set(vn, "kern.ostype", "bsd", &tl_root), EPERM);
	tl_fails(vi_sysctl_set(vn, "kern.ipc.numopensockets", "0", &tl_root), EPERM);
	tl_fails(vi_sysctl_set(vn, "net.inet.ip.forwarding", "0", &tl_user), EPERM);
	assert_string_equal(get(vn, "net.inet.ip.forwarding"), "1");
	tl_end(&t);
}

static void
sysctl_checks_ranges(void **state)
{
	static const char *const bad[] = { "", "x", "1x", "0", "-1", "65536", "99999999999999999999", " ", "0x" };
	struct vi_vnet *vn;
	struct tl t;

	(void)state;
	tl_begin(&t, 1);
	vn = vi_vnet0(t.k);
	tl_ok(vi_sysctl_set(vn, "kern.ipc.somaxconn", "77", &tl_root));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		tl_fails(vi_sysctl_set(vn, "kern.ipc.somaxconn", bad[i], &tl_root), EINVAL);
		assert_string_equal(get(vn, "kern.ipc.somaxconn"), "77");
	}
	tl_ok(vi_sysctl_set(vn, "kern.ipc.somaxconn", "65535", &tl_root));
	tl_ok(vi_sysctl_set(vn, "kern.ipc.somaxconn", "1", &tl_root));
	assert_string_equal(get(vn, "kern.ipc.somaxconn"), "1");
	tl_end(&t);
}

struct walk { unsigned n, writable; const char *below; };

static void
visit(void *arg, const struct vi_sysctl *sy)
{
	struct walk *w = arg;

	w->n++;
	w->writable += sy->sy_writable;
	assert_non_null(sy->sy_value);
	assert_true(sy->sy_descr != NULL && sy->sy_descr[0] != '\0');
	assert_int_equal(strncmp(sy->sy_name, w->below, strlen(w->below)), 0);
}

static void
sysctl_lists_nodes(void **state)
{
	struct walk all = { .below = "" }, inet = { .below = "net.inet." }, leaf = { .below = "kern.ostype" };
	struct vi_vnet *vn;
	struct tl t;

	(void)state;
	tl_begin(&t, 1);
	vn = vi_vnet0(t.k);
	tl_ok(vi_sysctl_list(vn, "", visit, &all));
	tl_ok(vi_sysctl_list(vn, "net.inet", visit, &inet));
	tl_ok(vi_sysctl_list(vn, "kern.ostype", visit, &leaf));
	assert_int_equal(leaf.n, 1);
	assert_true(inet.n > 10 && inet.n < all.n && all.writable > 10 && all.writable < all.n);
	tl_fails(vi_sysctl_list(vn, "net.ine", visit, &inet), ENOENT);
	tl_fails(vi_sysctl_list(vn, "nothing", visit, &inet), ENOENT);
	tl_end(&t);
}

/* Every knob takes back the value it shows. */
static void
set_again(void *arg, const struct vi_sysctl *sy)
{
	if (sy->sy_writable && vi_sysctl_set(arg, sy->sy_name, sy->sy_value, &tl_root) != 0)
		fail_msg("%s refuses its own value \"%s\"", sy->sy_name, sy->sy_value);
	if (!sy->sy_writable && vi_sysctl_set(arg, sy->sy_name, sy->sy_value, &tl_root) != EPERM)
		fail_msg("%s is read-only and lets itself be set", sy->sy_name);
}

static void
sysctl_takes_what_it_shows(void **state)
{
	struct tl t;

	(void)state;
	tl_begin(&t, 1);
	tl_ok(vi_sysctl_list(vi_vnet0(t.k), "", set_again, vi_vnet0(t.k)));
	tl_end(&t);
}

/* Log. */

struct lines { unsigned n; uint64_t first, last; char text[256], vnet[64]; unsigned level; uint64_t uptime; };

static void
line(void *arg, const struct vi_logmsg *lm)
{
	struct lines *l = arg;

	if (l->n++ == 0)
		l->first = lm->lm_seq;
	else
		assert_true(lm->lm_seq > l->last);
	l->last = lm->lm_seq;
	l->level = lm->lm_level;
	l->uptime = lm->lm_uptime;
	snprintf(l->text, sizeof(l->text), "%s", lm->lm_text);
	snprintf(l->vnet, sizeof(l->vnet), "%s", lm->lm_vnet);
}

static struct lines
lines(struct vi_vnet *vn, uint64_t after)
{
	struct lines l = { 0 };
	uint64_t last = vi_log_read(vn, after, line, &l);

	assert_true(l.n == 0 || last == l.last);
	return (l);
}

static void
log_keeps_lines(void **state)
{
	char text[1000];
	struct vi_vnet *vn;
	struct tl t;
	struct lines l;
	uint64_t seq;

	(void)state;
	tl_begin(&t, 1);
	vn = vi_vnet0(t.k);
	vi_log_clear(vn);
	seq = vi_log_read(vn, 0, line, &(struct lines){ 0 });
	vi_sim_advance(t.host, 5 * TL_SEC);
	vi_log(vn, 3, "%s went %d", "something", 42);
	l = lines(vn, 0);
	assert_int_equal(l.n, 1);
	assert_int_equal(l.level, 3);
	assert_string_equal(l.text, "something went 42");
	assert_true(l.uptime >= 5 * TL_SEC);
	vi_log(vn, 6, "second");
	l = lines(vn, l.last);
	assert_int_equal(l.n, 1);
	assert_string_equal(l.text, "second");
	assert_int_equal(lines(vn, l.last).n, 0);
	assert_int_equal(lines(vn, seq).n, 2);
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	vi_log(vn, 6, "%s", text);
	l = lines(vn, l.last);
	assert_int_equal(l.n, 1);
	assert_true(strlen(l.text) < 256 && strlen(l.text) > 100);
	vi_log_clear(vn);
	assert_int_equal(lines(vn, 0).n, 0);
	vi_log(vn, 6, "after");
	l = lines(vn, 0);
	assert_int_equal(l.n, 1);
	assert_true(l.last > 3);	/* numbers go on */
	tl_end(&t);
}

/* A ring: old lines give way, and the gap shows. */
static void
log_is_bounded(void **state)
{
	struct vi_vnet *vn;
	struct tl t;
	struct lines l;

	(void)state;
	tl_begin(&t, 1);
	vn = vi_vnet0(t.k);
	for (int i = 0; i < 2000; i++) {
		vi_log(vn, 6, "line %d of a long series of lines that fill the buffer", i);
		vi_sim_advance(t.host, TL_SEC);
	}
	l = lines(vn, 0);
	assert_true(l.n > 20 && l.n < 500);
	assert_int_equal(l.first + l.n - 1, l.last);
	assert_true(l.first > 1);
	assert_string_equal(l.text, "line 1999 of a long series of lines that fill the buffer");
	assert_true(tl_account(vn, "msgbuf") <= 8192 + 256);
	tl_end(&t);
}

static void
log_is_rate_limited(void **state)
{
	struct vi_vnet *vn;
	struct tl t;
	uint64_t before, burst;

	(void)state;
	tl_begin(&t, 1);
	vn = vi_vnet0(t.k);
	before = lines(vn, 0).last;
	for (int i = 0; i < 100000; i++)
		vi_log(vn, 6, "x");
	burst = lines(vn, 0).last - before;
	assert_true(burst >= 200 && burst < 1000);
	vi_sim_advance(t.host, 10 * TL_SEC);
	before = lines(vn, 0).last;
	vi_log(vn, 6, "calm again");
	assert_string_equal(lines(vn, before).text, "calm again");
	tl_end(&t);
}

#if !VIMAGE_SINGLE
static void
vnets_have_their_own(void **state)
{
	struct tl t;
	struct tl_pair p;
	struct lines l;

	(void)state;
	tl_begin(&t, 1);
	tl_pair(&t, &p);
	tl_ok(vi_sysctl_set(p.a, "net.inet.ip.ttl", "9", &tl_root));
	assert_string_equal(get(p.a, "net.inet.ip.ttl"), "9");
	assert_string_equal(get(p.b, "net.inet.ip.ttl"), "64");
	/* What is the kernel's is read-only below vnet0. */
	tl_fails(vi_sysctl_set(p.a, "kern.ostype", "x", &tl_root), EPERM);

	vi_log_clear(p.b);
	vi_log(p.a, 6, "only in a");
	l = lines(p.a, 0);
	assert_string_equal(l.text, "only in a");
	assert_string_equal(l.vnet, "a");
	assert_int_equal(lines(p.b, 0).n, 0);
	tl_end(&t);
}
#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sysctl_sets_and_gets),
		cmocka_unit_test(sysctl_checks_ranges),
		cmocka_unit_test(sysctl_lists_nodes),
		cmocka_unit_test(sysctl_takes_what_it_shows),
		cmocka_unit_test(log_keeps_lines),
		cmocka_unit_test(log_is_bounded),
		cmocka_unit_test(log_is_rate_limited),
#if !VIMAGE_SINGLE
		cmocka_unit_test(vnets_have_their_own),
#endif
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
