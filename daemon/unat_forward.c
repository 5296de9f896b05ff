/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation: ports of the host that lead into a jail, "ifconfig unat0 forward tcp 127.0.0.1:8080 10.0.2.15:80".
 *
 * TCP: a socket of the host listens.  For each client the far stack connects to the jail, from the client's own address where that can be told (a client
 * on the host's loopback comes from the gateway), and the two are relayed.  When the jail refuses, the client, whom the host's kernel has
 * accepted already, is reset.
 *
 * UDP: the host's socket is the mapping of the jail's address and port (unat_udp.c), made beforehand and for good: what comes is delivered, and what the
 * jail sends from there goes out by it, to whomever.
 *
 * A port of the host below net.ipv4.ip_unprivileged_port_start is bound by ifconfig, with the rights of its caller, and passed (d_passed).
 *
 * Forwards are made and unmade in the link's own thread.  Connections that one has brought stay when it goes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <unistd.h>

#include <vimage/jail.h>

#include "ctl/hostaddr.h"
#include "daemon/medium.h"
#include "daemon/unat_tcp.h"
#include "linux/sockaddr.h"

#define FORWARD_TURN	64	/* clients accepted in one go */
#define FORWARD_MAX	256	/* of one link */
#define FORWARD_DIAL	(75 * NAT_SEC)

struct nat_forward {
	LIST_ENTRY(nat_forward) fw_link;
	struct nat	*fw_nat;
	bool		 fw_tcp;
	struct vi_sockaddr fw_host, fw_jail;
	struct lx_event	 fw_event;	/* TCP's */
	int		 fw_fd;		/* TCP's; -1 */
	struct nat_udp	*fw_udp;	/* UDP's: has the descriptor */
};

/* Clients */

/* Who the jail sees.  The port is of no use to it. */
static void
dial_source(const struct nat *na, const struct vi_sockaddr *client, struct vi_sockaddr *source)
{
	*source = *client;
	(void)nat_unmap(na, source, false);
	if (!nat_isunicast(source))
		*source = nat_net(na, client->sa_family)->nn_gate;
	source->sa_port = 0;
}

static void
dial_upcall(struct vi_socket *so, unsigned events, void *arg)
{
	struct nat_tcp *nt = arg;

	if (vi_socket_dead(so)) {
		nt->nt_so = NULL;
		vi_close(so);
	} else if ((events & (VI_POLLERR | VI_POLLHUP)) != 0)
		nat_tcp_reset(nt);
	else if ((events & VI_POLLOUT) != 0)
		nat_relay_start(nt);
}

static int
dial_connect(struct nat_tcp *nt, const struct vi_sockaddr *source, const struct vi_sockaddr *jail)
{
	const struct vi_cred root = { .cr_priv = true };
	struct vi_socket *so;
	int error;

	if ((error = vi_socket(nt->nt_flow.nf_nat->na_far, jail->sa_family, VI_SOCK_STREAM, 0, &root, &so)) != 0)
		return error;
	nt->nt_so = so;
	if ((error = nat_transparent(so, jail->sa_family)) != 0 || (error = vi_bind(so, source)) != 0)
		return error;
	error = vi_connect(so, jail);
	if (error != 0 && error != EINPROGRESS)
		return error;
	vi_socket_upcall(so, dial_upcall, nt);
	return 0;
}

/* Consumes fd. */
static void
dial(const struct nat_forward *fw, int fd, const struct vi_sockaddr *client)
{
	const struct nat_pair np = { .np_jail = fw->fw_jail, .np_far = *client };
	struct nat_tcp *nt = nat_alloc(fw->fw_nat, sizeof(*nt));
	struct vi_sockaddr source;

	if (nt == NULL || !nat_flow_add(fw->fw_nat, &nt->nt_flow, &nat_tcp_kind, &np)) {
		fw->fw_nat->na_refused++;
		nat_release(fw->fw_nat, nt, sizeof(*nt));
		close(fd);
		return;
	}
	nt->nt_state = NT_DIALING;
	nt->nt_flow.nf_fd = fd;
	nt->nt_flow.nf_until = nat_now(fw->fw_nat) + FORWARD_DIAL;
	dial_source(fw->fw_nat, client, &source);
	if (dial_connect(nt, &source, &fw->fw_jail) != 0)
		nat_tcp_reset(nt);
}

/* One client; false: there is none. */
static bool
forward_accept(const struct nat_forward *fw)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct vi_sockaddr client;
	int fd;

	if ((fd = accept4(fw->fw_fd, (struct sockaddr *)&ss, &len, SOCK_NONBLOCK | SOCK_CLOEXEC)) < 0)
		return false;
	if (sockaddr_parse(&ss, len, &client) == 0)
		dial(fw, fd, &client);
	else
		close(fd);
	return true;
}

static void
forward_event(struct lx_event *le, uint32_t events)
{
	const struct nat_forward *fw = CONTAINER(le, struct nat_forward, fw_event);

	(void)events;
	if (!nat_begin(fw->fw_nat))
		return;
	for (int i = 0; i < FORWARD_TURN && forward_accept(fw); i++)
		;
	nat_done(fw->fw_nat);
}

/* Life */

static void
forward_free(struct nat_forward *fw)
{
	lx_loop_del(fw->fw_nat->na_worker->w_loop, &fw->fw_event);
	if (fw->fw_fd >= 0)
		close(fw->fw_fd);
	if (fw->fw_udp != NULL)
		nat_udp_unfix(fw->fw_udp);
	LIST_REMOVE(fw, fw_link);
	nat_release(fw->fw_nat, fw, sizeof(*fw));
}

void
nat_forward_fini(struct nat *na)
{
	while (!LIST_EMPTY(&na->na_forwards))
		forward_free(LIST_FIRST(&na->na_forwards));
}

/* A port that takes a privilege: the command has bound it, with its caller's. */
static int
forward_take(struct nat_forward *fw, int *passed)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct vi_sockaddr at;

	if (!medium_socket(*passed, fw->fw_host.sa_family == VI_AF_INET6 ? AF_INET6 : AF_INET, fw->fw_tcp ? SOCK_STREAM : SOCK_DGRAM) ||
	    getsockname(*passed, (struct sockaddr *)&ss, &len) != 0 || sockaddr_parse(&ss, len, &at) != 0 ||
	    memcmp(&at, &fw->fw_host, sizeof(at)) != 0)
		return EBADF;
	fw->fw_fd = *passed;
	*passed = -1;
	return fw->fw_tcp && listen(fw->fw_fd, SOMAXCONN) != 0 ? errno : 0;
}

static int
forward_listen(struct nat_forward *fw)
{
	struct sockaddr_storage ss;
	socklen_t len = sockaddr_build(&fw->fw_host, &ss);
	const int on = 1;
	int *passed = fw->fw_nat->na_daemon->d_passed;

	if (passed != NULL)
		return forward_take(fw, passed);
	if ((fw->fw_fd = socket(ss.ss_family, (fw->fw_tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) < 0 ||
	    (fw->fw_tcp && setsockopt(fw->fw_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0) ||
	    (ss.ss_family == AF_INET6 && setsockopt(fw->fw_fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0) ||
	    bind(fw->fw_fd, (struct sockaddr *)&ss, len) != 0 || (fw->fw_tcp && listen(fw->fw_fd, SOMAXCONN) != 0))
		return errno;
	return 0;
}

static int
forward_start(struct nat_forward *fw)
{
	struct nat *na = fw->fw_nat;
	int error, fd;

	if ((error = forward_listen(fw)) != 0)
		return error;
	if (fw->fw_tcp)
		return lx_loop_add(na->na_worker->w_loop, &fw->fw_event, fw->fw_fd, EPOLLIN, forward_event);
	fd = fw->fw_fd;
	fw->fw_fd = -1;
	return nat_udp_fix(na, &fw->fw_jail, fd, &fw->fw_udp);
}

/* Words */

static bool
parse_proto(const char *text, bool *tcp)
{
	*tcp = strcmp(text, "tcp") == 0;
	return *tcp || strcmp(text, "udp") == 0;
}

/* As all addresses with ports are written; and "*" is any of IPv4. */
static bool
parse_end(const char *text, struct vi_sockaddr *sa)
{
	struct sockaddr_storage ss;
	char any[HOSTADDR_TEXT];
	socklen_t len;

	if (text[0] == '*') {
		(void)snprintf(any, sizeof(any), "0.0.0.0%.*s", (int)sizeof(any) - 8, text + 1);
		text = any;
	}
	return hostaddr_parse(text, &ss, &len) == 0 && sockaddr_parse(&ss, len, sa) == 0 && sa->sa_port != 0;
}

static void
format_end(const struct vi_sockaddr *sa, char text[HOSTADDR_TEXT])
{
	struct sockaddr_storage ss;
	socklen_t len = sockaddr_build(sa, &ss);

	hostaddr_text(&ss, len, text);
}

static struct nat_forward *
forward_find(const struct nat *na, bool tcp, const struct vi_sockaddr *host)
{
	struct nat_forward *fw;

	LIST_FOREACH(fw, &na->na_forwards, fw_link)
		if (fw->fw_tcp == tcp && memcmp(&fw->fw_host, host, sizeof(*host)) == 0)
			return fw;
	return NULL;
}

static unsigned
forward_count(const struct nat *na)
{
	const struct nat_forward *fw;
	unsigned n = 0;

	LIST_FOREACH(fw, &na->na_forwards, fw_link)
		n++;
	return n;
}

static int
forward_check(const struct nat *na, const struct nat_forward *fw, const char *const *argv, char *err)
{
	if (fw->fw_host.sa_family != fw->fw_jail.sa_family)
		return nat_fail(err, EINVAL, "forward: %.60s and %.60s are of two families", argv[1], argv[2]);
	if (!nat_isunicast(&fw->fw_jail) || nat_isgateway(na, &fw->fw_jail))
		return nat_fail(err, EINVAL, "forward: %.60s: nobody on the link can be that", argv[2]);
	if (forward_find(na, fw->fw_tcp, &fw->fw_host) != NULL)
		return nat_fail(err, EEXIST, "forward: %.60s is forwarded already", argv[1]);
	if (forward_count(na) >= FORWARD_MAX)
		return nat_fail(err, ENOSPC, "forward: no more than %u", FORWARD_MAX);
	return 0;
}

int
nat_forward_add(struct nat *na, const char *const *argv, char *err)
{
	struct nat_forward new = { .fw_nat = na, .fw_fd = -1 }, *fw;
	int error;

	if (!parse_proto(argv[0], &new.fw_tcp))
		return nat_fail(err, EINVAL, "forward: \"%.60s\" is neither tcp nor udp", argv[0]);
	if (!parse_end(argv[1], &new.fw_host) || !parse_end(argv[2], &new.fw_jail))
		return nat_fail(err, EINVAL, "forward: \"%.60s\" is no address:port", parse_end(argv[1], &new.fw_host) ? argv[2] : argv[1]);
	if ((error = forward_check(na, &new, argv, err)) != 0)
		return error;
	if ((fw = nat_alloc(na, sizeof(*fw))) == NULL)
		return ENOMEM;
	*fw = new;
	LIST_INSERT_HEAD(&na->na_forwards, fw, fw_link);
	if ((error = forward_start(fw)) != 0) {
		forward_free(fw);
		return nat_fail(err, error, "forward: %.60s: %s", argv[1], strerrordesc_np(error));
	}
	return 0;
}

int
nat_forward_remove(struct nat *na, const char *const *argv, char *err)
{
	struct nat_forward *fw = NULL;
	struct vi_sockaddr host;
	bool tcp;

	if (parse_proto(argv[0], &tcp) && parse_end(argv[1], &host))
		fw = forward_find(na, tcp, &host);
	if (fw == NULL)
		return nat_fail(err, ENOENT, "-forward: %.60s %.60s is not forwarded", argv[0], argv[1]);
	forward_free(fw);
	return 0;
}

void
nat_forward_show(const struct nat *na, vi_if_option_fn *fn, void *arg)
{
	char item[HOSTADDR_TEXT + 8], host[HOSTADDR_TEXT], jail[HOSTADDR_TEXT];
	const struct nat_forward *fw;

	LIST_FOREACH(fw, &na->na_forwards, fw_link) {
		format_end(&fw->fw_host, host);
		format_end(&fw->fw_jail, jail);
		(void)snprintf(item, sizeof(item), "%s %s", fw->fw_tcp ? "tcp" : "udp", host);
		fn(arg, "forward", item, "to", jail);
	}
}
