/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files of /proc/net as texts.  They are Linux's, to the blank: programs read them with scanf.
 */
#ifndef LINUX_PROCNET_H
#define LINUX_PROCNET_H

#include <stddef.h>
#include <stdint.h>

struct lx;
struct vi_kernel;
struct vi_vnet;

/* The names, in ls(1)'s order; NULL: the end. */
const char *lx_procnet_name(unsigned i);
/*
 * What the file holds now, allocated, the caller's to free().  With the kernel lock.
 * ENOENT: no such file; ENOMEM; EFBIG: more than LX_PROCNET_MAX bytes.
 */
#define LX_PROCNET_MAX (16u << 20)
/*
 * The same in pieces, for files that can be long: each goes on until about then (ns, of lx_now(); UINT64_MAX: to the end).  EAGAIN: there is more.  Other errors end
 * it.  What changes in between is in it as it was or as it is.
 */
struct lx_text;
/* For a jail that shares the stack only its own sockets are there (jid 0: all).  ENOENT, ENOMEM. */
int	lx_text_new(const char *name, struct vi_kernel *, int jid, struct lx_text **);
int	lx_text_more(struct lx_text *, struct lx *, struct vi_vnet *, uint64_t until);
char	*lx_text_take(struct lx_text *, size_t *len);	/* when it is all there; the caller's to free(), and nothing is left of the rest */
void	lx_text_free(struct lx_text *);
int	lx_procnet_text(struct lx *, struct vi_vnet *, const char *name, char **text, size_t *len);

#endif
