/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CMD_IFCONFIG_INT_H
#define CMD_IFCONFIG_INT_H

#include <stdbool.h>

#include "cmd/cmd.h"

/* What to list and how. */
struct if_list {
	const char	*il_name;	/* NULL: all */
	const char	*il_group, *il_nogroup;	/* of one, of all but one; NULL */
	const char	*il_family;	/* "inet", "inet6", "ether", "link"; NULL: all */
	bool		 il_names;	/* -l */
	bool		 il_verbose;	/* -v */
	bool		 il_up, il_down;
	enum if_inetfmt { IF_INET_HEX, IF_INET_CIDR, IF_INET_DOTTED } il_inet;
	bool		 il_cidr6;	/* 2001:db8::1/64 */
	bool		 il_driver;	/* -D */
	bool		 il_dash;	/* 02-00-.. */
	bool		 il_media;	/* -m */
};

/* Names of the bits of a word; the last has no name. */
struct if_bit {
	unsigned	 b_bit;
	const char	*b_name;
};
/* "name=8843<UP,BROADCAST>" */
void	ifconfig_print_bits(const char *name, unsigned flags, const struct if_bit *);

int	ifconfig_list(struct cmd_ctx *, const struct if_list *);
/* Does the interface have such a cable? */
bool	ifconfig_has_media(const json_t *ifp);
#define IFCONFIG_MEDIA	"10Gbase-T"	/* what each of those has, and nothing else */
int	ifconfig_cloners(struct cmd_ctx *);
bool	ifconfig_format(struct if_list *, char *format);	/* -f; false: not understood */
/* The words behind the interface's name: all are understood before the first is done. */
int	ifconfig_set(struct cmd_ctx *, const char *name, int argc, char **argv);

/* A link property (the word, its argument or NULL) for if.link; EINVAL. */
int	ifconfig_link_take(json_t *op, const char *word, const char *arg);
void	ifconfig_link_print(const json_t *ifp);

/*
 * Words of some kinds of interfaces: how many words follow (-1: no such word); the operation (NULL:
 * not UTF-8); what is set.
 */
int	ifconfig_conf_args(const char *word);
json_t	*ifconfig_conf_op(const char *word, int argc, char **argv);
/* The same for what joins an interface to something of the host's. */
int	ifconfig_medium_args(const char *word);
json_t	*ifconfig_medium_op(const char *word, int argc, char **argv);
/* A socket bound to the port of the host that is forwarded, where that takes a privilege; -1: vimaged does it, or says why not. */
int	ifconfig_forward_open(const json_t *op);
/* Opens what the operation speaks of, which is made complete; *fdp: -1 if nothing is to be passed.  -1 after a message. */
int	ifconfig_medium_open(struct cmd_ctx *, const char *ifname, json_t *op, int *fdp);
/* Kinds are shown before or behind the groups. */
void	ifconfig_conf_print(const json_t *ifp, bool early, bool verbose);

/* ifconfig_l2.c: bridge, vlan, lagg as ifconfig(8) shows them. */
void	ifconfig_print_bridge(const json_t *config, bool verbose);
void	ifconfig_print_vlan(const json_t *config, bool verbose);
void	ifconfig_print_lagg(const json_t *config, bool verbose);
void	ifconfig_print_addresses(const json_t *list);	/* NULL: none */

#endif
