# Sourced by package.sh: what takes an installed package, and root.

tool=$top/regress
ns=sfdpkg$$
conf=/etc/softflowd/softflowd.conf
ctl=/run/softflowd/ctl

# What there is on the machine: files with their contents where they are
# configuration.  Left out are dpkg's own books, copies of a user data base that
# every change makes, and what others do in /run at the same time.
machine() {
	find /etc /usr /lib/systemd /var/lib -xdev \
	    \( -path /var/lib/dpkg -o -path /var/lib/apt \) -prune -o \
	    -printf '%p %y %m %u %g %l\n'
	find /var/lib/dpkg/info /run -xdev -maxdepth 2 -name '*softflowd*' \
	    -printf '%p %y\n'
	find /etc -xdev -type f ! -name '*-' ! -name .pwd.lock \
	    -exec sha256sum {} +
}

# Nothing that this script would take for its own at the end, and remove.
not_there() {
	for path in /usr/sbin/softflowd /etc/softflowd /run/softflowd; do
		[ ! -e $path ] || {
			echo "$path is there"
			return 1
		}
	done
	! getent passwd _softflowd &&
	    ! dpkg-query -s softflowd && machine | sort >"$work/before"
}

# Nothing runs, and nothing will by itself.
is_installed() {
	installed=1
	dpkg -i "$package" && getent passwd _softflowd &&
	    ! ls -l /proc/[0-9]*/exe 2>/dev/null |
	    grep -q ' /usr/sbin/softflowd$' &&
	    [ ! -e /run/softflowd ] &&
	    ! find /etc/systemd -name '*softflowd*' | grep .
}

user_is_nobody_else() {
	getent passwd _softflowd | grep ':/nonexistent:/usr/sbin/nologin$' &&
	    ! getent shadow _softflowd | grep -v ':[!*]*:'
}

# As shipped, the configuration names nothing to watch.
refuses_to_start() {
	! /usr/sbin/softflowd -d -f $conf -p none -c none 2>"$work/refused" &&
	    grep 'nothing to read packets from' "$work/refused"
}

make_network() {
	ip netns add $ns && echo $ns >"$work/namespace" &&
	    ip netns exec $ns sysctl -qw net.ipv6.conf.all.disable_ipv6=1 &&
	    ip -n $ns link set lo up &&
	    ip -n $ns link add va mtu 65535 type veth peer name vb mtu 65535 &&
	    ip -n $ns link set va up && ip -n $ns link set vb up || return 1
	ip netns exec $ns "$tool/collector/collector" -s -p 0 \
	    -P "$work/port" >"$work/sums" 2>"$work/collected" &
	collector=$!
	ip netns exec $ns "$tool/peer/peer" notify "@softflowd-$ns" \
	    >"$work/told" 2>&1 &
	manager=$!
	wait_for test -s "$work/port" && wait_for grep listening "$work/told"
}

autopkgtest() {
	mkdir "$work/autopkgtest" && cd "$top" && ip netns exec $ns env \
	    AUTOPKGTEST_TMP="$work/autopkgtest" sh debian/tests/flows || {
		cat "$work"/autopkgtest/*.log
		return 1
	}
	echo "NOTE $(grep '^of .*:' "$work/out" | paste -s -d ,)"
}

configure() {
	printf 'interface va\ncollector 127.0.0.1 port %s version ipfix\n%s\n' \
	    "$(cat "$work/port")" "${1:-}" >$conf
}

by_hand() {
	ip netns exec $ns sh "$tool/package/by_hand.sh" $unit "$@"
}

starts() {
	configure
	ip netns exec $ns sh "$tool/package/by_hand.sh" $unit ExecStart \
	    "$tool/watch/allow" 2000000 "@softflowd-$ns" >"$work/log" 2>&1 &
	service=$!
	wait_for grep READY=1 "$work/told" || {
		cat "$work/log"
		return 1
	}
	pid=$(cat /run/softflowd/pid) &&
	    grep "READY=1 MAINPID=$pid " "$work/told" &&
	    wait_for grep WATCHDOG=1 "$work/told"
}

status_is() {
	grep -q "^$1:[[:blank:]]*$2\$" "/proc/$pid/status" || {
		echo "$1 is not $2:"
		cat "/proc/$pid/status"
		return 1
	}
}

# Of the parent as the kernel has it: what the unit gave, and no more.
is_confined_by_unit() {
	bits=0
	for cap in 5 6 7 8 13 18; do
		bits=$((bits | 1 << cap))
	done
	bits=$(printf %016x $bits)
	status_is CapBnd "$bits" && status_is CapEff "$bits" &&
	    status_is CapAmb 0000000000000000 && status_is NoNewPrivs 1 &&
	    status_is Seccomp_filters 2 &&
	    [ "$(readlink "/proc/$pid/exe")" = /usr/sbin/softflowd ] &&
	    [ "$(stat -c %a /run/softflowd/ctl)" = 600 ] &&
	    [ "$(ps -o user:20= --ppid "$pid" | sort -u | tr -d ' ')" = \
	    _softflowd ]
}

counter() {
	/usr/sbin/softflowctl -c $ctl -H statistics |
	    awk -v name="$1" '$1 == name && NF == 2 { print $2; exit }'
}

counter_is() {
	[ "$(counter "$1")" = "$2" ]
}

sees_traffic() {
	sent=$(ip netns exec $ns "$tool/replay/replay" vb \
	    "$tool/data/real.pcap") || return 1
	total=$((${total:-0} + sent))
	wait_for counter_is frames "$total" || {
		counter frames
		return 1
	}
	echo "NOTE $sent frames"
}

audited() {
	sh "$tool/audit.sh" --running "$pid" || return 1
	# In out is what it has printed.
	sed -n 's/^\([0-9]* proven, .*\);.*/NOTE \1/p' "$work/out"
}

# Another worker takes over; the parent stays.
reloads() {
	told=$(grep -c RELOADING=1 "$work/told")
	configure 'snap-length 300'
	by_hand ExecReload "$tool/watch/allow" || return 1
	wait_for test "$(grep -c RELOADING=1 "$work/told")" -gt "$told" &&
	    wait_for sh -c "sed -n '/RELOADING=1/,\$p' '$work/told' |
	    grep READY=1" && [ "$(cat /run/softflowd/pid)" = "$pid" ]
}

refuses_bad_file() {
	configure 'sampling many'
	! by_hand ExecReload "$tool/watch/allow" >"$work/answer" 2>&1 &&
	    grep 'sampling many' "$work/answer" && kill -0 "$pid" && configure
}

stops() {
	kill -TERM "$service"
	wait "$service"
	status=$?
	cat "$work/log"
	[ $status -eq 0 ] && grep STOPPING=1 "$work/told" >/dev/null &&
	    rmdir /run/softflowd	# as systemd does; it must be empty
}

# Every packet that was sent is in a record that has arrived.
counted() {
	kill -TERM $collector $manager
	wait $manager
	wait $collector || {
		cat "$work/collected"
		return 1
	}
	packets=$(awk '{ n += $7 } END { print n }' "$work/sums")
	expected=$(($1 * 2889))
	echo "NOTE $(wc -l <"$work/sums") flows, $packets packets"
	[ "$packets" -eq "$expected" ]
}

is_removed() {
	dpkg --remove softflowd && [ ! -e /usr/sbin/softflowd ] && [ -e $conf ]
}

is_purged() {
	# Of an instance that somebody has set up.
	echo 'interface va' >/etc/softflowd/va.conf
	# Another softflowd that root has begun since is that user, too.
	for try in 1 2 3 4 5 6; do
		wait_for sh -c '! pgrep -u _softflowd' && break
	done
	dpkg --purge softflowd || return 1
	installed=
	! getent passwd _softflowd && ! getent group _softflowd
}

leaves_no_trace() {
	ip netns del $ns
	machine | sort >"$work/after"
	diff "$work/before" "$work/after" &&
	    echo "NOTE $(wc -l <"$work/after") files compared"
}

for part in lib regress/collector regress/peer regress/replay regress/watch; do
	need "$part is built" bsd_make -C "$top/$part" all
done
need "the same source gives the same packages" same_twice
need "there is no softflowd here" not_there
need "the package installs, and starts nothing" is_installed
step "its user can do nothing else" user_is_nobody_else
step "unconfigured, it does not start" refuses_to_start
need "two interfaces and a collector" make_network
step "the package's own test passes" autopkgtest
need "the service starts as its unit says" starts
step "it has what its unit gives" is_confined_by_unit
step "it sees what passes" sees_traffic
step "the audit finds no gap" audited
step "systemctl reload would reload it" reloads
step "it sees what passes then" sees_traffic
step "systemctl reload would refuse a bad file" refuses_bad_file
step "it stops" stops
step "all that passed was exported" counted 2
step "removed, it leaves its configuration" is_removed
step "purged, it leaves no user" is_purged
step "nor anything else" leaves_no_trace
