/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation
 *
 * What the files hold is known to linux/files.h; here they are a FUSE file system.  /proc/net is a link of procfs to "self/net",
 * the host's.  Over it another link is put, to a directory of what is mounted on /proc/sys/net.  /proc/PID/net stays the host's.
 *
 * The host is told to ask again each time (interfaces come and go), so nodes are only there because it names files by number.
 * The thread of fuse.h must answer for attributes without looking anywhere: the number of a node says what it is (N_KINDS).
 * Names are looked up and directories read by worker 0; no worker ever opens a path that a jail can choose.
 *
 * A text is made when it is read from its beginning, as Linux makes it, and kept for the rest of the reads.  Those of linux/procnet.h, which may be of a hundred
 * thousand sockets, are made piece by piece in turns of worker 0's loop, behind those who use little, and without the kernel lock in between; reads wait for the end.
 * The stack they are about pays for the time, as for that of all requests.
 */
#include "daemon/netfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/mount.h>

#include <vimage/jail.h>

#include "daemon/daemon.h"
#include "daemon/fuse.h"
#include "daemon/jproc.h"
#include "linux/files.h"
#include "linux/loop.h"
#include "linux/procnet.h"

#define N_KINDS		5
#define NODES_MAX	16384	/* that the host remembers, of a file system */
#define OPEN_MAX	256
#define TEXTS_MAX	(64u << 20)	/* bytes, of all open files */
#define WAITING_MAX	16	/* reads of one open file at once */
#define PIECE		20000	/* ns of a text that are made at a time, */
#define PIECE_SHARED	10000	/* ... and while somebody who uses little comes and goes */
#define STAGING		"/proc/fs"	/* a directory of our own /proc that nobody needs while we mount */

struct node {
	RB_ENTRY(node)	 no_link;	/* by number */
	RB_ENTRY(node)	 no_pathlink;
	uint64_t	 no_ino;
	uint64_t	 no_nlookup;	/* the host's references */
	char		 no_path[];
};
RB_HEAD(netfs_inos, node);
RB_HEAD(netfs_paths, node);

/* A read that waits for its text. */
struct waiting {
	uint64_t	 wa_unique, wa_offset;
	size_t		 wa_size;
};

struct handle {
	LIST_ENTRY(handle) ha_link;
	struct netfs	*ha_netfs;
	struct lx_event	 ha_event;	/* the next piece */
	struct lx_text	*ha_making;	/* NULL: nothing is */
	unsigned	 ha_nwaiting;
	struct waiting	 ha_waiting[WAITING_MAX];
	uint64_t	 ha_fh;
	char		*ha_text;	/* what a file holds, or entries of a directory; NULL: not read yet */
	size_t		 ha_len;
	char		 ha_path[LX_FILES_PATH];
};

struct netfs {
	struct fuse_end	*nf_end;
	const struct lx_files *nf_files;
	struct lx_loop	*nf_loop;	/* worker 0's */
	struct netfs_inos	 nf_nodes;	/* but the root */
	struct netfs_paths	 nf_paths;
	unsigned	 nf_nnodes, nf_nopen;
	uint64_t	 nf_lastino, nf_lastfh;
	size_t		 nf_bytes;	/* of texts */
	LIST_HEAD(, handle) nf_handles;
};

static int
ino_cmp(const struct node *a, const struct node *b)
{
	return (a->no_ino > b->no_ino) - (a->no_ino < b->no_ino);
}

static int
path_cmp(const struct node *a, const struct node *b)
{
	return strcmp(a->no_path, b->no_path);
}

RB_PROTOTYPE(netfs_inos, node, no_link, ino_cmp);
RB_PROTOTYPE(netfs_paths, node, no_pathlink, path_cmp);
RB_GENERATE(netfs_inos, node, no_link, ino_cmp)
RB_GENERATE(netfs_paths, node, no_pathlink, path_cmp)

/*
 * In the init.
 */
void
netfs_open(int fuse[NETFS_N])
{
	for (int i = 0; i < NETFS_N; i++)
		fuse[i] = fuse_open();
}

/* A mount may lie on a link if it is one itself. */
static int
link_over(const char *where, const char *to)
{
	int tree = -1, place = -1, error = 0;

	if (mount("link", STAGING, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=755,size=4k") != 0)
		return errno;
	if (symlink(to, STAGING "/link") != 0 ||
	    (tree = (int)syscall(SYS_open_tree, AT_FDCWD, STAGING "/link", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW)) < 0 ||
	    (place = open(where, O_PATH | O_NOFOLLOW | O_CLOEXEC)) < 0 ||
	    syscall(SYS_move_mount, tree, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0)
		error = errno;
	if (tree >= 0)
		close(tree);
	if (place >= 0)
		close(place);
	(void)umount2(STAGING, MNT_DETACH);
	return error;
}

void
netfs_mount(int fuse[NETFS_N])
{
	static const char *const places[NETFS_N] = { "/proc/sys/net", "/sys/class/net" };

	for (int i = 0; i < NETFS_N; i++) {
		if (fuse[i] < 0)
			continue;
		if (access(places[i], F_OK) != 0 || fuse_mount(fuse[i], "vimage", places[i], S_IFDIR | 0555) != 0) {
			close(fuse[i]);
			fuse[i] = -1;
		} else if (i == NETFS_SYS) {
			(void)link_over("/proc/net", "sys/net/" LX_FILES_PROC);
		}
	}
}

/*
 * Nodes.
 */
static mode_t
kind_mode(enum lx_file kind)
{
	static const mode_t modes[N_KINDS] = { [LX_FILE_DIR] = S_IFDIR | 0555, [LX_FILE_READ] = S_IFREG | 0444, [LX_FILE_WRITE] = S_IFREG | 0644,
	    [LX_FILE_SECRET] = S_IFREG | 0600 };

	return modes[kind];
}

static enum lx_file
ino_kind(uint64_t ino)
{
	return ino == FUSE_ROOT_ID ? LX_FILE_DIR : (enum lx_file)(ino % N_KINDS);
}

/* The path of what the host names; NULL: it is none of ours. */
static const char *
ino_path(struct netfs *nf, uint64_t ino)
{
	struct node key = { .no_ino = ino }, *no;

	if (ino == FUSE_ROOT_ID)
		return "";
	no = RB_FIND(netfs_inos, &nf->nf_nodes, &key);
	return no != NULL ? no->no_path : NULL;
}

static void
node_free(struct netfs *nf, struct node *no)
{
	RB_REMOVE(netfs_inos, &nf->nf_nodes, no);
	RB_REMOVE(netfs_paths, &nf->nf_paths, no);
	nf->nf_nnodes--;
	free(no);
}

/* The one of a path; NULL: too many. */
static struct node *
node_take(struct netfs *nf, const char *path, enum lx_file kind)
{
	const size_t n = strlen(path) + 1;
	struct node *no = malloc(sizeof(*no) + n), *old;

	if (no == NULL)
		return NULL;
	memcpy(no->no_path, path, n);
	old = RB_FIND(netfs_paths, &nf->nf_paths, no);
	if (old != NULL && ino_kind(old->no_ino) == kind) {
		free(no);
		return old;
	}
	/* One that has become something else is found again when the host has forgotten it. */
	if (old != NULL || nf->nf_nnodes >= NODES_MAX) {
		free(no);
		return NULL;
	}
	no->no_ino = ++nf->nf_lastino * N_KINDS + kind;
	no->no_nlookup = 0;
	RB_INSERT(netfs_inos, &nf->nf_nodes, no);
	RB_INSERT(netfs_paths, &nf->nf_paths, no);
	nf->nf_nnodes++;
	return no;
}

static void
node_forget(struct netfs *nf, uint64_t ino, uint64_t n)
{
	struct node key = { .no_ino = ino }, *no = RB_FIND(netfs_inos, &nf->nf_nodes, &key);

	if (no == NULL)
		return;
	no->no_nlookup -= n < no->no_nlookup ? n : no->no_nlookup;
	if (no->no_nlookup == 0)
		node_free(nf, no);
}

static void
do_forget(struct netfs *nf, const struct fuse_in_header *in)
{
	const struct fuse_batch_forget_in *bf = (const void *)(in + 1);
	const struct fuse_forget_one *one = (const void *)(bf + 1);

	if (in->opcode == FUSE_FORGET) {
		node_forget(nf, in->nodeid, ((const struct fuse_forget_in *)(const void *)(in + 1))->nlookup);
		return;
	}
	for (uint32_t i = 0; i < bf->count && (const char *)(one + i + 1) <= (const char *)in + in->len; i++)
		node_forget(nf, one[i].nodeid, one[i].nlookup);
}

/*
 * Requests.
 */

/* The stack that its programs have, their jail's own or another's. */
static struct vi_vnet *
stack(const struct netfs *nf, struct lx **lx)
{
	const struct jproc *jp = fuse_end_jproc(nf->nf_end);
	struct daemon *d = jp->jp_daemon;
	struct vi_vnet *vn = vi_jail_vnet(d->d_kernel, jp->jp_use.us_jid[VI_CLASS_VNET]);

	if (vn != NULL && lx != NULL)
		*lx = d->d_workers[vi_vnet_worker(vn)].w_lx;
	return vn;
}

static void
do_lookup(struct netfs *nf, const struct fuse_in_header *in)
{
	const char *dir = ino_path(nf, in->nodeid), *name = (const char *)(in + 1);
	struct vi_vnet *vn = stack(nf, NULL);
	enum lx_file kind = LX_FILE_NONE;
	char path[LX_FILES_PATH];
	struct fuse_entry_out out = { .attr_valid = FUSE_ATTR_VALID };
	struct node *no;

	if (dir != NULL && vn != NULL && (size_t)snprintf(path, sizeof(path), "%s%s%s", dir, *dir != '\0' ? "/" : "", name) < sizeof(path))
		kind = nf->nf_files->lf_kind(vn, path);
	if (kind == LX_FILE_NONE || (no = node_take(nf, path, kind)) == NULL) {
		fuse_answer(nf->nf_end, in->unique, kind == LX_FILE_NONE ? ENOENT : ENOMEM, NULL, 0);
		return;
	}
	no->no_nlookup++;
	out.nodeid = no->no_ino;
	out.attr = fuse_attr(no->no_ino, kind_mode(kind), 0);
	fuse_answer(nf->nf_end, in->unique, 0, &out, sizeof(out));
}

static void
do_open(struct netfs *nf, const struct fuse_in_header *in)
{
	struct fuse_open_out out = { .open_flags = FOPEN_DIRECT_IO | FOPEN_NOFLUSH };
	const char *path = ino_path(nf, in->nodeid);
	struct vi_vnet *vn = stack(nf, NULL);
	struct handle *ha;

	if (path == NULL || vn == NULL || nf->nf_files->lf_kind(vn, path) == LX_FILE_NONE) {
		fuse_answer(nf->nf_end, in->unique, ENOENT, NULL, 0);
		return;
	}
	if (nf->nf_nopen >= OPEN_MAX || (ha = calloc(1, sizeof(*ha))) == NULL) {
		fuse_answer(nf->nf_end, in->unique, ENFILE, NULL, 0);
		return;
	}
	if (in->opcode == FUSE_OPENDIR)
		out.open_flags = 0;
	snprintf(ha->ha_path, sizeof(ha->ha_path), "%s", path);
	ha->ha_netfs = nf;
	ha->ha_fh = out.fh = ++nf->nf_lastfh;
	nf->nf_nopen++;
	LIST_INSERT_HEAD(&nf->nf_handles, ha, ha_link);
	fuse_answer(nf->nf_end, in->unique, 0, &out, sizeof(out));
}

static void
handle_empty(struct netfs *nf, struct handle *ha)
{
	nf->nf_bytes -= ha->ha_len;
	free(ha->ha_text);
	ha->ha_text = NULL;
	ha->ha_len = 0;
}

static void
handle_free(struct netfs *nf, struct handle *ha)
{
	lx_loop_del(nf->nf_loop, &ha->ha_event);
	lx_text_free(ha->ha_making);
	handle_empty(nf, ha);
	LIST_REMOVE(ha, ha_link);
	nf->nf_nopen--;
	free(ha);
}

/* Consumes the text. */
static int
handle_fill(struct netfs *nf, struct handle *ha, char *text, size_t len)
{
	if (len > TEXTS_MAX - nf->nf_bytes) {
		free(text);
		return ENOMEM;
	}
	ha->ha_text = text;
	ha->ha_len = len;
	nf->nf_bytes += len;
	return 0;
}

static void
answer_part(const struct netfs *nf, const struct handle *ha, uint64_t unique, uint64_t offset, size_t size)
{
	const size_t at = offset < ha->ha_len ? (size_t)offset : ha->ha_len;

	fuse_answer(nf->nf_end, unique, 0, ha->ha_text + at, size < ha->ha_len - at ? size : ha->ha_len - at);
}

/* Root of a jail that shares its parent's stack is not told what only that one's administrator may know. */
static bool
may_read(const struct netfs *nf, struct vi_vnet *vn, const char *path)
{
	const struct jproc *jp = fuse_end_jproc(nf->nf_end);

	return nf->nf_files->lf_kind(vn, path) != LX_FILE_SECRET || vi_jail_owns_vnet(jp->jp_daemon->d_kernel, jp->jp_use.us_jid[VI_CLASS_VNET]);
}

static void
answer_read(const struct netfs *nf, const struct handle *ha, const struct waiting *wa, int error)
{
	if (error != 0)
		fuse_answer(nf->nf_end, wa->wa_unique, error, NULL, 0);
	else
		answer_part(nf, ha, wa->wa_unique, wa->wa_offset, wa->wa_size);
}

/* All who wait, when the text is there, or nothing. */
static void
handle_made(struct netfs *nf, struct handle *ha, int error)
{
	char *text;
	size_t len;

	if (error == 0) {
		text = lx_text_take(ha->ha_making, &len);
		error = handle_fill(nf, ha, text, len);
	} else {
		lx_text_free(ha->ha_making);
	}
	ha->ha_making = NULL;
	for (unsigned i = 0; i < ha->ha_nwaiting; i++)
		answer_read(nf, ha, &ha->ha_waiting[i], error);
	ha->ha_nwaiting = 0;
}

static void
make_piece(struct lx_event *le, uint32_t events)
{
	struct handle *ha = (struct handle *)(void *)((char *)le - offsetof(struct handle, ha_event));
	struct netfs *nf = ha->ha_netfs;
	struct daemon *d = fuse_end_jproc(nf->nf_end)->jp_daemon;
	const uint64_t began = lx_now();
	struct vi_vnet *vn;
	struct lx *lx;
	int error = ENOENT;

	(void)events;
	daemon_manage(d);
	if ((vn = stack(nf, &lx)) != NULL) {
		error = lx_text_more(ha->ha_making, lx, vn, began + (lx_loop_shared(nf->nf_loop) ? PIECE_SHARED : PIECE));
		vi_vnet_spent(vn, lx_now() - began);
	}
	if (error != EAGAIN)
		handle_made(nf, ha, error);
	daemon_managed(d);
	if (error == EAGAIN)
		lx_loop_again(nf->nf_loop, le);
}

/* The text is to be made from now on, if it is one of those; 0: it is, or it is on its way already. */
static int
make_begin(struct netfs *nf, struct handle *ha, struct vi_vnet *vn, const struct waiting *wa)
{
	const struct jproc *jp = fuse_end_jproc(nf->nf_end);
	int error = 0;

	if (ha->ha_nwaiting == WAITING_MAX)
		return EAGAIN;
	if (ha->ha_making == NULL && (error = lx_text_new(nf->nf_files->lf_text(ha->ha_path), jp->jp_daemon->d_kernel,
	    jp->jp_use.us_jid[VI_CLASS_VNET], &ha->ha_making)) != 0)
		return error;
	ha->ha_waiting[ha->ha_nwaiting++] = *wa;
	ha->ha_event.le_owner = vn;
	lx_loop_job(&ha->ha_event, make_piece);
	lx_loop_again(nf->nf_loop, &ha->ha_event);
	return 0;
}

static void
do_read(struct netfs *nf, struct handle *ha, const struct fuse_in_header *in)
{
	const struct fuse_read_in *ri = (const void *)(in + 1);
	const struct waiting wa = { in->unique, ri->offset, ri->size };
	struct lx *lx;
	struct vi_vnet *vn = stack(nf, &lx);
	size_t len;
	char *text;
	int error = vn == NULL ? ENOENT : 0;

	if (error == 0 && (ri->offset == 0 || ha->ha_text == NULL || ha->ha_making != NULL)) {
		if (ha->ha_making == NULL)
			handle_empty(nf, ha);
		if (!may_read(nf, vn, ha->ha_path)) {
			error = EACCES;
		} else if (nf->nf_files->lf_text(ha->ha_path) != NULL) {
			if ((error = make_begin(nf, ha, vn, &wa)) == 0)
				return;
		} else if ((error = nf->nf_files->lf_read(lx, vn, ha->ha_path, &text, &len)) == 0) {
			error = handle_fill(nf, ha, text, len);
		}
	}
	answer_read(nf, ha, &wa, error);
}

/* Entries of a directory. */
struct entries {
	FILE		*en_out;
	uint64_t	 en_n;
};

static void
add_entry(void *arg, const char *name, enum lx_file kind)
{
	struct entries *en = arg;
	const size_t n = strlen(name), size = FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + n);
	struct fuse_dirent de = { .ino = UINT32_MAX, .off = ++en->en_n, .namelen = (uint32_t)n, .type = kind_mode(kind) >> 12 };

	fwrite(&de, FUSE_NAME_OFFSET, 1, en->en_out);
	fwrite(name, 1, n, en->en_out);
	for (size_t i = FUSE_NAME_OFFSET + n; i < size; i++)
		fputc('\0', en->en_out);
}

static int
directory_fill(struct netfs *nf, struct handle *ha)
{
	struct vi_vnet *vn = stack(nf, NULL);
	struct entries en = { .en_n = 0 };
	char *text = NULL;
	size_t len = 0;

	handle_empty(nf, ha);
	if (vn == NULL)
		return ENOENT;
	if ((en.en_out = open_memstream(&text, &len)) == NULL)
		return ENOMEM;
	add_entry(&en, ".", LX_FILE_DIR);
	add_entry(&en, "..", LX_FILE_DIR);
	/* The interface may have gone: its directory is empty then, as Linux's. */
	if (nf->nf_files->lf_kind(vn, ha->ha_path) == LX_FILE_DIR)
		nf->nf_files->lf_list(vn, ha->ha_path, add_entry, &en);
	if (fclose(en.en_out) == 0)
		return handle_fill(nf, ha, text, len);
	free(text);
	return ENOMEM;
}

/* Where an entry ends; at, if there is none. */
static size_t
entry_end(const struct handle *ha, size_t at)
{
	return at < ha->ha_len ? at + FUSE_DIRENT_SIZE((const struct fuse_dirent *)(const void *)(ha->ha_text + at)) : at;
}

/* Whole entries, as many as there is room for.  A place in a directory is the number of entries before it: programs may seek to any. */
static void
do_readdir(struct netfs *nf, struct handle *ha, const struct fuse_in_header *in)
{
	const struct fuse_read_in *ri = (const void *)(in + 1);
	int error = ri->offset == 0 || ha->ha_text == NULL ? directory_fill(nf, ha) : 0;
	size_t at = 0, end, next;

	if (error != 0) {
		fuse_answer(nf->nf_end, in->unique, error, NULL, 0);
		return;
	}
	for (uint64_t i = 0; i < ri->offset && at < ha->ha_len; i++)
		at = entry_end(ha, at);
	for (end = at; (next = entry_end(ha, end)) != end && next - at <= ri->size;)
		end = next;
	answer_part(nf, ha, in->unique, at, end - at);
}

/* A value is written in one piece, from the beginning; what would come behind it is not taken. */
static void
do_write(struct netfs *nf, const struct handle *ha, const struct fuse_in_header *in)
{
	const struct jproc *jp = fuse_end_jproc(nf->nf_end);
	const struct fuse_write_in *wi = (const void *)(in + 1);
	const struct vi_cred cred = { .cr_uid = in->uid, .cr_gid = in->gid, .cr_priv = in->uid == 0 };
	struct fuse_write_out out = { .size = wi->size };
	struct vi_vnet *vn = stack(nf, NULL);
	char text[FUSE_WRITE_MAX + 1];
	int error = EINVAL;

	if (wi->size <= FUSE_WRITE_MAX && in->len >= sizeof(*in) + sizeof(*wi) + wi->size && wi->offset == 0 && vn != NULL) {
		memcpy(text, wi + 1, wi->size);
		text[wi->size] = '\0';
		if ((error = vi_jail_priv(jp->jp_daemon->d_kernel, jp->jp_use.us_jid[VI_CLASS_VNET], &cred, VI_PRIV_NET_SYSCTL)) == 0)
			error = nf->nf_files->lf_write(vn, ha->ha_path, text, &cred);
	}
	fuse_answer(nf->nf_end, in->unique, error, &out, error == 0 ? sizeof(out) : 0);
}

/* Each of these begins with the handle. */
static void
do_opened(struct netfs *nf, const struct fuse_in_header *in)
{
	const uint64_t fh = *(const uint64_t *)(const void *)(in + 1);
	struct handle *ha;

	LIST_FOREACH(ha, &nf->nf_handles, ha_link)
		if (ha->ha_fh == fh)
			break;
	if (ha == NULL) {
		fuse_answer(nf->nf_end, in->unique, EBADF, NULL, 0);
		return;
	}
	switch (in->opcode) {
	case FUSE_READ: do_read(nf, ha, in); break;
	case FUSE_READDIR: do_readdir(nf, ha, in); break;
	case FUSE_WRITE: do_write(nf, ha, in); break;
	default:
		handle_free(nf, ha);
		fuse_answer(nf->nf_end, in->unique, 0, NULL, 0);
		break;
	}
}

/*
 * What needs nobody.  False: the rest.
 */
static bool
answer_here(const struct fuse_end *fe, const struct fuse_in_header *in)
{
	switch (in->opcode) {
	case FUSE_GETATTR:
		fuse_answer_attr(fe, in->unique, in->nodeid, kind_mode(ino_kind(in->nodeid)), 0);
		return true;
	case FUSE_SETATTR:		/* O_TRUNC */
		if (fuse_truncates(in))
			fuse_answer_attr(fe, in->unique, in->nodeid, kind_mode(ino_kind(in->nodeid)), 0);
		else
			fuse_answer(fe, in->unique, EPERM, NULL, 0);
		return true;
	case FUSE_READ:
		if (fuse_read_by_program(in))
			return false;
		fuse_answer(fe, in->unique, EIO, NULL, 0);
		return true;
	case FUSE_LOOKUP:
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_OPEN:
	case FUSE_OPENDIR:
	case FUSE_READDIR:
	case FUSE_WRITE:
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
		return false;
	case FUSE_INTERRUPT:		/* its answer is on the way */
		return true;
	case FUSE_CREATE:
	case FUSE_MKNOD:
	case FUSE_MKDIR:
	case FUSE_SYMLINK:
	case FUSE_LINK:
	case FUSE_UNLINK:
	case FUSE_RMDIR:
	case FUSE_RENAME:
	case FUSE_RENAME2:
		fuse_answer(fe, in->unique, EPERM, NULL, 0);
		return true;
	default:
		fuse_answer(fe, in->unique, ENOSYS, NULL, 0);
		return true;
	}
}

static void
serve(struct fuse_end *fe, void *arg, const struct fuse_in_header *in)
{
	struct netfs *nf = arg;
	const uint64_t began = lx_now();
	struct vi_vnet *vn;

	(void)fe;
	switch (in->opcode) {
	case FUSE_LOOKUP:
		do_lookup(nf, in);
		break;
	case FUSE_OPEN:
	case FUSE_OPENDIR:
		do_open(nf, in);
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
		do_forget(nf, in);
		break;
	default:
		do_opened(nf, in);
		break;
	}
	if ((vn = stack(nf, NULL)) != NULL)
		vi_vnet_spent(vn, lx_now() - began);
}

static const struct fuse_ops netfs_ops = { .fo_here = answer_here, .fo_serve = serve };

/*
 * Life.
 */
struct netfs *
netfs_new(struct jproc *jp, int fd, unsigned which)
{
	static const struct lx_files *const files[NETFS_N] = { &lx_files_sys, &lx_files_class };
	struct netfs *nf = calloc(1, sizeof(*nf));

	if (nf == NULL) {
		close(fd);
		return NULL;
	}
	nf->nf_files = files[which];
	nf->nf_loop = daemon_loop(jp->jp_daemon);
	nf->nf_lastino = 1;
	RB_INIT(&nf->nf_nodes);
	RB_INIT(&nf->nf_paths);
	LIST_INIT(&nf->nf_handles);
	if ((nf->nf_end = fuse_end_new(jp, fd, &netfs_ops, nf)) != NULL)
		return nf;
	free(nf);
	return NULL;
}

void
netfs_free(struct netfs *nf)
{
	struct handle *ha;
	struct node *no;

	if (nf == NULL)
		return;
	fuse_end_free(nf->nf_end);
	while ((ha = LIST_FIRST(&nf->nf_handles)) != NULL)
		handle_free(nf, ha);
	while ((no = RB_MIN(netfs_inos, &nf->nf_nodes)) != NULL)
		node_free(nf, no);
	free(nf);
}
