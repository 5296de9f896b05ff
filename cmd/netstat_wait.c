/* SPDX-License-Identifier: BSD-2-Clause */
/* netstat -w: what the interfaces carry, one line for each interval. */
#include "cmd/netstat.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cmd/xo.h"

#define SCREEN	21	/* lines between two headings */

/* The columns in their order; the last is shown with -d only. */
static const struct column {
	const char	*c_key, *c_name, *c_title;
	int		 c_width;
} columns[] = {
	{ "ipackets", "received-packets", "packets", 10 },
	{ "ierrors", "received-errors", "errs", 5 },
	{ "iqdrops", "dropped-packets", "idrops", 6 },
	{ "ibytes", "received-bytes", "bytes", 10 },
	{ "opackets", "sent-packets", "packets", 10 },
	{ "oerrors", "send-errors", "errs", 5 },
	{ "obytes", "sent-bytes", "bytes", 10 },
	{ "collisions", "collisions", "colls", 5 },
	{ "oqdrops", "dropped-packets-out", "drops", 5 },
};

#define NCOLUMNS	(sizeof(columns) / sizeof(columns[0]))

struct sums {
	json_int_t	su_n[NCOLUMNS];
};

static size_t
shown(const struct netstat *ns)
{
	return ns->ns_drops ? NCOLUMNS : NCOLUMNS - 1;
}

static int
read_sums(struct netstat *ns, struct sums *su)
{
	json_t *r, *ifp;
	int error;
	size_t i;

	*su = (struct sums){ { 0 } };
	error = cmd_call(ns->ns_cx, json_pack("{s:s,s:s*}", "op", "if.list", "name", ns->ns_interface), &r);
	if (error != 0)
		return error;
	json_array_foreach(json_object_get(r, "interfaces"), i, ifp)
		for (size_t c = 0; c < NCOLUMNS; c++)
			su->su_n[c] += cmd_int(json_object_get(ifp, "stats"), columns[c].c_key);
	json_decref(r);
	return 0;
}

static void
emit_titles(const struct netstat *ns)
{
	xo_emit(ns->ns_xo, "{T:/%17s} {T:/%14s} {T:/%16s}\n", "input",
	    ns->ns_interface != NULL ? ns->ns_interface : "(Total)", "output");
	for (size_t c = 0; c < shown(ns); c++)
		xo_emit(ns->ns_xo, "{P:/%s}{T:/%*s}", c > 0 ? " " : "", columns[c].c_width, columns[c].c_title);
	xo_emit(ns->ns_xo, "\n");
}

static void
emit_sums(const struct netstat *ns, const struct sums *now, const struct sums *before)
{
	xo_open_instance(ns->ns_xo);
	for (size_t c = 0; c < shown(ns); c++) {
		xo_emit(ns->ns_xo, c > 0 ? " " : "");
		netstat_emit_counter(ns, columns[c].c_name, columns[c].c_width, now->su_n[c] - before->su_n[c], strstr(columns[c].c_key, "bytes") != NULL);
	}
	xo_emit(ns->ns_xo, "\n");
	xo_close(ns->ns_xo);
	fflush(stdout);
}

/* Until ns_count lines are out, or for ever. */
int
netstat_running(struct netstat *ns)
{
	struct sums before, now;
	struct timespec next;
	int error;

	if (read_sums(ns, &before) != 0)
		return 1;
	clock_gettime(CLOCK_MONOTONIC, &next);
	xo_open_container(ns->ns_xo, "statistics");
	xo_open_list(ns->ns_xo, "interface-statistics");
	for (long long line = 0; ns->ns_count == 0 || line < ns->ns_count; line++) {
		if (line % SCREEN == 0)
			emit_titles(ns);
		next.tv_sec += ns->ns_wait;
		do {
			error = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
		} while (error == EINTR);
		if (read_sums(ns, &now) != 0)
			return 1;
		emit_sums(ns, &now, &before);
		before = now;
	}
	xo_close(ns->ns_xo);
	xo_close(ns->ns_xo);
	return 0;
}
