/* SPDX-License-Identifier: BSD-2-Clause */
/* priv.h */
#include <vimage/priv.h>

#include <errno.h>

#include "api/api.h"
#include "vimage/prison.h"

struct prison *
api_prison(struct vi_kernel *k, int jid)
{
	struct vimage_kern *vk = api_kernel(k)->k_vimage;

	return (jid == 0 ? vk->vk_prison0 : prison_find(api_kernel(k), jid));
}

void
vi_priv_describe(enum vi_priv p, struct vi_privinfo *pi)
{
	priv_describe(p, pi);
}

unsigned
vi_priv_class(enum vi_priv p)
{
	return (priv_class(p));
}

enum vi_priv
vi_priv_byname(const char *name)
{
	return (priv_byname(name));
}

int
vi_jail_priv(struct vi_kernel *k, int jid, const struct vi_cred *cred, enum vi_priv priv)
{
	struct prison *pr = api_prison(k, jid);

	return (pr == NULL ? ENOENT : prison_priv_check(pr, cred, priv));
}

void
vi_jail_refused(struct vi_kernel *k, int jid, const struct vi_cred *cred, enum vi_priv priv, const char *what)
{
	struct prison *pr = api_prison(k, jid);

	if (pr != NULL)
		priv_refused(prison_log(pr), cred, priv, what);
}

/*
 * The owner's administrator has it by the owner's set; who stands above could have entered the owner's jail, and needs only what he may give.
 */
int
vi_vnet_priv(struct vi_vnet *vn, int callerid, const struct vi_cred *cred, enum vi_priv priv)
{
	struct kernel *k = api_vnet(vn)->vn_kernel;
	struct prison *caller = prison_find(k, callerid), *owner = prison_ofvnet(api_vnet(vn));

	if (caller == NULL)
		return (ENOENT);
	if (owner != NULL && prison_ischild(caller, owner))
		return (priv_check(caller->pr_bound, prison_log(caller), cred, priv));
	if (prison_vnet(caller) == api_vnet(vn))
		return (priv_check(caller->pr_privs, prison_log(caller), cred, priv));
	return (priv_check(0, prison_log(caller), cred, priv));
}

uint64_t
vi_jail_privs(struct vi_kernel *k, int jid)
{
	struct prison *pr = api_prison(k, jid);

	return (pr == NULL ? 0 : pr->pr_privs);
}

uint64_t
vi_jail_denied(struct vi_kernel *k, int jid)
{
	struct prison *pr = api_prison(k, jid);

	/* The owner's set itself changes at once, for those who hold credentials as well. */
	return (pr == NULL ? PRIV_ALL : pr->pr_owns[VCLASS_VNET] ? 0 : PRIV_ALL & ~pr->pr_privs);
}
