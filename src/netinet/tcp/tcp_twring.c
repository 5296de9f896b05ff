/* SPDX-License-Identifier: BSD-2-Clause */
#include "netinet/tcp/tcp_twring.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/assert.h"
#include "base/util.h"
#include "kern/acct.h"

void
tcp_twring_init(struct tcp_twring *tr, struct acctset *as, struct inpcbinfo *pcbs)
{
	*tr = (struct tcp_twring){ .tr_first = 1, .tr_next = 1, .tr_acct = as, .tr_pcbs = pcbs };
}

/* Chains are found by the hash times a secret. */
static uint8_t
twring_tag(uint32_t hash)
{
	return ((uint8_t)(hash >> 24));
}

void
tcp_twring_push(struct tcp_twring *tr)
{
	struct tcptw *tw = tcp_twring_slot(tr, tr->tr_next);
	struct tcp_twhead *th = tcp_twring_head(tr, tw->tw_flow.tf_hash);

	tw->tw_gone = false;
	tw->tw_older = th->th_latest[0];
	for (unsigned i = TCP_TWLATEST - 1; i > 0; i--) {
		th->th_latest[i] = th->th_latest[i - 1];
		th->th_tag[i] = th->th_tag[i - 1];
	}
	th->th_latest[0] = tr->tr_next++;
	th->th_tag[0] = twring_tag(tw->tw_flow.tf_hash);
	tr->tr_count++;
}

void
tcp_twring_remove(struct tcp_twring *tr, struct tcptw *tw)
{
	tw->tw_gone = true;
	tr->tr_count--;
	while (tr->tr_first != tr->tr_next && tcp_twring_slot(tr, tr->tr_first)->tw_gone)
		tr->tr_first++;
}

/*
 * The one before in the chain.  It is older, or it is not there: a number that was given up 2^32 entries ago, in a chain to which nobody came since, may
 * be there again, in another chain.
 */
static bool
twring_older(const struct tcp_twring *tr, uint32_t *n)
{
	const uint32_t older = tcp_twring_slot(tr, *n)->tw_older;

	if (older - tr->tr_first >= *n - tr->tr_first)
		return (false);
	*n = older;
	return (true);
}

struct tcptw *
tcp_twring_look(const struct tcp_twring *tr, const struct inet_ops *ops, const struct in_addr_any *laddr, uint16_t lport,
    const struct in_addr_any *faddr, uint16_t fport)
{
	const uint32_t hash = in_pcbhashval(tr->tr_pcbs, laddr, lport, faddr, fport);
	const struct tcp_twhead *th = tcp_twring_head(tr, hash);
	struct tcptw *tw;
	uint32_t n;

	for (unsigned i = 0; i < TCP_TWLATEST; i++) {
		if (!tcp_twring_there(tr, th->th_latest[i]))
			return (NULL);
		tw = tcp_twring_slot(tr, th->th_latest[i]);
		if (th->th_tag[i] == twring_tag(hash) && !tw->tw_gone && tcp_flow_is(&tw->tw_flow, hash, ops, laddr, lport, faddr, fport))
			return (tw);
	}
	for (n = th->th_latest[TCP_TWLATEST - 1]; twring_older(tr, &n); ) {
		tw = tcp_twring_slot(tr, n);
		if (!tw->tw_gone && tcp_flow_is(&tw->tw_flow, hash, ops, laddr, lport, faddr, fport))
			return (tw);
	}
	return (NULL);
}

static void
twring_free(struct tcp_twring *tr)
{
	kfree(tr->tr_acct, ACCT_TIMEWAIT, tr->tr_slot, tr->tr_size * sizeof(tr->tr_slot[0]));
	kfree(tr->tr_acct, ACCT_HASH, tr->tr_head, tr->tr_size * sizeof(tr->tr_head[0]));
}

static int
twring_alloc(struct tcp_twring *tr, uint32_t room)
{
	tr->tr_size = TCP_TWRING_MIN;
	while (tr->tr_size < room)
		tr->tr_size *= 2;
	tr->tr_slot = kmalloc(tr->tr_acct, ACCT_TIMEWAIT, tr->tr_size * sizeof(tr->tr_slot[0]));
	tr->tr_head = kmalloc(tr->tr_acct, ACCT_HASH, tr->tr_size * sizeof(tr->tr_head[0]));
	if (tr->tr_slot != NULL && tr->tr_head != NULL)
		return (0);
	twring_free(tr);
	return (ENOBUFS);
}

int
tcp_twring_resize(struct tcp_twring *tr, uint32_t room)
{
	struct tcp_twring to;

	VI_ASSERT(room >= tr->tr_count);
	tcp_twring_init(&to, tr->tr_acct, tr->tr_pcbs);
	if (room != 0 && twring_alloc(&to, room) != 0)
		return (ENOBUFS);
	for (uint32_t n = tr->tr_first; n != tr->tr_next; n++) {
		if (tcp_twring_slot(tr, n)->tw_gone)
			continue;
		*tcp_twring_slot(&to, to.tr_next) = *tcp_twring_slot(tr, n);
		tcp_twring_push(&to);
	}
	twring_free(tr);
	*tr = to;
	return (0);
}
