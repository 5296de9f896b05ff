/* SPDX-License-Identifier: BSD-2-Clause */
/* Containers in every combination, interfaces of jails, privileges, logs of jails. */
#include <stdlib.h>

#include "tests/lib/tl.h"

#define NEW VI_JAIL_CREATE
#define MOD VI_JAIL_UPDATE

static const char *
get(struct tl *t, int jid, const char *param)
{
	static char buf[2048];

	tl_ok(vi_jail_get(t->k, 0, jid, param, buf, sizeof(buf)));
	return (buf);
}

/* NOIPC with VIPC: disable. */
enum { VNET = 1, VPROC = 2, VCPU = 4, VLOG = 8, VIPC = 16, NOIPC = 32, ALL = 64, OWN = 31 };

static int
make(struct tl *t, int caller, const char *name, unsigned own)
{
	char pname[64];
	int jid;

	snprintf(pname, sizeof(pname), "name=%s", name);
	tl_ok(tl_jail(t, caller, NEW, &jid, NULL, pname, "persist", "children.max=99", own & VNET ? "vnet=new" : "vnet=inherit",
	    own & VPROC ? "vproc=new" : "vproc=inherit", own & VCPU ? "vcpu=new" : "vcpu=inherit", own & VLOG ? "vlog=new" : "vlog=inherit",
	    own & NOIPC ? "vipc=disable" : own & VIPC ? "vipc=new" : "vipc=inherit", NULL));
	return (jid);
}

static void
last_text(void *arg, const struct vi_logmsg *lm)
{
	snprintf(arg, 256, "%s", lm->lm_text);
}

/* Which jail's buffer takes what is said about this one? */
static bool
logs_to(struct tl *t, int about, int buffer)
{
	char text[256] = "";

	vi_jail_log_clear(t->k, buffer);
	tl_fails(vi_jail_priv(t->k, about, &tl_user, VI_PRIV_NET_IFADDR), EPERM);
	(void)vi_jail_log_read(t->k, buffer, 0, last_text, text);
	return (strcmp(text, "privilege net.if_addr refused to uid 1000") == 0);
}

/* Which jail's container is it? */
static void
check_owners(struct tl *t, int parent, int jid, unsigned own)
{
	static const struct { const char *class; unsigned bit; } classes[] = {
		{ "vnet", VNET }, { "vproc", VPROC }, { "vcpu", VCPU }, { "vlog", VLOG }, { "vipc", VIPC },
	};

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		if (classes[i].bit == VIPC && (own & NOIPC) != 0)
			assert_int_equal(vi_jail_owner(t->k, jid, "vipc"), -1);
		else
			assert_int_equal(vi_jail_owner(t->k, jid, classes[i].class), own & classes[i].bit ? jid : parent);
	}
	assert_int_equal(vi_jail_ipcoff(t->k, jid), own & NOIPC ? 15 : 0);
	assert_string_equal(get(t, jid, "sysvshm"), own & NOIPC ? "disable" : own & VIPC ? "new" : "inherit");
}

static void
check_combination(struct tl *t, int parent, int jid, unsigned own)
{
	char before[2048];

	assert_string_equal(get(t, jid, "vnet"), own & VNET ? "new" : "inherit");
	assert_string_equal(get(t, jid, "vproc"), own & VPROC ? "new" : "inherit");
	assert_string_equal(get(t, jid, "vcpu"), own & VCPU ? "new" : "inherit");
	assert_string_equal(get(t, jid, "vlog"), own & VLOG ? "new" : "inherit");

	assert_string_equal(get(t, jid, "vipc"), own & NOIPC ? "disable" : own & VIPC ? "new" : "inherit");
	check_owners(t, parent, jid, own);

	assert_true(vi_jail_owns_vnet(t->k, jid) == ((own & VNET) != 0));
	assert_true((vi_jail_vnet(t->k, jid) != vi_jail_vnet(t->k, parent)) == ((own & VNET) != 0));
	assert_true((vi_vnet_jail(vi_jail_vnet(t->k, jid)) == jid) == ((own & VNET) != 0));

	tl_ok(tl_jail(t, 0, MOD, NULL, NULL, "name=p", "host.hostname=of-parent", "vcpu.share=77", NULL));
	snprintf(before, sizeof(before), "%s", get(t, jid, "host.hostname"));
	assert_true((strcmp(before, "of-parent") != 0) == ((own & VPROC) != 0));
	assert_true((strcmp(get(t, jid, "vcpu.share"), "77") != 0) == ((own & VCPU) != 0));
	assert_true(logs_to(t, jid, jid));
	assert_true(logs_to(t, jid, parent) == ((own & VLOG) == 0));
}

static void
containers_combine(void **state)
{
	struct tl t;
	int parent, jid;

	(void)state;
	tl_begin(&t, 1);
	parent = make(&t, 0, "p", OWN);
	for (unsigned own = 0; own < ALL; own++) {
		tl_ok(tl_jail(&t, 0, MOD, NULL, NULL, "name=p", "host.hostname=first", "vcpu.share=50", NULL));
		jid = make(&t, parent, "c", own);
		check_combination(&t, parent, jid, own);
		tl_ok(vi_jail_remove(t.k, 0, jid));
	}
	/* Three levels, each owning one thing; removed from the top. */
	for (unsigned own = 0; own < ALL; own++) {
		int mid = make(&t, parent, "m", own);

		make(&t, mid, "c", ~own & (own & NOIPC ? OWN - VIPC : OWN));
		make(&t, mid, "d", own & NOIPC ? own & (OWN - VIPC) : own);
		tl_ok(vi_jail_remove(t.k, 0, mid));
	}
	assert_string_equal(get(&t, parent, "host.hostname"), "of-parent");
	tl_end(&t);
}

/* What the parent must not have the child cannot have either, at creation or later. */
static void
ipc_kinds(void **state)
{
	char err[VI_ERRLEN];
	struct tl t;
	int a, b;

	(void)state;
	tl_begin(&t, 1);
	tl_ok(tl_jail(&t, 0, NEW, &a, NULL, "name=a", "persist", "children.max=9", "sysvshm=new", "sysvmsg=disable", NULL));
	assert_string_equal(get(&t, a, "vipc"), "new");
	assert_string_equal(get(&t, a, "sysvsem"), "new");
	assert_string_equal(get(&t, a, "sysvmsg"), "disable");
	assert_int_equal(vi_jail_ipcoff(t.k, a), VI_IPC_SYSVMSG);
	tl_fails(tl_jail(&t, a, NEW, &b, err, "name=b", "persist", "sysvmsg=new", NULL), EPERM);
	assert_string_equal(err, "sysvmsg: the parent jail does not have it");
	tl_fails(tl_jail(&t, a, NEW, &b, err, "name=b", "persist", "sysvshm=inherit", "sysvsem=new", NULL), EINVAL);
	assert_string_equal(err, "sysvsem: all kinds of IPC are inherited together");
	tl_ok(tl_jail(&t, a, NEW, &b, err, "name=b", "persist", "sysvshm=inherit", NULL));
	assert_string_equal(get(&t, b, "vipc"), "inherit");
	assert_string_equal(get(&t, b, "sysvmsg"), "disable");
	tl_ok(tl_jail(&t, 0, MOD, NULL, NULL, "name=a", "mqueue=disable", NULL));
	assert_int_equal(vi_jail_ipcoff(t.k, b), VI_IPC_SYSVMSG | VI_IPC_MQUEUE);
	tl_fails(tl_jail(&t, 0, MOD, NULL, err, "name=a", "vipc=disable", NULL), EPERM);
	tl_fails(tl_jail(&t, 0, MOD, NULL, err, "name=a.b", "limit.shm=1", NULL), EINVAL);
	tl_ok(tl_jail(&t, 0, MOD, NULL, NULL, "name=a", "limit.shm=65536", NULL));
	assert_string_equal(get(&t, b, "limit.shm"), "65536");
	tl_ok(tl_jail(&t, 0, NEW, &a, NULL, "name=c", "persist", "children.max=9", "vipc=disable", NULL));
	tl_ok(tl_jail(&t, a, NEW, &b, NULL, "name=d", "persist", NULL));
	assert_string_equal(get(&t, b, "vipc"), "disable");
	tl_fails(tl_jail(&t, a, NEW, &b, err, "name=e", "persist", "vipc=new", NULL), EPERM);
	tl_end(&t);
}

static void
vnet_goes_with_its_jail(void **state)
{
	struct tl t;
	struct vi_vnet *vn;
	struct vi_socket *so;
	int a, b;

	(void)state;
	tl_begin(&t, 1);
	a = make(&t, 0, "a", VNET);
	b = make(&t, a, "b", 0);
	vn = vi_jail_vnet(t.k, b);
	assert_ptr_equal(vn, vi_jail_vnet(t.k, a));
	so = tl_udp(vn, "0.0.0.0", 5353);
	tl_ok(vi_jail_remove(t.k, 0, b));	/* only a borrower */
	assert_false(vi_socket_dead(so));
	tl_ok(vi_jail_remove(t.k, 0, a));
	assert_true(vi_socket_dead(so));
	vi_close(so);
	tl_end(&t);
}

static void
limit_and_share_reach_the_stack(void **state)
{
	struct tl t;
	int jid;

	(void)state;
	tl_begin(&t, 1);
	tl_ok(tl_jail(&t, 0, NEW, &jid, NULL, "name=l", "persist", "vnet", "limit.memory=300000", "vcpu.share=9", NULL));
	assert_string_equal(get(&t, jid, "limit.memory"), "300000");
	tl_ok(tl_jail(&t, 0, MOD, NULL, NULL, "name=l", "limit.memory=0", NULL));
	assert_string_equal(get(&t, jid, "limit.memory"), "0");
	tl_end(&t);
}

/* limit.* */

static uint64_t
number(struct tl *t, int jid, const char *param)
{
	return (strtoull(get(t, jid, param), NULL, 10));
}

static void
limit_sockets(void **state)
{
	struct vi_socket *so[8], *more;
	char text[256] = "";
	struct tl t;
	int a, b, other;

	(void)state;
	tl_begin(&t, 1);
	tl_ok(tl_jail(&t, 0, NEW, &a, NULL, "name=a", "persist", "vnet", "children.max=9", "limit.sockets=8", NULL));
	tl_ok(tl_jail(&t, a, NEW, &b, NULL, "name=b", "persist", "vnet", "limit.sockets=5", NULL));
	tl_ok(tl_jail(&t, 0, NEW, &other, NULL, "name=o", "persist", "vnet", NULL));
	for (int i = 0; i < 8; i++)
		so[i] = tl_socket(vi_jail_vnet(t.k, i < 5 ? b : a), VI_SOCK_DGRAM);
	tl_fails(vi_socket(vi_jail_vnet(t.k, b), VI_AF_INET, VI_SOCK_STREAM, 0, &tl_root, &more), ENOBUFS);
	tl_fails(vi_socket(vi_jail_vnet(t.k, a), VI_AF_INET, VI_SOCK_STREAM, 0, &tl_root, &more), ENOBUFS);
	(void)vi_jail_log_read(t.k, b, 0, last_text, text);
	assert_string_equal(text, "limit.sockets: reached (1 times)");
	vi_close(tl_socket(vi_jail_vnet(t.k, other), VI_SOCK_STREAM));	/* nobody else is hurt */
	assert_int_equal(number(&t, a, "limit.sockets.cur"), 8);
	assert_int_equal(number(&t, b, "limit.sockets.cur"), 5);
	for (int i = 0; i < 8; i++)
		vi_close(so[i]);
	assert_int_equal(number(&t, a, "limit.sockets.cur"), 0);
	assert_int_equal(number(&t, a, "limit.sockets.peak"), 8);
	vi_close(tl_socket(vi_jail_vnet(t.k, b), VI_SOCK_STREAM));
	/* A jail that goes with what it has gives it all back to its parent. */
	so[0] = tl_socket(vi_jail_vnet(t.k, b), VI_SOCK_DGRAM);
	tl_ok(vi_jail_remove(t.k, 0, b));
	assert_int_equal(number(&t, a, "limit.sockets.cur"), 0);
	vi_close(so[0]);
	tl_end(&t);
}

static void
limit_interfaces_and_routes(void **state)
{
	struct vi_route rt = { .rt_dst = tl_addr("198.51.100.0", 0), .rt_prefixlen = 24, .rt_gateway = tl_addr("192.0.2.9", 0) };
	char name[VI_IFNAMSIZ], err[VI_ERRLEN];
	struct vi_vnet *vn;
	uint64_t routes;
	struct tl t;
	int jid;

	(void)state;
	tl_begin(&t, 1);
	tl_ok(tl_jail(&t, 0, NEW, &jid, NULL, "name=j", "persist", "vnet", "limit.interfaces=3", NULL));
	vn = vi_jail_vnet(t.k, jid);
	assert_int_equal(number(&t, jid, "limit.interfaces.cur"), 1);	/* lo0 */
	tl_ok(vi_if_create(vn, "epair", name));
	tl_fails(vi_if_create(vn, "epair", name), ENOSPC);
	tl_fails(vi_if_create(vn, "lo", name), ENOSPC);
	assert_int_equal(number(&t, jid, "limit.interfaces.cur"), 3);
	tl_ok(vi_if_create(vi_vnet0(t.k), "epair7", name));
	tl_fails(tl_jail(&t, 0, MOD, NULL, err, "name=j", "vnet.interface=epair7a", NULL), ENOSPC);
	assert_string_equal(err, "vnet.interface: epair7a: the limit of interfaces is reached");
	tl_ifaddr(vn, "epair0a", "192.0.2.1", 24);
	routes = number(&t, jid, "limit.routes.cur");
	assert_true(routes > 0);
	snprintf(err, sizeof(err), "limit.routes=%llu", (unsigned long long)routes);
	tl_ok(tl_jail(&t, 0, MOD, NULL, NULL, "name=j", err, NULL));
	tl_fails(vi_route_add(vn, &rt), ENOBUFS);
	tl_ok(tl_jail(&t, 0, MOD, NULL, NULL, "name=j", "limit.routes=0", NULL));
	tl_ok(vi_route_add(vn, &rt));
	assert_int_equal(number(&t, jid, "limit.routes.cur"), routes + 1);
	tl_ok(vi_route_del(vn, &rt));
	assert_int_equal(number(&t, jid, "limit.routes.cur"), routes);
	tl_end(&t);
}

static void
limit_processes(void **state)
{
	struct tl t;
	int a, b;

	(void)state;
	tl_begin(&t, 1);
	tl_ok(tl_jail(&t, 0, NEW, &a, NULL, "name=a", "persist", "children.max=9", "limit.processes=3", NULL));
	tl_ok(tl_jail(&t, a, NEW, &b, NULL, "name=b", "persist", "vproc=inherit", NULL));
	tl_ok(vi_jail_proc_attach(t.k, a, a));
	vi_jail_proc_count(t.k, a, 2);			/* it forked */
	tl_ok(vi_jail_proc_attach(t.k, b, b));
	tl_fails(vi_jail_proc_attach(t.k, b, b), EAGAIN);
	vi_jail_proc_count(t.k, a, 1);
	tl_ok(vi_jail_proc_attach(t.k, b, b));
	assert_int_equal(number(&t, a, "limit.processes.cur"), 3);
	tl_fails(vi_jail_proc_attach(t.k, a, a), EAGAIN);
	vi_jail_proc_detach(t.k, a, a);
	vi_jail_proc_detach(t.k, b, b);
	assert_int_equal(number(&t, a, "limit.processes.cur"), 1);
	assert_int_equal(number(&t, a, "limit.processes.peak"), 3);
	tl_ok(vi_jail_remove(t.k, 0, b));
	assert_int_equal(number(&t, a, "limit.processes.cur"), 0);
	tl_end(&t);
}

/* A process of one jail on the processors of another: this one counts it, that one it keeps alive. */
static void
limit_processes_elsewhere(void **state)
{
	struct tl t;
	int a, b;

	(void)state;
	tl_begin(&t, 1);
	tl_ok(tl_jail(&t, 0, NEW, &a, NULL, "name=a", "limit.processes=1", NULL));
	tl_ok(tl_jail(&t, 0, NEW, &b, NULL, "name=b", "persist", "limit.processes=2", NULL));
	tl_ok(vi_jail_proc_attach(t.k, a, b));
	tl_ok(vi_jail_proc_attach(t.k, a, b));
	tl_fails(vi_jail_proc_attach(t.k, b, b), EAGAIN);
	tl_ok(vi_jail_proc_attach(t.k, a, a));
	tl_fails(vi_jail_proc_attach(t.k, a, 99), ENOENT);
	assert_int_equal(number(&t, a, "limit.processes.cur"), 1);
	assert_int_equal(number(&t, b, "limit.processes.cur"), 2);
	vi_jail_proc_count(t.k, b, 1);			/* fewer than programs there cannot be */
	assert_int_equal(number(&t, b, "limit.processes.cur"), 2);
	vi_jail_proc_detach(t.k, a, a);
	assert_false(vi_jail_expired(t.k, a));
	vi_jail_proc_detach(t.k, a, b);
	vi_jail_proc_detach(t.k, a, b);
	assert_true(vi_jail_expired(t.k, a));
	assert_int_equal(number(&t, b, "limit.processes.cur"), 0);
	tl_end(&t);
}

/* Whose container a privilege is about. */
static void
privilege_classes(void **state)
{
	(void)state;
	assert_int_equal(vi_priv_class(VI_PRIV_NET_RAW), VI_CLASS_VNET);
	assert_int_equal(vi_priv_class(VI_PRIV_NET_HOSTLINK), VI_CLASS_VNET);
	assert_int_equal(vi_priv_class(VI_PRIV_VFS_MOUNT), VI_CLASS_VPROC);
	assert_int_equal(vi_priv_class(VI_PRIV_PROC_DEBUG), VI_CLASS_VPROC);
	assert_int_equal(vi_priv_class(VI_PRIV_HOST_SETNAME), VI_CLASS_VPROC);
	assert_int_equal(vi_priv_class(VI_PRIV_PROC_SCHED), VI_CLASS_VCPU);
	assert_int_equal(vi_priv_class(VI_PRIV_IPC_ADMIN), VI_CLASS_VIPC);
	assert_int_equal(vi_priv_class(VI_PRIV_LOG_READ), VI_CLASS_VLOG);
	assert_string_equal(vi_class_name(VI_CLASS_VLOG), "vlog");
	assert_null(vi_class_name(VI_CLASS_MAX));
}

/* A parent's memory bounds what its children have together. */
static void
limit_memory_of_a_tree(void **state)
{
	uint8_t data[1000] = { 0 };
	struct vi_iovec iov = { data, sizeof(data) };
	struct vi_msg msg = { .msg_iov = &iov, .msg_iovcnt = 1, .msg_hasname = true, .msg_name = tl_addr("127.0.0.1", 9) };
	struct vi_socket *so[2];
	int jid[3], error[2] = { 0, 0 };
	char text[64];
	size_t done;
	struct tl t;

	(void)state;
	tl_begin(&t, 1);
	tl_ok(tl_jail(&t, 0, NEW, &jid[0], NULL, "name=a", "persist", "vnet", "children.max=9", NULL));
	tl_ok(tl_jail(&t, jid[0], NEW, &jid[1], NULL, "name=b", "persist", "vnet", NULL));
	tl_ok(tl_jail(&t, jid[0], NEW, &jid[2], NULL, "name=c", "persist", "vnet", NULL));
	snprintf(text, sizeof(text), "limit.memory=%llu", (unsigned long long)number(&t, jid[0], "limit.memory.cur") + 400000);
	tl_ok(tl_jail(&t, 0, MOD, NULL, NULL, "name=a", text, NULL));
	for (int i = 0; i < 2; i++) {
		tl_ifaddr(vi_jail_vnet(t.k, jid[i + 1]), "lo0", "127.0.0.1", 8);
		so[i] = tl_udp(vi_jail_vnet(t.k, jid[i + 1]), "127.0.0.1", 9);
		(void)vi_setsockopt(so[i], VI_SO_RCVBUF, &(int){ 4000000 }, sizeof(int));
	}
	for (int n = 0; n < 2000; n++) {
		for (int i = 0; i < 2; i++)
			if ((error[i] = vi_sendmsg(so[i], &msg, &done)) != 0)
				n = 2000;
		tl_run(&t, 1000);
		assert_true(number(&t, jid[0], "limit.memory.cur") <= number(&t, jid[0], "limit.memory"));
	}
	assert_true(error[0] == ENOBUFS || error[1] == ENOBUFS);
	vi_close(so[0]);
	vi_close(so[1]);
	tl_end(&t);
}

/* What comes too fast is dropped where it comes in, counted and told; the neighbour's comes through. */
static void
limit_pps(void **state)
{
	struct vi_iovec iov = { (uint8_t[]){ 1 }, 1 };
	struct vi_msg msg = { .msg_iov = &iov, .msg_iovcnt = 1, .msg_hasname = true, .msg_name = tl_addr("127.0.0.1", 9) };
	unsigned got[2] = { 0, 0 };
	struct vi_socket *so[2];
	char text[256] = "";
	uint8_t byte;
	struct tl t;
	int jid[2];
	size_t done;

	(void)state;
	tl_begin(&t, 1);
	tl_ok(tl_jail(&t, 0, NEW, &jid[0], NULL, "name=a", "persist", "vnet", "limit.pps=100", NULL));
	tl_ok(tl_jail(&t, 0, NEW, &jid[1], NULL, "name=b", "persist", "vnet", NULL));
	for (int i = 0; i < 2; i++) {
		tl_ifaddr(vi_jail_vnet(t.k, jid[i]), "lo0", "127.0.0.1", 8);
		so[i] = tl_udp(vi_jail_vnet(t.k, jid[i]), "127.0.0.1", 9);
	}
	/* A thousand a second, for two seconds. */
	for (int n = 0; n < 2000; n++) {
		for (int i = 0; i < 2; i++)
			tl_ok(vi_sendmsg(so[i], &msg, &done));
		tl_run(&t, TL_SEC / 1000);
		for (int i = 0; i < 2; i++)
			while (vi_recv(so[i], &byte, 1, 0, &done) == 0)
				got[i]++;
	}
	assert_int_equal(got[1], 2000);
	assert_in_range(got[0], 195, 235);		/* a burst more */
	assert_in_range(number(&t, jid[0], "limit.pps.peak"), 95, 135);
	(void)vi_jail_log_read(t.k, jid[0], 0, last_text, text);
	assert_string_equal(text, "limit.pps: reached (1024 times)");
	vi_close(so[0]);
	vi_close(so[1]);
	tl_end(&t);
}

static void
cpu_time_is_kept(void **state)
{
	struct tl t;
	int a, b;

	(void)state;
	tl_begin(&t, 1);
	tl_ok(tl_jail(&t, 0, NEW, &a, NULL, "name=a", "persist", "children.max=9", "vcpu.limit=50", NULL));
	assert_string_equal(get(&t, a, "vcpu.limit"), "50");
	tl_ok(tl_jail(&t, a, NEW, &b, NULL, "name=b", "persist", NULL));
	vi_jail_proc_cputime(t.k, b, 1500000000);
	vi_jail_proc_cputime(t.k, a, 1000);
	assert_string_equal(get(&t, b, "vcpu.usage"), "1.500000");
	assert_string_equal(get(&t, a, "vcpu.usage"), "1.500001");
	tl_ok(vi_jail_remove(t.k, 0, b));
	assert_string_equal(get(&t, a, "vcpu.usage"), "1.500001");
	tl_ok(tl_jail(&t, a, NEW, &b, NULL, "name=b", "persist", "vcpu=inherit", NULL));
	vi_jail_proc_cputime(t.k, b, 1000000000);
	assert_string_equal(get(&t, b, "vcpu.usage"), "2.500001");	/* it is the parent's */
	tl_end(&t);
}

/* vcpu.cpus, as FreeBSD's sets: never more than the parent's, which nobody below loses all of. */

static void
cpus_nest(void **state)
{
	char err[VI_ERRLEN];
	struct vi_cpus some;
	int a, b, c, d;
	struct tl t;

	(void)state;
	tl_begin(&t, 1);
	assert_string_equal(get(&t, 0, "vcpu.cpus"), "0-1023");
	tl_ok(vi_cpus_parse("0-7", &some));
	vi_kernel_setcpus(t.k, &some);
	assert_string_equal(get(&t, 0, "vcpu.cpus"), "0-7");
	tl_ok(tl_jail(&t, 0, NEW, &a, NULL, "name=a", "persist", "children.max=9", NULL));
	assert_string_equal(get(&t, a, "vcpu.cpus"), "0-7");
	tl_ok(tl_jail(&t, a, NEW, &b, NULL, "name=b", "persist", "children.max=9", "vcpu.cpus=2,4-5", NULL));
	tl_ok(tl_jail(&t, a, NEW, &c, NULL, "name=c", "persist", NULL));
	tl_ok(tl_jail(&t, b, NEW, &d, NULL, "name=d", "persist", "vcpu=inherit", NULL));
	assert_string_equal(get(&t, b, "vcpu.cpus"), "2,4-5");
	assert_string_equal(get(&t, d, "vcpu.cpus"), "2,4-5");
	/* Who has chosen loses what his parent loses; who has not follows it. */
	tl_ok(tl_jail(&t, 0, MOD, NULL, NULL, "name=a", "vcpu.cpus=4-6", NULL));
	assert_string_equal(get(&t, b, "vcpu.cpus"), "4-5");
	assert_string_equal(get(&t, d, "vcpu.cpus"), "4-5");
	assert_string_equal(get(&t, c, "vcpu.cpus"), "4-6");
	assert_true(vi_jail_cpus(t.k, d, &some));
	assert_int_equal(some.cp_bits[0], 0x30);
	assert_false(vi_jail_cpus(t.k, 99, &some));
	/* A child's child is looked at, too, and nothing has changed. */
	tl_fails(tl_jail(&t, 0, MOD, NULL, err, "name=a", "vcpu.cpus=6-7", NULL), EDEADLK);
	assert_string_equal(err, "vcpu.cpus: jail \"a.b\" would have no processor left");
	assert_string_equal(get(&t, a, "vcpu.cpus"), "4-6");
	tl_fails(tl_jail(&t, a, MOD, NULL, err, "name=b", "vcpu.cpus=0-4", NULL), EINVAL);
	assert_string_equal(err, "vcpu.cpus: \"0-4\" is beyond 4-6, which there are");
	tl_ok(tl_jail(&t, 0, MOD, NULL, NULL, "name=a", "vcpu.cpus=all", NULL));
	assert_string_equal(get(&t, a, "vcpu.cpus"), "0-7");
	assert_string_equal(get(&t, b, "vcpu.cpus"), "4-5");
	assert_string_equal(get(&t, c, "vcpu.cpus"), "0-7");
	tl_ok(tl_jail(&t, a, MOD, NULL, NULL, "name=b", "vcpu.cpus=all", NULL));
	assert_string_equal(get(&t, d, "vcpu.cpus"), "0-7");
	tl_end(&t);
}

static void
cpusets_have_numbers(void **state)
{
	struct tl t;
	int a, b, c;

	(void)state;
	tl_begin(&t, 1);
	assert_string_equal(get(&t, 0, "cpuset.id"), "1");
	tl_ok(tl_jail(&t, 0, NEW, &a, NULL, "name=a", "persist", "children.max=9", NULL));
	tl_ok(tl_jail(&t, a, NEW, &b, NULL, "name=b", "persist", "vcpu=inherit", NULL));
	tl_ok(tl_jail(&t, a, NEW, &c, NULL, "name=c", "persist", NULL));
	assert_string_equal(get(&t, a, "cpuset.id"), "2");
	assert_string_equal(get(&t, b, "cpuset.id"), "2");
	assert_string_equal(get(&t, c, "cpuset.id"), "3");
	tl_end(&t);
}

/* vnet.interface. */

static void
interfaces_move_in(void **state)
{
	struct vi_vnet *v0, *vn;
	char name[VI_IFNAMSIZ];
	struct tl t;
	int jid;

	(void)state;
	tl_begin(&t, 1);
	v0 = vi_vnet0(t.k);
	tl_ok(vi_if_create(v0, "epair", name));
	tl_ok(vi_if_create(v0, "epair", name));
	tl_ok(tl_jail(&t, 0, NEW, &jid, NULL, "name=j", "persist", "vnet", "vnet.interface=epair0a,epair1a", NULL));
	vn = vi_jail_vnet(t.k, jid);
	assert_true(tl_hasif(vn, "epair0a") && tl_hasif(vn, "epair1a"));
	assert_false(tl_hasif(v0, "epair0a") || tl_hasif(v0, "epair1a"));
	assert_int_equal(tl_ifinfo(vn, "epair0a").if_home_vnet, vi_vnet_id(v0));
	/* Again, with one that is there; and one more by a second parameter. */
	tl_ok(tl_jail(&t, 0, MOD, NULL, NULL, "name=j", "vnet.interface=epair0a", "vnet.interface=epair0b", NULL));
	assert_true(tl_hasif(vn, "epair0b"));
	tl_ok(vi_jail_remove(t.k, 0, jid));
	assert_true(tl_hasif(v0, "epair0a") && tl_hasif(v0, "epair1a") && tl_hasif(v0, "epair0b"));
	tl_end(&t);
}

static void
interfaces_move_all_or_none(void **state)
{
	char err[VI_ERRLEN], name[VI_IFNAMSIZ];
	struct vi_vnet *v0, *vn;
	struct tl t;
	int jid;

	(void)state;
	tl_begin(&t, 1);
	v0 = vi_vnet0(t.k);
	tl_ok(vi_if_create(v0, "epair", name));
	tl_ifaddr(v0, "epair0a", "192.0.2.1", 24);

	/* A jail that is not made. */
	tl_fails(tl_jail(&t, 0, NEW, NULL, err, "name=j", "persist", "vnet", "vnet.interface=epair0a,epair7a", NULL), ENXIO);
	assert_string_equal(err, "vnet.interface: epair7a: no such interface");
	tl_fails(vi_jail_find(t.k, 0, "j", &jid), ENOENT);
	tl_fails(tl_jail(&t, 0, NEW, NULL, err, "name=j", "persist", "vnet", "vnet.interface=epair0a", "vnet.interface=lo0", NULL), EINVAL);
	assert_string_equal(err, "vnet.interface: lo0: cannot be lent");
	tl_fails(vi_jail_find(t.k, 0, "j", &jid), ENOENT);
	assert_int_equal(tl_naddrs(v0, "epair0a"), 1);	/* it never left */

	/* A jail that is not changed. */
	tl_ok(tl_jail(&t, 0, NEW, &jid, NULL, "name=j", "persist", "vnet", "vnet.interface=epair0b", "host.hostname=h", NULL));
	vn = vi_jail_vnet(t.k, jid);
	tl_ok(vi_if_create(vn, "epair3", name));
	tl_ok(vi_if_create(v0, "epair4", name));
	tl_ok(vi_if_rename(v0, "epair4a", "epair3a"));
	tl_fails(tl_jail(&t, 0, MOD, NULL, err, "name=j", "host.hostname=changed", "vnet.interface=epair0b,epair0a,epair3a", NULL), EEXIST);
	assert_string_equal(err, "vnet.interface: epair3a: the jail has an interface of that name");
	assert_true(tl_hasif(vn, "epair0b"));		/* it was there before */
	assert_int_equal(tl_naddrs(v0, "epair0a"), 1);
	assert_string_equal(get(&t, jid, "host.hostname"), "h");
	tl_end(&t);
}

static void
interfaces_come_from_the_caller(void **state)
{
	char err[VI_ERRLEN], name[VI_IFNAMSIZ];
	struct tl t;
	int a, b;

	(void)state;
	tl_begin(&t, 1);
	tl_ok(vi_if_create(vi_vnet0(t.k), "epair", name));
	a = make(&t, 0, "a", OWN);
	tl_fails(tl_jail(&t, a, NEW, &b, err, "name=b", "persist", "vnet", "vnet.interface=epair0a", NULL), ENXIO);
	tl_ok(tl_jail(&t, 0, MOD, NULL, NULL, "name=a", "vnet.interface=epair0a", NULL));
	tl_ok(tl_jail(&t, a, NEW, &b, err, "name=b", "persist", "vnet", "vnet.interface=epair0a", NULL));
	assert_true(tl_hasif(vi_jail_vnet(t.k, b), "epair0a"));
	/* It goes home, past its lender. */
	tl_ok(vi_jail_remove(t.k, 0, b));
	assert_true(tl_hasif(vi_vnet0(t.k), "epair0a"));
	tl_end(&t);
}

/* Privileges. */

static void
privileges_reach_sockets(void **state)
{
	struct vi_sockaddr sa = tl_addr("0.0.0.0", 80), free = tl_addr("0.0.0.0", 8080);
	struct vi_socket *so;
	struct vi_vnet *vn;
	struct tl t;
	int jid;

	(void)state;
	tl_begin(&t, 1);
	tl_ok(tl_jail(&t, 0, NEW, &jid, NULL, "name=j", "persist", "vnet", NULL));
	vn = vi_jail_vnet(t.k, jid);
	tl_fails(vi_socket(vn, VI_AF_INET, VI_SOCK_RAW, VI_IPPROTO_ICMP, &tl_root, &so), EPERM);
	assert_null(so);
	tl_ok(tl_jail(&t, 0, MOD, NULL, NULL, "name=j", "allow.raw_sockets", NULL));
	tl_ok(vi_socket(vn, VI_AF_INET, VI_SOCK_RAW, VI_IPPROTO_ICMP, &tl_root, &so));
	vi_close(so);
	tl_fails(vi_socket(vn, VI_AF_INET, VI_SOCK_RAW, VI_IPPROTO_ICMP, &tl_user, &so), EPERM);

	for (int type = VI_SOCK_STREAM; type <= VI_SOCK_DGRAM; type++) {
		so = tl_socket(vn, type);
		tl_ok(vi_bind(so, &sa));
		vi_close(so);
		tl_ok(vi_socket(vn, VI_AF_INET, type, 0, &tl_user, &so));
		tl_fails(vi_bind(so, &sa), EACCES);
		tl_ok(vi_bind(so, &free));
		vi_close(so);
	}
	tl_ok(tl_jail(&t, 0, MOD, NULL, NULL, "name=j", "allow.noreserved_ports", NULL));
	so = tl_socket(vn, VI_SOCK_STREAM);
	tl_fails(vi_bind(so, &sa), EACCES);
	vi_close(so);
	tl_end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(containers_combine),
		cmocka_unit_test(ipc_kinds),
		cmocka_unit_test(limit_sockets),
		cmocka_unit_test(limit_interfaces_and_routes),
		cmocka_unit_test(limit_processes),
		cmocka_unit_test(limit_processes_elsewhere),
		cmocka_unit_test(privilege_classes),
		cmocka_unit_test(limit_memory_of_a_tree),
		cmocka_unit_test(limit_pps),
		cmocka_unit_test(cpu_time_is_kept),
		cmocka_unit_test(cpus_nest),
		cmocka_unit_test(cpusets_have_numbers),
		cmocka_unit_test(vnet_goes_with_its_jail),
		cmocka_unit_test(limit_and_share_reach_the_stack),
		cmocka_unit_test(interfaces_move_in),
		cmocka_unit_test(interfaces_move_all_or_none),
		cmocka_unit_test(interfaces_come_from_the_caller),
		cmocka_unit_test(privileges_reach_sockets),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
