/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The witness: says of a file or an IPC object what the host's kernel is going to refuse a program of a jail.
 *
 * Theory of operation.  It is root in the jail's user namespace and uses the jail's IPC, but has no number in the jail's pid namespace: nobody in there
 * sees it.  For each question it goes where the program stands (its root and its directory, by /proc), takes its ids and capabilities, and asks
 * faccessat2(2), fstatat(2) or IPC_STAT: nothing is opened, made or changed.
 *
 * A file system that does not answer keeps only the witness waiting, but for the same name others would have to wait for him, and could not be killed.
 * So SIGALRM ends him, and the spawner makes another.
 *
 * What it cannot find out it calls allowed.  So are: programs in user namespaces of their own, /proc/self and the like (it has no number there),
 * devices on a mount with nodev, protected_symlinks(5) and its kin, and what landlock or another LSM forbids.
 */
#include "daemon/witness.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>
#include <linux/capability.h>

#include "daemon/caps.h"
#include "daemon/nsjoin.h"
#include "linux/witness.h"

#define MAXGROUPS	256
#define OVERFLOW_ID	65534u	/* of what has no id in our user namespace */
#define TEXT_ESCAPE	'?'
#define PATIENCE_MS	90	/* less than those who wait have (linux/witness.c) */

/* Whom it stands for, as the jail sees him. */
struct party {
	uid_t	 p_uid;		/* fsuid */
	gid_t	 p_gid;
	gid_t	 p_group[MAXGROUPS];
	unsigned p_ngroups;
	uint64_t p_caps;	/* effective */
};

struct witness {
	int	 w_proc;	/* the host's /proc */
	ino_t	 w_userns;
	int	 w_tid;
	struct party w_party;
	const struct witness_look *w_look;
	const char *w_path;	/* of the look */
	int	 w_at;		/* where it begins, or what is meant */
};

/*
 * Credentials.  System calls and not the library: it would look for other threads.
 */
/* Back to root.  A witness that cannot is none any more. */
static void
be_oneself(void)
{
	if (syscall(SYS_setresuid, -1, 0, -1) != 0 || syscall(SYS_setresgid, -1, 0, -1) != 0 || caps_use(UINT64_MAX) != 0)
		_exit(1);
}

/* errno; where groups are fixed for everybody they are ours, too. */
static int
be_party(const struct witness *w)
{
	const struct party *p = &w->w_party;

	(void)syscall(SYS_setgroups, p->p_ngroups, p->p_group);
	if (syscall(SYS_setresgid, -1, p->p_gid, -1) != 0 || syscall(SYS_setresuid, -1, p->p_uid, -1) != 0)
		return errno;
	return caps_use(p->p_caps);
}

static bool
has(const struct witness *w, unsigned cap)
{
	return (w->w_party.p_caps >> cap & 1) != 0;
}

static void
parse_groups(struct party *p, const char *text)
{
	char *end;

	for (p->p_ngroups = 0; p->p_ngroups < MAXGROUPS; text = end) {
		p->p_group[p->p_ngroups] = (gid_t)strtoul(text, &end, 10);
		if (end == text)
			break;
		p->p_ngroups++;
	}
}

static bool
party_read(struct witness *w)
{
	struct party *p = &w->w_party;
	unsigned long long caps = 0;
	char path[40], line[4096];
	unsigned seen = 0;
	FILE *f;
	int fd;

	snprintf(path, sizeof(path), "%d/status", w->w_tid);
	if ((fd = openat(w->w_proc, path, O_RDONLY | O_CLOEXEC)) < 0)
		return false;
	if ((f = fdopen(fd, "re")) == NULL) {
		close(fd);
		return false;
	}
	while (fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "Uid: %*u %*u %*u %u", &p->p_uid) == 1)
			seen |= 1;
		else if (sscanf(line, "Gid: %*u %*u %*u %u", &p->p_gid) == 1)
			seen |= 2;
		else if (sscanf(line, "CapEff: %llx", &caps) == 1)
			seen |= 4;
		else if (strncmp(line, "Groups:", 7) == 0)
			parse_groups(p, line + 7);
	}
	fclose(f);
	p->p_caps = caps;
	return seen == 7;
}

/*
 * Where the program stands.
 */
static bool
in_our_userns(const struct witness *w)
{
	struct stat st;
	char path[40];

	snprintf(path, sizeof(path), "%d/ns/user", w->w_tid);
	return fstatat(w->w_proc, path, &st, 0) == 0 && st.st_ino == w->w_userns;
}

static int
open_place(const struct witness *w, const char *name, int number)
{
	char path[60];

	snprintf(path, sizeof(path), number < 0 ? "%d/%s" : "%d/%s/%d", w->w_tid, name, number);
	return openat(w->w_proc, path, O_PATH | O_CLOEXEC);
}

static bool
go_to(const struct witness *w, const char *name, bool root)
{
	const int fd = open_place(w, name, -1);
	bool there = fd >= 0 && fchdir(fd) == 0 && (!root || chroot(".") == 0);

	if (fd >= 0)
		close(fd);
	return there;
}

/*
 * Files.  Each returns an errno; what is not there is no refusal.
 */
static int
refusal(int error)
{
	return error == EACCES || error == EPERM || error == EROFS ? error : 0;
}

static int
access_at(int at, const char *path, int mode, bool nofollow)
{
	const int flags = AT_EACCESS | (nofollow ? AT_SYMLINK_NOFOLLOW : 0) | (path[0] == '\0' ? AT_EMPTY_PATH : 0);

	return faccessat(at, path, mode, flags) == 0 ? 0 : errno;
}

/* Is it the party's, or is he somebody to whom that does not matter? */
static bool
owns(const struct witness *w, const struct stat *st)
{
	return st->st_uid == w->w_party.p_uid || (has(w, CAP_FOWNER) && st->st_uid != OVERFLOW_ID && st->st_gid != OVERFLOW_ID);
}

/* The directory that the path's last name is in; false: it ends in none that can be made or removed. */
static bool
parent_of(const char *path, char parent[WITNESS_PATH])
{
	size_t len = strlen(path), name;

	while (len > 0 && path[len - 1] == '/')
		len--;
	for (name = len; name > 0 && path[name - 1] != '/'; name--)
		;
	if (name == len || (len - name == 1 && path[name] == '.') || (len - name == 2 && path[name] == '.' && path[name + 1] == '.'))
		return false;
	if (name == 0)
		snprintf(parent, WITNESS_PATH, ".");
	else
		snprintf(parent, WITNESS_PATH, "%.*s", (int)name, path);
	return true;
}

/* In a directory with the sticky bit what is another's cannot be removed (inode(7)). */
static int
sticky(const struct witness *w, const char *parent)
{
	struct stat dir, st;

	if (fstatat(w->w_at, parent, &dir, 0) != 0 || (dir.st_mode & S_ISVTX) == 0 || dir.st_uid == w->w_party.p_uid)
		return 0;
	return fstatat(w->w_at, w->w_path, &st, AT_SYMLINK_NOFOLLOW) == 0 && !owns(w, &st) ? EPERM : 0;
}

static int
change_name(const struct witness *w, enum witness_kind kind)
{
	char parent[WITNESS_PATH];
	struct stat st;
	int error;
	bool there;

	if (!parent_of(w->w_path, parent))
		return 0;
	there = fstatat(w->w_at, w->w_path, &st, AT_SYMLINK_NOFOLLOW) == 0;
	if (!there && errno != ENOENT)
		return refusal(errno);
	if (there == (kind == WITNESS_MAKE) && kind != WITNESS_REPLACE)
		return 0;	/* EEXIST, ENOENT */
	error = refusal(access_at(w->w_at, parent, W_OK | X_OK, false));
	return error != 0 || !there ? error : sticky(w, parent);
}

static int
look_at_file(const struct witness *w)
{
	const struct witness_look *wl = w->w_look;
	struct stat st;
	int error;

	switch ((enum witness_kind)wl->wl_kind) {
	case WITNESS_USE:
	case WITNESS_CREATE:
		error = access_at(w->w_at, w->w_path, wl->wl_mode, wl->wl_nofollow);
		return error == ENOENT && wl->wl_kind == WITNESS_CREATE ? change_name(w, WITNESS_MAKE) : refusal(error);
	case WITNESS_OWN:
		if (fstatat(w->w_at, w->w_path, &st, (wl->wl_nofollow ? AT_SYMLINK_NOFOLLOW : 0) | (w->w_path[0] == '\0' ? AT_EMPTY_PATH : 0)) != 0)
			return refusal(errno);
		return owns(w, &st) ? 0 : EPERM;
	default:
		return change_name(w, (enum witness_kind)wl->wl_kind);
	}
}

/* With the party's rights. */
static int
as_party(struct witness *w, int (*look)(const struct witness *))
{
	int error = 0;

	if (be_party(w) == 0)
		error = look(w);
	be_oneself();
	return error;
}

static int
witness_file(struct witness *w)
{
	const int number = w->w_look->wl_number;
	int error;

	w->w_at = AT_FDCWD;
	if (number >= 0 && w->w_path[0] != '/' && (w->w_at = open_place(w, "fd", number)) < 0)
		return 0;
	error = go_to(w, "root", true) && go_to(w, "cwd", false) ? as_party(w, look_at_file) : 0;
	if (w->w_at >= 0)
		close(w->w_at);
	return error;
}

/*
 * IPC objects (svipc(7), mq_overview(7)).
 */
static int
sysv_id(const struct witness_look *wl)
{
	if (!wl->wl_key)
		return wl->wl_number;
	return wl->wl_kind == WITNESS_SHM ? shmget(wl->wl_number, 0, 0) : wl->wl_kind == WITNESS_SEM ? semget(wl->wl_number, 0, 0) : msgget(wl->wl_number, 0);
}

static int
sysv_stat(const struct witness_look *wl, struct ipc_perm *perm)
{
	union { struct shmid_ds shm; struct semid_ds sem; struct msqid_ds msg; } ds;
	const int id = sysv_id(wl);
	int n;

	if (id < 0)
		return errno;
	memset(&ds, 0, sizeof(ds));
	n = wl->wl_kind == WITNESS_SHM ? shmctl(id, IPC_STAT, &ds.shm) : wl->wl_kind == WITNESS_SEM ? semctl(id, 0, IPC_STAT, &ds.sem) : msgctl(id, IPC_STAT, &ds.msg);
	*perm = wl->wl_kind == WITNESS_SHM ? ds.shm.shm_perm : wl->wl_kind == WITNESS_SEM ? ds.sem.sem_perm : ds.msg.msg_perm;
	return n >= 0 ? 0 : errno;
}

static bool
is_member(const struct party *p, gid_t gid)
{
	bool member = p->p_gid == gid;

	for (unsigned i = 0; i < p->p_ngroups && !member; i++)
		member = p->p_group[i] == gid;
	return member;
}

static int
witness_sysv(const struct witness *w)
{
	const struct witness_look *wl = w->w_look;
	const struct party *p = &w->w_party;
	struct ipc_perm perm = { 0 };
	unsigned granted;
	int error;
	bool mine;

	if ((error = sysv_stat(wl, &perm)) != 0)
		return error == EACCES || (error == ENOENT && wl->wl_make) ? 0 : error;
	mine = perm.uid == p->p_uid || perm.cuid == p->p_uid;
	if (wl->wl_own)
		return mine || has(w, CAP_SYS_ADMIN) ? 0 : EPERM;
	granted = perm.mode >> (mine ? 6 : is_member(p, perm.gid) || is_member(p, perm.cgid) ? 3 : 0);
	return (wl->wl_mode & ~granted & 7) == 0 || has(w, CAP_IPC_OWNER) ? 0 : EACCES;
}

/* An opened queue is as it was.  The system call: its names have no slash in front. */
static int
queue_open(const struct witness *w, int mode)
{
	const int fd = (int)syscall(SYS_mq_open, w->w_path, mode | O_NONBLOCK | O_CLOEXEC, 0, NULL);

	return fd >= 0 ? fd : -errno;
}

static int
look_at_queue(const struct witness *w)
{
	static const int modes[] = { [R_OK] = O_RDONLY, [W_OK] = O_WRONLY, [R_OK | W_OK] = O_RDWR };
	const int fd = queue_open(w, modes[w->w_look->wl_mode & (R_OK | W_OK)]);

	if (fd >= 0)
		close(fd);
	return fd == -EACCES || (fd == -ENOENT && !w->w_look->wl_make) ? -fd : 0;
}

static int
witness_queue(struct witness *w)
{
	struct stat st;
	int fd, error;

	if (!w->w_look->wl_own)
		return as_party(w, look_at_queue);
	if ((fd = queue_open(w, O_RDONLY)) < 0)
		return fd == -ENOENT ? ENOENT : 0;
	error = fstat(fd, &st) == 0 && !owns(w, &st) ? EPERM : 0;	/* they all are in one sticky directory */
	close(fd);
	return error;
}

/*
 * Answers.
 */
static void
describe(const struct witness *w, int error, char text[WITNESS_TEXT])
{
	static const char *const names[] = {
		[WITNESS_USE] = "file ", [WITNESS_CREATE] = "file ", [WITNESS_MAKE] = "new file ", [WITNESS_REMOVE] = "removal of ", [WITNESS_REPLACE] = "name ",
		[WITNESS_OWN] = "attributes of ", [WITNESS_SHM] = "shared memory", [WITNESS_SEM] = "semaphores", [WITNESS_MSG] = "message queue", [WITNESS_MQ] = "message queue ",
	};
	const struct witness_look *wl = w->w_look;
	char what[WITNESS_TEXT];

	if (wl->wl_len > 1)
		snprintf(what, sizeof(what), "%s%s", names[wl->wl_kind], w->w_path);
	else if (wl->wl_len == 1)
		snprintf(what, sizeof(what), "%sdescriptor %d", names[wl->wl_kind], wl->wl_number);
	else
		snprintf(what, sizeof(what), wl->wl_key ? "%s, key %#x" : "%s %u", names[wl->wl_kind], (unsigned)wl->wl_number);
	for (char *p = what; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = TEXT_ESCAPE;
	snprintf(text, WITNESS_TEXT, "%.150s (%s)", what, strerrordesc_np(error));
}

static int
witness_look(struct witness *w)
{
	switch ((enum witness_kind)w->w_look->wl_kind) {
	case WITNESS_SHM:
	case WITNESS_SEM:
	case WITNESS_MSG:
		return witness_sysv(w);
	case WITNESS_MQ:
		return witness_queue(w);
	default:
		return witness_file(w);
	}
}

/* 0: for ever. */
static void
patience(long ms)
{
	const struct itimerval it = { .it_value.tv_usec = ms * 1000 };

	(void)setitimer(ITIMER_REAL, &it, NULL);
}

static void
witness_answer(struct witness *w, int sock, const struct witness_ask *wa, const char *paths)
{
	struct witness_answer wr = { .wr_id = wa->wa_id };
	bool known;

	w->w_tid = wa->wa_tid;
	patience(PATIENCE_MS);
	known = in_our_userns(w) && party_read(w);
	for (unsigned i = 0; known && i < wa->wa_n && wr.wr_error == 0; i++) {
		w->w_look = &wa->wa_look[i];
		w->w_path = paths;
		paths += w->w_look->wl_len;
		if ((wr.wr_error = witness_look(w)) != 0)
			describe(w, wr.wr_error, wr.wr_text);
	}
	patience(0);
	if (send(sock, &wr, sizeof(wr), MSG_NOSIGNAL) < 0)
		_exit(0);
}

/* Where jails have no user namespaces, and those of programs that share one, are ours already. */
static void
enter(int fd, ino_t own)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || (st.st_ino != own && setns(fd, 0) != 0))
		_exit(1);
}

static ino_t
own_ino(int proc, const char *path)
{
	struct stat st;

	return fstatat(proc, path, &st, 0) == 0 ? st.st_ino : 0;
}

void
witness_run(const struct nsjoin *nj, int sock, bool again)
{
	static char paths[2 * WITNESS_PATH + 1];
	struct witness w = { .w_at = -1 };
	struct witness_ask wa;
	struct iovec iov[2] = { { &wa, sizeof(wa) }, { paths, sizeof(paths) - 1 } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	sigset_t none;
	ssize_t n;

	sigemptyset(&none);
	signal(SIGALRM, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if ((w.w_proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
		_exit(1);
	enter(nj->nj_fd[NSJOIN_USER], own_ino(w.w_proc, "self/ns/user"));
	(void)syscall(SYS_setgroups, 0, NULL);
	if (syscall(SYS_setresgid, 0, 0, 0) != 0 || syscall(SYS_setresuid, 0, 0, 0) != 0)
		_exit(1);
	enter(nj->nj_fd[NSJOIN_IPC], own_ino(w.w_proc, "self/ns/ipc"));
	w.w_userns = own_ino(w.w_proc, "self/ns/user");
	if (again && send(sock, &(struct witness_answer){ .wr_id = 0 }, sizeof(struct witness_answer), MSG_NOSIGNAL) < 0)
		_exit(0);
	while ((n = recvmsg(sock, &msg, 0)) > 0) {
		if (n < (ssize_t)sizeof(wa))
			_exit(1);
		paths[n - (ssize_t)sizeof(wa)] = '\0';
		witness_answer(&w, sock, &wa, paths);
	}
	_exit(0);
}
