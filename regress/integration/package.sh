#!/usr/bin/env atf-sh
#
# The Debian package, but for installing it, which regress/package.sh does.

. "$(atf_get_srcdir)/common.sh"

unit=$tree/debian/softflowd.service

# A case that takes these programs.
package_test_case() {
	atf_test_case "$1"
	eval "$1_head() { atf_set descr \"$2\"; atf_set require.progs \"$3\"; }"
}

# Of a unit: its lines as systemd reads them.
settings() {
	sed -e :a -e '/\\$/N' -e 's/\\\n */ /' -e ta "$1" |
	    grep -v -e '^#' -e '^Documentation=' -e '^$'
}

package_test_case the_manual_shows_the_unit_that_is_shipped \
    "but for comments and where the programs are" ""
the_manual_shows_the_unit_that_is_shipped_body() {
	awk '/^\[Unit\]/ { on = 1 } /^\.Ed/ { on = 0 } on' \
	    "$tree/man/softflowd.8" | sed -e 's/\\e$/\\/' \
	    -e 's,=/usr/local/sbin/,=/usr/sbin/,' >shown
	settings shown >shown.settings
	settings "$unit" >shipped.settings
	atf_check -o match:ExecStart= cat shipped.settings
	atf_check diff -u shipped.settings shown.settings
}

package_test_case the_unit_gives_the_capabilities_that_the_parent_keeps \
    "no more and no fewer" jq
the_unit_gives_the_capabilities_that_the_parent_keeps_body() {
	settings "$unit" | sed -n 's/^CapabilityBoundingSet=//p' |
	    tr ' ' '\n' | sort >given
	"$softflowd" --sandbox json | jq -r '.processes[] |
	    select(.process == "parent") | .capabilities[] | "CAP_" + .' |
	    sort >kept
	atf_check -o not-empty cat kept
	atf_check diff -u kept given
}

# The unit's filter comes first: what it refuses ours cannot allow.
package_test_case the_unit_allows_what_our_filters_do \
    "each call of each process" "jq systemd-analyze"
the_unit_allows_what_our_filters_do_body() {
	systemd-analyze syscall-filter --no-pager >groups \
	    2>/dev/null ||
	    atf_skip "this systemd-analyze knows no filters"
	names() {
		awk -v wanted="$*" -f "$tree/regress/package/names.awk" groups |
		    sort -u
	}
	# shellcheck disable=SC2046
	names $(settings "$unit" | sed -n 's/^SystemCallFilter=~//p') >refused
	# shellcheck disable=SC2046
	names @default $(settings "$unit" |
	    sed -n 's/^SystemCallFilter=\([^~]\)/\1/p') |
	    grep -vxFf refused >allowed
	"$softflowd" --sandbox json | jq -r '.processes[].calls[].call' |
	    tr -s ' ' '\n' | sort -u >ours
	[ "$(grep -c . ours)" -gt 50 ] || atf_fail "few calls of ours"
	atf_check -s exit:1 grep -vxFf allowed ours
}

package_test_case the_package_builds_and_is_clean \
    "with lintian and systemd-analyze content" \
    "dpkg-buildpackage dh lintian systemd-analyze setpriv"
the_package_builds_and_is_clean_body() {
	! sanitized || atf_skip "the package is built without a sanitizer"
	sh "$tree/regress/package.sh" -n >steps 2>&1 || {
		cat steps
		atf_fail "see above"
	}
	atf_check -o match:10 grep -c '^ok: ' steps
}

package_test_case there_is_a_package_to_try "not in a release" ""
there_is_a_package_to_try_body() {
	atf_skip "a release has no debian/"
}

atf_init_test_cases() {
	[ -d "$tree/debian" ] || {
		atf_add_test_case there_is_a_package_to_try
		return
	}
	atf_add_test_case the_manual_shows_the_unit_that_is_shipped
	atf_add_test_case \
	    the_unit_gives_the_capabilities_that_the_parent_keeps
	atf_add_test_case the_unit_allows_what_our_filters_do
	atf_add_test_case the_package_builds_and_is_clean
}
