# What happens to the daemon while it is soaked; sourced by soak.sh.  Each
# action_* is one thing an operator, a network or an enemy does.  All
# wait until it is done, so that each frame sent on an interface that is not
# always there meets the daemon.

# A number below $1 goes to $r; the same seed gives the same numbers.
random() {
	state=$(((state * 1103515245 + 12345) % 2147483648))
	r=$((state / 65536 % $1))
}

# One of the words.
choose() {
	random $#
	shift "$r"
	chosen=$1
}

ctl() {
	"$softflowctl" -c ctl "$@"
}

# The file as it is: what always stands there, and what has changed.
write_conf() {
	{
		cat <<-END
		interface vb
		interface vd optional
		collector 127.0.0.1 port $port_a version 10
		collector 127.0.0.1 port $port_b version 9
		collector 127.0.0.1 port 4739 transport tcp version 10
		reconnect 1
		timeout expint 1
		END
		cat settings
	} >conf
}

# Replace what is said with this word; with nothing behind it, take it away.
setting() {
	sed -i "/^$1 /d" settings
	[ $# -eq 1 ] || echo "$*" >>settings
	write_conf
}

# Have the file read; $said is the daemon's word on it, which must be that
# this is done, or refused.  While there is no worker nobody answers.
reload() {
	tries=100
	until said=$(ctl reload 2>&1) || [ $tries -eq 0 ]; do
		case $said in
		*"not reloaded"*) break ;;
		esac
		tries=$((tries - 1))
		sleep 0.1
	done
	case $said in
	*": $1: "*) ;;
	*)	off "$(tail -n 1 acted): expected \"$1\", got $said" ;;
	esac
}

action_timeouts() {
	for name in udp tcp tcp.fin icmp general maxlife; do
		random 5
		setting "timeout $name" $((r + 2))
	done
	reload reloaded
}

action_sampling() {
	choose 1 1 4
	setting sampling "$chosen"
	reload reloaded
}

action_filter() {
	# Of all frames it can be told, or the kernel would refuse some.
	random 9
	setting filter "not ether host 02:00:00:00:99:0$r"
	reload reloaded
}

action_worker_settings() {
	choose "tunnels all" "tunnels gre" "template-seconds 61" \
	    "template-datagrams 100" "train 1" "train 8" "payload 600" \
	    "payload 1400" "fragment-entries 0" "fragment-entries 4096" \
	    "statistics-seconds 7" "snap-length 128" "snap-length 1500" \
	    "hop-limit 9" "dscp 8" "own-prefix 10.0.0.0/8" \
	    "ignore-outgoing"
	# shellcheck disable=SC2086
	setting $chosen
	[ "$chosen" != ignore-outgoing ] || {
		sed -i /ignore-outgoing/d settings
		echo ignore-outgoing >>settings
		write_conf
	}
	reload reloaded
}

action_collector() {
	choose "" "version 5" "version 9" "version 10" "version 1"
	sed -i "/^collector /d" settings
	[ -z "$chosen" ] ||
	    echo "collector 127.0.0.1 port 9 $chosen" >>settings
	write_conf
	reload reloaded
}

action_wrong_file() {
	cp conf right
	choose "no-such-word" "timeout icmp" "track ip" "interface nosuch" \
	    "sampling -1" "collector 127.0.0.1 port 80 transport tcp version 10"
	echo "$chosen" >>conf
	reload "not reloaded"
	mv right conf
}

action_log() {
	choose "log verbose" "log brief" "debug+" "debug-"
	# shellcheck disable=SC2086
	wait_until 100 ctl $chosen || off "$chosen failed"
}

is_captured() {
	ctl -j show interfaces | jq -e --arg name "$1" '.interfaces[] |
	    select(.interface == $name) | .present and (.removed | not)'
}

# Frames on an interface that was not there a while before.
burst() {
	wait_until 100 is_captured "$2" || {
		off "$2 is not captured on"
		return
	}
	choose real odd
	send_file "$1" $chosen.pcap "$rate"
}

action_another_interface() {
	ip -n "$ns" link show vy >/dev/null 2>&1 || make_pair "$ns" vx vy
	sed -i /^interface/d settings
	echo "interface vy" >>settings
	write_conf
	reload reloaded
	burst vx vy
	random 2
	[ "$r" -eq 0 ] || return
	sed -i /^interface/d settings
	write_conf
	reload reloaded
	ip -n "$ns" link del vx
}

action_interface_down() {
	ip -n "$ns" link set vd down
	sleep 0.2
	ip -n "$ns" link set vd up
	burst vc vd
}

action_interface_gone() {
	ip -n "$ns" link del vc
	random 3
	[ "$r" -eq 0 ] || sleep 0.3
	make_pair "$ns" vc vd
	burst vc vd
}

action_kill() {
	choose KILL KILL SEGV ABRT
	pid=$(worker_of $daemon | head -n 1)
	[ -n "$pid" ] && kill -s "$chosen" "$pid" && deaths=$((deaths + 1))
}

action_usr1() {
	kill -USR1 $daemon
}

action_suspend() {
	pid=$daemon
	random 2
	[ "$r" -eq 0 ] || pid=$(worker_of $daemon | head -n 1)
	[ -n "$pid" ] || return
	kill -STOP "$pid"
	sleep 0.5
	kill -CONT "$pid"
}

action_expire() {
	choose expire-all expire-all delete-all "flow expire port 443" \
	    "flow delete proto icmp" send-template
	# shellcheck disable=SC2086
	wait_until 100 ctl $chosen || off "$chosen failed"
}

action_set() {
	choose "set timeout udp 3" "set timeout tcp 4" "set sampling 2" \
	    "set sampling 1"
	# shellcheck disable=SC2086
	wait_until 100 ctl $chosen || off "$chosen failed"
}

action_pause() {
	wait_until 100 ctl stop-gather || off "stop-gather failed"
	sleep 0.3
	wait_until 100 ctl start-gather || off "start-gather failed"
}

action_client() {
	choose "show flows limit 20" "show flows by octets limit 5" \
	    "-j show statistics" "show memory" "-j show flows" dump-flows \
	    "-p show statistics" "show sandbox" "top -b -n 2 -s 1"
	# shellcheck disable=SC2086
	wait_until 100 timeout 20 "$softflowctl" -c ctl $chosen ||
	    off "$chosen failed"
}

action_rude_client() {
	random 4
	case $r in
	0)	ctl dump-flows 2>/dev/null | head -n 1 >/dev/null ;;
	1)	head -c 3000 /dev/urandom |
		    timeout 2 nc -N -U ctl >/dev/null 2>&1 ;;
	2)	timeout 3 "$softflowctl" -c ctl top -b -s 1 >/dev/null 2>&1 &
		# Nobody reads, nobody asks.
		sleep 3 | timeout 3 nc -U ctl >/dev/null 2>&1 & ;;
	3)	timeout 10 "$top/regress/peer/peer" control ctl 20 \
		    >/dev/null 2>&1 ;;
	esac
}

# The collector by UDP that is not always there.
action_collector_b() {
	if [ -s b.pid ]; then
		stop_collector b TERM
		return
	fi
	start_collector b -p "$port_b"
}

# The one by TCP: away, killed, stuck or back.
action_collector_c() {
	if [ ! -s c.pid ]; then
		start_collector c -T tcp -p 4739
		return
	fi
	choose TERM KILL STOP
	if [ "$chosen" = STOP ]; then
		kill -STOP "$(cat c.pid)"
		sleep 2
		kill -CONT "$(cat c.pid)"
		return
	fi
	stop_collector c "$chosen"
}

actions="timeouts sampling filter worker_settings worker_settings collector
    wrong_file log another_interface another_interface interface_down
    interface_gone kill kill kill usr1 suspend expire expire set pause client
    client client rude_client rude_client collector_b collector_c
    collector_c"

act() {
	# shellcheck disable=SC2086
	choose $actions
	action=$chosen
	echo "$(date +%T) $action" >>acted
	"action_$action"
}
