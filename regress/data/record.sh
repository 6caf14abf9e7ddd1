#!/bin/sh
# Record real.pcap anew: real clients and servers in three network namespaces,
# client - router - server, joined by veth pairs.  Linux, root.
#
#   sh regress/data/record.sh [FILE]
#
# Nothing leaves the namespaces, and nothing of the host is changed but for
# the packages installed.  Those bring no services that would start here.
#
# Names and addresses are our own and hold no blanks:
# shellcheck disable=SC2086

set -u
data=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$data/../.." && pwd)
. "$top/regress/lib.sh"

PATH=$PATH:/usr/sbin:/sbin
target=${1:-$data/real.pcap}
[ "$(uname -s)" = Linux ] || die "network namespaces: Linux only"
[ "$(id -u)" -eq 0 ] || die "not root: namespaces cannot be made"
# shellcheck disable=SC2046
install_packages $(missing_packages ip=iproute2 ethtool=ethtool \
    tcpdump=tcpdump reordercap=wireshark-common dnsmasq=dnsmasq-base \
    dig=bind9-dnsutils python3=python3 curl=curl ping=iputils-ping \
    dropbear=dropbear-bin nc=netcat-openbsd) || exit 1

client=record$$-client
router=record$$-router
server=record$$-server
v4=198.51.100.2
v6=2001:db8:2::2
work=$(mktemp -d "${TMPDIR:-/tmp}/softflowd-record.XXXXXX") || exit 1

# What runs in a namespace of ours was started by us.
clean_up() {
	for ns in $client $router $server; do
		# shellcheck disable=SC2046
		kill $(ip netns pids $ns 2>/dev/null) 2>/dev/null
		ip netns del $ns 2>/dev/null
	done
	wait 2>/dev/null
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

must() {
	"$@" || die "failed: $*"
}

# Not for what goes on in the background: $! would be a shell's.
on() {
	ns=$1
	shift
	ip netns exec "$ns" "$@"
}

wait_for() {
	tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || die "waited in vain: $*"
		sleep 0.1
	done
}

# Hardware addresses are from the documentation range, too (RFC 7042).
# Offloads off: frames as on a wire, with checksums, none above the MTU.
add_link() {
	must ip link add name "$2" netns "$1" address "00:00:5e:00:53:$3" \
	    type veth peer name "$5" netns "$4" address "00:00:5e:00:53:$6"
	must on "$1" ethtool -K "$2" rx off tx off tso off gso off gro off \
	    >/dev/null
	must on "$4" ethtool -K "$5" rx off tx off tso off gso off gro off \
	    >/dev/null
}

add_addresses() {
	must ip -n "$1" addr add "$3" dev "$2"
	must ip -n "$1" addr add "$4" dev "$2" nodad
	must ip -n "$1" link set "$2" up
}

# The tags of a VLAN sub-interface in user space, because not every kernel
# has 802.1Q: what enters a tap leaves its parent tagged, and back.  The
# parent announces itself by LLDP once.
cat >"$work/tagger.py" <<'PYTHON'
import fcntl, os, select, socket, struct, sys

tap_name, parent, vlan = sys.argv[1], sys.argv[2], int(sys.argv[3])
tap = os.open("/dev/net/tun", os.O_RDWR)
TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454ca, 0x0002, 0x1000
fcntl.ioctl(tap, TUNSETIFF,
    struct.pack("16sH22x", tap_name.encode(), IFF_TAP | IFF_NO_PI))
ETH_P_ALL, SOL_PACKET, PACKET_AUXDATA, VLAN_VALID = 3, 263, 8, 1 << 4
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
    socket.htons(ETH_P_ALL))
wire.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
wire.bind((parent, ETH_P_ALL))
mac, name = wire.getsockname()[4], parent.encode()

wire.send(bytes.fromhex("0180c200000e") + mac + b"\x88\xcc" +
    b"\x02\x07\x04" + mac + bytes((4, 1 + len(name), 5)) + name +
    b"\x06\x02\x00\x78" + b"\x00\x00")
while True:
    for ready in select.select([tap, wire], [], [])[0]:
        if ready == tap:
            frame = os.read(tap, 2048)
            wire.send(frame[:12] + struct.pack("!HH", 0x8100, vlan) +
                frame[12:])
            continue
        # The kernel hands the tag over beside the frame.
        frame, extra, _, sender = wire.recvmsg(2048, 64)
        if sender[2] == socket.PACKET_OUTGOING or not extra:
            continue
        status, tci = struct.unpack("I12xH", extra[0][2][:18])
        if status & VLAN_VALID and tci & 0xfff == vlan:
            os.write(tap, frame)
PYTHON

# $1 is the namespace, $2 the parent, $3 the address that both share.
add_vlan() {
	ip netns exec "$1" python3 "$work/tagger.py" vlan50 "$2" 50 &
	wait_for ip -n "$1" link show vlan50
	must ip -n "$1" link set vlan50 address "00:00:5e:00:53:$3"
	add_addresses "$1" vlan50 "$4" "$5"
}

# --- The network.  Its client's link stays down until tcpdump listens.

for ns in $client $router $server; do
	must ip netns add $ns
	must ip -n $ns link set lo up
done
add_link $client eth0 01 $router lan 02
add_link $router wan 03 $server eth0 04
must on $router sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward &&
    echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
add_addresses $router wan 198.51.100.1/25 2001:db8:2::1/64
add_addresses $server eth0 $v4/25 $v6/64
# Second addresses, which the client reaches through the VLAN.
add_addresses $server eth0 198.51.100.50/25 2001:db8:2::50/64
must ip -n $server route add default via 198.51.100.1
must ip -n $server route add default via 2001:db8:2::1
# A small window: a large download comes only as fast as curl reads it.
must on $client sh -c "echo 4096 32768 32768 >/proc/sys/net/ipv4/tcp_rmem"
# A network that is answered for by ICMP, and one that never answers.
must ip -n $router route add unreachable 198.51.100.128/26
must ip -n $router route add unreachable 2001:db8:dead::/48
must ip -n $router route add blackhole 198.51.100.192/26

# --- The servers.

mkdir -p "$work/www" "$work/home/.ssh" && chmod 700 "$work/home"
echo '<html><body>It works.</body></html>' >"$work/www/index.html"
yes 'It works, again and again.' | head -c 20000 >"$work/www/page"
yes 'It works, again and again.' | head -c 2500000 >"$work/www/large"
for key in host user; do
	must dropbearkey -t ed25519 -f "$work/$key" >"$work/$key.pub" 2>&1
done
grep '^ssh-' "$work/user.pub" >"$work/home/.ssh/authorized_keys"
for ip in $v4 $v6; do
	echo "$ip $(sed -n 's/^\(ssh-[^ ]* [^ ]*\).*/\1/p' "$work/host.pub")"
done >"$work/home/.ssh/known_hosts"

ip netns exec $server dnsmasq --keep-in-foreground --conf-file=/dev/null \
    --user=root --pid-file= --no-resolv --no-hosts --local-ttl=300 \
    --local=/example.org/ --host-record=www.example.org,$v4,$v6 \
    --mx-host=example.org,www.example.org,10 \
    --txt-record=example.org,"a text record" >"$work/dns" 2>&1 &
ip netns exec $server python3 -m http.server --bind :: \
    --directory "$work/www" 80 >"$work/http" 2>&1 &
# The mount is seen by this process alone: root's own keys are not touched.
# shellcheck disable=SC2016
ip netns exec $server sh -c 'cd "$1" && mount --bind home ~root &&
    exec dropbear -F -E -s -r host -P ssh.pid -p 22' sh "$work" \
    >"$work/ssh" 2>&1 &
for port in 22 53 80; do
	wait_for on $server nc -nz 127.0.0.1 $port
done

# --- Recording.  128 octets hold every header and all of a small packet.

must ip -n $router addr add 192.0.2.1/25 dev lan
must ip -n $router addr add 2001:db8:1::1/64 dev lan nodad
must ip -n $router link set lan up
ip netns exec $router tcpdump -i lan -n -s 128 -B 16384 -Z root \
    -w "$work/raw.pcap" 2>"$work/tcpdump" &
recorder=$!
wait_for grep listening "$work/tcpdump"
add_addresses $client eth0 192.0.2.2/25 2001:db8:1::2/64
must ip -n $client route add default via 192.0.2.1
must ip -n $client route add default via 2001:db8:1::1
# 1514 octets and a tag pass a veth of MTU 1500, as on Ethernet.
add_vlan $router lan 02 192.0.2.129/25 2001:db8:50::1/64
add_vlan $client eth0 01 192.0.2.130/25 2001:db8:50::2/64
must ip -n $client route add 198.51.100.50/32 via 192.0.2.129
must ip -n $client route add 2001:db8:2::50/128 via 2001:db8:50::1

# A step that ought to succeed.
step() {
	on $client "$@" >/dev/null || die "failed: $*"
}

# A step that ought to fail: unreachable, refused, broken off.
refused() {
	! on $client "$@" >/dev/null 2>&1 || die "succeeded: $*"
}

echo "recording"
step ping -n -c 4 -i 0.2 -s 24 $v4
step ping -n -c 4 -i 0.2 -s 24 $v6
step ping -n -c 1 -s 24 -R $v4			# with an IPv4 option
refused ping -n -c 1 -W 1 -s 24 -t 1 $v4	# time exceeded
refused ping -n -c 1 -W 1 -s 24 198.51.100.130
refused ping -n -c 1 -W 1 -s 24 2001:db8:dead::1
refused nc -nz -w 2 198.51.100.200 443		# a SYN again and again

# At a rate, so that the others come between its packets.
step curl -sS --limit-rate 500k -o "$work/got" http://$v4/large &
large=$!
for ip in $v4 $v6; do
	for type in A AAAA MX TXT; do
		step dig @$ip www.example.org $type
		step dig @$ip example.org $type
	done
	step dig @$ip nothing.example.org
	step dig @$ip +tcp www.example.org
	refused dig @$ip -p 5300 +tries=1 +time=1 www.example.org

	url=http://$ip
	[ $ip = $v4 ] || url="http://[$ip]"
	step curl -sS $url/
	step curl -sS $url/page
	step curl -sS --head $url/page
	step curl -sS $url/nothing
	# The client, then the server gives up with data unread: RST.
	on $client curl -sS $url/large 2>/dev/null | head -c 1000 >/dev/null
	on $client curl -sS -H Expect: -T "$work/www/large" $url/up \
	    >/dev/null 2>&1

	step env HOME="$work/home" dbclient -i "$work/user" root@$ip seq 2000
	refused nc -nz -w 1 $ip 1001-1040
done
wait $large || exit 1
must cmp "$work/got" "$work/www/large"

step ping -n -c 3 -i 0.2 -s 24 192.0.2.129
step ping -n -c 3 -i 0.2 -s 24 2001:db8:2::50
step curl -sS http://198.51.100.50/page
step curl -sS "http://[2001:db8:2::50]/page"

# The kernel hands over what it holds within a second.
sleep 1.5
kill $recorder
wait $recorder
grep -q '^0 packets dropped' "$work/tcpdump" ||
    die "packets were lost: $(cat "$work/tcpdump")"
# The two directions are stamped at different places, so that neighbours may
# be swapped.
must reordercap "$work/raw.pcap" "$work/real.pcap" >/dev/null

# --- Is it what the tests rely on?

count() {
	tcpdump -nr "$work/real.pcap" "$@" 2>/dev/null | wc -l
}

for filter in ip ip6 "ip and tcp" "ip6 and tcp" "ip and udp" "ip6 and udp" \
    icmp icmp6 "ip and tcp port 80" "ip6 and tcp port 80" \
    "ip and tcp port 22" "ip6 and tcp port 22" "port 53" \
    "port 80 and tcp[tcpflags] & tcp-rst != 0" \
    "port 80 and ip6[53] & 4 != 0" \
    "icmp[0] = 3" "ip6[6] = 58 and ip6[40] = 1" \
    arp "ether proto 0x88cc" "vlan 50 and ip" "vlan 50 and ip6"; do
	packets=$(count "$filter")
	[ "$packets" -gt 0 ] || die "nothing recorded: $filter"
	printf '%8d  %s\n' "$packets" "$filter"
done
for filter in "ip[6:2] & 0x3fff != 0" "ip6[6] = 44" "greater 1519"; do
	[ "$(count "$filter")" -eq 0 ] || die "recorded, but unwanted: $filter"
done
size=$(wc -c <"$work/real.pcap")
[ "$size" -lt 1048576 ] || die "too large: $size octets"
must cp "$work/real.pcap" "$target"
echo "$target: $(count) packets, $size octets"
