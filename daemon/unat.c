/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: links to the host's network, without privileges.
 *
 * ifconfig unat create makes an Ethernet whose other end is a stack of its own (vimage/unat.h).  What the jail sends arrives there whatever its
 * destination, and is relayed to sockets of the host that vimaged makes, as any program of its user could: connections by unat_tcp.c, datagrams by
 * unat_udp.c, echo requests by unat_icmp.c.  The gateway has an address, and behind it is one for the host's resolver.
 *
 * What is reached is what the host reaches, but not the host itself by its loopback interface, where services trust whoever comes.  With the option
 * "hostloopback" the gateway's address stands for it.
 *
 * Each relayed thing is a flow; there are at most NAT_MAXFLOWS.  A timer that runs while there are flows looks for those whose time is over, and what the
 * host's sockets have buffered for them: the jail pays for that too, as late as the timer is.  One that it cannot pay for is held to the least buffers
 * that the host knows, so that it has to read, or stop, first.
 *
 * When the interface goes, the sockets of the far stack die at once, and everything else in the worker's own thread a moment later: until then events
 * that were waiting find na_closed set.
 */
#include "daemon/unat.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <linux/sock_diag.h>

#include <vimage/jail.h>
#include <vimage/sysctl.h>

#include "daemon/unat_raw.h"

#define NAT_MEMORY	(256u << 20)	/* bytes that the far stack may have */
#define NAT_TICK	2	/* s between looks at the flows' times */

uint64_t
nat_now(const struct nat *na)
{
	return daemon_now(na->na_daemon);
}

bool
nat_begin(struct nat *na)
{
	if (na->na_closed)
		return false;
	na->na_began = nat_now(na);
	return true;
}

void
nat_done(struct nat *na)
{
	vi_vnet_spent(na->na_far, nat_now(na) - na->na_began);
}

void *
nat_alloc(struct nat *na, size_t size)
{
	void *p = NULL;

	if (vi_unat_charge(na->na_unat, size) == 0 && (p = calloc(1, size)) == NULL)
		vi_unat_uncharge(na->na_unat, size);
	return p;
}

void
nat_release(struct nat *na, void *p, size_t size)
{
	if (p != NULL && !na->na_closed)	/* then the library has settled it */
		vi_unat_uncharge(na->na_unat, size);
	free(p);
}

/* Flows */

/* FNV-1a from a secret start: whoever fills the buckets fills only his own link's. */
static unsigned
flow_hash(const struct nat *na, const struct nat_pair *np)
{
	const uint8_t *p = (const uint8_t *)np;
	uint32_t h = na->na_seed;

	for (size_t i = 0; i < sizeof(*np); i++)
		h = (h ^ p[i]) * 16777619u;
	return (h ^ h >> 16) & (NAT_HASH - 1);
}

struct nat_flow *
nat_flow_find(const struct nat *na, const struct nat_kind *nk, const struct nat_pair *np)
{
	struct nat_flow *nf;

	LIST_FOREACH(nf, &na->na_flows[flow_hash(na, np)], nf_link)
		if (nf->nf_kind == nk && memcmp(&nf->nf_pair, np, sizeof(*np)) == 0)
			return nf;
	return NULL;
}

static void
set_ticking(struct nat *na, bool on)
{
	const struct itimerspec its = { .it_value = { .tv_sec = on ? NAT_TICK : 0 }, .it_interval = { .tv_sec = on ? NAT_TICK : 0 } };

	if (na->na_ticking != on)
		(void)timerfd_settime(na->na_timer.le_fd, 0, &its, NULL);
	na->na_ticking = on;
}

bool
nat_flow_add(struct nat *na, struct nat_flow *nf, const struct nat_kind *nk, const struct nat_pair *np)
{
	if (na->na_nflows >= NAT_MAXFLOWS || !vi_unat_addstate(na->na_unat))
		return false;
	nf->nf_kind = nk;
	nf->nf_nat = na;
	nf->nf_pair = *np;
	nf->nf_fd = -1;
	LIST_INSERT_HEAD(&na->na_flows[flow_hash(na, np)], nf, nf_link);
	na->na_nflows++;
	set_ticking(na, true);
	return true;
}

/* What the host's socket has in its queues, as the host counts it. */
static size_t
flow_queued(const struct nat_flow *nf)
{
	uint32_t mem[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(mem);

	if (nf->nf_fd < 0 || getsockopt(nf->nf_fd, SOL_SOCKET, SO_MEMINFO, mem, &len) != 0)
		return 0;
	return (size_t)mem[SK_MEMINFO_RMEM_ALLOC] + mem[SK_MEMINFO_BACKLOG] +
	    (mem[SK_MEMINFO_WMEM_QUEUED] > mem[SK_MEMINFO_WMEM_ALLOC] ? mem[SK_MEMINFO_WMEM_QUEUED] : mem[SK_MEMINFO_WMEM_ALLOC]);
}

/* The jail pays for so much from now on; false: it cannot, and pays for what it did. */
static bool
flow_charge(struct nat_flow *nf, size_t bytes)
{
	struct nat *na = nf->nf_nat;
	const size_t was = nf->nf_buffered;

	if (was != 0)
		vi_unat_uncharge(na->na_unat, was);
	nf->nf_buffered = bytes == 0 || vi_unat_charge(na->na_unat, bytes) == 0 ? bytes : vi_unat_charge(na->na_unat, was) == 0 ? was : 0;
	na->na_buffered += nf->nf_buffered - was;
	return nf->nf_buffered == bytes;
}

static void
flow_account(struct nat_flow *nf)
{
	const int least = 1;		/* the host's kernel knows better */
	const size_t bytes = flow_queued(nf);

	if (bytes == nf->nf_buffered || flow_charge(nf, bytes))
		return;
	(void)setsockopt(nf->nf_fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least));
	(void)setsockopt(nf->nf_fd, SOL_SOCKET, SO_SNDBUF, &least, sizeof(least));
}

void
nat_flow_remove(struct nat_flow *nf)
{
	LIST_REMOVE(nf, nf_link);
	nf->nf_nat->na_nflows--;
	if (!nf->nf_nat->na_closed) {	/* then the library has settled it */
		(void)flow_charge(nf, 0);
		vi_unat_delstate(nf->nf_nat->na_unat);
	}
	lx_loop_del(nf->nf_nat->na_worker->w_loop, &nf->nf_event);
	if (nf->nf_fd >= 0)
		close(nf->nf_fd);
}

static void
tend_flows(struct nat *na)
{
	const uint64_t now = nat_now(na);
	struct nat_flow *nf, *next;

	for (unsigned i = 0; i < NAT_HASH; i++) {
		for (nf = LIST_FIRST(&na->na_flows[i]); nf != NULL; nf = next) {
			next = LIST_NEXT(nf, nf_link);
			flow_account(nf);
			if (nf->nf_until != 0 && nf->nf_until <= now)
				nf->nf_kind->nk_expire(nf);
		}
	}
}

static void
timer_event(struct lx_event *le, uint32_t events)
{
	struct nat *na = CONTAINER(le, struct nat, na_timer);
	uint64_t count;

	(void)events;
	(void)!read(le->le_fd, &count, sizeof(count));
	if (!nat_begin(na))
		return;
	tend_flows(na);
	if (na->na_nflows == 0)
		set_ticking(na, false);
	nat_done(na);
}

static void
kick_event(struct lx_event *le, uint32_t events)
{
	struct nat *na = CONTAINER(le, struct nat, na_kick);
	uint64_t count;

	(void)events;
	(void)!read(le->le_fd, &count, sizeof(count));
	if (!nat_begin(na))
		return;
	nat_tcp_begin(na);
	nat_done(na);
}

void
nat_kick(struct nat *na)
{
	(void)!write(na->na_kick.le_fd, &(uint64_t){ 1 }, sizeof(uint64_t));
}

int
nat_transparent(struct vi_socket *so, int family)
{
	return nat_setint(so, family == VI_AF_INET6 ? VI_IPV6_FREEBIND : VI_IP_TRANSPARENT, 1);
}

int
nat_setint(struct vi_socket *so, enum vi_sockopt opt, int value)
{
	return vi_setsockopt(so, opt, &value, sizeof(value));
}

/* Life */

/* Lets go of everything of the host's and of the far stack's. */
static void
nat_drain(struct nat *na)
{
	struct lx_event *const events[] = { &na->na_kick, &na->na_timer, &na->na_ratimer };
	struct nat_flow *nf;

	nat_forward_fini(na);
	for (unsigned i = 0; i < NAT_HASH; i++)
		while ((nf = LIST_FIRST(&na->na_flows[i])) != NULL)
			nf->nf_kind->nk_free(nf);
	nat_tcp_fini(na);
	nat_raw_fini(na);
	for (size_t i = 0; i < NITEMS(events); i++) {
		lx_loop_del(na->na_worker->w_loop, events[i]);
		if (events[i]->le_fd >= 0)
			close(events[i]->le_fd);
	}
	na->na_drained = true;
}

static void
nat_free(void *arg)
{
	struct nat *na = arg;

	if (!na->na_drained)
		nat_drain(na);
	LIST_REMOVE(na, na_link);
	free(na);
}

static int
open_events(struct nat *na)
{
	const struct { struct lx_event *le; int fd; void (*fn)(struct lx_event *, uint32_t); } events[] = {
		{ &na->na_kick, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), kick_event },
		{ &na->na_timer, timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), timer_event },
		{ &na->na_ratimer, timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), nat_ra_event },
	};
	int error = 0;

	for (size_t i = 0; i < NITEMS(events); i++) {
		events[i].le->le_fd = events[i].fd;
		if (error == 0 && (events[i].fd < 0 || lx_loop_add(na->na_worker->w_loop, events[i].le, events[i].fd, EPOLLIN, events[i].fn) != 0))
			error = errno;
	}
	return error;
}

static void
take_index(void *arg, const struct vi_ifinfo *ii)
{
	*(uint32_t *)arg = ii->if_index;
}

/* The address behind it. */
static struct vi_sockaddr
resolver_of(const struct vi_sockaddr *gate)
{
	struct vi_sockaddr dns = *gate;
	uint32_t last;

	if (gate->sa_family == VI_AF_INET) {
		dns.sa_in = htonl(ntohl(gate->sa_in) + 1);
		return dns;
	}
	memcpy(&last, gate->sa_in6 + 12, sizeof(last));
	last = htonl(ntohl(last) + 1);
	memcpy(dns.sa_in6 + 12, &last, sizeof(last));
	return dns;
}

/* The gateway and the resolver. */
static int
set_gateway(struct nat *na, const struct vi_sockaddr *gate, uint8_t prefixlen)
{
	const bool inet6 = gate->sa_family == VI_AF_INET6;
	struct vi_ifaddr ia = { .ia_addr = *gate, .ia_prefixlen = prefixlen, .ia_flags = inet6 ? VI_IN6_IFF_NODAD : 0 };
	struct nat_net *nn = &na->na_net[inet6];
	int error;

	if ((error = vi_if_addr_add(na->na_far, "gate0", &ia, true)) != 0)
		return error;
	nn->nn_gate = *gate;
	nn->nn_dns = resolver_of(gate);
	nn->nn_prefixlen = prefixlen;
	ia.ia_addr = nn->nn_dns;
	ia.ia_prefixlen = inet6 ? 128 : 32;
	return vi_if_addr_add(na->na_far, "gate0", &ia, true);
}

static int
set_gateways(struct nat *na)
{
	static const struct vi_sockaddr gate6 = { .sa_family = VI_AF_INET6, .sa_in6 = { 0xfd, [15] = 2 } };	/* fd00::2 */
	const struct vi_sockaddr gate = { .sa_family = VI_AF_INET, .sa_in = htonl(0x0a000202) };	/* 10.0.2.2, where others of the kind have it */
	int error;

	if ((error = set_gateway(na, &gate, 24)) != 0 || (error = set_gateway(na, &gate6, 64)) != 0)
		return error;
	return vi_if_get(na->na_far, "gate0", take_index, &na->na_gateindex);
}

static int
set_sysctls(struct nat *na)
{
	static const char *const ctls[] = { "net.inet.udp.blackhole", "net.inet.icmp.ignore_echo", "net.inet6.icmp6.ignore_echo",
		"net.inet6.ip6.forwarding" /* routers are asked, and say that they are */ };
	const struct vi_cred root = { .cr_priv = true };
	int error = 0;

	for (size_t i = 0; i < NITEMS(ctls) && error == 0; i++)
		error = vi_sysctl_set(na->na_far, ctls[i], "1", &root);
	return error;
}

static int
nat_open(void *arg, struct vi_unat *un, struct vi_vnet *far, void **user)
{
	struct daemon *d = arg;
	struct nat *na = calloc(1, sizeof(*na));
	int error;

	if (na == NULL)
		return ENOMEM;
	na->na_daemon = d;
	(void)!getrandom(&na->na_seed, sizeof(na->na_seed), 0);
	na->na_worker = &d->d_workers[vi_vnet_worker(far)];
	na->na_unat = un;
	na->na_far = far;
	STAILQ_INIT(&na->na_new);
	LIST_INSERT_HEAD(&d->d_nats, na, na_link);
	if ((error = vi_unat_charge(un, sizeof(*na))) != 0 || (error = open_events(na)) != 0 || (error = set_sysctls(na)) != 0 || (error = set_gateways(na)) != 0 ||
	    (error = vi_vnet_set_limit(far, "memory", NAT_MEMORY)) != 0 ||
	    (error = nat_raw_open(na)) != 0) {
		nat_free(na);
		return error;
	}
	*user = na;
	return 0;
}

static void
nat_close(void *user)
{
	struct nat *na = user;

	na->na_closed = true;
	if (na->na_drained)
		nat_free(na);
	else
		worker_post_own(na->na_worker, &na->na_lastpost, nat_free, na);
}

static bool
nat_syn(void *user, const void *packet, size_t len)
{
	return nat_tcp_syn(user, packet, len);
}

/* Options */

int
nat_fail(char *err, int error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(err, VI_ERRLEN, fmt, ap);
	va_end(ap);
	return error;
}

/* Room for the resolver, and somebody else, must be left; the advertised prefixes of IPv6 are of 64 bits. */
static bool
gateway_ok(const struct vi_sockaddr *gate, unsigned prefixlen)
{
	const uint32_t hosts = prefixlen >= 8 && prefixlen <= 29 ? ~(~0u << (32 - prefixlen)) : 0;

	if (!nat_isunicast(gate))
		return false;
	if (gate->sa_family == VI_AF_INET6)
		return prefixlen == 64 && (gate->sa_in6[15] & 0xff) < 0xff;
	return hosts != 0 && ntohl(gate->sa_in) >> 24 != 127 && (ntohl(gate->sa_in) & hosts) != 0 && (ntohl(gate->sa_in) & hosts) + 2 < hosts;
}

/* gateway ADDRESS/PREFIXLEN */
static int
option_gateway(struct nat *na, const char *const *argv, char *err)
{
	struct vi_sockaddr gate = { .sa_family = VI_AF_INET };
	const struct nat_net *nn;
	char addr[INET6_ADDRSTRLEN];
	unsigned prefixlen;
	int end = 0, error;

	if (strchr(argv[0], ':') != NULL)
		gate.sa_family = VI_AF_INET6;
	if (sscanf(argv[0], "%45[0-9a-fA-F.:]/%3u%n", addr, &prefixlen, &end) != 2 || argv[0][end] != '\0' ||
	    inet_pton(gate.sa_family == VI_AF_INET6 ? AF_INET6 : AF_INET, addr, gate.sa_bytes) != 1)
		return nat_fail(err, EINVAL, "gateway: \"%.60s\" is no address/prefixlen", argv[0]);
	if (!gateway_ok(&gate, prefixlen))
		return nat_fail(err, EINVAL, "gateway: %.60s cannot be, nor the resolver behind it", argv[0]);
	nn = nat_net(na, gate.sa_family);
	if ((error = vi_if_addr_del(na->na_far, "gate0", &nn->nn_dns)) != 0 || (error = vi_if_addr_del(na->na_far, "gate0", &nn->nn_gate)) != 0)
		return error;
	return set_gateway(na, &gate, (uint8_t)prefixlen);
}

struct option_call {
	struct nat	*oc_nat;
	int		(*oc_fn)(struct nat *, const char *const *argv, char *err);
	const char *const *oc_argv;
	char		*oc_err;
	int		 oc_error;
};

static void
option_run(void *arg)
{
	struct option_call *oc = arg;

	oc->oc_error = oc->oc_nat->na_closed ? ENXIO : oc->oc_fn(oc->oc_nat, oc->oc_argv, oc->oc_err);
}

static int
option_hostloopback(struct nat *na, const char *const *argv, char *err)
{
	(void)argv;
	(void)err;
	na->na_loopback = true;
	return 0;
}

static int
option_nohostloopback(struct nat *na, const char *const *argv, char *err)
{
	(void)argv;
	(void)err;
	na->na_loopback = false;
	return 0;
}

static const struct option {
	const char	*o_name;
	int		(*o_fn)(struct nat *, const char *const *argv, char *err);
	bool		 o_inthread;	/* descriptors come or go: in the link's thread */
} options[] = {
	{ "-forward", nat_forward_remove, true },
	{ "-hostloopback", option_nohostloopback, false },
	{ "forward", nat_forward_add, true },
	{ "gateway", option_gateway, false },
	{ "hostloopback", option_hostloopback, false },
};

static int
nat_option(void *user, const char *option, const char *const *argv, unsigned argc, char *err)
{
	struct nat *na = user;
	struct option_call oc = { .oc_nat = na, .oc_argv = argv, .oc_err = err };

	(void)argc;		/* the library has counted them */
	for (size_t i = 0; i < NITEMS(options); i++) {
		if (strcmp(options[i].o_name, option) != 0)
			continue;
		if (!options[i].o_inthread)
			return options[i].o_fn(na, argv, err);
		oc.oc_fn = options[i].o_fn;
		worker_call_managed(na->na_daemon, na->na_worker->w_index, option_run, &oc);
		return oc.oc_error;
	}
	return ENOENT;
}

static void
show_net(const struct nat *na, int family, vi_if_option_fn *fn, void *arg)
{
	const struct nat_net *nn = nat_net(na, family == AF_INET6 ? VI_AF_INET6 : VI_AF_INET);
	char text[2 * INET6_ADDRSTRLEN + 32], gate[INET6_ADDRSTRLEN], dns[INET6_ADDRSTRLEN];

	(void)snprintf(text, sizeof(text), "%s/%u resolver %s", inet_ntop(family, nn->nn_gate.sa_bytes, gate, sizeof(gate)), nn->nn_prefixlen,
	    inet_ntop(family, nn->nn_dns.sa_bytes, dns, sizeof(dns)));
	fn(arg, NULL, NULL, family == AF_INET6 ? "gateway6" : "gateway", text);
}

static void
nat_show(void *user, vi_if_option_fn *fn, void *arg)
{
	const struct nat *na = user;
	char text[48];

	show_net(na, AF_INET, fn, arg);
	show_net(na, AF_INET6, fn, arg);
	if (na->na_loopback)
		fn(arg, NULL, NULL, "hostloopback", "the gateway's address");
	nat_forward_show(na, fn, arg);
	(void)snprintf(text, sizeof(text), "%u of %u", na->na_nflows, NAT_MAXFLOWS);
	fn(arg, NULL, NULL, "flows", text);
	(void)snprintf(text, sizeof(text), "%zu bytes", na->na_buffered);
	if (na->na_buffered != 0)
		fn(arg, NULL, NULL, "buffered by the host", text);
	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)na->na_refused);
	if (na->na_refused != 0)
		fn(arg, NULL, NULL, "not begun", text);
}

static const struct vi_unat_ops nat_ops = {
	.uo_open = nat_open,
	.uo_close = nat_close,
	.uo_syn = nat_syn,
	.uo_option = nat_option,
	.uo_show = nat_show,
};

int
nats_init(struct daemon *d)
{
	return vi_unat_handler(d->d_kernel, &nat_ops, d);
}

/* The interfaces go later, with the kernel. */
void
nats_fini(struct daemon *d)
{
	struct nat *na, *next;

	for (na = LIST_FIRST(&d->d_nats); na != NULL; na = next) {
		next = LIST_NEXT(na, na_link);
		if (na->na_closed)
			nat_free(na);
		else
			nat_drain(na);
	}
}
