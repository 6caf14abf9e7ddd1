#!/usr/bin/env atf-sh
#
# A corpus of captures with ground truth, named by the variable corpus: for
# every file, what is exported equals the truth for each 5-tuple and direction.

. "$(atf_get_srcdir)/common.sh"

# Whether libpcap reads a capture, given by its totals, to its end, and its
# link type is one that we decode.
wanted_capture() {
	[ "$(total unsupported_linktype "$1")" = 0 ] &&
	    [ -n "$(total linktype "$1")" ] &&
	    [ -z "$(total libpcap_gives_up_after "$1")" ]
}

need_corpus() {
	corpus=$(atf_config_get corpus "")
	[ -n "$corpus" ] || atf_skip "the variable CORPUS names no corpus"
	[ -d "$corpus/public/truth" ] || atf_fail "$corpus: no such corpus"
}

# Key, packets, octets (of offloaded frames, too), flags, first and last
# packet in milliseconds, out of a truth table.
truth_table() {
	awk -F '\t' -v OFS='\t' 'NR > 1 {
		print $1, $2, $3, $4, $5, $6, $7, $9, $10,
		    substr($13, 1, length($13) - 3),
		    substr($14, 1, length($14) - 3)
	}' "$1" | LC_ALL=C sort
}

sums_table() {
	awk -F '\t' -v OFS='\t' '{
		print $1, $2, $3, $4, $5, $6, $7, $8, $9,
		    substr($10, 1, length($10) - 3),
		    substr($11, 1, length($11) - 3)
	}' "$1" | LC_ALL=C sort
}

total() {
	awk -F '\t' -v key="$1" '$1 == key { print $2 }' "$2"
}

span_days() {
	awk -F '\t' 'NR == 2 { min = $13; max = $14 }
	NR > 1 && $13 < min { min = $13 }
	NR > 1 && $14 > max { max = $14 }
	END { printf "%d\n", (max - min) / 86400e6 }' "$1"
}

# Compare $file in one version, with more options, against the lines of a
# truth table that match; a complaint in the file differences.
compare() {
	name=$(basename "$file")
	truth=$1
	version=$2
	lines=$3
	shift 3
	status=0
	case $(total read_status "$totals") in
	ok)	;;
	*)	status=1 ;;
	esac
	start_collector
	"$softflowd" -r "$file" -v $version -m 100000 \
	    -n "127.0.0.1:$port" "$@" >summary 2>errors
	got=$?
	stop_collector || echo "$name: $(cat collected)" >>differences
	[ $got -eq $status ] || {
		echo "$name: exit status $got, expected $status" \
		    >>differences
		cat errors >>differences
	}
	truth_table "$truth" | grep "$lines" >wanted
	sums_table sums >got
	# Uptime has 32 bits of milliseconds: 24 days to either side.
	if [ $version -ne 10 ] && [ $(span_days "$truth") -ge 24 ]; then
		for table in wanted got; do
			without_times $table >cut
			mv cut $table
		done
	fi
	cmp -s wanted got || {
		echo "$name:" >>differences
		diff wanted got | head -n 10 >>differences
	}
	compared=$((compared + 1))
}

# Every capture that we can read to its end, by a function.
for_each_capture() {
	need_corpus
	compared=0
	: >differences
	for file in "$corpus"/public/*.pcap*; do
		totals=$corpus/public/truth/$(basename "$file").totals.tsv
		wanted_capture "$totals" || continue
		"$@"
	done
	echo "$compared captures compared"
	[ $compared -gt 0 ] || atf_fail "the corpus has no such capture"
	atf_check cat differences
}

# Later fragments are where their first one is.
compare_joined() {
	compare "${totals%.totals.tsv}.frag.tsv" "$@"
}

# They have no ports; only where that makes a difference.
compare_plain() {
	cmp -s "${totals%.totals.tsv}.frag.tsv" "${totals%.totals.tsv}.tsv" ||
	    compare "${totals%.totals.tsv}.tsv" 10 . -o fragment-entries=0
}

for v in 5 9 10; do
	atf_test_case v${v}_equals_the_truth
done
v5_equals_the_truth_head() {
	atf_set descr "the IPv4 part of every capture, in NetFlow v5"
	atf_set timeout 900
}
v5_equals_the_truth_body() {
	for_each_capture compare_joined 5 '^4'
}
v9_equals_the_truth_head() {
	atf_set descr "every capture, in NetFlow v9"
	atf_set timeout 900
}
v9_equals_the_truth_body() {
	for_each_capture compare_joined 9 .
}
v10_equals_the_truth_head() {
	atf_set descr "every capture, in IPFIX"
	atf_set timeout 900
}
v10_equals_the_truth_body() {
	for_each_capture compare_joined 10 .
}

atf_test_case without_fragment_table_equals_the_truth
without_fragment_table_equals_the_truth_head() {
	atf_set descr "captures with fragments, each without its first one"
}
without_fragment_table_equals_the_truth_body() {
	for_each_capture compare_plain
}

atf_test_case refused_frames_equal_the_truth
refused_frames_equal_the_truth_head() {
	atf_set descr "each drop reason, for every capture"
}
refused_frames_equal_the_truth_body() {
	for_each_capture compare_counters
}

compare_counters() {
	"$softflowd" -r "$file" >summary 2>/dev/null
	for pair in frames=frames non_ip=drop_non_ip \
	    short_l2=drop_short_link short_ipv4=drop_short_ipv4 \
	    short_ipv4_options=drop_short_ipv4_options \
	    short_ipv6=drop_short_ipv6 bad_version=drop_bad_version \
	    bad_ihl=drop_bad_header_length bad_totlen=drop_bad_total_length \
	    frags_nonfirst=fragments \
	    frags_nonfirst_resolved=fragments_joined \
	    l4_short=ports_missing v6_ext_short=ipv6_ext_missing \
	    octets_gso=octets; do
		want=$(total ${pair%=*} "$totals")
		got=$(counter ${pair#*=} summary)
		[ "$want" = "$got" ] || echo "$file: ${pair#*=}" \
		    "is $got, expected $want" >>differences
	done
	check_conservation summary
	compared=$((compared + 1))
}

atf_test_case replayed_live_equals_the_truth cleanup
replayed_live_equals_the_truth_head() {
	atf_set descr "over a pair of interfaces, datagrams against the truth"
	atf_set require.user root
}
replayed_live_equals_the_truth_body() {
	need_corpus
	make_namespace
	for name in zk_ssh sv_sip zk_modbusBig sv_base64-decode-5885 \
	    sv_filecontainer-smb zk_icmp6; do
		start_collector in_ns
		start_softflowd in_ns -i vb -C 2000 -v 10 \
		    -n "127.0.0.1:$port"
		send va "$corpus/public/$name.pcap"
		wait_for live_counter_is frames $sent
		atf_check -o ignore "$softflowctl" -c ctl shutdown
		finish_softflowd
		finish_collector
		truth_table "$corpus/public/truth/$name.pcap.frag.tsv" >truth
		sums_table sums >got
		without_times truth >wanted
		without_times got >counts
		atf_check cmp wanted counts
	done
}
replayed_live_equals_the_truth_cleanup() {
	remove_namespace
}

atf_init_test_cases() {
	atf_add_test_case v5_equals_the_truth
	atf_add_test_case v9_equals_the_truth
	atf_add_test_case v10_equals_the_truth
	atf_add_test_case without_fragment_table_equals_the_truth
	atf_add_test_case replayed_live_equals_the_truth
	atf_add_test_case refused_frames_equal_the_truth
}
