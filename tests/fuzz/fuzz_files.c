/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: fuzzes the files that vimaged answers for by FUSE, /proc/sys/net with /proc/net, /sys/class/net and /dev/kmsg: what programs of a jail do to them, and
 * what happens to the stack in between.  The host's kernel is played: it numbers requests, ends names with a NUL, knows a node only by the number it was given, and believes
 * none of the answers that the real one would refuse.
 *
 * The input is a sequence of records, one byte of kind first:
 *
 *	K_WALK	slot, path (word() for each part, 0xff ends it): from a root to a node; the first part's slot says of which file system
 *	K_OPEN	slot, handle, flags (H_*)
 *	K_READ	handle, offset (offset()), flags, size / 16: a file or a directory; H_NONBLOCK: of texts, that nobody waits for the answer
 *	K_WRITE	handle, offset, word(), flags
 *	K_CLOSE	handle
 *	K_FORGET slot; 0x80: in a list
 *	K_POLL	handle, flags
 *	K_SEEK	handle, offset, whence
 *	K_SIGNAL: the read that waits longest is interrupted
 *	K_ODD	slot, opcode, bytes: requests that have no sense here
 *	K_LINK	what (L_*), word(), word(): interfaces come, go, have other names and descriptions
 *	K_LOG	word(): a message
 *
 * Besides not crashing: a request is answered once, with an errno that the host knows and no more bytes than it has asked for; a node stays what it is; entries of directories are well
 * formed, and what is listed is found; the texts are lines; and when the files are gone nothing waits, and no memory is left.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vimage/ifnet.h>
#include <vimage/jail.h>
#include <vimage/packet.h>
#include <vimage/socket.h>
#include <vimage/vimage.h>

#include "daemon/daemon.h"
#include "daemon/devkmsg.h"
#include "daemon/fuse.h"
#include "daemon/jproc.h"
#include "daemon/kmsg.h"
#include "daemon/netfs.h"
#include "tests/fuzz/target.h"

#define NSLOTS		16
#define NPENDING	80	/* reads of /dev/kmsg that may wait, and some */
#define MAXRECORDS	60
#define PATHMAX		1024
#define READMAX		4096	/* bytes of one read, at most */
#define MAXTURNS	1000000	/* until a text is there */
#define MAXERRNO	511	/* the host refuses more */

enum kind { K_WALK, K_OPEN, K_READ, K_WRITE, K_CLOSE, K_FORGET, K_POLL, K_SEEK, K_SIGNAL, K_ODD, K_LINK, K_LOG, K_MAX };
enum { H_WRITE = 0x01, H_BOTH = 0x02, H_TRUNC = 0x04, H_USER = 0x08, H_NONBLOCK = 0x10, H_PAGE = 0x20 };	/* flags of open files and of requests */
enum { L_CREATE, L_DESTROY, L_RENAME, L_DESCRIBE, L_UP, L_MAX };
enum { FS_SYS, FS_CLASS, FS_KMSG, FS_N };	/* the first two as NETFS_SYS and NETFS_CLASS */

static const char *const words[] = {
	"core", "ipv4", "ipv6", ".proc", "conf", "neigh", "route", "all", "default", "lo", "lo0", "epair0a", "epair0b", "eth0", "eth0.5", "conf.x", "neigh.y", "ip_forward", "forwarding", "accept_dad",
	"somaxconn", "rmem_max", "tcp_congestion_control", "tcp_available_congestion_control", "ip_local_port_range", "flush", "hop_limit", "mtu", "rp_filter", "gc_thresh1", "stable_secret",
	"arp", "dev", "dev_mcast", "icmp", "if_inet6", "igmp", "igmp6", "ipv6_route", "mcfilter", "netstat", "packet", "raw", "raw6", "route", "rt_cache", "snmp", "snmp6", "sockstat", "tcp",
	"tcp6", "udp", "udp6", "udplite", "netlink", "statistics", "rx_bytes", "tx_errors", "address", "operstate", "ifalias", "carrier", "speed", "uevent", "flags", "type", "epair", "bridge",
	"vlan", "lagg", "gif", "tun", "lo1", "0", "1", "-1", "1\n", "0\n", "20000 30000", "4294967296", "cubic", "reno\n", "2001:db8::1", "<0>a", "<191>b\nc", "<4", "SEQNUM=1", "\\\x01\xff", "..", "." };

static struct world {
	struct vi_kernel_params	 kp;
	struct vi_worker	*w;
	struct lx_loop		*loop;
	struct lx		*lx;
	struct worker		 worker;
	struct daemon		 d;
	struct jproc		 jp;
	struct vi_socket	*so[6];
	struct netfs		*fs[NETFS_N];
	struct devkmsg		*dev;
} wd;

/* One mount. */
struct fuse_end { const struct fuse_ops *ops; void *arg; bool freed; };

struct request { uint64_t unique; unsigned fs; size_t most; bool silent; };	/* unique 0: none */

static struct host {
	const uint8_t	*p, *end;	/* of the input */
	struct fuse_end	 mount[FS_N];
	unsigned	 nmounts;
	struct node	{ unsigned fs; uint64_t ino, n; uint32_t mode; } node[NSLOTS];	/* ino 0: none */
	struct handle	{ unsigned fs; uint64_t ino, fh, pos; uint32_t mode, flags; unsigned changes; } handle[NSLOTS];	/* fh 0: none */
	uint64_t	 unique;
	unsigned	 changes;	/* of interfaces */
	struct request	 pending[NPENDING];
	int		 error;		/* of the last answer */
	size_t		 len;
	uint8_t		 data[READMAX];
} host;

static uint8_t
next8(void)
{
	return host.p < host.end ? *host.p++ : 0;
}

static uint64_t
next(unsigned bytes)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < bytes; i++)
		v |= (uint64_t)next8() << 8 * i;
	return v;
}

/* One of the words, or bytes of the input; NUL-terminated, and their number. */
static size_t
word(char text[256])
{
	const uint8_t k = next8();
	size_t n;

	if (k < 0xc0) {
		n = strlen(words[k % NITEMS(words)]);
		memcpy(text, words[k % NITEMS(words)], n);
	} else {
		n = k == 0xfe ? 255 : k & 31u;
		for (size_t i = 0; i < n; i++)
			text[i] = (char)next8();
	}
	text[n] = '\0';
	return n;
}

/* Mostly where the last one ended. */
static uint64_t
offset(uint64_t pos)
{
	const uint8_t k = next8();

	return k < 0x80 ? pos : k < 0xc0 ? k & 63u : next(1 + (k & 7u)) & INT64_MAX;	/* a loff_t is not negative */
}

/* The other side of fuse.h. */

int
fuse_open(void)
{
	return -1;
}

int
fuse_mount(int fd, const char *what, const char *where, mode_t mode)
{
	(void)fd, (void)what, (void)where, (void)mode;
	return ENODEV;
}

struct fuse_end *
fuse_end_new(struct jproc *jp, int fd, const struct fuse_ops *ops, void *arg)
{
	struct fuse_end *fe = &host.mount[host.nmounts++];

	REQUIRE(jp == &wd.jp && fd == -1);
	*fe = (struct fuse_end){ .ops = ops, .arg = arg };
	return fe;
}

void
fuse_end_free(struct fuse_end *fe)
{
	fe->freed = true;
}

struct jproc *
fuse_end_jproc(const struct fuse_end *fe)
{
	REQUIRE(!fe->freed);
	return &wd.jp;
}

void
fuse_answer(const struct fuse_end *fe, uint64_t unique, int error, const void *data, size_t len)
{
	struct request *rq;

	REQUIRE(!fe->freed && unique != 0);
	for (rq = host.pending; rq < host.pending + NPENDING && rq->unique != unique; rq++)
		;
	REQUIRE(rq < host.pending + NPENDING && !rq->silent);
	REQUIRE(error >= 0 && error <= MAXERRNO && (error == 0 || len == 0));
	REQUIRE(len <= rq->most && len <= sizeof(host.data));
	rq->unique = 0;
	host.error = error;
	host.len = len;
	if (len > 0)
		memcpy(host.data, data, len);
}

void
fuse_wakeup(const struct fuse_end *fe, uint64_t kh)
{
	REQUIRE(!fe->freed && kh != 0);
}

/* There is one worker, and this is its thread. */
void
daemon_manage(struct daemon *d)
{
	(void)d;
}

void
daemon_managed(struct daemon *d)
{
	(void)d;
}

/* Requests. */

static void
turn(void)
{
	(void)lx_loop_wait(wd.loop, 0);
	(void)lx_loop_late(wd.loop);
	(void)vi_worker_poll(wd.w);
}

static bool
waits(unsigned fs)
{
	for (unsigned i = 0; i < NPENDING; i++)
		if (host.pending[i].unique != 0 && host.pending[i].fs == fs)
			return true;
	return false;
}

static struct request *
request_slot(void)
{
	for (unsigned i = 0; i < NPENDING; i++)
		if (host.pending[i].unique == 0)
			return &host.pending[i];
	return NULL;
}

/* The answer is in host, if true; false: it waits. */
static bool
ask(unsigned fs, uint32_t opcode, uint64_t ino, uint8_t flags, const void *head, size_t headlen, const void *tail, size_t taillen, size_t most)
{
	const struct fuse_end *fe = &host.mount[fs];
	const size_t len = sizeof(struct fuse_in_header) + headlen + taillen;
	struct fuse_in_header *in = malloc(len);
	struct request *rq = request_slot();
	bool answered;

	REQUIRE(in != NULL && rq != NULL);
	*in = (struct fuse_in_header){ .len = (uint32_t)len, .opcode = opcode, .unique = host.unique += 2, .nodeid = ino, .uid = flags & H_USER ? 1000 : 0 };
	if (headlen > 0)
		memcpy(in + 1, head, headlen);
	if (taillen > 0)
		memcpy((uint8_t *)(in + 1) + headlen, tail, taillen);
	*rq = (struct request){ .unique = in->unique, .fs = fs, .most = most, .silent = opcode == FUSE_FORGET || opcode == FUSE_BATCH_FORGET || opcode == FUSE_INTERRUPT };
	if (!fe->ops->fo_here(fe, in))
		fe->ops->fo_serve(&host.mount[fs], fe->arg, in);
	free(in);
	if (rq->silent) {
		rq->unique = 0;
		return false;
	}
	/* Messages are waited for, and texts that are being made. */
	for (unsigned i = 0; i < MAXTURNS && rq->unique != 0 && fs != FS_KMSG && (flags & H_NONBLOCK) == 0; i++)
		turn();
	answered = rq->unique == 0;
	REQUIRE(answered || (opcode == FUSE_READ && (fs == FS_KMSG || (flags & H_NONBLOCK) != 0)));
	return answered;
}

/* One name, as the host asks for it: the node's number, and what it is. */
static bool
lookup(unsigned fs, uint64_t dir, const char *name, struct node *no)
{
	const struct fuse_entry_out *out = (const void *)host.data;

	if (!ask(fs, FUSE_LOOKUP, dir, 0, NULL, 0, name, strlen(name) + 1, sizeof(*out)) || host.error != 0)
		return false;
	REQUIRE(host.len == sizeof(*out) && out->nodeid != 0 && out->nodeid != FUSE_ROOT_ID);
	REQUIRE((S_ISDIR(out->attr.mode) || S_ISREG(out->attr.mode)) && out->attr.ino == out->nodeid);
	*no = (struct node){ .fs = fs, .ino = out->nodeid, .n = 1, .mode = out->attr.mode };
	return true;
}

static void
forget(const struct node *no, bool list)
{
	const struct { struct fuse_batch_forget_in head; struct fuse_forget_one one[2]; } batch = { { .count = 2 }, { { no->ino, no->n }, { UINT64_MAX, 1 } } };
	const struct fuse_forget_in one = { .nlookup = no->n };

	if (no->ino == FUSE_ROOT_ID || no->ino == 0)
		return;
	/* An open file holds it. */
	for (unsigned i = 0; i < NSLOTS; i++)
		if (host.handle[i].fh != 0 && host.handle[i].fs == no->fs && host.handle[i].ino == no->ino)
			return;
	if (list)
		(void)ask(no->fs, FUSE_BATCH_FORGET, 0, 0, &batch, sizeof(batch), NULL, 0, 0);
	else
		(void)ask(no->fs, FUSE_FORGET, no->ino, 0, &one, sizeof(one), NULL, 0, 0);
}

static void
do_walk(void)
{
	const unsigned k = next8();
	struct node *slot = &host.node[k % NSLOTS], at = { .fs = k / NSLOTS % FS_N, .ino = FUSE_ROOT_ID, .mode = S_IFDIR }, to;
	char name[256];
	bool found = at.fs != FS_KMSG;	/* which is a file */

	at.mode = found ? S_IFDIR : S_IFREG;
	while (found && host.p < host.end && *host.p != 0xff && S_ISDIR(at.mode)) {
		/* The host knows these itself, and names end where they end. */
		if (word(name) == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strchr(name, '/') != NULL || *name == '\0')
			break;
		if (!(found = lookup(at.fs, at.ino, name, &to)))
			break;
		forget(&at, false);
		at = to;
	}
	if (host.p < host.end && *host.p == 0xff)
		host.p++;
	if (!found && at.fs != FS_KMSG) {
		forget(&at, false);
		return;
	}
	forget(slot, false);
	*slot = at;
}

static void
do_close(struct handle *ha)
{
	const struct fuse_release_in ri = { .fh = ha->fh };

	if (ha->fh == 0)
		return;
	/* Who reads holds the file. */
	if (waits(ha->fs))
		return;
	(void)ask(ha->fs, S_ISDIR(ha->mode) ? FUSE_RELEASEDIR : FUSE_RELEASE, ha->ino, 0, &ri, sizeof(ri), NULL, 0, 0);
	ha->fh = 0;
}

static void
do_open(void)
{
	const struct node *no = &host.node[next8() % NSLOTS];
	struct handle *ha = &host.handle[next8() % NSLOTS];
	const uint8_t flags = next8();
	const struct fuse_open_in oi = { .flags = flags & H_BOTH ? O_RDWR : flags & H_WRITE ? O_WRONLY : O_RDONLY };
	const struct fuse_setattr_in sa = { .valid = FATTR_SIZE };
	const struct fuse_open_out *out = (const void *)host.data;

	if (no->ino == 0 || ha->fh != 0 || (S_ISDIR(no->mode) && oi.flags != O_RDONLY))
		return;
	if ((flags & H_TRUNC) != 0 && !S_ISDIR(no->mode))
		(void)ask(no->fs, FUSE_SETATTR, no->ino, flags, &sa, sizeof(sa), NULL, 0, sizeof(struct fuse_attr_out));
	if (!ask(no->fs, S_ISDIR(no->mode) ? FUSE_OPENDIR : FUSE_OPEN, no->ino, flags, &oi, sizeof(oi), NULL, 0, sizeof(*out)) || host.error != 0)
		return;
	REQUIRE(host.len == sizeof(*out) && out->fh != 0);
	*ha = (struct handle){ .fs = no->fs, .ino = no->ino, .fh = out->fh, .mode = no->mode, .flags = oi.flags };
}

/* What the host's kernel makes of a directory; and what is in there is found. */
static void
entries_check(struct handle *ha, uint64_t from)
{
	static uint8_t copy[READMAX];
	const struct fuse_dirent *de;
	const size_t len = host.len;
	char name[NAME_MAX + 1];
	struct node found;

	memcpy(copy, host.data, len);
	for (size_t at = 0; at < len; at += FUSE_DIRENT_SIZE(de)) {
		de = (const void *)(copy + at);
		REQUIRE(len - at >= FUSE_NAME_OFFSET && de->namelen > 0 && de->namelen <= NAME_MAX && FUSE_DIRENT_SIZE(de) <= len - at);
		memcpy(name, de->name, de->namelen);
		name[de->namelen] = '\0';
		REQUIRE(strlen(name) == de->namelen && strchr(name, '/') == NULL);
		REQUIRE(de->off > from);
		from = ha->pos = de->off;
		if (name[0] == '.')
			continue;
		if (!lookup(ha->fs, ha->ino, name, &found)) {
			REQUIRE(ha->changes != host.changes);
			continue;
		}
		REQUIRE((found.mode >> 12) == de->type);
		forget(&found, false);
	}
}

/* Lines of text; of values whatever was set. */
static void
text_check(size_t len)
{
	REQUIRE(len == 0 || memchr(host.data, '\0', len) == NULL);
}

static void
do_read(void)
{
	struct handle *ha = &host.handle[next8() % NSLOTS];
	const uint64_t from = offset(ha->pos);
	const uint8_t flags = next8();
	const uint32_t size = next8() * 16u + 16;
	const struct fuse_read_in ri = { .fh = ha->fh, .offset = from, .size = size, .read_flags = flags & H_PAGE ? 0 : FUSE_READ_LOCKOWNER,
		.flags = flags & H_NONBLOCK ? O_NONBLOCK : 0 };

	if (ha->fh == 0 || ha->flags == O_WRONLY || request_slot() == NULL)
		return;
	if (!ask(ha->fs, S_ISDIR(ha->mode) ? FUSE_READDIR : FUSE_READ, ha->ino, flags & H_NONBLOCK, &ri, sizeof(ri), NULL, 0, size) || host.error != 0)
		return;
	if (S_ISDIR(ha->mode)) {
		if (from == 0)
			ha->changes = host.changes;
		entries_check(ha, from);
		return;
	}
	text_check(host.len);
	ha->pos = from + host.len;
}

static void
do_write(void)
{
	struct handle *ha = &host.handle[next8() % NSLOTS];
	const uint64_t at = offset(0);
	const struct fuse_write_out *out = (const void *)host.data;
	struct fuse_write_in wi = { .fh = ha->fh, .offset = at };
	char text[256], longer[FUSE_WRITE_MAX];
	size_t n = word(text);
	const uint8_t flags = next8();

	if (ha->fh == 0 || ha->flags == O_RDONLY || n == 0)
		return;
	memcpy(longer, text, n);
	for (; n == 255 && (flags & H_BOTH) != 0 && n < sizeof(longer); n++)
		longer[n] = text[n % 255];
	if (n > 255)
		n = sizeof(longer);
	wi.size = (uint32_t)n;
	if (ask(ha->fs, FUSE_WRITE, ha->ino, flags, &wi, sizeof(wi), longer, n, sizeof(*out)) && host.error == 0) {
		REQUIRE(host.len == sizeof(*out) && out->size <= n);
		ha->pos = at + out->size;
	}
}

static void
do_poll(void)
{
	const struct handle *ha = &host.handle[next8() % NSLOTS];
	const struct fuse_poll_in pi = { .fh = ha->fh, .kh = 1 + ha->fh, .flags = next8() & FUSE_POLL_SCHEDULE_NOTIFY };

	if (ha->fh != 0)
		(void)ask(ha->fs, FUSE_POLL, ha->ino, 0, &pi, sizeof(pi), NULL, 0, sizeof(struct fuse_poll_out));
}

static void
do_seek(void)
{
	const struct handle *ha = &host.handle[next8() % NSLOTS];
	const struct fuse_lseek_in li = { .fh = ha->fh, .offset = offset(0), .whence = next8() & 1 ? SEEK_DATA : SEEK_HOLE };

	if (ha->fh != 0)
		(void)ask(ha->fs, FUSE_LSEEK, ha->ino, 0, &li, sizeof(li), NULL, 0, sizeof(struct fuse_lseek_out));
}

static void
do_signal(void)
{
	const struct request *oldest = NULL;
	struct fuse_interrupt_in ii;

	for (unsigned i = 0; i < NPENDING; i++)
		if (host.pending[i].unique != 0 && host.pending[i].fs == FS_KMSG && (oldest == NULL || host.pending[i].unique < oldest->unique))
			oldest = &host.pending[i];
	if (oldest == NULL || request_slot() == NULL)
		return;
	ii.unique = oldest->unique;
	(void)ask(FS_KMSG, FUSE_INTERRUPT, FUSE_ROOT_ID, 0, &ii, sizeof(ii), NULL, 0, 0);
	REQUIRE(oldest->unique == 0 && host.error == EINTR);
}

static bool
has_meaning(uint32_t opcode)
{
	switch (opcode) {
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
	case FUSE_OPEN:
	case FUSE_OPENDIR:
	case FUSE_READ:
	case FUSE_READDIR:
	case FUSE_WRITE:
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
	case FUSE_LOOKUP:
	case FUSE_POLL:
	case FUSE_LSEEK:
		return true;
	default:
		return false;
	}
}

/* Making files, links, locks, attributes and what hosts to come may ask for. */
static void
do_odd(void)
{
	const struct node *no = &host.node[next8() % NSLOTS];
	const uint32_t opcode = next8() % 64;
	uint8_t body[256] = { 0 };

	for (size_t i = 0, n = next8(); i < n && i < sizeof(body); i++)
		body[i] = next8();
	if (no->ino != 0 && !has_meaning(opcode))
		(void)ask(no->fs, opcode, no->ino, 0, body, sizeof(body), NULL, 0, sizeof(struct fuse_attr_out));
}

static void
do_link(void)
{
	struct vi_vnet *vn = vi_vnet0(wd.d.d_kernel);
	const unsigned what = next8() % L_MAX;
	char name[256], to[256], made[VI_IFNAMSIZ];

	host.changes++;
	(void)word(name);
	(void)word(to);
	switch (what) {
	case L_CREATE: (void)vi_if_create(vn, name, made); break;
	case L_DESTROY: (void)vi_if_destroy(vn, name); break;
	case L_RENAME: (void)vi_if_rename(vn, name, to); break;
	case L_DESCRIBE: (void)vi_if_set_descr(vn, name, to); break;
	default: (void)vi_if_set_flags(vn, name, VI_IFF_UP, 0); break;
	}
	for (unsigned i = 0; i < 100 && vi_worker_poll(wd.w) == 0; i++)
		;
}

static void
do_record(void)
{
	char text[256];

	switch (next8() % K_MAX) {
	case K_WALK: do_walk(); break;
	case K_OPEN: do_open(); break;
	case K_READ: do_read(); break;
	case K_WRITE: do_write(); break;
	case K_CLOSE: do_close(&host.handle[next8() % NSLOTS]); break;
	case K_FORGET: {
		struct node *no = &host.node[next8() & (NSLOTS - 1)];

		forget(no, (host.p < host.end && (*host.p & 0x80) != 0));
		no->ino = 0;
		break;
	}
	case K_POLL: do_poll(); break;
	case K_SEEK: do_seek(); break;
	case K_SIGNAL: do_signal(); break;
	case K_ODD: do_odd(); break;
	case K_LINK: do_link(); break;
	default:
		(void)word(text);
		vi_jail_log_write(wd.d.d_kernel, 0, 14, text);
		devkmsg_feed(wd.dev);
		break;
	}
	turn();
}

/* The world. */

static int
no_control(void *arg, const struct lx_use *us, pid_t pid, uint64_t caps)
{
	(void)arg, (void)us, (void)pid, (void)caps;
	return -EACCES;
}

static struct vi_socket *
furnish_socket(struct vi_vnet *vn, int family, int type, int proto)
{
	const struct vi_cred cred = { .cr_priv = true };
	struct vi_socket *so;

	REQUIRE(vi_socket(vn, family, type, proto, &cred, &so) == 0);
	return so;
}

/* For the texts of /proc/net to speak of. */
static void
furnish(struct vi_vnet *vn)
{
	const struct vi_ifaddr lo = { .ia_addr = { .sa_family = VI_AF_INET, .sa_bytes = { 127, 0, 0, 1 } }, .ia_prefixlen = 8 };
	const struct vi_ifaddr six = { .ia_addr = { .sa_family = VI_AF_INET6, .sa_in6 = { [15] = 1 } }, .ia_prefixlen = 128 };
	const struct vi_sockaddr at = { .sa_family = VI_AF_INET, .sa_port = 80, .sa_bytes = { 127, 0, 0, 1 } };
	char name[VI_IFNAMSIZ];

	REQUIRE(vi_if_create(vn, "epair0", name) == 0);
	REQUIRE(vi_if_addr_add(vn, "lo0", &lo, true) == 0 && vi_if_addr_add(vn, "lo0", &six, true) == 0 && vi_if_set_flags(vn, "lo0", VI_IFF_UP, 0) == 0);
	wd.so[0] = furnish_socket(vn, VI_AF_INET, VI_SOCK_STREAM, 0);
	wd.so[1] = furnish_socket(vn, VI_AF_INET, VI_SOCK_STREAM, 0);
	wd.so[2] = furnish_socket(vn, VI_AF_INET, VI_SOCK_DGRAM, 0);
	wd.so[3] = furnish_socket(vn, VI_AF_INET6, VI_SOCK_STREAM, 0);
	wd.so[4] = furnish_socket(vn, VI_AF_INET, VI_SOCK_RAW, 1);
	wd.so[5] = furnish_socket(vn, VI_AF_PACKET, VI_SOCK_RAW, VI_PKT_ALL);
	REQUIRE(vi_bind(wd.so[0], &at) == 0 && vi_listen(wd.so[0], 5) == 0 && vi_bind(wd.so[2], &at) == 0);
	(void)vi_connect(wd.so[1], &at);
}

static void
world_begin(void)
{
	static const struct lx_ops ops = { .lo_ctl_socket = no_control };
	struct daemon *d = &wd.d;

	d->d_kernel = target_kernel(&wd.kp);
	wd.w = vi_kernel_worker(d->d_kernel, 0);
	vi_worker_enter(wd.w);
	furnish(vi_vnet0(d->d_kernel));
	REQUIRE(lx_loop_new(&wd.loop) == 0);
	REQUIRE(lx_new(wd.w, wd.loop, &ops, NULL, &wd.lx) == 0);
	vi_worker_leave(wd.w);
	wd.worker = (struct worker){ .w_daemon = d, .w_worker = wd.w, .w_loop = wd.loop, .w_lx = wd.lx };
	d->d_nworkers = 1;
	d->d_workers = &wd.worker;
	wd.jp = (struct jproc){ .jp_daemon = d };	/* prison0's */
}

static void
world_end(void)
{
	vi_worker_enter(wd.w);
	for (unsigned i = 0; i < NITEMS(wd.so); i++)
		vi_close(wd.so[i]);
	vi_worker_leave(wd.w);
	lx_free(wd.lx);
	lx_loop_free(wd.loop);
	target_kernel_free(wd.d.d_kernel, &wd.kp);
}

static void
mount_all(void)
{
	const uint64_t unique = host.unique;

	host = (struct host){ .unique = unique };
	for (unsigned i = 0; i < NETFS_N; i++)
		REQUIRE((wd.fs[i] = netfs_new(&wd.jp, -1, i)) != NULL);
	REQUIRE((wd.dev = devkmsg_new(&wd.jp, -1)) != NULL && host.nmounts == FS_N);
	host.node[NSLOTS - 1] = (struct node){ .fs = FS_KMSG, .ino = FUSE_ROOT_ID, .mode = S_IFREG };
}

/* Programs end: with their files, or, as when a jail is removed, the mounts go first. */
static void
unmount_all(bool in_order)
{
	for (unsigned i = 0; i < NPENDING; i++)
		do_signal();
	for (unsigned i = 0; i < MAXTURNS && in_order && (waits(FS_SYS) || waits(FS_CLASS)); i++)
		turn();
	REQUIRE(!in_order || (!waits(FS_SYS) && !waits(FS_CLASS)));
	for (unsigned i = 0; i < NSLOTS && in_order; i++) {
		do_close(&host.handle[i]);
		forget(&host.node[i], false);
	}
	for (unsigned i = 0; i < NETFS_N; i++)
		netfs_free(wd.fs[i]);
	devkmsg_free(wd.dev);
	for (unsigned i = 0; i < FS_N; i++)
		REQUIRE(host.mount[i].freed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct reuse reuse;

	if (reuse_first(&reuse))
		world_begin();
	vi_worker_enter(wd.w);
	mount_all();
	host.p = data;
	host.end = data + size;
	for (unsigned i = 0; i < MAXRECORDS && host.p < host.end; i++)
		do_record();
	unmount_all(size % 2 == 0);
	vi_sim_advance(wd.kp.kp_host, UINT64_C(1000000000));
	for (unsigned i = 0; i < 1000 && vi_worker_poll(wd.w) == 0; i++)
		;
	vi_worker_leave(wd.w);
	if (reuse_last(&reuse))
		world_end();
	return 0;
}
