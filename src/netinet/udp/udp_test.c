/* SPDX-License-Identifier: BSD-2-Clause */
/* Tunnels, and what is dropped by reason: datagrams handed to udp_input() as ip would. */
#include "netinet/udp/udp_var.h"

#include <errno.h>

#include "base/checksum.h"
#include "netinet/netinet_test.h"
#include "socket/socket.h"
#include "wire/udp.h"

#define FAR	HTONL(0x7f000009)

static struct socket *
bound(struct nt *nt, int proto, unsigned port)
{
	const struct vi_cred cred = { .cr_priv = true };
	const struct vi_sockaddr sa = { .sa_family = VI_AF_INET, .sa_port = HTONS(port) };
	struct socket *so;

	assert_int_equal(socreate(nt->nt_vn, VI_AF_INET, VI_SOCK_DGRAM, proto, &cred, &so), 0);
	assert_int_equal(sobind(so, &sa), 0);
	return (so);
}

/* A datagram of len bytes to the port; cov: what stands where UDP has its length, damage: the byte that is changed on the way. */
static void
inject(struct nt *nt, uint8_t proto, unsigned port, uint32_t len, uint16_t cov, uint32_t segsz, int damage)
{
	static uint8_t buf[65536];
	const uint32_t ulen = UDP_HDRLEN + len, sumlen = proto == IPPROTO_UDP || cov == 0 ? ulen : cov;
	struct inet_pkt pk = { .ip_vnet = nt->nt_vn, .ip_ops = &in_ops, .ip_src = in4_any(FAR), .ip_dst = in4_any(NT_LOCAL),
		.ip_hlen = IP_MINHLEN, .ip_plen = ulen, .ip_proto = proto, .ip_ttl = 64 };
	uint8_t *uh = buf + IP_MINHLEN;
	struct mbuf *m;

	nt_iphdr(buf, FAR, NT_LOCAL, proto, 1, 0, ulen, 0);
	for (uint32_t i = 0; i < len; i++)
		uh[UDP_HDRLEN + i] = (uint8_t)i;
	u16store(uh, HTONS(99));
	u16store(uh + 2, HTONS(port));
	u16store(uh + 4, HTONS(cov));
	u16store(uh + 6, 0);
	u16store(uh + 6, udp_sum_field(cksum_fold(cksum_add(uh, sumlen, in_pseudo(FAR, NT_LOCAL, proto, (uint16_t)ulen)))));
	if (damage >= 0)
		uh[damage] ^= 0x55;
	m = nt_chain(nt, buf, IP_MINHLEN + ulen, IP_MINHLEN + ulen);
	m->m_pkt.segsz = (uint16_t)segsz;
	if (segsz != 0)
		m->m_pkt.csum_flags = CSUM_DATA_VALID;
	m_adj(m, IP_MINHLEN);
	udp_input(m, &pk);
}

struct seen {
	unsigned	 n, errors;
	uint32_t	 bytes, longest;
	bool		 decline;
};

static bool
tunnel(struct inpcb *inp, struct mbuf *m, const struct inet_pkt *pk, const struct udp_info *ui, void *arg)
{
	struct seen *seen = arg;

	assert_int_equal(inp->inp_lport, ui->ui_dport);
	assert_int_equal(ui->ui_sport, HTONS(99));
	assert_int_equal(pk->ip_src.in4, FAR);
	assert_int_equal(m->m_pkt.len, ui->ui_dlen);
	assert_int_equal(m->m_pkt.segsz, 0);
	seen->n++;
	seen->bytes += m->m_pkt.len;
	seen->longest = u32max(seen->longest, m->m_pkt.len);
	if (seen->decline)
		return (false);
	m_freem(m);
	return (true);
}

static void
tunnel_ctl(struct inpcb *inp, const struct inet_ctlmsg *ic, void *arg)
{
	(void)inp;
	assert_int_equal(ic->ic_errno, EHOSTUNREACH);
	((struct seen *)arg)->errors++;
}

static void
tunnels(void **state)
{
	struct nt *nt = *state;
	const uint8_t quoted[8] = { 4000 >> 8, 4000 & 255, 0, 99 };
	const struct inet_ctlmsg ic = { .ic_cmd = INET_CTL_UNREACH_HOST, .ic_errno = EHOSTUNREACH, .ic_src = in4_any(NT_LOCAL),
		.ic_dst = in4_any(FAR), .ic_data = quoted, .ic_len = 8, .ic_ops = &in_ops };
	struct socket *so = bound(nt, 0, 4000), *lite = bound(nt, VI_IPPROTO_UDPLITE, 4000);
	struct seen seen = { 0 };

	assert_int_equal(udp_set_tunnel(lite, tunnel, NULL, &seen), EINVAL);
	assert_int_equal(udp_set_tunnel(so, tunnel, tunnel_ctl, &seen), 0);
	assert_int_equal(udp_set_tunnel(so, tunnel, NULL, &seen), EBUSY);
	inject(nt, IPPROTO_UDP, 4000, 100, 108, 0, -1);
	assert_int_equal(seen.n, 1);
	assert_int_equal(so->so_rcv.sb_records, 0);
	/* A train comes one by one. */
	inject(nt, IPPROTO_UDP, 4000, 3500, 3508, 1000, -1);
	assert_int_equal(seen.n, 5);
	assert_int_equal(seen.bytes, 3600);
	assert_int_equal(seen.longest, 1000);
	seen.decline = true;
	inject(nt, IPPROTO_UDP, 4000, 100, 108, 0, -1);
	assert_int_equal(so->so_rcv.sb_records, 1);
	udp_ctlinput(nt->nt_vn, &ic);
	assert_int_equal(seen.errors, 1);
	assert_int_equal(udp_set_tunnel(so, NULL, NULL, NULL), 0);
	inject(nt, IPPROTO_UDP, 4000, 100, 108, 0, -1);
	assert_int_equal(seen.n, 6);
	assert_int_equal(so->so_rcv.sb_records, 2);
	assert_int_equal(udp_vnet(nt->nt_vn)->uv_stat.udps_tunnelled, 5);
	soclose(so);
	soclose(lite);
}

static void
lite_damage(void **state)
{
	struct nt *nt = *state;
	struct udpstat *st = &udp_vnet(nt->nt_vn)->uv_stat;
	struct socket *so = bound(nt, VI_IPPROTO_UDPLITE, 4000);

	inject(nt, VI_IPPROTO_UDPLITE, 4000, 100, 0, 0, -1);
	inject(nt, VI_IPPROTO_UDPLITE, 4000, 100, 108, 0, -1);
	inject(nt, VI_IPPROTO_UDPLITE, 4000, 100, 20, 0, -1);
	assert_int_equal(so->so_rcv.sb_records, 3);
	/* Damage counts where the checksum covers it. */
	inject(nt, VI_IPPROTO_UDPLITE, 4000, 100, 20, 0, 19);
	assert_int_equal(st->udps_badsum, 1);
	inject(nt, VI_IPPROTO_UDPLITE, 4000, 100, 20, 0, 20);
	assert_int_equal(so->so_rcv.sb_records, 4);
	inject(nt, VI_IPPROTO_UDPLITE, 4000, 100, 0, 0, 107);
	assert_int_equal(st->udps_badsum, 2);
	inject(nt, VI_IPPROTO_UDPLITE, 4000, 100, 7, 0, -1);
	inject(nt, VI_IPPROTO_UDPLITE, 4000, 100, 109, 0, -1);
	assert_int_equal(st->udps_badlen, 2);
	assert_int_equal(so->so_rcv.sb_records, 4);
	soclose(so);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tunnels, nt_setup, nt_teardown),
		cmocka_unit_test_setup_teardown(lite_damage, nt_setup, nt_teardown),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
