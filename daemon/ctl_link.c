/* SPDX-License-Identifier: BSD-2-Clause */
/* Properties of the links of interfaces: if.link, and what if.list shows of them. */
#include "daemon/ctl_link.h"

#include <errno.h>
#include <string.h>

#include <vimage/ifnet.h>

#include "daemon/ctl_arg.h"
#include "daemon/ctl_server.h"

static void
put_real(json_t *o, const char *key, double v)
{
	if (v > 0)
		json_object_set_new(o, key, json_real(v));
}

static void
put_count(json_t *o, const char *key, uint64_t v)
{
	if (v > 0)
		ctl_put_int(o, key, v);
}

static json_t *
link_stats(const struct vi_linkstats *lk)
{
	json_t *o = json_object();

	ctl_put_int(o, "frames", lk->lk_frames);
	ctl_put_int(o, "qdrops", lk->lk_qdrops);
	ctl_put_int(o, "lost", lk->lk_lost);
	ctl_put_int(o, "corrupted", lk->lk_corrupted);
	ctl_put_int(o, "dups", lk->lk_dups);
	ctl_put_int(o, "reordered", lk->lk_reordered);
	ctl_put_int(o, "nomem", lk->lk_nomem);
	ctl_put_int(o, "held", lk->lk_held);
	return o;
}

void
ctl_put_link(json_t *o, struct vi_vnet *vn, const char *ifname)
{
	struct vi_linkprops lp;
	struct vi_linkstats lk;
	json_t *link;

	if (vi_if_get_link(vn, ifname, &lp, &lk) != 0 || lp.lp_seed == 0)
		return;		/* none are set */
	link = json_object();
	put_count(link, "delay", lp.lp_delay);
	put_count(link, "jitter", lp.lp_jitter);
	put_count(link, "rate", lp.lp_rate);
	put_count(link, "queue", lp.lp_queue);
	put_count(link, "overhead", lp.lp_overhead);
	put_real(link, "loss", lp.lp_loss);
	put_real(link, "burst_p", lp.lp_burst_p);
	put_real(link, "burst_r", lp.lp_burst_r);
	put_real(link, "burst_loss", lp.lp_burst_loss);
	if (lp.lp_pattern[0] != '\0')
		ctl_put_text(link, "pattern", lp.lp_pattern);
	if (lp.lp_pattern_once)
		json_object_set_new(link, "pattern_once", json_true());
	put_real(link, "dup", lp.lp_dup);
	put_real(link, "reorder", lp.lp_reorder);
	put_count(link, "reorder_delay", lp.lp_reorder_delay);
	put_real(link, "corrupt", lp.lp_corrupt);
	ctl_put_int(link, "seed", lp.lp_seed);
	json_object_set_new(link, "stats", link_stats(&lk));
	json_object_set_new(o, "link", link);
}

struct link_args {
	json_int_t	 la_delay, la_jitter, la_rate, la_queue, la_overhead, la_reorder_delay, la_seed;
	const char	*la_pattern;
	int		 la_once;
};

/* What does not fit the members of vi_linkprops; the stack checks the rest. */
static int
get_whole(struct ctl_request *rq, const struct link_args *la, struct vi_linkprops *lp)
{
	int error;

	if ((error = ctl_range(rq, "delay", la->la_delay, 0, INT64_MAX)) != 0 ||
	    (error = ctl_range(rq, "jitter", la->la_jitter, 0, INT64_MAX)) != 0 ||
	    (error = ctl_range(rq, "rate", la->la_rate, 0, INT64_MAX)) != 0 ||
	    (error = ctl_range(rq, "queue", la->la_queue, 0, UINT32_MAX)) != 0 ||
	    (error = ctl_range(rq, "overhead", la->la_overhead, 0, UINT32_MAX)) != 0 ||
	    (error = ctl_range(rq, "reorder_delay", la->la_reorder_delay, 0, INT64_MAX)) != 0 ||
	    (error = ctl_range(rq, "seed", la->la_seed, 0, INT64_MAX)) != 0)
		return error;
	lp->lp_delay = (uint64_t)la->la_delay;
	lp->lp_jitter = (uint64_t)la->la_jitter;
	lp->lp_rate = (uint64_t)la->la_rate;
	lp->lp_queue = (uint32_t)la->la_queue;
	lp->lp_overhead = (uint32_t)la->la_overhead;
	lp->lp_reorder_delay = (uint64_t)la->la_reorder_delay;
	lp->lp_seed = (uint64_t)la->la_seed;
	lp->lp_pattern_once = la->la_once != 0;
	if (la->la_pattern != NULL) {
		if (strlen(la->la_pattern) >= sizeof(lp->lp_pattern))
			return ctl_fail(rq, EINVAL, "pattern: at most %d digits", VI_LINKPATTERN - 1);
		strcpy(lp->lp_pattern, la->la_pattern);
	}
	return 0;
}

static int
op_link(struct ctl_request *rq)
{
	struct vi_linkprops lp = { .lp_delay = 0 };
	struct link_args la = { .la_pattern = NULL };
	const char *name;
	int error;

	if ((error = ctl_args(rq,
		 "{s:s,s?I,s?I,s?I,s?I,s?I,s?F,s?F,s?F,s?F,s?s,s?b,s?F,s?F,s?I,s?F,s?I}", "name", &name,
		 "delay", &la.la_delay, "jitter", &la.la_jitter, "rate", &la.la_rate, "queue",
		 &la.la_queue, "overhead", &la.la_overhead, "loss", &lp.lp_loss, "burst_p",
		 &lp.lp_burst_p, "burst_r", &lp.lp_burst_r, "burst_loss", &lp.lp_burst_loss,
		 "pattern", &la.la_pattern, "pattern_once", &la.la_once, "dup", &lp.lp_dup,
		 "reorder", &lp.lp_reorder, "reorder_delay", &la.la_reorder_delay, "corrupt",
		 &lp.lp_corrupt, "seed", &la.la_seed)) != 0 ||
	    (error = get_whole(rq, &la, &lp)) != 0 || (error = ctl_may(rq, VI_PRIV_NET_LINK)) != 0)
		return error;
	switch (error = vi_if_set_link(rq->rq_vnet, name, &lp)) {
	case 0:
		return 0;
	case ENXIO:
		return ctl_fail(rq, error, "interface %.15s does not exist", name);
	case EINVAL:
		return ctl_fail(rq, error, "%.15s: these link properties are not possible", name);
	case EOPNOTSUPP:
		return ctl_fail(rq, error, "%.15s: corrupt is not possible here", name);
	default:
		return ctl_fail(rq, error, "%.15s: %s", name, strerrordesc_np(error));
	}
}

const struct ctl_op ctl_link_ops[] = {
	{ "if.link", op_link },
	{ NULL, NULL },
};
