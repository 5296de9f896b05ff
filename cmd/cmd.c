/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmd/cmd.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <vimage/socket.h>

#include "cmd/xo.h"

void
cmd_warnx(const struct cmd_ctx *cx, const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);		/* keeps the order when both are one file */
	fprintf(stderr, "%s: ", cx->cx_prog);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

int
cmd_usage(const struct cmd_ctx *cx, int c, int status)
{
	fflush(stdout);
	if (c == '?')
		fprintf(stderr, "%s: illegal option -- %c\n", cx->cx_prog, optopt);
	else if (c == ':')
		fprintf(stderr, "%s: option requires an argument -- %c\n", cx->cx_prog, optopt);
	fprintf(stderr, "usage: %s %s\n", cx->cx_prog, cx->cx_usage);
	return status;
}

int
cmd_lines(const struct cmd_ctx *cx, const char *name, int (*fn)(const void *, int, char **), const void *arg)
{
	char line[512], *rest, *words[7];
	FILE *f = fopen(name, "re");
	int status = 0, n;

	if (f == NULL) {
		cmd_warnx(cx, "cannot open %s: %s", name, strerror(errno));
		return 1;
	}
	for (unsigned number = 1; fgets(line, sizeof(line), f) != NULL; number++) {
		line[strcspn(line, "#\r\n")] = '\0';
		for (n = 0, rest = line; n < 7 && (words[n] = strsep(&rest, " \t")) != NULL;)
			n += words[n][0] != '\0';
		if (n == 1 || n == 7)
			cmd_warnx(cx, "%s:%u: bad line", name, number);
		if (n == 1 || n == 7 || (n > 0 && fn(arg, n, words) != 0))
			status = 1;
	}
	fclose(f);
	return status;
}

struct xo *
cmd_xo(struct cmd_ctx *cx, int *argc, char **argv)
{
	const char *bad = "out of memory";
	struct xo *xo;

	if (xo_new(stdout, argc, argv, &xo, &bad) == 0)
		return xo;
	cmd_warnx(cx, "%s: unsupported output style", bad);
	return NULL;
}

int
cmd_connect(struct cmd_ctx *cx)
{
	char err[256];
	int error;

	if (cx->cx_conn != NULL)
		return 0;
	error = ctl_connect(cx->cx_instance, !cx->cx_nostart, &cx->cx_conn, err);
	if (error != 0)
		cmd_warnx(cx, "%s", err);
	return error;
}

/*
 * Calls.
 */
static int
set_error(struct cmd_error *ce, int error, const char *text)
{
	ce->ce_errno = error;
	snprintf(ce->ce_text, sizeof(ce->ce_text), "%s", text);
	return error;
}

/* What the daemon refused has its own sentence. */
static int
judge(const json_t *reply, struct cmd_error *ce)
{
	const char *text = cmd_str(reply, "error");
	int error = (int)cmd_int(reply, "errno");

	if (cmd_bool(reply, "ok"))
		return 0;
	if (error <= 0)
		error = EPROTO;
	return set_error(ce, error, text[0] != '\0' ? text : strerror(error));
}

/* What broke on the way has the host's. */
static int
receive(struct ctl_conn *cc, cmd_part_fn *fn, void *arg, struct cmd_error *ce)
{
	json_t *part;
	bool more;
	int error;

	do {
		if ((error = ctl_recv(cc, &part, NULL, NULL)) != 0)
			return set_error(ce, error, error == ECONNRESET || error == EPIPE ?
			    "vimaged closed the connection" : strerror(error));
		more = cmd_bool(part, "more");
		if (more || (error = judge(part, ce)) == 0)
			fn(arg, part);
		json_decref(part);
	} while (error == 0 && more);
	return error;
}

/* Puts a part of an answer into the whole: arrays grow, everything else is replaced. */
static void
join(void *arg, const json_t *part)
{
	json_t *whole = arg, *value, *have;
	const char *key;

	json_object_foreach((json_t *)part, key, value) {
		have = json_object_get(whole, key);
		if (json_is_array(have) && json_is_array(value))
			json_array_extend(have, value);
		else
			json_object_set(whole, key, value);
	}
}

int
cmd_receive(struct ctl_conn *cc, json_t **replyp, struct cmd_error *ce)
{
	json_t *whole = json_object();
	int error = receive(cc, join, whole, ce);

	if (replyp != NULL)
		*replyp = error == 0 ? whole : NULL;
	if (replyp == NULL || error != 0)
		json_decref(whole);
	return error;
}

/* Sends a request; 0: there is an answer to be received. */
static int
ask(struct cmd_ctx *cx, json_t *req, int fd, struct cmd_error *ce)
{
	char err[256];
	int error;

	if (cx->cx_jail != NULL && json_object_get(req, "jail") == NULL)
		json_object_set_new(req, "jail", json_string(cx->cx_jail));
	if (cx->cx_conn == NULL) {
		error = ctl_connect(cx->cx_instance, !cx->cx_nostart, &cx->cx_conn, err);
		if (error != 0) {
			json_decref(req);
			return set_error(ce, error, err);
		}
	}
	error = ctl_send(cx->cx_conn, req, &fd, fd >= 0);
	json_decref(req);
	/* Who is turned away finds the reason, even if it could not ask. */
	return error == 0 || error == EPIPE || error == ECONNRESET ? 0 : set_error(ce, error, strerror(error));
}

int
cmd_try(struct cmd_ctx *cx, json_t *req, json_t **replyp, struct cmd_error *ce)
{
	return cmd_try_fd(cx, req, -1, replyp, ce);
}

int
cmd_try_fd(struct cmd_ctx *cx, json_t *req, int fd, json_t **replyp, struct cmd_error *ce)
{
	int error;

	if (replyp != NULL)
		*replyp = NULL;
	error = ask(cx, req, fd, ce);
	return error != 0 ? error : cmd_receive(cx->cx_conn, replyp, ce);
}

int
cmd_call(struct cmd_ctx *cx, json_t *req, json_t **reply)
{
	struct cmd_error ce;
	int error;

	if ((error = cmd_try(cx, req, reply, &ce)) != 0)
		cmd_warnx(cx, "%s", ce.ce_text);
	return error;
}

int
cmd_each(struct cmd_ctx *cx, json_t *req, cmd_part_fn *fn, void *arg)
{
	struct cmd_error ce;
	int error;

	if ((error = ask(cx, req, -1, &ce)) != 0 || (error = receive(cx->cx_conn, fn, arg, &ce)) != 0)
		cmd_warnx(cx, "%s", ce.ce_text);
	return error;
}

/*
 * Values.
 */
const char *
cmd_str(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

json_int_t
cmd_int(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

bool
cmd_bool(const json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key));
}

bool
cmd_number(const char *text, long long min, long long max, long long *np)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	char *end;

	if (text[0] != '-' && (text[0] < '0' || text[0] > '9'))
		return false;
	errno = 0;
	*np = strtoll(text, &end, hex ? 16 : 10);
	return errno == 0 && *end == '\0' && *np >= min && *np <= max;
}

int
cmd_fib(void)
{
	const char *text = getenv("VIMAGE_FIB");
	long long fib;

	return text != NULL && cmd_number(text, 0, 65535, &fib) ? (int)fib : 0;
}

bool
cmd_pcb_inet6(const json_t *pcb)
{
	return strchr(cmd_str(pcb, "local"), ':') != NULL || cmd_int(pcb, "proto") == IPPROTO_ICMPV6;
}

bool
cmd_addr_any(const char *addr)
{
	return addr[0] == '\0' || strcmp(addr, "0.0.0.0") == 0 || strcmp(addr, "::") == 0;
}

const char *
cmd_tcp_state(json_int_t state)
{
	static const char *const names[] = {
		[VI_TCPS_CLOSED] = "CLOSED",
		[VI_TCPS_LISTEN] = "LISTEN",
		[VI_TCPS_SYN_SENT] = "SYN_SENT",
		[VI_TCPS_SYN_RECEIVED] = "SYN_RCVD",
		[VI_TCPS_ESTABLISHED] = "ESTABLISHED",
		[VI_TCPS_CLOSE_WAIT] = "CLOSE_WAIT",
		[VI_TCPS_FIN_WAIT_1] = "FIN_WAIT_1",
		[VI_TCPS_CLOSING] = "CLOSING",
		[VI_TCPS_LAST_ACK] = "LAST_ACK",
		[VI_TCPS_FIN_WAIT_2] = "FIN_WAIT_2",
		[VI_TCPS_TIME_WAIT] = "TIME_WAIT",
	};

	return state >= 0 && state <= VI_TCPS_TIME_WAIT ? names[state] : "";
}
