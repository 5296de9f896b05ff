/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sockstat(1): the sockets of a network stack with the processes that hold them.
 *
 * Theory of operation.  The stack tells its sockets, each with the inode that its end has in the programs.  Which descriptors of which
 * processes these are is read from /proc: what the caller may not look into is shown without a process, as "?".
 */
#include <netdb.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vimage/socket.h>

#include "cmd/sockstat_int.h"
#include "cmd/xo.h"

#define MAXPORT	65535

/*
 * What is shown.
 */
static const char *
proto_name(json_int_t proto)
{
	switch (proto) {
	case IPPROTO_TCP: return "tcp";
	case IPPROTO_UDP: return "udp";
	case IPPROTO_UDPLITE: return "udplite";
	case IPPROTO_ICMP: return "icmp";
	case IPPROTO_ICMPV6: return "icmp6";
	default: return "raw";
	}
}

static bool
is_inet6(const json_t *pcb)
{
	return strchr(cmd_str(pcb, "local"), ':') != NULL || cmd_int(pcb, "proto") == IPPROTO_ICMPV6;
}

static bool
port_wanted(const struct sockstat *ss, json_int_t port)
{
	return port > 0 && port <= MAXPORT && (ss->ss_ports[port / 8] >> (port % 8) & 1) != 0;
}

static bool
is_loopback(const char *addr)
{
	return strncmp(addr, "127.", 4) == 0 || strcmp(addr, "::1") == 0;
}

static bool
wanted(const struct sockstat *ss, const json_t *pcb)
{
	const bool six = is_inet6(pcb), connected = cmd_int(pcb, "fport") != 0;
	char proto[24];

	if ((ss->ss_inet || ss->ss_inet6 || ss->ss_unix) && (six ? !ss->ss_inet6 : !ss->ss_inet))
		return false;
	if ((ss->ss_connected || ss->ss_listening) && (connected ? !ss->ss_connected : !ss->ss_listening))
		return false;
	if (ss->ss_noloop && is_loopback(cmd_str(pcb, "local")))
		return false;
	if (ss->ss_ports != NULL && !port_wanted(ss, cmd_int(pcb, "lport")) && !port_wanted(ss, cmd_int(pcb, "fport")))
		return false;
	snprintf(proto, sizeof(proto), ",%s,", proto_name(cmd_int(pcb, "proto")));
	return ss->ss_protos == NULL || strstr(ss->ss_protos, proto) != NULL;
}

static void
end_text(const json_t *pcb, const char *addrkey, const char *portkey, char *buf, size_t len)
{
	const char *addr = cmd_str(pcb, addrkey);
	const json_int_t port = cmd_int(pcb, portkey);

	if (addr[0] == '\0' || strcmp(addr, "0.0.0.0") == 0 || strcmp(addr, "::") == 0)
		addr = "*";
	if (port == 0)
		snprintf(buf, len, "%s:*", addr);
	else
		snprintf(buf, len, "%s:%d", addr, (int)port);
}

static void
process_text(const struct sockstat *ss, int pid, char *comm, size_t commlen, char *user, size_t userlen)
{
	char path[64];
	struct passwd *pw;
	struct stat sb;

	holder_command(pid, comm, commlen);
	if (comm[0] == '\0')
		snprintf(comm, commlen, "?");
	snprintf(path, sizeof(path), "/proc/%d", pid);
	if (stat(path, &sb) != 0)
		snprintf(user, userlen, "?");
	else if (!ss->ss_numeric && (pw = getpwuid(sb.st_uid)) != NULL)
		snprintf(user, userlen, "%s", pw->pw_name);
	else
		snprintf(user, userlen, "%u", sb.st_uid);
}

#define ADDRWIDTH(ss)	((ss)->ss_wide ? 46 : 21)

void
sockstat_emit(const struct sockstat *ss, const struct holder *ho, const char *proto, const char *local, const char *foreign, const char *state,
    const char *cc)
{
	char comm[32] = "?", user[64] = "?", pid[16] = "?", fd[16] = "?";

	if (ho != NULL) {
		process_text(ss, ho->ho_pid, comm, sizeof(comm), user, sizeof(user));
		snprintf(pid, sizeof(pid), "%d", ho->ho_pid);
		snprintf(fd, sizeof(fd), "%d", ho->ho_fd);
	}
	xo_open_instance(ss->ss_xo);
	xo_emit(ss->ss_xo, "{t:user/%-8s} {t:command/%-10s} {t:pid/%5s} {t:fd/%-3s} {t:proto/%-6s} ", user, comm, pid, fd, proto);
	xo_emit(ss->ss_xo, "{t:local/%-*s} {t:foreign/%-*s}", ADDRWIDTH(ss), local, ADDRWIDTH(ss), foreign);
	if (ss->ss_state && state != NULL)
		xo_emit(ss->ss_xo, ss->ss_cc ? " {t:conn-state/%-12s}" : " {:conn-state/%s}", state);
	else if (ss->ss_state && ss->ss_cc)
		xo_emit(ss->ss_xo, "{P:/%13s}", "");
	if (ss->ss_cc && cc != NULL)
		xo_emit(ss->ss_xo, " {:cc/%s}", cc);
	xo_emit(ss->ss_xo, "\n");
	xo_close(ss->ss_xo);
}

static void
emit_socket(const struct sockstat *ss, const json_t *pcb)
{
	const json_int_t number = cmd_int(pcb, "proto");
	struct holder *ho = holder_find(&ss->ss_holders, (unsigned long long)cmd_int(pcb, "inode"));
	char proto[16], local[96], foreign[96];

	snprintf(proto, sizeof(proto), "%s%s", proto_name(number),
	    number == IPPROTO_ICMP || number == IPPROTO_ICMPV6 ? "" : is_inet6(pcb) ? "6" : "4");
	end_text(pcb, "local", "lport", local, sizeof(local));
	end_text(pcb, "foreign", "fport", foreign, sizeof(foreign));
	do {
		sockstat_emit(ss, ho, proto, local, foreign, number == IPPROTO_TCP ? cmd_tcp_state(cmd_int(pcb, "state")) : NULL,
		    number == IPPROTO_TCP ? cmd_str(json_object_get(pcb, "tcp"), "cc") : NULL);
	} while (ho != NULL && (ho = holder_next(&ss->ss_holders, ho)) != NULL);
}

static int
list(struct sockstat *ss)
{
	json_t *r, *pcb, *pcbs;
	int status = 0;
	size_t i;

	if (cmd_call(ss->ss_cx, json_pack("{s:s,s:b,s:b}", "op", "pcb.list", "owners", 1, "tcp", ss->ss_cc), &r) != 0)
		return 1;
	if (!holders_scan(&ss->ss_holders)) {
		cmd_warnx(ss->ss_cx, "no memory for the list of processes");
		json_decref(r);
		return 1;
	}
	xo_open_container(ss->ss_xo, "sockstat");
	if (!ss->ss_quiet)
		xo_emit(ss->ss_xo, "{T:/%-8s} {T:/%-10s} {T:/%5s} {T:/%-3s} {T:/%-6s} {T:/%-*s} {T:/%-*s}{T:/%s}{T:/%s}\n", "USER", "COMMAND", "PID",
		    "FD", "PROTO", ADDRWIDTH(ss), "LOCAL ADDRESS", ADDRWIDTH(ss), "FOREIGN ADDRESS", !ss->ss_state ? "" : ss->ss_cc ? " STATE       " : " STATE", ss->ss_cc ? " CC" : "");
	xo_open_list(ss->ss_xo, "socket");
	pcbs = json_object_get(r, "pcbs");
	json_array_foreach(pcbs, i, pcb)
		if (wanted(ss, pcb))
			emit_socket(ss, pcb);
	if (ss->ss_unix)
		status = sockstat_unix(ss, pcbs);
	xo_close(ss->ss_xo);
	xo_close(ss->ss_xo);
	json_decref(r);
	return status;
}

/*
 * Options.
 */

/* "22,80,1024-2048" */
static int
parse_ports(struct sockstat *ss, char *arg)
{
	long long from, to;
	char *word, *dash;

	if (ss->ss_ports == NULL && (ss->ss_ports = calloc(1, (MAXPORT + 8) / 8)) == NULL) {
		cmd_warnx(ss->ss_cx, "no memory for the list of ports");
		return -1;
	}
	while ((word = strsep(&arg, ",")) != NULL) {
		if ((dash = strchr(word, '-')) != NULL)
			*dash++ = '\0';
		if (!cmd_number(word, 0, MAXPORT, &from) || !cmd_number(dash != NULL ? dash : word, 0, MAXPORT, &to) || from > to) {
			cmd_warnx(ss->ss_cx, "invalid port number or range: %s%s%s", word, dash != NULL ? "-" : "", dash != NULL ? dash : "");
			return -1;
		}
		for (; from <= to; from++)
			ss->ss_ports[from / 8] |= (unsigned char)(1u << (from % 8));
	}
	return 0;
}

static int
parse_protos(struct sockstat *ss, const char *arg)
{
	static const char *const known[] = { "tcp", "udp", "udplite", "icmp", "icmp6", "raw" };
	char *copy = strdup(arg), *rest = copy, *word;
	bool ok = copy != NULL;
	size_t i;

	if (!ok)
		cmd_warnx(ss->ss_cx, "no memory for the list of protocols");
	while (ok && (word = strsep(&rest, ",")) != NULL) {
		for (i = 0; i < sizeof(known) / sizeof(known[0]) && strcmp(known[i], word) != 0; i++)
			;
		ok = i < sizeof(known) / sizeof(known[0]);
		if (!ok)
			cmd_warnx(ss->ss_cx, "protocol %s not supported", word);
	}
	free(copy);
	free(ss->ss_protos);
	return ok && asprintf(&ss->ss_protos, ",%s,", arg) > 0 ? 0 : -1;
}

static int
parse(struct sockstat *ss, int argc, char **argv)
{
	int ch;

	while ((ch = getopt(argc, argv, "+:46Ccj:LlnP:p:qsuw")) != -1) {
		switch (ch) {
		case '4': ss->ss_inet = true; break;
		case '6': ss->ss_inet6 = true; break;
		case 'C': ss->ss_cc = true; break;
		case 'c': ss->ss_connected = true; break;
		case 'j': ss->ss_cx->cx_jail = optarg; break;
		case 'L': ss->ss_noloop = true; break;
		case 'l': ss->ss_listening = true; break;
		case 'n': ss->ss_numeric = true; break;	/* users; all else is numeric anyway */
		case 'P':
			if (parse_protos(ss, optarg) != 0)
				return -1;
			break;
		case 'p':
			if (parse_ports(ss, optarg) != 0)
				return -1;
			break;
		case 'q': ss->ss_quiet = true; break;
		case 's': ss->ss_state = true; break;
		case 'u': ss->ss_unix = true; break;
		case 'w': ss->ss_wide = true; break;
		default: return ch;
		}
	}
	return 0;
}

int
cmd_sockstat(struct cmd_ctx *cx, int argc, char **argv)
{
	struct sockstat ss = { .ss_cx = cx };
	int ch, status;

	if ((ss.ss_xo = cmd_xo(cx, &argc, argv)) == NULL)
		return 1;
	if ((ch = parse(&ss, argc, argv)) != 0 || optind != argc)
		status = xo_finish(ss.ss_xo, ch < 0 ? 1 : cmd_usage(cx, ch, 1));
	else if (ss.ss_unix && cx->cx_jail != NULL) {
		cmd_warnx(cx, "-u: only the jail itself knows; see jexec(8)");
		status = xo_finish(ss.ss_xo, 1);
	}
	else
		status = xo_finish(ss.ss_xo, list(&ss));
	holders_free(&ss.ss_holders);
	free(ss.ss_ports);
	free(ss.ss_protos);
	return status;
}
