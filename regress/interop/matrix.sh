#!/bin/sh
# What other people's collectors, and our own, make of each format over each
# transport: runs softflowd on captures with ground truth in a network
# namespace of its own and writes the table MATRIX.md.  Linux, root.
#
#   sh regress/interop/matrix.sh [-o file] [variant ...]
#
# Captures are the one that ships and, if CORPUS names a folder of captures
# with ground truth, some of those.  A variant is the name in a row's first
# column; only those are run, and the table is not written without -o then.
# Exits 1 if any cell says that something is wrong.

set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
tree=$top
. "$top/regress/lib.sh"
. "$here/tools.sh"

out=
while getopts o: option; do
	case $option in
	o)	out=$OPTARG ;;
	*)	die "usage: matrix.sh [-o file] [variant ...]" ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || out=${out:-$here/MATRIX.md}
only=$*
[ "$(id -u)" -eq 0 ] || die "not root: namespaces cannot be made"
# shellcheck disable=SC2046
install_packages $(test_packages) || exit 1
command -v nfacctd >/dev/null || die "nfacctd is missing: install pmacct"

ns=interop$$
work=$(mktemp -d "${TMPDIR:-/tmp}/softflowd-interop.XXXXXX") || exit 1
clean_up() {
	# shellcheck disable=SC2046
	kill $(ip netns pids $ns 2>/dev/null) 2>/dev/null
	ip netns del $ns 2>/dev/null
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM
ip netns add $ns && ip -n $ns link set lo up || die "no namespace here"
cd "$work" || exit 1

# Captures and their truths: 1.pcap, 1.truth and so on.
add_capture() {
	captures=$((captures + 1))
	ln -s "$1" $captures.pcap
}
captures=0
add_capture "$top/regress/data/real.pcap"
capture_truth 1.pcap >1.truth
for name in zk_ssh sv_sip zk_modbusBig zk_icmp6; do
	[ -z "${CORPUS:-}" ] && break
	add_capture "$CORPUS/public/$name.pcap"
	awk -F '\t' -v OFS='\t' 'NR > 1 {
		print $1, $2, $3, $4, $5, $6, $7, $9
	}' "$CORPUS/public/truth/$name.pcap.frag.tsv" |
	    LC_ALL=C sort >$captures.truth
done
kernel_has_sctp && sctp=1 || sctp=

# One text for all tools.
no_cells() {
	for tool in $tools; do
		echo – >row.$tool
	done
	echo "$1" >row.collector
}

# Worst of the captures: what is not ok stays.
merge_cells() {
	for tool in $tools; do
		[ -f row.$tool ] && [ "$(cat row.$tool)" != ok ] ||
		    cp cell.$tool row.$tool
	done
}

# $variant over $transport; the cells are in row.TOOL then.
run_captures() {
	rm -f row.*
	if [ $transport = sctp ] && [ -z "$sctp" ]; then
		no_cells "not run: no SCTP in this kernel"
		return
	fi
	for n in $(seq $captures); do
		if interop_row "$variant" $transport $version \
		    "$PWD/$n.pcap" $n.truth "$@"; then
			merge_cells
		else
			no_cells "not exported: $(grep softflowd refused |
			    grep -v 'no user' | head -n 1 |
			    sed 's/^[^:]*: //; s/|/\\|/g')"
			return
		fi
	done
}

row() {
	variant=$1
	version=$2
	shift 2
	case " $only " in
	"  "|*" $variant "*)	;;
	*)	return 0 ;;
	esac
	for transport in udp tcp sctp; do
		run_captures "$@"
		printf '| %s | %s |' "$variant" "$transport"
		for tool in $tools; do
			printf ' %s |' "$(cat row.$tool)"
		done
		echo
	done | tee -a table
}

row v1 1
row v5 5
for v in 9 10; do
	[ $v = 9 ] && name=v9 || name=ipfix
	row $name $v
	row $name-all-fields $v -o fields=all -x 10 -T ether
	row $name-classic $v -o templates=classic
	for times in sec milli micro nano; do
		row $name-$times $v -A $times
	done
done
row ipfix-biflow 10 -b
row ipfix-biflow-classic 10 -b -o templates=classic
row psamp psamp

if [ -n "$out" ]; then
	{
		cat <<-TEXT
		# What collectors make of it

		Written by \`sh regress/interop/matrix.sh\`, never by hand, with

		* $(nfcapd -V 2>&1 | sed -n '1s/.*Version/nfdump/p')
		* $(nfacctd -V 2>&1 | sed -n '1s/.*Daemon, //p')
		* $(tshark -v 2>/dev/null | sed -n 1p)
		* Linux $(uname -r)

		*ok*: no complaint, no gap in sequence numbers, and packets and
		octets are those of the capture, which was read without us; our
		collector also compares each flow. Captures: $captures. Of nfcapd
		and IPFIX no gap is asked for: 1.7.1 leaves options records out.

		| format | over | our collector | nfcapd | nfacctd | tshark |
		|---|---|---|---|---|---|
		TEXT
		cat table
	} >"$out"
fi
! grep -q 'wrong:' table
