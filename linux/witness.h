/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is asked of a witness: a process that stands where a program stands, with its rights, and says what the host's kernel is going to refuse.
 * Messages of a SOCK_SEQPACKET: a struct witness_ask, then the paths; a struct witness_answer.  Both ends are the same program.
 */
#ifndef LINUX_WITNESS_H
#define LINUX_WITNESS_H

#include <stdbool.h>
#include <stdint.h>

#define WITNESS_PATH	4096	/* PATH_MAX, with its end */
#define WITNESS_TEXT	200

enum witness_kind {
	/* Files. */
	WITNESS_USE,		/* as wl_mode says */
	WITNESS_CREATE,		/* likewise, or made if it is not there */
	WITNESS_MAKE,		/* a new name */
	WITNESS_REMOVE,		/* a name goes */
	WITNESS_REPLACE,	/* a name comes, and what has it goes */
	WITNESS_OWN,		/* what its owner may */
	/* IPC objects. */
	WITNESS_SHM,
	WITNESS_SEM,
	WITNESS_MSG,
	WITNESS_MQ,		/* its path is its name */
};

struct witness_look {
	uint8_t	 wl_kind;
	uint8_t	 wl_mode;	/* R_OK, W_OK, X_OK */
	bool	 wl_nofollow;	/* files: a symbolic link is meant itself */
	bool	 wl_own;	/* IPC: it is to be changed or removed */
	bool	 wl_key;	/* System V: wl_number is a key, not an id */
	bool	 wl_make;	/* IPC: made if it is not there */
	uint16_t wl_len;	/* of its path, with its end; 0: none */
	int32_t	 wl_number;	/* files: a descriptor of the program, where the path begins or which is meant (""); AT_FDCWD */
};

struct witness_ask {
	uint64_t wa_id;
	int32_t	 wa_tid;	/* as the host knows it */
	uint32_t wa_n;
	struct witness_look wa_look[2];
};

struct witness_answer {
	uint64_t wr_id;		/* 0: another has taken the place of one that a question kept too long */
	int32_t	 wr_error;	/* 0: not refused, or not known */
	char	 wr_text[WITNESS_TEXT];	/* what is refused; printable */
};

#endif
