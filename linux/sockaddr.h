/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses as the host writes them. */
#ifndef LINUX_SOCKADDR_H
#define LINUX_SOCKADDR_H

#include <sys/socket.h>

#include <vimage/types.h>

int	 sockaddr_parse(const void *, size_t len, struct vi_sockaddr *);	/* EINVAL, EAFNOSUPPORT */
socklen_t sockaddr_build(const struct vi_sockaddr *, struct sockaddr_storage *);

#endif
