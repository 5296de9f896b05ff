/* SPDX-License-Identifier: BSD-2-Clause */
/* netstat -B: who reads frames, in the words for readers of BPF devices. */
#include "cmd/netstat.h"

#include <stdio.h>
#include <string.h>

#include "cmd/holder.h"
#include "cmd/xo.h"

/* Frames are to be had as they come; nobody feeds his own back, is told by a signal of ours, or locked. */
static void
emit_flags(struct xo *xo, const json_t *pk)
{
	const bool promisc = cmd_bool(pk, "promisc"), raw = cmd_bool(pk, "raw"), out = cmd_bool(pk, "outgoing");

	xo_emit(xo, "{P:/%c}{P:/%c}{P:/%c}{P:/%c}--- ", promisc ? 'p' : '-', 'i', raw ? '-' : 'f', out ? 's' : '-');
	if (promisc)
		xo_emit(xo, "{en:promiscuous/true}");
	xo_emit(xo, "{en:immediate/true}");
	if (raw)
		xo_emit(xo, "{en:header-complete/true}");
	xo_emit(xo, "{e:direction/%s}", out ? "bidirectional" : "input");
}

static void
emit_reader(struct netstat *ns, const json_t *pk, const struct holder *ho)
{
	const char *ifname = cmd_str(pk, "interface");
	char pid[16] = "?", comm[32] = "?";

	if (ho != NULL) {
		snprintf(pid, sizeof(pid), "%d", ho->ho_pid);
		holder_command(ho->ho_pid, comm, sizeof(comm));
	}
	if (ifname[0] == '\0')
		ifname = cmd_bool(pk, "gone") ? "gone" : "*";
	xo_open_instance(ns->ns_xo);
	xo_emit(ns->ns_xo, "{t:pid/%5s} {t:interface-name/%6s} ", pid, ifname);
	emit_flags(ns->ns_xo, pk);
	xo_emit(ns->ns_xo, "{:received-packets/%9jd} {:dropped-packets/%9jd} {:filter-packets/%9jd} ", cmd_int(pk, "frames"), cmd_int(pk, "drops"),
	    cmd_int(pk, "matched"));
	xo_emit(ns->ns_xo, "{:store-buffer-length/%5jd} {:hold-buffer-length/%5jd} {t:process/%s}\n", cmd_int(pk, "waiting"), (json_int_t)0, comm);
	xo_close(ns->ns_xo);
}

/* Each process that holds it once. */
static void
emit_readers(struct netstat *ns, const struct holders *hs, const json_t *pk)
{
	const struct holder *ho = holder_find(hs, (unsigned long long)cmd_int(pk, "inode")), *next;

	if (ho == NULL)
		emit_reader(ns, pk, NULL);
	for (; ho != NULL; ho = next) {
		next = holder_next(hs, ho);
		if (next == NULL || next->ho_pid != ho->ho_pid)
			emit_reader(ns, pk, ho);
	}
}

int
netstat_packets(struct netstat *ns)
{
	struct holders hs = { .hs_n = 0 };
	json_t *r, *pk;
	size_t i;

	if (cmd_call(ns->ns_cx, json_pack("{s:s}", "op", "packet.list"), &r) != 0)
		return 1;
	if (!holders_scan(&hs)) {
		cmd_warnx(ns->ns_cx, "no memory for the list of processes");
		json_decref(r);
		return 1;
	}
	xo_emit(ns->ns_xo, "{T:/%5s} {T:/%6s} {T:/%7s} {T:/%9s} {T:/%9s} {T:/%9s} {T:/%5s} {T:/%5s} {T:/%s}\n", "Pid", "Netif", "Flags", "Recv", "Drop",
	    "Match", "Sblen", "Hblen", "Command");
	xo_open_container(ns->ns_xo, "bpf-statistics");
	xo_open_list(ns->ns_xo, "bpf-entry");
	json_array_foreach(json_object_get(r, "packets"), i, pk)
		if (ns->ns_interface == NULL || strcmp(ns->ns_interface, cmd_str(pk, "interface")) == 0)
			emit_readers(ns, &hs, pk);
	xo_close(ns->ns_xo);
	xo_close(ns->ns_xo);
	holders_free(&hs);
	json_decref(r);
	return 0;
}
