/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VI_TCP_TX_DELAY: each segment of a connection leaves so much later than TCP sent it, none before one that was sent earlier.  For TCP it is
 * a longer path: round trips are measured with it.  SYN-ACKs of the cache and answers that belong to no connection do not wait.
 *
 * What waits is bounded by the window, and by TCP_MAXHELD.  When the connection ends it leaves at once.
 */
#include "netinet/tcp/tcp_int.h"

#include <errno.h>

#define TCP_MAXHELD	4096u

struct tcp_held {
	STAILQ_ENTRY(tcp_held) th_link;
	struct mbuf	*th_m;
	uint64_t	 th_due;
	unsigned	 th_flags;
	uint8_t		 th_tos;	/* with the marks it was sent with */
};

struct tcp_holding {
	STAILQ_HEAD(, tcp_held) hd_queue;
	unsigned	 hd_n;
	struct tcpcb	*hd_tp;
	struct callout	 hd_callout;
};

static uint8_t *
tcp_delay_tos(struct inpcb *inp)
{
	return (inp->inp_ops->io_family == VI_AF_INET ? &inp->inp_tos : &inp->inp_tclass);
}

/* Segments whose time has come leave; what fails is lost, as on the way. */
static void
tcp_delay_send(struct tcp_holding *hd, uint64_t now)
{
	struct tcpcb *tp = hd->hd_tp;
	uint8_t *tos = tcp_delay_tos(&tp->t_inpcb), kept = *tos;
	struct tcp_held *th;

	while ((th = STAILQ_FIRST(&hd->hd_queue)) != NULL && th->th_due <= now) {
		STAILQ_REMOVE_HEAD(&hd->hd_queue, th_link);
		hd->hd_n--;
		*tos = th->th_tos;
		if (tcp_udp_output_now(tp, th->th_m, th->th_flags) == EMSGSIZE)
			(void)tcp_snd_msgsize(tp);
		*tos = kept;
		kfree(vnet_acct(tcp_vn(tp)), ACCT_TCPCB, th, sizeof(*th));
	}
	if (th != NULL)
		callout_reset_at(&hd->hd_callout, th->th_due);
}

static void
tcp_delay_timer(void *arg)
{
	struct tcp_holding *hd = arg;

	tcp_delay_send(hd, tcp_now(hd->hd_tp));
}

static struct tcp_holding *
tcp_delay_get(struct tcpcb *tp)
{
	struct tcp_holding *hd = tp->t_holding;

	if (hd != NULL || (hd = kmalloc(vnet_acct(tcp_vn(tp)), ACCT_TCPCB, sizeof(*hd))) == NULL)
		return (hd);
	STAILQ_INIT(&hd->hd_queue);
	hd->hd_tp = tp;
	callout_init(&hd->hd_callout, &tcp_vn(tp)->vn_lane, tcp_delay_timer, hd);
	tp->t_holding = hd;
	return (hd);
}

void
tcp_delay_set(struct tcpcb *tp, uint32_t us)
{
	tp->t_txdelay = us;
	if (us != 0)
		tp->t_flags |= TF_TXDELAY;
}

int
tcp_delay_output(struct tcpcb *tp, struct mbuf *m, unsigned flags)
{
	struct tcp_holding *hd = tp->t_holding;
	struct tcp_held *th;

	if (tp->t_txdelay == 0 && (hd == NULL || hd->hd_n == 0)) {
		tp->t_flags &= ~(uint32_t)TF_TXDELAY;
		return (tcp_udp_output_now(tp, m, flags));
	}
	if ((hd = tcp_delay_get(tp)) == NULL || hd->hd_n >= TCP_MAXHELD ||
	    (th = kmalloc(vnet_acct(tcp_vn(tp)), ACCT_TCPCB, sizeof(*th))) == NULL) {
		TCPSTAT_INC(tp->t_tv, tcps_txdelaydrop);
		m_freem(m);
		return (ENOBUFS);
	}
	th->th_m = m;
	th->th_flags = flags;
	th->th_tos = *tcp_delay_tos(&tp->t_inpcb);
	th->th_due = tcp_now(tp) + (uint64_t)tp->t_txdelay * USEC;
	if (hd->hd_n > 0)
		th->th_due = u64max(th->th_due, STAILQ_LAST(&hd->hd_queue, tcp_held, th_link)->th_due);
	STAILQ_INSERT_TAIL(&hd->hd_queue, th, th_link);
	if (hd->hd_n++ == 0)
		callout_reset_at(&hd->hd_callout, th->th_due);
	return (0);
}

void
tcp_delay_finish(struct tcpcb *tp)
{
	tcp_delay_send(tp->t_holding, UINT64_MAX);
	callout_stop(&tp->t_holding->hd_callout);
	kfree(vnet_acct(tcp_vn(tp)), ACCT_TCPCB, tp->t_holding, sizeof(*tp->t_holding));
	tp->t_holding = NULL;
}
