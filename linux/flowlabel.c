/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Flow labels that programs lease (IPV6_FLOWLABEL_MGR).  Theory of operation.
 *
 * A label belongs to a vnet and is of one destination; who shares it is told by its kind: nobody, the sockets of a process, those of a user, or anybody.
 * A socket holds leases.  As long as some label of the vnet is not for anybody, packets of sockets that use sin6_flowinfo may carry only labels they have a lease of
 * (EINVAL); before that any, as RFC 6437 3 has it.  A label that no socket holds is forgotten when its time is over, or when there are too many.
 *
 * They are the stack's own, as is what they cost: who has none looks at none.
 *
 * Not taken: extension headers that would come with a label (EINVAL), and labels that a stream copies from its peer (EPERM, as on a Linux that has
 * flowlabel_consistency on).
 */
#include "linux/lx.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <linux/capability.h>
#include <linux/in6.h>

#define LABEL_MASK	LX_FLOWLABEL
#define LABEL_MAX	4096		/* of a vnet */
#define LABEL_HASH	256		/* chains, as on Linux */
#define LABEL_PERSOCK	32		/* of a socket, when there are so many or its caller is nobody */
#define LEASE_MAX	256		/* of a socket, of whatever labels; Linux has no bound */
#define LABEL_MINTIME	6		/* s */
#define LABEL_MAXTIME	150		/* without privilege */
#define NS		UINT64_C(1000000000)

struct lx_label {
	LIST_ENTRY(lx_label) lb_link;
	struct lx_labels *lb_all;	/* those of its vnet */
	uint32_t	 lb_label;	/* host order */
	uint32_t	 lb_owner;	/* process or user, by lb_share */
	uint8_t		 lb_share;	/* IPV6_FL_S_* */
	unsigned	 lb_users;	/* leases */
	uint64_t	 lb_linger;	/* ns after the last use */
	uint64_t	 lb_expires, lb_lastuse;	/* monotonic */
	uint8_t		 lb_dst[16];
};
LIST_HEAD(lx_labelhash, lx_label);

/* Of a vnet, which pays for them and their leases.  They are there from the first lease on. */
struct lx_labels {
	LIST_ENTRY(lx_labels) lt_link;	/* in lx_labels, while lt_vnet is there */
	struct vi_vnet	*lt_vnet;	/* NULL: gone, and its sockets not yet */
	unsigned	 lt_n;		/* labels; the last one takes this with it when the vnet is gone */
	unsigned	 lt_closed;	/* ... that are not for anybody */
	size_t		 lt_charged;	/* bytes, */
	unsigned	 lt_ncharged;	/* of so many pieces */
	uint64_t	 lt_sweptat;
	struct lx_labelhash lt_hash[LABEL_HASH];
};

struct lx_lease {
	struct lx_lease	*le_next;
	struct lx_label	*le_label;
};

/* At the vnet's expense; NULL: no memory. */
static void *
label_alloc(struct vi_vnet *vn, size_t size)
{
	void *p;

	if (vi_vnet_charge(vn, size) != 0)
		return (NULL);
	if ((p = calloc(1, size)) == NULL)
		vi_vnet_uncharge(vn, 1, size);
	return (p);
}

static void *
label_allocfor(struct lx_labels *lt, size_t size)
{
	void *p = label_alloc(lt->lt_vnet, size);

	lt->lt_ncharged += p != NULL;
	lt->lt_charged += p != NULL ? size : 0;
	return (p);
}

static void
label_unalloc(struct lx_labels *lt, void *p, size_t size)
{
	if (lt->lt_vnet != NULL) {
		vi_vnet_uncharge(lt->lt_vnet, 1, size);
		lt->lt_ncharged--;
		lt->lt_charged -= size;
	}
	free(p);
}

static struct lx_labelvnets *
labels_chain(struct lx *lx, const struct vi_vnet *vn)
{
	return (&lx->lx_labels[((uintptr_t)vn * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - LX_LABELBITS)]);
}

/* NULL: it has none. */
static struct lx_labels *
labels_of(struct lx *lx, const struct vi_vnet *vn)
{
	struct lx_labels *lt;

	LIST_FOREACH(lt, labels_chain(lx, vn), lt_link)
		if (lt->lt_vnet == vn)
			return (lt);
	return (NULL);
}

static struct lx_labels *
labels_make(struct lx *lx, struct vi_vnet *vn)
{
	struct lx_labels *lt = labels_of(lx, vn);

	if (lt != NULL || (lt = label_alloc(vn, sizeof(*lt))) == NULL)
		return (lt);
	lt->lt_vnet = vn;
	lt->lt_ncharged = 1;
	lt->lt_charged = sizeof(*lt);
	LIST_INSERT_HEAD(labels_chain(lx, vn), lt, lt_link);
	return (lt);
}

static void
label_remove(struct lx_label *lb)
{
	struct lx_labels *lt = lb->lb_all;

	LIST_REMOVE(lb, lb_link);
	lt->lt_n--;
	lt->lt_closed -= lb->lb_share != IPV6_FL_S_ANY;
	label_unalloc(lt, lb, sizeof(*lb));
	if (lt->lt_vnet == NULL && lt->lt_n == 0)
		free(lt);
}

static uint64_t
label_end(const struct lx_label *lb)
{
	return (lb->lb_lastuse + lb->lb_linger > lb->lb_expires ? lb->lb_lastuse + lb->lb_linger : lb->lb_expires);
}

static bool
label_over(const struct lx_label *lb, uint64_t now)
{
	return (lb->lb_users == 0 && label_end(lb) <= now);
}

/* Forgets those whose time is over: looks at them each second, and when there are too many. */
static void
labels_sweep(struct lx_labels *lt)
{
	const uint64_t now = lx_now();
	struct lx_label *lb, *next;

	if (lt->lt_n < LABEL_MAX && now - lt->lt_sweptat < NS)
		return;
	lt->lt_sweptat = now;
	for (unsigned i = 0; i < LABEL_HASH; i++)
		LIST_FOREACH_SAFE(lb, &lt->lt_hash[i], lb_link, next)
			if (label_over(lb, now))
				label_remove(lb);
}

static struct lx_label *
label_find(const struct lx_labels *lt, uint32_t label)
{
	struct lx_label *lb;

	if (lt != NULL)
		LIST_FOREACH(lb, &lt->lt_hash[label % LABEL_HASH], lb_link)
			if (lb->lb_label == label && !label_over(lb, lx_now()))
				return (lb);
	return (NULL);
}

static struct lx_label *
lease_find(const struct lx_sock *ls, uint32_t label)
{
	struct lx_lease *le;

	for (le = ls->ls_leases; le != NULL; le = le->le_next)
		if (le->le_label->lb_label == label)
			return (le->le_label);
	return (NULL);
}

int
label_check(const struct lx_sock *ls, uint32_t flow)
{
	struct lx_labels *lt;
	struct lx_label *lb;

	if ((flow & LABEL_MASK) == 0 || (lt = labels_of(ls->ls_lx, ls->ls_vnet)) == NULL)
		return (0);
	if ((lb = lease_find(ls, flow & LABEL_MASK)) != NULL) {
		lb->lb_lastuse = lx_now();
		return (0);
	}
	if (lt->lt_closed > 0)
		labels_sweep(lt);
	return (lt->lt_closed > 0 ? EINVAL : 0);
}

/* How long, in ns; 0: the caller may not have it for so long. */
static uint64_t
label_time(const struct lx_call *c, uint16_t seconds)
{
	if (seconds < LABEL_MINTIME)
		return (LABEL_MINTIME * NS);
	if (seconds > LABEL_MAXTIME && !lx_call_has(c, CAP_NET_ADMIN))
		return (0);
	return (seconds * NS);
}

static int
label_renew(const struct lx_call *c, struct lx_label *lb, const struct in6_flowlabel_req *fr)
{
	uint64_t linger = label_time(c, fr->flr_linger), expires = label_time(c, fr->flr_expires);

	if (linger == 0 || expires == 0)
		return (EPERM);
	lb->lb_lastuse = lx_now();
	if (lb->lb_linger < linger)
		lb->lb_linger = linger;
	if (expires < lb->lb_linger)
		expires = lb->lb_linger;
	if (lb->lb_expires < lb->lb_lastuse + expires)
		lb->lb_expires = lb->lb_lastuse + expires;
	return (0);
}

static int
label_owner(const struct lx_call *c, uint8_t share, uint32_t *owner)
{
	struct vi_cred cr;
	int error;

	*owner = 0;
	switch (share) {
	case IPV6_FL_S_EXCL:
	case IPV6_FL_S_ANY:
		return (0);
	case IPV6_FL_S_PROCESS:
		*owner = (uint32_t)c->c_sock->ls_pid;	/* found by this call */
		return (0);
	case IPV6_FL_S_USER:
		error = lx_call_cred(c, &cr);
		*owner = cr.cr_uid;
		return (error);
	default:
		return (EINVAL);
	}
}

/* What the request would make: checked before anything is looked for, as on Linux. */
static int
label_make(const struct lx_call *c, const struct in6_flowlabel_req *fr, struct lx_label *lb)
{
	int error;

	*lb = (struct lx_label){ .lb_label = ntohl(fr->flr_label) & LABEL_MASK, .lb_share = fr->flr_share };
	memcpy(lb->lb_dst, &fr->flr_dst, sizeof(lb->lb_dst));
	error = label_renew(c, lb, fr);
	if (error != 0)
		return (error);
	if (IN6_IS_ADDR_UNSPECIFIED((const struct in6_addr *)(const void *)&fr->flr_dst) ||
	    IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)(const void *)&fr->flr_dst))
		return (EINVAL);
	return (label_owner(c, fr->flr_share, &lb->lb_owner));
}

static int
lease_add(struct lx_sock *ls, struct lx_label *lb)
{
	struct lx_lease *le;
	unsigned n = 0;

	for (le = ls->ls_leases; le != NULL; le = le->le_next)
		n++;
	if (n >= LEASE_MAX)
		return (ENOBUFS);
	if ((le = label_allocfor(lb->lb_all, sizeof(*le))) == NULL)
		return (ENOMEM);
	*le = (struct lx_lease){ ls->ls_leases, lb };
	ls->ls_leases = le;
	lb->lb_users++;
	return (0);
}

/* A label that is there already. */
static int
label_share(struct lx_sock *ls, struct lx_label *lb, const struct lx_label *want, uint16_t flags)
{
	int error;

	if ((flags & IPV6_FL_F_EXCL) != 0)
		return (EEXIST);
	if (lb->lb_share == IPV6_FL_S_EXCL || lb->lb_share != want->lb_share || lb->lb_owner != want->lb_owner)
		return (EPERM);
	error = lease_add(ls, lb);
	if (error == 0 && want->lb_linger > lb->lb_linger)
		lb->lb_linger = want->lb_linger;
	if (error == 0 && want->lb_expires > lb->lb_expires)
		lb->lb_expires = want->lb_expires;
	return (error);
}

/* Room for one more: those who need many must not have all. */
static int
label_room(const struct lx_call *c, const struct lx_labels *lt)
{
	const unsigned room = LABEL_MAX - lt->lt_n;
	const struct lx_lease *le;
	unsigned n = 0;

	if (room > LABEL_MAX - LABEL_PERSOCK)
		return (0);
	for (le = c->c_sock->ls_leases; le != NULL; le = le->le_next)
		n++;
	if (room == 0 || ((n >= LABEL_PERSOCK || (n > 0 && room < LABEL_MAX / 2) || room < LABEL_MAX / 4) && !lx_call_has(c, CAP_NET_ADMIN)))
		return (ENOBUFS);
	return (0);
}

/* One that nobody has, if none is wanted in particular. */
static int
label_create(struct lx_call *c, struct lx_labels *lt, struct lx_label *want)
{
	struct lx_label *lb;
	int error;

	while (want->lb_label == 0 || label_find(lt, want->lb_label) != NULL) {
		if (getrandom(&want->lb_label, sizeof(want->lb_label), 0) != sizeof(want->lb_label))
			return (ENOMEM);
		want->lb_label &= LABEL_MASK;
	}
	if ((lb = label_allocfor(lt, sizeof(*lb))) == NULL)
		return (ENOMEM);
	*lb = *want;
	lb->lb_all = lt;
	LIST_INSERT_HEAD(&lt->lt_hash[lb->lb_label % LABEL_HASH], lb, lb_link);
	lt->lt_n++;
	lt->lt_closed += lb->lb_share != IPV6_FL_S_ANY;
	error = lease_add(c->c_sock, lb);
	if (error != 0)
		label_remove(lb);
	return (error);
}

static int
label_get(struct lx_call *c, struct in6_flowlabel_req *fr)
{
	struct lx_label want, *lb;
	struct lx_labels *lt;
	int error;

	if ((fr->flr_flags & IPV6_FL_F_REFLECT) != 0)
		return (EPERM);
	if ((ntohl(fr->flr_label) & ~LABEL_MASK) != 0)
		return (EINVAL);
	error = label_make(c, fr, &want);
	if (error != 0)
		return (error);
	if ((lt = labels_of(c->c_lx, c->c_sock->ls_vnet)) != NULL)
		labels_sweep(lt);
	if (want.lb_label != 0 && (lb = label_find(lt, want.lb_label)) != NULL)
		return (label_share(c->c_sock, lb, &want, fr->flr_flags));
	if ((fr->flr_flags & IPV6_FL_F_CREATE) == 0)
		return (ENOENT);
	if ((lt = labels_make(c->c_lx, c->c_sock->ls_vnet)) == NULL)
		return (ENOMEM);
	error = label_room(c, lt);
	if (error == 0)
		error = label_create(c, lt, &want);
	fr->flr_label = htonl(want.lb_label);
	return (error);
}

static void
lease_end(struct lx_lease **lep)
{
	struct lx_lease *le = *lep;
	struct lx_label *lb = le->le_label;

	*lep = le->le_next;
	lb->lb_lastuse = lx_now();
	label_unalloc(lb->lb_all, le, sizeof(*le));
	if (--lb->lb_users == 0 && lb->lb_all->lt_vnet == NULL)
		label_remove(lb);
}

static int
label_put(struct lx_sock *ls, const struct in6_flowlabel_req *fr)
{
	const uint32_t label = ntohl(fr->flr_label);
	struct lx_lease **lep;
	const uint32_t none = 0;

	if ((fr->flr_flags & IPV6_FL_F_REFLECT) != 0)
		return (ls->ls_proto == IPPROTO_TCP ? ESRCH : ENOPROTOOPT);
	for (lep = &ls->ls_leases; *lep != NULL; lep = &(*lep)->le_next) {
		if ((*lep)->le_label->lb_label != label)
			continue;
		if ((ls->ls_flow & LABEL_MASK) == label) {
			ls->ls_flow &= ~LABEL_MASK;
			(void)vi_setsockopt(ls->ls_so, VI_IPV6_FLOW, &none, sizeof(none));
		}
		lease_end(lep);
		return (0);
	}
	return (ESRCH);
}

static int
label_prolong(struct lx_call *c, const struct in6_flowlabel_req *fr)
{
	struct lx_label *lb = lease_find(c->c_sock, ntohl(fr->flr_label));

	if (lb == NULL && fr->flr_share == IPV6_FL_S_NONE && lx_call_has(c, CAP_NET_ADMIN))
		lb = label_find(labels_of(c->c_lx, c->c_sock->ls_vnet), ntohl(fr->flr_label));
	return (lb == NULL ? ESRCH : label_renew(c, lb, fr));
}

int64_t
label_setopt(struct lx_call *c)
{
	struct in6_flowlabel_req fr;
	uint32_t label;
	int error, len = (int)c->c_arg[4];

	if (len < (int)sizeof(fr))
		return (-EINVAL);
	error = lx_copyin(c, c->c_arg[3], &fr, sizeof(fr));
	if (error != 0)
		return (-error);
	label = fr.flr_label;
	switch (fr.flr_action) {
	case IPV6_FL_A_PUT:
		return (-label_put(c->c_sock, &fr));
	case IPV6_FL_A_RENEW:
		return (-label_prolong(c, &fr));
	case IPV6_FL_A_GET:
		error = len > (int)CMSG_ALIGN(sizeof(fr)) ? EINVAL : label_get(c, &fr);
		if (error == 0 && fr.flr_label != label)
			(void)lx_copyout(c, c->c_arg[3] + offsetof(struct in6_flowlabel_req, flr_label), &fr.flr_label, sizeof(fr.flr_label));
		return (-error);
	default:
		return (-EINVAL);
	}
}

int64_t
label_getopt(struct lx_call *c, int space)
{
	struct lx_sock *ls = c->c_sock;
	struct in6_flowlabel_req fr;
	const uint64_t now = lx_now();
	const struct lx_label *lb;
	int error, len = sizeof(fr);
	bool remote;

	if (space < len)
		return (-EINVAL);
	error = lx_copyin(c, c->c_arg[3], &fr, sizeof(fr));
	if (error != 0)
		return (-error);
	if (fr.flr_action != IPV6_FL_A_GET)
		return (-EINVAL);
	remote = (fr.flr_flags & IPV6_FL_F_REMOTE) != 0;	/* not known: 0 */
	memset(&fr, 0, sizeof(fr));
	if (!remote) {
		if ((lb = lease_find(ls, ls->ls_flow & LABEL_MASK)) == NULL)
			return (-ENOENT);
		fr.flr_label = htonl(lb->lb_label);
		fr.flr_share = lb->lb_share;
		fr.flr_expires = (uint16_t)(lb->lb_expires > now ? (lb->lb_expires - now) / NS : 0);
		fr.flr_linger = (uint16_t)(lb->lb_linger / NS);
		memcpy(&fr.flr_dst, lb->lb_dst, sizeof(fr.flr_dst));
	}
	error = lx_copyout(c, c->c_arg[4], &len, sizeof(len));
	if (error == 0)
		error = lx_copyout(c, c->c_arg[3], &fr, sizeof(fr));
	return (-error);
}

void
label_free(struct lx_sock *ls)
{
	while (ls->ls_leases != NULL)
		lease_end(&ls->ls_leases);
}

/* The vnet is paid back at once; labels that sockets hold go with these. */
static void
labels_end(struct lx_labels *lt)
{
	struct lx_label *lb, *next;

	LIST_REMOVE(lt, lt_link);
	vi_vnet_uncharge(lt->lt_vnet, lt->lt_ncharged, lt->lt_charged);
	lt->lt_vnet = NULL;
	lt->lt_n++;		/* until all were looked at */
	for (unsigned i = 0; i < LABEL_HASH; i++)
		LIST_FOREACH_SAFE(lb, &lt->lt_hash[i], lb_link, next)
			if (lb->lb_users == 0)
				label_remove(lb);
	if (--lt->lt_n == 0)
		free(lt);
}

void
labels_free(struct lx *lx, const struct vi_vnet *vn)
{
	struct lx_labels *lt, *next;

	for (unsigned i = 0; i < 1u << LX_LABELBITS; i++)
		LIST_FOREACH_SAFE(lt, &lx->lx_labels[i], lt_link, next)
			if (vn == NULL || lt->lt_vnet == vn)
				labels_end(lt);
}

void
labels_list(struct lx *lx, const struct vi_vnet *vn, lx_label_fn *fn, void *arg)
{
	struct lx_labels *lt = labels_of(lx, vn);
	const uint64_t now = lx_now();
	struct lx_labelinfo li;
	struct lx_label *lb;

	if (lt == NULL)
		return;
	labels_sweep(lt);
	for (unsigned i = 0; i < LABEL_HASH; i++)
		LIST_FOREACH(lb, &lt->lt_hash[i], lb_link) {
			li = (struct lx_labelinfo){ .li_label = lb->lb_label, .li_owner = lb->lb_share == IPV6_FL_S_USER ? lb->lb_owner : 0, .li_share = lb->lb_share,
				.li_users = lb->lb_users, .li_linger = lb->lb_linger / NS, .li_expires = ((int64_t)lb->lb_expires - (int64_t)now) / (int64_t)NS };
			memcpy(li.li_dst, lb->lb_dst, sizeof(li.li_dst));
			fn(arg, &li);
		}
}
