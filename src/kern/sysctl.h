/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knobs.  A module describes them in one const table; values live in the module's per-vnet struct, so a vnet
 * pays nothing for the tree.  vimage/ collects the tables of all modules of a kernel.
 */
#ifndef KERN_SYSCTL_H
#define KERN_SYSCTL_H

#include <stddef.h>
#include <stdint.h>

#include <vimage/sysctl.h>

struct vnet;

enum {
	CTL_RD = 0,		/* read-only */
	CTL_RW = 1,
	CTL_TUN = 2,		/* read-only after the vnet began */
	CTL_KERNEL = 4,		/* of the whole kernel: jails may only read */
	CTL_SECRET = 8,		/* told to the administrator alone */
};

struct sysctl_desc {
	/*
	 * "net.inet.tcp.mssdflt"; NULL ends the table.  A '*' stands for one of several instances: sd_fn is called with the name that is meant; read
	 * with the '*' in it, it gives the instances, with blanks between.
	 */
	const char	*sd_name;
	enum vi_sysctl_type sd_type;
	unsigned	 sd_flags;	/* CTL_* */
	size_t		 sd_off;	/* of the int / unsigned / uint64_t / char[] in the module's struct */
	int64_t		 sd_min, sd_max;	/* inclusive; for strings sd_max is the size of the array */
	/*
	 * Optional.  Called instead of the plain access: value is the text to set or NULL to read into buf.  A set handler that returns 0
	 * has done everything; SYSCTL_STORE asks for the plain store after its own check.
	 */
	int		(*sd_fn)(struct vnet *, const struct sysctl_desc *, const char *value, char *buf, size_t len);
	const char	*sd_descr;
};
#define SYSCTL_STORE	(-1)

#define CTL_INT(name, flags, type, member, min, max, descr) \
	{ (name), VI_CTL_INT, (flags), offsetof(type, member), (min), (max), NULL, (descr) }
#define CTL_UINT(name, flags, type, member, min, max, descr) \
	{ (name), VI_CTL_UINT, (flags), offsetof(type, member), (min), (max), NULL, (descr) }
#define CTL_U64(name, flags, type, member, descr) \
	{ (name), VI_CTL_U64, (flags), offsetof(type, member), 0, INT64_MAX, NULL, (descr) }
#define CTL_PROC(name, type, flags, fn, descr) { (name), (type), (flags), 0, INT64_MIN, INT64_MAX, (fn), (descr) }
#define CTL_END { NULL, VI_CTL_INT, 0, 0, 0, 0, NULL, NULL }

/* Plain access to one value at base + sd_off; range-checked; EINVAL.  kern/sysctl.c */
int	sysctl_desc_set(const struct sysctl_desc *, void *base, const char *value);
int	sysctl_desc_get(const struct sysctl_desc *, const void *base, char *buf, size_t len);
/* The next of several numbers in a text, behind blanks (more than UINT_MAX counts as that), and what follows it; NULL: there is none. */
const char *sysctl_field(const char *p, unsigned *v);

/* Counters: uint64_t members of the module's struct, with the words of netstat -s. */
struct stat_desc {
	const char	*st_proto;	/* "tcp" */
	const char	*st_name;	/* "tcps_sndtotal"; NULL ends the table */
	size_t		 st_off;
	const char	*st_text;	/* "packet%s sent": %s is the plural ending; NULL: not shown by netstat */
};
#define STAT(proto, type, member, text) { (proto), #member, offsetof(type, member), (text) }
#define STAT_IN(proto, type, sub, member, text) { (proto), #member, offsetof(type, sub.member), (text) }
#define STAT_END { NULL, NULL, 0, NULL }

#endif
