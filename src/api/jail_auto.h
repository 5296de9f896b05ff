/* SPDX-License-Identifier: BSD-2-Clause */
/* vnet.interface=auto, and unat: interfaces that are made for a jail. */
#ifndef API_JAIL_AUTO_H
#define API_JAIL_AUTO_H

#include "base/sbuf.h"
#include "net/ifnet.h"
#include "vimage/prison.h"

#define AUTO_MAX	16

struct autolist {
	unsigned	au_n;
	bool		au_unat[AUTO_MAX];		/* a link to the host's network, not a pair */
	char		au_bridge[AUTO_MAX][IFNAMSIZ];	/* "": none */
	struct ifnet	*au_near[AUTO_MAX];		/* made; NULL */
};

/* Is this word of vnet.interface ours?  "auto", "auto:bridge0", "unat"; EINVAL with err. */
int	autolist_add(struct autolist *, const char *word, size_t len, bool *ours, struct sbuf *err);
/* All or none, before anything else is lent. */
int	autolist_make(struct autolist *, struct prison *caller, struct prison *, struct sbuf *err);
void	autolist_undo(struct autolist *);

#endif
