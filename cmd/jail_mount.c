/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mounts of jail(8): the parameter mount and the file mount.fstab, lines as in fstab(5).
 *
 * They are made outside, below the jail's path, before the jail has processes; its processes see
 * them because their mounts begin as a copy of ours.  FreeBSD's nullfs is a bind mount.  That takes
 * the privilege to mount; without it the jail starts all the same, after a sentence.  mount.devfs,
 * mount.fdescfs and mount.procfs need nothing: a jail's processes always have a /dev and a /proc
 * of their own.
 */
#include "cmd/jail_int.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

struct mount_line {
	char	ml_text[4 * PATH_MAX];
	char	*ml_from, *ml_type, *ml_options;
	char	ml_to[PATH_MAX];
};

/* "\040" stands for a blank. */
static void
unescape(char *s)
{
	char *out = s;

	for (; *s != '\0'; s++) {
		if (s[0] == '\\' && s[1] == '0' && s[2] == '4' && s[3] == '0') {
			*out++ = ' ';
			s += 3;
		} else {
			*out++ = *s;
		}
	}
	*out = '\0';
}

/* 1: a mount; 0: nothing on this line; -1: wrong. */
static int
parse_line(const struct job *jb, const char *text, struct mount_line *ml)
{
	const char *path = jc_param_str(&jb->jb_params, "path", "/");
	char *rest = ml->ml_text, *field[4] = { NULL }, *word;
	unsigned n = 0;
	size_t len = strlen(path);

	snprintf(ml->ml_text, sizeof(ml->ml_text), "%s", text);
	ml->ml_text[strcspn(ml->ml_text, "#\n")] = '\0';
	while (n < 4 && (word = strsep(&rest, " \t")) != NULL)
		if (word[0] != '\0')
			field[n++] = word;
	if (n == 0)
		return 0;
	if (n < 3 || field[1][0] != '/')
		return -1;
	for (unsigned i = 0; i < n; i++)
		unescape(field[i]);
	ml->ml_from = field[0];
	ml->ml_type = field[2];
	ml->ml_options = n > 3 ? field[3] : NULL;
	/* A target is written with the jail's path or as seen from inside. */
	if (len > 1 && strncmp(field[1], path, len) == 0 &&
	    (field[1][len] == '/' || field[1][len] == '\0'))
		path = "";
	return snprintf(ml->ml_to, sizeof(ml->ml_to), "%s%s", strcmp(path, "/") == 0 ? "" : path,
	    field[1]) < (int)sizeof(ml->ml_to) ? 1 : -1;
}

/* A jail must not lead us elsewhere by a link of its own making. */
static bool
target_ok(const struct job *jb, const struct mount_line *ml)
{
	const char *path = jc_param_str(&jb->jb_params, "path", "/");
	char real[PATH_MAX], root[PATH_MAX];
	size_t len;

	if (realpath(ml->ml_to, real) == NULL || realpath(path, root) == NULL)
		return false;
	len = strlen(root);
	return strcmp(root, "/") == 0 || (strncmp(real, root, len) == 0 &&
	    (real[len] == '/' || real[len] == '\0'));
}

static unsigned long
mount_flags(const char *options)
{
	static const struct { const char *name; unsigned long flag; } names[] = {
		{ "ro", MS_RDONLY }, { "noexec", MS_NOEXEC }, { "nosuid", MS_NOSUID },
		{ "nodev", MS_NODEV }, { "noatime", MS_NOATIME },
	};
	unsigned long flags = 0;

	for (; options != NULL && *options != '\0'; options += strspn(options, ",")) {
		size_t len = strcspn(options, ",");

		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (strlen(names[i].name) == len &&
			    strncmp(names[i].name, options, len) == 0)
				flags |= names[i].flag;
		options += len;
	}
	return flags;
}

static int
do_mount(const struct mount_line *ml)
{
	bool bind = strcmp(ml->ml_type, "nullfs") == 0 || strcmp(ml->ml_type, "bind") == 0;
	unsigned long flags = mount_flags(ml->ml_options);

	if (!bind)
		return mount(ml->ml_from, ml->ml_to, strcmp(ml->ml_type, "procfs") == 0 ? "proc" :
		    ml->ml_type, flags, NULL) != 0 ? errno : 0;
	if (mount(ml->ml_from, ml->ml_to, NULL, MS_BIND, NULL) != 0)
		return errno;
	if (flags != 0 && mount(NULL, ml->ml_to, NULL, MS_BIND | MS_REMOUNT | flags, NULL) != 0) {
		int error = errno;

		(void)umount2(ml->ml_to, MNT_DETACH);
		return error;
	}
	return 0;
}

/* What a killed vimaged leaves somebody takes away; in a jail mounts go with the jail. */
static void
tell_mounted(struct job *jb, const char *target, bool there)
{
	struct statx stx = { 0 };
	struct cmd_error ce;
	char path[PATH_MAX];
	int error;

	if (realpath(target, path) == NULL || statx(AT_FDCWD, path, 0, STATX_MNT_ID, &stx) != 0)
		return;
	error = cmd_try(jb->jb_jail->j_cx, json_pack("{s:s,s:s,s:I,s:b}", "op", "daemon.mounted", "path", path, "id",
	    (json_int_t)stx.stx_mnt_id, "there", there), NULL, &ce);
	if (error != 0 && error != EPERM && there)
		job_warnx(jb, "%s: would stay mounted: %s", path, ce.ce_text);
}

/* False after what must not be passed over. */
static bool
mount_line(struct job *jb, const char *text)
{
	struct mount_line ml;
	int error, found = parse_line(jb, text, &ml);

	if (found <= 0) {
		if (found < 0)
			job_warnx(jb, "mount: \"%.200s\" is no line of fstab(5)", text);
		return found == 0;
	}
	if (!target_ok(jb, &ml)) {
		job_warnx(jb, "%s: no such directory in the jail", ml.ml_to);
		return false;
	}
	error = do_mount(&ml);
	if (error == EPERM || error == EACCES) {
		job_warnx(jb, "%s is not mounted: that takes the privilege to mount", ml.ml_to);
		return true;
	}
	if (error != 0) {
		job_warnx(jb, "%s on %s: %s", ml.ml_from, ml.ml_to, strerror(error));
		return false;
	}
	jb->jb_mounts++;
	tell_mounted(jb, ml.ml_to, true);
	return true;
}

/* Calls fn for each line; stops at the first false. */
static bool
each_line(struct job *jb, bool (*fn)(struct job *, const char *))
{
	const struct jc_param *pm = jc_param(&jb->jb_params, "mount");
	const char *fstab = jc_param_str(&jb->jb_params, "mount.fstab", NULL);
	char line[4 * PATH_MAX];
	bool ok = true;
	FILE *f;

	for (unsigned i = 0; pm != NULL && i < pm->pm_n && ok; i++)
		ok = fn(jb, pm->pm_values[i]);
	if (fstab == NULL || !ok)
		return ok;
	if ((f = fopen(fstab, "re")) == NULL) {
		job_warnx(jb, "mount.fstab: %s: %s", fstab, strerror(errno));
		return false;
	}
	while (ok && fgets(line, sizeof(line), f) != NULL)
		ok = fn(jb, line);
	fclose(f);
	return ok;
}

bool
mount_all(struct job *jb)
{
	return each_line(jb, mount_line);
}


/* Targets in the order of the lines, to be undone from the last. */
static unsigned
targets(struct job *jb, char ***listp)
{
	const struct jc_param *pm = jc_param(&jb->jb_params, "mount");
	const char *fstab = jc_param_str(&jb->jb_params, "mount.fstab", NULL);
	char line[4 * PATH_MAX], **list = NULL;
	FILE *f = fstab != NULL ? fopen(fstab, "re") : NULL;
	unsigned n = 0, i = 0;
	struct mount_line ml;

	for (;;) {
		if (pm != NULL && i < pm->pm_n)
			snprintf(line, sizeof(line), "%s", pm->pm_values[i++]);
		else if (f == NULL || fgets(line, sizeof(line), f) == NULL)
			break;
		if (parse_line(jb, line, &ml) <= 0 || !target_ok(jb, &ml))
			continue;
		if ((list = realloc(list, (n + 1) * sizeof(*list))) == NULL ||
		    (list[n++] = strdup(ml.ml_to)) == NULL)
			abort();
	}
	if (f != NULL)
		fclose(f);
	*listp = list;
	return n;
}

/* EINVAL: nothing is there. */
static void
unmount_one(struct job *jb, const char *target)
{
	if (umount2(target, 0) != 0) {
		if (errno == EINVAL || errno == EPERM)
			return;
		if (umount2(target, MNT_DETACH) != 0) {
			job_warnx(jb, "%s: %s", target, strerror(errno));
			return;
		}
	}
	tell_mounted(jb, target, false);
}

/*
 * After a failed start: those that were made.  After a stop all that are configured: who mounted
 * them was another jail(8).
 */
void
unmount_all(struct job *jb)
{
	unsigned n;
	char **list;

	if (jc_param(&jb->jb_params, "mount") == NULL &&
	    jc_param(&jb->jb_params, "mount.fstab") == NULL)
		return;
	n = targets(jb, &list);
	for (unsigned i = n; i-- > 0;) {
		if (!jb->jb_start || i < jb->jb_mounts)
			unmount_one(jb, list[i]);
		free(list[i]);
	}
	free(list);
}
