# One fault after the other in a run that does everything, and what must hold
# each time.  Sourced behind common.sh by the cases and by ../faults.sh, in a
# directory of its own.

sweep_test_case() {
	atf_test_case "$1" cleanup
	eval "$1_head() {
		atf_set descr \"$2\"
		atf_set require.user root
		atf_set timeout 3600
	}
	    $1_cleanup() { remove_namespace; }"
	sweep_tests="${sweep_tests:-} $1"
}

faults=$tree/regress/faults
softflowd=$faults/softflowd
softflowctl=$faults/softflowctl
bench=$tree/regress/bench
nflows=200	# of one packet each, twice
program=$softflowd	# the one whose calls fail
in=		# what runs commands in a namespace

# A namespace, and flows.
prepare() {
	[ -x "$softflowd" ] || atf_skip "not for this system or sanitizer"
	make_namespace
	in="ip netns exec $ns"
	"$bench/generate" -n $nflows -f $nflows -o load.pcap 2>truth ||
	    atf_fail "generate failed"
}

# Wait until a command succeeds, so many seconds at most.
within() {
	end=$(($(date +%s) + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -le $end ] || return 1
		sleep 0.02
	done
}

wrong() {
	echo "$*" >>wrong
	return 1
}

gone() {
	! kill -0 "$1"
}

# Wait for the daemon's end; its exit status goes to $status.
reap_daemon() {
	within "$1" daemon_gone || {
		kill -KILL $daemon
		wrong "it hangs"
	}
	wait $daemon
	status=$?
}

# A zombie is gone, too.
daemon_gone() {
	case $(sed 's/.*) //' /proc/$daemon/stat 2>/dev/null) in
	''|Z*)	return 0 ;;
	esac
	return 1
}

# A start that fails says why, and its exit status does.  Inside of a library
# that fails it may die: of the C library's in dlopen(3), of libpcap's.
check_refused() {
	[ $hash != none ] || wrong "it is refused: $(tail -n 1 log)"
	[ $status -ne 0 ] || wrong "it ended with status 0"
	if [ $status -ge 128 ] && in_library; then
		nlibrary=$((nlibrary + 1))
	elif [ $status -ge 128 ]; then
		wrong "it died of signal $((status - 128))"
	elif [ ! -s log ] || { ! in_library && ! grep -q '^softflowd: ' log; }
	then
		wrong "it says nothing"
	fi
}

in_library() {
	grep "^$hash " sites | cut -d ' ' -f 5 | grep -q '\.so\.'
}

# Counter of that name in the file statistics, 0 if there is none.
stat_of() {
	awk -v name="$1" '$1 == name && NF == 2 { n = $2 }
	    END { print n + 0 }' statistics
}

drops() {
	awk '/^  drop_/ { n += $2 } END { print n + 0 }' statistics
}

# Records that the log says a collector did not get.
lost_of() {
	sed -n "s/.*collector $1: \([0-9]*\) records were lost.*/\1/p" log |
	    awk '{ n += $1 } END { print n + 0 }'
}

# Packets in a collector's sums, and what was counted, are those sent; a lost
# record is one of all the packets of a conversation.
#	sums collector sent
check_sums() {
	arrived=$(awk -F '\t' '{ n += $7 } END { print n + 0 }' "$1")
	counted=$(($(drops) + $(stat_of frames_skipped) +
	    $(stat_of packets_lost) + $(stat_of packets_unsent) +
	    $(stat_of flows_lost) + $(lost_of "$2") * $3 / nflows))
	[ $((arrived + counted)) -eq "$3" ] ||
	    wrong "sent $3, arrived at $2 $arrived, counted $counted"
}

#
# A savefile.
#

start_sums() {
	$in "$collector" -s -p 0 -P "$1.port" $2 >"$1" 2>"$1.said" &
	eval "$1_pid=$!"
	within 5 test -s "$1.port" || wrong "no collector"
}

stop_sums() {
	eval "kill -TERM \$$1_pid; wait \$$1_pid" ||
	    grep -v '^datagrams ' "$1.said" >>wrong
	rm -f "$1.port"
}

run_savefile() {
	start_sums sums
	FAULTS=rules $in "$softflowd" -r load.pcap -v 9 \
	    -n "127.0.0.1:$(cat sums.port)" "ip or ip6" >statistics 2>log &
	daemon=$!
	address=127.0.0.1:$(cat sums.port)
	reap_daemon 30
	stop_sums sums
	if [ $status -ne 0 ]; then
		check_refused
	else
		[ "$(stat_of frames)" -eq $nflows ] ||
		    wrong "not all was read, and nothing said of it"
		check_sums sums "$address" $nflows
	fi
}

#
# A daemon at work.
#

ctl() {
	timeout 10 "$tree/softflowctl/softflowctl" -c ctl "$@"
}

answered() {
	ctl timeouts || daemon_gone
}

frames_are() {
	daemon_gone && return 0
	ctl statistics >statistics.new && mv statistics.new statistics &&
	    [ "$(stat_of frames)" -eq $(($1 - $(stat_of frames_skipped))) ]
}

# With one more line, perhaps.
configure() {
	cat >conf <<-EOC
	interface vb
	$1
	version 10
	collector 127.0.0.1 port $udp
	${tcp:+collector 127.0.0.1 port $tcp transport tcp}
	reconnect 1
	EOC
}

# What is refused for a fault is done when it is asked for again.
asked() {
	within 5 ctl "$@" || wrong "$1 is refused: $(ctl "$@" 2>&1)"
}

# The answer may be missing, or a worker have died between that and telling
# the parent.
shut_down() {
	ctl shutdown
	sleep 0.1
	daemon_gone || grep -q 'shutting down on request' log
}

reload() {
	configure "$@"
	asked reload
}

send_load() {
	$in "$bench/send" -r 20000 va load.pcap >/dev/null
	sent=$((sent + nflows))
	within 20 frames_are $sent || wrong "not all was counted"
}

run_live() {
	sent=0
	start_sums sums
	start_sums stream "-T tcp"
	udp=$(cat sums.port) tcp=$(cat stream.port)
	configure
	rm -f statistics
	FAULTS=rules $in "$softflowd" -d -f conf -p pid -c ctl >log 2>&1 &
	daemon=$!
	within 15 answered || wrong "it does not answer"
	if daemon_gone; then
		reap_daemon 1
		stop_sums sums
		stop_sums stream
		check_refused
		[ $status -ge 128 ] || [ ! -e pid -a ! -e ctl ] ||
		    wrong "a file is left"
		return
	fi
	[ $hash != none ] || nstart=$("$faults/arm" -s rules | wc -l)
	send_load
	asked show flows
	reload "filter not host 192.0.2.1"
	send_load
	within 5 shut_down || wrong "shutdown is refused"
	reap_daemon 45
	[ $status -eq 0 ] || wrong "it ended with status $status"
	stop_sums sums
	stop_sums stream
	check_sums sums 127.0.0.1:$udp $sent
	check_sums stream "127.0.0.1:$tcp" $sent
}

#
# The sweep.
#

# What is called in a run of that kind, by whom and from where; the first
# $nstart are of its start.
#	kind
survey() {
	rm -f wrong
	rm -f rules
	hash=none nrun=0 nwrong=0 nmissed=0 nlibrary=0
	"$faults/arm" rules
	run_$1
	"$faults/arm" -s rules >sites
	[ ! -s wrong ] || atf_fail "without a fault: $(cat wrong)"
}

# Sites of these functions and roles (regular expressions): hash, function.
# With a third argument only one for each of our functions that called.
pick() {
	awk -v fn="^($1)$" -v role="^($2)$" -v few="$3" '
	$3 !~ fn || $2 !~ role { next }
	few != "" {
		where = $2 " " $3
		n = 0
		for (i = 5; i <= NF && n < few; i++)
			if ($i ~ /^program/) {
				where = where " " $i
				n++
			}
		if (where in seen)
			next
		seen[where] = 1
	}
	{ print $1, $2, $3 }' sites
}

# The functions through which each site was reached, as far as they are ours:
# the file chains.
make_chains() {
	tr ' ' '\n' <sites | sed -n 's/^program+//p' | sort -u >offsets
	addr2line -f -s -e "$program" <offsets | paste - - |
	    paste offsets - | awk -F '\t' '
	    NR == FNR { name["program+" $1] = $2 "(" $3 ")"; next }
	    {
		n = split($0, field, " ")
		line = field[1]
		for (i = 5; i <= n; i++)
			if (field[i] in name)
				line = line " " name[field[i]]
		print line
	    }' - sites >chains
}

chain() {
	[ chains -nt sites ] || make_chains
	sed -n "s/^$1 //p" chains
}

# Let these sites fail with this error, one after the other.  $nrun,
# $nwrong and so on say how it went.
#	kind error <hash role function
sweep() {
	while read -r hash role name; do
		rm -f wrong
		"$faults/arm" rules "$name@$role#$hash=$2"
		run_$1 </dev/null
		nrun=$((nrun + 1))
		[ "$("$faults/arm" -r rules)" -gt 0 ] ||
		    nmissed=$((nmissed + 1))
		[ -s wrong ] || continue
		nwrong=$((nwrong + 1))
		echo "$role: $name $2 at $hash $(chain $hash)"
		sed 's/^/    /' wrong log
	done
}

#
# softflowctl.
#

# All goes well and says all, or it fails and says why.  Names of protocols may
# be numbers.
run_ctl() {
	FAULTS=rules timeout 10 "$softflowctl" -c ctl $words >printed 2>log
	status=$?
	tr -d ' 0-9' <printed >out	# ages
	[ $hash != none ] || cp out expected
	if [ $status -gt 128 ] && [ $status -ne 137 ] && in_library; then
		nlibrary=$((nlibrary + 1))
	elif [ $status -ge 124 ]; then
		wrong "it hangs or died: $status"
	elif [ $status -ne 0 ]; then
		[ -s log ] || wrong "it says nothing"
	elif ! cmp -s out expected; then
		chain $hash | grep -q summary_load_protocols ||
		    wrong "something is missing"
	fi
}
