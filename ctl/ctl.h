/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control protocol between the commands and vimaged.
 *
 * A stream socket carries messages: a 4-byte length (network byte order, at most CTL_MAXMSG) and that many bytes of JSON, one object.
 * Descriptors travel with the first byte of a message (SCM_RIGHTS), at most CTL_MAXFDS.
 *
 * Request:  { "op": "if.list", "jail": "web", ... arguments ... }     "jail" is optional: the object's jail, relative to the caller; absent = the caller's own.
 * Reply:    { "ok": true, ... results ... }  or  { "ok": false, "errno": 17, "error": "one sentence" }.
 * Long answers come as several messages with "more": true, the last without.  Long-lived operations ("exec") exchange further messages described at the operation.
 * The operations, with arguments and results, are listed in ctl/OPERATIONS.md; daemon/ctl_*.c implements them, cmd/ calls them, a test compares the three.
 */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>

#define CTL_MAXMSG	(16u << 20)
#define CTL_MAXFDS	8

struct ctl_conn;	/* a buffered, optionally non-blocking connection */

int	ctl_conn_new(int fd, struct ctl_conn **);		/* owns fd */
void	ctl_conn_free(struct ctl_conn *);
int	ctl_conn_fd(const struct ctl_conn *);
/* Queues and tries to write; fds are duplicated.  EMSGSIZE, EPIPE, ENOMEM.  Blocking connections write all. */
int	ctl_send(struct ctl_conn *, const json_t *msg, const int *fds, unsigned nfds);
/* One message (caller decrefs) and its descriptors (caller closes; *nfds in: room, out: got).  EAGAIN (non-blocking), ECONNRESET at the end, EPROTO. */
int	ctl_recv(struct ctl_conn *, json_t **msg, int *fds, unsigned *nfds);
int	ctl_flush(struct ctl_conn *);				/* EAGAIN: wait for POLLOUT */
bool	ctl_want_write(const struct ctl_conn *);

/* Where an instance listens: $VIMAGE_DIR, else $XDG_RUNTIME_DIR/vimage, else /run/vimage for uid 0, else /tmp/vimage-UID; file INSTANCE.sock; the folder is made 0700 and its owner verified. */
int	ctl_instance_path(const char *instance, char *buf, size_t len);
bool	ctl_answers(const char *path);	/* does somebody listen on that socket? */
/*
 * Connects: inside a jail through the LX_AF_CTL family, otherwise to the instance's socket; start: if nobody listens, start vimaged (found beside
 * the running program, or on PATH) and wait until it does.  err (256 bytes) gets a sentence.
 */
int	ctl_connect(const char *instance, bool start, struct ctl_conn **, char *err);

#endif
