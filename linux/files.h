/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files in which Linux tells of its network: what is in /proc/sys/net (and, under LX_FILES_PROC, in /proc/net) and in
 * /sys/class/net, of one stack.  Paths are relative to these, without a slash at either end; "" is the directory itself.
 * All is with the kernel lock.
 */
#ifndef LINUX_FILES_H
#define LINUX_FILES_H

#include <stddef.h>

#include <vimage/types.h>

struct lx;
struct vi_vnet;

#define LX_FILES_PROC	".proc"		/* in /proc/sys/net, found but not listed */
#define LX_FILES_PATH	160		/* bytes of a path, with its end */

enum lx_file { LX_FILE_NONE, LX_FILE_DIR, LX_FILE_READ, LX_FILE_WRITE, LX_FILE_SECRET /* root's alone */ };

typedef void lx_files_fn(void *arg, const char *name, enum lx_file);

struct lx_files {
	enum lx_file	(*lf_kind)(struct vi_vnet *, const char *path);
	/* What is in a directory, each name once. */
	void	(*lf_list)(struct vi_vnet *, const char *path, lx_files_fn *, void *arg);
	/* What a file holds now, the caller's to free().  lx: of the stack's worker.  ENOENT, ENOMEM, EFBIG; EINVAL as Linux says of some. */
	int	(*lf_read)(struct lx *, struct vi_vnet *, const char *path, char **text, size_t *len);
	/* The name of the text of linux/procnet.h that the file is, which may be long; NULL: it is none, and short. */
	const char *(*lf_text)(const char *path);
	/* EINVAL, ERANGE, EPERM... */
	int	(*lf_write)(struct vi_vnet *, const char *path, const char *text, const struct vi_cred *);
};

extern const struct lx_files lx_files_sys, lx_files_class;

#endif
