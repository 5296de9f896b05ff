/* SPDX-License-Identifier: BSD-2-Clause */
/* sockstat -u: the sockets of AF_UNIX, which are the host kernel's: proc_net(5) lists those of a jail's network namespace. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cmd/sockstat_int.h"

#define FLAG_LISTEN	0x10000		/* __SO_ACCEPTCON */
#define STATE_CONNECTED	3		/* SS_CONNECTED */

struct unixsock {
	unsigned	 us_flags, us_type, us_state;
	unsigned long long us_ino;
	char		 us_path[128];	/* "": none */
};

static bool
parse_line(const char *line, struct unixsock *us)
{
	us->us_path[0] = '\0';
	return sscanf(line, "%*s %*x %*x %x %x %x %llu %127[^\n]", &us->us_flags, &us->us_type, &us->us_state, &us->us_ino, us->us_path) >= 4;
}

static const char *
type_name(unsigned type)
{
	return type == SOCK_STREAM ? "stream" : type == SOCK_DGRAM ? "dgram" : "seqpack";
}

static bool
wanted(const struct sockstat *ss, const struct unixsock *us, const struct holder *ho)
{
	const bool connected = us->us_state == STATE_CONNECTED;

	if (ss->ss_ports != NULL || ss->ss_protos != NULL || (ho != NULL && ho->ho_stack))
		return false;
	if (ss->ss_connected || ss->ss_listening)
		return connected ? ss->ss_connected : ss->ss_listening && (us->us_flags & FLAG_LISTEN) != 0;
	return true;
}

/* BSD's words; who is at the other end the host's list does not tell. */
static bool
add_all(struct sockstat *ss, const struct unixsock *us, struct holder *ho)
{
	const bool connected = us->us_state == STATE_CONNECTED;
	struct sockrow sr = { .sr_unix = true, .sr_bound = us->us_path[0] != '\0' };
	bool ok;

	snprintf(sr.sr_text[SS_PROTO], SS_TEXTLEN, "%s", type_name(us->us_type));
	snprintf(sr.sr_local, SS_ADDRLEN, "%s", sr.sr_bound ? us->us_path : connected ? "" : "(not connected)");
	snprintf(sr.sr_foreign, SS_ADDRLEN, "%s", connected ? "-> ??" : "");
	do {
		ok = sockstat_add(ss, ho, &sr);
	} while (ok && ho != NULL && (ho = holder_next(&ss->ss_holders, ho)) != NULL);
	return ok;
}

int
sockstat_unix(struct sockstat *ss, const json_t *pcbs)
{
	struct unixsock us;
	struct holder *ho;
	bool ok = true;
	char *line = NULL;
	size_t room = 0, i;
	json_t *pcb;
	FILE *f;

	if ((f = fopen("/proc/self/net/unix", "re")) == NULL) {
		cmd_warnx(ss->ss_cx, "/proc/self/net/unix: %s", strerror(errno));
		return 1;
	}
	json_array_foreach(pcbs, i, pcb)
		for (ho = holder_find(&ss->ss_holders, (unsigned long long)cmd_int(pcb, "inode")); ho != NULL; ho = holder_next(&ss->ss_holders, ho))
			ho->ho_stack = true;
	while (ok && getline(&line, &room, f) > 0) {
		if (!parse_line(line, &us))
			continue;		/* titles */
		ho = holder_find(&ss->ss_holders, us.us_ino);
		if (wanted(ss, &us, ho))
			ok = add_all(ss, &us, ho);
	}
	free(line);
	fclose(f);
	if (!ok)
		cmd_warnx(ss->ss_cx, "no memory for the list of sockets");
	return ok ? 0 : 1;
}
