/* SPDX-License-Identifier: BSD-2-Clause */
#include "netinet/tcp/tcp_flow.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/assert.h"
#include "base/util.h"
#include "kern/acct.h"

#define TCP_FLOWTAB_MIN	16

void
tcp_flowtab_init(struct tcp_flowtab *ft, struct acctset *as, struct inpcbinfo *pcbs)
{
	*ft = (struct tcp_flowtab){ .ft_acct = as, .ft_pcbs = pcbs };
}

void
tcp_flowtab_fini(struct tcp_flowtab *ft)
{
	VI_ASSERT(ft->ft_count == 0);
	kfree(ft->ft_acct, ACCT_HASH, ft->ft_chain, ft->ft_size * sizeof(ft->ft_chain[0]));
	ft->ft_chain = NULL;
	ft->ft_size = 0;
}

/* Chains are found by the hash times a secret. */
static uint8_t
tcp_flow_tag(uint32_t hash)
{
	const uint8_t tag = (uint8_t)(hash >> 24);

	return (tag != 0 ? tag : 1);
}

/* The first tag of value from becomes to; is there one? */
static bool
tcp_flow_retag(struct tcp_flowchain *fc, uint8_t from, uint8_t to)
{
	for (unsigned i = 0; i < TCP_FLOWTAGS; i++)
		if (fc->fc_tag[i] == from) {
			fc->fc_tag[i] = to;
			return (true);
		}
	return (false);
}

static void
tcp_flow_link(struct tcp_flowchain *fc, struct tcp_flowent *fe)
{
	LIST_INSERT_HEAD(&fc->fc_flows, fe, fe_link);
	if (!tcp_flow_retag(fc, 0, tcp_flow_tag(fe->fe_flow.tf_hash)))
		fc->fc_more = 1;
}

static void
tcp_flow_unlink(struct tcp_flowchain *fc, struct tcp_flowent *fe)
{
	LIST_REMOVE(fe, fe_link);
	(void)tcp_flow_retag(fc, tcp_flow_tag(fe->fe_flow.tf_hash), 0);
	if (LIST_EMPTY(&fc->fc_flows))
		*fc = (struct tcp_flowchain){ .fc_more = 0 };
}

_Static_assert(offsetof(struct tcp_flowchain, fc_more) == offsetof(struct tcp_flowchain, fc_tag) + TCP_FLOWTAGS && TCP_FLOWTAGS == 7, "eight bytes");

/* All tags at once: a byte of the difference is 0 where one is the same. */
static bool
tcp_flow_maybe(const struct tcp_flowchain *fc, uint8_t tag)
{
	const uint64_t ones = UINT64_MAX / 255;
	uint64_t differ;

	memcpy(&differ, (const char *)fc + offsetof(struct tcp_flowchain, fc_tag), sizeof(differ));
	differ ^= tag * ones;
	return (((differ - ones) & ~differ & ones << 7) != 0 || fc->fc_more != 0);
}

struct tcp_flowent *
tcp_flow_look(const struct tcp_flowtab *ft, const struct inet_ops *ops,
    const struct in_addr_any *laddr, uint16_t lport, const struct in_addr_any *faddr,
    uint16_t fport)
{
	const struct tcp_flowchain *fc;
	struct tcp_flowent *fe;
	uint32_t hash;

	hash = in_pcbhashval(ft->ft_pcbs, laddr, lport, faddr, fport);
	fc = tcp_flow_chain(ft, hash);
	if (!tcp_flow_maybe(fc, tcp_flow_tag(hash)))
		return (NULL);
	LIST_FOREACH(fe, &fc->fc_flows, fe_link)
		if (tcp_flow_is(&fe->fe_flow, hash, ops, laddr, lport, faddr, fport))
			return (fe);
	return (NULL);
}

/* Moves everything into a table of the given size.  Without memory the old one stays. */
static int
tcp_flowtab_resize(struct tcp_flowtab *ft, uint32_t size)
{
	const struct tcp_flowtab old = *ft;
	struct tcp_flowchain *chain;
	struct tcp_flowent *fe, *next;

	if ((chain = kmalloc(ft->ft_acct, ACCT_HASH, size * sizeof(chain[0]))) == NULL)
		return (ENOBUFS);
	ft->ft_chain = chain;
	ft->ft_size = size;
	for (uint32_t i = 0; i < old.ft_size; i++)
		LIST_FOREACH_SAFE(fe, &old.ft_chain[i].fc_flows, fe_link, next)
			tcp_flow_link(tcp_flow_chain(ft, fe->fe_flow.tf_hash), fe);
	kfree(ft->ft_acct, ACCT_HASH, old.ft_chain, old.ft_size * sizeof(old.ft_chain[0]));
	return (0);
}

int
tcp_flowtab_limit(struct tcp_flowtab *ft, uint32_t maxsize)
{
	int error = ft->ft_size > maxsize ? tcp_flowtab_resize(ft, maxsize) : 0;

	if (error == 0)
		ft->ft_maxsize = maxsize;
	return (error);
}

static uint32_t
tcp_flow_key(const struct tcp_flowtab *ft, const struct tcp_flow *f)
{
	return (in_pcbhashval(ft->ft_pcbs, &f->tf_laddr, f->tf_lport, &f->tf_faddr, f->tf_fport));
}

uint32_t
tcp_flow_crowd(const struct tcp_flowtab *ft, const struct tcp_flow *f, uint32_t limit,
    struct tcp_flowent **oldest)
{
	struct tcp_flowent *fe;
	uint32_t n = 0;

	*oldest = NULL;
	if (ft->ft_count == 0 || ft->ft_count < limit)
		return (0);
	LIST_FOREACH(fe, &tcp_flow_chain(ft, tcp_flow_key(ft, f))->fc_flows, fe_link) {
		if (n++ == limit)
			return (limit);
		*oldest = fe;
	}
	return (n);
}

int
tcp_flow_insert(struct tcp_flowtab *ft, struct tcp_flowent *fe)
{
	const uint32_t max = ft->ft_maxsize != 0 ? ft->ft_maxsize : UINT32_MAX;

	if (ft->ft_size == 0 && tcp_flowtab_resize(ft, u32min(TCP_FLOWTAB_MIN, max)) != 0)
		return (ENOBUFS);
	if (ft->ft_count >= ft->ft_size && ft->ft_size < max)
		(void)tcp_flowtab_resize(ft, 2 * ft->ft_size);
	tcp_flow_link(tcp_flow_chain(ft, fe->fe_flow.tf_hash), fe);
	ft->ft_count++;
	return (0);
}

void
tcp_flow_remove(struct tcp_flowtab *ft, struct tcp_flowent *fe)
{
	struct tcp_flowchain *fc = tcp_flow_chain(ft, fe->fe_flow.tf_hash);

	VI_ASSERT(ft->ft_count > 0);
	tcp_flow_unlink(fc, fe);
	ft->ft_count--;
}

void
tcp_flow_names(const struct tcp_flow *f, struct vi_pcbinfo *pi)
{
	f->tf_ops->io_sockaddr(&f->tf_laddr, f->tf_lport, &pi->pi_local);
	f->tf_ops->io_sockaddr(&f->tf_faddr, f->tf_fport, &pi->pi_foreign);
	if (!f->tf_sock6)
		return;
	in_pcbmap(&pi->pi_local);
	in_pcbmap(&pi->pi_foreign);
}
