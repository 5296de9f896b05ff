/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands that show tables: jls, netstat, arp, and the small ones. */
#include "cmd/cmd_test.h"

#include <sysexits.h>

struct show {
	cmd_fn		*fn;
	const char	*line, *answer, *out;
};

static void
check(const struct show *s)
{
	char prog[16];
	struct fake fk;

	snprintf(prog, sizeof(prog), "%.*s", (int)strcspn(s->line, " "), s->line);
	fake_init(&fk, prog);
	fake_ok(&fk, s->answer);
	fake_run(&fk, s->fn, s->line);
	assert_string_equal(fk.fk_err, "");
	assert_string_equal(fk.fk_out, s->out);
	assert_int_equal(fk.fk_status, 0);
	fake_free(&fk);
}

/* For one who asks twice. */
static void
check_twice(const struct show *s)
{
	struct fake fk;

	fake_init(&fk, "jls");
	fake_ok(&fk, s->answer);
	fake_ok(&fk, s->answer);
	fake_run(&fk, s->fn, s->line);
	assert_string_equal(fk.fk_err, "");
	assert_string_equal(fk.fk_out, s->out);
	fake_free(&fk);
}

static void
check_all(const struct show *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check(&s[i]);
}
#define CHECK(table) check_all(table, sizeof(table) / sizeof(table[0]))

struct wrong {
	cmd_fn		*fn;
	const char	*line, *err;
};

static void
refuse_all(const struct wrong *w, size_t n)
{
	char prog[16];
	struct fake fk;

	for (size_t i = 0; i < n; i++) {
		snprintf(prog, sizeof(prog), "%.*s", (int)strcspn(w[i].line, " "), w[i].line);
		fake_init(&fk, prog);
		fake_run(&fk, w[i].fn, w[i].line);
		assert_string_equal(fk.fk_err, w[i].err);
		assert_refused(&fk, 1);
		fake_free(&fk);
	}
}

/*
 * jls
 */
#define JAILS	"{\"jails\":[{\"jid\":\"1\",\"name\":\"web\",\"dying\":\"false\"," \
		"\"host.hostname\":\"h\",\"path\":\"/\",\"cpuset.id\":\"2\"}," \
		"{\"jid\":\"12\",\"name\":\"web.a\",\"dying\":\"true\",\"host.hostname\":\"\"," \
		"\"ip4.addr\":\"192.0.2.1,192.0.2.2\",\"limit.use\":\"sockets 1 of 2 (peak 2, refused 0)\"," \
		"\"path\":\"/srv\",\"cpuset.id\":\"13\"}]}"

static void
test_jls(void **state)
{
	static const struct show shows[] = {
		{ cmd_jls, "jls", JAILS,
		    "   JID  IP Address      Hostname                      Path\n"
		    "     1                  h                             /\n"
		    "    12  192.0.2.1                                     /srv\n" },
		{ cmd_jls, "jls -N", JAILS,
		    " JID             IP Address      Hostname                      Path\n"
		    " web                             h                             /\n"
		    " web.a           192.0.2.1                                     /srv\n" },
		{ cmd_jls, "jls -v", JAILS,
		    "   JID  Hostname                      Path\n"
		    "        Name                          State\n"
		    "        CPUSetID\n"
		    "        IP Address(es)\n"
		    "     1  h                             /\n"
		    "        web                           ACTIVE\n"
		    "        2\n"
		    "    12                                /srv\n"
		    "        web.a                         DYING\n"
		    "        13\n"
		    "        192.0.2.1\n"
		    "        192.0.2.2\n"
		    "        sockets 1 of 2 (peak 2, refused 0)\n" },
		{ cmd_jls, "jls --libxo json jid name", "{\"jails\":[{\"jid\":\"1\","
		    "\"name\":\"web\"}]}",
		    "{\"__version\": \"2\", \"jail-information\": {\"jail\": [{\"jid\": 1, "
		    "\"name\": \"web\"}]}}\n" },
		{ cmd_jls, "jls --libxo=json", "{\"jails\":[]}",
		    "{\"__version\": \"2\", \"jail-information\": {\"jail\": []}}\n" },
		{ cmd_jls, "jls jid host.hostname", "{\"jails\":[{\"jid\":\"1\","
		    "\"host.hostname\":\"\"}]}", "1 \"\"\n" },
		{ cmd_jls, "jls ip4.addr meta", "{\"jails\":[{\"ip4.addr\":\"\",\"meta\":\"\"}]}", "- \"\"\n" },
		{ cmd_jls, "jls -q ip4.addr meta", "{\"jails\":[{\"ip4.addr\":\"\",\"meta\":\"\"}]}", "\"\" \"\"\n" },
		{ cmd_jls, "jls -n ip4.addr meta", "{\"jails\":[{\"ip4.addr\":\"\",\"meta\":\"\"}]}", "ip4.addr= meta=\"\"\n" },
		{ cmd_jls, "jls --libxo json ip4.addr ip6.addr", "{\"jails\":[{\"ip4.addr\":\"192.0.2.1,192.0.2.2\",\"ip6.addr\":\"\"}]}",
		    "{\"__version\": \"2\", \"jail-information\": {\"jail\": [{\"ip4.addr\": [\"192.0.2.1\", \"192.0.2.2\"], \"ip6.addr\": []}]}}\n" },
		{ cmd_jls, "jls name meta jid name", "{\"jails\":[{\"jid\":\"1\",\"name\":\"true\",\"meta\":\"m\"}]}", "true m 1\n" },
		{ cmd_jls, "jls -h name name", "{\"jails\":[{\"name\":\"web\"}]}", "name\nweb\n" },
		{ cmd_jls, "jls meta.a meta.b env.c", "{\"jails\":[{\"meta.b\":\"\",\"env.c\":\"3\"}]}", " \"\" 3\n" },
		{ cmd_jls, "jls -s meta.a meta.b children.cur name", "{\"jails\":[{\"meta.b\":\"x\",\"name\":\"false\"}]}", "meta.a meta.b=x name=false\n" },
		{ cmd_jls, "jls --libxo json meta.a meta.b", "{\"jails\":[{\"meta.b\":\"x\"}]}",
		    "{\"__version\": \"2\", \"jail-information\": {\"jail\": [{\"meta.b\": \"x\"}]}}\n" },
		{ cmd_jls, "jls -h jid name", "{\"jails\":[{\"jid\":\"1\",\"name\":\"web\"}]}",
		    "jid name\n1 web\n" },
		{ cmd_jls, "jls -n", "{\"jails\":[{\"jid\":\"1\",\"persist\":\"true\","
		    "\"allow.raw_sockets\":\"false\",\"dying\":\"false\",\"path\":\"/a b\"}]}",
		    "nodying jid=1 path=/a b persist allow.noraw_sockets\n" },
		/* FreeBSD's order: first those without a dot. */
		{ cmd_jls, "jls all", "{\"jails\":[{\"jid\":\"1\",\"ip4.addr\":\"\",\"ip4\":\"new\",\"allow.mount.tmpfs\":\"true\",\"allow.mount\":\"false\"}]}",
		    "new 1 false true -\n" },
		{ cmd_jls, "jls -s", "{\"jails\":[{\"jid\":\"1\",\"persist\":\"true\","
		    "\"path\":\"/a b\",\"host.hostname\":\"\",\"meta\":\"a\\\"b'c\\\\\"}]}",
		    "jid=1 meta=\"a\\\"b'c\\\\\" path=\"/a b\" persist host.hostname=\"\"\n" },
		{ cmd_jls, "jls -c -j web", "{\"jails\":[]}", "" },
	};

	(void)state;
	CHECK(shows);
}

static void
test_jls_all(void **state)
{
	static const struct show shows[] = {
		{ cmd_jls, "jls -h jid all ip4", "{\"jails\":[{\"a.b\":\"2\",\"jid\":\"1\",\"ip4\":\"new\",\"c\":\"3\"}]}", "jid c ip4 a.b\n1 3 new 2\n" },
		{ cmd_jls, "jls -n meta.k all", "{\"jails\":[{\"meta.k\":\"v\",\"jid\":\"1\"}]}", "meta.k=v jid=1\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(shows) / sizeof(shows[0]); i++)
		check_twice(&shows[i]);
}

static void
test_jls_failures(void **state)
{
	struct fake fk;

	(void)state;
	fake_init(&fk, "jls");
	fake_fail(&fk, ENOENT, "jail \"x\" not found");
	fake_run(&fk, cmd_jls, "jls -c -j x");
	assert_int_equal(fk.fk_status, 1);
	assert_string_equal(fk.fk_err, "");
	fake_fail(&fk, EINVAL, "unknown parameter: bogus");
	fake_run(&fk, cmd_jls, "jls --libxo json bogus");
	assert_int_equal(fk.fk_status, 1);
	assert_string_equal(fk.fk_out, "");
	assert_string_equal(fk.fk_err, "jls: unknown parameter: bogus\n");
	fake_free(&fk);
}

/*
 * netstat
 */
#define ROUTES	"{\"routes\":[" \
		"{\"destination\":\"0.0.0.0\",\"prefixlen\":0,\"flags\":2051," \
		"\"gateway\":\"10.0.2.2\",\"interface\":\"epair0a\",\"index\":2,\"mtu\":1500," \
		"\"weight\":1}," \
		"{\"destination\":\"10.0.2.0\",\"prefixlen\":24,\"flags\":1048577," \
		"\"interface\":\"epair0a\",\"index\":2,\"mtu\":1500}," \
		"{\"destination\":\"10.0.2.15\",\"prefixlen\":32,\"flags\":3145733," \
		"\"interface\":\"lo0\",\"index\":1,\"mtu\":16384,\"expire\":60}]}"
#define TCPPCBS	"{\"pcbs\":[{\"proto\":6,\"local\":\"192.0.2.1\",\"lport\":80,\"foreign\":\"192.0.2.2\"," \
		"\"fport\":40000,\"recvq\":0,\"sendq\":5,\"state\":4,\"tcp\":{\"cc\":\"cubic\",\"cwnd\":14600," \
		"\"ssthresh\":1073725440,\"mss\":1460,\"ecn\":false,\"rexmits\":2,\"ooo\":3}}," \
		"{\"proto\":17,\"local\":\"192.0.2.1\",\"lport\":53,\"foreign\":\"0.0.0.0\",\"fport\":0}]}"
#define FLOWPCBS	"{\"pcbs\":[{\"proto\":6,\"local\":\"192.0.2.1\",\"lport\":80,\"foreign\":\"192.0.2.2\",\"fport\":40000,\"sendq\":5," \
		"\"state\":4,\"id\":31,\"flowid\":10531008}," \
		"{\"proto\":6,\"local\":\"192.0.2.1\",\"lport\":80,\"foreign\":\"192.0.2.2\",\"fport\":40001,\"state\":10,\"id\":0}]}"
#define PACKETS	"{\"packets\":[{\"interface\":\"e0\",\"type\":3,\"raw\":true,\"promisc\":true,\"outgoing\":true,\"frames\":9,\"matched\":7," \
		"\"drops\":2,\"waiting\":120},{\"type\":2048,\"raw\":false,\"promisc\":false,\"outgoing\":false}," \
		"{\"gone\":true,\"raw\":true,\"frames\":3,\"matched\":3}]}"
#define BUFPCBS	"{\"pcbs\":[{\"proto\":6,\"local\":\"192.0.2.1\",\"lport\":80,\"foreign\":\"192.0.2.2\",\"fport\":40000,\"sendq\":5," \
		"\"state\":4,\"buffers\":{\"rcvhiwat\":65536,\"sndhiwat\":32768,\"rcvlowat\":1,\"sndlowat\":2048}}," \
		"{\"proto\":6,\"local\":\"192.0.2.1\",\"lport\":80,\"foreign\":\"192.0.2.2\",\"fport\":40001,\"state\":10}]}"
#define PCBS	"{\"pcbs\":[" \
		"{\"proto\":6,\"local\":\"0.0.0.0\",\"lport\":80,\"foreign\":\"0.0.0.0\"," \
		"\"fport\":0,\"recvq\":1,\"sendq\":128,\"state\":1}," \
		"{\"proto\":6,\"local\":\"192.0.2.1\",\"lport\":80,\"foreign\":\"192.0.2.2\"," \
		"\"fport\":40000,\"recvq\":0,\"sendq\":5,\"state\":4}," \
		"{\"proto\":17,\"local\":\"0.0.0.0\",\"lport\":53,\"foreign\":\"0.0.0.0\"," \
		"\"fport\":0,\"recvq\":0,\"sendq\":0,\"state\":0}]}"
#define IFS	"{\"interfaces\":[{\"name\":\"epair0a\",\"index\":2,\"flags\":34882,\"mtu\":1500," \
		"\"lladdr\":\"02:00:00:00:00:01\"," \
		"\"addresses\":[{\"address\":\"192.0.2.1\",\"prefixlen\":24}]," \
		"\"stats\":{\"ipackets\":7,\"ierrors\":1,\"iqdrops\":2,\"opackets\":9," \
		"\"ibytes\":700,\"obytes\":900,\"oerrors\":0,\"collisions\":0,\"oqdrops\":3}}]}"
#define STATS	"{\"stats\":[{\"proto\":\"ip\",\"name\":\"ips_total\",\"text\":\"total packet%s " \
		"received\",\"value\":1}," \
		"{\"proto\":\"ip\",\"name\":\"ips_forward\",\"text\":\"packet%s forwarded\"," \
		"\"value\":2}," \
		"{\"proto\":\"ip\",\"name\":\"ips_fastforward\",\"text\":\"(packet%s fast forwarded)\"," \
		"\"value\":1}," \
		"{\"proto\":\"tcp\",\"name\":\"tcps_closed\",\"text\":\"connection%s closed\"," \
		"\"value\":0}]}"

#define HISTOGRAM "{\"stats\":[" \
		BAR("icps_error", "call%s to icmp_error", "1") "," \
		BAR("icps_odd", "\\tof them odd", "4") "," \
		BAR("icps_outhist_0", "echo reply", "2") "," \
		BAR("icps_outhist_3", "destination unreachable", "0") "," \
		BAR("icps_inhist_8", "echo", "1") "," BAR("icps_inhist_11", "time exceeded", "3") "]}"
#define PCBS6	"{\"pcbs\":[{\"proto\":6,\"state\":1,\"local\":\"::\",\"lport\":80,\"foreign\":\"::\"}," \
		"{\"proto\":17,\"local\":\"2001:db8:1:2:3:4:5:6\",\"lport\":53}," \
		"{\"proto\":17,\"local\":\"192.0.2.1\",\"lport\":53}]}"
#define BIGIF	"{\"interfaces\":[{\"name\":\"e0\",\"index\":2,\"mtu\":1500,\"flags\":0,\"stats\":{\"ipackets\":999,\"ierrors\":1000,\"iqdrops\":999500," \
		"\"ibytes\":1024,\"opackets\":9940,\"oerrors\":9960,\"obytes\":-1}}]}"
#define IFS6	"{\"interfaces\":[{\"name\":\"e0\",\"index\":2,\"mtu\":1500,\"addresses\":[" \
		"{\"family\":\"inet\",\"address\":\"192.0.2.1\",\"prefixlen\":24}," \
		"{\"family\":\"inet6\",\"address\":\"fe80::1%e0\",\"prefixlen\":64}],\"stats\":{}}]}"
#define RTSTATS	"{\"stats\":[{\"proto\":\"route\",\"name\":\"bad-redirects\",\"text\":\"bad routing redirect%s\",\"value\":0}," \
		"{\"proto\":\"route\",\"name\":\"unreachable-destination\",\"text\":\"destination%s found unreachable\",\"value\":1}]}"
#define STATS6	"{\"stats\":[{\"proto\":\"ip\",\"name\":\"a\",\"text\":\"packet%s\",\"value\":3}," \
		"{\"proto\":\"ip6\",\"name\":\"b\",\"text\":\"packet%s\",\"value\":1}," \
		"{\"proto\":\"tcp\",\"name\":\"c\",\"text\":\"segment%s\",\"value\":2}]}"
#define PLURALS "{\"stats\":[" BAR("a", "entry%s timed out", "0") "," BAR("b", "entry%s timed out", "1") \
		"," BAR("c", "bad address%s", "2") "," BAR("d", "delay%s", "3") "]}"
#define BAR(name, text, n) "{\"proto\":\"icmp\",\"name\":\"" name "\",\"text\":\"" text \
		"\",\"value\":" n "}"

#define NEXTHOPS "{\"nexthops\":[{\"id\":1,\"family\":\"inet\",\"flags\":2,\"gateway\":\"10.0.2.2\",\"interface\":\"e0\"}," \
		"{\"id\":2,\"family\":\"inet\",\"flags\":4096,\"interface\":\"\"},{\"id\":3,\"family\":\"inet6\",\"flags\":0," \
		"\"interface\":\"e0\"},{\"id\":7,\"flags\":0,\"interface\":\"\",\"group\":[{\"id\":1,\"weight\":4}]}]}"

static void
test_netstat_objects(void **state)
{
	static const struct show shows[] = {
		{ cmd_netstat, "netstat -o4", NEXTHOPS, "Nexthop data\n\nInternet:\nIdx   Type         Gateway                       Netif\n"
		    "1     v4/gw        10.0.2.2                      e0\n2     v4/blackhole                               \n" },
		{ cmd_netstat, "netstat --libxo json -o6", NEXTHOPS, "{\"__version\": \"1\", \"statistics\": {\"route-nhop-information\": "
		    "{\"nhop-table\": {\"rt-family\": [{\"address-family\": \"Internet6\", \"nh-entry\": [{\"index\": 3, \"type\": \"v6/resolve\", "
		    "\"gateway\": \"e0/resolve\", \"interface-name\": \"e0\"}]}]}}}}\n" },
		{ cmd_netstat, "netstat -O", NEXTHOPS, "Nexthop groups data\n\nGrpIdx  NhIdx    Weight                       Gateway    Netif\n"
		    "7       ------- -------\n        1             4                      10.0.2.2       e0\n" },
		{ cmd_netstat, "netstat -nAR", FLOWPCBS, "Active Internet connections\n"
		    "Tcpcb            Proto Recv-Q Send-Q Local Address      Foreign Address      flowid ftype\n"
		    "              1f tcp4       0      5 192.0.2.1.80       192.0.2.2.40000    00a0b0c0   191\n"
		    "               0 tcp4       0      0 192.0.2.1.80       192.0.2.2.40001    00000000     0\n" },
		{ cmd_netstat, "netstat -nA --libxo json", FLOWPCBS, "{\"__version\": \"1\", \"statistics\": {\"socket\": ["
		    "{\"address\": \"1f\", \"protocol\": \"tcp4\", \"receive-bytes-waiting\": 0, \"send-bytes-waiting\": 5, "
		    "\"local\": {\"address\": \"192.0.2.1\", \"port\": \"80\"}, \"remote\": {\"address\": \"192.0.2.2\", \"port\": \"40000\"}, "
		    "\"tcp-state\": \"ESTABLISHED\"}, {\"address\": \"0\", \"protocol\": \"tcp4\", \"receive-bytes-waiting\": 0, "
		    "\"send-bytes-waiting\": 0, \"local\": {\"address\": \"192.0.2.1\", \"port\": \"80\"}, "
		    "\"remote\": {\"address\": \"192.0.2.2\", \"port\": \"40001\"}, \"tcp-state\": \"TIME_WAIT\"}]}}\n" },
		{ cmd_netstat, "netstat -B", PACKETS, "  Pid  Netif   Flags      Recv      Drop     Match Sblen Hblen Command\n"
		    "    ?     e0 pi-s---         9         2         7   120     0 ?\n"
		    "    ?      * -if----         0         0         0     0     0 ?\n"
		    "    ?   gone -i-----         3         0         3     0     0 ?\n" },
		{ cmd_netstat, "netstat -BI e0 --libxo json", PACKETS, "{\"__version\": \"1\", \"bpf-statistics\": {\"bpf-entry\": ["
		    "{\"pid\": \"?\", \"interface-name\": \"e0\", \"promiscuous\": true, \"immediate\": true, \"header-complete\": true, "
		    "\"direction\": \"bidirectional\", \"received-packets\": 9, \"dropped-packets\": 2, \"filter-packets\": 7, "
		    "\"store-buffer-length\": 120, \"hold-buffer-length\": 0, \"process\": \"?\"}]}}\n" },
		{ cmd_netstat, "netstat -nx", BUFPCBS, "Active Internet connections\n"
		    "Proto Recv-Q Send-Q Local Address          Foreign Address         R-HIWA  S-HIWA R-LOWA S-LOWA\n"
		    "tcp4       0      5 192.0.2.1.80           192.0.2.2.40000          65536   32768      1   2048\n"
		    "tcp4       0      0 192.0.2.1.80           192.0.2.2.40001        \n" },
	};

	(void)state;
	CHECK(shows);
}

static void
test_netstat(void **state)
{
	static const struct show shows[] = {
		{ cmd_netstat, "netstat -rn", ROUTES,
		    "Routing tables\n\nInternet:\n"
		    "Destination        Gateway            Flags     Netif Expire\n"
		    "default            10.0.2.2           UGS     epair0a\n"
		    "10.0.2.0/24        link#2             U       epair0a\n"
		    "10.0.2.15          link#1             UHS         lo0     60\n" },
		{ cmd_netstat, "netstat -rnF 1", "{\"routes\":[]}",
		    "Routing tables (fib: 1)\n" },
		{ cmd_netstat, "netstat --libxo json "
		    "-rn", "{\"routes\":[{\"destination\":\"0.0.0.0\",\"prefixlen\":0,"
		    "\"flags\":2051,\"gateway\":\"10.0.2.2\","
		    "\"interface\":\"e\",\"index\":2,\"mtu\":1500,\"weight\":1}]}",
		    "{\"__version\": \"1\", \"statistics\": {\"route-information\": "
		    "{\"route-table\": {\"rt-family\": [{\"address-family\": \"Internet\", "
		    "\"rt-entry\": [{\"destination\": \"default\", \"gateway\": \"10.0.2.2\", "
		    "\"flags\": \"UGS\", \"flags_pretty\": [\"up\", \"gateway\", \"static\"], "
		    "\"weight\": 1, \"metric\": 0, \"interface-name\": \"e\"}]}]}}}}\n" },
		{ cmd_netstat, "netstat -rs", RTSTATS, "routing:\n\t0 bad routing redirects\n\t1 destination found unreachable\n" },
		{ cmd_netstat, "netstat -rss", RTSTATS, "routing:\n\t1 destination found unreachable\n" },
		{ cmd_netstat, "netstat -rs --libxo json", RTSTATS, "{\"__version\": \"1\", \"statistics\": {\"bad-redirects\": 0, \"unreachable-destination\": 1}}\n" },
		{ cmd_netstat, "netstat -nT", TCPPCBS,
		    "Active Internet connections\n"
		    "Proto Rexmit OOORcv 0-win  Local Address          Foreign Address       \n"
		    "tcp4       2      3      - 192.0.2.1.80           192.0.2.2.40000        \n"
		    "udp4                       192.0.2.1.53           *.*                    \n" },
		{ cmd_netstat, "netstat -nP -p tcp --libxo json", "{\"pcbs\":[{\"proto\":6,\"local\":\"10.0.0.1\",\"lport\":1,\"foreign\":\"10.0.0.2\",\"fport\":2,\"state\":4}]}",
		    "{\"__version\": \"1\", \"statistics\": {\"socket\": [{\"protocol\": \"tcp4\", \"receive-bytes-waiting\": 0, \"send-bytes-waiting\": 0, "
		    "\"local\": {\"address\": \"10.0.0.1\", \"port\": \"1\"}, \"remote\": {\"address\": \"10.0.0.2\", \"port\": \"2\"}, \"tcp-state\": \"ESTABLISHED\", "
		    "\"tcp-log-id\": \"-\"}]}}\n" },
		{ cmd_netstat, "netstat -nC -p tcp", TCPPCBS,
		    "Active Internet connections\n"
		    "Proto Recv-Q Send-Q Local Address          Foreign Address        (state)     CC                     cwin   ssthresh   MSS ECN\n"
		    "tcp4       0      5 192.0.2.1.80           192.0.2.2.40000        ESTABLISHED cubic                 14600 1073725440  1460 off\n" },
		{ cmd_netstat, "netstat -an", PCBS,
		    "Active Internet connections (including servers)\n"
		    "Proto Recv-Q Send-Q Local Address          Foreign Address        (state)\n"
		    "tcp4       0      0 *.80                   *.*                    LISTEN\n"
		    "tcp4       0      5 192.0.2.1.80           192.0.2.2.40000        "
		    "ESTABLISHED\n"
		    "udp4       0      0 *.53                   *.*                    \n" },
		{ cmd_netstat, "netstat -n", PCBS,
		    "Active Internet connections\n"
		    "Proto Recv-Q Send-Q Local Address          Foreign Address        (state)\n"
		    "tcp4       0      5 192.0.2.1.80           192.0.2.2.40000        "
		    "ESTABLISHED\n" },
		{ cmd_netstat, "netstat -anp udp", PCBS,
		    "Active Internet connections (including servers)\n"
		    "Proto Recv-Q Send-Q Local Address          Foreign Address        (state)\n"
		    "udp4       0      0 *.53                   *.*                    \n" },
		{ cmd_netstat, "netstat -Ln", PCBS,
		    "Current listen queue sizes (qlen/incqlen/maxqlen)\n"
		    "Proto Listen                           Local Address         \n"
		    "tcp4  1/0/128                          *.80                   \n" },
		{ cmd_netstat, "netstat --libxo json -n", PCBS,
		    "{\"__version\": \"1\", \"statistics\": {\"socket\": [{\"protocol\": \"tcp4\", "
		    "\"receive-bytes-waiting\": 0, \"send-bytes-waiting\": 5, "
		    "\"local\": {\"address\": \"192.0.2.1\", \"port\": \"80\"}, \"remote\": "
		    "{\"address\": \"192.0.2.2\", \"port\": \"40000\"}, "
		    "\"tcp-state\": \"ESTABLISHED\"}]}}\n" },
		{ cmd_netstat, "netstat -i", IFS,
		    "Name       Mtu Network       Address              Ipkts Ierrs Idrop    Opkts "
		    "Oerrs  Coll\n"
		    "epair0a*  1500 <Link#2>      02:00:00:00:00:01        7     1     2        9  "
		    "   0     0\n"
		    "epair0a*  1500 192.0.2.0/24  192.0.2.1                -     -     -        -  "
		    "   -     -\n" },
		{ cmd_netstat, "netstat -ihb", BIGIF, "Name    Mtu Network       Address              Ipkts Ierrs Idrop     Ibytes    Opkts Oerrs     Obytes  Coll\n"
		    "e0*    1500 <Link#2>      e0                     999  1.0k  1.0M       1.0K     9.9k   10k        16E     0\n" },
		{ cmd_netstat, "netstat -bdI epair0a", IFS,
		    "Name       Mtu Network       Address              Ipkts Ierrs Idrop     "
		    "Ibytes    Opkts Oerrs     Obytes  Coll  Drop\n"
		    "epair0a*  1500 <Link#2>      02:00:00:00:00:01        7     1     2        "
		    "700        9     0        900     0     3\n"
		    "epair0a*  1500 192.0.2.0/24  192.0.2.1                -     -     -          "
		    "-        -     -          -     -     -\n" },
		{ cmd_netstat, "netstat -an6", PCBS6,
		    "Active Internet connections (including servers)\n"
		    "Proto Recv-Q Send-Q Local Address          Foreign Address        (state)\n"
		    "tcp6       0      0 *.80                   *.*                    LISTEN\n"
		    "udp6       0      0 2001:db8:1:2:3:4:5:6.5 *.*                    \n" },
		{ cmd_netstat, "netstat -an4", PCBS6,
		    "Active Internet connections (including servers)\n"
		    "Proto Recv-Q Send-Q Local Address          Foreign Address        (state)\n"
		    "udp4       0      0 192.0.2.1.53           *.*                    \n" },
		{ cmd_netstat, "netstat -i -f inet6", IFS6,
		    "Name    Mtu Network       Address              Ipkts Ierrs Idrop    Opkts Oerrs "
		    " Coll\n"
		    "e0*    1500 <Link#2>      e0                       0     0     0        0     0 "
		    "    0\n"
		    "e0*    1500 fe80::%e0/64  fe80::1%e0               -     -     -        -     - "
		    "    -\n" },
		{ cmd_netstat, "netstat -s -f inet6", STATS6, "ip6:\n\t1 packet\ntcp:\n\t2 segments\n" },
		{ cmd_netstat, "netstat -s4", STATS6, "ip:\n\t3 packets\ntcp:\n\t2 segments\n" },
		{ cmd_netstat, "netstat -s", STATS,
		    "ip:\n\t1 total packet received\n\t2 packets forwarded (1 packet fast forwarded)\ntcp:\n\t0 connections "
		    "closed\n" },
		{ cmd_netstat, "netstat -s", PLURALS,
		    "icmp:\n\t0 entries timed out\n\t1 entry timed out\n\t2 bad addresses\n"
		    "\t3 delays\n" },
		{ cmd_netstat, "netstat -ss", STATS,
		    "ip:\n\t1 total packet received\n\t2 packets forwarded (1 packet fast forwarded)\ntcp:\n" },
		{ cmd_netstat, "netstat -sp icmp", HISTOGRAM,
		    "icmp:\n\t1 call to icmp_error\n\t\t4 of them odd\n\tOutput histogram:\n"
		    "\t\techo reply: 2\n\tInput histogram:\n\t\techo: 1\n\t\ttime exceeded: 3\n" },
		{ cmd_netstat, "netstat --libxo json -sp icmp", HISTOGRAM,
		    "{\"__version\": \"1\", \"statistics\": {\"icmp\": {\"icps_error\": 1, "
		    "\"icps_odd\": 4, \"output-histogram\": [{\"name\": \"echo reply\", "
		    "\"count\": 2}], \"input-histogram\": [{\"name\": \"echo\", \"count\": 1}, "
		    "{\"name\": \"time exceeded\", \"count\": 3}]}}}\n" },
		{ cmd_netstat, "netstat -s --libxo json", STATS,
		    "{\"__version\": \"1\", \"statistics\": {\"ip\": {\"ips_total\": 1, "
		    "\"ips_forward\": 2, \"ips_fastforward\": 1}, \"tcp\": {\"tcps_closed\": 0}}}\n" },
	};

	(void)state;
	CHECK(shows);
}

/*
 * arp
 */
#define NEIGHBOURS "{\"neighbours\":[" \
		"{\"address\":\"192.0.2.2\",\"lladdr\":\"02:00:00:00:00:02\",\"complete\":true," \
		"\"expire\":1199,\"interface\":\"epair0a\"}," \
		"{\"address\":\"192.0.2.1\",\"lladdr\":\"02:00:00:00:00:01\",\"complete\":true," \
		"\"permanent\":true,\"own\":true,\"interface\":\"epair0a\"}," \
		"{\"address\":\"192.0.2.9\",\"interface\":\"epair0a\"}]}"

#define REFUSED "{\"neighbours\":[{\"address\":\"192.0.2.8\",\"lladdr\":\"02:00:00:00:00:08\",\"complete\":true," \
		"\"permanent\":true,\"published\":true,\"refuse\":\"blackhole\",\"interface\":\"e0\"}]}"

static void
test_arp(void **state)
{
	static const struct show shows[] = {
		{ cmd_arp, "arp -an", NEIGHBOURS,
		    "? (192.0.2.2) at 02:00:00:00:00:02 on epair0a expires in 1199 seconds "
		    "[ethernet]\n"
		    "? (192.0.2.1) at 02:00:00:00:00:01 on epair0a permanent [ethernet]\n"
		    "? (192.0.2.9) at (incomplete) on epair0a expired [ethernet]\n" },
		{ cmd_arp, "arp -n 192.0.2.1", NEIGHBOURS,
		    "? (192.0.2.1) at 02:00:00:00:00:01 on epair0a permanent [ethernet]\n" },
		{ cmd_arp, "arp -n 192.0.2.8", REFUSED, "? (192.0.2.8) at 02:00:00:00:00:08 on e0 permanent published blackhole [ethernet]\n" },
		{ cmd_arp, "arp --libxo json -n 192.0.2.8", REFUSED, "{\"__version\": \"1\", \"arp\": {\"arp-cache\": [{\"hostname\": \"?\", "
		    "\"ip-address\": \"192.0.2.8\", \"mac-address\": \"02:00:00:00:00:08\", \"interface\": \"e0\", \"permanent\": true, "
		    "\"published\": true, \"refuse\": \"blackhole\", \"type\": \"ethernet\"}]}}\n" },
		{ cmd_arp, "arp -d 192.0.2.2", "{}", "192.0.2.2 (192.0.2.2) deleted\n" },
		{ cmd_arp, "arp -s 192.0.2.7 02:00:00:00:00:07", "{}", "" },
	};

	(void)state;
	CHECK(shows);
}

static void
test_arp_failures(void **state)
{
	struct fake fk;

	(void)state;
	fake_init(&fk, "arp");
	fake_ok(&fk, NEIGHBOURS);
	fake_run(&fk, cmd_arp, "arp -n 192.0.2.3");
	assert_int_equal(fk.fk_status, 1);
	assert_string_equal(fk.fk_out, "192.0.2.3 (192.0.2.3) -- no entry\n");
	fake_fail(&fk, ESRCH, "none");
	fake_ok(&fk, "{\"interfaces\":[]}");
	fake_run(&fk, cmd_arp, "arp -d 192.0.2.3");
	assert_int_equal(fk.fk_status, 1);
	assert_string_equal(fk.fk_err, "arp: delete: cannot locate 192.0.2.3\n");
	fake_fail(&fk, ESRCH, "none");
	fake_ok(&fk, "{\"interfaces\":[{\"name\":\"e0\",\"lladdr\":\"02:00:00:00:00:01\",\"addresses\":[{\"family\":\"inet\",\"address\":\"192.0.2.1\",\"prefixlen\":28}]}]}");
	fake_run(&fk, cmd_arp, "arp -d 192.0.2.3");
	assert_int_equal(fk.fk_status, 1);
	assert_string_equal(fk.fk_err, "arp: delete 192.0.2.3: No such file or directory\n");
	fake_free(&fk);
}

static void
test_arp_requests(void **state)
{
	struct fake fk;

	(void)state;
	fake_init(&fk, "arp");
	fake_ok(&fk, "{}");
	fake_run(&fk, cmd_arp, "arp -s 192.0.2.7 2:0:0:0:0:7 temp pub");
	assert_request(&fk, "{\"address\":\"192.0.2.7\",\"lladdr\":\"02:00:00:00:00:07\","
	    "\"op\":\"neigh.add\",\"permanent\":false,\"proxy\":false,\"published\":true}");
	fake_ok(&fk, "{}");
	fake_run(&fk, cmd_arp, "arp -s 192.0.2.7 2:0:0:0:0:7 reject pub only");
	assert_request(&fk, "{\"address\":\"192.0.2.7\",\"lladdr\":\"02:00:00:00:00:07\","
	    "\"op\":\"neigh.add\",\"permanent\":true,\"proxy\":true,\"published\":true,\"refuse\":\"reject\"}");
	fake_ok(&fk, "{\"interfaces\":[{\"name\":\"lo0\",\"addresses\":[{\"family\":\"inet\",\"address\":\"192.0.2.7\",\"prefixlen\":32}]},"
	    "{\"name\":\"e0\",\"lladdr\":\"02:00:00:00:00:01\",\"addresses\":[{\"family\":\"inet\",\"address\":\"192.0.2.1\",\"prefixlen\":28}]}]}");
	fake_ok(&fk, "{}");
	fake_run(&fk, cmd_arp, "arp -s 192.0.2.7 auto pub");
	assert_request(&fk, "{\"op\":\"if.list\"}");
	assert_request(&fk, "{\"address\":\"192.0.2.7\",\"lladdr\":\"02:00:00:00:00:01\","
	    "\"op\":\"neigh.add\",\"permanent\":true,\"proxy\":false,\"published\":true}");
	fake_ok(&fk, "{\"interfaces\":[]}");
	fake_run(&fk, cmd_arp, "arp -s 192.0.2.7 auto pub");
	assert_int_equal(fk.fk_status, 1);
	assert_string_equal(fk.fk_err, "arp: no interface found for 192.0.2.7\n");
	assert_request(&fk, "{\"op\":\"if.list\"}");
	fake_fail(&fk, ESRCH, "none");
	fake_ok(&fk, "{}");
	fake_run(&fk, cmd_arp, "arp -S 192.0.2.7 2:0:0:0:0:8");
	assert_int_equal(fk.fk_status, 0);
	assert_request(&fk, "{\"address\":\"192.0.2.7\",\"op\":\"neigh.delete\"}");
	assert_request(&fk, "{\"address\":\"192.0.2.7\",\"lladdr\":\"02:00:00:00:00:08\","
	    "\"op\":\"neigh.add\",\"permanent\":true,\"proxy\":false,\"published\":false}");
	assert_string_equal(fk.fk_out, "");
	fake_ok(&fk, "{}");
	fake_ok(&fk, "{}");
	fake_run(&fk, cmd_arp, "arp -S 192.0.2.7 2:0:0:0:0:8");
	assert_string_equal(fk.fk_out, "192.0.2.7 (192.0.2.7) deleted\n");
	assert_request(&fk, "{\"address\":\"192.0.2.7\",\"op\":\"neigh.delete\"}");
	assert_request(&fk, "{\"address\":\"192.0.2.7\",\"lladdr\":\"02:00:00:00:00:08\","
	    "\"op\":\"neigh.add\",\"permanent\":true,\"proxy\":false,\"published\":false}");
	fake_ok(&fk, NEIGHBOURS);
	fake_ok(&fk, "{}");
	fake_ok(&fk, "{}");
	fake_run(&fk, cmd_arp, "arp -da");
	assert_string_equal(fk.fk_out, "192.0.2.2 (192.0.2.2) deleted\n192.0.2.9 (192.0.2.9) "
	    "deleted\n");
	fake_free(&fk);
}

/*
 * sysctl, dmesg
 */
#define OIDS	"{\"sysctls\":[{\"name\":\"net.inet.ip.forwarding\",\"description\":\"Forward " \
		"packets\",\"type\":\"int\",\"writable\":true,\"value\":\"0\"}," \
		"{\"name\":\"net.inet.ip.x\",\"description\":\"\",\"type\":\"u64\"," \
		"\"writable\":false,\"value\":\"5\"}]}"

static void
test_sysctl(void **state)
{
	static const struct show shows[] = {
		{ cmd_sysctl, "sysctl -a", OIDS, "net.inet.ip.forwarding: 0\nnet.inet.ip.x: 5\n" },
		{ cmd_sysctl, "sysctl -n net.inet.ip", OIDS, "0\n5\n" },
		{ cmd_sysctl, "sysctl -e net.inet.ip", OIDS, "net.inet.ip.forwarding=0\n"
		    "net.inet.ip.x=5\n" },
		{ cmd_sysctl, "sysctl -W net.inet.ip", OIDS, "net.inet.ip.forwarding: 0\n" },
		{ cmd_sysctl, "sysctl -dt net.inet.ip", OIDS,
		    "net.inet.ip.forwarding: integer\nnet.inet.ip.x: uint64_t\n" },
		{ cmd_sysctl, "sysctl -N net.inet.ip", OIDS, "net.inet.ip.forwarding\n"
		    "net.inet.ip.x\n" },
		{ cmd_sysctl, "sysctl -x net.inet.ip", OIDS, "net.inet.ip.forwarding: 0000000000\n"
		    "net.inet.ip.x: 0x0000000000000005\n" },
		{ cmd_sysctl, "sysctl -l net.inet.ip", OIDS, "net.inet.ip.forwarding: 4\nnet.inet.ip.x: 8\n" },
		{ cmd_sysctl, "sysctl -h net.inet.ip", OIDS, "net.inet.ip.forwarding: 0\nnet.inet.ip.x: 5\n" },
		{ cmd_sysctl, "sysctl -T net.inet.ip", OIDS, "" },
		{ cmd_sysctl, "sysctl -ob net.inet.ip", "{\"sysctls\":[{\"name\":\"a\",\"type\":\"uint\",\"value\":\"875770417\"},"
		    "{\"name\":\"b\",\"type\":\"u64\",\"value\":\"7523094288207667809\"}]}", "1234abcdefgh" },
		{ cmd_sysctl, "sysctl net.inet.ip.forwarding=1", "{\"old\":\"0\",\"new\":\"1\"}",
		    "net.inet.ip.forwarding: 0 -> 1\n" },
		{ cmd_sysctl, "sysctl -n net.inet.ip.forwarding=1", "{\"old\":\"0\",\"new\":\"1\"}",
		    "0 -> 1\n" },
		{ cmd_sysctl, "sysctl -q net.inet.ip.forwarding=1", "{\"old\":\"0\",\"new\":\"1\"}",
		    "" },
		{ cmd_dmesg, "dmesg", "{\"lines\":[{\"uptime\":1500000,\"level\":6,"
		    "\"text\":\"hello\"},{\"uptime\":2000000000,\"level\":7,\"text\":\"detail\"}]}",
		    "hello\n" },
		{ cmd_dmesg, "dmesg", "{\"stamp\":1,\"lines\":[{\"uptime\":61001500000,\"level\":6,\"text\":\"hello\"}]}", "[61] hello\n" },
		{ cmd_dmesg, "dmesg", "{\"stamp\":2,\"lines\":[{\"uptime\":61001500000,\"level\":6,\"text\":\"hello\"}]}", "[61.001500] hello\n" },
		{ cmd_dmesg, "dmesg -a", "{\"lines\":[{\"uptime\":2000000000,\"level\":7,"
		    "\"text\":\"detail\"}]}", "detail\n" },
	};

	(void)state;
	CHECK(shows);
}

#define GROUP(ifname, group, mode, more)	"{\"interface\":\"" ifname "\",\"group\":\"" group "\",\"version\":2," \
		"\"robustness\":2,\"interval\":125,\"mode\":\"" mode "\",\"members\":3," more "}"

static void
test_groups(void **state)
{
	static const struct show shows[] = {
		{ cmd_ifmcstat, "ifmcstat", "{\"groups\":["
		    GROUP("a", "239.1.1.1", "include", "\"numsrc\":4,\"sources\":[\"192.0.2.1\",\"192.0.2.2\"]") ","
		    GROUP("b", "239.1.1.1", "exclude", "\"numsrc\":0,\"sources\":[]") ","
		    GROUP("a", "ff02::1:3%a", "exclude", "\"numsrc\":0,\"sources\":[]") "]}",
		    "a:\n\tigmpv2 rv 2 qi 125\n\t\tgroup 239.1.1.1 mode include refs 3\n"
		    "\t\t\tsource 192.0.2.1\n\t\t\tsource 192.0.2.2\n\t\t\tand 2 more\n"
		    "\tmldv2 rv 2 qi 125\n\t\tgroup ff02::1:3%a mode exclude refs 3\n"
		    "b:\n\tigmpv2 rv 2 qi 125\n\t\tgroup 239.1.1.1 mode exclude refs 3\n" },
		{ cmd_ifmcstat, "ifmcstat -f inet -i a", "{\"groups\":[]}", "" },
	};

	(void)state;
	CHECK(shows);
}

static void
test_sysctl_failures(void **state)
{
	struct fake fk;

	(void)state;
	fake_init(&fk, "sysctl");
	fake_run(&fk, cmd_sysctl, "sysctl -f /nonexistent a=1");
	assert_refused(&fk, EX_NOINPUT);
	assert_string_equal(fk.fk_err, "sysctl: /nonexistent: No such file or directory\n");
	fake_fail(&fk, ENOENT, "unknown oid 'net.bogus'");
	fake_run(&fk, cmd_sysctl, "sysctl net.bogus");
	assert_int_equal(fk.fk_status, 1);
	assert_string_equal(fk.fk_err, "sysctl: unknown oid 'net.bogus'\n");
	fake_fail(&fk, ENOENT, "");
	fake_run(&fk, cmd_sysctl, "sysctl -i -n net.bogus");
	assert_int_equal(fk.fk_status, 0);
	assert_string_equal(fk.fk_err, "");
	fake_free(&fk);
}

/*
 * Wrong usage.
 */
static void
test_wrong_words(void **state)
{
	static const struct wrong wrongs[] = {
		{ cmd_jls, "jls -c", "usage: jls words\n" },
		{ cmd_jls, "jls -c -j a name", "usage: jls words\n" },
		{ cmd_jls, "jls -cv -j a", "usage: jls words\n" },
		{ cmd_jls, "jls -Z", "jls: illegal option -- Z\nusage: jls words\n" },
		{ cmd_jls, "jls --libxo html", "jls: html: unsupported output style\n" },
		{ cmd_netstat, "netstat -z", "netstat: -z: only with -s, of protocols or routing\n" },
		{ cmd_netstat, "netstat -szI e0", "netstat: -z: only with -s, of protocols or routing\n" },
		{ cmd_netstat, "netstat -sgz", "netstat: -z: only with -s, of protocols or routing\n" },
		{ cmd_netstat, "netstat -sgr", "netstat: only one of -B, -g, -i, -m, -O, -o, -r, -s and -w can be shown at a time\n" },
		{ cmd_netstat, "netstat -ms", "netstat: only one of -B, -g, -i, -m, -O, -o, -r, -s and -w can be shown at a time\n" },
		{ cmd_netstat, "netstat -sw 1 -I e0", "netstat: only one of -B, -g, -i, -m, -O, -o, -r, -s and -w can be shown at a time\n" },
		{ cmd_netstat, "netstat -Q", "netstat: -Q: there are no netisr queues: what waits, waits in the queues of interfaces (-id) and sockets\n" },
		{ cmd_netstat, "netstat -f inet9", "netstat: inet9: unknown address family\n" },
		{ cmd_netstat, "netstat -F x -r", "netstat: invalid fib number: x\n" },
		{ cmd_netstat, "netstat -rg", "netstat: only one of -B, -g, -i, -m, -O, -o, -r, -s and -w can be shown at "
		    "a time\n" },
		{ cmd_netstat, "netstat -iw 1 -r", "netstat: only one of -B, -g, -i, -m, -O, -o, -r, -s and -w can be shown at "
		    "a time\n" },
		{ cmd_netstat, "netstat -q 1", "netstat: -q: only with -w\n" },
		{ cmd_netstat, "netstat -w 0", "netstat: invalid interval: 0\n" },
		{ cmd_netstat, "netstat -w 1 -q x", "netstat: invalid count: x\n" },
		{ cmd_netstat, "netstat -w", "netstat: option requires an argument -- w\nusage: netstat words\n" },
		{ cmd_netstat, "netstat -M core", "netstat: -M: there is no core of a stack to read\n" },
		{ cmd_netstat, "netstat -N kernel", "netstat: -N: there is no core of a stack to read\n" },
		{ cmd_netstat, "netstat -u", "netstat: -u: sockets of AF_UNIX are no stack's: sockstat(1) shows them\n" },
		{ cmd_netstat, "netstat -h", "netstat: -h: only with -i or -w\n" },
		{ cmd_netstat, "netstat -shi", "netstat: -h: only with -i or -w\n" },
		{ cmd_netstat, "netstat -Pr", "netstat: -C, -P, -R, -T and -x: only with connections\n" },
		{ cmd_netstat, "netstat -Px", "netstat: -x: not with -C, -P or -T\n" },
		{ cmd_netstat, "netstat -Br", "netstat: only one of -B, -g, -i, -m, -O, -o, -r, -s and -w can be shown at a time\n" },
		{ cmd_netstat, "netstat -Bz", "netstat: -z: only with -s, of protocols or routing\n" },
		{ cmd_netstat, "netstat -rA", "netstat: -A: only with sockets\n" },
		{ cmd_netstat, "netstat -RL", "netstat: -C, -P, -R, -T and -x: only with connections\n" },
		{ cmd_netstat, "netstat -RC", "netstat: -R: not with -C, -P, -T or -x\n" },
		{ cmd_netstat, "netstat -rx", "netstat: -C, -P, -R, -T and -x: only with connections\n" },
		{ cmd_netstat, "netstat -Cx", "netstat: -x: not with -C, -P or -T\n" },
		{ cmd_netstat, "netstat -rT", "netstat: -C, -P, -R, -T and -x: only with connections\n" },
		{ cmd_netstat, "netstat -LC", "netstat: -C, -P, -R, -T and -x: only with connections\n" },
		{ cmd_netstat, "netstat word", "usage: netstat words\n" },
		{ cmd_arp, "arp", "usage: arp words\n" },
		{ cmd_arp, "arp -s 192.0.2.1", "usage: arp words\n" },
		{ cmd_arp, "arp -s 192.0.2.1 xx", "arp: invalid Ethernet address 'xx'\n" },
		{ cmd_arp, "arp -s 192.0.2.1 02:00:00:00:00:01 perm", "arp: Invalid parameter 'perm'\n" },
		{ cmd_arp, "arp -s 192.0.2.1 02:00:00:00:00:01 reject blackhole", "arp: Choose one of blackhole or reject, not both.\n" },
		{ cmd_arp, "arp -s 192.0.2.1 02:00:00:00:00:01 blackhole only", "arp: Invalid parameter 'only'\n" },
		{ cmd_arp, "arp -s 192.0.2.1 auto", "arp: invalid Ethernet address 'auto'\n" },
		{ cmd_arp, "arp -f", "usage: arp words\n" },
		{ cmd_arp, "arp -af x", "usage: arp words\n" },
		{ cmd_arp, "arp -f /nonexistent", "arp: cannot open /nonexistent: No such file or directory\n" },
		{ cmd_arp, "arp -i e -s 192.0.2.1 02:00:00:00:00:01", "arp: -i not applicable to this operation\n" },
		{ cmd_arp, "arp -i e -d 192.0.2.1", "arp: -i not applicable to this operation\n" },
		{ cmd_arp, "arp -ds 192.0.2.1", "usage: arp words\n" },
		{ cmd_arp, "arp -i", "arp: option requires an argument -- i\nusage: arp words\n" },
		{ cmd_arp, "arp -a 192.0.2.1", "usage: arp words\n" },
		{ cmd_sysctl, "sysctl", "usage: sysctl words\n" },
		{ cmd_sysctl, "sysctl a=1 =2", "sysctl: =2: a name is missing\n" },
		{ cmd_sysctl, "sysctl -af x", "usage: sysctl words\n" },
		{ cmd_sysctl, "sysctl -Nn a", "usage: sysctl words\n" },
		{ cmd_sysctl, "sysctl -l a=1", "sysctl: a=1: cannot set with -d, -l, -N or -t\n" },
		{ cmd_sysctl, "sysctl -f", "sysctl: option requires an argument -- f\nusage: sysctl words\n" },
		{ cmd_sysctl, "sysctl -d a=1", "sysctl: a=1: cannot set with -d, -l, -N or -t\n" },
		{ cmd_sockstat, "sockstat word", "usage: sockstat words\n" },
		{ cmd_sockstat, "sockstat -z", "sockstat: illegal option -- z\nusage: sockstat words\n" },
		{ cmd_sockstat, "sockstat -j a -u", "sockstat: -u: only the jail itself knows; see jexec(8)\n" },
		{ cmd_sockstat, "sockstat -p", "sockstat: option requires an argument -- p\nusage: sockstat words\n" },
		{ cmd_sockstat, "sockstat -p 5-2", "sockstat: invalid port number or range: 5-2\n" },
		{ cmd_sockstat, "sockstat -P tcp,x", "sockstat: protocol x not supported\n" },
		{ cmd_setfib, "setfib", "usage: setfib words\n" },
		{ cmd_setfib, "setfib 1", "usage: setfib words\n" },
		{ cmd_setfib, "setfib -x a", "setfib: illegal option -- x\nusage: setfib words\n" },
		{ cmd_setfib, "setfib -F", "setfib: option requires an argument -- F\nusage: setfib words\n" },
		{ cmd_cpuset, "cpuset", "usage: cpuset words\n" },
		{ cmd_cpuset, "cpuset -y", "cpuset: illegal option -- y\nusage: cpuset words\n" },
		{ cmd_cpuset, "cpuset -l", "cpuset: option requires an argument -- l\nusage: cpuset words\n" },
		{ cmd_cpuset, "cpuset -g true", "usage: cpuset words\n" },
		{ cmd_cpuset, "cpuset -g -l 0", "usage: cpuset words\n" },
		{ cmd_cpuset, "cpuset -g -p 1 -j a", "usage: cpuset words\n" },
		{ cmd_cpuset, "cpuset -i -l 0", "usage: cpuset words\n" },
		{ cmd_cpuset, "cpuset -r -l 0", "usage: cpuset words\n" },
		{ cmd_cpuset, "cpuset -c true", "usage: cpuset words\n" },
		{ cmd_cpuset, "cpuset -l 0 -j a true", "usage: cpuset words\n" },
		{ cmd_cpuset, "cpuset -s 2", "usage: cpuset words\n" },
		{ cmd_cpuset, "cpuset -l 1-0 true", "cpuset: Malformed cpu-list 1-0\n" },
		{ cmd_cpuset, "cpuset -l 1024 true", "cpuset: List entry exceeds maximum of 1023\n" },
		{ cmd_cpuset, "cpuset -p x -l 0", "cpuset: \"x\" is not a number\n" },
		{ cmd_cpuset, "cpuset -g -c -p 1", "cpuset: of another process only its processors are known, not its set\n" },
		{ cmd_cpuset, "cpuset -c -l 0 -p 1", "cpuset: of another process only its processors can be changed, not its set\n" },
		{ cmd_cpuset, "cpuset -C -p 1", "cpuset: -C: sets are made with jails, by jail(8)\n" },
		{ cmd_cpuset, "cpuset -g -x 9", "cpuset: -x: interrupts are the host's\n" },
		{ cmd_cpuset, "cpuset -n round-robin true", "cpuset: -n: there are no memory domains here\n" },
		{ cmd_cpuset, "cpuset -g -d 0", "cpuset: -d: there are no memory domains here\n" },
		{ cmd_cpuset, "cpuset -g -p 99999999", "cpuset: getaffinity: No such process\n" },
		{ cmd_cpuset, "cpuset -l 0 -t 99999999", "cpuset: setaffinity: No such process\n" },
		{ cmd_kldload, "kldload", "usage: kldload words\n" },
		{ cmd_kldload, "kldload -f a", "kldload: illegal option -- f\nusage: kldload words\n" },
		{ cmd_kldload, "kldunload -n a", "kldunload: illegal option -- n\nusage: kldunload words\n" },
		{ cmd_kldload, "kldload -x a", "kldload: illegal option -- x\nusage: kldload words\n" },
		{ cmd_kldstat, "kldstat word", "usage: kldstat words\n" },
		{ cmd_kldstat, "kldstat -m", "kldstat: option requires an argument -- m\nusage: kldstat words\n" },
		{ cmd_ifmcstat, "ifmcstat word", "usage: ifmcstat words\n" },
		{ cmd_ifmcstat, "ifmcstat -i", "ifmcstat: option requires an argument -- i\nusage: ifmcstat words\n" },
		{ cmd_jls, "jls -j", "jls: option requires an argument -- j\nusage: jls words\n" },
		{ cmd_dmesg, "dmesg -M core", "dmesg: -M: a stack leaves no core behind; its messages are read while it lives\n" },
		{ cmd_dmesg, "dmesg -N kernel", "dmesg: -N: a stack leaves no core behind; its messages are read while it lives\n" },
		{ cmd_dmesg, "dmesg word", "usage: dmesg words\n" },
		{ cmd_dmesg, "dmesg -x", "dmesg: illegal option -- x\nusage: dmesg words\n" },
	};

	(void)state;
	refuse_all(wrongs, sizeof(wrongs) / sizeof(wrongs[0]));
}

/* An answer in parts is one answer. */
static void
test_parts_are_joined(void **state)
{
	struct fake fk;

	(void)state;
	fake_init(&fk, "sysctl");
	fake_ok(&fk, "{\"more\":true,\"sysctls\":[{\"name\":\"a\",\"value\":\"1\"}]}");
	fake_ok(&fk, "{\"sysctls\":[{\"name\":\"b\",\"value\":\"2\"}]}");
	fake_run(&fk, cmd_sysctl, "sysctl -a");
	assert_string_equal(fk.fk_out, "a: 1\nb: 2\n");
	fake_free(&fk);
}

static void
test_daemon_dies(void **state)
{
	struct fake fk;

	(void)state;
	fake_init(&fk, "sysctl");
	shutdown(ctl_conn_fd(fk.fk_daemon), SHUT_RDWR);
	fake_run(&fk, cmd_sysctl, "sysctl -a");
	assert_int_equal(fk.fk_status, 1);
	assert_string_equal(fk.fk_err, "sysctl: vimaged closed the connection\n");
	fake_free(&fk);
}

/* The sentence of a daemon that closes without reading is shown all the same. */
static void
test_turned_away(void **state)
{
	struct fake fk;

	(void)state;
	fake_init(&fk, "sysctl");
	fake_fail(&fk, EPERM, "go away");
	shutdown(ctl_conn_fd(fk.fk_daemon), SHUT_RDWR);
	fake_run(&fk, cmd_sysctl, "sysctl -a");
	assert_int_equal(fk.fk_status, 1);
	assert_string_equal(fk.fk_err, "sysctl: go away\n");
	fake_free(&fk);
}

static void
test_cpuset(void **state)
{
	static const struct show shows[] = {
		{ cmd_cpuset, "cpuset -g -j web", "{\"jails\":[{\"jid\":\"3\",\"vcpu.cpus\":\"0-1,5\",\"cpuset.id\":\"2\"}]}", "jail 3 mask: 0, 1, 5\n" },
		{ cmd_cpuset, "cpuset -g -r -j web", "{\"jails\":[{\"jid\":\"3\",\"vcpu.cpus\":\"1\",\"cpuset.id\":\"2\"}]}", "jail 3 root mask: 1\n" },
		{ cmd_cpuset, "cpuset -gi -j web", "{\"jails\":[{\"jid\":\"3\",\"vcpu.cpus\":\"1\",\"cpuset.id\":\"2\"}]}", "jail 3 cpuset id: 2\n" },
		{ cmd_cpuset, "cpuset -gi", "{\"jails\":[{\"jid\":\"0\",\"vcpu.cpus\":\"0-3\",\"cpuset.id\":\"1\"}]}", "pid -1 cpuset id: 1\n" },
		{ cmd_cpuset, "cpuset -g -c", "{\"jails\":[{\"jid\":\"0\",\"vcpu.cpus\":\"0-3\",\"cpuset.id\":\"1\"}]}", "pid -1 cpuset mask: 0, 1, 2, 3\n" },
		{ cmd_cpuset, "cpuset -g -s 1", "{\"jails\":[{\"jid\":\"0\",\"vcpu.cpus\":\"0\",\"cpuset.id\":\"1\"}]}", "cpuset 1 mask: 0\n" },
		{ cmd_cpuset, "cpuset -gi -s 1", "{\"jails\":[{\"jid\":\"0\",\"vcpu.cpus\":\"0\",\"cpuset.id\":\"1\"}]}", "cpuset 1 id: 1\n" },
	};
	struct fake fk;

	(void)state;
	CHECK(shows);
	/* Not the set that we are in. */
	fake_init(&fk, "cpuset");
	fake_ok(&fk, "{\"jails\":[{\"jid\":\"0\",\"vcpu.cpus\":\"0-3\",\"cpuset.id\":\"1\"}]}");
	fake_run(&fk, cmd_cpuset, "cpuset -c -l 0");
	assert_string_equal(fk.fk_err, "cpuset: setaffinity: Operation not permitted\n");
	assert_int_equal(fk.fk_status, 1);
	fake_free(&fk);
	fake_init(&fk, "cpuset");
	fake_ok(&fk, "{\"jails\":[{\"jid\":\"3\",\"vcpu.cpus\":\"0-3\",\"cpuset.id\":\"2\"}]}");
	fake_fail(&fk, EDEADLK, "somebody would have none left");
	fake_run(&fk, cmd_cpuset, "cpuset -l 0 -j web");
	assert_string_equal(fk.fk_err, "cpuset: setaffinity: Resource deadlock avoided\n");
	assert_int_equal(fk.fk_status, 1);
	fake_free(&fk);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_jls), cmocka_unit_test(test_jls_all), cmocka_unit_test(test_jls_failures),
		    cmocka_unit_test(test_netstat), cmocka_unit_test(test_netstat_objects),
		cmocka_unit_test(test_arp), cmocka_unit_test(test_arp_failures),
		    cmocka_unit_test(test_arp_requests),
		cmocka_unit_test(test_sysctl), cmocka_unit_test(test_sysctl_failures),
		    cmocka_unit_test(test_wrong_words), cmocka_unit_test(test_cpuset),
		cmocka_unit_test(test_parts_are_joined), cmocka_unit_test(test_daemon_dies),
		cmocka_unit_test(test_turned_away), cmocka_unit_test(test_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
