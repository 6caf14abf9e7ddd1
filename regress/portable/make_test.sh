#!/usr/bin/env atf-sh
#
# The Makefiles: under the rules that Debian's bmake brings, its own and
# NetBSD's, what they install and remove, and the tarball of a release.  All on
# copies; what the installed files are is listed here once more.

. "$(atf_get_srcdir)/../integration/common.sh"

rules=/usr/share/bmake
lint=$tree/regress/portable/make_lint.sh
cases=

# A case: name, programs it needs; the second argument is what it is about.
make_test_case() {
	atf_test_case "$1"
	eval "$1_head() { atf_set descr \"$2\"; atf_set require.progs \"bmake $3\"; }"
	cases="$cases $1"
}

# Of the tree what a release has and install takes, with what is built in it.
copy_built() {
	mkdir "$1"
	(cd "$tree" && tar cf - Makefile Makefile.inc GNUmakefile lib softflowd \
	    softflowctl man) | (cd "$1" && tar xf -)
	cat "$tree/.gitattributes" >"$1/.gitattributes" 2>/dev/null
}

copy_clean() {
	copy_built "$1"
	find "$1" \( -name '*.o' -o -name '*.a' -o -name '*.d' -o \
	    -name '.depend*' \) -exec rm {} +
	rm -f "$1/softflowd/softflowd" "$1/softflowctl/softflowctl"
}

need_rules() {
	[ -d "$rules/$1" ] || atf_skip "no $rules/$1 here"
}

# Without privileges; what is in this folder becomes that user's before.
unprivileged() {
	if [ "$(id -u)" -eq 0 ]; then
		command -v setpriv >/dev/null || atf_skip "no setpriv here"
		chown -R 65534:65534 .
		set -- setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
	fi
	"$@"
}

# Files below a folder with their modes; folders only if they are not 755.
listed() {
	(cd "$1" && for mode in 444 555 600 640 644 711 755; do
		find . ! -type d -perm $mode | sed "s,^\.,$mode ,"
	done | LC_ALL=C sort -k 2 && find . -mindepth 1 -type d ! -perm 755)
}

# What install makes below /usr/local.
default_files() {
	cat <<-!
	644 ${1:-/usr/local/man/man}5/softflowd.conf.5
	644 ${1:-/usr/local/man/man}8/softflowctl.8
	644 ${1:-/usr/local/man/man}8/softflowd.8
	755 /usr/local/sbin/softflowctl
	755 /usr/local/sbin/softflowd
	644 /usr/local/share/examples/softflowd/softflowd.conf
	!
}

check_staged() {
	default_files "${2:-}" | LC_ALL=C sort -k 2 >expected
	listed "$1" >staged
	atf_check diff -u expected staged
}

# Build with given arguments what is in the folder copy, which is clean; see
# that it runs, that a second time makes nothing, and that clean is thorough.
check_build() {
	find copy -type f | LC_ALL=C sort >sources
	unprivileged bmake -C copy "$@" -j2 OPTIMIZE=-O0 HARDENING= \
	    >built 2>&1 || {
		tail built
		atf_fail "bmake $*"
	}
	atf_check -s exit:1 grep -i warning built
	version=$("$softflowd" -V)
	atf_check -o inline:"$version\n" copy/softflowd/softflowd -V
	atf_check -o inline:"softflowctl ${version#* }\n" \
	    copy/softflowctl/softflowctl -V
	atf_check -o inline:'copy/lib/imsg/libimsg.a\n' find copy -name '*.a'
	touch stamp
	sleep 0.1
	unprivileged bmake -C copy "$@" OPTIMIZE=-O0 HARDENING= >again 2>&1
	atf_check find copy -type f -newer stamp
	unprivileged bmake -C copy "$@" HARDENING= DESTDIR="$PWD/stage" \
	    install >installed 2>&1 || {
		cat installed
		atf_fail "bmake $* install"
	}
	check_staged stage
	atf_check find copy -type f -newer stamp
	unprivileged bmake -C copy "$@" HARDENING= clean >cleaned 2>&1
	find copy -type f | LC_ALL=C sort >left
	atf_check diff -u sources left
}

make_test_case rules_of_netbsd_build_install_and_clean \
    "by somebody without privileges, and a second time nothing is made"
rules_of_netbsd_build_install_and_clean_body() {
	need_rules mk-netbsd
	copy_clean copy
	set -- -m "$rules/mk-netbsd"
	check_build "$@"
	atf_check -o inline:'-Werror\n' bmake -C copy/softflowd "$@" \
	    HARDENING= -V '${CFLAGS:M-Werror}'
	atf_check -o inline:'\n' bmake -C copy/softflowd "$@" \
	    HARDENING= WERROR= -V '${CFLAGS:M-Werror}'
	atf_check -o ignore bmake -C copy "$@" HARDENING= obj
	atf_check find copy -name 'obj*' -type d
}

# A compiler, linker and archiver that only see whether all is there.
write_tool() {
	cat >tool <<-'!'
	echo "$*" >>"$RECORD"
	case $1 in
	ar)	out=$3 ;;
	*)	out=$(echo "$*" | sed -n 's/.* -o \([^ ]*\).*/\1/p') ;;
	esac
	[ -n "$out" ] || out=$(basename "$(echo "$*" |
	    sed 's/.* \([^ ]*\)\.c$/\1/')").o
	for file; do
		case $file in
		"$out")	;;
		*.[aco])
			[ -f "$file" ] || {
				echo "$file: not here" >&2
				exit 1
			} ;;
		esac
	done
	: >"$out"
	!
}

# For a system and its rules: all is built in its folder, with the headers of
# the library, installed as everywhere, and cleaned.
check_system() {
	[ -f "$tree/softflowd/capture_bpf.c" ] || atf_skip "no sources for $1"
	copy_clean copy
	find copy | LC_ALL=C sort >sources
	write_tool
	set -- env RECORD="$PWD/recorded" bmake -C copy -m "$2" OS="$1" \
	    HARDENING= CC="sh $PWD/tool cc" LD="sh $PWD/tool ld" \
	    AR="sh $PWD/tool ar" RANLIB=:
	unprivileged "$@" >built 2>&1 || {
		tail built
		atf_fail "it does not build"
	}
	grep '^cc.* -c ' recorded >compiled
	for file in packet summary top imsg; do
		atf_check -o not-empty grep -e "[ /]$file\.c" compiled
	done
	atf_check -s exit:1 grep -v -e '-I[^ ]*/lib/imsg ' compiled
	grep ' -pie ' recorded >linked
	atf_check -o match:' -o softflowd .*/libimsg.a .*-lpcap' \
	    -o match:' -o softflowctl .*/libimsg.a .*-ljansson' cat linked
	atf_check -o inline:'copy/lib/imsg/libimsg.a\n' find copy -name '*.a'
	unprivileged "$@" DESTDIR="$PWD/stage" install >installed 2>&1 || {
		tail installed
		atf_fail "it does not install"
	}
	check_staged stage
	unprivileged "$@" obj >/dev/null 2>&1
	unprivileged "$@" clean >/dev/null 2>&1
	find copy | LC_ALL=C sort >left
	atf_check diff -u sources left
}

make_test_case rules_of_openbsd_build_install_and_clean \
    "a model of them, with a compiler that only looks"
rules_of_openbsd_build_install_and_clean_body() {
	check_system OpenBSD "$tree/regress/portable/mk/openbsd"
}

make_test_case rules_of_freebsd_build_install_and_clean \
    "a model of them, with a compiler that only looks"
rules_of_freebsd_build_install_and_clean_body() {
	check_system FreeBSD "$tree/regress/portable/mk/freebsd"
}

make_test_case sources_for_netbsd_build_under_its_rules \
    "with a compiler that only looks"
sources_for_netbsd_build_under_its_rules_body() {
	need_rules mk-netbsd
	check_system NetBSD "$rules/mk-netbsd"
}

# For both rules, a command with the folder copy as it is built.
under_both_rules() {
	for set in mk-bmake mk-netbsd; do
		need_rules $set
		copy_built copy
		"$@" -m "$rules/$set" HARDENING=
		rm -rf copy "stage of two words"
	done
}

make_test_case install_makes_exactly_what_is_listed \
    "twice, with a blank in DESTDIR, any umask and a tree to read only"
install_makes_exactly_what_is_listed_body() {
	under_both_rules check_install
}
check_install() {
	umask 077
	mkdir "stage of two words"
	find copy -type f -exec cksum {} + >before
	chmod -R a-w copy
	for _ in 1 2; do
		unprivileged bmake -C copy "$@" \
		    DESTDIR="$PWD/stage of two words" install \
		    >said 2>errors || atf_fail "$(cat errors)"
		atf_check cat errors
		check_staged "stage of two words"
	done
	atf_check -s exit:1 grep -e chown -e warning said
	chmod -R u+w copy
	find copy -type f -exec cksum {} + >after
	atf_check diff before after
	atf_check cmp copy/softflowd/softflowd \
	    "stage of two words/usr/local/sbin/softflowd"
}

make_test_case deinstall_removes_what_install_made_and_nothing_else \
    "also by its other name, and what lies beside stays"
deinstall_removes_what_install_made_and_nothing_else_body() {
	under_both_rules check_deinstall
}
check_deinstall() {
	set -- bmake -C copy "$@" DESTDIR="$PWD/stage of two words"
	mkdir "stage of two words"
	for target in deinstall uninstall; do
		atf_check -o ignore "$@" install
		atf_check -o ignore "$@" $target
		atf_check find "stage of two words" ! -type d
		atf_check find "stage of two words" -name softflowd
	done
	atf_check -o ignore "$@" install
	for file in sbin/other man/man8/softflowd.8.gz man/man8/other.8 \
	    share/examples/softflowd/mine; do
		: >"stage of two words/usr/local/$file"
	done
	atf_check -o ignore "$@" deinstall
	atf_check -o inline:'stage of two words/usr/local/man/man8/other.8
stage of two words/usr/local/man/man8/softflowd.8.gz
stage of two words/usr/local/sbin/other
stage of two words/usr/local/share/examples/softflowd/mine\n' \
	    -x 'find "stage of two words" ! -type d | LC_ALL=C sort'
	# A second time is no error.
	atf_check -o ignore "$@" deinstall
}

make_test_case mandir_is_understood_as_each_system_means_it \
    "a name that ends in man/man takes the section, any other a folder"
mandir_is_understood_as_each_system_means_it_body() {
	copy_built copy
	while read -r mandir pages; do
		rm -rf stage
		atf_check -o ignore bmake -C copy HARDENING= \
		    DESTDIR="$PWD/stage" MANDIR="$mandir" install
		check_staged stage "$pages"
		atf_check -o ignore bmake -C copy HARDENING= \
		    DESTDIR="$PWD/stage" MANDIR="$mandir" deinstall
		atf_check find stage ! -type d
	done <<-!
	/usr/local/man/man /usr/local/man/man
	/usr/local/share/man/man /usr/local/share/man/man
	/usr/local/share/man /usr/local/share/man/man
	/usr/local/man /usr/local/man/man
	!
}

make_test_case pages_are_left_out_as_each_system_says_it \
    "NOMAN of OpenBSD, WITHOUT_MAN of FreeBSD, MKMAN=no of NetBSD"
pages_are_left_out_as_each_system_says_it_body() {
	copy_built copy
	for variable in NOMAN= WITHOUT_MAN= MKMAN=no; do
		rm -rf stage
		atf_check -o ignore bmake -C copy HARDENING= \
		    DESTDIR="$PWD/stage" $variable install
		default_files | grep -v /man/ >expected
		listed stage >staged
		atf_check diff -u expected staged
	done
}

make_test_case files_go_where_and_belong_to_whom_variables_say \
    "PREFIX, EXAMPLESDIR, owners, groups and modes"
files_go_where_and_belong_to_whom_variables_say_body() {
	copy_built copy
	cat >record <<-'!'
	echo "$*" | sed "s,-c *\(.*\) [^ ]* \($STAGE.*\),\1 \2," >>"$RECORD"
	!
	atf_check -o ignore env RECORD="$PWD/recorded" STAGE="$PWD/stage" \
	    bmake -C copy HARDENING= INSTALL="sh $PWD/record" \
	    DESTDIR="$PWD/stage" PREFIX=/opt \
	    EXAMPLESDIR=/etc/examples BINOWN=a BINGRP=b BINMODE=511 \
	    MANOWN=c MANGRP=d MANMODE=440 NONBINMODE=400 install
	sed -e "s,$PWD/stage,," -e 's/  */ /g' recorded >did
	atf_check -o inline:'-o a -g b -m 511 /opt/sbin/softflowd
-o a -g b -m 511 /opt/sbin/softflowctl
-o c -g d -m 440 /opt/man/man8/softflowd.8
-o c -g d -m 440 /opt/man/man8/softflowctl.8
-o c -g d -m 440 /opt/man/man5/softflowd.conf.5
-o a -g b -m 400 /etc/examples/softflowd.conf\n' cat did
}

make_test_case programs_are_stripped_if_asked "STRIPFLAG=-s, not by default" \
    readelf
programs_are_stripped_if_asked_body() {
	copy_built copy
	for flag in '' -s; do
		atf_check -o ignore bmake -C copy HARDENING= \
		    ${flag:+STRIPFLAG=$flag} DESTDIR="$PWD/stage" install
		for program in softflowd softflowctl; do
			readelf -SW stage/usr/local/sbin/$program >>sections$flag
		done
	done
	atf_check -o inline:'2\n' grep -c ' \.symtab' sections
	atf_check -o inline:'0\n' -s exit:1 grep -c ' \.symtab' sections-s
	atf_check -o inline:'2\n' grep -c ' \.text' sections-s
}

make_test_case gnu_make_hands_over \
    "all goals, and variables with blanks" make
gnu_make_hands_over_body() {
	make --version 2>/dev/null | grep -q GNU || atf_skip "no GNU make here"
	copy_built copy
	mkdir "stage of two words"
	atf_check -o ignore make -C copy HARDENING= \
	    DESTDIR="$PWD/stage of two words" install
	check_staged "stage of two words"
	for target in install deinstall; do
		atf_check -o ignore make -C copy HARDENING= BINDIR="/of ours" \
		    DESTDIR="$PWD/stage of two words" $target
		find "stage of two words" -path '*/of ours/*' >$target
	done
	atf_check -o inline:'2\n' grep -c . install
	atf_check cat deinstall
}

make_test_case example_of_a_configuration_watches_nothing_unasked \
    "and is accepted with everything in it that is a comment"
example_of_a_configuration_watches_nothing_unasked_body() {
	atf_check -s exit:1 -e match:'nothing to read packets from' \
	    "$softflowd" -f "$tree/man/softflowd.conf" -k
	sed 's/^#\([a-z}	]\)/\1/' "$tree/man/softflowd.conf" >all
	atf_check -o inline:'configuration OK\n' "$softflowd" -f all -k
}

# The tree as a repository of one commit, in the folder named.
make_repository() {
	[ -f "$tree/ports/dist.sh" ] || atf_skip "a release has no ports/dist.sh"
	copy_clean "$1"
	mkdir "$1/ports" "$1/.ci"
	cp "$tree/ports/dist.sh" "$1/ports/"
	: >"$1/.ci/run"
	commit "$1" 2026-01-02
}
commit() {
	git -C "$1" init -q
	git -C "$1" add -f .
	GIT_COMMITTER_DATE="$2 03:04:05 +0000" git -C "$1" \
	    -c user.name=a -c user.email=b commit -q -m message
}

make_test_case release_is_the_same_octets_everywhere \
    "two clones, users, umasks, zones, locales; and after its checksums" \
    "git openssl python3"
release_is_the_same_octets_everywhere_body() {
	make_repository one
	for arguments in -x --help "a b"; do
		# shellcheck disable=SC2086
		atf_check -s exit:1 -e match:'^usage: dist.sh' \
		    sh one/ports/dist.sh $arguments
	done
	git clone -q one two
	mkdir a b c
	atf_check -o ignore sh one/ports/dist.sh a
	HOME=$PWD
	export HOME
	git config --global core.autocrlf true
	git config --global tar.umask user
	git config --global safe.directory '*'
	(umask 077 && TZ=Asia/Tokyo LC_ALL=C.UTF-8 GZIP=--rsyncable \
	    unprivileged sh two/ports/dist.sh b >/dev/null 2>&1) ||
	    atf_fail "not in a clone"
	file=$(basename a/softflowd-*)
	atf_check cmp "a/$file" "b/$file"
	(cd one/ports && find . -name distinfo -exec cksum {} +) >sums
	(cd two/ports && find . -name distinfo -exec cksum {} +) >others
	atf_check -o inline:'3\n' grep -c . sums
	atf_check cmp sums others
	commit one 2027-01-02
	atf_check -o ignore sh one/ports/dist.sh c
	atf_check cmp "a/$file" "c/$file"
	tar tvzf "a/$file" >entries
	atf_check -s exit:1 grep -e /ports -e '/\.' entries
	atf_check -o inline:'-rw-r--r--\ndrwxr-xr-x\n' \
	    -x "cut -d ' ' -f 1 entries | LC_ALL=C sort -u"
	atf_check -o not-empty grep /Makefile.inc entries
}

make_test_case checksums_of_a_release_are_as_each_ports_tree_has_them \
    "OpenBSD, FreeBSD and pkgsrc" "git openssl python3"
checksums_of_a_release_are_as_each_ports_tree_has_them_body() {
	make_repository one
	atf_check -o ignore sh one/ports/dist.sh .
	cat >sums.py <<-'!'
	import base64, hashlib, sys
	name = sys.argv[1]
	octets = open(name, "rb").read()
	def line(what, value):
	    print("%s (%s) = %s" % (what, name, value))
	sha256 = hashlib.sha256(octets)
	line("SHA256", base64.b64encode(sha256.digest()).decode())
	line("SIZE", len(octets))
	print("TIMESTAMP = 1767323045")
	line("SHA256", sha256.hexdigest())
	line("SIZE", len(octets))
	print("$NetBSD$\n")
	line("BLAKE2s", hashlib.blake2s(octets).hexdigest())
	line("SHA512", hashlib.sha512(octets).hexdigest())
	line("Size", "%d bytes" % len(octets))
	!
	python3 sums.py softflowd-*.tar.gz >expected
	cat one/ports/openbsd/net/softflowd/distinfo \
	    one/ports/freebsd/net-mgmt/softflowd/distinfo \
	    one/ports/pkgsrc/net/softflowd/distinfo >written
	atf_check diff -u expected written
}

make_test_case release_of_changes_not_committed_is_refused \
    "but for changes of what is not in it" "git openssl"
release_of_changes_not_committed_is_refused_body() {
	make_repository one
	echo more >>one/ports/dist.sh.orig
	echo more >>one/.ci/run
	atf_check -o ignore bmake -C one HARDENING= dist
	rm softflowd-*.tar.gz
	echo more >>one/man/softflowd.8
	atf_check -s exit:1 -e match:'there are changes; commit them first' \
	    sh one/ports/dist.sh
	atf_check find . -name '*.tar.gz'
}

make_test_case release_of_another_version_than_the_ports_is_refused \
    "in each ports tree's way of naming it" "git openssl"
release_of_another_version_than_the_ports_is_refused_body() {
	make_repository one
	port=one/ports/pkgsrc/net/softflowd
	version=$("$softflowd" -V | sed 's/.* //')
	mkdir -p $port
	for line in "DISTNAME=	softflowd-" "DISTNAME =	softflowd-" \
	    "DISTVERSION=	"; do
		echo "$line$version" >$port/Makefile
		atf_check -o ignore sh one/ports/dist.sh
		echo "$line$version.1" >$port/Makefile
		atf_check -s exit:1 -e match:"is of .*$version\.1, this is" \
		    sh one/ports/dist.sh
	done
}

make_test_case release_builds_and_installs_by_itself \
    "without git and without warnings being errors" "git openssl"
release_builds_and_installs_by_itself_body() {
	make_repository one
	atf_check -o ignore bmake -C one HARDENING= dist
	tar xzf softflowd-*.tar.gz
	rm -rf one softflowd-*.tar.gz
	mv softflowd-* copy
	check_build
	atf_check -s exit:1 grep -e '-Werror' built
	atf_check -s not-exit:0 -o ignore -e match:'a release has no ports/' \
	    bmake -C copy HARDENING= dist
	for test in portable/ports_test.sh integration/package.sh; do
		mkdir -p "copy/regress/${test%/*}"
		cp "$tree/regress/integration/common.sh" "$tree/regress/$test" \
		    "copy/regress/${test%/*}"
		atf_check -o match:'ident: there_(is|are)_' -o not-match:unit \
		    atf-sh "copy/regress/$test" -s "copy/regress/${test%/*}" -l
	done
}

make_test_case a_system_or_sandbox_that_is_none_is_refused \
    "with what is allowed; and the environment makes no unconfined build"
a_system_or_sandbox_that_is_none_is_refused_body() {
	copy_clean copy
	set -- bmake -C copy/softflowd HARDENING= -V '${SRCS}'
	atf_check -s not-exit:0 -o ignore \
	    -e match:'OS=typo: allowed is Linux, OpenBSD, FreeBSD or NetBSD' \
	    "$@" OS=typo
	for arguments in SANDBOX=off "SANDBOX=none OS=OpenBSD"; do
		# shellcheck disable=SC2086
		atf_check -s not-exit:0 -o ignore \
		    -e match:'SANDBOX=[a-z]*: allowed is none' "$@" $arguments
	done
	atf_check -o match:sandbox_none "$@" OS=Linux SANDBOX=none
	atf_check -o match:sandbox_lacks_none -o not-match:sandbox_none \
	    env SANDBOX=none "$@" OS=Linux
}

make_test_case folders_that_are_relative_or_quoted_are_refused \
    "before anything is installed; a slash at the end is none too many"
folders_that_are_relative_or_quoted_are_refused_body() {
	copy_built copy
	while read -r argument; do
		atf_check -s not-exit:0 -o ignore \
		    -e match:"${argument%%=*}=.*: must begin with /" \
		    bmake -C copy HARDENING= DESTDIR="$PWD/stage" \
		    "$argument" install
		atf_check -s exit:1 test -e stage
	done <<-!
	DESTDIR=rel
	DESTDIR=~/x
	DESTDIR=/a"b
	PREFIX=usr
	MANDIR=rel
	EXAMPLESDIR=rel
	!
	atf_check find copy -name rel
	atf_check -o ignore bmake -C copy HARDENING= DESTDIR="$PWD/stage/" \
	    PREFIX=/usr/local/ MANDIR=/usr/local/man/man/ install
	check_staged stage
}

# Makefiles that a port uses.
ports_makefiles() {
	find "$tree" \( -name regress -o -name ports -o -name debian -o \
	    -name .git \) -prune -o -name 'Makefile*' -print
}

make_test_case makefiles_say_what_all_makes_understand \
    "of OpenBSD, FreeBSD and NetBSD, as make_words has it"
makefiles_say_what_all_makes_understand_body() {
	ports_makefiles >files
	atf_check -o match:/softflowd/Makefile -o match:/Makefile.inc cat files
	# shellcheck disable=SC2046
	atf_check "$lint" $(cat files)
}

make_test_case lint_tells_what_one_make_does_not_understand \
    "directives, modifiers, variables, targets, and where they are"
lint_tells_what_one_make_does_not_understand_body() {
	while IFS='|' read -r line said; do
		printf '# %s\nA=\tb\n%s\n' "$line" "$line" | tr '^' '\t' >bad
		atf_check -s exit:1 -o inline:"bad:3: $said\n" \
		    "$lint" bad
	done <<-'!'
	A:=${.PARSEDIR}|variable .PARSEDIR
	A:=${.CURDIR:tA}|modifier tA
	A+=${A:Udefault}|modifier Udefault
	A+=${A:L}|modifier L
	A+=${A:M-D*:O:u}|modifier O\nbad:3: modifier u
	A+=${empty(A):?b:c}|modifier ?b\nbad:3: modifier c\nbad:3: variable empty(A)
	A+=${A:@v@x${v}@}|modifier @v@x${v}@\nbad:3: variable v
	A+=${A:S/b/c/:tl}|modifier tl
	A:sh=echo|assignment :sh=
	.warning no|directive warning
	.-include "A"|directive -include
	.export A|directive export
	.if empty(A:tl)|modifier tl
	.if ${A} == "b" && commands(A) && in(A)|condition in
	.NOPATH: ${A}|special .NOPATH
	b: .RECURSIVE|special .RECURSIVE
	^echo ${.newline}|variable .newline
	^echo ${TYPO} ${A}|variable TYPO
	^echo $(A)|parentheses $(A)
	!
	printf 'A=\tb#c\n\t@$$x $${y:-z} $@ ${A:.c=.o} ${A:S/:/}/:M*.[ch]}\n' >good
	atf_check "$lint" good
}

atf_init_test_cases() {
	for case in $cases; do
		atf_add_test_case "$case"
	done
}
