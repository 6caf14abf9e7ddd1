# What the soak sends; sourced by soak.sh.

# Captures of every kind, in the current folder: much of it with generate, for
# send, and odd frames, also damaged ones, for replay.
make_traffic() {
	"$bench/generate" -s "$seed" -f 20000 -p 10 -n 200000 -6 20 \
	    -o ends.pcap
	"$bench/generate" -s "$seed" -f 2000 -d zipf -n 100000 -o zipf.pcap
	"$bench/generate" -s "$seed" -F -f 100 -n 10000 -x 20000 \
	    -o fragments.pcap
	"$bench/generate" -s "$seed" -f 1000 -n 10000 -x 100000 -o flood.pcap
	cp "$top/regress/data/real.pcap" real.pcap
	awk -f "$top/regress/integration/frames.awk" "$soak/frames.txt" |
	    sort -s -n -k 1,1 | cut -d ' ' -f 2 >frames
	# One file as it is, and fifty in which octets behind the addresses
	# are others.
	awk -v seed="$seed" '
	BEGIN { srand(seed) }
	NR == 1 { print; next }
	{ line[++lines] = $0 }
	function damaged(text,	i) {
		for (i = 113; i < length(text); i += 4)
			if (rand() < 0.03)
				text = substr(text, 1, i - 1) sprintf( \
				    "\\%03o", int(rand() * 256)) \
				    substr(text, i + 4)
		return text
	}
	END {
		for (n = 0; n <= 50; n++)
			for (i = 1; i <= lines; i++)
				print n ? damaged(line[i]) : line[i]
	}' frames | while read -r octets; do
		# shellcheck disable=SC2059
		printf "$octets"
	done >odd.pcap
}

# Send a file out of an interface at a rate, in the namespace; the number of
# frames goes to the file sent.
send_file() {
	case $2 in
	odd.pcap)
		ip netns exec "$ns" "$top/regress/replay/replay" -r "$3" "$1" \
		    "$2" >>sent ;;
	*)
		ip netns exec "$ns" "$bench/send" -r "$3" "$1" "$2" |
		    cut -f 1 >>sent ;;
	esac
}

# Until the file stop is there, the kinds in turn, and bursts.
send_traffic() {
	turn=0
	while goes_on; do
		turn=$((turn + 1))
		for file in ends zipf odd fragments real ends odd flood; do
			goes_on || break
			send_file va $file.pcap "$rate"
		done
		! goes_on || send_file va real.pcap $((10 * rate))
	done
}
