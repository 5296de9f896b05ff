/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: fuzzes vimaged's side of what jails' programs and administrators do to it together: the control server with several clients, jails with processes, removals,
 * media, and who waits for events; each may go in the middle of anything.  Played are the spawner, the inits, which may be in the hands of their jail's root and say anything, the other
 * ends of media, and the clock.
 *
 * The input is how the host separates processes (enum iso_mode) and how many workers there are, and records, one byte of kind first:
 *
 *	K_CLIENT slot, who (client_comes()): a client comes; one that was there goes first
 *	K_JAIL	slot, what (J_*), jail, parameters: it is made or changed
 *	K_EXEC	slot, jail, what (X_*), for each class another jail, arguments
 *	K_MEDIUM slot, interface, kind, addresses, descriptors (pass())
 *	K_OP	slot, request, how (O_*), jail, further arguments (request.h), descriptors
 *	K_BYTES	slot, length, bytes
 *	K_HANGUP slot
 *	K_INIT	which, type, id, arg, flags, ino, descriptors: it says that; H_READY, H_ENDS and H_GARBLED in the place of the type
 *	K_SPAWNER type, id, arg: it says that; 0xff: it is gone
 *	K_TIME	how long
 *	K_PEER	which, what: the other end of a medium says so many bytes; P_COMES, P_ASKS and P_GOES in the place of the number
 *
 * Besides not crashing: a client is told in messages that say "ok" and, if that is not so, an errno and one line; when the clients and the inits are gone no removal waits, no jail is left that
 * should have gone with them, and neither memory nor descriptors are.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include <vimage/ifnet.h>
#include <vimage/jail.h>
#include <vimage/vimage.h>

#include "ctl/ctl.h"
#include "daemon/ctl_serve.h"
#include "daemon/fuse.h"
#include "daemon/jproc.h"
#include "daemon/kmsg.h"
#include "daemon/netfs.h"
#include "daemon/nsjoin.h"
#include "daemon/proctree.h"
#include "daemon/seqpacket.h"
#include "tests/fuzz/request.h"
#include "tests/fuzz/target.h"

#define NCLIENTS	6
#define NINITS		6
#define NPEERS		8
#define NTIMERS		12
#define NOPID		(1 << 22)	/* Linux has none as high */
#define MAXRECORDS	48
#define TURNS		3

enum kind { K_CLIENT, K_JAIL, K_EXEC, K_MEDIUM, K_OP, K_BYTES, K_HANGUP, K_INIT, K_SPAWNER, K_TIME, K_PEER, K_MAX };
enum { J_CREATE = 0x01, J_UPDATE = 0x02, J_HOLD = 0x04, J_PERSIST = 0x08, J_SHARED = 0x10, J_ODD = 0x20 };
enum { O_ARGS = 0x07, O_PASSES = 0x40, O_JAIL = 0x80 };
enum { X_SHELL = 0x01, X_IDS = 0x02, X_MIXED = 0x04, X_FEW = 0x08 };
enum { H_READY = 0xfd, H_ENDS = 0xfe, H_GARBLED = 0xff };
enum { P_COMES = 0xfd, P_ASKS = 0xfe, P_GOES = 0xff };

static const char *const jails[] = { "j", "k", "j.l", "j.m", "k.n", "j.l.o", "0", "nobody" };
static const char *const interfaces[] = { "wire0", "tap0", "tun0", "host0", "epair0a", "lo0" };
static const char *const media[] = { "hostdev", "connect", "listen", "dgram", "dev", "record", "replay", "none" };
static const char *const addresses[] = { NULL, "", "@vimage-fuzz", "/nowhere", "127.0.0.1:9", "[::1]:9", "name", "0.0.0.0:0" };

/* What is of one stack alone is asked by fuzz_ctl. */
#define TEXT(...)	#__VA_ARGS__
static const char *const requests[] = {
	TEXT({ "op": "no.such" }),
	TEXT({ "op": "daemon.status" }),
	TEXT({ "op": "daemon.mounted", "path": "/nowhere", "id": 1, "there": true }),
	TEXT({ "op": "daemon.shutdown" }),
	TEXT({ "op": "jail.remove" }),
	TEXT({ "op": "jail.remove", "force": true }),
	TEXT({ "op": "jail.release" }),
	TEXT({ "op": "jail.find" }),
	TEXT({ "op": "jail.list", "settable": true }),
	TEXT({ "op": "jail.list", "params": [ "name", "dying", "vcpu.usage" ], "dying": true }),
	TEXT({ "op": "signal", "sig": 15 }),
	TEXT({ "op": "route.events", "wait": true, "after": 0 }),
	TEXT({ "op": "route.events", "wait": true, "after": 9 }),
	TEXT({ "op": "if.create", "type": "epair" }),
	TEXT({ "op": "if.create", "type": "wire" }),
	TEXT({ "op": "if.destroy", "name": "epair0a" }),
	TEXT({ "op": "if.destroy", "name": "wire0" }),
	TEXT({ "op": "if.move", "name": "wire0", "to": "j" }),
	TEXT({ "op": "if.move", "name": "tap0", "to": "k" }),
	TEXT({ "op": "if.reclaim", "name": "wire0", "from": "j" }),
	TEXT({ "op": "if.flags", "name": "wire0", "set": [ "up" ] }),
	TEXT({ "op": "if.flags", "name": "epair0a", "clear": [ "up" ] }),
	TEXT({ "op": "if.list" }),
	TEXT({ "op": "addr.add", "name": "epair0a", "address": "198.51.100.1", "prefixlen": 24 }),
	TEXT({ "op": "addr.delete", "name": "wire0", "address": "192.0.2.1" }),
	TEXT({ "op": "sysctl.set", "name": "kern.hostname", "value": "h" }),
	TEXT({ "op": "sysctl.list" }),
	TEXT({ "op": "log.read", "clear": true }),
	TEXT({ "op": "pcb.list", "owners": true }),
	TEXT({ "op": "stat.accounts" }),
};

/* Parameters that a jail takes, and what processes are told of. */
static const char *const parameters[][2] = {
	{ "host.hostname", "h" }, { "host.domainname", "d" }, { "limit.shm", "1m" }, { "limit.processes", "3" }, { "vcpu.share", "300" }, { "vcpu.limit", "20" },
	{ "priv.deny", "net.raw_sockets" }, { "vlog.refusals", NULL }, { "stop.timeout", "1" }, { "children.max", "2" }, { "path", "/" },
};

static struct world {
	struct vi_kernel_params kp;
	struct daemon	 d;
	uint64_t	 now;
	int		 spawner;	/* its end; -1: it is gone */
	struct ctl_conn	*client[NCLIENTS];
	struct init { uint32_t id; int fd; } init[NINITS];	/* id 0: none */
	int		 peer[NPEERS];	/* -1: none */
	struct sockaddr_un listener;	/* the latest that was passed */
	socklen_t	 listenerlen;
	struct { int fd; bool armed; } timer[NTIMERS];
} wd;

/*
 * What vimaged has beside.
 */

void
dlog(const char *fmt, ...)
{
	(void)fmt;
}

uint64_t
daemon_now(const struct daemon *d)
{
	(void)d;
	return wd.now;
}

void
daemon_stopped(struct daemon *d)
{
	d->d_quit = true;
}

void
daemon_stop(struct daemon *d)
{
	struct jproc *jp, *next;

	d->d_stopping = true;
	for (jp = LIST_FIRST(&d->d_jprocs); jp != NULL; jp = next) {
		next = LIST_NEXT(jp, jp_link);
		if (jp->jp_jid >= 0)
			jproc_stop(jp, 0);
	}
}

/* Files of jails have a target of their own. */

struct netfs *
netfs_new(struct jproc *jp, int fd, unsigned which)
{
	REQUIRE(which < NETFS_N && jp->jp_jid >= 0);
	close(fd);
	return NULL;
}

void
netfs_free(struct netfs *nf)
{
	(void)nf;
}

void
kmsg_attach(struct jproc *jp, int fds[KMSG_N])
{
	(void)jp;
	for (int i = 0; i < KMSG_N; i++)
		close(fds[i]);
}

void
kmsg_free(struct kmsg *km)
{
	(void)km;
}

/*
 * What the host has.
 */

int
nsjoin_ino(pid_t pid, const char *name, uint64_t *ino)
{
	(void)pid, (void)name, (void)ino;
	return ESRCH;
}

bool
proc_read(pid_t pid, struct proc *p)
{
	(void)pid, (void)p;
	return false;
}

int
proctree_read(struct proctree *pt, const pid_t *roots, size_t n)
{
	(void)pt, (void)roots, (void)n;
	return ENOENT;
}

void
proctree_sums(const struct proctree *pt, const pid_t *roots, struct proctree_sum *sums, size_t n)
{
	(void)pt, (void)roots, (void)sums, (void)n;
}

void
proctree_free(struct proctree *pt)
{
	(void)pt;
}

int
timerfd_create(clockid_t clock, int flags)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	(void)clock, (void)flags;
	for (unsigned i = 0; i < NTIMERS && fd >= 0; i++)
		if (wd.timer[i].fd < 0) {
			wd.timer[i].fd = fd;
			wd.timer[i].armed = false;
			return fd;
		}
	close(fd);
	errno = EMFILE;
	return -1;
}

int
timerfd_settime(int fd, int flags, const struct itimerspec *its, struct itimerspec *old)
{
	(void)flags, (void)old;
	for (unsigned i = 0; i < NTIMERS; i++)
		if (wd.timer[i].fd == fd)
			wd.timer[i].armed = its->it_value.tv_sec != 0 || its->it_value.tv_nsec != 0;
	return 0;
}

/* Those that were closed are told by their number being another's, or nobody's. */
static void
timers_fire(void)
{
	const uint64_t one = 1;
	struct pollfd pfd;

	for (unsigned i = 0; i < NTIMERS; i++) {
		pfd = (struct pollfd){ .fd = wd.timer[i].fd, .events = POLLOUT };
		if (pfd.fd < 0)
			continue;
		if (poll(&pfd, 1, 0) == 1 && (pfd.revents & POLLNVAL) != 0)
			wd.timer[i].fd = -1;
		else if (wd.timer[i].armed)
			(void)!write(wd.timer[i].fd, &one, sizeof(one));
	}
}

/* Nothing is left behind in the file system, and nobody outside is talked to. */
int
lstat(const char *path, struct stat *st)
{
	(void)path, (void)st;
	errno = ENOENT;
	return -1;
}

/* A socket; the other end becomes a peer's. */
static int
pair_new(int type)
{
	int pair[2];

	REQUIRE(socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
	for (unsigned i = 0; i < NPEERS; i++)
		if (wd.peer[i] < 0) {
			wd.peer[i] = pair[1];
			return pair[0];
		}
	close(pair[1]);
	return pair[0];
}

static int
socket_type(int fd)
{
	socklen_t len = sizeof(int);
	int type = 0;

	(void)getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len);
	return type;
}

/* Who is asked for by a name, or over IPv4, is there: a peer.  Others refuse. */
int
connect(int fd, const struct sockaddr *sa, socklen_t len)
{
	const bool named = sa->sa_family == AF_UNIX && len > offsetof(struct sockaddr_un, sun_path) && ((const struct sockaddr_un *)(const void *)sa)->sun_path[0] == '\0';
	int pair;

	if (sa->sa_family == AF_UNSPEC)
		return 0;
	if (!named && sa->sa_family != AF_INET) {
		errno = ECONNREFUSED;
		return -1;
	}
	pair = pair_new(socket_type(fd));
	REQUIRE(dup3(pair, fd, O_CLOEXEC) == fd);
	close(pair);
	return 0;
}

static unsigned
descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	REQUIRE(dir != NULL);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

/*
 * The spawner and the inits.
 */

static void
spawner_says(const struct seqmsg *sm)
{
	if (wd.spawner >= 0)
		(void)seq_send(wd.spawner, sm, NULL, 0, MSG_DONTWAIT);
}

static void
init_ends(struct init *in)
{
	const struct seqmsg sm = { .sm_type = SPAWN_DIED, .sm_id = in->id };

	if (in->id == 0)
		return;
	close(in->fd);
	in->id = 0;
	spawner_says(&sm);
}

/* The host has no more processes. */
static void
init_refused(uint32_t id)
{
	spawner_says(&(struct seqmsg){ .sm_type = SPAWN_FAILED, .sm_id = id, .sm_arg = EAGAIN, .sm_text = "clone" });
}

static void
init_begins(uint32_t id, int fd)
{
	for (unsigned i = 0; i < NINITS; i++)
		if (wd.init[i].id == 0) {
			wd.init[i] = (struct init){ id, dup(fd) };
			return;
		}
	init_refused(id);
}

static void
spawner_told(const struct seqmsg *sm, const int *fds, unsigned nfds)
{
	if (sm->sm_type == SPAWN_INIT) {
		REQUIRE(nfds == 2);
		init_begins(sm->sm_id, fds[0]);
	} else if (sm->sm_type == SPAWN_KILL) {
		for (unsigned i = 0; i < NINITS; i++)
			if (wd.init[i].id == sm->sm_id)
				init_ends(&wd.init[i]);
	}
}

static void
spawner_turn(void)
{
	int fds[SEQ_MAXFDS];
	struct seqmsg sm;
	unsigned nfds;

	while (wd.spawner >= 0 && seq_recv(wd.spawner, &sm, fds, &nfds, MSG_DONTWAIT) == 0) {
		spawner_told(&sm, fds, nfds);
		while (nfds > 0)
			close(fds[--nfds]);
	}
}

/*
 * Time.
 */

/* It will stand on a terminal. */
static bool
one_line(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	return true;
}

static void
client_hear(unsigned i)
{
	const char *text;
	json_t *msg;

	while (wd.client[i] != NULL && ctl_recv(wd.client[i], &msg, NULL, NULL) == 0) {
		REQUIRE(json_is_boolean(json_object_get(msg, "ok")));
		text = json_string_value(json_object_get(msg, "error"));
		if (!json_is_true(json_object_get(msg, "ok")))
			REQUIRE(json_integer_value(json_object_get(msg, "errno")) > 0 && text != NULL && text[0] != '\0' && one_line(text));
		json_decref(msg);
	}
}

/* As worker_loop(), whatever time it is. */
static void
worker_turn(struct worker *w)
{
	lx_loop_sleep(w->w_loop, 0);
	vi_worker_enter(w->w_worker);
	worker_posts(w);
	(void)lx_loop_dispatch(w->w_loop);
	(void)lx_loop_late(w->w_loop);
	for (unsigned i = 0; i < 100 && vi_worker_poll(w->w_worker) == 0; i++)
		;
	(void)lx_loop_back(w->w_loop, false);
	vi_worker_leave(w->w_worker);
}

static void
turn(unsigned n)
{
	while (n-- > 0) {
		for (unsigned i = 0; i < wd.d.d_nworkers; i++)
			worker_turn(&wd.d.d_workers[i]);
		spawner_turn();
		for (unsigned i = 0; i < NCLIENTS; i++)
			client_hear(i);
	}
}

static void
pass_time(uint64_t ns)
{
	wd.now += ns;
	vi_sim_advance(wd.kp.kp_host, ns);
	timers_fire();
	turn(TURNS);
}

/*
 * Descriptors.
 */

/* With a name that nobody else has. */
static int
unix_listener(void)
{
	const struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)bind(fd, (const struct sockaddr *)(const void *)&sun, sizeof(sa_family_t));
	(void)listen(fd, 4);
	wd.listenerlen = sizeof(wd.listener);
	(void)getsockname(fd, (struct sockaddr *)(void *)&wd.listener, &wd.listenerlen);
	return fd;
}

static int
file_new(struct input *in)
{
	uint8_t buf[256];
	size_t n = input8(in);
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	for (size_t i = 0; i < n; i++)
		buf[i] = input8(in);
	(void)!write(fd, buf, n);
	(void)lseek(fd, 0, SEEK_SET);
	return fd;
}

static int
descriptor(struct input *in)
{
	switch (input8(in) % 10) {
	case 0: return pair_new(SOCK_DGRAM);
	case 1: return pair_new(SOCK_STREAM);
	case 2: return pair_new(SOCK_SEQPACKET);
	case 3: return unix_listener();
	case 4: return file_new(in);
	case 5: return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	case 6: return socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	case 7: return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	case 8: return open("/dev/null", O_RDWR | O_CLOEXEC);
	default: return eventfd(0, EFD_CLOEXEC);
	}
}

static unsigned
pass(struct input *in, int *fds, unsigned most)
{
	unsigned n = input8(in), made = 0;

	for (n = n > most ? 0 : n; made < n; made++)
		REQUIRE((fds[made] = descriptor(in)) >= 0);
	return made;
}

static void
let_go(const int *fds, unsigned n)
{
	while (n > 0)
		close(fds[--n]);
}

/*
 * Clients.
 */

static const char *
jail_name(struct input *in)
{
	return jails[input8(in) % NITEMS(jails)];
}

static int
jail_id(const char *name)
{
	int jid;

	return vi_jail_find(wd.d.d_kernel, 0, name, &jid) == 0 ? jid : 0;
}

static void
hang_up(unsigned i)
{
	if (wd.client[i] != NULL)
		ctl_conn_free(wd.client[i]);
	wd.client[i] = NULL;
}

/* In a jail, or with containers of two; with all capabilities or none. */
static void
client_comes(struct input *in)
{
	const unsigned i = input8(in) % NCLIENTS;
	const uint8_t mixed = input8(in);
	const int jid = jail_id(jail_name(in)), other = mixed < 0xc0 ? jid : jail_id(jail_name(in));
	struct lx_use us;
	int fd;

	hang_up(i);
	for (unsigned c = 0; c < VI_CLASS_MAX; c++)
		us.us_jid[c] = (mixed >> c & 1) != 0 ? other : jid;
	REQUIRE((fd = ctl_serve_jail(&wd.d, &us, getpid(), (mixed & 0x20) != 0 ? 0 : UINT64_MAX)) >= 0);
	REQUIRE(fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && ctl_conn_new(fd, &wd.client[i]) == 0);
}

/* Consumes msg. */
static void
say(unsigned slot, json_t *msg, const int *fds, unsigned nfds)
{
	struct ctl_conn *cc = wd.client[slot % NCLIENTS];

	if (cc != NULL)
		(void)ctl_send(cc, msg, fds, nfds);
	json_decref(msg);
}

static void
put_param(json_t *params, const char *name, const char *value)
{
	json_array_append_new(params, json_pack("[s,s?]", name, value));
}

static void
do_jail(struct input *in)
{
	const unsigned slot = input8(in), what = input8(in);
	json_t *params = json_array();
	uint8_t modes, n;

	put_param(params, "name", jail_name(in));
	put_param(params, what & J_PERSIST ? "persist" : "nopersist", NULL);
	if ((what & J_CREATE) != 0) {
		put_param(params, "vnet", what & J_SHARED ? "inherit" : "new");
		put_param(params, "children.max", "4");
		modes = input8(in);
		for (unsigned c = 1; c < VI_CLASS_MAX; c++)
			put_param(params, vi_class_name(c), (modes >> c & 1) != 0 ? "inherit" : "new");
		if ((modes & 1) != 0)
			put_param(params, "stop.timeout", "1");
	}
	for (n = input8(in) & 7; n > 0; n--) {
		const char *const *pm = parameters[input8(in) % NITEMS(parameters)];

		put_param(params, pm[0], pm[1]);
	}
	if ((what & J_ODD) != 0)
		put_param(params, request_key(in), request_word(in));
	say(slot, json_pack("{s:s,s:o,s:b,s:b,s:b}", "op", "jail.set", "params", params, "create", (what & J_CREATE) != 0, "update", (what & J_UPDATE) != 0, "hold", (what & J_HOLD) != 0), NULL, 0);
}

static void
do_exec(struct input *in)
{
	const unsigned slot = input8(in);
	const char *name = jail_name(in);
	const uint8_t what = input8(in);
	json_t *msg = json_pack("{s:s,s:s}", "op", "exec", "jail", name), *argv = json_array(), *containers;
	int fds[3];

	for (unsigned i = 0; i < 3; i++)
		REQUIRE((fds[i] = open("/dev/null", O_RDWR | O_CLOEXEC)) >= 0);
	if ((what & X_SHELL) == 0)
		json_array_append_new(argv, json_string(request_word(in)));
	json_object_set_new(msg, "argv", argv);
	if ((what & X_IDS) != 0)
		json_object_set_new(msg, "ids", json_pack("{s:i,s:i,s:[i,i]}", "uid", input8(in), "gid", 5, "groups", 1, 2));
	if ((what & X_MIXED) != 0) {
		containers = json_object();
		for (unsigned c = input8(in) % VI_CLASS_MAX; c < VI_CLASS_MAX; c += 1 + input8(in) % 2u)
			json_object_set_new(containers, vi_class_name(c), json_string(jail_name(in)));
		json_object_set_new(msg, "containers", containers);
	}
	request_args(msg, in, (what & X_FEW) != 0 ? 1 : 0);
	say(slot, msg, fds, 3);
	let_go(fds, 3);
}

static void
do_medium(struct input *in)
{
	const unsigned slot = input8(in);
	const char *name = interfaces[input8(in) % NITEMS(interfaces)], *kind = media[input8(in) % NITEMS(media)];
	const char *address = addresses[input8(in) % NITEMS(addresses)], *remote = addresses[input8(in) % NITEMS(addresses)];
	json_t *msg = json_pack("{s:s,s:s,s:s}", "op", "if.medium", "name", name, "kind", kind);
	int fds[CTL_MAXFDS];
	unsigned n = pass(in, fds, 3);

	if (address != NULL)
		json_object_set_new(msg, "address", json_string(address));
	if (remote != NULL)
		json_object_set_new(msg, "remote", json_string(remote));
	say(slot, msg, fds, n);
	let_go(fds, n);
}

static void
do_op(struct input *in)
{
	const unsigned slot = input8(in);
	json_t *msg = json_loads(requests[input8(in) % NITEMS(requests)], 0, NULL);
	const uint8_t how = input8(in);
	int fds[CTL_MAXFDS];
	unsigned n;

	REQUIRE(msg != NULL);
	if ((how & O_JAIL) != 0)
		json_object_set_new(msg, "jail", json_string(jail_name(in)));
	request_args(msg, in, how & O_ARGS);
	n = (how & O_PASSES) != 0 ? pass(in, fds, CTL_MAXFDS) : 0;
	say(slot, msg, fds, n);
	let_go(fds, n);
}

static void
do_bytes(struct input *in)
{
	const struct ctl_conn *cc = wd.client[input8(in) % NCLIENTS];
	uint8_t buf[256];
	size_t n = input8(in);

	for (size_t i = 0; i < n; i++)
		buf[i] = input8(in);
	if (cc != NULL)
		(void)send(ctl_conn_fd(cc), buf, n, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/*
 * The others.
 */

static void
read_message(struct input *in, struct seqmsg *sm)
{
	size_t n;

	sm->sm_id = input8(in);
	sm->sm_arg = (int8_t)input8(in);
	sm->sm_flags = input8(in);
	sm->sm_ino[0] = input8(in);
	if ((n = input8(in)) < 0xf0)
		snprintf(sm->sm_text, sizeof(sm->sm_text), "%s", request_word(in));
	for (size_t i = 0; n >= 0xf0 && i < (n == 0xff ? sizeof(sm->sm_text) : n - 0xf0); i++)
		sm->sm_text[i] = (char)input8(in);
}

/* Its kind of an answer is what it has for a type. */
static void
do_init(struct input *in)
{
	static const uint8_t types[] = { INIT_READY, INIT_FILES, INIT_BROKEN, INIT_LISTENER, INIT_STARTED, INIT_FAILED, INIT_EXITED, INIT_EMPTY };
	struct init *it = &wd.init[input8(in) % NINITS];
	const uint8_t type = input8(in);
	struct seqmsg sm = { .sm_type = types[type % NITEMS(types)] };
	int fds[SEQ_MAXFDS + 1];
	unsigned n;

	if (it->id == 0)
		return;
	if (type == H_ENDS) {
		init_ends(it);
		return;
	}
	if (type == H_READY) {
		spawner_says(&(struct seqmsg){ .sm_type = SPAWN_MADE, .sm_id = it->id, .sm_arg = NOPID + (int)it->id, .sm_flags = it->id % 2 != 0 ? CLONE_NEWPID : 0, .sm_ino = { it->id, it->id } });
		sm.sm_type = INIT_READY;
		(void)seq_send(it->fd, &sm, NULL, 0, MSG_DONTWAIT);
		return;
	}
	read_message(in, &sm);
	n = pass(in, fds, SEQ_MAXFDS);
	if (type == H_GARBLED)
		(void)send(it->fd, &sm, sm.sm_id, MSG_DONTWAIT | MSG_NOSIGNAL);
	else
		(void)seq_send(it->fd, &sm, fds, n, MSG_DONTWAIT);
	let_go(fds, n);
}

static void
do_spawner(struct input *in)
{
	static const uint8_t types[] = { SPAWN_MADE, SPAWN_FAILED, SPAWN_PROBED };
	const uint8_t type = input8(in);
	struct seqmsg sm = { .sm_type = types[type % NITEMS(types)] };

	if (type == 0xff && wd.spawner >= 0) {
		close(wd.spawner);
		wd.spawner = -1;
		return;
	}
	read_message(in, &sm);
	/* It is believed: what it says of an init is so. */
	for (unsigned i = 0; i < NINITS; i++)
		if (sm.sm_type == SPAWN_FAILED && wd.init[i].id == sm.sm_id && sm.sm_id != 0) {
			close(wd.init[i].fd);
			wd.init[i].id = 0;
		}
	spawner_says(&sm);
}

/* Somebody comes to what listens. */
static int
peer_comes(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (syscall(SYS_connect, fd, &wd.listener, wd.listenerlen) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Who has the address of wire0?  That is answered. */
static size_t
peer_asks(int fd, uint8_t *buf)
{
	static const uint8_t arp[] = {
		0, 0, 0, 42, 255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 9, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 9, 192, 0, 2, 9, 0, 0, 0, 0, 0, 0, 192, 0, 2, 1,
	};
	const size_t skip = socket_type(fd) == SOCK_STREAM ? 0 : 4;	/* framing.h */

	memcpy(buf, arp + skip, sizeof(arp) - skip);
	return sizeof(arp) - skip;
}

static void
do_peer(struct input *in)
{
	int *fd = &wd.peer[input8(in) % NPEERS];
	const uint8_t what = input8(in);
	uint8_t buf[512];
	size_t n = 0;

	if (what == P_COMES && *fd < 0)
		*fd = peer_comes();
	if (*fd < 0)
		return;
	if (what == P_GOES) {
		close(*fd);
		*fd = -1;
		return;
	}
	if (what >= P_COMES)
		n = peer_asks(*fd, buf);
	else
		for (; n < what * 2u; n++)
			buf[n] = input8(in);
	(void)send(*fd, buf, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	turn(1);
	while (recv(*fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
}

static void
do_record(struct input *in)
{
	switch (input8(in) % K_MAX) {
	case K_CLIENT: client_comes(in); break;
	case K_JAIL: do_jail(in); break;
	case K_EXEC: do_exec(in); break;
	case K_MEDIUM: do_medium(in); break;
	case K_OP: do_op(in); break;
	case K_BYTES: do_bytes(in); break;
	case K_HANGUP: hang_up(input8(in) % NCLIENTS); break;
	case K_INIT: do_init(in); break;
	case K_SPAWNER: do_spawner(in); break;
	case K_TIME: pass_time((uint64_t)input8(in) << (input8(in) & 31)); break;
	case K_PEER: do_peer(in); break;
	}
	turn(TURNS);
}

/*
 * Beginning and end.
 */

static void
furnish(struct vi_vnet *vn)
{
	const struct vi_ifaddr ia = { .ia_addr = { .sa_family = VI_AF_INET, .sa_bytes = { 192, 0, 2, 1 } }, .ia_prefixlen = 24 };
	char name[VI_IFNAMSIZ];

	for (unsigned i = 0; i < 4; i++) {
		REQUIRE(vi_if_create(vn, interfaces[i], name) == 0);
		REQUIRE(vi_if_set_flags(vn, name, VI_IFF_UP, 0) == 0);
	}
	REQUIRE(vi_if_create(vn, "epair0", name) == 0 && vi_if_addr_add(vn, "wire0", &ia, true) == 0);
}

static void
world_begin(uint8_t mode)
{
	const unsigned nworkers = 1 + mode / 3 % 2u;
	struct daemon *d = &wd.d;
	int pair[2];

	wd = (struct world){ .now = 1000000000 };
	for (unsigned i = 0; i < NPEERS; i++)
		wd.peer[i] = -1;
	for (unsigned i = 0; i < NTIMERS; i++)
		wd.timer[i].fd = -1;
	*d = (struct daemon){ .d_instance = "fuzz", .d_pidfd = -1, .d_commands = -1, .d_kernel = target_kernel_of(&wd.kp, nworkers) };
	furnish(vi_vnet0(d->d_kernel));
	REQUIRE((d->d_ctl = calloc(1, sizeof(*d->d_ctl))) != NULL);
	d->d_ctl->cs_daemon = d;
	d->d_ctl->cs_fd = -1;
	REQUIRE(workers_new(d, nworkers) == 0 && timers_init(d) == 0 && seq_pair(pair) == 0 && jprocs_init(d, pair[0]) == 0);
	wd.spawner = pair[1];
	spawner_says(&(struct seqmsg){ .sm_type = SPAWN_PROBED, .sm_arg = mode % 3, .sm_text = "nothing" });
	turn(1);
}

static void
see_expired(void *arg, int jid)
{
	REQUIRE(!vi_jail_expired(arg, jid));
}

/* Who is gone leaves nothing that waits for him. */
static void
everybody_goes(void)
{
	struct daemon *d = &wd.d;

	for (unsigned i = 0; i < NCLIENTS; i++)
		hang_up(i);
	for (unsigned i = 0; i < 2 * NINITS && (i < 2 || !LIST_EMPTY(&d->d_jprocs)); i++) {
		turn(1);
		for (unsigned k = 0; k < NINITS; k++)
			init_ends(&wd.init[k]);
		turn(1);
	}
	REQUIRE(LIST_EMPTY(&d->d_jprocs) && LIST_EMPTY(&d->d_mixed) && LIST_EMPTY(&d->d_ctl->cs_clients));
	if (d->d_stopping)
		return;
	REQUIRE(LIST_EMPTY(&d->d_removals));
	vi_jail_below(d->d_kernel, 0, see_expired, d->d_kernel);
}

static void
world_end(void)
{
	struct daemon *d = &wd.d;

	everybody_goes();
	d->d_alone = true;
	ctl_server_fini(d);
	jprocs_fini(d);
	removals_fini(d);
	timers_fini(d);
	workers_close(d);
	target_kernel_free(d->d_kernel, &wd.kp);
	workers_free(d);
	for (unsigned i = 0; i < NPEERS; i++)
		if (wd.peer[i] >= 0)
			close(wd.peer[i]);
	if (wd.spawner >= 0)
		close(wd.spawner);
	for (unsigned i = 0; i < NINITS; i++)
		if (wd.init[i].id != 0)
			close(wd.init[i].fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	const unsigned before = descriptors();

	signal(SIGPIPE, SIG_IGN);	/* as vimaged's main() */
	world_begin(input8(&in));
	for (unsigned i = 0; i < MAXRECORDS && in.p < in.end; i++)
		do_record(&in);
	world_end();
	REQUIRE(descriptors() == before);
	return 0;
}
