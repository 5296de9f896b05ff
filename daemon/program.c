/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * program_new writes what a client asked for into one piece of memory; program_run reads it in
 * the process that becomes the program.  That process is a fork of the jail's init.  It
 * installs the filter first, while it still has all rights, and tells the descriptor of the
 * listener; the init takes a copy and vimaged attaches it.  Then the process goes on: session
 * and terminal, user, directory, environment, exec.  From the filter on it must not make a
 * socket call itself.  What fails is told through the report pipe, which exec closes.
 */
#include "daemon/program.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/caps.h"
#include "linux/linux.h"

#define PROGRAM_MAXSIZE	(8u << 20)

/*
 * Building.
 */
static const char *
text_or(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

/* Bytes of an array of strings with their ends; false when it is something else. */
static bool
measure(const json_t *list, size_t *size, uint32_t *count)
{
	size_t i;
	json_t *s;

	json_array_foreach(list, i, s) {
		if (!json_is_string(s))
			return false;
		*size += json_string_length(s) + 1;
	}
	*count = (uint32_t)json_array_size(list);
	return true;
}

static char *
put(char *p, const char *s)
{
	return stpcpy(p, s) + 1;
}

static char *
put_list(char *p, const json_t *list)
{
	size_t i;
	json_t *s;

	json_array_foreach(list, i, s)
		p = put(p, json_string_value(s));
	return p;
}

static bool
fill_ids(struct program *pg, const json_t *ids)
{
	json_t *groups = json_object_get(ids, "groups"), *g;
	json_int_t uid, gid;
	size_t i;

	if (ids == NULL)
		return true;
	if (json_unpack((json_t *)(uintptr_t)ids, "{s:I,s:I}", "uid", &uid, "gid", &gid) != 0 ||
	    uid < 0 || uid >= UINT32_MAX || gid < 0 || gid >= UINT32_MAX)
		return false;
	pg->pg_flags |= PROGRAM_IDS;
	pg->pg_uid = (uint32_t)uid;
	pg->pg_gid = (uint32_t)gid;
	json_array_foreach(groups, i, g)
		if (pg->pg_ngroups < PROGRAM_MAXGROUPS && json_is_integer(g))
			pg->pg_groups[pg->pg_ngroups++] = (uint32_t)json_integer_value(g);
	return true;
}

int
program_new(const json_t *args, const char *cmddir, struct program **pgp, char *err, size_t errlen)
{
	const json_t *argv = json_object_get(args, "argv"), *env = json_object_get(args, "env"), *set = json_object_get(args, "setenv");
	const json_t *mask = json_object_get(args, "umask");
	const char *cwd = text_or(args, "cwd"), *user = text_or(args, "user");
	size_t size = sizeof(struct program) + strlen(cwd) + strlen(user) + strlen(cmddir) + 3;
	uint32_t argc = 0, envc = 0, setc = 0;
	struct program *pg;
	char *p;

	if (!measure(argv, &size, &argc) || !measure(env, &size, &envc) || !measure(set, &size, &setc)) {
		snprintf(err, errlen, "argv, env and setenv are arrays of texts");
		return EINVAL;
	}
	if (size > PROGRAM_MAXSIZE)
		return E2BIG;
	if ((pg = calloc(1, size)) == NULL)
		return ENOMEM;
	pg->pg_size = (uint32_t)size;
	pg->pg_argc = argc;
	pg->pg_envc = envc;
	pg->pg_setc = setc;
	pg->pg_umask = json_is_integer(mask) ? (uint32_t)json_integer_value(mask) & 0777 : 022;
	pg->pg_flags = (json_is_true(json_object_get(args, "tty")) ? PROGRAM_TTY : 0u) |
		       (json_is_true(json_object_get(args, "login")) ? PROGRAM_LOGIN : 0u) |
		       (argc == 0 ? PROGRAM_SHELL : 0u);
	if (!fill_ids(pg, json_object_get(args, "ids"))) {
		snprintf(err, errlen, "ids needs a uid and a gid");
		free(pg);
		return EINVAL;
	}
	p = put(put(put(pg->pg_text, cwd), user), cmddir);
	put_list(put_list(put_list(p, argv), env), set);
	*pgp = pg;
	return 0;
}

/*
 * Running.
 */
struct running {
	const struct program *r_pg;
	const char	*r_cwd, *r_user, *r_cmddir;
	char		**r_argv, **r_env, **r_set;
	int		 r_report;
	uid_t		 r_uid;
	gid_t		 r_gid;
	bool		 r_setids;
	char		 r_home[PATH_MAX], r_shell[PATH_MAX], r_name[64];
};

static void __attribute__((noreturn))
report(const struct running *r, int error, const char *what, bool exec)
{
	struct program_report pr = { .pr_errno = error, .pr_exec = exec };

	snprintf(pr.pr_what, sizeof(pr.pr_what), "%s", what);
	(void)!write(r->r_report, &pr, sizeof(pr));
	_exit(126);
}

static void __attribute__((noreturn))
die(const struct running *r, int error, const char *what)
{
	report(r, error, what, false);
}

static const char *
next(const char **p)
{
	const char *s = *p;

	*p += strlen(s) + 1;
	return s;
}

static char **
next_list(const char **p, uint32_t n, uint32_t extra)
{
	char **list = calloc((size_t)n + extra + 1, sizeof(*list));

	for (uint32_t i = 0; list != NULL && i < n; i++)
		list[i] = (char *)(uintptr_t)next(p);
	return list;
}

static void
unpack(struct running *r, int memfile)
{
	const struct program *pg;
	struct stat sb;
	const char *p;

	if (fstat(memfile, &sb) != 0 || sb.st_size < (off_t)sizeof(*pg))
		die(r, errno, "memory file");
	pg = mmap(NULL, (size_t)sb.st_size, PROT_READ, MAP_PRIVATE, memfile, 0);
	if (pg == MAP_FAILED)
		die(r, errno, "memory file");
	r->r_pg = pg;
	p = pg->pg_text;
	r->r_cwd = next(&p);
	r->r_user = next(&p);
	r->r_cmddir = next(&p);
	r->r_argv = next_list(&p, pg->pg_argc, 1);
	r->r_env = next_list(&p, pg->pg_envc, pg->pg_setc + 8);
	r->r_set = next_list(&p, pg->pg_setc, 0);
	if (r->r_argv == NULL || r->r_env == NULL || r->r_set == NULL)
		die(r, ENOMEM, "environment");
}

static void
take_terminal(const struct running *r, const int stdfds[3])
{
	setsid();
	for (int i = 0; i < 3; i++)
		if (dup2(stdfds[i], i) < 0)
			die(r, errno, "descriptor");
	if ((r->r_pg->pg_flags & PROGRAM_TTY) != 0 && ioctl(0, TIOCSCTTY, 0) != 0)
		die(r, errno, "controlling terminal");
}

/*
 * The user, in the passwd file that the jail sees; not through NSS, which would talk to daemons
 * of the host.
 */
static bool
find_user(struct running *r, const char *name, uid_t uid)
{
	struct passwd *pw = NULL;
	FILE *f;

	if ((f = fopen("/etc/passwd", "re")) == NULL)
		return false;
	while ((pw = fgetpwent(f)) != NULL)
		if (name != NULL ? strcmp(pw->pw_name, name) == 0 : pw->pw_uid == uid)
			break;
	if (pw != NULL) {
		r->r_uid = pw->pw_uid;
		r->r_gid = pw->pw_gid;
		snprintf(r->r_home, sizeof(r->r_home), "%s", pw->pw_dir);
		snprintf(r->r_shell, sizeof(r->r_shell), "%s", pw->pw_shell);
		snprintf(r->r_name, sizeof(r->r_name), "%s", pw->pw_name);
	}
	fclose(f);
	return pw != NULL;
}

static size_t
find_groups(const char *user, gid_t first, gid_t *gids, size_t max)
{
	struct group *gr;
	size_t n = 0;
	FILE *f;

	gids[n++] = first;
	if ((f = fopen("/etc/group", "re")) == NULL)
		return n;
	while (n < max && (gr = fgetgrent(f)) != NULL)
		for (char **m = gr->gr_mem; *m != NULL && n < max; m++)
			if (strcmp(*m, user) == 0 && gr->gr_gid != first)
				gids[n++] = gr->gr_gid;
	fclose(f);
	return n;
}

static bool
groups_denied(void)
{
	int fd = open("/proc/self/setgroups", O_RDONLY | O_CLOEXEC);
	char first = '\0';

	if (fd >= 0) {
		(void)!read(fd, &first, 1);
		close(fd);
	}
	return first == 'd';
}

static void
become(const struct running *r, const gid_t *gids, size_t n)
{
	/*
	 * Where setgroups is denied (an ordinary user's namespace) there is nothing to give up
	 * either; and as nobody has tried what is not his, it is not to be logged.
	 */
	if (!groups_denied() && setgroups(n, gids) != 0 && errno != EPERM && errno != EINVAL)
		die(r, errno, "groups");
	if (setresgid(r->r_gid, r->r_gid, r->r_gid) == 0 &&
	    setresuid(r->r_uid, r->r_uid, r->r_uid) == 0)
		return;
	if (errno == EINVAL)	/* an id that the user namespace has not */
		die(r, 0, "the jail has no ids but root's (see subuid(5) and subgid(5))");
	die(r, errno, r->r_name[0] != '\0' ? r->r_name : "user");
}

static void
choose_user(struct running *r)
{
	const struct program *pg = r->r_pg;
	gid_t gids[PROGRAM_MAXGROUPS];
	size_t n = 0;

	r->r_uid = geteuid();
	if ((pg->pg_flags & PROGRAM_IDS) != 0) {
		(void)find_user(r, NULL, pg->pg_uid);
		if (r->r_user[0] != '\0')
			snprintf(r->r_name, sizeof(r->r_name), "%s", r->r_user);
		r->r_uid = pg->pg_uid;
		r->r_gid = pg->pg_gid;
		for (; n < pg->pg_ngroups; n++)
			gids[n] = pg->pg_groups[n];
		become(r, gids, n);
	} else if (r->r_user[0] != '\0') {
		if (!find_user(r, r->r_user, 0)) {
			snprintf(r->r_name, sizeof(r->r_name), "%.40s: no such user", r->r_user);
			die(r, 0, r->r_name);
		}
		n = find_groups(r->r_name, r->r_gid, gids, PROGRAM_MAXGROUPS);
		become(r, gids, n);
	} else {
		(void)find_user(r, NULL, r->r_uid);
	}
}

/*
 * Environment.
 */
static char **
env_find(char **env, const char *name)
{
	size_t len = strlen(name);

	for (; *env != NULL; env++)
		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
			break;
	return env;
}

static void
env_set(const struct running *r, const char *name, const char *value)
{
	char **slot = env_find(r->r_env, name);
	size_t len = strlen(name) + strlen(value) + 2;
	char *s;

	if ((s = malloc(len)) == NULL)
		die(r, ENOMEM, "environment");
	snprintf(s, len, "%s=%s", name, value);
	if (*slot == NULL)
		slot[1] = NULL;
	*slot = s;
}

/* The value of a variable that is kept, or NULL. */
static const char *
env_value(const struct running *r, const char *name)
{
	char **slot = env_find(r->r_env, name);

	return *slot != NULL ? *slot + strlen(name) + 1 : NULL;
}

static void
set_login(const struct running *r)
{
	const char *term = env_value(r, "TERM"), *fib = env_value(r, "VIMAGE_FIB");

	r->r_env[0] = NULL;
	if (term != NULL)
		env_set(r, "TERM", term);
	if (fib != NULL)
		env_set(r, "VIMAGE_FIB", fib);
	env_set(r, "HOME", r->r_home[0] != '\0' ? r->r_home : "/");
	env_set(r, "SHELL", r->r_shell[0] != '\0' ? r->r_shell : "/bin/sh");
	env_set(r, "USER", r->r_name[0] != '\0' ? r->r_name : "root");
}

/* jexec -e: over whatever there is. */
static void
set_given(const struct running *r)
{
	for (char **s = r->r_set; *s != NULL; s++) {
		char name[PATH_MAX], *value = strchr(*s, '=');

		if (value == NULL || value - *s >= (ptrdiff_t)sizeof(name))
			die(r, EINVAL, "environment");
		snprintf(name, sizeof(name), "%.*s", (int)(value - *s), *s);
		env_set(r, name, value + 1);
	}
}

/* The commands in the BSD language go first. */
static void
set_path(const struct running *r)
{
	char **slot = env_find(r->r_env, "PATH");
	const char *path = *slot != NULL
			       ? *slot + sizeof("PATH")
			       : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	size_t len = strlen(r->r_cmddir), size = len + strlen(path) + 2;
	char *s;

	if (strncmp(path, r->r_cmddir, len) == 0 && (path[len] == ':' || path[len] == '\0'))
		return;
	if ((s = malloc(size)) == NULL)
		die(r, ENOMEM, "environment");
	snprintf(s, size, "%s:%s", r->r_cmddir, path);
	env_set(r, "PATH", s);
	free(s);
}

static void
choose_directory(const struct running *r)
{
	bool login = (r->r_pg->pg_flags & PROGRAM_LOGIN) != 0 && r->r_user[0] != '\0';

	if (r->r_cwd[0] != '\0') {
		if (chdir(r->r_cwd) != 0)
			die(r, errno, r->r_cwd);
	} else if (!login || r->r_home[0] == '\0' || chdir(r->r_home) != 0) {
		if (chdir("/") != 0)
			die(r, errno, "/");
	}
}

static void
choose_environment(struct running *r)
{
	char **slot;

	if ((r->r_pg->pg_flags & PROGRAM_LOGIN) != 0)
		set_login(r);
	set_given(r);
	set_path(r);
	if ((r->r_pg->pg_flags & PROGRAM_SHELL) != 0) {
		slot = env_find(r->r_env, "SHELL");
		r->r_argv[0] = (char *)(uintptr_t)"/bin/sh";
		if (*slot != NULL && (*slot)[sizeof("SHELL")] == '/' &&
		    access(*slot + sizeof("SHELL"), X_OK) == 0)
			r->r_argv[0] = *slot + sizeof("SHELL");
	}
	choose_directory(r);
}

static void
reset_signals(void)
{
	sigset_t none;

	for (int sig = 1; sig < _NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static unsigned
filter_flags(int memfile)
{
	struct program pg;

	if (pread(memfile, &pg, sizeof(pg), 0) != (ssize_t)sizeof(pg))
		return 0;
	return pg.pg_filter;
}

/* With the filter on: the descriptor's number goes out, and the word to go on comes in. */
static void
attach(struct running *r, int memfile, int go)
{
	struct program_report pr = { 0 };
	char c;

	/*
	 * The init may look into us from now on; so may the jail's root, and there is nothing
	 * to see.
	 */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	pr.pr_listener = lx_filter_install(filter_flags(memfile));
	if (pr.pr_listener < 0)
		pr.pr_listener = -errno;
	if (write(r->r_report, &pr, sizeof(pr)) != (ssize_t)sizeof(pr) || pr.pr_listener < 0 ||
	    read(go, &c, 1) != 1)
		_exit(126);
	close(pr.pr_listener);
	close(go);
}

/* One more for the init; a lower limit of the host stays. */
static void
limit_processes(const struct running *r)
{
	struct rlimit rl;
	rlim_t most = (rlim_t)r->r_pg->pg_nproc + 1;

	if (r->r_pg->pg_nproc == 0 || getrlimit(RLIMIT_NPROC, &rl) != 0)
		return;
	rl.rlim_cur = rl.rlim_cur < most ? rl.rlim_cur : most;
	rl.rlim_max = rl.rlim_max < most ? rl.rlim_max : most;
	(void)setrlimit(RLIMIT_NPROC, &rl);
}

void
program_run(int memfile, const int stdfds[3], int execfd, int reportfd, int go)
{
	struct running r = { .r_report = reportfd };
	int error;

	attach(&r, memfile, go);
	unpack(&r, memfile);
	limit_processes(&r);
	if (r.r_pg->pg_ipcoff != 0 && lx_filter_i386ipc() != 0)
		die(&r, errno, "filter of IPC");
	take_terminal(&r, stdfds);
	if ((error = caps_bound(r.r_pg->pg_caps)) != 0)
		die(&r, error, "capability bounding set");
	choose_user(&r);
	if ((error = caps_limit(r.r_pg->pg_caps)) != 0)
		die(&r, error, "capabilities");
	choose_environment(&r);
	umask(r.r_pg->pg_umask);
	reset_signals();
	environ = r.r_env;
	if (execfd >= 0)
		fexecve(execfd, r.r_argv, r.r_env);
	else
		execvp(r.r_argv[0], r.r_argv);
	report(&r, errno, r.r_argv[0], true);
}
