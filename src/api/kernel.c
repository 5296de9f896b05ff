/* SPDX-License-Identifier: BSD-2-Clause */
/* vimage.h: kernels, workers, vnets. */
#include <vimage/vimage.h>

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "api/api.h"
#include "base/util.h"
#include "net/ifnet.h"
#include "vimage/prison.h"
#include "vimage/vimage.h"

/* The modules of this library. */
static const struct vnet_module *const api_modules[] = {
#define X(name) &name##_vnet_module,
#include "vimage/modules.def"
#undef X
};

int
vi_kernel_new(const struct vi_kernel_params *kp, struct vi_kernel **kpp)
{
	struct kernel *k;
	int error;

	*kpp = NULL;
	if (kp->kp_host == NULL)
		return (EINVAL);
	if ((error = kernel_init(kp, &k)) != 0)
		return (error);
	kernel_lock(k);
	error = vimage_init(k, api_modules, NITEMS(api_modules));
	kernel_unlock(k);
	if (error != 0) {
		net_kernel_fini(k);
		kernel_fini(k);
		return (error);
	}
	*kpp = (struct vi_kernel *)k;
	return (0);
}

unsigned
vi_kernel_free(struct vi_kernel *vk, vi_leak_fn *fn, void *arg)
{
	struct kernel *k = api_kernel(vk);
	unsigned leaks;

	kernel_lock(k);
	leaks = vimage_fini(k, fn, arg);
	net_kernel_fini(k);
	kernel_unlock(k);
	kernel_fini(k);
	return (leaks);
}

struct vi_host *
vi_kernel_host(struct vi_kernel *k)
{
	return (kernel_host(api_kernel(k)));
}

struct vi_vnet *
vi_vnet0(struct vi_kernel *k)
{
	return (vnet_api(api_kernel(k)->k_vimage->vk_vnet0));
}

uint64_t
vi_kernel_poll(struct vi_kernel *k)
{
	return (kernel_poll(api_kernel(k)));
}

uint64_t
vi_kernel_run(struct vi_kernel *k, uint64_t until, const bool *stop)
{
	return (kernel_run(api_kernel(k), until, stop));
}

int
vi_kernel_at(struct vi_kernel *k, uint64_t when, vi_event_fn *fn, void *arg)
{
	return (kernel_at(api_kernel(k), when, fn, arg));
}

unsigned
vi_kernel_nworkers(const struct vi_kernel *k)
{
	return (((const struct kernel *)k)->k_nworkers);
}

struct vi_worker *
vi_kernel_worker(struct vi_kernel *k, unsigned i)
{
	return (i < api_kernel(k)->k_nworkers ? (struct vi_worker *)kernel_worker(api_kernel(k), i) : NULL);
}

void
vi_worker_enter(struct vi_worker *w)
{
	worker_enter(api_worker(w));
}

void
vi_worker_leave(struct vi_worker *w)
{
	worker_leave(api_worker(w));
}

uint64_t
vi_worker_poll(struct vi_worker *w)
{
	return (worker_poll(api_worker(w)));
}

void
vi_kernel_lock(struct vi_kernel *k)
{
	kernel_lock(api_kernel(k));
}

void
vi_kernel_unlock(struct vi_kernel *k)
{
	kernel_unlock(api_kernel(k));
}

int
vi_vnet_create(struct vi_kernel *k, const char *name, struct vi_vnet **vnp)
{
	struct vnet *vn;
	int error;

	*vnp = NULL;
	if ((error = vnet_create(api_kernel(k), name, NULL, &vn)) == 0)
		*vnp = vnet_api(vn);
	return (error);
}

unsigned
vi_vnet_destroy(struct vi_vnet *vn, vi_leak_fn *fn, void *arg)
{
	return (vnet_destroy(api_vnet(vn), fn, arg));
}

struct vi_kernel *
vi_vnet_kernel(const struct vi_vnet *vn)
{
	return ((struct vi_kernel *)api_cvnet(vn)->vn_kernel);
}

const char *
vi_vnet_name(const struct vi_vnet *vn)
{
	return (api_cvnet(vn)->vn_name);
}

uint32_t
vi_vnet_id(const struct vi_vnet *vn)
{
	return (api_cvnet(vn)->vn_id);
}

unsigned
vi_vnet_worker(const struct vi_vnet *vn)
{
	return (worker_index(lane_worker(&api_cvnet(vn)->vn_lane)));
}

int
vi_vnet_set_worker(struct vi_vnet *vvn, unsigned i)
{
	struct vnet *vn = api_vnet(vvn);

	if (i >= vn->vn_kernel->k_nworkers)
		return (EINVAL);
	lane_move(&vn->vn_lane, kernel_worker(vn->vn_kernel, i));
	return (0);
}

int
vi_vnet_set_share(struct vi_vnet *vn, unsigned share)
{
	if (share < 1 || share > 10000)
		return (EINVAL);
	api_vnet(vn)->vn_lane.ln_share = share;
	return (0);
}

void
vi_vnet_spent(struct vi_vnet *vn, uint64_t ns)
{
	lane_spent(&api_vnet(vn)->vn_lane, ns);
}

uint64_t
vi_vnet_looped(struct vi_vnet *vn)
{
	return (net_vnet(api_vnet(vn))->nv_looped);
}

uint64_t
vi_vnet_run(struct vi_vnet *vn)
{
	return (lane_run(&api_vnet(vn)->vn_lane));
}

int
vi_vnet_charge(struct vi_vnet *vn, size_t bytes)
{
	return (acct_charge(vnet_acct(api_vnet(vn)), ACCT_MISC, bytes));
}

void
vi_vnet_uncharge(struct vi_vnet *vn, unsigned n, size_t bytes)
{
	acct_unchargeall(vnet_acct(api_vnet(vn)), ACCT_MISC, n, bytes);
}

bool
vi_vnet_busy(struct vi_vnet *vn)
{
	return (lane_busy(&api_vnet(vn)->vn_lane));
}

static void
api_account(const char *name, const struct acct *ac, uint64_t count, vi_account_fn *fn, void *arg)
{
	fn(arg, &(struct vi_account){ .va_name = name, .va_count = count, .va_bytes = ac->ac_bytes, .va_peak = ac->ac_peak,
	    .va_limit = ac->ac_limit, .va_failures = ac->ac_failures });
}

void
vi_vnet_accounts(struct vi_vnet *vvn, vi_account_fn *fn, void *arg)
{
	struct acctset *as = vnet_acct(api_vnet(vvn));

	api_account("memory", &as->as_total, acctset_count(as), fn, arg);
	for (unsigned i = 0; i < ACCT_MAX; i++)
		api_account(acct_name((enum acct_type)i), &as->as_acct[i], as->as_acct[i].ac_count, fn, arg);
}

int
vi_vnet_set_limit(struct vi_vnet *vvn, const char *account, uint64_t bytes)
{
	struct acctset *as = vnet_acct(api_vnet(vvn));

	if (strcmp(account, "memory") == 0) {
		acctset_setlimit(as, bytes);
		return (0);
	}
	for (unsigned i = 0; i < ACCT_MAX; i++) {
		if (strcmp(account, acct_name((enum acct_type)i)) == 0) {
			acct_setlimit(as, (enum acct_type)i, bytes);
			return (0);
		}
	}
	return (ENOENT);
}

uint64_t
vi_vnet_memory(struct vi_vnet *vn)
{
	/* The vnet's own struct is the kernel's, but it is part of its price. */
	return (api_vnet(vn)->vn_acct.as_total.ac_bytes + sizeof(struct vnet));
}

uint64_t
vi_vnet_cputime(struct vi_vnet *vn)
{
	return (vnet_cputime(api_vnet(vn)));
}

void
vi_stats(struct vi_vnet *vn, const char *proto, vi_stat_fn *fn, void *arg)
{
	vnet_stats(api_vnet(vn), proto, fn, arg);
}

void
vi_stats_clear(struct vi_vnet *vn, const char *proto)
{
	vnet_stats_clear(api_vnet(vn), proto);
}

uint64_t
vi_log_read(struct vi_vnet *vn, uint64_t after, vi_log_fn *fn, void *arg)
{
	return (msglog_read(&api_vnet(vn)->vn_log, after, fn, arg));
}

void
vi_log_clear(struct vi_vnet *vn)
{
	msglog_clear(&api_vnet(vn)->vn_log);
}

void
vi_log(struct vi_vnet *vn, unsigned level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	msglog_vput(&api_vnet(vn)->vn_log, level, fmt, ap);
	va_end(ap);
}

int
vi_sysctl_list(struct vi_vnet *vn, const char *name, vi_sysctl_fn *fn, void *arg)
{
	return (vnet_sysctl_list(api_vnet(vn), name, fn, arg));
}

int
vi_sysctl_set(struct vi_vnet *vn, const char *name, const char *value, const struct vi_cred *cred)
{
	return (vnet_sysctl_set(api_vnet(vn), name, value, cred->cr_priv));
}

int
vi_sysctl_get(struct vi_vnet *vn, const char *name, char *buf, size_t len)
{
	return (vnet_sysctl_get(api_vnet(vn), name, buf, len));
}
