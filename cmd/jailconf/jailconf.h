/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jail.conf(5): reading files into a tree, and asking the tree what a jail's parameters are.
 *
 * A configuration is a list of blocks; a block is a name (a jail, a pattern, or none: global) and
 * a list of settings; a setting is a name, an operator and values; a value is a sequence of
 * pieces, plain text or the name of a variable to be put there.
 */
#ifndef CMD_JAILCONF_JAILCONF_H
#define CMD_JAILCONF_JAILCONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>

#define JC_ERRLEN	512
#define JC_MAXDEPTH	16	/* files that include files; variables in variables */

struct jc_loc {
	const char	*jl_file;	/* belongs to the configuration */
	int		 jl_line, jl_column;
};

struct jc_piece {
	STAILQ_ENTRY(jc_piece) jp_link;
	bool		 jp_var;	/* jp_text is the name of a variable */
	char		*jp_text;
};

struct jc_value {
	STAILQ_ENTRY(jc_value) jv_link;
	STAILQ_HEAD(, jc_piece) jv_pieces;
	struct jc_loc	 jv_loc;
	bool		 jv_quoted;	/* some of it was in quotes: may be empty */
};
STAILQ_HEAD(jc_values, jc_value);

enum jc_op { JC_FLAG, JC_SET, JC_ADD };

struct jc_setting {
	STAILQ_ENTRY(jc_setting) js_link;
	enum jc_op	 js_op;
	char		*js_name;	/* a variable's begins with $ */
	struct jc_values js_values;
	struct jc_loc	 js_loc;
};

struct jc_block {
	STAILQ_ENTRY(jc_block) bk_link;
	STAILQ_ENTRY(jc_block) bk_shared;	/* without a name, or wild: said of many jails */
	RB_ENTRY(jc_block) bk_byname;	/* the first of its name */
	struct jc_block	*bk_same, *bk_last;	/* of one name: the next; the last, in the first */
	unsigned	 bk_order;	/* grows as they are read */
	char		*bk_name;	/* NULL: global */
	struct jc_block	*bk_parent;	/* NULL */
	unsigned	 bk_scope;	/* settings of scope N are for blocks of scope N; 0: for all */
	bool		 bk_wild;
	STAILQ_HEAD(, jc_setting) bk_settings;
};

struct jc_file {
	STAILQ_ENTRY(jc_file) jf_link;
	char		*jf_name;
};

struct jc_conf {
	STAILQ_HEAD(, jc_block) jc_blocks, jc_shared;
	RB_HEAD(jc_names, jc_block) jc_names;
	STAILQ_HEAD(, jc_file) jc_files;
	unsigned	 jc_scope;	/* of what is being read */
	unsigned	 jc_depth;	/* of files that include each other */
	struct jc_block	*jc_within;	/* the block whose .include is being read; NULL: outside of blocks */
	char		 jc_err[JC_ERRLEN];	/* "FILE:LINE:COLUMN: sentence" */
};

/* A jail's parameters, all variables replaced. */
struct jc_param {
	STAILQ_ENTRY(jc_param) pm_link;
	char		*pm_name;
	struct jc_loc	 pm_loc;	/* jl_file NULL: from the command line */
	unsigned	 pm_n;		/* values; 0: present without one */
	char		**pm_values;
};
STAILQ_HEAD(jc_params, jc_param);

void	jc_init(struct jc_conf *);
void	jc_clear(struct jc_conf *);
/*
 * Reads a file ("-": standard input, which may be what jls -s prints) or a text and adds it.  0 or
 * errno with jc_err set.
 */
int	jc_read(struct jc_conf *, const char *path);
int	jc_read_text(struct jc_conf *, const char *name, const char *text, size_t len);

/* "*", "a.*": the last star stands for any rest, another for one part of a name. */
bool	jc_match(const char *pattern, const char *name);
bool	jc_iswild(const char *name);
/* The first block of that name; NULL. */
const struct jc_block *jc_find(const struct jc_conf *, const char *name);
/* Is a parameter set for any jail at all? */
bool	jc_mentions(const struct jc_conf *, const char *param);
/*
 * What the configuration says of a jail; extra are settings that come last (command line), or
 * NULL.  EINVAL with jc_err.
 */
int	jc_params(struct jc_conf *, const char *name, const struct jc_block *extra,
	    struct jc_params *);
/* A block of settings that stand in no file. */
struct jc_block *jc_line_new(void);
void	jc_line_free(struct jc_block *);
void	jc_line_put(struct jc_block *, const char *name, enum jc_op, const char *value);
void	jc_params_free(struct jc_params *);
const struct jc_param *jc_param(const struct jc_params *, const char *name);	/* NULL */
/* One more value before that of a number, of one more parameter if need be. */
void	jc_param_insert(struct jc_params *, const char *name, unsigned at, const char *value);
/* First value; def when there is none. */
const char *jc_param_str(const struct jc_params *, const char *name, const char *def);
/* persist, nopersist, persist=false: the last of them counts. */
bool	jc_param_bool(const struct jc_params *, const char *name, bool def);

void	*jc_alloc(size_t);		/* zeroed; ends the program when there is no memory */
char	*jc_strndup(const char *, size_t);

#endif
