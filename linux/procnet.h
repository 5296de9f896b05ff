/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files of /proc/net as texts.  They are Linux's, to the blank: programs read them with scanf.
 */
#ifndef LINUX_PROCNET_H
#define LINUX_PROCNET_H

#include <stddef.h>

struct lx;
struct vi_vnet;

/* The names, in ls(1)'s order; NULL: the end. */
const char *lx_procnet_name(unsigned i);
/*
 * What the file holds now, allocated, the caller's to free().  With the kernel lock.
 * ENOENT: no such file; ENOMEM; EFBIG: more than LX_PROCNET_MAX bytes.
 */
#define LX_PROCNET_MAX (16u << 20)
int	lx_procnet_text(struct lx *, struct vi_vnet *, const char *name, char **text, size_t *len);

#endif
