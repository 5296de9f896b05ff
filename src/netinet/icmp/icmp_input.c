/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * Every message is checked (form, checksum) and counted.  Queries are answered: echo and timestamp; address mask and information requests are not (RFC 6918).
 * Errors tell the transport of the packet they quote, through its ip_ctlinput; what they mean for paths is noted here first: a smaller MTU (RFC 1191) and a better
 * router (RFC 1122 3.2.2.2).  Messages for programs (replies above all) go to raw and ping sockets: ip makes the raw copies, and ping sockets are asked here.
 *
 * An error is believed only as far as it quotes a packet that we may have sent: its source is ours.
 */
#include <errno.h>
#include <string.h>

#include <vimage/host.h>

#include "base/checksum.h"
#include "base/inaddr.h"
#include "base/util.h"
#include "kern/msglog.h"
#include "mbuf/mbuf.h"
#include "netinet/icmp/icmp_var.h"
#include "netinet/ip/ip_var.h"
#include "netinet/raw/raw.h"

#define ICMP_CTLDATA	64	/* bytes of the quoted transport header that transports see */

static void
icmp_drop(struct mbuf *m, uint64_t *counter)
{
	++*counter;
	m_freem(m);
}

/* Answers */

/* RFC 1122 3.2.2.6: route and time options of the request, taken while its header stands in front of it. */
struct icmp_opts {
	uint8_t	io_buf[MAX_IPOPTLEN];
	uint8_t	io_len;
};

static void
icmp_optsave(struct icmp_opts *opts, const struct inet_pkt *pk)
{
	opts->io_len = pk->ip_opts == NULL ? 0 : ip_optecho(pk->ip_opts - IP_MINHLEN, pk->ip_hlen, opts->io_buf);
}

/*
 * The request becomes the reply: m_data at the ICMP header, sum correct but for the type.  RFC 1122 3.2.2.6: same data, from the address that was asked
 * (if it is one of ours alone), with route and time options given back.
 */
static void
icmp_reflect(struct mbuf *m, const struct inet_pkt *pk, uint8_t type, const struct icmp_opts *opts)
{
	struct vnet *vn = pk->ip_vnet;
	struct icmp_vnet *icv = icmp_vnet(vn);
	const struct ip_out io = {
		.io_src = pk->ip_bcast ? 0 : pk->ip_dst.in4,
		.io_dst = pk->ip_src.in4,
		.io_fib = m->m_pkt.fib,
		.io_proto = IPPROTO_ICMP,
		.io_tos = pk->ip_tos,
		.io_mtudisc = IP_PMTUDISC_DONT,
		.io_opts = opts->io_buf,
		.io_optlen = opts->io_len,
	};
	int error;

	if (io.io_dst == 0 || in_ops.io_isbcast(vn, &pk->ip_src)) {
		icmp_drop(m, &icv->icv_stat.icps_badaddr);
		return;
	}
	icmp_count(icv->icv_stat.icps_outhist, type);
	icv->icv_stat.icps_reflect++;
	m->m_flags &= (uint16_t)~(M_BCAST | M_MCAST | M_LOOP | M_FRAG);
	m->m_pkt.csum_flags = 0;
	m->m_pkt.segsz = 0;
	error = ip_output(vn, m, &io);
	if (error == ENETUNREACH || error == EHOSTUNREACH)
		icv->icv_stat.icps_noroute++;
}

static void
icmp_echo(struct mbuf *m, const struct inet_pkt *pk)
{
	struct icmp_vnet *icv = icmp_vnet(pk->ip_vnet);
	struct icmp_opts opts;
	struct icmp *icp;
	struct mbuf *n;

	if (pk->ip_bcast && icv->icv_bmcastecho == 0) {
		icmp_drop(m, &icv->icv_stat.icps_bmcastecho);
		return;
	}
	if (icv->icv_ignoreecho != 0) {
		icmp_drop(m, &icv->icv_stat.icps_ignoredecho);
		return;
	}
	icmp_optsave(&opts, pk);
	if (!m_writable(m)) {
		n = m_dup(m, vnet_acct(pk->ip_vnet));
		m_freem(m);
		if ((m = n) == NULL) {
			icv->icv_stat.icps_nomem++;
			return;
		}
	}
	icp = mtod(m, struct icmp *);
	icp->icmp_cksum = cksum_update16(icp->icmp_cksum, HTONS(ICMP_ECHO << 8), HTONS(ICMP_ECHOREPLY << 8));
	icp->icmp_type = ICMP_ECHOREPLY;
	icmp_reflect(m, pk, ICMP_ECHOREPLY, &opts);
}

static void
icmp_tstamp(struct mbuf *m, const struct inet_pkt *pk)
{
	struct vnet *vn = pk->ip_vnet;
	struct icmp_vnet *icv = icmp_vnet(vn);
	struct vi_host *h = kernel_host(vn->vn_kernel);
	struct icmp_opts opts;
	struct icmp_ts *its;
	struct icmp *icp;

	if (icv->icv_tstamprepl == 0 || pk->ip_bcast) {
		icmp_drop(m, &icv->icv_stat.icps_bmcasttstamp);
		return;
	}
	if (!icmp_limit(vn, ICMP_LIMIT_TSTAMP)) {
		icmp_drop(m, &icv->icv_stat.icps_ratelimited);
		return;
	}
	icmp_optsave(&opts, pk);
	if (m->m_len < ICMP_TSLEN || !m_writable(m)) {
		if ((m = m_pullup(m, ICMP_TSLEN)) == NULL) {
			icv->icv_stat.icps_nomem++;
			return;
		}
	}
	icp = mtod(m, struct icmp *);
	its = (struct icmp_ts *)(void *)icp->icmp_data;
	icp->icmp_type = ICMP_TSTAMPREPLY;
	its->its_rtime = its->its_ttime = HTONL(h->h_ops->realtime(h) / 1000000 % 86400000);
	icp->icmp_cksum = 0;
	icp->icmp_cksum = cksum_fold(m_cksum(m, 0, m->m_pkt.len, 0));
	icmp_reflect(m, pk, ICMP_TSTAMPREPLY, &opts);
}

/* Errors */

/* RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7.1: what a program is told. */
static bool
icmp_unreach_ctl(uint8_t code, struct inet_ctlmsg *ic)
{
	switch (code) {
	case ICMP_UNREACH_NET:
	case ICMP_UNREACH_NET_UNKNOWN:
	case ICMP_UNREACH_TOSNET:
		ic->ic_cmd = INET_CTL_UNREACH_NET;
		ic->ic_errno = ENETUNREACH;
		return (true);
	case ICMP_UNREACH_PROTOCOL:
		ic->ic_cmd = INET_CTL_UNREACH_PROTO;
		ic->ic_errno = ENOPROTOOPT;	/* as Linux says it */
		return (true);
	case ICMP_UNREACH_PORT:
		ic->ic_cmd = INET_CTL_UNREACH_PORT;
		ic->ic_errno = ECONNREFUSED;
		return (true);
	case ICMP_UNREACH_NEEDFRAG:
		ic->ic_cmd = INET_CTL_MSGSIZE;
		ic->ic_errno = EMSGSIZE;
		return (true);
	case ICMP_UNREACH_NET_PROHIB:
	case ICMP_UNREACH_HOST_PROHIB:
	case ICMP_UNREACH_FILTER_PROHIB:
		ic->ic_cmd = INET_CTL_UNREACH_ADMIN;
		ic->ic_errno = code == ICMP_UNREACH_NET_PROHIB ? ENETUNREACH : EHOSTUNREACH;
		return (true);
	default:
		ic->ic_cmd = INET_CTL_UNREACH_HOST;
		ic->ic_errno = EHOSTUNREACH;
		return (code <= ICMP_UNREACH_PRECEDENCE_CUTOFF);
	}
}

/* False: a code that does not exist. */
static bool
icmp_ctl(const struct icmp *icp, struct inet_ctlmsg *ic)
{
	ic->ic_type = icp->icmp_type;
	ic->ic_code = icp->icmp_code;
	switch (icp->icmp_type) {
	case ICMP_UNREACH:
		if (icp->icmp_code == ICMP_UNREACH_NEEDFRAG)
			ic->ic_mtu = NTOHS(icp->icmp_nextmtu);
		return (icmp_unreach_ctl(icp->icmp_code, ic));
	case ICMP_TIMXCEED:
		ic->ic_cmd = INET_CTL_TIMXCEED;
		ic->ic_errno = EHOSTUNREACH;
		return (icp->icmp_code <= ICMP_TIMXCEED_REASS);
	case ICMP_PARAMPROB:
		ic->ic_cmd = INET_CTL_PARAMPROB;
		ic->ic_errno = EPROTO;
		ic->ic_info = icp->icmp_pptr;
		return (icp->icmp_code <= ICMP_PARAMPROB_LENGTH);
	case ICMP_REDIRECT:
		ic->ic_cmd = INET_CTL_REDIRECT;
		return (icp->icmp_code <= ICMP_REDIRECT_TOSHOST);
	default:
		ic->ic_cmd = INET_CTL_QUENCH;
		return (icp->icmp_code == 0);
	}
}

/*
 * RFC 1191 4 and 5: the new MTU of the path; an old router does not tell it, then the next lower plateau of the quoted length.  Nothing below 68 is believed, and nothing
 * that is not smaller than what we sent.
 */
static uint32_t
icmp_newmtu(uint32_t told, uint32_t sent)
{
	static const uint16_t plateau[] = { 32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, IP_MINMTU };

	if (told >= IP_MINMTU)
		return (told < sent ? told : 0);
	if (told != 0)
		return (0);
	for (unsigned i = 0; i < NITEMS(plateau); i++)
		if (plateau[i] < sent)
			return (plateau[i]);
	return (0);
}

/* The table by which what is quoted was sent.  Its ports and mark are not known here. */
static uint32_t
icmp_quoted_fib(struct vnet *vn, const struct mbuf *m, const struct icmp_info *ii)
{
	const struct rt_flow rf = {
		.rf_dst = { .na_af = NET_AF_INET, .na_in = ii->ic_dst },
		.rf_src = { .na_af = NET_AF_INET, .na_in = ii->ic_src },
		.rf_fib = m->m_pkt.fib,
		.rf_proto = ii->ic_p,
	};

	return (rt_flow_fib(vn, &rf));
}

/* False: not to be believed.  A path that is known to be as narrow is not made wider by it, but its connections are told. */
static bool
icmp_pathmtu(struct vnet *vn, uint32_t fib, const struct icmp_info *ii, struct inet_ctlmsg *ic)
{
	const struct in_addr_any dst = in4_any(ii->ic_dst);

	if ((ic->ic_mtu = icmp_newmtu(ic->ic_mtu, ii->ic_ilen)) == 0)
		return (false);
	if (ic->ic_mtu < in_ops.io_pathmtu(vn, NULL, fib, &dst))
		(void)rt_pmtu4(vn, fib, ii->ic_dst, ic->ic_mtu);
	return (true);
}

/* RFC 1122 3.2.2.2: only from the present first hop, to a router on the same network, about one host. */
static void
icmp_redirect(struct mbuf *m, const struct inet_pkt *pk, const struct icmp_info *ii, uint32_t gw)
{
	struct vnet *vn = pk->ip_vnet;
	struct icmp_vnet *icv = icmp_vnet(vn);
	const uint32_t fib = icmp_quoted_fib(vn, m, ii);
	const struct nhop *nh = fib4_lookup(vn, fib, ii->ic_dst);
	const struct ifaddr *ifa = nh == NULL ? NULL : nh->nh_ifa;
	char dst[INADDR_STRLEN], to[INADDR_STRLEN];

	if (icv->icv_dropredirect != 0 || ifa == NULL || nh->nh_ifp != pk->ip_rcvif || pk->ip_rcvif->if_forwards[NET_AF_INET] ||
	    nhop_addr4(nh, ii->ic_dst).na_af != NET_AF_INET || nhop_addr4(nh, ii->ic_dst).na_in != pk->ip_src.in4 || !in_samenet(gw, ifa->ifa_addr.na_in, ifa->ifa_mask) ||
	    in_localaddr(ip_vnet(vn), gw) || !in_canforward(ii->ic_dst) || rt_redirect4(vn, fib, ii->ic_dst, gw, pk->ip_rcvif) != 0) {
		icv->icv_stat.icps_badredirect++;
		return;
	}
	if (icv->icv_logredirect)
		vnet_log(vn, LOG_INFO, "icmp redirect: %s => %s", inaddr_ntop(dst, sizeof(dst), ii->ic_dst), inaddr_ntop(to, sizeof(to), gw));
}

/* RFC 4884 4.1 to 4.3: errors that say how long what they quote is have extensions behind it. */
static void
icmp_extended(const struct icmp *icp, struct inet_ctlmsg *ic)
{
	const uint32_t quoted = (uint32_t)icp->icmp_extlen * 4;

	if (quoted >= ICMP_EXTMIN && (icp->icmp_type == ICMP_UNREACH || icp->icmp_type == ICMP_TIMXCEED || icp->icmp_type == ICMP_PARAMPROB))
		ic->ic_ext = ICMP_MINLEN + quoted;
}

/* The transport whose packet is quoted, and raw sockets, hear of it. */
static void
icmp_tell(struct mbuf *m, const struct inet_pkt *pk, const struct icmp_info *ii, const struct inet_ctlmsg *what)
{
	struct ip_vnet *iv = ip_vnet(pk->ip_vnet);
	unsigned idx = iv->iv_protoidx[ii->ic_p];
	struct inet_ctlmsg ic = *what;
	uint8_t data[ICMP_CTLDATA];

	ic.ic_offender = pk->ip_src;
	ic.ic_src = in4_any(ii->ic_src);
	ic.ic_dst = in4_any(ii->ic_dst);
	ic.ic_ops = &in_ops;
	ic.ic_len = MIN(m->m_pkt.len - ii->ic_toff, (uint32_t)sizeof(data));
	ic.ic_data = data;
	ic.ic_m = m;
	ic.ic_off = ii->ic_toff;
	/* A quoted piece that is not the first has no ports. */
	if (ii->ic_ioff != 0 || m_copydata(m, ii->ic_toff, ic.ic_len, data) != 0)
		return;
	if (idx != 0 && iv->iv_protos[idx - 1].ip_ctlinput != NULL)
		iv->iv_protos[idx - 1].ip_ctlinput(pk->ip_vnet, &ic);
	rip_ctlinput(pk->ip_vnet, ii->ic_p, &ic);
	ic.ic_data = NULL;		/* it ends with this function; gcc 12 wants to see that */
}

static void
icmp_errorin(struct mbuf *m, const struct inet_pkt *pk, const struct icmp_info *ii)
{
	struct vnet *vn = pk->ip_vnet;
	struct icmp_vnet *icv = icmp_vnet(vn);
	const struct icmp *icp = mtod(m, const struct icmp *);
	struct inet_ctlmsg ic = { 0 };

	if (!icmp_ctl(icp, &ic)) {
		icv->icv_stat.icps_badcode++;
		return;
	}
	/* Not ours: nobody here sent that. */
	if (pk->ip_bcast || !in_localaddr(ip_vnet(vn), ii->ic_src)) {
		icv->icv_stat.icps_badaddr++;
		return;
	}
	if (ic.ic_cmd == INET_CTL_REDIRECT) {
		icmp_redirect(m, pk, ii, icp->icmp_gwaddr);
		return;
	}
	if (ic.ic_cmd == INET_CTL_QUENCH)	/* RFC 6633: ignored */
		return;
	if (ic.ic_cmd == INET_CTL_MSGSIZE && !icmp_pathmtu(vn, icmp_quoted_fib(vn, m, ii), ii, &ic))
		return;
	icmp_extended(icp, &ic);
	icmp_tell(m, pk, ii, &ic);
}

/* Dispatch */

static struct mbuf *
icmp_checkin(struct mbuf *m, const struct inet_pkt *pk, struct icmp_info *ii)
{
	struct icmp_vnet *icv = icmp_vnet(pk->ip_vnet);
	uint8_t head[IP_MAXHLEN + ICMP_MINLEN + 8];
	size_t clen = MIN(sizeof(head), (size_t)m->m_pkt.len);
	enum wire_error we;

	/* Most of what is checked lies behind the eight bytes that are contiguous; a copy keeps the IP header in front of them. */
	if (m_copydata(m, 0, clen, head) != 0 || (we = icmp_check(head, clen, m->m_pkt.len, ii)) == WIRE_SHORT) {
		icmp_drop(m, &icv->icv_stat.icps_tooshort);
		return (NULL);
	}
	if (we != WIRE_OK) {
		icmp_drop(m, &icv->icv_stat.icps_badlen);
		return (NULL);
	}
	if ((m->m_pkt.csum_flags & CSUM_DATA_VALID) == 0 && wire_sum_check(m_cksum(m, 0, m->m_pkt.len, 0)) != WIRE_OK) {
		icmp_drop(m, &icv->icv_stat.icps_checksum);
		return (NULL);
	}
	return (m);
}

void
icmp_input(struct mbuf *m, const struct inet_pkt *pk)
{
	struct icmp_vnet *icv = icmp_vnet(pk->ip_vnet);
	struct icmp_info ii;

	if ((m = icmp_checkin(m, pk, &ii)) == NULL)
		return;
	icmp_count(icv->icv_stat.icps_inhist, ii.ic_type);
	switch (ii.ic_type) {
	case ICMP_ECHO:
		if (ii.ic_code != 0)
			icmp_drop(m, &icv->icv_stat.icps_badcode);
		else
			icmp_echo(m, pk);
		return;
	case ICMP_TSTAMP:
		if (ii.ic_code != 0)
			icmp_drop(m, &icv->icv_stat.icps_badcode);
		else
			icmp_tstamp(m, pk);
		return;
	case ICMP_ECHOREPLY:
		ping_input(m, pk);
		return;
	default:
		if (ii.ic_error)
			icmp_errorin(m, pk, &ii);
		m_freem(m);
		return;
	}
}
