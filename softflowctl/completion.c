/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A shell script that completes the words of the tables.  It walks them as
 * the parser does: place is the table where the next word comes from, an
 * argument is passed over, and what ends in a loop goes on there.
 */

#include <stdio.h>

#include "parser.h"

/* A table that ends in a loop is another in each. */
static void
print_place(FILE *out, const struct table *t, const struct table *loop)
{
	if (loop == NULL || loop == t)
		fprintf(out, "%s", t->name);
	else
		fprintf(out, "%s.%s", loop->name, t->name);
}

/* Where each word of a table leads, if anywhere. */
static void
print_steps(FILE *out, const struct table *t, const struct table *loop)
{
	const struct token *token;
	const struct table *next;

	for (token = t->tokens; token < t->tokens + t->n; token++) {
		next = token->next != NULL ? token->next : loop;
		if (next == NULL)
			continue;
		fprintf(out, "\t\t");
		print_place(out, t, loop);
		fprintf(out, "/%s) ", token->word);
		if (token->arg != NULL)
			fprintf(out, "i=$((i + 1)) ");
		fprintf(out, "place=");
		print_place(out, next, loop);
		fprintf(out, " ;;\n");
	}
}

static void
print_words(FILE *out, const struct table *t, const struct table *loop)
{
	unsigned int i;

	fprintf(out, "\t");
	print_place(out, t, loop);
	fprintf(out, ") list='");
	for (i = 0; i < t->n; i++)
		fprintf(out, "%s%s", i > 0 ? " " : "", t->tokens[i].word);
	fprintf(out, "' ;;\n");
}

/* Print each table that can be reached; help's leads back. */
static void
each_table(FILE *out, const struct table *t, const struct table *loop,
    void (*print)(FILE *, const struct table *, const struct table *))
{
	const struct table *next, *last = NULL;
	unsigned int i;

	if (t->repeat != TABLE_ONCE)
		loop = t;
	print(out, t, loop);
	for (i = 0; i < t->n; i++) {
		next = t->tokens[i].next;
		if (next != NULL && next != last && next != &parser_main)
			each_table(out, next, loop, print);
		last = next;
	}
}

void
completion_print(FILE *out)
{
	fprintf(out,
	    "# Completes the words of softflowctl in bash; in zsh say before\n"
	    "# it: autoload -U bashcompinit && bashcompinit\n"
	    "_softflowctl()\n"
	    "{\n"
	    "\tlocal i=1 place=main list=\n"
	    "\twhile [ \"$i\" -lt \"$COMP_CWORD\" ]; do\n"
	    "\t\tcase $place/${COMP_WORDS[i]} in\n"
	    "\t\tmain/-*c) i=$((i + 1)) ;;\n"
	    "\t\tmain/-*) ;;\n");
	each_table(out, &parser_main, NULL, print_steps);
	fprintf(out,
	    "\t\t*) place=end ;;\n"
	    "\t\tesac\n"
	    "\t\ti=$((i + 1))\n"
	    "\tdone\n"
	    "\tif [ \"$i\" -ne \"$COMP_CWORD\" ]; then\n"
	    "\t\t[ $place = main ] && place=file || place=end\n"
	    "\tfi\n"
	    "\tcase $place in\n"
	    "\tfile) COMPREPLY=($(compgen -f -- "
	    "\"${COMP_WORDS[COMP_CWORD]}\")); return ;;\n");
	each_table(out, &parser_main, NULL, print_words);
	fprintf(out,
	    "\tesac\n"
	    "\tCOMPREPLY=($(compgen -W \"$list\" -- "
	    "\"${COMP_WORDS[COMP_CWORD]}\"))\n"
	    "}\n"
	    "complete -F _softflowctl softflowctl\n");
}
