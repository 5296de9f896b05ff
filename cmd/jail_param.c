/* SPDX-License-Identifier: BSD-2-Clause */
/* Parameters of jail(8): which are this command's own, those of the command line, -e. */
#include "cmd/jail_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What jail(8) does itself; all others are the daemon's business. */
static const char *const locals[] = {
	"allow.dying", "command", "depend", "exec.clean", "exec.consolelog", "exec.created",
	"exec.fib", "exec.jail_user", "exec.poststart", "exec.poststop", "exec.prepare",
	"exec.prestart", "exec.prestop", "exec.release", "exec.start", "exec.stop",
	"exec.system_jail_user", "exec.system_user", "exec.timeout", "interface", "ip_hostname", "mount", "mount.devfs",
	"mount.fdescfs", "mount.fstab", "mount.procfs",
};

bool
param_local(const char *name)
{
	const char *dot = strrchr(name, '.');
	size_t len = dot == NULL ? 0 : (size_t)(dot - name) + 1;

	for (size_t i = 0; i < sizeof(locals) / sizeof(locals[0]); i++)
		if (strcmp(locals[i], name) == 0 ||
		    (strncmp(locals[i], name, len) == 0 && strncmp(name + len, "no", 2) == 0 &&
		    strcmp(locals[i] + len, name + len + 2) == 0))
			return true;
	return false;
}

/* FreeBSD's, and refused: nobody shall believe that they do something. */
static const struct { const char *name, *why; } senseless[] = {
	{ "mac.label", "there are no MAC labels on Linux" },
	{ "zfs", "there is no ZFS here" },
};

/* The name, or one below it. */
static bool
param_begins(const char *param, const char *name)
{
	size_t len = strlen(name);

	return strncmp(param, name, len) == 0 && (param[len] == '\0' || param[len] == '.');
}

static bool
bools_check(const struct job *jb)
{
	static const char *const bools[] = { "allow.dying", "exec.clean", "exec.system_jail_user", "ip_hostname", "mount.devfs", "mount.fdescfs", "mount.procfs" };
	const char *value;

	for (size_t i = 0; i < sizeof(bools) / sizeof(bools[0]); i++) {
		value = jc_param_str(&jb->jb_params, bools[i], "true");
		if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0 && strcmp(value, "1") != 0 && strcmp(value, "0") != 0) {
			job_warnx(jb, "%s: \"%s\" is not a boolean", bools[i], value);
			return false;
		}
	}
	return true;
}

/* What is only looked at when a command runs must be right before anything is made. */
bool
param_check(const struct job *jb)
{
	static const struct { const char *name; long long max; } numbers[] = {
		{ "exec.timeout", 1000000 }, { "exec.fib", 65535 },
	};
	const struct jc_param *pm;
	const char *value;
	long long n;

	STAILQ_FOREACH(pm, &jb->jb_params, pm_link)
		for (size_t i = 0; i < sizeof(senseless) / sizeof(senseless[0]); i++)
			if (param_begins(pm->pm_name, senseless[i].name)) {
				job_warnx(jb, "%s: %s", pm->pm_name, senseless[i].why);
				return false;
			}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		value = jc_param_str(&jb->jb_params, numbers[i].name, "0");
		if (!cmd_number(value, 0, numbers[i].max, &n)) {
			job_warnx(jb, "%s: \"%s\" is not a number from 0 to %lld",
			    numbers[i].name, value, numbers[i].max);
			return false;
		}
	}
	return bools_check(jb);
}

/* What is taken, and has less effect than FreeBSD's. */
void
param_warn(const struct job *jb)
{
	const char *value = jc_param_str(&jb->jb_params, "enforce_statfs", "");

	if (strcmp(value, "2") == 0)
		job_warnx(jb, "enforce_statfs: nothing can be mounted, but what is mounted below the root directory is seen");
}

/* A list is one text with commas. */
static json_t *
joined(const struct jc_param *pm)
{
	size_t len = 1;
	json_t *value;
	char *text, *p;

	if (pm->pm_n == 0)
		return json_null();
	if (pm->pm_n == 1)
		return addr_value(pm->pm_name, pm->pm_values[0]);
	for (unsigned i = 0; i < pm->pm_n; i++)
		len += strlen(pm->pm_values[i]) + 1;
	p = text = jc_alloc(len);
	for (unsigned i = 0; i < pm->pm_n; i++)
		p += sprintf(p, "%s%s", i > 0 ? "," : "", pm->pm_values[i]);
	value = addr_value(pm->pm_name, text);
	free(text);
	return value;
}

/* A block whose name is a number means the jail of that number. */
static const char *
block_param(const char *name)
{
	return name[strspn(name, "0123456789")] == '\0' ? "jid" : "name";
}

json_t *
param_list(const struct job *jb)
{
	json_t *list = json_array(), *value;
	const struct jc_param *pm;
	const char *own = NULL;

	if (jb->jb_name != NULL)
		own = block_param(jb->jb_name);
	if (own != NULL && jc_param(&jb->jb_params, own) == NULL &&
	    (jb->jb_conf || jc_param(&jb->jb_params, "name") == NULL))
		json_array_append_new(list, json_pack("[s,s]", own, jb->jb_name));
	STAILQ_FOREACH(pm, &jb->jb_params, pm_link) {
		if (param_local(pm->pm_name))
			continue;
		if ((value = joined(pm)) == NULL)
			value = json_string("?");	/* not UTF-8 */
		json_array_append_new(list, json_pack("[s,o]", pm->pm_name, value));
	}
	return list;
}

/*
 * The command line.
 */
void
line_put(struct jail *j, const char *name, const char *value)
{
	jc_line_put(j->j_line, name, value == NULL ? JC_FLAG : JC_SET, value);
}

/* The daemon's lists may be repeated on the command line; in a file that takes a "+=". */
static bool
repeats(const char *name)
{
	return strcmp(name, "vnet.interface") == 0 || strcmp(name, "ip4.addr") == 0 ||
	    strcmp(name, "ip6.addr") == 0 || strncmp(name, "exec.", 5) == 0 ||
	    strcmp(name, "mount") == 0 || strcmp(name, "depend") == 0;
}

static bool
on_line(const struct jail *j, const char *name)
{
	const struct jc_setting *js;

	STAILQ_FOREACH(js, &j->j_line->bk_settings, js_link)
		if (strcmp(js->js_name, name) == 0)
			return true;
	return false;
}

bool
line_add(struct jail *j, char *word)
{
	char *value = strchr(word, '=');
	enum jc_op op = value != NULL ? JC_SET : JC_FLAG;

	if (value != NULL) {
		if (value > word && value[-1] == '+') {
			value[-1] = '\0';
			op = JC_ADD;
		}
		*value++ = '\0';
	}
	if (word[0] == '\0' || word[0] == '$' || word[strcspn(word, " \t\r\n")] != '\0') {
		cmd_warnx(j->j_cx, "bad parameter: %s", word);
		return false;
	}
	if (op == JC_SET && repeats(word) && on_line(j, word))
		op = JC_ADD;
	jc_line_put(j->j_line, word, op, value);
	return true;
}

/*
 * As it is written in a file, -e and -J.
 */
static void
text_write(FILE *f, const char *text)
{
	char quote = strchr(text, '\'') != NULL ? '"' : '\'';

	if (text[0] != '\0' && text[strcspn(text, " \t\r\n'\"\\$;{},#")] == '\0') {
		fprintf(f, "%s", text);
		return;
	}
	putc(quote, f);
	for (; *text != '\0'; text++) {
		if (*text == quote || *text == '\\' || (quote == '"' && *text == '$'))
			putc('\\', f);
		putc(*text, f);
	}
	putc(quote, f);
}

void
param_write(FILE *f, const struct jc_param *pm)
{
	fprintf(f, "%s", pm->pm_name);
	for (unsigned i = 0; i < pm->pm_n; i++) {
		putc(i == 0 ? '=' : ',', f);
		text_write(f, pm->pm_values[i]);
	}
}

static void
show_params(void *arg, const char *name, const struct jc_params *list)
{
	const struct jail *j = arg;
	const char *own = block_param(name);
	const struct jc_param *pm;
	bool first = jc_param(list, own) != NULL;

	if (!first) {
		printf("%s=", own);
		text_write(stdout, name);
	}
	STAILQ_FOREACH(pm, list, pm_link) {
		if (!first)
			printf("%s", j->j_show);
		first = false;
		param_write(stdout, pm);
	}
	putchar('\n');
}

bool
jail_configured(struct jail *j, void (*fn)(void *, const char *, const struct jc_params *), void *arg)
{
	const struct jc_block *bk;
	struct jc_params list;

	STAILQ_FOREACH(bk, &j->j_conf.jc_blocks, bk_link) {
		if (bk->bk_name == NULL || bk->bk_wild || jc_find(&j->j_conf, bk->bk_name) != bk)
			continue;
		if (jc_params(&j->j_conf, bk->bk_name, NULL, &list) != 0) {
			cmd_warnx(j->j_cx, "%s", j->j_conf.jc_err);
			return false;
		}
		fn(arg, bk->bk_name, &list);
		jc_params_free(&list);
	}
	return true;
}

int
show_configured(struct jail *j)
{
	return !jail_configured(j, show_params, j);
}
