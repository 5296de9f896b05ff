/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses of sockets of the host as the commands and vimaged write them: "/path" and "@name" (abstract) of the unix family, "192.0.2.1:80" and
 * "[2001:db8::1]:80" with numbers only.
 */
#ifndef CTL_HOSTADDR_H
#define CTL_HOSTADDR_H

#include <stddef.h>
#include <sys/socket.h>

#define HOSTADDR_TEXT	128	/* the longest, with its NUL */

int	hostaddr_parse(const char *, struct sockaddr_storage *, socklen_t *);	/* EINVAL; ENAMETOOLONG */
void	hostaddr_text(const struct sockaddr_storage *, socklen_t, char text[HOSTADDR_TEXT]);

#endif
