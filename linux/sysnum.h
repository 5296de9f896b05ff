/* SPDX-License-Identifier: BSD-2-Clause */
/* System calls newer than the headers of the oldest system we build on; their numbers are the same on every processor. */
#ifndef LINUX_SYSNUM_H
#define LINUX_SYSNUM_H

#define LX_SYS_MOUNT_SETATTR	442
#define LX_SYS_QUOTACTL_FD	443
#define LX_SYS_FCHMODAT2	452
#define LX_SYS_SETXATTRAT	463
#define LX_SYS_REMOVEXATTRAT	466
#define LX_SYS_OPEN_TREE_ATTR	467

/* Those of i386 that come to us; notifications of them have negative numbers. */
#define LX_I386_SETAFFINITY	241
#define LX_I386_OLDOLDUNAME	59
#define LX_I386_OLDUNAME	109
#define LX_I386_UNAME		122

#endif
