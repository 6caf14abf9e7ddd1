#!/usr/bin/env atf-sh
#
# Every command line that the manual pages and the README show is taken as it
# stands there, in a namespace with the interfaces and networks they name.

. "$(atf_get_srcdir)/common.sh"

# Command lines of a page's EXAMPLES, or of a text's indented code, that begin
# with this program: without the prompt, each on one line.
examples() {
	case $1 in
	*.md)	sed -n 's/^    //p' "$1" ;;
	*)	awk '/^\.Sh / { on = $2 == "EXAMPLES" } on' "$1" |
		    sed -e 's/^\.Dl //' -e 's/\\e$/\\/' -e 's/^[#$] //' ;;
	esac | sed -e :a -e '/\\$/N' -e 's/\\\n */ /' -e ta |
	    grep -E "^([a-z]+ [^|]*\| *)?$2 (-?[a-zA-Z])"
}

# With the files of this test; a later -p or -c stays, but for its directory.
localise() {
	sed -e 's,/var/run/,,g' -e 's,/etc/softflowd/,,' -e 's/  *#.*//' \
	    -e 's/softflowd /softflowd -d -p pid -c ctl /' \
	    -e 's/softflowctl /softflowctl -c ctl /'
}

make_network() {
	make_namespace
	for name in eth0 eth1; do
		ip -n $ns link add $name type veth peer name ${name}x
		ip -n $ns link set $name up
		ip -n $ns link set ${name}x up
	done
	in_ns sysctl -qw net.ipv6.conf.eth0.disable_ipv6=0
	ip -n $ns addr add 192.0.2.9/24 dev eth0
	ip -n $ns addr add 2001:db8::9/64 dev eth0 nodad
	ip -n $ns addr add 198.51.100.9/24 dev eth1
	ip -n $ns route add default dev eth1
	PATH=$tree/softflowd:$tree/softflowctl:$PATH
	export PATH
	echo 'interface eth0' >softflowd.conf
	cp "$real" capture.pcap
	gzip -k capture.pcap
}

# Until it says that it is ready, then to its end, which must be a good one.
run_daemon() {
	case $1 in
	*' -r '*|*' -k')
		in_ns sh -c "$1" >log 2>&1 || {
			cat log
			atf_fail "$1"
		}
		return ;;
	esac
	ctl=$(echo "$1" | sed 's/.* -c \([^ ]*\).*/\1/')
	ip netns exec "$ns" sh -c "exec $1" >log 2>&1 &
	softflowd_pid=$!
	tries=0
	until softflowctl -c "$ctl" statistics >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || {
			cat log
			atf_fail "$1"
		}
		sleep 0.1
	done
	kill $softflowd_pid
	finish_softflowd
}

# The interface speaks by itself, too.
has_seen_all() {
	[ "$(live_counter frames)" -ge "$sent" ]
}

example_test_case() {
	atf_test_case "$1" cleanup
	eval "$1_head() {
		atf_set descr \"$2\"
		atf_set require.user root
		atf_set timeout 120
	}
	$1_cleanup() { remove_namespace; }"
}

example_test_case every_daemon_shown_starts \
    "with interfaces, files and collectors as named"
every_daemon_shown_starts_body() {
	make_network
	{
		examples "$tree/man/softflowd.8" softflowd
		examples "$tree/README.md" softflowd
	} | localise >lines
	[ "$(grep -c . lines)" -gt 20 ] || atf_fail "few examples found"
	while read -r line <&3; do
		echo "$line"
		run_daemon "$line"
	done 3<lines
}

example_test_case every_command_shown_is_obeyed \
    "by a running daemon, whatever it is called there"
every_command_shown_is_obeyed_body() {
	make_network
	{
		examples "$tree/man/softflowctl.8" softflowctl
		examples "$tree/man/softflowd.8" softflowctl
		examples "$tree/README.md" softflowctl
	} | localise | sed -e 's/ [|>].*//' -e 's/ top/ top -b -n 1/' >lines
	[ "$(grep -c . lines)" -gt 5 ] || atf_fail "few examples found"
	while read -r line <&3; do
		start_softflowd in_ns -i eth0 -v 9 -n 192.0.2.1:9995
		send eth0x "$real"
		wait_for has_seen_all
		line=$(echo "$line" | sed 's/ -c [^ ]*\.ctl//')
		atf_check -o not-empty sh -c "$line"
		kill $softflowd_pid 2>/dev/null
		finish_softflowd
	done 3<lines
}

atf_init_test_cases() {
	atf_add_test_case every_daemon_shown_starts
	atf_add_test_case every_command_shown_is_obeyed
}
