/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses of a jail that shares a stack: "interface|address/length" in ip4.addr and ip6.addr, the parameters interface and ip_hostname.
 *
 * The daemon knows addresses only.  Those with an interface are put on it, in our own stack, before the jail is made, and taken away after it
 * is gone.
 */
#include "cmd/jail_int.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

#include "cmd/inet.h"

static const struct addr_param {
	const char	*ap_name;
	int		 ap_bits;
} addr_params[] = { { "ip4.addr", 32 }, { "ip6.addr", 128 } };

#define NADDRPARAMS	(sizeof(addr_params) / sizeof(addr_params[0]))

struct jaddr {
	char		 ja_if[32];	/* "": none */
	char		 ja_addr[128];
	int		 ja_len;
};

static bool
parse(const struct job *jb, const struct addr_param *ap, const char *text, struct jaddr *ja)
{
	const char *bar = strchr(text, '|'), *addr = bar != NULL ? bar + 1 : text, *slash = strchr(addr, '/');
	const char *ifname = jc_param_str(&jb->jb_params, "interface", "");
	long long len = ap->ap_bits;

	snprintf(ja->ja_if, sizeof(ja->ja_if), "%.*s", bar != NULL ? (int)(bar - text) : (int)strlen(ifname), bar != NULL ? text : ifname);
	snprintf(ja->ja_addr, sizeof(ja->ja_addr), "%.*s", (int)(slash != NULL ? slash - addr : (long)strlen(addr)), addr);
	ja->ja_len = ap->ap_bits;
	if (slash != NULL && ap->ap_bits == 32 && inet_mask_number(slash + 1, &ja->ja_len))
		return true;
	if (slash != NULL && !cmd_number(slash + 1, 0, ap->ap_bits, &len)) {
		job_warnx(jb, "%s: \"%s\" is no length of a prefix", ap->ap_name, slash + 1);
		return false;
	}
	ja->ja_len = (int)len;
	return true;
}

/* Calls fn for each; stops at the first false. */
static bool
walk(struct job *jb, bool (*fn)(struct job *, const struct jaddr *))
{
	const struct jc_param *pm;
	struct jaddr ja;
	bool ok = true;

	for (size_t i = 0; i < NADDRPARAMS; i++) {
		pm = jc_param(&jb->jb_params, addr_params[i].ap_name);
		for (unsigned v = 0; pm != NULL && v < pm->pm_n && ok; v++) {
			char *copy = jc_strndup(pm->pm_values[v], strlen(pm->pm_values[v])), *rest = copy, *word;

			while (ok && (word = strsep(&rest, ",")) != NULL)
				ok = word[0] == '\0' || (parse(jb, &addr_params[i], word, &ja) && fn(jb, &ja));
			free(copy);
		}
	}
	return ok;
}

static bool
check(struct job *jb, const struct jaddr *ja)
{
	(void)jb, (void)ja;
	return true;
}

/* One that is there keeps its prefix. */
static bool
is_there(const struct job *jb, const struct jaddr *ja)
{
	json_t *r, *ifp, *addr;
	struct cmd_error ce;
	bool found = false;
	size_t i, k;

	if (cmd_try(jb->jb_jail->j_cx, json_pack("{s:s,s:s}", "op", "if.list", "name", ja->ja_if), &r, &ce) != 0)
		return false;
	json_array_foreach(json_object_get(r, "interfaces"), i, ifp)
		json_array_foreach(json_object_get(ifp, "addresses"), k, addr)
			found = found || strcmp(cmd_str(addr, "address"), ja->ja_addr) == 0;
	json_decref(r);
	return found;
}

static bool
add(struct job *jb, const struct jaddr *ja)
{
	struct cmd_error ce;
	int error;

	if (ja->ja_if[0] == '\0')
		return true;
	if (is_there(jb, ja)) {
		jb->jb_addrs++;
		return true;
	}
	error = cmd_try(jb->jb_jail->j_cx, json_pack("{s:s,s:s,s:s,s:i,s:b}", "op", "addr.add", "name", ja->ja_if, "address", ja->ja_addr,
	    "prefixlen", ja->ja_len, "alias", 1), NULL, &ce);
	if (error != 0) {
		job_warnx(jb, "%s on %s: %s", ja->ja_addr, ja->ja_if, error == ENXIO ? "there is no such interface" : ce.ce_text);
		return false;
	}
	jb->jb_addrs++;
	return true;
}

bool
addr_add_all(struct job *jb)
{
	return walk(jb, add);
}

/* After a failed start those that were put there; after a stop all that are configured. */
static bool
take_away(struct job *jb, const struct jaddr *ja)
{
	struct cmd_error ce;

	if (ja->ja_if[0] == '\0' || (jb->jb_start && jb->jb_addrs == 0))
		return true;
	if (jb->jb_start)
		jb->jb_addrs--;
	(void)cmd_try(jb->jb_jail->j_cx, json_pack("{s:s,s:s,s:s}", "op", "addr.delete", "name", ja->ja_if, "address", ja->ja_addr), NULL, &ce);
	return true;
}

void
addr_remove_all(struct job *jb)
{
	(void)walk(jb, take_away);
}

/* ip_hostname: the addresses that host.hostname has come before the others. */
static bool
resolve(struct job *jb)
{
	const char *name = jc_param_str(&jb->jb_params, "host.hostname", NULL);
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list, *ai;
	char text[INET6_ADDRSTRLEN];
	unsigned n[NADDRPARAMS] = { 0 };

	if (!jc_param_bool(&jb->jb_params, "ip_hostname", false))
		return true;
	if (name == NULL) {
		job_warnx(jb, "ip_hostname: host.hostname is not set");
		return false;
	}
	if (getaddrinfo(name, NULL, &hints, &list) != 0) {
		job_warnx(jb, "ip_hostname: %s: no address is known", name);
		return false;
	}
	for (ai = list; ai != NULL; ai = ai->ai_next) {
		size_t i = ai->ai_family == AF_INET6;

		if (getnameinfo(ai->ai_addr, ai->ai_addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST) == 0)
			jc_param_insert(&jb->jb_params, addr_params[i].ap_name, n[i]++, text);
	}
	freeaddrinfo(list);
	return true;
}

bool
addr_settle(struct job *jb)
{
	return resolve(jb) && walk(jb, check);
}

bool
addr_has(const struct job *jb)
{
	return jc_param(&jb->jb_params, addr_params[0].ap_name) != NULL || jc_param(&jb->jb_params, addr_params[1].ap_name) != NULL;
}

/* "lo0|192.0.2.1/24" as the daemon knows it: the address alone. */
json_t *
addr_value(const char *name, const char *text)
{
	const char *word = text;
	char *out, *p;
	json_t *value;
	size_t len;

	if (strcmp(name, addr_params[0].ap_name) != 0 && strcmp(name, addr_params[1].ap_name) != 0)
		return json_string(text);
	out = p = jc_alloc(strlen(text) + 1);
	for (;;) {
		size_t bar = strcspn(word, "|,");

		if (word[bar] == '|')
			word += bar + 1;
		len = strcspn(word, "/,");
		p = mempcpy(p, word, len);
		word += strcspn(word, ",");
		if (*word == '\0')
			break;
		*p++ = *word++;
	}
	value = json_string(out);
	free(out);
	return value;
}
