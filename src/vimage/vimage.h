/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The framework's part of a kernel: modules in order, vnets, prisons.  Everything here is under the kernel lock.
 */
#ifndef VIMAGE_VIMAGE_INT_H
#define VIMAGE_VIMAGE_INT_H

#include <bsd/sys/tree.h>

#include "vimage/vnet.h"

struct prison;
TAILQ_HEAD(vnetlist, vnet);
RB_HEAD(vnettree, vnet);
RB_HEAD(prisonidtree, prison);
RB_HEAD(prisonnametree, prison);

struct vimage_kern {
	const struct vnet_module *vk_modules[VNET_NMODULES];	/* (c) in attach order */
	unsigned	 vk_nmodules;
	struct vnetlist	 vk_vnets;
	struct vnettree	 vk_byid;
	uint32_t	 vk_nvnets;
	uint32_t	 vk_nextid;
	unsigned	 vk_nextworker;
	struct vnet	*vk_vnet0;
	struct prison	*vk_prison0;
	struct prisonidtree vk_prisons;	/* by jid */
	struct prisonnametree vk_prisonnames;
	int		 vk_lastjid;
	uint32_t	 vk_lastcpuset;	/* cpuset.id */
};

/* Builds the framework on a kernel that kernel_init() made: sorts the modules, makes vnet0 and prison0. */
int	 vimage_init(struct kernel *, const struct vnet_module *const *, unsigned n);
unsigned vimage_fini(struct kernel *, vi_leak_fn *, void *arg);
RB_PROTOTYPE(vnettree, vnet, vn_idlink, vnet_idcmp);

/* Orders modules by vm_after.  EINVAL: a cycle or an unknown name. */
int	 vnet_modules_sort(const struct vnet_module *const *in, unsigned n, const struct vnet_module **out);

/* For every module with a table. */
void	 vnet_stats(struct vnet *, const char *proto, vi_stat_fn *, void *arg);
void	 vnet_stats_clear(struct vnet *, const char *proto);
int	 vnet_sysctl_list(struct vnet *, const char *name, vi_sysctl_fn *, void *arg);
int	 vnet_sysctl_set(struct vnet *, const char *name, const char *value, bool priv);
int	 vnet_sysctl_get(struct vnet *, const char *name, char *buf, size_t len);

#endif
