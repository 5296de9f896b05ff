/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sockstat(1): the sockets of a network stack with the processes that hold them.
 *
 * Theory of operation.  The stack tells its sockets, each with the inode that its end has in the programs.  Which descriptors of which
 * processes these are is read from /proc: what the caller may not look into is shown without a process, as "??".
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
	const bool six = cmd_pcb_inet6(pcb), connected = cmd_int(pcb, "fport") != 0;
	char proto[24];

	if ((ss->ss_inet || ss->ss_inet6 || ss->ss_unix) && (six ? !ss->ss_inet6 : !ss->ss_inet))
		return false;
	if ((ss->ss_connected || ss->ss_listening) && (connected ? !ss->ss_connected : !ss->ss_listening))
		return false;
	if (ss->ss_noloop && (is_loopback(cmd_str(pcb, "local")) || is_loopback(cmd_str(pcb, "foreign"))))
		return false;
	if (ss->ss_ports != NULL && !port_wanted(ss, cmd_int(pcb, "lport")) && !port_wanted(ss, cmd_int(pcb, "fport")))
		return false;
	snprintf(proto, sizeof(proto), ",%s,", proto_name(cmd_int(pcb, "proto")));
	return ss->ss_protos == NULL || strstr(ss->ss_protos, proto) != NULL;
}

static void
fill_end(const json_t *pcb, const char *addrkey, const char *portkey, char text[SS_ADDRLEN])
{
	const char *addr = cmd_str(pcb, addrkey);
	const int port = (int)cmd_int(pcb, portkey);

	if (cmd_addr_any(addr))
		addr = "*";
	if (port == 0)
		snprintf(text, SS_ADDRLEN, "%s:*", addr);
	else
		snprintf(text, SS_ADDRLEN, "%s:%d", addr, port);
}

/* What is asked for by letters; some of it only TCP has.  A control block has no address that says anything outside of the stack: its number stands for it. */
static void
fill_more(const struct sockstat *ss, const json_t *pcb, struct sockrow *sr)
{
	const json_int_t proto = cmd_int(pcb, "proto"), state = cmd_int(pcb, "state"), id = cmd_int(pcb, "id");

	if (id != 0)
		snprintf(sr->sr_text[SS_PCB], SS_TEXTLEN, "%#llx", (unsigned long long)id);
	if (id != 0 && (proto == IPPROTO_TCP || proto == IPPROTO_UDP))
		snprintf(sr->sr_text[SS_ID], SS_TEXTLEN, "%lld", (long long)id);
	snprintf(sr->sr_text[SS_FIB], SS_TEXTLEN, "%lld", (long long)cmd_int(pcb, "fib"));
	if (proto != IPPROTO_TCP)
		return;
	snprintf(sr->sr_text[SS_STATE], SS_TEXTLEN, "%s", cmd_tcp_state(state));
	snprintf(sr->sr_text[SS_BBLOG], SS_TEXTLEN, "OFF");	/* there is no black box to log into */
	snprintf(sr->sr_text[SS_STACK], SS_TEXTLEN, "%s", ss->ss_persona);
	snprintf(sr->sr_text[SS_CC], SS_TEXTLEN, "%s", cmd_str(json_object_get(pcb, "tcp"), "cc"));
	if (state != VI_TCPS_CLOSED && state != VI_TCPS_LISTEN)
		snprintf(sr->sr_text[SS_ENCAPS], SS_TEXTLEN, "%lld", (long long)cmd_int(pcb, "udpport"));
}

static bool
add_socket(struct sockstat *ss, const json_t *pcb)
{
	const json_int_t number = cmd_int(pcb, "proto");
	struct holder *ho = holder_find(&ss->ss_holders, (unsigned long long)cmd_int(pcb, "inode"));
	struct sockrow sr = { .sr_unix = false };
	bool ok;

	ss->ss_hidden += ho == NULL && cmd_int(pcb, "inode") != 0;
	snprintf(sr.sr_text[SS_PROTO], SS_TEXTLEN, "%s%s", proto_name(number),
	    number == IPPROTO_ICMP || number == IPPROTO_ICMPV6 ? "" : cmd_pcb_inet6(pcb) ? "6" : "4");
	fill_end(pcb, "local", "lport", sr.sr_local);
	fill_end(pcb, "foreign", "fport", sr.sr_foreign);
	fill_more(ss, pcb, &sr);
	do {
		ok = sockstat_add(ss, ho, &sr);
	} while (ok && ho != NULL && (ho = holder_next(&ss->ss_holders, ho)) != NULL);
	return ok;
}

/* As whom the stack's TCP behaves. */
static int
ask_persona(struct sockstat *ss)
{
	json_t *r;
	int error;

	if ((error = cmd_call(ss->ss_cx, json_pack("{s:s,s:s}", "op", "sysctl.list", "name", "net.inet.tcp.persona"), &r)) != 0)
		return error;
	snprintf(ss->ss_persona, sizeof(ss->ss_persona), "%s", cmd_str(json_array_get(json_object_get(r, "sysctls"), 0), "value"));
	json_decref(r);
	return 0;
}

static int
gather(struct sockstat *ss, const json_t *pcbs)
{
	json_t *pcb;
	bool ok;
	size_t i;

	ok = holders_scan(&ss->ss_holders);
	json_array_foreach(pcbs, i, pcb)
		ok = ok && (!wanted(ss, pcb) || add_socket(ss, pcb));
	if (!ok)
		cmd_warnx(ss->ss_cx, "no memory for the list of processes");
	return !ok ? 1 : ss->ss_unix ? sockstat_unix(ss, pcbs) : 0;
}

static int
list(struct sockstat *ss)
{
	int status;
	json_t *r;

	if ((ss->ss_columns & 1u << SS_STACK) != 0 && ask_persona(ss) != 0)
		return 1;
	if (cmd_call(ss->ss_cx, json_pack("{s:s,s:b,s:b}", "op", "pcb.list", "owners", 1, "tcp", (ss->ss_columns & 1u << SS_CC) != 0), &r) != 0)
		return 1;
	if ((status = gather(ss, json_object_get(r, "pcbs"))) == 0)
		sockstat_show(ss);
	if (status == 0 && ss->ss_verbose && ss->ss_hidden > 0)
		cmd_warnx(ss->ss_cx, "warning: who holds %u of the sockets may not be seen", ss->ss_hidden);
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

	while ((ch = getopt(argc, argv, "+:46AbCcfIij:LlnP:p:qSsUuvw")) != -1) {
		switch (ch) {
		case '4': ss->ss_inet = true; break;
		case '6': ss->ss_inet6 = true; break;
		case 'A': ss->ss_columns |= 1u << SS_PCB; break;
		case 'b': ss->ss_columns |= 1u << SS_BBLOG; break;
		case 'C': ss->ss_columns |= 1u << SS_CC; break;
		case 'c': ss->ss_connected = true; break;
		case 'f': ss->ss_columns |= 1u << SS_FIB; break;
		case 'I': ss->ss_columns |= 1u << SS_SPLICE; break;	/* which no socket is */
		case 'i': ss->ss_columns |= 1u << SS_ID; break;
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
		case 'S': ss->ss_columns |= 1u << SS_STACK; break;
		case 's': ss->ss_columns |= 1u << SS_STATE; break;
		case 'U': ss->ss_columns |= 1u << SS_ENCAPS; break;
		case 'u': ss->ss_unix = true; break;
		case 'v': ss->ss_verbose = true; break;
		case 'w': ss->ss_wide = true; break;
		default: return ch;
		}
	}
	return 0;
}

int
cmd_sockstat(struct cmd_ctx *cx, int argc, char **argv)
{
	struct sockstat ss = { .ss_cx = cx, .ss_columns = SS_ALWAYS };
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
	free(ss.ss_rows);
	free(ss.ss_ports);
	free(ss.ss_protos);
	return status;
}
