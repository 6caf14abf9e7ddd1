#!/usr/bin/env atf-sh
#
# Other byte orders and word sizes, of which arch.sh knows more: what matters
# most, on two of them.

here=$(atf_get_srcdir)
top=$here/../..

run_arch() {
	[ "$(atf_config_get kind plain)" = plain ] ||
	    atf_skip "once is enough: it builds for itself"
	[ "$(uname -s)" = Linux ] || atf_skip "needs Debian's cross compilers"
	cache=$here/cache
	mkdir -p "$cache" 2>/dev/null && [ -w "$cache" ] || cache=$PWD/cache
	sh "$top/regress/arch.sh" -q -c "$cache" $1 >table 2>errors ||
	    atf_fail "$(cat table errors)"
	cat table
	! grep -q 'not run' table ||
	    atf_skip "$(sed 's/.*\(not run[^|]*\) |.*/\1/' table)"
	atf_check -o match:'\| ok, gcc.*\| [1-9][0-9]* passed.*\| 5 passed \| 4 of 4' \
	    grep -E "^\| $1 " table
}

atf_test_case little_endian_aarch64_exports_the_same
little_endian_aarch64_exports_the_same_head() {
	atf_set descr "golden messages, a capture, and what makes them"
	atf_set timeout 900
}
little_endian_aarch64_exports_the_same_body() {
	run_arch aarch64
}

atf_test_case big_endian_s390x_exports_the_same
big_endian_s390x_exports_the_same_head() {
	atf_set descr "golden messages, a capture, and what makes them"
	atf_set timeout 900
}
big_endian_s390x_exports_the_same_body() {
	run_arch s390x
}

atf_test_case no_build_is_unconfined_unless_asked
no_build_is_unconfined_unless_asked_head() {
	atf_set descr "SANDBOX=none alone leaves the filter out, and says so"
	atf_set require.progs bmake
}
no_build_is_unconfined_unless_asked_body() {
	[ "$(uname -s)" = Linux ] || atf_skip "there is such a build on Linux"
	sources() {
		(cd "$top/softflowd" && MAKEFLAGS= bmake HARDENING= "$@" \
		    -V '${SRCS} ${CPPFLAGS}') || atf_fail "bmake $*"
	}
	for build in "" SANITIZE=address OS=OpenBSD OS=FreeBSD OS=NetBSD; do
		sources $build >sources
		atf_check grep -q softflowd.c sources
		atf_check -s exit:1 grep -e sandbox_none -e lacks_calls sources
	done
	sources SANDBOX=none >sources
	atf_check grep -q 'sandbox_lacks_calls.c.*sandbox_none.c' sources
	atf_check -s exit:1 grep -e sandbox_seccomp -e sandbox_calls sources
	atf_check -s not-exit:0 -o ignore -e match:'SANDBOX=off: allowed is' \
	    env MAKEFLAGS= bmake -C "$top/softflowd" HARDENING= SANDBOX=off \
	    -V SRCS
	atf_check -o not-match:'IS ALLOWED|UNCONFINED' \
	    "$top/softflowd/softflowd" --sandbox
}

atf_init_test_cases() {
	atf_add_test_case little_endian_aarch64_exports_the_same
	atf_add_test_case big_endian_s390x_exports_the_same
	atf_add_test_case no_build_is_unconfined_unless_asked
}
