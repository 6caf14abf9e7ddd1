#! /usr/bin/env atf-sh
# What audit.sh makes of the rows that it is given: the checks themselves are
# programs of regress/audit; here others stand in for them.

top=$(cd "$(atf_get_srcdir)/../.." && pwd)

# A tree with nothing to build, and a check that prints the file rows.
arrange() {
	mkdir -p tree/regress/audit tree/lib tree/softflowd
	cp "$top/regress/audit.sh" "$top/regress/lib.sh" tree/regress
	for part in lib softflowd regress/audit; do
		echo "all:" >tree/$part/Makefile
	done
	cat >tree/regress/audit/running <<-EOF
	#!/bin/sh
	cat "$PWD/rows"
	exit ${1:-0}
	EOF
	echo 'exec sh tree/regress/audit.sh "$@" --running pid' >audit
	chmod +x tree/regress/audit/running audit
	echo $$ >pid
}

row() {
	printf '%s\t%s\t%s\t%s\t%s\n' "$@" >>rows
}

atf_test_case table_groups_rows_by_process_and_layer
table_groups_rows_by_process_and_layer_body() {
	arrange
	row worker limits "fork" proven "EAGAIN"
	row worker limits "fork" proven "EAGAIN"
	row parent chroot "none" "not checked" "needs root"
	row worker Landlock "bind" missing "Linux 6.7 has it"
	atf_check -o save:table ./audit
	atf_check_equal 1 "$(grep -c '^worker: limits$' table)"
	atf_check_equal 1 "$(grep -c ' proven  *fork  *EAGAIN$' table)"
	atf_check -o ignore grep '^missing here: Landlock (Linux 6.7 has it)$' \
	    table
	atf_check -o ignore grep \
	    '^1 proven, 0 gaps, 1 missing, 1 not checked;' table
}

atf_test_case json_is_valid_whatever_the_texts_are
json_is_valid_whatever_the_texts_are_head() {
	atf_set require.progs jq
}
json_is_valid_whatever_the_texts_are_body() {
	arrange
	row worker limits 'a "quoted" \ text' proven "$(printf 'bell \a \200')"
	row worker limits fork proven ""
	atf_check -o save:json ./audit -j
	atf_check -o inline:"2\n" jq '.rows | length' json
	atf_check -o inline:"2 0\n" jq -r \
	    '"\(.summary.proven) \(.summary.gap)"' json
	atf_check -o inline:'a "quoted" \\ text\n' jq -r \
	    '.rows[] | select(.detail != "") | .attempt' json
}

atf_test_case gap_fails
gap_fails_head() {
	atf_set require.progs jq
}
gap_fails_body() {
	arrange
	row worker limits fork proven EAGAIN
	row worker chroot open GAP "returned 3"
	atf_check -s exit:1 -o match:"GAP  *open  *returned 3" ./audit
	atf_check -s exit:1 -o save:json ./audit -j
	atf_check -o inline:'"gap"\n' jq '.rows[] | select(.layer == "chroot")
	    | .result' json
}

atf_test_case nothing_proven_fails
nothing_proven_fails_body() {
	arrange
	: >rows
	atf_check -s exit:1 -o ignore ./audit
	row worker limits fork "not checked" "needs root"
	atf_check -s exit:1 -o ignore ./audit
}

atf_test_case check_that_fails_is_no_success
check_that_fails_is_no_success_body() {
	arrange 1
	row worker limits fork proven EAGAIN
	atf_check -s exit:1 -o ignore ./audit
}

atf_test_case target_that_is_not_there_is_said
target_that_is_not_there_is_said_body() {
	arrange
	atf_check -s exit:1 -e match:"no.pid: cannot be read" \
	    sh tree/regress/audit.sh --running no.pid
	: >empty.pid
	atf_check -s exit:1 -e match:"holds no process number" \
	    sh tree/regress/audit.sh --running empty.pid
	atf_check -s exit:2 -e match:"usage" sh tree/regress/audit.sh --what
}

atf_test_case mutations_still_apply_and_compile
mutations_still_apply_and_compile_body() {
	[ "$(uname)" = Linux ] || atf_skip "the tables are Linux's"
	atf_check -o match:' caught, 0 survived, 0 errors$' \
	    sh "$top/regress/audit/mutate.sh" -n
}

atf_init_test_cases() {
	atf_add_test_case table_groups_rows_by_process_and_layer
	atf_add_test_case json_is_valid_whatever_the_texts_are
	atf_add_test_case gap_fails
	atf_add_test_case nothing_proven_fails
	atf_add_test_case check_that_fails_is_no_success
	atf_add_test_case target_that_is_not_there_is_said
	atf_add_test_case mutations_still_apply_and_compile
}
