/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of sockstat(1).  Columns are as wide as what is in them, so all lines are there before the first is written. */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/sockstat_int.h"
#include "cmd/xo.h"

#define COMMANDWIDTH	10	/* of a command, at most */
#define ADDRWIDTH	21	/* of an address, but for -w */

static const struct column {
	const char	*c_title, *c_name;
	int		 c_width;	/* at least */
	bool		 c_right;	/* so is its title, but for PCB KVA */
	char		 c_json;	/* 's': a text, 'n': a number, 0: JSON has it elsewhere */
} columns[SS_NCOLUMNS] = {
	[SS_USER] = { "USER", "user", 0, false, 's' },
	[SS_COMMAND] = { "COMMAND", "command", COMMANDWIDTH, false, 's' },
	[SS_PID] = { "PID", "pid", 0, true, 'n' },
	[SS_FD] = { "FD", "fd", 0, true, 'n' },
	[SS_PROTO] = { "PROTO", "proto", 0, false, 's' },
	[SS_LOCAL] = { "LOCAL ADDRESS", "local-address", 0, false, 0 },
	[SS_FOREIGN] = { "FOREIGN ADDRESS", "foreign-address", 0, false, 0 },
	[SS_PCB] = { "PCB KVA", "pcb-kva", 18, true, 's' },
	[SS_FIB] = { "FIB", "fib", 0, true, 'n' },
	[SS_SPLICE] = { "SPLICE ADDRESS", "splice-address", 0, false, 's' },
	[SS_ID] = { "ID", "id", 0, true, 's' },
	[SS_ENCAPS] = { "ENCAPS", "encaps", 0, true, 'n' },
	[SS_STATE] = { "CONN STATE", "conn-state", 0, false, 's' },
	[SS_BBLOG] = { "BBLOG STATE", "bblog-state", 0, false, 's' },
	[SS_STACK] = { "STACK", "stack", 0, false, 's' },
	[SS_CC] = { "CC", "cc", 0, false, 's' },
};

static void
fill_process(const struct sockstat *ss, const struct holder *ho, struct sockrow *sr)
{
	char path[64];
	struct passwd *pw;
	struct stat sb;

	holder_command(ho->ho_pid, sr->sr_text[SS_COMMAND], sizeof(sr->sr_text[0]));
	snprintf(sr->sr_text[SS_PID], sizeof(sr->sr_text[0]), "%d", ho->ho_pid);
	snprintf(sr->sr_text[SS_FD], sizeof(sr->sr_text[0]), "%d", ho->ho_fd);
	snprintf(path, sizeof(path), "/proc/%d", ho->ho_pid);
	if (stat(path, &sb) != 0)
		return;
	if (!ss->ss_numeric && (pw = getpwuid(sb.st_uid)) != NULL)
		snprintf(sr->sr_text[SS_USER], sizeof(sr->sr_text[0]), "%s", pw->pw_name);
	else
		snprintf(sr->sr_text[SS_USER], sizeof(sr->sr_text[0]), "%u", sb.st_uid);
}

bool
sockstat_add(struct sockstat *ss, const struct holder *ho, const struct sockrow *like)
{
	struct sockrow *sr;

	if (ss->ss_nrows == ss->ss_maxrows) {
		ss->ss_maxrows = ss->ss_maxrows == 0 ? 64 : 2 * ss->ss_maxrows;
		if ((sr = reallocarray(ss->ss_rows, ss->ss_maxrows, sizeof(*sr))) == NULL)
			return false;
		ss->ss_rows = sr;
	}
	sr = &ss->ss_rows[ss->ss_nrows++];
	*sr = *like;
	if (ho != NULL)
		fill_process(ss, ho, sr);
	return true;
}

static const char *
row_text(const struct sockrow *sr, unsigned c)
{
	return c == SS_LOCAL ? sr->sr_local : c == SS_FOREIGN ? sr->sr_foreign : sr->sr_text[c];
}

static int
width(const struct sockstat *ss, unsigned c)
{
	const bool addr = c == SS_LOCAL || c == SS_FOREIGN;
	int w = columns[c].c_width;

	if (addr && !ss->ss_wide)
		return ADDRWIDTH;
	if (w < (int)strlen(columns[c].c_title))
		w = (int)strlen(columns[c].c_title);
	for (size_t i = 0; c != SS_COMMAND && i < ss->ss_nrows; i++)
		if (w < (int)strlen(row_text(&ss->ss_rows[i], c)))
			w = (int)strlen(row_text(&ss->ss_rows[i], c));
	return w;
}

/* Address and port apart; of AF_UNIX a path. */
static void
emit_end(struct xo *xo, const struct sockrow *sr, const char *name, const char *text)
{
	const char *colon = strrchr(text, ':');
	char addr[SS_ADDRLEN];

	if (sr->sr_unix ? text != sr->sr_local || !sr->sr_bound : colon == NULL)
		return;
	xo_open_container(xo, name);
	if (sr->sr_unix)
		xo_emit(xo, "{e:path/%s}", text);
	else {
		snprintf(addr, sizeof(addr), "%.*s", (int)(colon - text), text);
		xo_emit(xo, "{e:address/%s}{e:port/%d}", addr, atoi(colon + 1));
	}
	xo_close(xo);
}

/* The last column is followed by nothing. */
static void
emit_column(const struct sockstat *ss, unsigned c, int w, const char *text, bool last)
{
	const struct column *co = &columns[c];
	const bool cut = c == SS_COMMAND || ((c == SS_LOCAL || c == SS_FOREIGN) && !ss->ss_wide);
	char fmt[80], shown[SS_ADDRLEN];

	snprintf(shown, sizeof(shown), "%.*s", cut ? w : (int)sizeof(shown), text[0] != '\0' ? text : "??");
	if (c > SS_USER)
		xo_emit(ss->ss_xo, " ");
	if (text[0] != '\0' && co->c_json != 0) {
		snprintf(fmt, sizeof(fmt), "{e%s:%s/%%s}", co->c_json == 'n' ? "n" : "", co->c_name);
		xo_emit(ss->ss_xo, fmt, text);
	}
	xo_emit(ss->ss_xo, last && !co->c_right ? "{d:x/%*s}" : co->c_right ? "{d:x/%*s}" : "{d:x/%-*s}", last && !co->c_right ? 0 : w, shown);
}

static unsigned
last_column(const struct sockstat *ss)
{
	unsigned c = SS_NCOLUMNS - 1;

	while ((ss->ss_columns & 1u << c) == 0)
		c--;
	return c;
}

static void
emit_titles(const struct sockstat *ss, const int *w)
{
	const unsigned last = last_column(ss);
	bool right;

	for (unsigned c = 0; c < SS_NCOLUMNS; c++) {
		if ((ss->ss_columns & 1u << c) == 0)
			continue;
		right = columns[c].c_right && c != SS_PCB;
		xo_emit(ss->ss_xo, right ? "{P:/%s}{T:/%*s}" : "{P:/%s}{T:/%-*s}", c > SS_USER ? " " : "", c == last && !right ? 0 : w[c],
		    columns[c].c_title);
	}
	xo_emit(ss->ss_xo, "\n");
}

static void
emit_row(const struct sockstat *ss, const struct sockrow *sr, const int *w)
{
	const unsigned last = last_column(ss);

	xo_open_instance(ss->ss_xo);
	for (unsigned c = 0; c < SS_NCOLUMNS; c++)
		if (ss->ss_columns & 1u << c) {
			emit_column(ss, c, w[c], row_text(sr, c), c == last);
			if (c == SS_LOCAL)
				emit_end(ss->ss_xo, sr, "local", sr->sr_local);
			if (c == SS_FOREIGN)
				emit_end(ss->ss_xo, sr, "foreign", sr->sr_foreign);
		}
	xo_emit(ss->ss_xo, "\n");
	xo_close(ss->ss_xo);
}

void
sockstat_show(const struct sockstat *ss)
{
	int w[SS_NCOLUMNS];

	for (unsigned c = 0; c < SS_NCOLUMNS; c++)
		w[c] = width(ss, c);
	xo_open_container(ss->ss_xo, "sockstat");
	if (!ss->ss_quiet)
		emit_titles(ss, w);
	xo_open_list(ss->ss_xo, "socket");
	for (size_t i = 0; i < ss->ss_nrows; i++)
		emit_row(ss, &ss->ss_rows[i], w);
	xo_close(ss->ss_xo);
	xo_close(ss->ss_xo);
}
