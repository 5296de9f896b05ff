/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sysctl tree of a vnet.  Names as in FreeBSD ("net.inet.ip.forwarding").  Calls are *management*.
 */
#ifndef VIMAGE_SYSCTL_H
#define VIMAGE_SYSCTL_H

#include <vimage/types.h>

#ifdef __cplusplus
extern "C" {
#endif

enum vi_sysctl_type { VI_CTL_INT = 1, VI_CTL_UINT, VI_CTL_U64, VI_CTL_STRING };

struct vi_sysctl {
	const char	*sy_name;
	const char	*sy_descr;
	enum vi_sysctl_type sy_type;
	bool		 sy_writable;
	bool		 sy_vnet;	/* private to the vnet; otherwise of the whole kernel and read-only in jails */
	const char	*sy_value;	/* as text */
	bool		 sy_secret;	/* for the stack's administrator alone */
};
typedef void vi_sysctl_fn(void *arg, const struct vi_sysctl *);

/* name: a leaf or a node ("net.inet"); fn is called for each leaf, in tree order.  ENOENT.  "" = all. */
VI_API int	vi_sysctl_list(struct vi_vnet *, const char *name, vi_sysctl_fn *, void *arg);
/* ENOENT, EPERM (read-only, or not the jail's), EINVAL (not a number, or out of range: err says which), EISDIR (a node). */
VI_API int	vi_sysctl_set(struct vi_vnet *, const char *name, const char *value, const struct vi_cred *);
VI_API int	vi_sysctl_get(struct vi_vnet *, const char *name, char *buf, size_t len);

#ifdef __cplusplus
}
#endif
#endif
