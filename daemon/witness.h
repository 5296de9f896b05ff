/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_WITNESS_H
#define DAEMON_WITNESS_H

#include <stdbool.h>

struct nsjoin;

/*
 * In a process of its own, which it ends: enters the user and IPC namespaces of a jail and answers on sock what linux/witness.h asks, until that is
 * closed, or SIGALRM ends it because a question took too long.  again: another had to end, and his question has no answer.
 */
void	witness_run(const struct nsjoin *, int sock, bool again) __attribute__((noreturn));

#endif
