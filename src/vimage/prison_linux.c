/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What programs are told of the system they run on: linux, linux.osname, linux.osrelease, linux.oss_version.
 *
 * A prison has names of its own (linux=new) or those of the next one above that has (inherit).  Names of one's own begin as those that were inherited; an
 * empty one is the host's.  FreeBSD's osrelease, which each prison takes over from its parent when it is made, is told where there is no linux.osrelease.
 */
#include <errno.h>
#include <string.h>

#include "vimage/prison_int.h"

/* Where its names are; prison0 may have none. */
static const struct prison_conf *
linux_conf(const struct prison *pr)
{
	while (!pr->pr_conf.pc_linux && pr->pr_parent != NULL)
		pr = pr->pr_parent;
	return (&pr->pr_conf);
}

void
change_linux_inherit(struct change *ch, const struct prison *from)
{
	static const enum prison_stored texts[] = { STORE_LXNAME, STORE_LXRELEASE };
	const struct prison_store *ps = &linux_conf(from)->pc_store;

	for (size_t i = 0; i < NITEMS(texts); i++)
		memcpy(ch->ch_conf.pc_store.ps_text[texts[i] - STORE_NNUMBERS], ps->ps_text[texts[i] - STORE_NNUMBERS], sizeof(ps->ps_text[0]));
	ch->ch_conf.pc_store.ps_number[STORE_OSSVERSION] = ps->ps_number[STORE_OSSVERSION];
}

static void
change_linux_own(struct change *ch)
{
	if (ch->ch_conf.pc_linux)
		return;
	if (ch->ch_pr != NULL)
		change_linux_inherit(ch, ch->ch_pr);
	ch->ch_conf.pc_linux = true;
}

int
set_linux(struct change *ch, const struct param *pa, const char *value)
{
	if (strcmp(value, "new") != 0 && strcmp(value, "inherit") != 0)
		return (change_fail(ch, EINVAL, "%s: \"%s\" is neither new nor inherit", pa->pa_name, value));
	ch->ch_linuxmode = value[0];
	if (value[0] == 'n')
		change_linux_own(ch);
	return (0);
}

int
set_linuxname(struct change *ch, const struct param *pa, const char *value)
{
	change_linux_own(ch);
	ch->ch_linuxset = pa->pa_name;
	return (set_stored(ch, pa, value));
}

int
change_linux_check(struct change *ch)
{
	if (ch->ch_linuxmode != 'i')
		return (0);
	if (ch->ch_linuxset != NULL)
		return (change_fail(ch, EINVAL, "%s: not with linux=inherit", ch->ch_linuxset));
	ch->ch_conf.pc_linux = false;
	return (0);
}

void
get_linux(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	(void)caller, (void)pa;
	sbuf_printf(sb, "%s", pr->pr_conf.pc_linux ? "new" : "inherit");
}

void
get_linuxname(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	(void)caller;
	print_stored(&linux_conf(pr)->pc_store, pa, sb);
}

const char *
prison_osname(const struct prison *pr)
{
	return (linux_conf(pr)->pc_store.ps_text[STORE_LXNAME - STORE_NNUMBERS]);
}

const char *
prison_osrelease(const struct prison *pr)
{
	const char *release = linux_conf(pr)->pc_store.ps_text[STORE_LXRELEASE - STORE_NNUMBERS];

	return (release[0] != '\0' ? release : pr->pr_conf.pc_store.ps_text[STORE_RELEASE - STORE_NNUMBERS]);
}
