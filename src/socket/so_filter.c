/* SPDX-License-Identifier: BSD-2-Clause */
/* Filters: programs of the classic machine (base/bpf.h) that say what is received. */
#include <errno.h>
#include <string.h>

#include "base/bpf.h"
#include "base/util.h"
#include "mbuf/mbuf.h"
#include "socket/so_int.h"

struct so_filter {
	uint32_t	sf_n;
	struct vi_bpf_insn sf_insn[];
};

static size_t
sofilter_size(uint32_t n)
{
	return (sizeof(struct so_filter) + n * sizeof(struct vi_bpf_insn));
}

int
sofilter_make(struct acctset *as, const void *val, size_t len, struct so_filter **sfp)
{
	const uint32_t n = (uint32_t)(len / sizeof(struct vi_bpf_insn));
	struct so_filter *sf;
	int error;

	if (len % sizeof(struct vi_bpf_insn) != 0 || n == 0 || n > VI_BPF_MAXINSNS)
		return (EINVAL);
	if ((sf = kmalloc(as, ACCT_SOCKET, sofilter_size(n))) == NULL)
		return (ENOMEM);
	sf->sf_n = n;
	memcpy(sf->sf_insn, val, len);
	if ((error = bpf_check(sf->sf_insn, n)) != 0) {
		sofilter_drop(as, sf);
		return (error);
	}
	*sfp = sf;
	return (0);
}

void
sofilter_drop(struct acctset *as, struct so_filter *sf)
{
	if (sf != NULL)
		kfree(as, ACCT_SOCKET, sf, sofilter_size(sf->sf_n));
}

uint32_t
sofilter_run(const struct so_filter *sf, const struct bpf_packet *bp)
{
	return (bpf_run(sf->sf_insn, bp));
}

/* Sockets */

void
sofilter_free(struct socket *so)
{
	sofilter_drop(so->so_acct, so->so_filter);
	so->so_filter = NULL;
}

static int
sofilter_attach(struct socket *so, const void *val, size_t len)
{
	struct so_filter *sf;
	int error;

	if ((error = sofilter_make(so->so_acct, val, len, &sf)) != 0)
		return (error);
	sofilter_free(so);
	so->so_filter = sf;
	return (0);
}

int
sofilter_set(struct socket *so, enum vi_sockopt opt, const void *val, size_t len)
{
	int on = 0, error;

	if (opt == VI_SO_LOCK_FILTER) {
		if ((error = sooptint(val, len, &on)) != 0)
			return (error);
		if (so->so_filterlocked && on == 0)
			return (EPERM);
		so->so_filterlocked = on != 0;
		return (0);
	}
	if (so->so_filterlocked)
		return (EPERM);
	if (opt == VI_SO_NOFILTER) {
		error = so->so_filter == NULL ? ENOENT : 0;
		sofilter_free(so);
		return (error);
	}
	/* Without them a stream would have holes. */
	if ((so->so_proto->pr_flags & PR_ATOMIC) == 0)
		return (EOPNOTSUPP);
	return (sofilter_attach(so, val, len));
}

int
sofilter_get(const struct socket *so, void *buf, size_t *len)
{
	const size_t size = so->so_filter == NULL ? 0 : so->so_filter->sf_n * sizeof(struct vi_bpf_insn);

	if (*len < size)
		return (EINVAL);
	if (size > 0)
		memcpy(buf, so->so_filter->sf_insn, size);
	*len = size;
	return (0);
}

/* Datagrams: the header that was taken off, then the data. */

struct dgram_view {
	const struct mbuf *dv_m;
	const struct so_dgram *dv_dgram;
};

static void
dgram_view_copy(const struct bpf_packet *bp, uint32_t off, uint32_t len, uint8_t *dst)
{
	const struct dgram_view *dv = bp->bp_arg;
	const uint32_t hlen = dv->dv_dgram->sd_hlen, n = off < hlen ? u32min(len, hlen - off) : 0;

	if (n > 0)
		memcpy(dst, (const uint8_t *)dv->dv_dgram->sd_hdr + off, n);
	if (n < len)
		(void)m_copydata(dv->dv_m, off + n - hlen, len - n, dst + n);
}

static uint32_t
dgram_view_fact(const struct bpf_packet *bp, enum bpf_anc which)
{
	const struct dgram_view *dv = bp->bp_arg;

	switch (which) {
	case BPF_ANC_PROTOCOL:
		return (dv->dv_dgram->sd_ethertype);
	case BPF_ANC_PKTTYPE:
		return (dv->dv_dgram->sd_pkttype);
	case BPF_ANC_IFINDEX:
		return (dv->dv_dgram->sd_ifindex);
	case BPF_ANC_MARK:
		return (dv->dv_m->m_pkt.mark);
	case BPF_ANC_RXHASH:
		return (dv->dv_m->m_pkt.flowid);
	case BPF_ANC_PAY_OFFSET:
		return (dv->dv_dgram->sd_hlen);
	default:	/* nothing of a link is known any more */
		return (0);
	}
}

bool
sofilter_dgram(const struct socket *so, struct mbuf *m, const struct so_dgram *sd)
{
	const struct dgram_view dv = { m, sd };
	const struct bpf_packet bp = {
		.bp_data = sd->sd_hdr,
		.bp_contig = sd->sd_hlen,
		.bp_len = sd->sd_hlen + m->m_pkt.len,
		.bp_net = UINT32_MAX,		/* gone */
		.bp_copy = dgram_view_copy,
		.bp_fact = dgram_view_fact,
		.bp_arg = &dv,
	};
	const uint32_t want = sofilter_run(so->so_filter, &bp);

	if (want == 0)
		return (false);
	if (want < bp.bp_len)
		m_adj(m, (ptrdiff_t)u32max(want, sd->sd_hlen) - (ptrdiff_t)bp.bp_len);
	return (true);
}
