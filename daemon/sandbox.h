/* SPDX-License-Identifier: BSD-2-Clause */
/* What vimaged takes from itself once it is up. */
#ifndef DAEMON_SANDBOX_H
#define DAEMON_SANDBOX_H

int	sandbox_enter(void);	/* errno */

#endif
