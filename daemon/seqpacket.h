/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages between vimaged, its spawner and the jails' inits: one struct seqmsg per packet,
 * with descriptors.  All three are the same program, so there is no encoding; but a jail's init
 * may be in the hands of the jail's root, so vimaged believes nothing that it says about other
 * jails.
 */
#ifndef DAEMON_SEQPACKET_H
#define DAEMON_SEQPACKET_H

#include <stddef.h>
#include <stdint.h>

#define SEQ_MAXFDS	5
#define SEQ_TEXT	256

enum seqtype {
	/*
	 * To the spawner.  SPAWN_INIT: make the init of a jail; with its end of a pair and a
	 * memory file with struct init_params.  sm_id is the jproc's, sm_ino
	 * those of the jails whose processes and whose IPC it shares (0: none), sm_text the path of its share.
	 */
	SPAWN_INIT = 1,
	SPAWN_KILL,		/* sm_id: SIGKILL to that init */
	/* sm_text: path of jails; sm_arg: share; sm_flags: percent; sm_ino[0]: processes; sm_id 1: only if it is known. */
	SPAWN_CPU,
	SPAWN_CPUGONE,		/* sm_text */
	SPAWN_FILE,		/* sm_text: path of a socket; sm_ino: its device and number: it goes when we do */
	SPAWN_WITNESS,		/* sm_id: of the init of its jail; with its end of a pair (witness.h) */
	SPAWN_MOUNT,		/* memory file with a path; sm_ino[0]: the mount's number; sm_flags: 1 = it is there now, 0 = no longer */

	/* From the spawner. */
	SPAWN_PROBED,		/* sm_arg: enum iso_mode, sm_text: what the host lacks */
	SPAWN_MADE,		/* sm_arg: pid; sm_ino: its namespaces; sm_flags: CLONE_* */
	SPAWN_FAILED,		/* sm_arg: errno, sm_text */
	SPAWN_DIED,		/* sm_arg: wait status */

	/* To an init; sm_id is the exec's. */
	INIT_EXEC,		/* with struct program (memory file), its 0, 1, 2, and what to execute if that is given */
	INIT_GO,		/* the listener is attached */
	INIT_ABORT,		/* it is not: kill the program */
	INIT_SIGNAL,		/* sm_arg: signal; sm_flags: 1 = its process group */
	INIT_KILLALL,		/* sm_arg: signal to every process of the jail */
	INIT_HOSTNAME,		/* sm_text */
	INIT_DOMAINNAME,	/* sm_text */
	INIT_IPCLIMITS,		/* sm_text: four numbers, as in struct init_params */

	/* From an init. */
	INIT_READY,		/* sm_text: what the host lacks, or ""; with the descriptors of kmsg.h, if it has them */
	INIT_FILES,		/* before READY; with its end, sm_arg: which of netfs.h */
	INIT_BROKEN,		/* sm_arg: errno, sm_text: the jail cannot have processes */
	INIT_LISTENER,		/* with the seccomp listener; sm_arg: pid as the jail sees it */
	INIT_STARTED,		/* the program runs */
	/* Its process has been waited for; sm_flags SEQ_LAST: also EMPTY, sm_ino[0] as its sm_id. */
	INIT_FAILED,		/* sm_arg: errno, sm_text: of what; sm_flags SEQ_NOEXEC: exec failed */
	INIT_EXITED,		/* sm_arg: wait status */
	INIT_EMPTY,		/* no process is left; sm_id: the last exec it knows of */
};

#define SEQ_NOEXEC	1u
#define SEQ_LAST	2u

struct seqmsg {
	uint32_t	sm_type;
	uint32_t	sm_id;
	int32_t		sm_arg;
	uint32_t	sm_flags;
	uint64_t	sm_ino[2];
	char		sm_text[SEQ_TEXT];
};

int	seq_pair(int fds[2]);		/* close-on-exec; errno */
/* 0 or errno; EAGAIN only with MSG_DONTWAIT in flags. */
int	seq_send(int fd, const struct seqmsg *, const int *fds, unsigned nfds, int flags);
/* 0, EAGAIN, ECONNRESET at the end.  *nfds: how many came; they are close-on-exec. */
int	seq_recv(int fd, struct seqmsg *, int fds[SEQ_MAXFDS], unsigned *nfds, int flags);
/* A file in memory that holds these bytes. */
int	memfile(const void *, size_t, int *fd);

#endif
