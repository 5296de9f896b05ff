/* SPDX-License-Identifier: BSD-2-Clause */
/* The files of /proc/net/dev_snmp6, for files_sys.c. */
#ifndef LINUX_FILES_SNMP6_H
#define LINUX_FILES_SNMP6_H

#include <stddef.h>

struct vi_vnet;

#define LX_DEVSNMP6	"dev_snmp6"

/* With the kernel lock.  The text is the caller's to free().  ENOENT: no such interface; ENOMEM. */
int	lx_devsnmp6(struct vi_vnet *, const char *ifname, char **text, size_t *len);

#endif
