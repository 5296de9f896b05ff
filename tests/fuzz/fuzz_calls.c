/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: fuzzes the system calls of a program in a jail, from the notification to the answer, with what the program does to its descriptors in between.
 *
 * This process is the program: descriptors are real ones of it, and so is everything the personality asks the host about them.  Two things are played: the listener (ioctl() below
 * gives out the input's call, takes the answer and installs descriptors, or says that a signal came first), and the program's memory, which is MEMSIZE bytes
 * at MEMBASE of which the input says the first (process_vm_readv() and process_vm_writev() below).
 *
 * The input is a sequence of records, one byte of kind first:
 *
 *	K_CALL	number (an index), flags (F_*), six arguments (argument()), length and bytes at MEMBASE
 *	K_WRITE	slot, length, bytes: written to the descriptor
 *	K_READ	slot
 *	K_CLOSE	slot; 0x80: shut down for writing only
 *	K_COPY	slot: a second descriptor of the same
 *	K_TIME	milliseconds
 *	K_RING	offset / 8, byte: into the mapping of a packet socket's ring
 *
 * Besides not crashing: a call is answered once at most and with a result that calls have; nothing is written beyond the program's memory; and when
 * all descriptors are closed no socket is left.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <linux/seccomp.h>

#include <vimage/ifnet.h>
#include <vimage/vimage.h>

#include "linux/loop.h"
#include "linux/lx.h"
#include "linux/sysnum.h"
#include "tests/fuzz/target.h"

#define MEMBASE		0x10000u
#define MEMSIZE		8192u
#define NSLOTS		16
#define TUNSLOT		15	/* begins as what looks like /dev/net/tun */
#define MAXRECORDS	40
#define STANDIN		"/dev/full"
#define MAXERRNO	4095

enum kind { K_CALL, K_WRITE, K_READ, K_CLOSE, K_COPY, K_TIME, K_RING, K_MAX };
enum { F_LOST = 0x01, F_FULL = 0x02, F_USER = 0x04, F_AGAIN = 0x08 };	/* a signal overtakes the answer; no room for descriptors; uid 1000; as the last one */

static const int numbers[] = { SYS_socket, SYS_setsockopt, SYS_getsockopt, SYS_ioctl, SYS_bind, SYS_connect, SYS_sendto, SYS_sendmsg, SYS_sendmmsg, SYS_recvfrom, SYS_recvmsg,
	SYS_recvmmsg, SYS_listen, SYS_accept, SYS_accept4, SYS_shutdown, SYS_getsockname, SYS_getpeername, SYS_mmap, SYS_syslog };

static struct world {
	struct vi_kernel_params	 kp;
	struct vi_kernel	*k;
	struct vi_worker	*w;
	struct lx_loop		*loop;
	struct lx		*lx;
	struct lx_program	*pr;
} wd;

static struct program {
	const uint8_t	*p, *end;	/* of the input */
	int		 listener;
	int		 slot[NSLOTS];
	uint8_t		 mem[MEMSIZE];
	uint8_t		*ring;
	size_t		 ringlen;
	/* the call */
	uint8_t		 flags;
	struct seccomp_data data;
	uint64_t	 id;
	bool		 pending, asked;	/* to be given out; not answered yet */
} prog = { .listener = -1 };

static uint8_t
next8(void)
{
	return (prog.p < prog.end ? *prog.p++ : 0);
}

static uint64_t
next(unsigned bytes)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < bytes; i++)
		v |= (uint64_t)next8() << 8 * i;
	return (v);
}

/* With FUZZ_TRACE in the environment: what an input does. */
static void
trace(const char *what, long long value)
{
	if (getenv("FUZZ_TRACE") != NULL)
		fprintf(stderr, "call %d: %s %lld\n", prog.data.nr, what, value);
}

/* The host's part. */

static int
slot_new(int fd)
{
	for (unsigned i = 0; i < TUNSLOT && fd >= 0; i++)
		if (prog.slot[i] < 0)
			return (prog.slot[i] = fd);
	close(fd);
	errno = EMFILE;
	return (-1);
}

/* A ring's memory comes like any descriptor, but is no socket. */
static int
host_install(int fd)
{
	struct stat st;
	int copy = dup(fd);

	if (copy >= 0 && fstat(copy, &st) == 0 && S_ISREG(st.st_mode) && prog.ring == NULL) {
		prog.ringlen = (size_t)st.st_size;
		prog.ring = mmap(NULL, prog.ringlen, PROT_READ | PROT_WRITE, MAP_SHARED, copy, 0);
		REQUIRE(prog.ring != MAP_FAILED);
	}
	return (slot_new(copy));
}

static int
host_addfd(const struct seccomp_notif_addfd *add)
{
	if (!prog.asked || add->id != prog.id || (prog.flags & F_LOST) != 0) {
		errno = ENOENT;
		return (-1);
	}
	if ((prog.flags & F_FULL) != 0) {
		errno = EMFILE;
		return (-1);
	}
	if ((add->flags & SECCOMP_ADDFD_FLAG_SEND) != 0)
		prog.asked = false;
	if ((add->flags & SECCOMP_ADDFD_FLAG_SETFD) != 0)
		return (dup2((int)add->srcfd, (int)add->newfd));
	trace("descriptor", (long long)add->flags);
	return (host_install((int)add->srcfd));
}

static int
host_answer(const struct seccomp_notif_resp *resp)
{
	REQUIRE(resp->error <= 0 && resp->error >= -MAXERRNO && (resp->error == 0 || resp->val == 0));
	REQUIRE((resp->flags & ~SECCOMP_USER_NOTIF_FLAG_CONTINUE) == 0 && (resp->flags == 0 || (resp->error == 0 && resp->val == 0)));
	if (!prog.asked || resp->id != prog.id || (prog.flags & F_LOST) != 0) {
		errno = ENOENT;
		return (-1);
	}
	trace(resp->flags != 0 ? "the host's" : "answer", resp->error != 0 ? resp->error : resp->val);
	prog.asked = false;
	return (0);
}

static int
host_call(struct seccomp_notif *n)
{
	if (!prog.pending) {
		errno = ENOENT;
		return (-1);
	}
	prog.pending = false;
	n->id = prog.id;
	n->pid = (uint32_t)getpid();
	n->data = prog.data;
	return (0);
}

static int
host_listener(unsigned long request, void *arg)
{
	switch (request) {
	case SECCOMP_IOCTL_NOTIF_RECV:
		return (host_call(arg));
	case SECCOMP_IOCTL_NOTIF_SEND:
		return (host_answer(arg));
	case SECCOMP_IOCTL_NOTIF_ADDFD:
		return (host_addfd(arg));
	default:
		errno = ENOENT;
		return (request == SECCOMP_IOCTL_NOTIF_ID_VALID && prog.asked && *(uint64_t *)arg == prog.id ? 0 : -1);
	}
}

/* Who a process is (PIDFD_GET_INFO, fdmap.c), as new hosts say. */
static int
host_identity(uint32_t *info)
{
	enum { W_MASK = 0, W_PID = 4, W_TGID = 5, W_EUID = 9, W_EGID = 10 };

	info[W_MASK] = 3;
	info[W_PID] = info[W_TGID] = (uint32_t)getpid();
	info[W_EUID] = info[W_EGID] = (prog.flags & F_USER) != 0 ? 1000 : 0;
	return (0);
}

int
ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (fd == prog.listener && fd >= 0)
		return (host_listener(request, arg));
	if (_IOC_TYPE(request) == 0xff && _IOC_NR(request) == 11)
		return (host_identity(arg));
	return ((int)syscall(SYS_ioctl, fd, request, arg));
}

/* From where in the program's memory, and how much of it is there. */
static size_t
mem_there(const struct iovec *at, uint8_t **p)
{
	const uintptr_t from = (uintptr_t)at->iov_base;

	if (from < MEMBASE || from - MEMBASE > MEMSIZE)
		return (0);
	*p = prog.mem + (from - MEMBASE);
	return (at->iov_len < MEMSIZE - (from - MEMBASE) ? at->iov_len : MEMSIZE - (from - MEMBASE));
}

static ssize_t
mem_move(const struct iovec *local, const struct iovec *remote, unsigned long n, bool out)
{
	uint8_t *ours = local->iov_base, *its;
	size_t left = local->iov_len, done = 0, len;

	for (unsigned long i = 0; i < n && left > 0; i++) {
		len = mem_there(&remote[i], &its);
		len = len < left ? len : left;
		if (len > 0)
			memcpy(out ? its : ours + done, out ? ours + done : its, len);
		done += len;
		left -= len;
		if (len < remote[i].iov_len)
			break;
	}
	errno = EFAULT;
	return (done > 0 ? (ssize_t)done : -1);
}

ssize_t
process_vm_readv(pid_t pid, const struct iovec *local, unsigned long nlocal, const struct iovec *remote, unsigned long n, unsigned long flags)
{
	REQUIRE(pid == getpid() && nlocal == 1 && flags == 0);
	return (mem_move(local, remote, n, false));
}

ssize_t
process_vm_writev(pid_t pid, const struct iovec *local, unsigned long nlocal, const struct iovec *remote, unsigned long n, unsigned long flags)
{
	REQUIRE(pid == getpid() && nlocal == 1 && flags == 0);
	return (mem_move(local, remote, n, true));
}

/* What stands for the device of tun has another name here. */
ssize_t
readlink(const char *path, char *buf, size_t size)
{
	static const char name[] = "/dev/net/tun";
	const ssize_t n = syscall(SYS_readlink, path, buf, size);

	if (n != (ssize_t)sizeof(STANDIN) - 1 || memcmp(buf, STANDIN, (size_t)n) != 0 || size < sizeof(name))
		return (n);
	memcpy(buf, name, sizeof(name) - 1);
	return (sizeof(name) - 1);
}

/* The worker's part. */

static void
turn(unsigned n)
{
	while (n-- > 0) {
		(void)lx_loop_wait(wd.loop, 0);
		(void)lx_loop_late(wd.loop);
		(void)vi_worker_poll(wd.w);
	}
}

static int
no_control(void *arg, const struct lx_use *us, pid_t pid, uint64_t caps)
{
	(void)arg, (void)us, (void)pid, (void)caps;
	return (-EACCES);
}

static void
furnish(struct vi_vnet *vn)
{
	const struct vi_ifaddr lo = { .ia_addr = { .sa_family = VI_AF_INET, .sa_bytes = { 127, 0, 0, 1 } }, .ia_prefixlen = 8 };
	const struct vi_ifaddr six = { .ia_addr = { .sa_family = VI_AF_INET6, .sa_in6 = { [15] = 1 } }, .ia_prefixlen = 128 };
	const struct vi_ifaddr ether = { .ia_addr = { .sa_family = VI_AF_INET, .sa_bytes = { 192, 0, 2, 1 } }, .ia_prefixlen = 24 };
	char name[VI_IFNAMSIZ];

	REQUIRE(vi_if_create(vn, "epair0", name) == 0);
	REQUIRE(vi_if_addr_add(vn, "lo0", &lo, true) == 0 && vi_if_addr_add(vn, "lo0", &six, true) == 0);
	REQUIRE(vi_if_addr_add(vn, "epair0a", &ether, true) == 0);
	REQUIRE(vi_if_set_flags(vn, "lo0", VI_IFF_UP, 0) == 0 && vi_if_set_flags(vn, "epair0a", VI_IFF_UP, 0) == 0);
	REQUIRE(vi_if_set_flags(vn, "epair0b", VI_IFF_UP, 0) == 0);
}

static void
world_begin(void)
{
	static const struct lx_ops ops = { .lo_ctl_socket = no_control };
	struct lx_program_params pp = { .pr_witness = -1 };

	wd.k = target_kernel(&wd.kp);
	wd.w = vi_kernel_worker(wd.k, 0);
	furnish(vi_vnet0(wd.k));
	REQUIRE(lx_loop_new(&wd.loop) == 0);
	REQUIRE(lx_new(wd.w, wd.loop, &ops, NULL, &wd.lx) == 0);
	REQUIRE((prog.listener = eventfd(0, EFD_CLOEXEC)) >= 0);
	pp.pr_listener = prog.listener;
	pp.pr_vnet = vi_vnet0(wd.k);
	REQUIRE(lx_attach(wd.lx, &pp, &wd.pr) == 0);
}

static void
world_end(void)
{
	lx_free(wd.lx);
	prog.listener = -1;
	lx_loop_free(wd.loop);
	target_kernel_free(wd.k, &wd.kp);
}

/* The program. */

/*
 * 0x00-0x3f: itself; 0x40-0x5f: a slot's descriptor; 0x60-0x7f: a place in memory, 16 bytes from one to the next; 0x80-0x87: as many bytes and one more, 0x88: -1;
 * more: times 1024.
 */
static uint64_t
argument(void)
{
	const uint8_t k = next8();

	if (k < 0x40)
		return (k);
	if (k < 0x60)
		return ((uint64_t)(int64_t)prog.slot[k % NSLOTS]);
	if (k < 0x80)
		return (MEMBASE + (k & 31u) * 16);
	if (k < 0x88)
		return (next(1u + (k & 7)));
	return (k == 0x88 ? UINT64_MAX : k * UINT64_C(1024));
}

static void
do_call(void)
{
	const int nr = numbers[next8() % LX_NITEMS(numbers)];

	prog.flags = next8();
	if ((prog.flags & F_AGAIN) == 0) {
		prog.data = (struct seccomp_data){ .nr = nr };
		for (unsigned i = 0; i < LX_NITEMS(prog.data.args); i++)
			prog.data.args[i] = argument();
	}
	memset(prog.mem, 0, sizeof(prog.mem));
	for (size_t i = 0, n = next8(); i < n; i++)
		prog.mem[i] = next8();
	prog.id++;
	prog.pending = prog.asked = true;
	wd.pr->pr_event.le_fn(&wd.pr->pr_event, EPOLLIN);
	REQUIRE(!prog.pending);
}

static void
do_write(int fd)
{
	static uint8_t buf[65536];
	size_t n = next8();

	for (size_t i = 0; i < n; i++)
		buf[i] = next8();
	if (n > 200)
		n *= 250;
	(void)send(fd, buf, n, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void
do_close(unsigned i, bool half)
{
	if (half) {
		(void)shutdown(prog.slot[i], SHUT_WR);
		return;
	}
	close(prog.slot[i]);
	prog.slot[i] = -1;
}

static void
do_record(void)
{
	static uint8_t buf[65536];
	const unsigned kind = next8() % K_MAX, i = kind == K_CALL || kind == K_TIME ? 0 : next8(), slot = i % NSLOTS;

	switch (kind) {
	case K_CALL: do_call(); break;
	case K_WRITE: do_write(prog.slot[slot]); break;
	case K_READ: (void)recv(prog.slot[slot], buf, sizeof(buf), MSG_DONTWAIT); break;
	case K_CLOSE: do_close(slot, (i & 0x80) != 0); break;
	case K_COPY: (void)slot_new(dup(prog.slot[slot])); break;
	case K_TIME: vi_sim_advance(wd.kp.kp_host, next8() * UINT64_C(1000000)); break;
	default:
		if (prog.ring != NULL && i * 8 < prog.ringlen)
			prog.ring[i * 8] = next8();
		break;
	}
	turn(4);
}

static void
program_end(void)
{
	prog.asked = false;
	for (unsigned i = 0; i < NSLOTS; i++)
		do_close(i, false);
	if (prog.ring != NULL)
		munmap(prog.ring, prog.ringlen);
	prog.ring = NULL;
	turn(4);
	lx_reap(wd.lx, vi_vnet0(wd.k), 0);
	lx_sweep(wd.lx);
	vi_sim_advance(wd.kp.kp_host, UINT64_C(300000000000));
	turn(20);
	REQUIRE(wd.lx->lx_nsocks == 0);
	REQUIRE(TAILQ_EMPTY(&wd.lx->lx_tuns));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct reuse reuse;

	if (reuse_first(&reuse))
		world_begin();
	vi_worker_enter(wd.w);
	prog.p = data;
	prog.end = data + size;
	for (unsigned i = 0; i < NSLOTS; i++)
		prog.slot[i] = -1;
	REQUIRE((prog.slot[TUNSLOT] = open(STANDIN, O_RDWR | O_CLOEXEC)) >= 0);
	for (unsigned i = 0; i < MAXRECORDS && prog.p < prog.end; i++)
		do_record();
	program_end();
	vi_worker_leave(wd.w);
	if (reuse_last(&reuse))
		world_end();
	return (0);
}
