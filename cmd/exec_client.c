/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * The program gets our three descriptors as they are, or, when we are in the foreground of a
 * terminal, a terminal of its own: we keep the master and copy between it and ours, which is in
 * raw mode meanwhile, so that every key, ^C and ^Z too, is for the program's terminal.  A
 * background job must not read the terminal; its program gets /dev/null for it.
 *
 * Signals that we get are read from a descriptor and sent on.  Whatever way this ends, the
 * terminal is set back first; then the program's end becomes ours: its exit status, or the same
 * signal.
 */
#include "cmd/exec_client.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pty.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "cmd/cmd.h"

#define BUFSIZE	65536
#define NGROUPS	64

/* One direction between two descriptors. */
struct flow {
	int	f_from, f_to;		/* -1: at its end */
	size_t	f_start, f_end;
	char	f_buf[BUFSIZE];
};

struct session {
	struct cmd_ctx	*s_cx;
	struct ctl_conn	*s_cc;
	int		 s_sigfd;
	sigset_t	 s_oldmask;
	bool		 s_tty;		/* with a terminal of its own */
	int		 s_master;	/* -1 */
	struct termios	 s_saved;
	bool		 s_raw;		/* ours is in raw mode */
	struct flow	 s_in, s_out;
	bool		 s_over;
	int		 s_status;	/* exit status */
	int		 s_signal;	/* or 0 */
};

/*
 * The terminal.
 */
static void
terminal_restore(struct session *s)
{
	if (s->s_raw)
		(void)tcsetattr(0, TCSADRAIN, &s->s_saved);
	s->s_raw = false;
}

static bool
in_foreground(int fd)
{
	return tcgetpgrp(fd) == getpgrp();
}

static int
terminal_open(struct session *s, int *slave)
{
	struct winsize ws = { 0 };
	struct termios raw;

	if (tcgetattr(0, &s->s_saved) != 0)
		return errno;
	(void)ioctl(0, TIOCGWINSZ, &ws);
	if (openpty(&s->s_master, slave, NULL, &s->s_saved, &ws) != 0)
		return errno;
	(void)fcntl(s->s_master, F_SETFD, FD_CLOEXEC);
	(void)fcntl(s->s_master, F_SETFL, O_NONBLOCK);
	(void)fcntl(*slave, F_SETFD, FD_CLOEXEC);
	raw = s->s_saved;
	cfmakeraw(&raw);
	if (tcsetattr(0, TCSADRAIN, &raw) != 0)
		return errno;
	s->s_raw = true;
	s->s_in = (struct flow){ .f_from = 0, .f_to = s->s_master };
	s->s_out = (struct flow){ .f_from = s->s_master, .f_to = 1 };
	return 0;
}

static void
terminal_resize(const struct session *s)
{
	struct winsize ws;

	if (s->s_master >= 0 && ioctl(0, TIOCGWINSZ, &ws) == 0)
		(void)ioctl(s->s_master, TIOCSWINSZ, &ws);
}

/* The program's 0, 1 and 2; what is not ours is in *extra. */
static int
choose_descriptors(struct session *s, int fds[3], int *extra)
{
	int error;

	*extra = -1;
	for (int i = 0; i < 3; i++)
		fds[i] = i;
	if (isatty(0) && !in_foreground(0)) {
		/* Reading would steal the keys of whoever is in the foreground. */
		if ((*extra = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0)
			return errno;
		fds[0] = *extra;
		return 0;
	}
	s->s_tty = isatty(0) && isatty(1);
	if (!s->s_tty)
		return 0;
	if ((error = terminal_open(s, extra)) != 0)
		return error;
	fds[0] = fds[1] = *extra;
	if (isatty(2))
		fds[2] = *extra;
	return 0;
}

/*
 * Signals.
 */
static const int forwarded[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGCONT };

static int
catch_signals(struct session *s)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(forwarded) / sizeof(forwarded[0]); i++)
		sigaddset(&set, forwarded[i]);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, &s->s_oldmask);
	signal(SIGPIPE, SIG_IGN);
	s->s_sigfd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->s_sigfd < 0 ? errno : 0;
}

static void
forward(struct session *s, int sig)
{
	json_t *msg = json_pack("{s:s,s:i}", "op", "signal", "sig", sig);

	(void)ctl_send(s->s_cc, msg, NULL, 0);
	json_decref(msg);
}

static void
read_signals(struct session *s)
{
	struct signalfd_siginfo si;

	while (read(s->s_sigfd, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		if (si.ssi_signo == SIGWINCH)
			terminal_resize(s);
		else
			forward(s, (int)si.ssi_signo);
	}
}

/*
 * Copying.
 */
static short
flow_wants(const struct flow *f, bool reading)
{
	if (reading)
		return f->f_from >= 0 && f->f_end == f->f_start ? POLLIN : 0;
	return f->f_to >= 0 && f->f_end > f->f_start ? POLLOUT : 0;
}

/* Writes what it can; a reader of ours that is gone makes the rest be dropped. */
static void
flow_write(struct flow *f)
{
	ssize_t n;

	while (f->f_start < f->f_end) {
		n = write(f->f_to, f->f_buf + f->f_start, f->f_end - f->f_start);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			f->f_start = f->f_end;
		else
			f->f_start += (size_t)n;
	}
	f->f_start = f->f_end = 0;
}

static void
flow_read(struct flow *f)
{
	ssize_t n;

	n = read(f->f_from, f->f_buf, sizeof(f->f_buf));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {		/* EIO: nobody has the other side open any more */
		f->f_from = -1;
		return;
	}
	f->f_start = 0;
	f->f_end = (size_t)n;
	flow_write(f);
}

/* What the program had written before it ended. */
static void
drain(struct session *s)
{
	while (s->s_out.f_from >= 0) {
		struct pollfd pfd = { s->s_master, POLLIN, 0 };

		if (s->s_out.f_end > s->s_out.f_start) {
			pfd = (struct pollfd){ 1, POLLOUT, 0 };
			if (poll(&pfd, 1, -1) > 0)
				flow_write(&s->s_out);
			continue;
		}
		if (poll(&pfd, 1, 0) <= 0 || pfd.revents == 0)
			return;
		flow_read(&s->s_out);
	}
}

/*
 * The conversation.
 */
static void
end_with(struct session *s, int status)
{
	s->s_over = true;
	s->s_status = status;
}

static void
on_message(struct session *s, const json_t *msg)
{
	const char *notice = cmd_str(msg, "notice");

	if (!cmd_bool(msg, "ok")) {
		terminal_restore(s);
		cmd_warnx(s->s_cx, "%s", cmd_str(msg, "error"));
		if (!cmd_bool(msg, "exec"))
			end_with(s, 1);
		else
			end_with(s, cmd_int(msg, "errno") == ENOENT ? 127 : 126);
		return;
	}
	if (notice[0] != '\0')
		fprintf(stderr, "%s: %s%s\n", s->s_cx->cx_prog, notice, s->s_raw ? "\r" : "");
	if (json_object_get(msg, "exit") != NULL)
		end_with(s, (int)cmd_int(msg, "exit"));
	if (json_object_get(msg, "signal") != NULL) {
		end_with(s, 0);
		s->s_signal = (int)cmd_int(msg, "signal");
	}
}

static void
read_messages(struct session *s)
{
	json_t *msg;
	int error;

	if ((error = ctl_recv(s->s_cc, &msg, NULL, NULL)) == EAGAIN)
		return;
	if (error != 0) {
		terminal_restore(s);
		cmd_warnx(s->s_cx, "%s",
		    error == ECONNRESET ? "vimaged closed the connection" : strerror(error));
		end_with(s, 1);
		return;
	}
	on_message(s, msg);
	json_decref(msg);
}

static void
converse(struct session *s)
{
	while (!s->s_over) {
		struct pollfd pfd[6] = {
			{ ctl_conn_fd(s->s_cc), POLLIN, 0 },
			{ s->s_sigfd, POLLIN, 0 },
			{ s->s_tty ? s->s_in.f_from : -1, flow_wants(&s->s_in, true), 0 },
			{ s->s_tty ? s->s_in.f_to : -1, flow_wants(&s->s_in, false), 0 },
			{ s->s_tty ? s->s_out.f_from : -1, flow_wants(&s->s_out, true), 0 },
			{ s->s_tty ? s->s_out.f_to : -1, flow_wants(&s->s_out, false), 0 },
		};

		for (int i = 2; i < 6; i++)
			if (pfd[i].events == 0)
				pfd[i].fd = -1;
		if (poll(pfd, 6, -1) < 0)
			continue;
		if (pfd[1].revents != 0)
			read_signals(s);
		if (pfd[3].revents != 0)
			flow_write(&s->s_in);
		if (pfd[5].revents != 0)
			flow_write(&s->s_out);
		if (pfd[2].revents != 0)
			flow_read(&s->s_in);
		if (pfd[4].revents != 0)
			flow_read(&s->s_out);
		if (pfd[0].revents != 0)
			read_messages(s);
	}
}

/*
 * The request.
 */
static json_t *
text_list(char *const *texts)
{
	json_t *list = json_array(), *s;

	for (; texts != NULL && *texts != NULL; texts++)
		if ((s = json_string(*texts)) == NULL || json_array_append_new(list, s) != 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

/* Variables that are not UTF-8 cannot go through; they are left out. */
static json_t *
environment(void)
{
	json_t *list = json_array();

	for (char **e = environ; *e != NULL; e++)
		json_array_append_new(list, json_string(*e));
	return list;
}

static json_t *
host_ids(const char *user)
{
	gid_t groups[NGROUPS];
	struct passwd *pw;
	int n = NGROUPS;
	json_t *list;

	if ((pw = getpwnam(user)) == NULL)
		return NULL;
	if (getgrouplist(user, pw->pw_gid, groups, &n) < 0)
		n = NGROUPS;
	list = json_array();
	for (int i = 0; i < n; i++)
		json_array_append_new(list, json_integer(groups[i]));
	return json_pack("{s:I,s:I,s:o}", "uid", (json_int_t)pw->pw_uid, "gid",
	    (json_int_t)pw->pw_gid, "groups", list);
}

static void
put_text(json_t *o, const char *key, const char *text)
{
	if (text != NULL)
		json_object_set_new(o, key, json_string(text));
}

static int
build_request(const struct session *s, const struct exec_request *er, json_t **reqp)
{
	mode_t mask = umask(0);
	json_t *req, *argv, *ids = NULL;

	(void)umask(mask);
	if ((argv = text_list(er->er_argv)) == NULL) {
		cmd_warnx(s->s_cx, "the command is not UTF-8");
		return EILSEQ;
	}
	if (er->er_hostuser != NULL && (ids = host_ids(er->er_hostuser)) == NULL) {
		json_decref(argv);
		cmd_warnx(s->s_cx, "%s: no such user", er->er_hostuser);
		return ENOENT;
	}
	req = json_pack("{s:s,s:s,s:o,s:o,s:b,s:b,s:i}", "op", "exec", "jail", er->er_jail, "argv",
	    argv, "env", environment(), "tty", s->s_tty, "login", er->er_login, "umask", (int)mask);
	put_text(req, "cwd", er->er_dir);
	if (er->er_containers != NULL)
		json_object_set(req, "containers", er->er_containers);
	if (er->er_setenv != NULL)
		json_object_set(req, "setenv", er->er_setenv);
	put_text(req, "user", ids != NULL ? er->er_hostuser : er->er_user);
	if (ids != NULL)
		json_object_set_new(req, "ids", ids);
	*reqp = req;
	return 0;
}

static int
send_request(struct session *s, const struct exec_request *er)
{
	int error, extra, fds[3];
	json_t *req;

	if ((error = choose_descriptors(s, fds, &extra)) != 0) {
		terminal_restore(s);
		cmd_warnx(s->s_cx, "terminal: %s", strerror(error));
		return error;
	}
	if ((error = build_request(s, er, &req)) == 0) {
		error = ctl_send(s->s_cc, req, fds, 3);
		json_decref(req);
		if (error != 0) {
			terminal_restore(s);
			cmd_warnx(s->s_cx, "%s", strerror(error));
		}
	}
	if (extra >= 0)
		close(extra);
	return error;
}

/* So that a shell sees the same as if the program had been its own. */
static void __attribute__((noreturn))
die_by(const struct session *s, int sig)
{
	struct rlimit none = { 0, 0 };
	sigset_t one;

	(void)setrlimit(RLIMIT_CORE, &none);
	signal(sig, SIG_DFL);
	sigemptyset(&one);
	sigaddset(&one, sig);
	sigprocmask(SIG_SETMASK, &s->s_oldmask, NULL);
	raise(sig);
	sigprocmask(SIG_UNBLOCK, &one, NULL);
	_exit(128 + sig);
}

/* What a closed descriptor would be taken for, by us and by the program. */
static void
fill_standard(void)
{
	int fd;

	while ((fd = open("/dev/null", O_RDWR)) >= 0 && fd <= 2)
		;
	if (fd > 2)
		close(fd);
}

int
exec_client_run(struct cmd_ctx *cx, const struct exec_request *er)
{
	struct session *s;
	int status, sig;

	fill_standard();
	fflush(stdout);
	if ((s = calloc(1, sizeof(*s))) == NULL || cmd_connect(cx) != 0) {
		free(s);
		return 1;
	}
	s->s_cx = cx;
	s->s_cc = cx->cx_conn;
	s->s_master = s->s_sigfd = -1;
	s->s_status = 1;
	if (catch_signals(s) == 0 && send_request(s, er) == 0) {
		converse(s);
		if (s->s_tty)
			drain(s);
	}
	terminal_restore(s);
	if ((sig = s->s_signal) != 0)
		die_by(s, sig);
	sigprocmask(SIG_SETMASK, &s->s_oldmask, NULL);
	if (s->s_sigfd >= 0)
		close(s->s_sigfd);
	if (s->s_master >= 0)
		close(s->s_master);
	status = s->s_status;
	free(s);
	return status;
}
