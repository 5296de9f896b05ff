/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /proc/sys/net: those knobs of the stack that have names of Linux's.  A path is a name with slashes for dots, in which the name of an
 * interface may have dots of its own.
 */
#include "linux/files.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vimage/ifnet.h>
#include <vimage/sysctl.h>

#include "linux/files_snmp6.h"
#include "linux/ifinfo.h"
#include "linux/procnet.h"

#define VALUE_MAX	1024

static const char *const tops[] = { "core", "ipv4", "ipv6" };

/* What stands below LX_FILES_PROC; NULL: it is not there.  "" is itself. */
static const char *
in_proc(const char *path)
{
	const size_t n = sizeof(LX_FILES_PROC) - 1;

	if (strncmp(path, LX_FILES_PROC, n) != 0 || (path[n] != '/' && path[n] != '\0'))
		return (NULL);
	return (path + n + (path[n] == '/'));
}

static bool
is_top(const char *path)
{
	for (size_t i = 0; i < sizeof(tops) / sizeof(tops[0]); i++)
		if (strncmp(path, tops[i], strlen(tops[i])) == 0 && (path[strlen(tops[i])] == '/' || path[strlen(tops[i])] == '\0'))
			return (true);
	return (false);
}

/* "net.ipv4.ip_forward" */
static void
sysctl_name(const char *path, char name[LX_FILES_PATH + 4])
{
	snprintf(name, LX_FILES_PATH + 4, "net.%s", path);
	for (char *p = name; *p != '\0'; p++)
		if (*p == '/')
			*p = '.';
}

static enum lx_file
leaf_kind(const struct vi_sysctl *sy)
{
	return (sy->sy_secret ? LX_FILE_SECRET : sy->sy_writable ? LX_FILE_WRITE : LX_FILE_READ);
}

struct kind_arg {
	const char	*ka_name;
	enum lx_file	 ka_kind;
};

static void
take_kind(void *arg, const struct vi_sysctl *sy)
{
	struct kind_arg *ka = arg;

	if (strcmp(sy->sy_name, ka->ka_name) != 0)
		ka->ka_kind = LX_FILE_DIR;
	else
		ka->ka_kind = leaf_kind(sy);
}

/* The name of an interface in dev_snmp6, "" for the directory itself; NULL: neither. */
static const char *
in_devsnmp6(const char *name)
{
	const size_t n = sizeof(LX_DEVSNMP6) - 1;

	if (strncmp(name, LX_DEVSNMP6, n) != 0 || (name[n] != '/' && name[n] != '\0'))
		return (NULL);
	return (name + n + (name[n] == '/'));
}

static void
no_info(void *arg, const struct vi_ifinfo *info)
{
	(void)arg;
	(void)info;
}

static enum lx_file
proc_kind(struct vi_vnet *vn, const char *name)
{
	const char *known, *ifname = in_devsnmp6(name);

	if (*name == '\0' || (ifname != NULL && *ifname == '\0'))
		return (LX_FILE_DIR);
	if (ifname != NULL)
		return (vi_if_get(vn, ifname, no_info, NULL) == 0 ? LX_FILE_READ : LX_FILE_NONE);
	for (unsigned i = 0; (known = lx_procnet_name(i)) != NULL; i++)
		if (strcmp(known, name) == 0)
			return (LX_FILE_READ);
	return (LX_FILE_NONE);
}

/* What is below a directory: each knob below it names one, which is the first part of the rest of its name. */
struct child {
	char		 ch_name[64];
	enum lx_file	 ch_kind;
};

struct children {
	size_t		 ch_skip;	/* bytes of the directory's own name, with the dot */
	bool		 ch_ifs;	/* these are interfaces, whose names may have dots: up to the last one */
	bool		 ch_leaves;	/* no directories */
	struct child	*ch_list;
	size_t		 ch_n, ch_room;
};

static void
take_child(void *arg, const struct vi_sysctl *sy)
{
	struct children *ch = arg;
	const char *at = sy->sy_name + ch->ch_skip, *dot;
	struct child *more;
	size_t n;

	if (strlen(sy->sy_name) <= ch->ch_skip)
		return;
	dot = ch->ch_ifs ? strrchr(at, '.') : strchr(at, '.');
	n = dot != NULL ? (size_t)(dot - at) : strlen(at);
	if ((ch->ch_leaves && dot != NULL) || n >= sizeof(more->ch_name))
		return;
	if (ch->ch_n == ch->ch_room) {
		ch->ch_room = ch->ch_room == 0 ? 64 : ch->ch_room * 2;
		if ((more = reallocarray(ch->ch_list, ch->ch_room, sizeof(*more))) == NULL) {
			ch->ch_room = ch->ch_n;
			return;
		}
		ch->ch_list = more;
	}
	more = &ch->ch_list[ch->ch_n++];
	memcpy(more->ch_name, at, n);
	more->ch_name[n] = '\0';
	more->ch_kind = dot != NULL ? LX_FILE_DIR : leaf_kind(sy);
}

static int
child_cmp(const void *a, const void *b)
{
	return (strcmp(((const struct child *)a)->ch_name, ((const struct child *)b)->ch_name));
}

/* Where in a path the name of an interface begins; NULL: it has none. */
static const char *
name_at(const char *path)
{
	const char *at;

	if ((at = strstr(path, "/conf/")) != NULL)
		return (at + sizeof("/conf/") - 1);
	if ((at = strstr(path, "/neigh/")) != NULL)
		return (at + sizeof("/neigh/") - 1);
	return (NULL);
}

/* Programs call the loopback "lo". */
static const char *
real_path(struct vi_vnet *vn, const char *path, char buf[LX_FILES_PATH + 1])
{
	const char *proc = in_proc(path), *at = proc != NULL ? in_devsnmp6(proc) : name_at(path);

	return (ifinfo_realpath(vn, path, at, buf, LX_FILES_PATH + 1));
}

static void
list_knobs(struct vi_vnet *vn, const char *path, lx_files_fn *fn, void *arg)
{
	char name[LX_FILES_PATH + 4], inside[LX_FILES_PATH + 1];
	struct children ch = { .ch_leaves = name_at(path) != NULL };

	snprintf(inside, sizeof(inside), "%s/", path);
	ch.ch_ifs = !ch.ch_leaves && name_at(inside) != NULL;
	sysctl_name(path, name);
	ch.ch_skip = strlen(name) + 1;
	(void)vi_sysctl_list(vn, name, take_child, &ch);
	if (ch.ch_n > 0)
		qsort(ch.ch_list, ch.ch_n, sizeof(ch.ch_list[0]), child_cmp);
	for (size_t i = 0; i < ch.ch_n; i++)
		if (i == 0 || child_cmp(&ch.ch_list[i - 1], &ch.ch_list[i]) != 0)
			fn(arg, ch.ch_list[i].ch_name, ch.ch_list[i].ch_kind);
	free(ch.ch_list);
}

struct ifs_arg {
	lx_files_fn	*ia_fn;
	void		*ia_arg;
};

static void
put_interface(void *arg, const struct vi_ifinfo *info)
{
	const struct ifs_arg *ia = arg;

	ia->ia_fn(ia->ia_arg, info->if_name, LX_FILE_READ);
}

static void
list_proc(struct vi_vnet *vn, const char *name, lx_files_fn *fn, void *arg)
{
	struct ifs_arg ia = { fn, arg };
	const char *known;

	if (*name != '\0') {
		vi_if_list(vn, put_interface, &ia);
		return;
	}
	for (unsigned i = 0; (known = lx_procnet_name(i)) != NULL; i++)
		fn(arg, known, LX_FILE_READ);
	fn(arg, LX_DEVSNMP6, LX_FILE_DIR);
}

static void
sys_list(struct vi_vnet *vn, const char *path, lx_files_fn *fn, void *arg)
{
	char real[LX_FILES_PATH + 1];
	const char *proc;

	path = real_path(vn, path, real);
	if ((proc = in_proc(path)) != NULL) {
		list_proc(vn, proc, fn, arg);
	} else if (*path == '\0') {
		for (size_t i = 0; i < sizeof(tops) / sizeof(tops[0]); i++)
			fn(arg, tops[i], LX_FILE_DIR);
	} else {
		list_knobs(vn, path, fn, arg);
	}
}

struct find_arg {
	const char	*fa_name;
	bool		 fa_found;
};

static void
find_name(void *arg, const char *name, enum lx_file kind)
{
	struct find_arg *fa = arg;

	(void)kind;
	fa->fa_found |= strcmp(name, fa->fa_name) == 0;
}

/* An interface's directory, or a file in it: "conf/eth0.5" is not one of "conf/eth0". */
static enum lx_file
interface_kind(struct vi_vnet *vn, const char *path)
{
	char name[LX_FILES_PATH + 4], dir[LX_FILES_PATH];
	const char *at = name_at(path), *leaf = strchr(at, '/');
	struct find_arg fa = { .fa_name = dir + (at - path) };
	struct kind_arg ka = { .ka_name = name, .ka_kind = LX_FILE_NONE };

	snprintf(dir, sizeof(dir), "%.*s", (int)(leaf != NULL ? leaf - path : (ptrdiff_t)strlen(path)), path);
	dir[at - path - 1] = '\0';
	list_knobs(vn, dir, find_name, &fa);
	if (!fa.fa_found)
		return (LX_FILE_NONE);
	if (leaf == NULL)
		return (LX_FILE_DIR);
	if (strpbrk(leaf + 1, "./") != NULL)
		return (LX_FILE_NONE);
	sysctl_name(path, name);
	(void)vi_sysctl_list(vn, name, take_kind, &ka);
	return (ka.ka_kind);
}

static enum lx_file
sys_kind(struct vi_vnet *vn, const char *path)
{
	char name[LX_FILES_PATH + 4], real[LX_FILES_PATH + 1];
	struct kind_arg ka = { .ka_name = name, .ka_kind = LX_FILE_NONE };
	const char *proc;

	path = real_path(vn, path, real);
	if ((proc = in_proc(path)) != NULL)
		return (proc_kind(vn, proc));
	if (*path == '\0')
		return (LX_FILE_DIR);
	if (!is_top(path))
		return (LX_FILE_NONE);
	if (name_at(path) != NULL)
		return (interface_kind(vn, path));
	if (strchr(path, '.') != NULL)
		return (LX_FILE_NONE);
	sysctl_name(path, name);
	(void)vi_sysctl_list(vn, name, take_kind, &ka);
	return (ka.ka_kind);
}

static int
sys_read(struct lx *lx, struct vi_vnet *vn, const char *path, char **text, size_t *len)
{
	char name[LX_FILES_PATH + 4], real[LX_FILES_PATH + 1], value[VALUE_MAX];
	const char *proc;
	int error, n;

	path = real_path(vn, path, real);
	proc = in_proc(path);
	if (proc != NULL && in_devsnmp6(proc) != NULL)
		return (lx_devsnmp6(vn, in_devsnmp6(proc), text, len));
	if (proc != NULL)
		return (lx_procnet_text(lx, vn, proc, text, len));
	sysctl_name(path, name);
	if ((error = vi_sysctl_get(vn, name, value, sizeof(value))) != 0)
		return (error == EISDIR ? ENOENT : error);
	if ((n = asprintf(text, "%s\n", value)) < 0)
		return (ENOMEM);
	*len = (size_t)n;
	return (0);
}

static const char *
sys_text(const char *path)
{
	const char *proc = in_proc(path);

	return (proc != NULL && in_devsnmp6(proc) == NULL ? proc : NULL);
}

static int
sys_write(struct vi_vnet *vn, const char *path, const char *text, const struct vi_cred *cred)
{
	char name[LX_FILES_PATH + 4], real[LX_FILES_PATH + 1], value[VALUE_MAX];
	size_t n = strcspn(text, "\n");

	if (n >= sizeof(value))
		return (EINVAL);
	memcpy(value, text, n);
	value[n] = '\0';
	sysctl_name(real_path(vn, path, real), name);
	return (vi_sysctl_set(vn, name, value, cred));
}

const struct lx_files lx_files_sys = { sys_kind, sys_list, sys_read, sys_text, sys_write };
