/* SPDX-License-Identifier: BSD-2-Clause */
/* What the driver's files share: calls of packetdrill's table. */
#ifndef TESTS_PACKET_ADAPTER_H
#define TESTS_PACKET_ADAPTER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PD_EXPORT	__attribute__((visibility("default")))
#define PD_FIRSTFD	10000	/* beyond whatever packetdrill opens itself */

/* As send(2) and recv(2), errno and all. */
ssize_t	 pd_send(void *, int fd, const void *, size_t, int flags);
ssize_t	 pd_recv(void *, int fd, void *, size_t, int flags);
bool	 pd_hasurgent(int fd);

/* pipe.c */
int	 pd_pipe(void *, int fd[2]);
int	 pd_splice(void *, int in, loff_t *inoff, int out, loff_t *outoff, size_t len, unsigned flags);
/* Can all of it be touched? */
bool	 pd_mapped(const void *, size_t);

#endif
