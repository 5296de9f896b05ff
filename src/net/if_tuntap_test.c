/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/if_tuntap.h"
#include "net/if_conf.h"
#include "net/net_test.h"
#include "wire/ether.h"

struct wire {
	unsigned w_frames, w_gone;
	uint32_t w_len;
	uint16_t w_type;
	uint8_t	 w_data[2048];
	int	 w_error;	/* what the wire says of the next frames */
};

static int
wire_output(void *arg, const struct vi_tap_frame *tf)
{
	struct wire *w = arg;
	size_t off = 0;

	if (w->w_error != 0)
		return (w->w_error);
	w->w_frames++;
	w->w_len = tf->tf_len;
	w->w_type = tf->tf_type;
	for (unsigned i = 0; i < tf->tf_iovcnt; i++) {
		assert_true(off + tf->tf_iov[i].iov_len <= sizeof(w->w_data));
		memcpy(w->w_data + off, tf->tf_iov[i].iov_base, tf->tf_iov[i].iov_len);
		off += tf->tf_iov[i].iov_len;
	}
	assert_int_equal(off, tf->tf_len);
	return (0);
}

static void
wire_gone(void *arg)
{
	((struct wire *)arg)->w_gone++;
}

static struct vi_tap_params
params(struct wire *w, bool tap)
{
	return ((struct vi_tap_params){ .tp_tap = tap, .tp_output = wire_output, .tp_gone = wire_gone, .tp_arg = w });
}

static void
names(void **state)
{
	struct wire w = { 0 };
	const struct vi_tap_params tun = params(&w, false), tap = params(&w, true);
	struct tuntap *tt, *tu;
	char name[IFNAMSIZ];
	struct nt nt;

	(void)state;
	nt_begin(&nt);
	assert_int_equal(if_create(nt.nt_v0, "tun", name), 0);
	assert_string_equal(name, "tun0");
	assert_int_equal(if_create(nt.nt_v0, "tap7", name), 0);
	assert_int_equal(if_create(nt.nt_v0, "tap7", name), EEXIST);
	assert_int_equal(tuntap_open(nt.nt_v0, NULL, &tun, &tt), 0);
	assert_string_equal(tuntap_ifnet(tt)->if_xname, "tun1");
	assert_int_equal(tuntap_open(nt.nt_v0, "vpn%d.x", &tap, &tu), 0);
	assert_string_equal(tuntap_ifnet(tu)->if_xname, "vpn0.x");
	tuntap_close(tu);
	assert_null(ifnet_byname(nt.nt_v0, "vpn0.x"));
	assert_int_equal(tuntap_open(nt.nt_v0, "tun1", &tun, &tu), EBUSY);
	assert_int_equal(tuntap_open(nt.nt_v0, "tap7", &tun, &tu), EINVAL);
	assert_int_equal(tuntap_open(nt.nt_v0, "lo0", &tun, &tu), EINVAL);
	assert_int_equal(tuntap_open(nt.nt_v0, "%s", &tun, &tu), EINVAL);
	assert_int_equal(tuntap_open(nt.nt_v0, "%d%d", &tun, &tu), EINVAL);
	assert_int_equal(tuntap_open(nt.nt_v0, "a/b", &tun, &tu), EINVAL);
	assert_int_equal(tuntap_open(nt.nt_v0, "very-much-too-long%d", &tun, &tu), EINVAL);
	assert_int_equal(tuntap_open(nt.nt_v0, "much-too-long-name", &tun, &tu), EINVAL);
	assert_int_equal(w.w_gone, 0);
	nt_end(&nt);			/* destroys tun1, which is open */
	assert_int_equal(w.w_gone, 1);
}

static void
wire_show(void *arg, vi_if_option_fn *fn, void *fnarg)
{
	(void)arg;
	fn(fnarg, NULL, NULL, "medium", "a string");
}

static void
shown(void *arg, const char *list, const char *item, const char *key, const char *value)
{
	assert_null(list);
	assert_null(item);
	assert_string_equal(key, "medium");
	assert_string_equal(value, "a string");
	(*(unsigned *)arg)++;
}

/* Those that are made for other media: only by name, only when they exist, and not as a tap. */
static void
kinds(void **state)
{
	struct wire w = { 0 };
	struct vi_tap_params tp = params(&w, true);
	struct tuntap *tt;
	char name[IFNAMSIZ];
	unsigned lines = 0;
	struct nt nt;

	(void)state;
	nt_begin(&nt);
	assert_int_equal(if_create(nt.nt_v0, "wire", name), 0);
	assert_int_equal(if_create(nt.nt_v0, "host3", name), 0);
	assert_int_equal(tuntap_open(nt.nt_v0, "wire0", &tp, &tt), EINVAL);
	tp.tp_kind = "host";
	assert_int_equal(tuntap_open(nt.nt_v0, "wire0", &tp, &tt), EINVAL);
	tp.tp_kind = "epair";
	assert_int_equal(tuntap_open(nt.nt_v0, "wire0", &tp, &tt), EINVAL);
	tp.tp_kind = "wire";
	assert_int_equal(tuntap_open(nt.nt_v0, "wire1", &tp, &tt), EINVAL);
	tp.tp_existing = true;
	assert_int_equal(tuntap_open(nt.nt_v0, "wire1", &tp, &tt), ENXIO);
	tp.tp_nocarrier = true;
	tp.tp_show = wire_show;
	assert_int_equal(tuntap_release(nt.nt_v0, "wire0"), ENOTCONN);
	assert_int_equal(tuntap_open(nt.nt_v0, "wire0", &tp, &tt), 0);
	assert_false(tuntap_ifnet(tt)->if_linkup);
	tuntap_carrier(tt, true);
	assert_true(tuntap_ifnet(tt)->if_linkup);
	ifopt_show(tuntap_ifnet(tt), shown, &lines);
	assert_int_equal(lines, 1);
	assert_int_equal(tuntap_release(nt.nt_v0, "lo0"), EINVAL);
	assert_int_equal(tuntap_release(nt.nt_v0, "wire7"), ENXIO);
	assert_int_equal(tuntap_release(nt.nt_v0, "wire0"), 0);
	assert_int_equal(w.w_gone, 1);
	assert_false(ifnet_byname(nt.nt_v0, "wire0")->if_linkup);
	nt_end(&nt);
	assert_int_equal(w.w_gone, 1);
}

static void
owners(void **state)
{
	const struct vi_cred root = { .cr_priv = true }, user = { .cr_uid = 5, .cr_gid = 6 }, other = { .cr_uid = 7, .cr_gid = 6 };
	struct wire w = { 0 };
	struct vi_tap_params tp = params(&w, false);
	struct tuntap *tt;
	struct nt nt;

	(void)state;
	nt_begin(&nt);
	tp.tp_cred = &user;
	assert_int_equal(tuntap_open(nt.nt_v0, "mine", &tp, &tt), EPERM);
	tp.tp_cred = &root;
	assert_int_equal(tuntap_open(nt.nt_v0, "mine", &tp, &tt), 0);
	tuntap_persist(tt, true);
	tuntap_close(tt);
	tp.tp_cred = &user;
	assert_int_equal(tuntap_open(nt.nt_v0, "mine", &tp, &tt), EPERM);	/* nobody's */
	tp.tp_cred = NULL;
	assert_int_equal(tuntap_open(nt.nt_v0, "mine", &tp, &tt), 0);
	tuntap_owner(tt, 5, VI_TAP_NOID);
	tuntap_close(tt);
	tp.tp_cred = &other;
	assert_int_equal(tuntap_open(nt.nt_v0, "mine", &tp, &tt), EPERM);
	tp.tp_cred = &user;
	assert_int_equal(tuntap_open(nt.nt_v0, "mine", &tp, &tt), 0);
	tuntap_owner(tt, VI_TAP_NOID, 6);
	tuntap_close(tt);
	tp.tp_cred = &other;
	assert_int_equal(tuntap_open(nt.nt_v0, "mine", &tp, &tt), 0);
	tuntap_persist(tt, false);
	tuntap_close(tt);
	assert_null(ifnet_byname(nt.nt_v0, "mine"));
	nt_end(&nt);
}

static struct mbuf *
packet(struct vnet *vn, size_t len)
{
	uint8_t buf[2000] = { 0x45 };

	assert_true(len <= sizeof(buf));
	return (m_frombuf(vnet_acct(vn), buf, len, 0));
}

static int
output(struct ifnet *ifp, size_t len)
{
	const struct net_addr nh = { .na_af = NET_AF_INET, .na_in = HTONL(IP4(192, 0, 2, 9)) };

	return (if_output(ifp, packet(ifp->if_vnet, len), &nh));
}

static void
out(void **state)
{
	struct wire w = { 0 };
	const struct vi_tap_params tun = params(&w, false);
	struct tuntap *tt;
	struct ifnet *ifp;
	char name[IFNAMSIZ];
	struct nt nt;

	(void)state;
	nt_begin(&nt);
	assert_int_equal(if_create(nt.nt_v0, "tun", name), 0);
	ifp = nt_if(nt.nt_v0, name);
	assert_int_equal(if_setflags(ifp, IFF_UP, 0), 0);
	assert_int_equal(output(ifp, 40), ENETDOWN);		/* nobody has it open */
	assert_false(ifp->if_linkup);
	assert_int_equal(tuntap_open(nt.nt_v0, name, &tun, &tt), 0);
	assert_true(if_up(ifp) && ifp->if_linkup);
	assert_int_equal(output(ifp, 40), 0);
	assert_int_equal(w.w_len, 40);
	assert_int_equal(w.w_type, ETHERTYPE_IP);
	assert_int_equal(w.w_data[0], 0x45);
	assert_int_equal(output(ifp, 1501), EMSGSIZE);
	assert_int_equal(if_setmtu(ifp, 1600), 0);
	assert_int_equal(output(ifp, 1501), 0);
	assert_int_equal(w.w_frames, 2);
	w.w_error = EAGAIN;
	assert_int_equal(output(ifp, 40), 0);
	assert_int_equal(ifp->if_stats.ifs_oqdrops, 1);
	assert_int_equal(ifp->if_stats.ifs_opackets, 2);
	w.w_error = 0;
	tuntap_carrier(tt, false);
	assert_int_equal(output(ifp, 40), ENETDOWN);
	tuntap_carrier(tt, true);
	assert_int_equal(output(ifp, 40), 0);
	tuntap_persist(tt, true);
	tuntap_close(tt);
	assert_int_equal(output(ifp, 40), ENETDOWN);
	assert_int_equal(w.w_frames, 3);
	assert_int_equal(if_destroy(nt.nt_v0, name), 0);
	assert_int_equal(w.w_gone, 0);
	nt_end(&nt);
}

/* A packet in many pieces reaches the user all the same. */
static void
pieces(void **state)
{
	struct wire w = { 0 };
	const struct vi_tap_params tun = params(&w, false);
	struct mbuf *m, *last, *n;
	struct tuntap *tt;
	struct nt nt;

	(void)state;
	nt_begin(&nt);
	assert_int_equal(tuntap_open(nt.nt_v0, NULL, &tun, &tt), 0);
	assert_int_equal(if_setflags(tuntap_ifnet(tt), IFF_UP, 0), 0);
	m = last = packet(nt.nt_v0, 20);
	for (unsigned i = 0; i < 200; i++) {
		n = m_get(vnet_acct(nt.nt_v0));
		n->m_len = 2;
		n->m_data[0] = (uint8_t)i;
		n->m_data[1] = 0xaa;
		last = last->m_next = n;
		m->m_pkt.len += 2;
	}
	assert_int_equal(if_transmit(tuntap_ifnet(tt), m), 0);
	assert_int_equal(w.w_len, 420);
	assert_int_equal(w.w_data[20 + 2 * 150], 150);
	tuntap_close(tt);
	nt_end(&nt);
}

static void
heard(struct ifnet *ifp, struct mbuf *m)
{
	ifp->if_metric++;		/* a place to count */
	m_freem(m);
}

static void
in(void **state)
{
	static const uint8_t ip[20] = { 0x45 }, bad[20] = { 0x15 };
	uint8_t frame[60] = { 0 };
	struct wire w = { 0 };
	const struct vi_tap_params tun = params(&w, false), tap = params(&w, true);
	struct tuntap *tt, *te;
	struct nt nt;

	(void)state;
	nt_begin(&nt);
	assert_int_equal(net_proto_register(nt.nt_v0, ETHERTYPE_IP, heard), 0);
	assert_int_equal(tuntap_open(nt.nt_v0, NULL, &tun, &tt), 0);
	assert_int_equal(tuntap_input(tt, ip, sizeof(ip), NULL), EIO);
	assert_int_equal(if_setflags(tuntap_ifnet(tt), IFF_UP, 0), 0);
	assert_int_equal(tuntap_input(tt, ip, 0, NULL), EINVAL);
	assert_int_equal(tuntap_input(tt, ip, sizeof(ip), NULL), 0);
	assert_int_equal(tuntap_input(tt, bad, sizeof(bad), NULL), 0);
	kernel_run(nt.nt_k, 1000, NULL);
	assert_int_equal(tuntap_ifnet(tt)->if_metric, 1);
	assert_int_equal(tuntap_ifnet(tt)->if_stats.ifs_ipackets, 2);
	assert_int_equal(tuntap_ifnet(tt)->if_stats.ifs_ierrors, 2);	/* the empty one too */

	assert_int_equal(tuntap_open(nt.nt_v0, NULL, &tap, &te), 0);
	assert_int_equal(if_setflags(tuntap_ifnet(te), IFF_UP, 0), 0);
	memcpy(frame, tuntap_ifnet(te)->if_lladdr, 6);
	frame[6] = 2;
	frame[12] = 8;
	assert_int_equal(tuntap_input(te, frame, sizeof(frame), NULL), 0);
	kernel_run(nt.nt_k, 2000, NULL);
	assert_int_equal(tuntap_ifnet(te)->if_metric, 1);
	nt_end(&nt);
	assert_int_equal(w.w_gone, 2);
}

/* The user goes on when his interface is lent, and loses it when the borrower's vnet ends with the owner's. */
static void
moved(void **state)
{
	static const uint8_t ip[20] = { 0x45 };
	struct wire w = { 0 };
	const struct vi_tap_params tun = params(&w, false);
	struct tuntap *tt;
	struct vnet *vn;
	struct nt nt;

	(void)state;
	nt_begin(&nt);
	vn = nt_vnet(&nt, "b");
	assert_int_equal(net_proto_register(vn, ETHERTYPE_IP, heard), 0);
	assert_int_equal(tuntap_open(nt.nt_v0, NULL, &tun, &tt), 0);
	assert_int_equal(if_vmove(tuntap_ifnet(tt), vn), 0);
	assert_int_equal(if_setflags(tuntap_ifnet(tt), IFF_UP, 0), 0);
	assert_int_equal(output(tuntap_ifnet(tt), 30), 0);
	assert_int_equal(w.w_frames, 1);
	assert_int_equal(tuntap_input(tt, ip, sizeof(ip), NULL), 0);
	kernel_run(nt.nt_k, 1000, NULL);
	assert_int_equal(tuntap_ifnet(tt)->if_metric, 1);
	assert_int_equal(vnet_destroy(vn, NULL, NULL), 0);
	assert_ptr_equal(tuntap_ifnet(tt)->if_vnet, nt.nt_v0);
	tuntap_close(tt);
	assert_int_equal(w.w_gone, 0);
	nt_end(&nt);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(kinds),
		cmocka_unit_test(owners),
		cmocka_unit_test(out),
		cmocka_unit_test(pieces),
		cmocka_unit_test(in),
		cmocka_unit_test(moved),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
