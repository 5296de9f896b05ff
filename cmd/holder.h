/* SPDX-License-Identifier: BSD-2-Clause */
/* Which processes hold the descriptors that are sockets, by /proc: what the caller may not look into is not there. */
#ifndef CMD_HOLDER_H
#define CMD_HOLDER_H

#include <stdbool.h>
#include <stddef.h>

/* One descriptor of one process that is a socket of the host's. */
struct holder {
	unsigned long long ho_ino;
	int		 ho_pid, ho_fd;
	bool		 ho_stack;	/* of a socket of a stack */
};

struct holders {
	struct holder	*hs_list;	/* by inode */
	size_t		 hs_n, hs_size;
};

bool	holders_scan(struct holders *);	/* false: no memory */
void	holders_free(struct holders *);
/* The first of those that hold the inode, the others are behind it; NULL. */
struct holder *holder_find(const struct holders *, unsigned long long ino);
struct holder *holder_next(const struct holders *, const struct holder *);
/* The name of the process; "" when it is gone. */
void	holder_command(int pid, char *comm, size_t len);

#endif
