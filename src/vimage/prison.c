/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * Prisons form a tree below prison0.  All are on one list in ascending order of jid; children hang from their parent as well.
 * Names are hierarchical: "a.b" is b inside a, and each prison sees names relative to itself.
 *
 * Setting a prison is one transaction: parameters are parsed into a copy of its configuration (prison_param.c), a new prison gets its
 * containers in the order of their classes, and only then the copy is applied.  A failure undoes in reverse order.
 *
 * Removal: children first, then the vnet with all it has, the other containers in reverse order, then the prison.
 */
#include "vimage/prison.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/util.h"

struct vnet *
prison_vnet(const struct prison *pr)
{
	return (pr->pr_container[VCLASS_VNET]);
}

struct msglog *
prison_log(const struct prison *pr)
{
	while (!pr->pr_owns[VCLASS_VLOG])
		pr = pr->pr_parent;
	if (pr->pr_owns[VCLASS_VNET])
		return (&prison_vnet(pr)->vn_log);
	return (&((struct vlog *)pr->pr_container[VCLASS_VLOG])->vl_log);
}

static int
prison_idcmp(const struct prison *a, const struct prison *b)
{
	return (a->pr_jid < b->pr_jid ? -1 : a->pr_jid > b->pr_jid);
}

static int
prison_namecmp(const struct prison *a, const struct prison *b)
{
	return (strcmp(a->pr_name, b->pr_name));
}

RB_GENERATE(prisonidtree, prison, pr_idlink, prison_idcmp)
RB_GENERATE(prisonnametree, prison, pr_namelink, prison_namecmp)

struct prison *
prison_find(struct kernel *k, int jid)
{
	struct prison key;

	key.pr_jid = jid;
	return (RB_FIND(prisonidtree, &k->k_vimage->vk_prisons, &key));
}

struct prison *
prison_first(struct kernel *k)
{
	return (RB_MIN(prisonidtree, &k->k_vimage->vk_prisons));
}

struct prison *
prison_next(struct prison *pr)
{
	return (RB_NEXT(prisonidtree, &pr->pr_kernel->k_vimage->vk_prisons, pr));
}

struct prison *
prison_below(const struct prison *top, const struct prison *pr)
{
	struct prison *next = TAILQ_FIRST(&pr->pr_children);

	for (; next == NULL && pr != top; pr = pr->pr_parent)
		next = TAILQ_NEXT(pr, pr_sibling);
	return (next);
}

struct prison *
prison_ofvnet(struct vnet *vn)
{
	return (vn->vn_jid < 0 ? NULL : prison_find(vn->vn_kernel, vn->vn_jid));
}

bool
prison_ischild(const struct prison *ancestor, const struct prison *pr)
{
	for (pr = pr->pr_parent; pr != NULL; pr = pr->pr_parent)
		if (pr == ancestor)
			return (true);
	return (false);
}

const char *
prison_relname(const struct prison *caller, const struct prison *pr)
{
	size_t len = strlen(caller->pr_name);

	if (caller == pr)
		return ("0");
	if (caller->pr_parent == NULL)
		return (pr->pr_name);
	return (strncmp(pr->pr_name, caller->pr_name, len) == 0 && pr->pr_name[len] == '.' ? pr->pr_name + len + 1 : pr->pr_name);
}

/* Digits only: a jid.  Returns -1 otherwise. */
static int
name_tojid(const char *name)
{
	int jid = 0;

	if (*name == '\0')
		return (-1);
	for (; *name != '\0'; name++) {
		if (*name < '0' || *name > '9' || jid > 99999999)
			return (-1);
		jid = jid * 10 + (*name - '0');
	}
	return (jid);
}

struct prison *
prison_find_name(struct prison *caller, const char *name)
{
	struct prison *pr, key;
	size_t plen = caller->pr_parent == NULL ? 0 : strlen(caller->pr_name) + 1, len = strlen(name);
	int jid = name_tojid(name);

	if (jid == 0)
		return (caller);	/* "0" is the prison one is in, as in BSD */
	if (jid > 0) {
		pr = prison_find(caller->pr_kernel, jid);
	} else {
		if (plen + len >= sizeof(key.pr_name))
			return (NULL);
		if (plen > 0) {
			memcpy(key.pr_name, caller->pr_name, plen - 1);
			key.pr_name[plen - 1] = '.';
		}
		memcpy(key.pr_name + plen, name, len + 1);
		pr = RB_FIND(prisonnametree, &caller->pr_kernel->k_vimage->vk_prisonnames, &key);
	}
	return (pr != NULL && !pr->pr_dying && prison_ischild(caller, pr) ? pr : NULL);
}

void
prison_apply(struct prison *pr)
{
	struct vnet *vn = prison_vnet(pr);

	prison_priv_compute(pr);
	vlog_apply(pr);
	vcpu_apply(pr);
	if (vn == NULL || !pr->pr_owns[VCLASS_VNET])
		return;
	vn->vn_jid = pr->pr_jid;
	vn->vn_privs = pr->pr_privs;
}

void
prison_restrain(struct prison *pr)
{
	struct prison *child;

	TAILQ_FOREACH(child, &pr->pr_children, pr_sibling) {
		child->pr_conf.pc_allow &= pr->pr_conf.pc_allow;
		child->pr_conf.pc_ipcoff |= pr->pr_conf.pc_ipcoff;
		if (child->pr_conf.pc_securelevel < pr->pr_conf.pc_securelevel)
			child->pr_conf.pc_securelevel = pr->pr_conf.pc_securelevel;
		if (child->pr_conf.pc_store.ps_number[STORE_STATFS] < pr->pr_conf.pc_store.ps_number[STORE_STATFS])
			child->pr_conf.pc_store.ps_number[STORE_STATFS] = pr->pr_conf.pc_store.ps_number[STORE_STATFS];
		if (pr->pr_conf.pc_store.ps_number[STORE_DEVFS] != 0)
			child->pr_conf.pc_store.ps_number[STORE_DEVFS] = pr->pr_conf.pc_store.ps_number[STORE_DEVFS];
		prison_addrs_restrain(child);
		vcpu_restrain(child);
		prison_apply(child);
		prison_restrain(child);
	}
}

bool
prison_countprocs(struct prison *pr, uint32_t n, bool force)
{
	uint32_t had = pr->pr_ncounted;

	if (n > had && force)
		limit_force(&pr->pr_limits, LIMIT_PROCESSES, n - had);
	else if (n > had && !limit_take(&pr->pr_limits, LIMIT_PROCESSES, n - had))
		return (false);
	else if (n < had)
		limit_give(&pr->pr_limits, LIMIT_PROCESSES, had - n);
	pr->pr_ncounted = n;
	return (true);
}

void
prison_link(struct prison *pr)
{
	struct vimage_kern *vk = pr->pr_kernel->k_vimage;

	RB_INSERT(prisonidtree, &vk->vk_prisons, pr);
	RB_INSERT(prisonnametree, &vk->vk_prisonnames, pr);
	if (pr->pr_parent != NULL) {
		TAILQ_INSERT_TAIL(&pr->pr_parent->pr_children, pr, pr_sibling);
		for (struct prison *p = pr->pr_parent; p != NULL; p = p->pr_parent)
			p->pr_nchildren++;
	}
}

static void
prison_unlink(struct prison *pr)
{
	struct vimage_kern *vk = pr->pr_kernel->k_vimage;

	RB_REMOVE(prisonidtree, &vk->vk_prisons, pr);
	RB_REMOVE(prisonnametree, &vk->vk_prisonnames, pr);
	if (pr->pr_parent != NULL) {
		TAILQ_REMOVE(&pr->pr_parent->pr_children, pr, pr_sibling);
		for (struct prison *p = pr->pr_parent; p != NULL; p = p->pr_parent)
			p->pr_nchildren--;
	}
}

void
prison_rename(struct prison *pr, const char *name)
{
	struct vimage_kern *vk = pr->pr_kernel->k_vimage;

	RB_REMOVE(prisonnametree, &vk->vk_prisonnames, pr);
	memcpy(pr->pr_name, name, strlen(name) + 1);
	RB_INSERT(prisonnametree, &vk->vk_prisonnames, pr);
}

/* The vnet goes first, because it may log and uses its share; the others follow in reverse order. */
static unsigned
prison_free(struct prison *pr, vi_leak_fn *fn, void *arg)
{
	struct vnet *vn = prison_vnet(pr);
	unsigned leaks = 0;

	if (pr->pr_parent != NULL && pr->pr_parent->pr_container[VCLASS_VCPU] != NULL)
		prison_leavecputime(pr);
	(void)prison_countprocs(pr, 0, true);
	if (pr->pr_owns[VCLASS_VNET] && vn != NULL)
		leaks += container_detach(pr, VCLASS_VNET, fn, arg);
	for (unsigned vc = VCLASS_MAX; vc-- > 0;)
		leaks += container_detach(pr, (enum vclass)vc, fn, arg);
	prison_addrs_free(pr);
	for (unsigned i = 0; i < NITEMS(pr->pr_meta); i++)
		kfree(&pr->pr_kernel->k_acct, ACCT_PRISON, pr->pr_meta[i], META_MAXBUFSIZE);
	kfree(&pr->pr_kernel->k_acct, ACCT_PRISON, pr, sizeof(*pr));
	return (leaks);
}

int
prison_create(struct prison *parent, const char *name, int jid, const enum vmode modes[VCLASS_MAX], struct prison **prp)
{
	struct kernel *k = parent->pr_kernel;
	struct prison *pr;
	int error = 0;

	if ((pr = kmalloc(&k->k_acct, ACCT_PRISON, sizeof(*pr))) == NULL)
		return (ENOMEM);
	pr->pr_kernel = k;
	pr->pr_parent = parent;
	pr->pr_jid = jid;
	memcpy(pr->pr_name, name, strlen(name) + 1);
	TAILQ_INIT(&pr->pr_children);
	limitset_init(&pr->pr_limits, &parent->pr_limits);
	for (unsigned vc = 0; vc < VCLASS_MAX && error == 0; vc++)
		error = container_attach(pr, (enum vclass)vc, modes[vc]);
	if (error != 0) {
		(void)prison_free(pr, NULL, NULL);
		return (error);
	}
	prison_link(pr);
	*prp = pr;
	return (0);
}

unsigned
prison_destroy(struct prison *pr, vi_leak_fn *fn, void *arg)
{
	struct prison *child;
	unsigned leaks = 0;

	pr->pr_dying = true;
	while ((child = TAILQ_FIRST(&pr->pr_children)) != NULL)
		leaks += prison_destroy(child, fn, arg);
	prison_unlink(pr);
	return (leaks + prison_free(pr, fn, arg));
}

struct leaklog {
	struct vnet	*ll_vnet0;
	const char	*ll_jail;
	vi_leak_fn	*ll_fn;
	void		*ll_arg;
};

static void
prison_logleak(void *arg, const struct vi_leak *lk)
{
	struct leaklog *ll = arg;

	vnet_log(ll->ll_vnet0, LOG_ERR, "jail %s left %llu bytes in %llu objects of %s", ll->ll_jail, (unsigned long long)lk->lk_bytes,
	    (unsigned long long)lk->lk_count, lk->lk_zone);
	if (ll->ll_fn != NULL)
		ll->ll_fn(ll->ll_arg, lk);
}

int
prison_remove(struct prison *pr, vi_leak_fn *fn, void *arg)
{
	struct vimage_kern *vk = pr->pr_kernel->k_vimage;
	struct leaklog ll = { vk->vk_vnet0, "", fn, arg };
	char name[VI_NAMELEN];

	if (pr->pr_parent == NULL)
		return (EPERM);
	memcpy(name, pr->pr_name, sizeof(name));
	ll.ll_jail = name;
	(void)prison_destroy(pr, prison_logleak, &ll);
	return (0);
}

int
prison_init(struct kernel *k)
{
	struct vimage_kern *vk = k->k_vimage;
	struct prison *pr;
	int error = 0;

	RB_INIT(&vk->vk_prisons);
	RB_INIT(&vk->vk_prisonnames);
	if ((pr = kmalloc(&k->k_acct, ACCT_PRISON, sizeof(*pr))) == NULL)
		return (ENOMEM);
	pr->pr_kernel = k;
	pr->pr_name[0] = '0';
	TAILQ_INIT(&pr->pr_children);
	limitset_init(&pr->pr_limits, NULL);
	pr->pr_conf.pc_allow = PR_ALLOW_ALL;
	pr->pr_conf.pc_children_max = 999999;
	pr->pr_conf.pc_persist = true;
	pr->pr_conf.pc_securelevel = -1;
	pr->pr_conf.pc_path[0] = '/';
	pr->pr_conf.pc_logcopy = -1;
	for (unsigned vc = 0; vc < VCLASS_MAX && error == 0; vc++)
		error = container_attach(pr, (enum vclass)vc, VMODE_NEW);
	if (error != 0) {
		(void)prison_free(pr, NULL, NULL);
		return (error);
	}
	prison_link(pr);
	vk->vk_prison0 = pr;
	vk->vk_vnet0 = prison_vnet(pr);
	prison_apply(pr);
	return (0);
}

unsigned
prison_fini(struct kernel *k, vi_leak_fn *fn, void *arg)
{
	struct vimage_kern *vk = k->k_vimage;
	unsigned leaks = 0;

	if (vk->vk_prison0 != NULL)
		leaks = prison_destroy(vk->vk_prison0, fn, arg);
	vk->vk_prison0 = NULL;
	vk->vk_vnet0 = NULL;
	return (leaks);
}
