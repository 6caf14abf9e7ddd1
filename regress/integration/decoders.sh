#!/usr/bin/env atf-sh
#
# Other people's collectors read what we send without a complaint and come to
# the totals of the capture, which tshark counted without us.  The table of all
# formats and transports is interop/matrix.sh's.

. "$(atf_get_srcdir)/common.sh"
. "$(atf_get_srcdir)/../interop/tools.sh"

# One row of the table, over UDP; $1 is its name, $2 the version.
decode_row() {
	make_namespace
	variant=$1
	version=$2
	shift 2
	capture_truth "$real" >truth
	atf_check -o not-empty cat truth
	interop_row $variant udp $version "$real" truth "$@" || {
		cat refused
		grep -q -e 'in this version' -e 'the names are' refused ||
		    atf_fail "softflowd fails: $*"
		atf_skip "not in this version: -v $version $*"
	}
	check_conservation summary
	for tool in $tools; do
		cell=$(cat cell.$tool)
		echo "$tool: $cell"
		case $cell in
		ok)	;;
		"$(tool_limit $tool) ("*)	;;
		*)	cat $tool.log 2>/dev/null
			atf_fail "$tool: $cell" ;;
		esac
	done
}

# A case for the row $1 of version $2 with options $3; $4 is what is known to
# be wrong with it today.
cases=
decoder_case() {
	case=collectors_agree_on_$(echo $1 | tr - _)
	cases="$cases $case"
	atf_test_case $case cleanup
	eval "${case}_head() {
		atf_set descr 'totals as in the capture, no complaint'
		atf_set require.user root
		atf_set require.progs 'nfcapd nfacctd tshark tcpdump ip ss'
	}
	${case}_body() {
		[ -z '${4:-}' ] || atf_expect_fail '${4:-}'
		decode_row $1 $2 $3
	}
	${case}_cleanup() {
		remove_namespace
	}"
}
decoder_case v1 1
decoder_case v5 5
decoder_case v9 9
decoder_case v9-all-fields 9 '-o fields=all -x 10 -T ether'
decoder_case v9-classic 9 '-o templates=classic'
decoder_case v9-nano 9 '-A nano'
decoder_case ipfix 10
decoder_case ipfix-all-fields 10 '-o fields=all -x 10 -T ether'
decoder_case ipfix-classic 10 '-o templates=classic'
decoder_case ipfix-nano 10 '-A nano'
decoder_case ipfix-biflow 10 -b
decoder_case psamp psamp

atf_init_test_cases() {
	for case in $cases; do
		atf_add_test_case $case
	done
}
