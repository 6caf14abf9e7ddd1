# Shared by the scripts of the suite: what system is this, what does it lack.
# Sourced by POSIX sh; $top is the root of the checkout.

die() {
	echo "$*" >&2
	exit 1
}

# Who works in a folder, of our session, or was given it as TMPDIR.
processes_in() {
	{
		# shellcheck disable=SC2046
		find $(pgrep -s 0 | sed 's,.*,/proc/&/cwd,') -prune \
		    \( -lname "$1" -o -lname "$1/*" \) 2>/dev/null
		grep -lsz "^TMPDIR=$1" /proc/[0-9]*/environ
	} | cut -d / -f 3
}

# Remove a folder that this script has made: first its processes, and those in
# the network namespaces that are listed in files namespace.
remove_work() {
	trap '' HUP INT TERM
	cd "$1" && folder=$(pwd -P) && cd / || return
	# Until there is nobody, as one that forks may not be seen at first.
	while pids=$(processes_in "$folder") && [ -n "$pids" ]; do
		# shellcheck disable=SC2086
		kill -KILL $pids 2>/dev/null
		sleep 0.1
	done
	find "$folder" -type f -name namespace -exec cat {} + |
	    while read -r name; do
		ip netns pids "$name" 2>/dev/null | xargs -r kill -KILL
		ip netns del "$name" 2>/dev/null
	    done
	rm -rf "$folder"
}

# Install packages with the system's own package manager, as root only.
install_packages() {
	[ $# -gt 0 ] || return 0
	echo "installing: $*"
	if [ "$(id -u)" -ne 0 ]; then
		echo "not root: install them first: $*" >&2
		return 1
	fi
	case $(uname -s) in
	Linux)
		command -v apt-get >/dev/null ||
		    die "no apt-get here: install by hand: $*"
		export DEBIAN_FRONTEND=noninteractive
		apt-get -qq update
		apt-get -qq -y --no-install-recommends install "$@" \
		    >/dev/null
		;;
	OpenBSD)
		pkg_add -I "$@"
		;;
	FreeBSD)
		pkg install -y "$@"
		;;
	NetBSD)
		pkgin -y install "$@"
		;;
	*)
		die "unknown system $(uname -s): install by hand: $*"
		;;
	esac
}

# Debian packages out of "file-or-command=package" pairs that are missing.
missing_packages() {
	for pair; do
		what=${pair%%=*}
		case $what in
		/*)	[ -e "$what" ] || echo "${pair#*=}" ;;
		*)	command -v "$what" >/dev/null 2>&1 ||
			    echo "${pair#*=}" ;;
		esac
	done
}

# What building takes, for this system.
build_packages() {
	case $(uname -s) in
	Linux)
		missing_packages cc=gcc bmake=bmake \
		    /usr/include/bsd/stdlib.h=libbsd-dev \
		    /usr/include/pcap/pcap.h=libpcap-dev \
		    /usr/include/seccomp.h=libseccomp-dev \
		    /usr/include/jansson.h=libjansson-dev \
		    /usr/include/curses.h=libncurses-dev
		[ -e /usr/include/stdio.h ] || echo libc6-dev
		;;
	OpenBSD)
		missing_packages /usr/local/include/jansson.h=jansson
		;;
	FreeBSD)
		missing_packages bmake=bmake \
		    /usr/local/include/jansson.h=jansson
		;;
	esac
}

# What the suite takes besides.
test_packages() {
	case $(uname -s) in
	Linux)
		missing_packages kyua=kyua atf-sh=atf-sh mandoc=mandoc \
		    /usr/include/atf-c.h=libatf-dev ip=iproute2 \
		    tcpdump=tcpdump nfcapd=nfdump tshark=tshark \
		    nc=netcat-openbsd pgrep=procps tmux=tmux aspell=aspell \
		    /usr/lib/aspell/en.multi=aspell-en jq=jq \
		    python3=python3 /etc/services=netbase \
		    aarch64-linux-gnu-gcc=gcc-aarch64-linux-gnu \
		    s390x-linux-gnu-gcc=gcc-s390x-linux-gnu \
		    qemu-s390x-static=qemu-user-static
		# It brings four services that systemd would start.
		[ -d /run/systemd/system ] || missing_packages nfacctd=pmacct
		;;
	OpenBSD|NetBSD)
		missing_packages kyua=kyua nfcapd=nfdump tshark=tshark
		;;
	FreeBSD)
		missing_packages kyua=kyua nfcapd=nfdump tshark=tshark
		;;
	esac
}

# The make(1) that reads BSD makefiles.
bsd_make() {
	if command -v bmake >/dev/null 2>&1; then
		bmake "$@"
	else
		make "$@"
	fi
}
