/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parameters of a prison that mean nothing to a stack: what FreeBSD tells programs about the system,
 * meta and env.
 *
 * meta and env are texts of at most META_MAXBUFSIZE bytes, read by the jail's owner (meta) or by
 * programs inside as well (env, sysctl security.jail.env).  "meta.KEY=value" makes KEY=value the
 * first line of the text, in place of one that there was; "meta.KEY", without a value, takes it out.
 */
#include <errno.h>
#include <string.h>

#include "vimage/prison_int.h"

/* Numbers and texts: pa_arg is an enum prison_stored. */
int
set_stored(struct change *ch, const struct param *pa, const char *value)
{
	static const int64_t max[STORE_NNUMBERS] = { 2, DEVFS_RULESETS - 1, 99999999, INT32_MAX };
	struct prison_store *ps = &ch->ch_conf.pc_store;
	const size_t room = sizeof(ps->ps_text[0]);
	int64_t v;
	int error;

	if (pa->pa_arg >= STORE_NNUMBERS) {
		if (strlen(value) >= room)
			return (change_fail(ch, ENAMETOOLONG, "%s: longer than %zu characters", pa->pa_name, room - 1));
		memcpy(ps->ps_text[pa->pa_arg - STORE_NNUMBERS], value, strlen(value) + 1);
		return (0);
	}
	if ((error = change_number(ch, pa, value, 0, max[pa->pa_arg], &v)) != 0)
		return (error);
	ps->ps_number[pa->pa_arg] = (uint32_t)v;
	return (0);
}

/* As in FreeBSD a jail sees no more than its parent, and at 2 nothing can be mounted in it (priv.c). */
int
set_statfs(struct change *ch, const struct param *pa, const char *value)
{
	const uint32_t least = ch->ch_parent->pr_conf.pc_store.ps_number[pa->pa_arg];
	int error;

	if ((error = set_stored(ch, pa, value)) == 0 && ch->ch_conf.pc_store.ps_number[pa->pa_arg] < least)
		error = change_fail(ch, EPERM, "%s: below the parent's %u", pa->pa_name, least);
	return (error);
}

/* What is in a jail whose /dev is ruled has the same rules. */
int
set_devfs(struct change *ch, const struct param *pa, const char *value)
{
	const uint32_t parents = ch->ch_parent->pr_conf.pc_store.ps_number[pa->pa_arg];
	uint32_t *mine = &ch->ch_conf.pc_store.ps_number[pa->pa_arg];
	int error;

	if ((error = set_stored(ch, pa, value)) != 0 || parents == 0 || *mine == parents)
		return (error);
	if (*mine != 0)
		return (change_fail(ch, EPERM, "%s: the parent's is %u", pa->pa_name, parents));
	*mine = parents;
	return (0);
}

void
print_stored(const struct prison_store *ps, const struct param *pa, struct sbuf *sb)
{
	if (pa->pa_arg >= STORE_NNUMBERS)
		sbuf_printf(sb, "%s", ps->ps_text[pa->pa_arg - STORE_NNUMBERS]);
	else
		sbuf_printf(sb, "%u", ps->ps_number[pa->pa_arg]);
}

void
get_stored(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	(void)caller;
	print_stored(&pr->pr_conf.pc_store, pa, sb);
}

/*
 * meta and env.
 */
static const char *
line_find(const char *text, const char *key, size_t klen)
{
	while (text != NULL) {
		if (strncmp(text, key, klen) == 0 && text[klen] == '=')
			return (text);
		text = strchr(text, '\n');
		text = text == NULL ? NULL : text + 1;
	}
	return (NULL);
}

static size_t
line_len(const char *line)
{
	const char *end = strchr(line, '\n');

	return (end == NULL ? strlen(line) : (size_t)(end - line));
}

/* The text with the line of key put before all others; without a value it is taken out. */
static void
line_put(struct sbuf *sb, const char *text, const char *key, const char *value)
{
	const char *old = line_find(text, key, strlen(key)), *rest = text + strlen(text);
	size_t before = strlen(text);
	bool begun = value != NULL;

	if (old != NULL) {
		before = old > text ? (size_t)(old - text - 1) : 0;
		rest = old + line_len(old) + (old[line_len(old)] == '\n');
	}
	if (value != NULL)
		sbuf_printf(sb, "%s=%s", key, value);
	if (before > 0) {
		sbuf_printf(sb, "%s%.*s", begun ? "\n" : "", (int)before, text);
		begun = true;
	}
	if (*rest != '\0')
		sbuf_printf(sb, "%s%s", begun ? "\n" : "", rest);
}

static const char *
meta_now(const struct change *ch, unsigned i)
{
	if (ch->ch_meta[i] != NULL)
		return (ch->ch_meta[i]);
	return (ch->ch_pr != NULL && ch->ch_pr->pr_meta[i] != NULL ? ch->ch_pr->pr_meta[i] : "");
}

/* ch_key: what stands behind "meta.", or NULL.  Without a value the whole is empty, or the key is gone. */
int
set_meta(struct change *ch, const struct param *pa, const char *value)
{
	struct acctset *as = &ch->ch_caller->pr_kernel->k_acct;
	char *text;
	struct sbuf sb;

	if (ch->ch_key != NULL && value != NULL && strchr(value, '\n') != NULL)
		return (change_fail(ch, EINVAL, "%s: the value of a key is one line", pa->pa_name));
	if ((text = kmalloc(as, ACCT_PRISON, META_MAXBUFSIZE)) == NULL)
		return (change_fail(ch, ENOMEM, "%s: no memory", pa->pa_name));
	sbuf_init(&sb, text, META_MAXBUFSIZE);
	if (ch->ch_key != NULL)
		line_put(&sb, meta_now(ch, pa->pa_arg), ch->ch_key, value);
	else
		sbuf_printf(&sb, "%s", value == NULL ? "" : value);
	if (sbuf_finish(&sb) != 0) {
		kfree(as, ACCT_PRISON, text, META_MAXBUFSIZE);
		return (change_fail(ch, EFBIG, "%s: too large: security.jail.meta_maxbufsize is %d", pa->pa_name, META_MAXBUFSIZE));
	}
	kfree(as, ACCT_PRISON, ch->ch_meta[pa->pa_arg], META_MAXBUFSIZE);
	ch->ch_meta[pa->pa_arg] = text;
	return (0);
}

void
get_meta(struct prison *caller, struct prison *pr, const struct param *pa, struct sbuf *sb)
{
	(void)caller;
	sbuf_printf(sb, "%s", pr->pr_meta[pa->pa_arg] == NULL ? "" : pr->pr_meta[pa->pa_arg]);
}

bool
get_metakey(struct prison *pr, const struct param *pa, const char *key, struct sbuf *sb)
{
	const char *line = line_find(pr->pr_meta[pa->pa_arg], key, strlen(key));

	if (line != NULL)
		sbuf_printf(sb, "%.*s", (int)(line_len(line) - strlen(key) - 1), line + strlen(key) + 1);
	return (line != NULL);
}

void
change_meta_apply(struct change *ch)
{
	struct prison *pr = ch->ch_pr;

	for (unsigned i = 0; i < NITEMS(pr->pr_meta); i++) {
		char *old = pr->pr_meta[i];

		if (ch->ch_meta[i] == NULL)
			continue;
		pr->pr_meta[i] = ch->ch_meta[i];
		ch->ch_meta[i] = old;
	}
}

/* What was not applied, or was replaced. */
void
change_meta_free(struct change *ch)
{
	for (unsigned i = 0; i < NITEMS(ch->ch_meta); i++)
		kfree(&ch->ch_caller->pr_kernel->k_acct, ACCT_PRISON, ch->ch_meta[i], META_MAXBUFSIZE);
}
