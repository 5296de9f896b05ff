/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * A jail's path is a name as its creator sees it, so below the creator's own root directory; and files below a jail's root directory, symbolic links among
 * them, are what that jail's root makes of them.  So pc_path says of which jails' roots the name consists: a name on the host, in which "//" stands where
 * the root directory of one jail ends and the name of the next within begins.  Who goes there must not leave the one while he looks
 * for the other.  What is shown has single slashes and begins at the root directory of who looks.
 *
 * A jail with root directory "/" is confined by nothing, and neither are those in it.
 */
#include <errno.h>
#include <string.h>

#include "vimage/prison_int.h"

/* That of its processes. */
const char *
prison_root(const struct prison *pr)
{
	while (pr->pr_parent != NULL && !pr->pr_owns[VCLASS_VPROCG])
		pr = pr->pr_parent;
	return (pr->pr_conf.pc_path);
}

/* With single slashes, none at the end. */
static void
cat_single(struct sbuf *sb, const char *path)
{
	size_t len;

	for (; *path != '\0'; path += len) {
		path += strspn(path, "/");
		if ((len = strcspn(path, "/")) > 0)
			sbuf_printf(sb, "/%.*s", (int)len, path);
	}
}

static const char *
single(const char *path, char buf[PATH_LEN])
{
	struct sbuf sb;

	sbuf_init(&sb, buf, PATH_LEN);
	cat_single(&sb, path);
	return (sbuf_data(&sb));
}

static bool
has_dotdot(const char *path)
{
	for (const char *p = path; (p = strstr(p, "..")) != NULL; p += 2)
		if (p[-1] == '/' && (p[2] == '/' || p[2] == '\0'))
			return (true);
	return (false);
}

/* The rest of a path below a root, both with single slashes; NULL: it is not. */
static const char *
below(const char *path, const char *root)
{
	const size_t len = strlen(root);

	return (strncmp(path, root, len) == 0 && (path[len] == '/' || path[len] == '\0') ? path + len : NULL);
}

static bool
is_top(const char *root)
{
	return (root[0] == '/' && root[1] == '\0');
}

/* root//rest, or what there is of it. */
static int
join(const char *root, const char *rest, char path[PATH_LEN])
{
	struct sbuf sb;

	sbuf_init(&sb, path, PATH_LEN);
	if (!is_top(root))
		sbuf_printf(&sb, rest[0] != '\0' ? "%s/" : "%s", root);
	sbuf_cat(&sb, rest);
	if (path[0] == '\0')
		sbuf_putc(&sb, '/');
	return (sbuf_finish(&sb) != 0 ? ENAMETOOLONG : 0);
}

/* What the caller means by value.  Whoever says so: what is below the root directory of the parent is to be found from there. */
static int
resolve(const struct change *ch, const char *value, char path[PATH_LEN])
{
	const char *parent = prison_root(ch->ch_parent), *rest;
	char name[PATH_LEN], whole[PATH_LEN], root[PATH_LEN];
	int error;

	if (strlen(value) >= PATH_LEN)
		return (ENAMETOOLONG);
	(void)single(value, name);
	if ((error = join(prison_root(ch->ch_caller), name, path)) != 0 || is_top(parent))
		return (error);
	rest = below(single(path, whole), single(parent, root));
	return (rest != NULL ? join(parent, rest, path) : 0);
}

int
set_path(struct change *ch, const struct param *pa, const char *value)
{
	char path[PATH_LEN], new[PATH_LEN], old[PATH_LEN];

	if (value[0] != '/')
		return (change_fail(ch, EINVAL, "path: \"%s\" does not begin with /", value));
	if (!is_top(prison_root(ch->ch_caller)) && has_dotdot(value))
		return (change_fail(ch, EINVAL, "path: \"%s\" has a \"..\" in it", value));
	if (resolve(ch, value, path) != 0)
		return (change_fail(ch, ENAMETOOLONG, "%s: longer than %d characters", pa->pa_name, PATH_LEN - 1));
	if (ch->ch_pr != NULL && strcmp(single(path, new), single(ch->ch_conf.pc_path, old)) != 0)
		return (change_fail(ch, EPERM, "path: cannot be changed after creation"));
	if (ch->ch_pr == NULL)
		memcpy(ch->ch_conf.pc_path, path, sizeof(path));
	return (0);
}

void
get_path(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	char path[PATH_LEN], root[PATH_LEN];
	const char *rest;

	(void)pa;
	rest = below(single(pr->pr_conf.pc_path, path), single(prison_root(caller), root));
	if (rest == NULL)
		rest = path;
	sbuf_printf(sb, "%s", rest[0] != '\0' ? rest : "/");
}
