/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running a program in a jail: the client's half of the operation "exec".
 *
 * Request, with three descriptors, the program's 0, 1 and 2:
 *	{"op": "exec", "jail": text, "argv": [text], "env": ["NAME=value"], "cwd": text?,
 *	"user": text?, "ids": {"uid", "gid" int, "groups": [int]}?, "login": bool?, "tty": bool?,
 *	"umask": int?, "setenv": ["NAME=value"]?, "containers": {class: text}?}
 * containers: other jails whose containers of these classes it gets ("vnet", "vproc", "vcpu", "vipc", "vlog").  user is looked up in the jail's own passwd; ids are used as they are, and user is then
 * no more than their name.  setenv: put into the environment last, also into a clean one.  tty: descriptor 0
 * becomes the controlling terminal.  Without argv a shell is run.
 *
 * A program that cannot be run: {"ok": false, "errno", "error", "exec": true}.
 * Otherwise {"ok": true, "pid": int, "notice": text?} and, when it has ended,
 * {"ok": true, "exit": int} or {"ok": true, "signal": int, "core": bool}.
 * Meanwhile the client may send {"op": "signal", "sig": int} (no answer).
 * When the connection ends first, the program gets SIGHUP.
 */
#ifndef CMD_EXEC_CLIENT_H
#define CMD_EXEC_CLIENT_H

#include <stdbool.h>
#include <sys/types.h>
#include <jansson.h>

struct cmd_ctx;

struct exec_request {
	const char	*er_jail;	/* name or jid, as the caller sees it */
	char *const	*er_argv;	/* NULL: a shell */
	const char	*er_dir;	/* NULL: the jail's root */
	json_t		*er_containers;	/* -x: {class: jail}; NULL: all the jail's */
	json_t		*er_setenv;	/* -e: ["NAME=value"]; NULL */
	const char	*er_user;	/* -U: of the jail's passwd; NULL */
	const char	*er_hostuser;	/* -u: of our passwd; NULL */
	bool		 er_login;	/* -l: a clean environment */
};

/*
 * Runs it on our terminal or descriptors and passes signals on.  Returns its exit status; when
 * it was ended by a signal, ends this process by the same signal. 126, 127 (not found) or 1
 * after a message when it could not be started.
 */
int	exec_client_run(struct cmd_ctx *, const struct exec_request *);

#endif
