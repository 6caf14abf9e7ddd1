#!/usr/bin/env atf-sh
#
# What compiler and linker do against attackers is in both programs, as far as
# this compiler can.

. "$(atf_get_srcdir)/common.sh"

cases=

# A case that looks at both programs; not at those of a sanitizer build.
hardening_test_case() {
	atf_test_case "$1"
	eval "$1_head() {
		atf_set descr \"$2\"
		atf_set require.progs readelf
	}
	$1_body() {
		! sanitized || atf_skip 'a sanitizer build is not hardened'
		for program in \"\$softflowd\" \"\$softflowctl\"; do
			$1_check
		done
	}"
	cases="$cases $1"
}

# What readelf says of the program, in the file elf.
elf() {
	readelf -W "$1" "$program" >elf 2>/dev/null && test -s elf ||
	    atf_fail "readelf $1 $program says nothing"
}

must() {
	elf "$1"
	grep -qE "$2" elf || {
		cat elf
		atf_fail "$program: readelf $1 shows no $2"
	}
}

must_not() {
	elf "$1"
	! grep -E "$2" elf || atf_fail "$program: readelf $1 shows $2"
}

# Whether the compiler that built the program, and its C library, know a flag:
# asked here, too, so that a flag which the Makefile forgets is missed.
has_flag() {
	cc=cc
	elf -p.comment
	! grep -q clang elf || cc=clang
	echo '#include <stdio.h>' | $cc -O2 -Werror -U_FORTIFY_SOURCE "$1" \
	    -S -x c -o /dev/null - 2>/dev/null
}

hardening_test_case programs_are_position_independent \
    "the kernel places them where it likes"
programs_are_position_independent_check() {
	must -h 'Type: +DYN'
	must -d 'FLAGS_1.*PIE'
}

hardening_test_case relocations_are_read_only_before_main \
    "full RELRO: all are resolved at start, then write-protected"
relocations_are_read_only_before_main_check() {
	must -l GNU_RELRO
	must -d 'FLAGS_1.*NOW'
	must_not -d TEXTREL
}

hardening_test_case no_segment_is_writable_and_executable \
    "the stack included"
no_segment_is_writable_and_executable_check() {
	must -l 'GNU_STACK.* RW '
	must -l 'LOAD.* R E '
	must_not -l ' (RWE| WE) '
}

hardening_test_case libraries_come_from_the_systems_folders \
    "no RPATH and no RUNPATH"
libraries_come_from_the_systems_folders_check() {
	must -d NEEDED
	must_not -d '(RPATH|RUNPATH)'
}

hardening_test_case overwritten_stack_ends_the_program \
    "functions with arrays check their canary"
overwritten_stack_ends_the_program_check() {
	must --dyn-syms ' UND __stack_chk_fail'
}

hardening_test_case lengths_are_checked_at_run_time \
    "_FORTIFY_SOURCE: calls with known sizes go the checked way"
lengths_are_checked_at_run_time_check() {
	must --dyn-syms ' UND __v?snprintf_chk'
}

hardening_test_case indirect_branches_land_where_they_may \
    "CET of x86 or BTI of ARM is in every object, the linker says so"
indirect_branches_land_where_they_may_check() {
	linked=$program
	if has_flag -fcf-protection=full; then
		must -n 'feature:.*SHSTK'
		mark='feature:.*IBT, SHSTK'
	elif has_flag -mbranch-protection=standard; then
		mark='feature:.*BTI'
	else
		atf_skip "this compiler has nothing like it"
	fi
	for program in "${linked%/*}"/*.o "$tree"/lib/imsg/*.o; do
		must -n "$mark"
	done
}

# What the compiler has been asked for, of which the code shows no trace that
# is the same everywhere.
atf_test_case every_flag_that_the_compiler_knows_is_used
every_flag_that_the_compiler_knows_is_used_head() {
	atf_set descr "canaries, guard page, zeroed variables, lengths"
	atf_set require.progs readelf
}
every_flag_that_the_compiler_knows_is_used_body() {
	! sanitized || atf_skip "a sanitizer build is not hardened"
	program=$softflowd
	for flag in -fstack-protector-strong -fstack-clash-protection \
	    -ftrivial-auto-var-init=zero -D_FORTIFY_SOURCE=3; do
		! has_flag $flag || echo "$flag"
	done >known
	atf_check -o not-empty cat known
	for make in bmake make; do
		command -v $make >/dev/null && break
	done
	for directory in softflowd softflowctl lib/imsg; do
		$make -C "$tree/$directory" CC=$cc -V '${CPPFLAGS}' \
		    -V '${CFLAGS}' | tr ' ' '\n' >used
		grep -v -x -F -f used known >forgotten
		atf_check -o empty cat forgotten
	done
}

# A worker's memory as it runs, libraries included.
atf_test_case running_programs_have_no_writable_code cleanup
running_programs_have_no_writable_code_head() {
	atf_set descr "maps of parent and worker, libraries included"
	atf_set require.user root
}
running_programs_have_no_writable_code_body() {
	! sanitized || atf_skip "a sanitizer build is not hardened"
	make_namespace
	start_softflowd in_ns -i vb -n 127.0.0.1:9
	for pid in $softflowd_pid $(worker_pid); do
		cp /proc/$pid/maps maps
		atf_check -o match:' r-xp .*/softflowd$' cat maps
		atf_check -o empty -s exit:1 grep -E '^[^ ]* .wx' maps
	done
	kill $softflowd_pid
	finish_softflowd
}
running_programs_have_no_writable_code_cleanup() {
	remove_namespace
}

atf_init_test_cases() {
	for name in $cases; do
		atf_add_test_case "$name"
	done
	atf_add_test_case every_flag_that_the_compiler_knows_is_used
	atf_add_test_case running_programs_have_no_writable_code
}
