/* SPDX-License-Identifier: BSD-2-Clause */
/* System calls newer than the headers of the oldest system we build on; their numbers are the same on every processor. */
#ifndef LINUX_SYSNUM_H
#define LINUX_SYSNUM_H

#define LX_SYS_MOUNT_SETATTR	442
#define LX_SYS_OPEN_TREE_ATTR	467

#endif
