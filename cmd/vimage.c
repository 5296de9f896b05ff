/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vimage: which jails an instance holds, its end, any other command in it, and the small commands
 * of old (vimage_old.c).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/vimage_old.h"
#include "cmd/xo.h"

static void
show_header(struct xo *xo, const json_t *r)
{
	json_int_t up = cmd_int(r, "uptime") / 1000000000;

	xo_emit(xo,
	    "instance {:instance/%s}, vimaged {:version/%s}, pid {:pid/%jd}, {:workers/%jd} "
	    "worker(s), {e:uptime/%jd}",
	    cmd_str(r, "instance"), cmd_str(r, "version"), cmd_int(r, "pid"), cmd_int(r, "workers"),
	    up);
	xo_emit(xo, "up {d:/%jd}:{d:/%02jd}:{d:/%02jd}, {:memory/%jd} bytes in stacks\n",
	    up / 3600, up / 60 % 60, up % 60, cmd_int(r, "memory"));
	if (cmd_str(r, "isolation")[0] != '\0')
		xo_emit(xo, "{:isolation/%s}\n", cmd_str(r, "isolation"));
}

/* The classes of containers: what a jail has of its own, and from whom it has the others. */
static const char *const classes[] = { "vnet", "vproc", "vcpu", "vipc", "vlog" };

#define NCLASSES	(sizeof(classes) / sizeof(classes[0]))

/*
 * The tree: children under their parent, found by bisection in a list sorted by parent.
 */
struct node {
	json_int_t	 n_parent, n_jid;
	const json_t	*n_jail;
};

/* The jails above one that is being shown. */
struct above {
	const struct above *a_up;
	const json_t	*a_jail;
};

static void
class_text(const struct above *self, const char *class, char *text, size_t size)
{
	const struct above *a = self;
	const char *mode = cmd_str(a->a_jail, class);

	if (strcmp(mode, "disable") == 0) {
		snprintf(text, size, "off");
		return;
	}
	/* Who looks sees himself on top, whatever he has from above. */
	while (strcmp(cmd_str(a->a_jail, class), "inherit") == 0 && a->a_up != NULL)
		a = a->a_up;
	if (strcmp(cmd_str(a->a_jail, class), "disable") == 0)
		snprintf(text, size, "off");
	else if (a == self)
		snprintf(text, size, strcmp(mode, "inherit") == 0 ? "inherited" : "own");
	else
		snprintf(text, size, "from %s", cmd_str(a->a_jail, "name"));
}

static void
show_jail(struct xo *xo, const struct above *self, int depth)
{
	const json_t *j = self->a_jail;
	char text[300], fmt[64];

	xo_open_instance(xo);
	xo_emit(xo, "{:jid/%6jd} {P:/%*s}{:name/%-*s}", cmd_int(j, "jid"), 2 * depth, "",
	    depth < 10 ? 24 - 2 * depth : 4, cmd_str(j, "name"));
	for (size_t i = 0; i < NCLASSES; i++) {
		class_text(self, classes[i], text, sizeof(text));
		snprintf(fmt, sizeof(fmt), " {:%s/%%-10s}", classes[i]);
		xo_emit(xo, fmt, text);
	}
	xo_emit(xo, " {:processes/%5jd} {:interfaces/%6jd} {:sockets/%7jd} {:memory/%10jd}"
	    "{e:parent/%jd}{e:cputime/%jd}\n", cmd_int(j, "processes"), cmd_int(j, "interfaces"),
	    cmd_int(j, "sockets"), cmd_int(j, "memory"), cmd_int(j, "parent"),
	    cmd_int(j, "cputime"));
	if (cmd_str(j, "limits")[0] != '\0')
		xo_emit(xo, "{P:/%*s}{:limits/%s}\n", 9 + 2 * depth, "", cmd_str(j, "limits"));
	xo_close(xo);
}

static int
compare_nodes(const void *va, const void *vb)
{
	const struct node *a = va, *b = vb;

	if (a->n_parent != b->n_parent)
		return a->n_parent < b->n_parent ? -1 : 1;
	return a->n_jid < b->n_jid ? -1 : a->n_jid > b->n_jid;
}

static size_t
first_child(const struct node *nodes, size_t n, json_int_t parent)
{
	size_t low = 0, high = n, mid;

	while (low < high) {
		mid = (low + high) / 2;
		if (nodes[mid].n_parent < parent)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void
show_children(struct xo *xo, const struct node *nodes, size_t n, json_int_t parent,
    const struct above *up, int depth)
{
	for (size_t i = first_child(nodes, n, parent); i < n && nodes[i].n_parent == parent; i++) {
		struct above self = { up, nodes[i].n_jail };

		show_jail(xo, &self, depth);
		show_children(xo, nodes, n, nodes[i].n_jid, &self, depth + 1);
	}
}

static void
show_tree(struct xo *xo, const json_t *jails)
{
	size_t i, n = json_array_size(jails);
	struct node *nodes = calloc(n + 1, sizeof(*nodes));
	json_t *j;

	if (nodes == NULL)
		return;
	json_array_foreach(jails, i, j) {
		/* The caller's own jail comes without a parent. */
		nodes[i].n_parent = json_object_get(j, "parent") != NULL ? cmd_int(j,
		    "parent") : -1;
		nodes[i].n_jid = cmd_int(j, "jid");
		nodes[i].n_jail = j;
	}
	qsort(nodes, n, sizeof(*nodes), compare_nodes);
	show_children(xo, nodes, n, -1, NULL, 0);
	free(nodes);
}

static int
show_status(struct cmd_ctx *cx, struct xo *xo)
{
	json_t *r;

	if (cmd_call(cx, json_pack("{s:s}", "op", "daemon.status"), &r) != 0)
		return 1;
	xo_open_container(xo, "vimage");
	show_header(xo, r);
	xo_emit(xo, "{T:/%6s} {T:/%-24s}", "JID", "Name");
	for (size_t i = 0; i < NCLASSES; i++)
		xo_emit(xo, " {T:/%-10s}", classes[i]);
	xo_emit(xo, " {T:/%5s} {T:/%6s} {T:/%7s} {T:/%10s}\n", "Procs", "Ifaces", "Sockets",
	    "Memory");
	xo_open_list(xo, "jail");
	show_tree(xo, json_object_get(r, "jails"));
	xo_close(xo);
	xo_close(xo);
	json_decref(r);
	return 0;
}

static int
status(struct cmd_ctx *cx, int argc, char **argv)
{
	struct xo *xo = cmd_xo(cx, &argc, argv);

	if (xo == NULL)
		return 1;
	if (argc > 1) {
		xo_finish(xo, 1);
		return cmd_usage(cx, 0, 1);
	}
	return xo_finish(xo, show_status(cx, xo));
}

static int
shutdown_instance(struct cmd_ctx *cx, int argc)
{
	if (argc > 1)
		return cmd_usage(cx, 0, 1);
	return cmd_call(cx, json_pack("{s:s}", "op", "daemon.shutdown"), NULL) != 0;
}

/* The words of a line without options. */
static int
run_words(struct cmd_ctx *cx, int argc, char **argv)
{
	char *nothing[] = { (char *)(uintptr_t)"vimage", NULL };
	const struct cmd *c;

	if (argc > 0 && (c = cmd_find(argv[0])) != NULL && c->c_fn != cmd_vimage)
		return cmd_run(c, cx->cx_instance, argc, argv);
	cx->cx_nostart = true;
	if (argc == 0)
		return status(cx, 1, nothing);
	if (strcmp(argv[0], "status") == 0)
		return status(cx, argc, argv);
	if (strcmp(argv[0], "shutdown") == 0)
		return shutdown_instance(cx, argc);
	return vimage_exec(cx, argc, argv);
}

int
cmd_vimage(struct cmd_ctx *cx, int argc, char **argv)
{
	int ch;

	while ((ch = getopt(argc, argv, "+:L:cdilm")) != -1) {
		switch (ch) {
		case 'L':
			cx->cx_instance = optarg;
			setenv("VIMAGE_INSTANCE", optarg, 1);
			break;
		case 'c': case 'd': case 'i': case 'l': case 'm':
			return vimage_old(cx, ch, argc - optind, argv + optind);
		default: return cmd_usage(cx, ch, 1);
		}
	}
	return run_words(cx, argc - optind, argv + optind);
}
