/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the scanner, the grammar and the tree. */
#ifndef CMD_JAILCONF_JAILCONF_INT_H
#define CMD_JAILCONF_JAILCONF_INT_H

#include <stdio.h>

#include "cmd/jailconf/jailconf.h"

/* One file being read. */
struct jc_reader {
	struct jc_conf	*jr_conf;
	const char	*jr_file;
	struct jc_block	*jr_block;	/* the block being read; one without a name: settings outside of blocks */
	struct jc_value	*jr_word;	/* the scanner's, while it grows */
	struct jc_loc	 jr_mark;	/* where a comment began */
	int		 jr_line, jr_column;	/* of the next byte */
	int		 jr_error;
};

struct jc_block *jc_block_new(struct jc_reader *, struct jc_value *name);	/* consumes; NULL: error */
struct jc_block *jc_block_add(struct jc_conf *);	/* a name is to be given */
/* Once and for all; NULL: global.  Consumes the name. */
void	jc_block_name(struct jc_conf *, struct jc_block *, char *name);
int	jc_read_stdin(struct jc_conf *);
struct jc_value *jc_value_new(const struct jc_loc *);
void	jc_value_free(struct jc_value *);
void	jc_values_free(struct jc_values *);
void	jc_value_text(struct jc_value *, const char *, size_t);	/* appends */
void	jc_value_var(struct jc_value *, const char *, size_t);
/* Consumes name and values (NULL: none). */
void	jc_setting_add(struct jc_reader *, struct jc_value *name, enum jc_op, struct jc_values *);
void	jc_setting_free(struct jc_setting *);
void	jc_block_leave(struct jc_reader *);
int	jc_include(struct jc_reader *, struct jc_value *pattern);	/* consumes */
void	jc_fail(struct jc_reader *, const struct jc_loc *, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));
/* Reads from f until its end. */
int	jc_parse(struct jc_reader *, FILE *f);

#endif
