/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * The modules of a kernel are sorted once, by their vm_after.  Creating a vnet allocates each module's state, copies the defaults
 * and calls attach in that order; destruction runs in three phases:
 *
 *	stop	in reverse order.  No new work, connections reset, timers cancelled, borrowed interfaces returned.
 *	drain	the lane runs until nothing is queued, so that what modules had posted sees a stopped vnet and nothing later.
 *	detach	in reverse order.  Everything is freed.
 *
 * Then every account of the vnet must read zero; what does not is a leak, and is reported with its name, count and, in builds that
 * keep track, the place where it was allocated.  Nothing outside refers to a vnet: packets on their way to others were disowned,
 * sockets that users still hold are dead and belong to their worker.
 */
#include "vimage/vnet.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/assert.h"
#include "base/util.h"
#include "vimage/priv.h"
#include "vimage/vimage.h"

static int
vnet_idcmp(const struct vnet *a, const struct vnet *b)
{
	return (a->vn_id < b->vn_id ? -1 : a->vn_id > b->vn_id);
}

RB_GENERATE(vnettree, vnet, vn_idlink, vnet_idcmp)

/* Is `name` one of the words of `list`? */
static bool
wordlist_has(const char *list, const char *name)
{
	size_t len = strlen(name);
	const char *p = list;

	while (p != NULL && (p = strstr(p, name)) != NULL) {
		if ((p == list || p[-1] == ' ') && (p[len] == ' ' || p[len] == '\0'))
			return (true);
		p += len;
	}
	return (false);
}

/* Does every word of vm_after name a module of `in`?  A misspelt one would order nothing. */
static bool
module_known(const struct vnet_module *vm, const struct vnet_module *const *in, unsigned n)
{
	size_t words = 0, found = 0;

	if (vm->vm_after == NULL)
		return (true);
	for (const char *p = vm->vm_after; *p != '\0'; p++)
		words += *p != ' ' && (p == vm->vm_after || p[-1] == ' ');
	for (unsigned i = 0; i < n; i++)
		found += wordlist_has(vm->vm_after, in[i]->vm_name);
	return (found == words);
}

static bool
module_ready(const struct vnet_module *vm, const struct vnet_module *const *in, unsigned n, const bool *done)
{
	for (unsigned i = 0; i < n; i++)
		if (!done[i] && in[i] != vm && vm->vm_after != NULL && wordlist_has(vm->vm_after, in[i]->vm_name))
			return (false);
	return (true);
}

int
vnet_modules_sort(const struct vnet_module *const *in, unsigned n, const struct vnet_module **out)
{
	bool done[VNET_NMODULES] = { false };
	unsigned nout = 0, i;

	VI_ASSERT(n <= VNET_NMODULES);
	for (i = 0; i < n; i++)
		if (!module_known(in[i], in, n))
			return (EINVAL);
	while (nout < n) {
		for (i = 0; i < n; i++)
			if (!done[i] && module_ready(in[i], in, n, done))
				break;
		if (i == n)
			return (EINVAL);
		done[i] = true;
		out[nout++] = in[i];
	}
	return (0);
}

#if VIMAGE_SINGLE
#define X(name) extern struct name##_vnet name##_vnet0;
#include "vimage/modules.def"
#undef X
static void *const vnet_single_state[VNET_NMODULES] = {
#define X(name) [VNET_SLOT_##name] = &name##_vnet0,
#include "vimage/modules.def"
#undef X
};
#endif

static int
module_attach(struct vnet *vn, const struct vnet_module *vm)
{
	void *state = NULL;
	int error;

	if (vm->vm_size > 0) {
#if VIMAGE_SINGLE
		state = vnet_single_state[vm->vm_slot];
		memset(state, 0, vm->vm_size);
#else
		if ((state = kmalloc(vnet_acct(vn), ACCT_MODULE, vm->vm_size)) == NULL)
			return (ENOMEM);
#endif
		if (vm->vm_defaults != NULL)
			memcpy(state, vm->vm_defaults, vm->vm_size);
	}
	vn->vn_state[vm->vm_slot] = state;
	if (vm->vm_attach == NULL || (error = vm->vm_attach(vn)) == 0)
		return (0);
#if !VIMAGE_SINGLE
	kfree(vnet_acct(vn), ACCT_MODULE, state, vm->vm_size);
#endif
	vn->vn_state[vm->vm_slot] = NULL;
	return (error);
}

static void
module_detach(struct vnet *vn, const struct vnet_module *vm)
{
	if (vm->vm_detach != NULL)
		vm->vm_detach(vn);
#if !VIMAGE_SINGLE
	kfree(vnet_acct(vn), ACCT_MODULE, vn->vn_state[vm->vm_slot], vm->vm_size);
#endif
	vn->vn_state[vm->vm_slot] = NULL;
}

/* The three phases for the first n modules. */
static void
vnet_dismantle(struct vnet *vn, unsigned n)
{
	struct vimage_kern *vk = vn->vn_kernel->k_vimage;

	vn->vn_phase = VNET_STOPPING;
	for (unsigned i = n; i-- > 0;)
		if (vk->vk_modules[i]->vm_stop != NULL)
			vk->vk_modules[i]->vm_stop(vn);
	lane_drain(&vn->vn_lane);
	vn->vn_phase = VNET_DRAINED;
	for (unsigned i = n; i-- > 0;)
		module_detach(vn, vk->vk_modules[i]);
	lane_fini(&vn->vn_lane);
	msglog_fini(&vn->vn_log);
}

struct leakctx {
	vi_leak_fn	*lc_fn;
	void		*lc_arg;
};

static void
vnet_leak(void *arg, enum acct_type type, const struct acct *ac)
{
	struct leakctx *lc = arg;
	struct vi_leak lk = { .lk_zone = acct_name(type), .lk_count = ac->ac_count, .lk_bytes = ac->ac_bytes };

	if (lc->lc_fn != NULL)
		lc->lc_fn(lc->lc_arg, &lk);
}

static unsigned
vnet_free(struct vnet *vn, vi_leak_fn *fn, void *arg)
{
	struct leakctx lc = { fn, arg };
	struct vimage_kern *vk = vn->vn_kernel->k_vimage;
	unsigned leaks = acctset_check(&vn->vn_acct, vnet_leak, &lc);

	VI_ASSERT(LIST_EMPTY(&vn->vn_annexes) && vn->vn_annexof == NULL);
	acctset_ungrant(&vn->vn_acct);
	TAILQ_REMOVE(&vk->vk_vnets, vn, vn_link);
	RB_REMOVE(vnettree, &vk->vk_byid, vn);
	vk->vk_nvnets--;
	kfree(&vn->vn_kernel->k_acct, ACCT_MODULE, vn, sizeof(*vn));
	return (leaks);
}

static int
vnet_alloc(struct kernel *k, const char *name, struct limitset *ls, struct vnet **vnp)
{
	struct vimage_kern *vk = k->k_vimage;
	struct worker *w = kernel_worker(k, vk->vk_nextworker++ % k->k_nworkers);
	struct vnet *vn;
	int error;

#if VIMAGE_SINGLE
	if (vk->vk_nvnets > 0)
		return (EOPNOTSUPP);	/* this build is one instance */
#endif
	if (strlen(name) >= sizeof(vn->vn_name))
		return (ENAMETOOLONG);
	if ((vn = kmalloc(&k->k_acct, ACCT_MODULE, sizeof(*vn))) == NULL)
		return (ENOMEM);
	vn->vn_kernel = k;
	vn->vn_jid = -1;
	vn->vn_privs = PRIV_ALL;
	memcpy(vn->vn_name, name, strlen(name) + 1);
	acctset_init(&vn->vn_acct, k, worker_cache(w));
	msglog_init(&vn->vn_log, &vn->vn_acct, name);
	acctset_setlimits(&vn->vn_acct, ls, &vn->vn_log);
	if ((error = lane_init(&vn->vn_lane, k, w, &vn->vn_acct)) != 0) {
		acctset_ungrant(&vn->vn_acct);
		kfree(&k->k_acct, ACCT_MODULE, vn, sizeof(*vn));
		return (error);
	}
	vn->vn_id = ++vk->vk_nextid;
	TAILQ_INSERT_TAIL(&vk->vk_vnets, vn, vn_link);
	RB_INSERT(vnettree, &vk->vk_byid, vn);
	vk->vk_nvnets++;
	*vnp = vn;
	return (0);
}

int
vnet_create(struct kernel *k, const char *name, struct limitset *ls, struct vnet **vnp)
{
	struct vimage_kern *vk = k->k_vimage;
	struct vnet *vn;
	int error;

	if ((error = vnet_alloc(k, name, ls, &vn)) != 0)
		return (error);
	for (unsigned i = 0; i < vk->vk_nmodules; i++) {
		if ((error = module_attach(vn, vk->vk_modules[i])) != 0) {
			vnet_dismantle(vn, i);
			(void)vnet_free(vn, NULL, NULL);
			return (error);
		}
	}
	vn->vn_phase = VNET_RUNNING;
	*vnp = vn;
	return (0);
}

unsigned
vnet_destroy(struct vnet *vn, vi_leak_fn *fn, void *arg)
{
	vnet_dismantle(vn, ((struct vimage_kern *)vn->vn_kernel->k_vimage)->vk_nmodules);
	return (vnet_free(vn, fn, arg));
}

void
vnet_annex(struct vnet *vn, struct vnet *to)
{
	if (vn->vn_annexof == to)
		return;
	if (vn->vn_annexof != NULL) {
		LIST_REMOVE(vn, vn_annexlink);
		/* What was used stays used. */
		vn->vn_annexof->vn_lane.ln_cputime += vn->vn_lane.ln_cputime;
		vn->vn_lane.ln_cputime = 0;
	}
	if ((vn->vn_annexof = to) != NULL)
		LIST_INSERT_HEAD(&to->vn_annexes, vn, vn_annexlink);
	vn->vn_lane.ln_quota = to != NULL ? to->vn_lane.ln_quota : NULL;
	acctset_setpayer(&vn->vn_acct, to != NULL ? to->vn_acct.as_limits : NULL);
	msglog_copyto(&vn->vn_log, to != NULL ? &to->vn_log : NULL, LOG_DEBUG, to != NULL);
}

uint64_t
vnet_cputime(const struct vnet *vn)
{
	uint64_t sum = vn->vn_lane.ln_cputime;
	const struct vnet *annex;

	LIST_FOREACH(annex, &vn->vn_annexes, vn_annexlink)
		sum += annex->vn_lane.ln_cputime;
	return (sum);
}

void
vnet_setquota(struct vnet *vn, struct quota *q)
{
	struct vnet *annex;

	vn->vn_lane.ln_quota = q;
	LIST_FOREACH(annex, &vn->vn_annexes, vn_annexlink)
		annex->vn_lane.ln_quota = q;
}

void
vnet_relimit(struct vnet *vn)
{
	struct vnet *annex;

	acctset_relimit(&vn->vn_acct);
	LIST_FOREACH(annex, &vn->vn_annexes, vn_annexlink)
		acctset_relimit(&annex->vn_acct);
}

struct vnet *
vnet_byid(struct kernel *k, uint32_t id)
{
	struct vnet key = { .vn_id = id };

	return (RB_FIND(vnettree, &k->k_vimage->vk_byid, &key));
}

struct vnet *
vnet_first(struct kernel *k)
{
	return (TAILQ_FIRST(&k->k_vimage->vk_vnets));
}

struct vnet *
vnet_next(struct vnet *vn)
{
	return (TAILQ_NEXT(vn, vn_link));
}

static bool
event_is_departure(enum vnet_event ev)
{
	return (ev == VNET_EV_IFDETACH || ev == VNET_EV_IFDOWN || ev == VNET_EV_IFADDR_TAKEN ||
	    ev == VNET_EV_IFADDR_DEL);
}

void
vnet_event(struct vnet *vn, enum vnet_event ev, void *obj)
{
	struct vimage_kern *vk = vn->vn_kernel->k_vimage;
	const struct vnet_module *vm;

	for (unsigned i = 0; i < vk->vk_nmodules; i++) {
		vm = vk->vk_modules[event_is_departure(ev) ? vk->vk_nmodules - 1 - i : i];
		/* A module that is not attached yet, or no more, hears nothing. */
		if (vm->vm_event != NULL && vn->vn_state[vm->vm_slot] != NULL)
			vm->vm_event(vn, ev, obj);
	}
}

void
vnet_log(struct vnet *vn, unsigned level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	msglog_vput(&vn->vn_log, level, fmt, ap);
	va_end(ap);
}

bool
vnet_logdue(struct vnet *vn, enum vnet_logkind kind)
{
	static const struct { uint64_t burst; const char *text; } kinds[VNET_LOG_MAX] = {
#define VNET_LOGKIND(tag, burst, text) { burst, text },
		VNET_LOGKINDS(VNET_LOGKIND)
#undef VNET_LOGKIND
	};
	struct lograte *lr = &vn->vn_lograte[kind];
	uint64_t now = vnet_now(vn);

	if (now >= lr->lr_end) {
		if (lr->lr_count > kinds[kind].burst)
			vnet_log(vn, LOG_NOTICE, "%llu %s since the last word of them", (unsigned long long)(lr->lr_count - kinds[kind].burst), kinds[kind].text);
		lr->lr_end = now + VNET_LOGWINDOW;
		lr->lr_count = 0;
	}
	return (++lr->lr_count == kinds[kind].burst);
}
