/* SPDX-License-Identifier: BSD-2-Clause */
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"

static const struct cmd commands[] = {
	{ "arp", cmd_arp, "[-j jail] [-n] [-i interface] host | -a | -s host mac [temp] [blackhole | reject] [pub [only]] | -S "
	    "host mac [temp] [blackhole | reject] [pub [only]] | -d host | -d -a | -f file" },
	{ "cpuset", cmd_cpuset, "[-l cpu-list] command [argument ...] | [-c] -l cpu-list [-j jail | -p pid | -t tid | -s setid] | "
	    "-g [-cir] [-j jail | -p pid | -t tid | -s setid]" },
	{ "dmesg", cmd_dmesg, "[-ac] [-j jail]" },
	{ "ifconfig", cmd_ifconfig,
	    "[-j jail] [-f format] [-a | -l | -C | -g group | -G group] [-DdkLmuv] [interface [create | destroy | "
	    "parameter ...] [family]]" },
	{ "ifmcstat", cmd_ifmcstat, "[-j jail] [-i interface] [-f family]" },
	{ "jail", cmd_jail, "[-dhilqv] [-J file] [-n name] [-s level] [-u user | -U user] "
	    "-cmr parameter=value ... [command=command ...] | [-qv] [-f file] [-p limit] "
	    "-cmr [jail ...] | [-qv] [-f file] -rRC [jail ...] | [-f file] -e separator | "
	    "path hostname address command ..." },
	{ "jexec", cmd_jexec, "[-l] [-d dir] [-e name=value] [-u username | -U username] [-x class=jail] jail [command ...]" },
	{ "jls", cmd_jls, "[-adhNnqsv] [--libxo style] [-j jail] [parameter ...] | -c [-d] -j jail" },
	{ "kldload", cmd_kldload, "[-nqv] file ..." },
	{ "kldstat", cmd_kldstat, "[-hqv] [-i id] [-m module] [-n file]" },
	{ "kldunload", cmd_kldload, "[-fv] file ..." },
	{ "ndp", cmd_ndp, "[-j jail] [-nt] host | -a | -A wait | -c | -d host | -f file | -s host mac [temp] [proxy] | "
	    "-i interface [flag ...] | -I [interface | delete] | -D | -H | -P | -p | -R | -r" },
	{ "netstat", cmd_netstat,
	    "[-j jail] [--libxo style] [-46AaCLlnPRSTWx] [-f family] [-p protocol] | -i [-bdhnW] [-I interface] | "
	    "-B [-I interface] | -w wait [-dh] [-I interface] [-q count] | -g [-46s] | -m | -O | -o | -r [-nW] [-F fib] | -s [-sz] [-p protocol] | -i -s [-46s] [-I interface] [-p protocol] | -rs [-sz]" },
	{ "ping", cmd_ping,
	    "[-46AaDdfHLnoQqRrv] [-b bufsiz] [-C pcp] [-c count] [-G sweepmaxsize] [-g sweepminsize] [-h sweepincrsize] [-I iface] "
	    "[-i wait] [-l preload] [-M mask | time] [-m ttl] [-p pattern] [-S src_addr] [-s packetsize] [-T ttl] [-t timeout] "
	    "[-W waittime] [-z tos] host" },
	{ "ping6", cmd_ping,
	    "[-AaDdfHLnoQqrv] [-b bufsiz] [-c count] [-G sweepmaxsize] [-g sweepminsize] [-h sweepincrsize] [-I iface] "
	    "[-i wait] [-l preload] [-m hoplimit] [-p pattern] [-S src_addr] [-s packetsize] [-T hoplimit] "
	    "[-t timeout] [-W waittime] [-z tclass] host" },
	{ "route", cmd_route, "[-j jail] [-46dnqtv] command [[modifiers] args]" },
	{ "setfib", cmd_setfib, "[-[F]]fib command [argument ...]" },
	{ "sockstat", cmd_sockstat, "[-46AbCcfIiLlnqSsUuvw] [-j jail] [--libxo style] [-P protocols] [-p ports]" },
	{ "sysctl", cmd_sysctl, "[-j jail] [-bdehilNnqtWx] [-f file] name[=value] ... | -a" },
	{ "vimage", cmd_vimage, "[-L instance] [command [argument ...] | status [--libxo style] | "
	    "shutdown | -c | -m name [parameter ...] | -d name | -l [-v] [name] | "
	    "-i name ifname [newifname] | name [command ...]]" },
	{ NULL, NULL, NULL },
};

const struct cmd *
cmd_find(const char *name)
{
	const struct cmd *c;

	for (c = commands; c->c_name != NULL; c++)
		if (strcmp(c->c_name, name) == 0)
			return c;
	return NULL;
}

/* Requests are JSON: a name that cannot be said must not become none, which means everything. */
static bool
words_are_text(int argc, char **argv)
{
	json_t *word;

	for (int i = 1; i < argc; i++) {
		if ((word = json_string(argv[i])) == NULL)
			return false;
		json_decref(word);
	}
	return true;
}

int
cmd_run(const struct cmd *c, const char *instance, int argc, char **argv)
{
	struct cmd_ctx cx = { .cx_prog = c->c_name, .cx_usage = c->c_usage,
	    .cx_instance = instance };
	int status;

	if (!words_are_text(argc, argv)) {
		cmd_warnx(&cx, "an argument is not UTF-8 text");
		return 1;
	}
	optind = 0;		/* glibc's way to start anew */
	opterr = 0;
	status = c->c_fn(&cx, argc, argv);
	ctl_conn_free(cx.cx_conn);
	if (fflush(stdout) != 0 && status == 0) {
		perror(c->c_name);
		status = 1;
	}
	return status;
}

int
main(int argc, char **argv)
{
	const char *instance = getenv("VIMAGE_INSTANCE");
	const struct cmd *c;

	if (instance == NULL || instance[0] == '\0')
		instance = "default";
	if (argc < 1 || (c = cmd_find(basename(argv[0]))) == NULL)
		c = cmd_find("vimage");
	return cmd_run(c, instance, argc, argv);
}
