#!/usr/bin/env atf-sh
#
# The manual pages: well formed, and complete where the code can tell.

. "$(atf_get_srcdir)/common.sh"

atf_test_case pages_have_no_lint
pages_have_no_lint_head() {
	atf_set descr "mandoc -Tlint prints nothing"
	atf_set require.progs mandoc
}
pages_have_no_lint_body() {
	cd "$tree/man" || atf_fail "no manual pages"
	# On stderr it only tells about other pages that are installed.
	atf_check -e ignore mandoc -Tlint softflowd.8 softflowctl.8
}

atf_test_case every_counter_is_described
every_counter_is_described_head() {
	atf_set descr "under the name that statistics prints"
}
every_counter_is_described_body() {
	atf_check -o save:summary -e ignore "$softflowd" -r "$real"
	sed -n '/^Counters:/,$p' summary | awk 'NF == 2 { print $1 }' >names
	atf_check -o not-empty cat names
	while read -r name; do
		grep -q "^\.It .*\b$name\b" "$tree/man/softflowd.8" ||
		    echo "$name" >>missing
	done <names
	atf_check test ! -e missing
}

atf_test_case every_option_is_described
every_option_is_described_head() {
	atf_set descr "all letters of the usage text"
}
every_option_is_described_body() {
	"$softflowd" -h | tr -c 'A-Za-z0-9-' '\n' | sed -n \
	    -e 's/^-\([A-Za-z0-9]*\)$/\1/p' | fold -w 1 | sort -u >letters
	atf_check -o not-empty cat letters
	while read -r letter; do
		grep -q "^\.It Fl $letter" "$tree/man/softflowd.8" ||
		    atf_fail "-$letter is not in softflowd.8"
	done <letters
}

atf_init_test_cases() {
	atf_add_test_case pages_have_no_lint
	atf_add_test_case every_counter_is_described
	atf_add_test_case every_option_is_described
}
