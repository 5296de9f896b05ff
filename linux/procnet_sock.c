/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets.  Where Linux shows the address of a structure, the socket's number stands: it is as unique, and tells nothing.
 */
#include "linux/procnet_int.h"
#include "linux/nl.h"
#include "linux/pcbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/tcp.h>

#include <vimage/packet.h>

#define TICKS(us)	((us) / 10000)		/* USER_HZ is 100 */
#define HEADER4		"sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
#define HEADER6		"sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
#define HEADERDGRAM	" ref pointer drops"

static void
put_address(struct procnet *pn, const struct lx_pcb *pc, const struct vi_sockaddr *sa, uint16_t port)
{
	const unsigned words = lx_pcb_family(pc) == AF_INET6 ? 4 : 1;
	uint32_t addr[4] = { 0 };

	lx_pcb_address(pc, sa, addr);
	for (unsigned i = 0; i < words; i++)
		pn_printf(pn, "%08X", addr[i]);
	pn_printf(pn, ":%04X ", ntohs(port));
}

/* What all kinds begin with; sl is its number in the file. */
static void
put_socket(struct procnet *pn, const struct lx_pcb *pc, int width, unsigned sl)
{
	const struct vi_pcbinfo *pi = &pc->pc_info;
	const uint8_t state = lx_pcb_state(pi);
	uint32_t rq, sq;

	lx_pcb_queues(pc, &rq, &sq);
	if (state == LX_TCP_LISTEN)
		sq = 0;
	pn_printf(pn, "%*u: ", width, sl);
	put_address(pn, pc, &pi->pi_local, pi->pi_type == SOCK_RAW ? htons((uint16_t)pi->pi_proto) : pi->pi_local.sa_port);
	put_address(pn, pc, &pi->pi_foreign, pi->pi_foreign.sa_port);
	pn_printf(pn, "%02X %08X:%08X %02X:%08X %08X %5u %8d %lu", state, sq, rq, pi->pi_timer, (unsigned)TICKS(pi->pi_expires * UINT64_C(1000)), pi->pi_retrans,
	    state == LX_TCP_TIME_WAIT ? 0 : pi->pi_uid, 0, pc->pc_ls != NULL ? (unsigned long)pc->pc_ls->ls_ino : 0);
}

/* Holders of it: the stack, and a program. */
static unsigned
pcb_refs(const struct lx_pcb *pc)
{
	return (pc->pc_info.pi_socket != NULL ? 2 : 1);
}

/* Who connects for nobody any more, or not yet, and who is told of only as a listener's part: without what follows. */
static bool
pcb_told(const struct lx_pcb *pc, struct tcp_info *ti)
{
	size_t len = sizeof(*ti);

	memset(ti, 0, sizeof(*ti));
	return (pc->pc_ls != NULL && opt_get(pc->pc_ls, IPPROTO_TCP, TCP_INFO, (uint8_t *)ti, &len) == 0);
}

/* Timeout and delay of ACKs in ticks, how it acknowledges (not known), its window and where that grows slower in segments. */
static void
put_tcp(struct procnet *pn, const struct lx_pcb *pc)
{
	const uint8_t state = lx_pcb_state(&pc->pc_info);
	uint32_t backlog = 0;
	size_t len = sizeof(backlog);
	struct tcp_info ti;

	pn_printf(pn, " %u %016jx", pcb_refs(pc), (uintmax_t)pc->pc_info.pi_id);
	if (state == LX_TCP_TIME_WAIT || state == LX_TCP_SYN_RECV)
		return;
	if (state == LX_TCP_LISTEN) {
		if (pc->pc_ls == NULL || opt_get(pc->pc_ls, IPPROTO_TCP, TCP_FASTOPEN, (uint8_t *)&backlog, &len) != 0)
			backlog = 0;
		pn_printf(pn, " 100 0 0 10 %u", backlog);
	} else if (pcb_told(pc, &ti))
		pn_printf(pn, " %u %u 0 %u %d", TICKS(ti.tcpi_rto), TICKS(ti.tcpi_ato), ti.tcpi_snd_cwnd,
		    ti.tcpi_snd_ssthresh >= 0x7fffffff ? -1 : (int)ti.tcpi_snd_ssthresh);
	else
		pn_printf(pn, " 0 0 0 0 -1");
}

/* What differs between the files of sockets. */
struct sockfile {
	int	 sf_family, sf_proto, sf_type;
	int	 sf_slwidth;
	size_t	 sf_pad;		/* lines are so long; 0: as they come */
};

static bool
sockfile_has(const struct sockfile *sf, const struct lx_pcb *pc)
{
	return (lx_pcb_family(pc) == sf->sf_family && pc->pc_info.pi_type == sf->sf_type && lx_pcb_bound(&pc->pc_info));
}

/* What is known after a piece of a file of sockets. */
struct pn_socks {
	struct lx_pcbs	 ps_list;
	bool		 ps_listed;	/* all are in it */
	bool		 ps_others;	/* listeners are told, who come first */
	size_t		 ps_next;	/* in the list */
	unsigned	 ps_sl;
};

void
pn_socks_free(struct procnet *pn)
{
	if (pn->pn_socks != NULL)
		free(pn->pn_socks->ps_list.pl_pcb);
	free(pn->pn_socks);
	pn->pn_socks = NULL;
}

static void
put_line(struct procnet *pn, const struct sockfile *sf, const struct lx_pcb *pc, unsigned sl)
{
	pn_begin(pn);
	put_socket(pn, pc, sf->sf_slwidth, sl);
	if (sf->sf_type == SOCK_STREAM)
		put_tcp(pn, pc);
	else
		pn_printf(pn, " %u %016jx %u", pcb_refs(pc), (uintmax_t)pc->pc_info.pi_id, pc->pc_info.pi_drops);
	pn_end(pn, sf->sf_pad);
}

/* False: those that come first, or the others, are told. */
static bool
put_next(struct procnet *pn, const struct sockfile *sf)
{
	struct pn_socks *ps = pn->pn_socks;
	struct lx_pcb *pc;

	if (ps->ps_next == ps->ps_list.pl_n)
		return (false);
	pc = &ps->ps_list.pl_pcb[ps->ps_next++];
	if ((lx_pcb_state(&pc->pc_info) == LX_TCP_LISTEN) == ps->ps_others)
		return (true);
	pc->pc_ls = lx_pcb_again(pn->pn_lx, pn->pn_vnet, pc);
	if (sockfile_has(sf, pc))
		put_line(pn, sf, pc, ps->ps_sl++);
	return (true);
}

/* Listeners come first, then the oldest. */
static void
put_file(struct procnet *pn, const char *header, const struct sockfile *sf)
{
	struct pn_socks *ps = pn->pn_socks;

	if (ps == NULL) {
		pn_begin(pn);
		pn_printf(pn, "%s", header);
		pn_end(pn, sf->sf_pad);
		if ((ps = pn->pn_socks = calloc(1, sizeof(*ps))) == NULL) {
			pn->pn_error = ENOMEM;
			return;
		}
		ps->ps_list.pl_proto = sf->sf_proto;
		ps->ps_list.pl_viewer = pn->pn_viewer;
	}
	while (!ps->ps_listed && !pn_over(pn))
		ps->ps_listed = !lx_pcbs_more(&ps->ps_list, pn->pn_lx, pn->pn_vnet);
	if (ps->ps_list.pl_nomem)
		pn->pn_error = ENOMEM;
	while (ps->ps_listed && !pn_over(pn)) {
		if (put_next(pn, sf))
			continue;
		if (ps->ps_others)
			return;
		ps->ps_others = true;
		ps->ps_next = 0;
	}
}

void
procnet_tcp(struct procnet *pn)
{
	put_file(pn, "  " HEADER4, &(struct sockfile){ AF_INET, IPPROTO_TCP, SOCK_STREAM, 4, 149 });
}

void
procnet_tcp6(struct procnet *pn)
{
	put_file(pn, "  " HEADER6, &(struct sockfile){ AF_INET6, IPPROTO_TCP, SOCK_STREAM, 4, 0 });
}

void
procnet_udp(struct procnet *pn)
{
	put_file(pn, "   " HEADER4 HEADERDGRAM, &(struct sockfile){ AF_INET, IPPROTO_UDP, SOCK_DGRAM, 5, 127 });
}

void
procnet_udp6(struct procnet *pn)
{
	put_file(pn, "  " HEADER6 HEADERDGRAM, &(struct sockfile){ AF_INET6, IPPROTO_UDP, SOCK_DGRAM, 5, 0 });
}

void
procnet_udplite(struct procnet *pn)
{
	put_file(pn, "   " HEADER4 HEADERDGRAM, &(struct sockfile){ AF_INET, LX_PROTO_UDPLITE, SOCK_DGRAM, 5, 127 });
}

void
procnet_udplite6(struct procnet *pn)
{
	put_file(pn, "  " HEADER6 HEADERDGRAM, &(struct sockfile){ AF_INET6, LX_PROTO_UDPLITE, SOCK_DGRAM, 5, 0 });
}

/* Sockets of ping(8). */
void
procnet_icmp(struct procnet *pn)
{
	put_file(pn, "  " HEADER4 HEADERDGRAM, &(struct sockfile){ AF_INET, IPPROTO_ICMP, SOCK_DGRAM, 5, 127 });
}

void
procnet_icmp6(struct procnet *pn)
{
	put_file(pn, "  " HEADER6 HEADERDGRAM, &(struct sockfile){ AF_INET6, IPPROTO_ICMPV6, SOCK_DGRAM, 5, 0 });
}

void
procnet_raw(struct procnet *pn)
{
	put_file(pn, "  " HEADER4 HEADERDGRAM, &(struct sockfile){ AF_INET, IPPROTO_RAW, SOCK_RAW, 4, 0 });
}

void
procnet_raw6(struct procnet *pn)
{
	put_file(pn, "  " HEADER6 HEADERDGRAM, &(struct sockfile){ AF_INET6, IPPROTO_RAW, SOCK_RAW, 5, 0 });
}

/* Packet sockets and those of netlink, which are found by their identity and ours alone. */

static const struct lx_sock *
sock_of(const struct procnet *pn, const struct vi_socket *so)
{
	const struct lx_sock *ls;

	TAILQ_FOREACH(ls, &pn->pn_lx->lx_socks, ls_link)
		if (ls->ls_vnet == pn->pn_vnet && ls->ls_so == so && so != NULL)
			return (ls);
	return (NULL);
}

static int
sock_jail(const struct lx_sock *ls)
{
	return (ls->ls_nl != NULL ? ls->ls_nl->nl_cred.cr_jail : ls->ls_cred.cr_jail);
}

static void
packet_each(void *arg, const struct vi_packetinfo *pi)
{
	struct procnet *pn = arg;
	const struct lx_sock *ls = sock_of(pn, pi->pi_socket);
	const unsigned long ino = ls != NULL ? (unsigned long)ls->ls_ino : 0;

	if (!lx_viewer_sees(&pn->pn_viewer, ls != NULL ? ls->ls_cred.cr_jail : 0))
		return;
	pn_printf(pn, "%016lx %-6d %-4d %04x   %-5u %1d %-6u %-6u %-6lu\n", ino, 3, pi->pi_raw ? SOCK_RAW : SOCK_DGRAM, pi->pi_ethertype, pi->pi_ifindex,
	    pi->pi_ethertype != 0, pi->pi_waiting, pi->pi_uid, ino);
}

void
procnet_packet(struct procnet *pn)
{
	pn_printf(pn, "sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n");
	vi_packets(pn->pn_vnet, packet_each, pn);
}

void
procnet_netlink(struct procnet *pn)
{
	const struct lx_sock *ls;

	pn_printf(pn, "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n");
	TAILQ_FOREACH(ls, &pn->pn_lx->lx_socks, ls_link)
		if (ls->ls_vnet == pn->pn_vnet && ls->ls_nl != NULL && lx_viewer_sees(&pn->pn_viewer, sock_jail(ls)))
			pn_printf(pn, "%016lx %-3d %-10u %08x %-8d %-8d %-5d %-8d %-8u %-8lu\n", (unsigned long)ls->ls_ino, ls->ls_proto, ls->ls_nl->nl_pid,
			    (unsigned)ls->ls_nl->nl_groups, 0, 0, 0, 2, 0, (unsigned long)ls->ls_ino);
}

static void
label_each(void *arg, const struct lx_labelinfo *li)
{
	pn_printf(arg, "%05X %-1u %-6u %-6u %-6ju %-8jd ", li->li_label, li->li_share, li->li_owner, li->li_users, (uintmax_t)li->li_linger, (intmax_t)li->li_expires);
	pn_hex(arg, li->li_dst, sizeof(li->li_dst));
	pn_printf(arg, " %-4d\n", 0);
}

void
procnet_ip6_flowlabel(struct procnet *pn)
{
	pn_printf(pn, "%-5s %-1s %-6s %-6s %-6s %-8s %-32s %s\n", "Label", "S", "Owner", "Users", "Linger", "Expires", "Dst", "Opt");
	labels_list(pn->pn_lx, pn->pn_vnet, label_each, pn);
}

/* How many there are. */
struct sockcount {
	unsigned sc_inuse[2], sc_udp[2], sc_lite[2], sc_raw[2];	/* IPv4, IPv6 */
	unsigned sc_orphan, sc_tw, sc_alloc;
	uint64_t sc_tcpmem, sc_udpmem;	/* bytes in buffers */
};

static void
count_tcp(struct sockcount *sc, const struct lx_pcb *pc, unsigned six)
{
	const uint8_t state = lx_pcb_state(&pc->pc_info);

	if (state == LX_TCP_TIME_WAIT) {
		sc->sc_tw++;
		return;
	}
	sc->sc_alloc += state != LX_TCP_SYN_RECV;
	sc->sc_inuse[six] += state != LX_TCP_CLOSE;
	if (state == LX_TCP_LISTEN || state == LX_TCP_SYN_RECV)
		return;
	sc->sc_orphan += pc->pc_info.pi_socket == NULL;
	sc->sc_tcpmem += pc->pc_info.pi_recvq + pc->pc_info.pi_sendq;
}

static void
count_pcb(struct sockcount *sc, const struct lx_pcb *pc)
{
	const unsigned six = lx_pcb_family(pc) == AF_INET6;

	if (pc->pc_info.pi_type == SOCK_RAW)
		sc->sc_raw[six]++;
	else if (pc->pc_info.pi_type == SOCK_STREAM)
		count_tcp(sc, pc, six);
	else if (pc->pc_info.pi_proto == IPPROTO_UDP) {
		sc->sc_udp[six] += lx_pcb_bound(&pc->pc_info);
		sc->sc_udpmem += pc->pc_info.pi_recvq + pc->pc_info.pi_sendq;
	} else if (pc->pc_info.pi_proto == LX_PROTO_UDPLITE)
		sc->sc_lite[six] += lx_pcb_bound(&pc->pc_info);
}

struct counting { struct procnet *co_pn; struct sockcount *co_sc; };

static void
count_each(void *arg, const struct vi_pcbinfo *pi)
{
	const struct counting *co = arg;

	if (!lx_viewer_sees(&co->co_pn->pn_viewer, pi->pi_jail))
		return;
	count_pcb(co->co_sc, &(struct lx_pcb){ .pc_info = *pi, .pc_ls = lx_pcb_owner(co->co_pn->pn_lx, pi) });
}

static struct sockcount
count_all(struct procnet *pn)
{
	struct sockcount sc = { .sc_alloc = 0 };
	struct counting co = { pn, &sc };

	vi_pcbs(pn->pn_vnet, count_each, &co);
	return (sc);
}

static unsigned
pages(uint64_t bytes)
{
	return ((unsigned)((bytes + 4095) / 4096));
}

void
procnet_sockstat(struct procnet *pn)
{
	const struct sockcount sc = count_all(pn);
	const struct lx_sock *ls;
	unsigned used = 0;

	TAILQ_FOREACH(ls, &pn->pn_lx->lx_socks, ls_link)
		used += ls->ls_vnet == pn->pn_vnet && lx_viewer_sees(&pn->pn_viewer, sock_jail(ls));
	pn_printf(pn, "sockets: used %u\n", used);
	pn_printf(pn, "TCP: inuse %u orphan %u tw %u alloc %u mem %u\n", sc.sc_inuse[0], sc.sc_orphan, sc.sc_tw, sc.sc_alloc, pages(sc.sc_tcpmem));
	pn_printf(pn, "UDP: inuse %u mem %u\nUDPLITE: inuse %u\nRAW: inuse %u\n", sc.sc_udp[0], pages(sc.sc_udpmem), sc.sc_lite[0], sc.sc_raw[0]);
	pn_printf(pn, "FRAG: inuse %u memory 0\n", pn_knob(pn, "net.inet.ip.fragpackets"));
}

void
procnet_sockstat6(struct procnet *pn)
{
	const struct sockcount sc = count_all(pn);

	pn_printf(pn, "TCP6: inuse %u\nUDP6: inuse %u\nUDPLITE6: inuse %u\nRAW6: inuse %u\n", sc.sc_inuse[1], sc.sc_udp[1], sc.sc_lite[1], sc.sc_raw[1]);
	pn_printf(pn, "FRAG6: inuse %u memory 0\n", pn_knob(pn, "net.inet6.ip6.frag6_nfragpackets"));
}
