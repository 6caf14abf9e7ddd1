#!/usr/bin/env atf-sh
#
# The manual pages: well formed, spelt right, and of one mind with the code and
# the usage text, both ways.  Numbers are softflowd/manual_test's.

. "$(atf_get_srcdir)/common.sh"

page=$tree/man/softflowd.8
ctlpage=$tree/man/softflowctl.8
pages=$(cd "$tree/man" && echo *.[58])

# A case of nothing but a body.
manual_test_case() {
	atf_test_case "$1"
	eval "$1_head() { atf_set descr \"$2\"; atf_set require.progs \"${3:-}\"; }"
	cases="$cases $1"
}
cases=

# Lists of one word a line, which may be in any order.
check_same() {
	LC_ALL=C sort -u "$1" >"$1.sorted"
	LC_ALL=C sort -u "$2" >"$2.sorted"
	atf_check -o not-empty cat "$1.sorted"
	atf_check diff -u "$1.sorted" "$2.sorted"
}

# Lines of a page's section, by its heading.
section() {
	awk -v head="$2" '/^\.S[hs] / { on = substr($0, 5) == head } on' "$1"
}

# Of the list below an option: the names of its items.
items_of() {
	awk -v letter="$1" '
	$1 == ".It" && $2 == "Fl" { on = $3 == letter }
	/^\.S[hs] / { on = 0 }
	on && $1 == ".It" && $2 == "Cm" { print $3 }' "$page"
}

# What an option's message says is allowed, one word a line.
names_of() {
	"$softflowd" -r f "$1" "${2:-nonsense}" 2>&1 | sed -n \
	    -e 's/.*known are //p' -e 's/.*the names are //p' |
	    tr ',()' '\n\n\n' | tr ' ' '\n' | grep -v -e '^$' -e '^and$'
}

manual_test_case pages_have_no_lint \
    "mandoc -Tlint has nothing to say as OpenBSD and NetBSD use it" mandoc
pages_have_no_lint_body() {
	# Revisions are for pages in those systems' own trees, which are told
	# by them; other pages need not be installed.
	for system in openbsd netbsd; do
		for p in $pages; do
			mandoc -Tlint -W $system "$tree/man/$p" >lint 2>/dev/null
			atf_check -o ignore grep 'RCS id missing' lint
			atf_check -s exit:1 grep -v -e 'RCS id missing' \
			    -e 'Mdocdate missing' \
			    -e 'referenced manual not found' lint
		done
	done
}

manual_test_case pages_fit_a_terminal "of 80 columns" mandoc
pages_fit_a_terminal_body() {
	for p in $pages; do
		mandoc -T ascii "$tree/man/$p" | col -bx >"$p.txt"
		atf_check -o empty awk 'length > 80' "$p.txt"
	done
}

manual_test_case what_documents_refer_to_is_there \
    "sections of a page, files of the tree, tests of SECURITY.md"
what_documents_refer_to_is_there_body() {
	for p in $pages; do
		sed -n 's/^\.Sx //p' "$tree/man/$p" |
		    sed 's/ [.,;:)]*$//' | while read -r name; do
			grep -q "^\.S[hs] $name\$" "$tree/man/$p" ||
			    echo "$p: $name"
		done
	done >missing
	grep -ohE '`(lib|man|regress|softflowd|softflowctl)/[A-Za-z0-9_./]*`' \
	    "$tree/README.md" "$tree/SECURITY.md" | tr -d '`' | while read -r name; do
		[ -e "$tree/$name" ] || echo "$name"
	done >>missing
	grep -oE '`([a-z]+_){3,}[a-z]+`' "$tree/SECURITY.md" | tr -d '`' |
	    while read -r name; do
		grep -q "($name, tc)" "$tree"/regress/softflowd/*_test.c ||
		    echo "$name"
	done >>missing
	atf_check -o empty cat missing
}

manual_test_case documents_are_spelt_right \
    "but for the words of data/words" "aspell"
documents_are_spelt_right_body() {
	echo word | aspell --lang=en list >/dev/null 2>&1 ||
	    atf_skip "aspell has no English dictionary"
	LC_ALL=C sort "$tree/regress/data/words" >known
	for p in "$tree"/man/*.[58] "$tree"/*.md; do
		prose "$p" | aspell --lang=en list | LC_ALL=C sort -u >words
		atf_check -o empty comm -23 words known
	done
}

# A page or a text in Markdown without what is code.
prose() {
	case $1 in
	*.md)	sed -e '/^    /d' -e 's/`[^`]*`//g' -e 's/<[^>]*>//g' "$1" ;;
	*)	awk '/^\.Bd -literal/ { code = 1 }
		!code && !more && (/^[^.]/ || /^\.Nd /) {
			gsub(/\\[&e]/, ""); print
		}
		/^\.Ed/ { code = 0 }
		{ more = /^\..*\\$/ }' "$1" ;;
	esac
}

manual_test_case counters_are_those_of_the_manual \
    "under the names that statistics prints"
counters_are_those_of_the_manual_body() {
	atf_check -o save:summary -e ignore "$softflowd" -r "$real"
	sed -n '/^Counters:/,$p' summary | awk 'NF == 2 { print $1 }' >code
	section "$page" STATISTICS | sed -n 's/^\.It Cm //p' |
	    tr -d ' ' | tr ',' '\n' >manual
	check_same code manual
}

manual_test_case options_are_those_of_usage_and_manual \
    "and take an argument where the manual says so"
options_are_those_of_usage_and_manual_body() {
	for c in a b c d e f g h i j k l m n o p q r s t u v w x y z A B C D \
	    E F G H I J K L M N O P Q R S T U V W X Y Z 0 1 2 3 4 5 6 7 8 9
	do
		"$softflowd" -$c >said 2>&1
		if grep -q 'unknown option' said; then
			continue
		elif grep -q 'not in this version' said; then
			echo $c >>refused
		elif grep -q 'needs an argument' said; then
			echo "$c argument" >>code
		else
			echo $c >>code
		fi
	done
	sed 's/ .*//' code >letters
	"$softflowd" -h | tr -c 'A-Za-z0-9-' '\n' |
	    sed -n 's/^-\([A-Za-z0-9]*\)$/\1/p' | fold -w 1 >usage
	check_same letters usage
	section "$page" SYNOPSIS | tr ' ' '\n' | awk 'fl { print $1 }
	    { fl = $1 == "Fl" || $1 == ".Fl" }' | fold -w 1 >synopsis
	check_same letters synopsis
	section "$page" DESCRIPTION | awk '$1 == ".It" && $2 == "Fl" {
	    print $3 (NF > 3 ? " argument" : "") }' >manual
	check_same code manual
	section "$page" COMPATIBILITY | grep '^\.It Fl' | tr -d ',' |
	    tr ' ' '\n' | grep '^.$' >old
	while read -r c; do
		atf_check -o ignore grep -x "$c" old
	done <refused
}

manual_test_case values_are_those_of_usage_and_manual \
    "those that have names, of each option"
values_are_those_of_usage_and_manual_body() {
	for c in T A P v; do
		names_of -$c >code
		sed -n "s/^\.It Fl $c //p" "$page" | tr ' ' '\n' |
		    grep -v -e '^|$' -e '^Cm$' >manual
		check_same code manual
		"$softflowd" -h | tr '[]' '\n\n' | sed -n "s/^-$c //p" |
		    tr '|' '\n' >usage
		check_same code usage
	done
	names_of -T >code
	items_of T >manual
	check_same code manual
	names_of -E >code
	items_of E >manual
	check_same code manual
	names_of -o >code
	items_of o >manual
	check_same code manual
	sed -n '/^static const struct tunable tunables/,/^};/s/.*{ "\([^"]*\)".*/\1/p' \
	    "$tree/softflowd/options_tunable.c" >table
	check_same code table
	names_of -t >code
	section "$page" Timeouts | sed -n 's/^\.It Cm \([^ ]*\) .*/\1/p' >manual
	check_same code manual
	names_of -o fields=nonsense >code
	section "$page" 'Optional fields' |
	    sed -n 's/^\.It Cm \([^ ]*\) .*/\1/p' >manual
	check_same code manual
}

# Commands as help tells them, with the words that may follow the first.
list_commands() {
	"$softflowctl" help >main
	awk '{ print $1 }' main | while read -r word; do
		"$softflowctl" help "$word" >words
		if cmp -s words main || grep -q '^Any of these' words ||
		    [ "$(awk 'NR == 1 { print $1 }' words)" = "$word" ]; then
			echo "$word"
		else
			awk -v word="$word" '{ print word, $1 }' words
		fi
	done
}

# Items of a section's list, but not of a list in it, up to their arguments.
outer_items() {
	section "$ctlpage" "$1" | awk '
	/^\.Bl / { depth++ }
	/^\.El/ { depth-- }
	depth == 1 && sub(/^\.It Cm /, "") {
		sub(/ (Ar|Oo|Op|Ns) .*/, "")
		gsub(/ , /, "\n")
		print
	}'
}

manual_test_case commands_are_those_of_the_manual \
    "with words that follow, filters, states, orders and names of timeouts"
commands_are_those_of_the_manual_body() {
	list_commands >code
	for name in Showing Changing 'Words of softflowctl before version 2.0'
	do
		outer_items "$name"
	done >manual
	check_same code manual
	"$softflowctl" help flow expire | sed '/^Any/d; s/ .*//' >code
	outer_items Filters >manual
	check_same code manual
	"$softflowctl" help show flows | sed '/^Any/d; s/ .*//' >code
	printf '%s\n' by limit >>manual
	check_same code manual
	"$softflowctl" help show flows state | sed 's/ .*//' >code
	section "$ctlpage" Filters | sed -n '/^\.Bl .*bothways/,/^\.El/s/^\.It Cm //p' \
	    >manual
	check_same code manual
	"$softflowctl" help show flows by | sed 's/ .*//' >code
	section "$ctlpage" Showing | sed -n '/^\.Ar order/,/^\.Cm limit/p' |
	    sed -n '/limit/d; s/^\.Cm \([a-z]*\).*/\1/p' >manual
	check_same code manual
	"$softflowctl" help set timeout | sed 's/ .*//' >code
	section "$ctlpage" Changing | sed -n '/Cm set timeout/,/^\.It Cm set s/p' |
	    sed -n 's/^\.Cm \([a-z.]*\).*/\1/p' >manual
	check_same code manual
}

manual_test_case options_of_softflowctl_are_those_of_its_manual \
    "and the keys of the live screen those of its help"
options_of_softflowctl_are_those_of_its_manual_body() {
	"$softflowctl" -h | tr -c 'A-Za-z-' '\n' |
	    sed -n 's/^-\([A-Za-z]*\)$/\1/p' | fold -w 1 >code
	section "$ctlpage" DESCRIPTION | sed -n 's/^\.It Fl \(.\).*/\1/p' >manual
	check_same code manual
	"$softflowctl" top -? 2>&1 | tr -d '[]' | tr ' ' '\n' |
	    sed -n 's/^-\([a-z]\)$/\1/p' | grep -v c >code
	section "$ctlpage" 'The live screen' |
	    sed -n 's/^\.It Fl \(.\).*/\1/p' >manual
	check_same code manual
	sed -n '/^static const char \*const help_lines/,/^};/s/^\t"\([^ ].\{17\}\).*/\1/p' \
	    "$tree/softflowctl/top_screen.c" | tr ' ' '\n' |
	    grep -x -e . -e '\^L' >code
	echo h >>code
	section "$ctlpage" 'The live screen' | sed -n 's/^\.It Ic //p' |
	    tr -d ' ' | tr ',' '\n' | grep -x -e . -e '\^L' >manual
	check_same code manual
}

manual_test_case keywords_are_those_of_softflowd_conf \
    "each in its list and in its grammar, and one for each detail of -o"
keywords_are_those_of_softflowd_conf_body() {
	conf=$tree/man/softflowd.conf.5
	sed -n 's/^\t\(KEYWORD\|DETAIL\)("\([^"]*\)".*/\2/p' \
	    "$tree/softflowd/config_keyword.c" >code
	awk '/^\.Sh / { on = $2 == "STATEMENTS" }
	    on && ($1 == ".It" && $2 == "Ic") { print $3 }
	    on && xo && $1 == ".Ic" { print $2 }
	    { xo = $1 == ".It" && $2 == "Xo" }' "$conf" >manual
	check_same code manual
	# Words that belong to a statement are none.
	section "$conf" GRAMMAR | grep -o '"[a-z-]*"' | tr -d '"' |
	    grep -v -x -e from -e index -e optional -e port >grammar
	check_same code grammar
	names_of -o | LC_ALL=C sort >details
	LC_ALL=C sort code >sorted
	atf_check -o empty comm -23 details sorted
	while read -r word; do
		echo "$word" >file
		atf_check -s ignore -e not-match:'unknown keyword' \
		    -o ignore "$softflowd" -i lo -f file -k
	done <code
}

manual_test_case examples_of_softflowd_conf_are_taken "by a check with -k"
examples_of_softflowd_conf_are_taken_body() {
	awk '/^\.Sh / { on = $2 == "STATEMENTS" || $2 == "EXAMPLES" }
	    !on { next }
	    { gsub(/\\\(dq/, "\""); gsub(/\\e/, "\\") }
	    /^\.Dl / { file = "example" ++n; print substr($0, 5) >file }
	    /^\.Ed/ { code = 0 }
	    code { print >file }
	    /^\.Bd -literal/ { code = 1; file = "example" ++n }' \
	    "$tree/man/softflowd.conf.5"
	atf_check test -s example9
	for file in example*; do
		cat "$file"
		"$softflowd" -i lo -v 9 -f "$file" -k >said 2>errors || {
			cat errors
			atf_fail "$file is refused"
		}
		atf_check -o inline:'configuration OK\n' cat said
	done
}

atf_init_test_cases() {
	for case in $cases; do
		atf_add_test_case "$case"
	done
}
