/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The grammar of jail.conf(5):
 *
 *	file	 := { item }
 *	item	 := ';' | setting ';' | name '{' { item } '}' | .include "glob" ';'
 *	setting	 := name | name '=' value { ',' value } | name '+=' value { ',' value }
 */
%code requires {
#include "cmd/jailconf/jailconf_int.h"
#ifndef YY_TYPEDEF_YY_SCANNER_T
#define YY_TYPEDEF_YY_SCANNER_T
typedef void *yyscan_t;
#endif
}

%define api.pure full
%define api.prefix {jcyy}
%define parse.error custom
%locations
%param { yyscan_t scanner }
%parse-param { struct jc_reader *jr }

%union {
	struct jc_value *value;
	struct jc_values *values;
}

%code {
static void jcyyerror(const YYLTYPE *, yyscan_t, struct jc_reader *, const char *);
int	jcyylex(YYSTYPE *, YYLTYPE *, yyscan_t);
static struct jc_values *values_new(struct jc_values *, struct jc_value *);
}

%token <value> WORD "a word"
%token PLUSEQ "+=" INCLUDE ".include"
%type <values> values
%destructor { jc_value_free($$); } <value>
%destructor { jc_values_free($$); free($$); } <values>

%%

file:
	  items
	;

items:
	  %empty
	| items item
	;

item:
	  ';'
	| setting ';'
	| block
	| INCLUDE WORD ';'	{ if (jc_include(jr, $2) != 0) YYERROR; }
	;

block:
	  WORD '{'		{
				bool bad = jc_block_new(jr, $1) == NULL;

				$1 = NULL;
				if (bad)
					YYERROR;
			}
	  items '}'		{ jc_block_leave(jr); }
	;

setting:
	  WORD			{ jc_setting_add(jr, $1, JC_FLAG, NULL); if (jr->jr_error) YYERROR; }
	| WORD '=' values	{ jc_setting_add(jr, $1, JC_SET, $3); if (jr->jr_error) YYERROR; }
	| WORD PLUSEQ values	{ jc_setting_add(jr, $1, JC_ADD, $3); if (jr->jr_error) YYERROR; }
	;

values:
	  WORD			{ $$ = values_new(NULL, $1); }
	| values ',' WORD	{ $$ = values_new($1, $3); }
	;

%%

static void
jcyyerror(const YYLTYPE *loc, yyscan_t scanner, struct jc_reader *jr, const char *text)
{
	struct jc_loc where = { jr->jr_file, loc->first_line, loc->first_column };

	(void)scanner;
	jc_fail(jr, &where, "%s", text);
}

static struct jc_values *
values_new(struct jc_values *list, struct jc_value *jv)
{
	if (list == NULL) {
		list = jc_alloc(sizeof(*list));
		STAILQ_INIT(list);
	}
	STAILQ_INSERT_TAIL(list, jv, jv_link);
	return list;
}

/* "a comma where a value was expected" */
static const char *
token_text(yysymbol_kind_t kind)
{
	switch (kind) {
	case YYSYMBOL_YYEOF: return "end of file";
	case YYSYMBOL_WORD: return "word";
	case YYSYMBOL_PLUSEQ: return "+=";
	case YYSYMBOL_INCLUDE: return ".include";
	default: return yysymbol_name(kind);
	}
}

static int
yyreport_syntax_error(const yypcontext_t *ctx, yyscan_t scanner, struct jc_reader *jr)
{
	const YYLTYPE *loc = yypcontext_location(ctx);
	struct jc_loc where = { jr->jr_file, loc->first_line, loc->first_column };
	yysymbol_kind_t wanted[8], got = yypcontext_token(ctx);
	char text[128] = "";
	int n = yypcontext_expected_tokens(ctx, wanted, 8);
	size_t len = 0;

	(void)scanner;
	if (got == YYSYMBOL_YYEOF) {
		where.jl_line = jr->jr_line;
		where.jl_column = jr->jr_column;
	}
	for (int i = 0; i < n && n < 6 && len < sizeof(text); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
		    i == 0 ? ", expected " : i == n - 1 ? " or " : ", ", token_text(wanted[i]));
	jc_fail(jr, &where, "unexpected %s%s", token_text(got), text);
	return 0;
}
