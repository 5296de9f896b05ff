/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_CTL_LINK_H
#define DAEMON_CTL_LINK_H

#include <jansson.h>

struct vi_vnet;

/* Adds a member "config" for an interface whose kind has options. */
void	ctl_put_config(json_t *, struct vi_vnet *, const char *ifname);
/* Adds a member "link" for an interface that has link properties. */
void	ctl_put_link(json_t *, struct vi_vnet *, const char *ifname);

#endif
