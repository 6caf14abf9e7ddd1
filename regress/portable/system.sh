#!/usr/bin/env atf-sh
#
# Other systems as far as they can be had here.

portable=$(atf_get_srcdir)

atf_test_case same_octets_from_every_system
same_octets_from_every_system_head() {
	atf_set descr "the daemon with each BSD's files reads a savefile"
	atf_set timeout 600
}
same_octets_from_every_system_body() {
	for system in OpenBSD FreeBSD NetBSD; do
		echo "$system: the same octets"
	done >expected
	atf_check -o file:expected sh "$portable/whole.sh"
}

atf_test_case links_with_real_headers
links_with_real_headers_head() {
	atf_set descr "and constants of ours have their values there"
	atf_set timeout 1800
}
links_with_real_headers_body() {
	command -v "${ZIG:-zig}" >/dev/null 2>&1 ||
	    atf_skip "no compiler with the headers of other systems: ZIG=zig"
	atf_check -o not-match:failed sh "$portable/real.sh"
}

atf_init_test_cases() {
	atf_add_test_case same_octets_from_every_system
	atf_add_test_case links_with_real_headers
}
