#!/usr/bin/env atf-sh
#
# What --sandbox prints is what the manual says, and what is printed is enough
# for the daemon's whole life: no process of it meets a refusal but by intent.

. "$(atf_get_srcdir)/common.sh"

watch=$tree/regress/watch/watch

atf_test_case anybody_is_told_in_80_columns
anybody_is_told_in_80_columns_head() {
	atf_set descr "also as JSON, of the same content"
	atf_set require.progs jq
}
anybody_is_told_in_80_columns_body() {
	set -- "$softflowd"
	[ "$(id -u)" != 0 ] ||
	    set -- setpriv --reuid=65534 --clear-groups "$softflowd"
	atf_check -o save:text "$@" --sandbox
	atf_check -o empty awk 'length > 80' text
	atf_check -o save:json "$@" --sandbox json
	# Each rule of a process stands below its name, in both.
	jq -r '.processes[] | .process as $p | .calls[] | [$p, .call,
	    (if .condition == "" then "" else " (\(.condition))" end) +
	    ": \(.reason)"] | @tsv' json >rules
	atf_check test "$(wc -l <rules)" -gt 200
	sed -e ':next' -e N -e 's/\n        */ /' -e 't next' -e P -e D text \
	    >unwrapped
	awk -F '\t' '
	NR == FNR && /^[a-z]+, which/ { process = $1; sub(/,.*/, "", process) }
	NR == FNR { line[process, ++n[process]] = $0; next }
	{
		for (i = 1; i <= n[$1]; i++) {
			at = length(line[$1, i]) - length($3)
			names = ", " substr(line[$1, i], 5, at - 4) ","
			if (substr(line[$1, i], at + 1) == $3 && \
			    index(names, ", " $2 ","))
				next
		}
		print
		bad = 1
	}
	END { exit bad }' unwrapped rules ||
	    atf_fail "rules that are not in the text"
	atf_check -s exit:1 -e match:'alone, or with the word json' \
	    "$softflowd" --sandbox xml
	atf_check -s exit:1 -e match:'No space left' -x \
	    "'$softflowd' --sandbox >/dev/full"
}

atf_test_case manual_names_the_workers_calls
manual_names_the_workers_calls_head() {
	atf_set descr "all of them and no other"
	atf_set require.progs jq
}
manual_names_the_workers_calls_body() {
	[ "$(uname -m)" = x86_64 ] || atf_skip "other names here"
	! sanitized || atf_skip "a sanitizer needs more"
	"$softflowd" --sandbox json | jq -r '.processes[] |
	    select(.process == "worker") | .calls[].call' | sort -u >printed
	awk '
	/^\.S[hs] / { on = $0 == ".Ss The calls of a worker" }
	on && $1 == ".It" {
		for (i = 3; i <= NF; i++)
			if ($i != ",")
				print $i
	}' "$tree/man/softflowd.8" | sort -u >manual
	atf_check -o not-empty cat manual
	atf_check diff -u printed manual
}

# The process $1 with id $2 has the limits that are printed of it, hard and
# soft, and besides those of who started it; $3 is memory in octets that it
# may have of its own.
check_limits() {
	jq -r --arg process "$1" '.processes[] |
	    select(.process == $process) | .limits | to_entries[] |
	    [.key, .value] | @tsv' printed | sed 's/^CPU	/cpu time	/
	    s/^NPROC	/processes	/; s/^CORE	/core file size	/
	    s/^NOFILE	/open files	/; s/^FSIZE	/file size	/
	    s/^AS	/address space	/; s/ seconds$//' >limits
	cat /proc/$$/limits >ours
	awk -F '	' -v memory="${3:-0}" '
	function octets(text) {
		sub(/^flow table, rings and /, "", text)
		return text ~ /^[0-9]+ MiB$/ ? text * 1048576 + memory : -1
	}
	FILENAME == "limits" { limit["Max " $1] = $2; next }
	FILENAME == "ours" { theirs[substr($0, 1, 25)] = $0; next }
	{
		name = substr($0, 1, 25)
		split(substr($0, 27), value, " +")
		sub(/ +$/, "", name)
		if (!(name in limit))
			good = theirs[substr($0, 1, 25)] == $0
		else if (name == "Max address space")
			# The table has an index, of 128 octets for a flow.
			good = value[1] == octets(limit[name]) + \
			    (memory > 0 ? 1024 * 128 : 0)
		else
			good = value[1] == limit[name]
		if (!good || (name in limit && value[1] != value[2])) {
			print $0 " is not " limit[name]
			bad = 1
		}
		delete limit[name]
	}
	END {
		for (name in limit) {
			print name " is not shown"
			bad = 1
		}
		exit bad
	}' limits ours "/proc/$2/limits" ||
	    atf_fail "limits of the $1"
}

# And the capabilities, of those that we have ourselves.
check_capabilities() {
	may=0
	for name in $(jq -r --arg process "$1" '.processes[] |
	    select(.process == $process) | .capabilities[]' printed); do
		bit=$(awk -v name="CAP_$name" '$2 == name { print $3 }' \
		    /usr/include/linux/capability.h)
		may=$((may | 1 << ${bit:?}))
	done
	for set in Inh Prm Eff Bnd Amb; do
		ours=0x$(awk -v set="Cap$set:" '$1 == set { print $2 }' \
		    /proc/$$/status)
		has=0x$(awk -v set="Cap$set:" '$1 == set { print $2 }' \
		    "/proc/$2/status")
		case $set in
		Inh|Amb)	wanted=0 ;;
		*)		wanted=$((may & ours)) ;;
		esac
		[ $((has)) -eq $wanted ] ||
		    atf_fail "$1: Cap$set is $has, not $wanted"
	done
}

atf_test_case what_is_printed_is_what_processes_have cleanup
what_is_printed_is_what_processes_have_head() {
	atf_set descr "limits and capabilities, as the kernel shows them"
	atf_set require.user root
	atf_set require.progs jq
}
what_is_printed_is_what_processes_have_body() {
	! sanitized || atf_skip "a sanitizer sets limits of its own"
	make_namespace
	"$softflowd" --sandbox json >printed
	start_softflowd in_ns -i vb -n localhost:9 -m 1024
	worker=$(life_worker)
	resolver=$(pgrep -P $softflowd_pid -f 'softflowd: resolver')
	# Flow table and rings are all that it shares with others.
	mapped=0
	for range in $(awk '$2 ~ /s$/ { print $1 }' /proc/$worker/maps); do
		mapped=$((mapped + 0x${range#*-} - 0x${range%-*}))
	done
	check_limits worker $worker $mapped
	check_limits resolver $resolver
	check_limits parent $softflowd_pid
	check_capabilities worker $worker
	check_capabilities resolver $resolver
	check_capabilities parent $softflowd_pid
	kill $softflowd_pid
	finish_softflowd
}
what_is_printed_is_what_processes_have_cleanup() {
	remove_namespace
}

# The daemon from here on is watched; what is refused to it is in refused.
watch_it() {
	[ -x "$watch" ] || atf_skip "nothing to watch with"
	! sanitized || atf_skip "a sanitizer tries much"
	cat >watched <<-EOC
	#!/bin/sh
	exec "$watch" "$PWD/refused" "$softflowd" "\$@"
	EOC
	chmod +x watched
	softflowd=$PWD/watched
}

# A worker tries to become root again, and must not; the C library asks for a
# cache of names and does without; who compiles an expression asks nobody.
check_refused() {
	wait_for watched_it_to_the_end
	atf_check -o match:'worker: setresuid\(0, 0, 0\): Function not' \
	    cat refused
	grep -Ev -e '(worker|config): setresuid\(0, 0, 0\): ' \
	    -e ': socket\(1, 526337, 0\): ' \
	    -e '[^:]*: socket\([^)]*\): Operation not permitted' \
	    refused >unexpected
	atf_check cat unexpected
}

watched_it_to_the_end() {
	! pgrep -f "^$watch $PWD/refused"
}

# The log says that, behind what it has said before.
said() {
	tries=0
	until said_more "$1"; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || {
			cat log
			atf_fail "the log does not say: $1"
		}
		sleep 0.1
	done
}

said_more() {
	at=$(tail -n +$((seen + 1)) log | grep -n "$1" | head -n 1)
	[ -n "$at" ] && seen=$((seen + ${at%%:*}))
}

life_worker() {
	pgrep -P "$softflowd_pid" -f 'softflowd: worker'
}

another_worker() {
	now=$(life_worker) && [ "$now" != "$1" ] &&
	    "$softflowctl" -c ctl timeouts
}

reload() {
	kill -HUP $softflowd_pid
	said "reloaded: $1"
}

start_tcp() {
	rm -f tcp.port
	ip netns exec $ns "$collector" -q -T tcp -p "$1" -P tcp.port \
	    2>tcp.said &
	tcp_pid=$!
	wait_for test -s tcp.port
}

life_test_case() {
	atf_test_case "$1" cleanup
	eval "$1_head() {
		atf_set descr \"$2\"
		atf_set require.user root
		atf_set timeout 120
	}
	    $1_cleanup() { remove_namespace; }"
}

life_test_case life_of_capture_meets_no_refusal \
    "start, reconnect, every reload, respawn, re-bind, commands, end"
life_of_capture_meets_no_refusal_body() {
	watch_it
	make_namespace
	ip -n $ns link add vc type veth peer name vd
	ip -n $ns link set vc up
	ip -n $ns link set vd up
	in_ns sysctl -qw net.ipv6.conf.lo.disable_ipv6=0
	start_collector in_ns
	start_tcp 0
	tcp=$(cat tcp.port)
	cat >conf <<-EOC
	interface vb
	collector 127.0.0.1 port $port
	collector 127.0.0.1 port $tcp transport tcp
	collector localhost port 9
	reconnect 1
	version 10
	hop-limit 3
	dscp 8
	source-interface lo
	ignore-outgoing
	EOC
	seen=0
	start_softflowd in_ns -f conf
	send va "$real"
	wait_for live_counter_is frames $sent
	# A stream is opened again.
	kill $tcp_pid
	said 'collector 127.0.0.1:.*'
	start_tcp $tcp
	said 'connected'
	# Each kind of reload.
	echo 'timeout udp 1h' >>conf
	reload 'timeouts changed'
	echo 'filter not port ssh' >>conf
	reload 'filter changed'
	echo 'interface vd' >>conf
	reload '1 interface added'
	echo 'collector ::1 port 4739' >>conf
	reload '1 collector added'
	sed -i '/vd/d; /filter/d; /::1/d' conf
	reload ''
	echo 'filter host www.example.com' >>conf
	kill -HUP $softflowd_pid
	said 'names of hosts'
	# A worker dies, an interface goes and comes.
	pid=$(life_worker)
	kill -9 $pid
	wait_for another_worker $pid
	ip -n $ns link del va
	said 'the interface has gone'
	ip -n $ns link add va type veth peer name vb
	said 'the interface is back'
	ip -n $ns link set va up
	ip -n $ns link set vb up
	# Operators, who may also set and reload.
	kill -USR1 $softflowd_pid
	for words in 'show collectors' 'show sandbox' 'debug+' \
	    'expire-all' statistics; do
		atf_check -o ignore "$softflowctl" -c ctl $words
	done
	kill $softflowd_pid
	finish_softflowd
	kill $tcp_pid
	stop_collector
	check_refused
}

# Which it tells when it has reloaded.
told_ready_again() {
	[ "$(grep -c ^READY=1 told)" -eq 2 ]
}

life_test_case life_of_a_daemon_and_of_reports_meets_no_refusal \
    "in the background, with a service manager, of -R and of a file"
life_of_a_daemon_and_of_reports_meets_no_refusal_body() {
	watch_it
	make_namespace
	"$tree/regress/peer/peer" notify sock >told &
	manager=$!
	wait_for grep -q listening told
	export NOTIFY_SOCKET="$PWD/sock"
	in_ns sysctl -qw net.ipv6.conf.lo.disable_ipv6=0
	cat >conf <<-EOC
	reports 4739 from 127.0.0.1
	collector 127.0.0.1 port 9
	source-address 127.0.0.1
	log-level debug
	EOC
	ip netns exec $ns "$softflowd" -f conf -p "$PWD/pid" -c "$PWD/ctl" \
	    2>log
	softflowd_pid=$(cat pid)
	wait_for grep -q ^READY=1 told
	echo 'collector 127.0.0.1 port 9 transport tcp' >>conf
	kill -HUP "$softflowd_pid"
	wait_for told_ready_again
	kill -9 $(pgrep -P "$softflowd_pid" -f 'softflowd: worker')
	wait_for "$softflowctl" -c ctl timeouts
	atf_check -o ignore "$softflowctl" -c ctl shutdown
	wait_for test ! -e pid
	check_refused
	kill $manager
	unset NOTIFY_SOCKET
	atf_check -o ignore -e ignore "$softflowd" -r "$real" -n 127.0.0.1:9 \
	    not port ssh
	check_refused
}

atf_init_test_cases() {
	atf_add_test_case anybody_is_told_in_80_columns
	atf_add_test_case manual_names_the_workers_calls
	atf_add_test_case what_is_printed_is_what_processes_have
	atf_add_test_case life_of_capture_meets_no_refusal
	atf_add_test_case life_of_a_daemon_and_of_reports_meets_no_refusal
}
