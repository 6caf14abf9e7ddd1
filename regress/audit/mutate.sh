#!/bin/sh
# Break each layer of the sandbox in turn, in a copy of the tree, and see that
# the audit notices: for each mutation the case that fails is named.  Exits
# with 0 only if all were noticed; one that does not apply any more, or does
# not compile, is an error.  Needs root.
#
#   sh regress/audit/mutate.sh [-n] [text of a name ...]
#
# With texts only the mutations whose names have one of them are made.  -n sees
# only whether each applies and compiles: seconds instead of minutes, and no
# root.

set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/regress/lib.sh"

quick=
if [ "${1:-}" = -n ]; then
	quick=1
	shift
fi
[ -n "$quick" ] || [ "$(id -u)" -eq 0 ] ||
    die "only root can see all layers missing"
work=$(mktemp -d "${TMPDIR:-/tmp}/softflowd-mutate.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
chmod 755 "$work"
tree=$work/tree
audit=$tree/regress/audit
only=$(for text; do echo "$text"; done)
caught=0
survived=0
broken=0

make_all() {
	for part in lib softflowd regress/audit; do
		bsd_make -C "$tree/$part" WERROR= all >"$work/build" 2>&1 || return 1
	done
}

# What a case needs; filters are judged without a daemon.
make_for() {
	case $1 in
	filter_arch_test:*|running_filter_test:*)	;;
	*)	bsd_make -C "$tree/softflowd" WERROR= all >"$work/build" 2>&1 ||
		    return 1 ;;
	esac
	bsd_make -C "$audit" WERROR= PROG="${1%%:*}" all >"$work/build" 2>&1
}

compiles() {
	for file; do
		[ "${file%.h}" = "$file" ] || file=sandbox_calls_parent.c
		(cd "$tree/softflowd" && $compile "$file") \
		    >"$work/build" 2>&1 || return 1
	done
}

# Run cases, all of them without an argument; the names of those that fail.
failing() {
	AUDIT_ROWS=/dev/null kyua --logfile=/dev/null -v parallelism=2 test \
	    --results-file="$work/results.db" --kyuafile="$audit/Kyuafile" \
	    "$@" 2>/dev/null >"$work/cases"
	rm -f "$work/results.db"
	sed -n -E 's/^([^ ]*)  ->  (failed|broken): (.*)  \[.*/\1: \3/p' \
	    "$work/cases"
}

wanted() {
	[ -n "$only" ] || return 0
	echo "$only" | while read -r text; do
		case $1 in
		*"$text"*)	echo yes ;;
		esac
	done | grep -q yes
}

# A mutation: name, case that should notice, files, and what sed does to them.
mutate() {
	wanted "$1" || return
	rm -rf "$work/saved"
	mkdir "$work/saved"
	(cd "$tree/softflowd" && cp -p $3 "$work/saved" && sed -i -E -e "$4" $3)
	changed=
	for file in "$work/saved"/*; do
		cmp -s "$file" "$tree/softflowd/${file##*/}" ||
		    changed="$changed ${file##*/}"
	done
	if [ -z "$changed" ]; then
		echo "ERROR     $1: does not apply any more"
		broken=$((broken + 1))
		return
	fi
	case $changed in
	*.h)	touch "$tree"/softflowd/sandbox_*.c ;;	# not all know of it
	esac
	if [ -n "$quick" ] && compiles $changed; then
		caught=$((caught + 1))
	elif [ -n "$quick" ] || ! make_for "$2"; then
		echo "ERROR     $1: does not compile"
		grep -m 3 'error:' "$work/build"
		broken=$((broken + 1))
	else
		by=$(failing "$2")
		[ -n "$by" ] || ! make_all || by=$(failing)
		if [ -n "$by" ]; then
			caught=$((caught + 1))
			echo "caught    $1"
			echo "$by" | head -n 1 | cut -c 1-90 |
			    sed 's/^/            by /'
		else
			survived=$((survived + 1))
			echo "SURVIVED  $1"
		fi
	fi
	for file in $changed; do
		cp "$work/saved/$file" "$tree/softflowd/$file"
	done
	case $changed in
	*.h)	touch "$tree"/softflowd/sandbox_*.c ;;
	esac
}

# The function does nothing, for one filter only, and says that all is well.
no_op() {
	printf '%s\n' "/^$1\\(/,/^\\{/s/^\\{/{ if (${2:+filter == \
	    SANDBOX_FILTER_$2 \&\& }getpid() > 0) return (0);/" | tr -d '\n'
}

# A row of a table, of any number of lines, loses its condition.
any() {
	printf '%s\n' "/^	\\{ $1/{" ":row" '/ \},$/!{N;b row' "}" \
	    's/^(	\{ "[^"]*",[[:space:]]*"[^"]*",).*/\1 ANY },/' "}"
}

# A process may make a call that it has no row for; of its table's name.
allow() {
	printf '%s\n' "/^static const struct call	 $1\\[/a\\" \
	    "	{ \"$2\", \"mutation\", ${3:-ANY} },"
}

if [ -n "$quick" ]; then
	mkdir -p "$tree/softflowd"
	cp "$top"/softflowd/*.[ch] "$tree/softflowd"
	compile="$(bsd_make -C "$top/softflowd" -V CC) -std=gnu11 \
	    -I$top/lib/imsg -D_GNU_SOURCE -DLIBBSD_OVERLAY \
	    -isystem /usr/include/bsd -fsyntax-only"
else
	mkdir "$tree"
	(cd "$top" && tar cf - --exclude=.git .) | (cd "$tree" && tar xf -)
fi
[ -n "$quick" ] || make_all || {
	tail -n 20 "$work/build"
	die "the build failed"
}
if [ -z "$only$quick" ]; then
	by=$(failing)
	[ -z "$by" ] || die "without a mutation: $by"
	[ "$(grep -c -- '->  passed' "$work/cases")" -gt 0 ] ||
	    die "no case was run"
fi

table=sandbox_calls_worker.c
mutate "worker: socket is allowed" try_power_test:no_sockets "$table" \
    "$(allow worker socket)"
mutate "worker: openat is allowed" try_power_test:no_files "$table" \
    "$(allow worker openat)"
mutate "worker: clone is allowed" try_power_test:no_processes "$table" \
    "$(allow worker clone)"
mutate "worker: io_uring_setup is allowed" try_power_test:io_uring "$table" \
    "$(allow worker io_uring_setup)"
mutate "worker: bind on a capture descriptor is allowed" \
    try_reach_test:inject_on_capture_fd "$table" \
    "$(allow worker bind "1, { FD_FROM(FD_CAPTURE, 16) }")"
mutate "worker: a call that no list names is allowed" \
    try_calls_test:every_syscall_0_to_1023_with_zeros "$table" \
    "$(allow worker getpriority)"
mutate "worker: write to any descriptor" try_reach_test:inject_on_capture_fd \
    "$table" "$(any '"write", "answers')"
mutate "worker: writev to any descriptor" \
    try_reach_test:inject_on_capture_fd "$table" "$(any '"writev", "answers')"
mutate "worker: sendto any address" try_reach_test:redirect_export \
    "$table" '/"sendto", "export/{N;s/4,.*/1, { FD_LOW } },/}'
mutate "worker: sendmsg on any descriptor" try_reach_test:fd_laundering \
    "$table" "$(any '"sendmsg", "imsg; passes')"
mutate "worker: recvmsg on any descriptor" try_calls_test:upper_bits \
    "$table" "$(any '"recvmsg", "imsg"')"
mutate "worker: recvfrom on any descriptor" try_reach_test:redirect_export \
    "$table" "$(any '"recvfrom", "packet reports')"
mutate "worker: close of any descriptor" try_reach_test:fd_laundering \
    "$table" "$(any '"close", "collectors')"
mutate "worker: mmap of any kind" try_power_test:memory \
    "$table" "$(any '"mmap", "malloc"')"
mutate "worker: tgkill of anybody" try_power_test:no_signals \
    "$table" "$(any '"tgkill", "abort')"
mutate "worker: getsockopt of any option" try_calls_test:upper_bits \
    "$table" "$(any '"getsockopt", "link down')"
mutate "worker: setsockopt of any option" \
    try_reach_test:inject_on_capture_fd "$table" \
    "$(any '"setsockopt", "several')"
# What this system's sandbox is made of.
table="sandbox.c $(bsd_make -C "$top/softflowd" -V '${SANDBOX_SRCS}')"
mutate "worker: descriptors are compared by 32 bits" \
    try_calls_test:upper_bits "$table" \
    's/(SCMP_CMP_MASKED_EQ, )(~call->args\[i\]\.free)/\1UINT32_MAX \& \2/'
mutate "worker: other architectures are allowed" try_calls_test:foreign_abi \
    "$table" \
    '/SCMP_FLTATR_ACT_BADARCH/{N;s/SCMP_ACT_KILL_PROCESS/SCMP_ACT_ALLOW/}'
mutate "worker: what is not allowed fails only" try_power_test:bpf \
    "$table" 's/(FILTER_WORKER\] = \{ SCMP_ACT_)KILL_PROCESS/\1ERRNO(1)/'
mutate "worker: the filter is not loaded" try_power_test:bpf "$table" \
    "$(no_op sandbox_os_syscalls WORKER)"
mutate "worker: abort is not allowed" try_life_test:abort_is_not_sigsys \
    "$table" '/"rt_sigprocmask", "abort"/d'
mutate "worker: restart_syscall is not allowed" \
    try_life_test:stop_cont_in_poll "$table" '/\{ "restart_syscall",/d'
mutate "worker: the time zone is not read before" \
    try_life_test:first_gmtime log.c 's/^	tzset\(\);/	(void)0;/'

mutate "capset fails to happen" try_layers_test:capabilities_alone "$table" \
    's/return \(\(int\)syscall\(SYS_capset, .*/return (0);/'
mutate "capabilities are kept" try_layers_test:capabilities_alone "$table" \
    "$(no_op sandbox_os_caps_drop)"
mutate "the bounding set is kept" try_layers_test:bounding_set_alone \
    "$table" "$(no_op sandbox_os_caps_bounding)"
mutate "no chroot" try_layers_test:chroot_alone sandbox.c \
    's/ \|\| chroot\("\."\) == -1//'
mutate "the chroot's descriptor stays" \
    try_reach_test:no_descriptor_is_left_over sandbox.c \
    's/close\(fd\) == -1/dup2(fd, 60) == -1/'
mutate "groups are kept" try_layers_test:worker_status sandbox.c \
    's/setgroups\(0, NULL\) == -1 \|\| //;s/if \(n == 0 .*/return (0);/'
mutate "ids are kept" try_layers_test:ids_alone sandbox.c \
    "$(no_op change_ids)"
mutate "root's saved id is kept" try_layers_test:ids_alone sandbox_ids.c \
    's/setresuid\(uid, uid, uid\)/setresuid(uid, uid, 0)/;s/suid == uid/1/'
mutate "dumpable is left on" try_layers_test:undumpable_alone "$table" \
    "$(no_op sandbox_os_undumpable)"
mutate "no death with the parent" \
    try_layers_test:death_with_the_parent_alone "$table" \
    "$(no_op sandbox_os_parent_death)"
mutate "an orphan goes on" \
    try_order_test:failed_step_of_a_user_start_ends_the_worker sandbox.c \
    's/if \(getppid\(\) != w->parent\)/if (0)/'
mutate "no no_new_privs" try_layers_test:no_new_privileges_alone "$table" \
    's/if \(prctl\(PR_SET_NO_NEW_PRIVS, .*/if (0)/'
mutate "no MDWE" try_power_test:memory_without_the_filter "$table" \
    's/\(void\)prctl\(PR_SET_MDWE, .*/(void)0;/'
mutate "no Landlock for the worker" try_layers_test:landlock_alone "$table" \
    "$(no_op sandbox_os_files WORKER)"
mutate "Landlock without TCP" try_layers_test:landlock_alone "$table" \
    's/attr\.net = .*/attr.net = 0;/'
mutate "Landlock without scopes" try_layers_test:landlock_alone "$table" \
    's/attr\.scoped = .*/attr.scoped = 0;/'
mutate "Landlock lets read" try_layers_test:landlock_alone "$table" \
    's/= \{ LL_FS_ABI1, 0, 0 \}/= { LL_FS_EXECUTE, 0, 0 }/'
for limit in CORE FSIZE NPROC NOFILE AS; do
	mutate "no limit: $limit" try_layers_test:limits_alone sandbox.c \
	    "s/if \\(limited/if (l->resource != RLIMIT_$limit \&\& limited/"
done

mutate "what fills 4 to 7 is missing" \
    try_reach_test:no_descriptor_is_left_over sandbox.c "$(no_op sandbox_fill)"
mutate "the starter's descriptors stay" \
    try_reach_test:no_descriptor_is_left_over sandbox.c \
    's/closefrom\(FD_CHROOT \+ 1\);/(void)0;/'
mutate "the table's descriptor stays" \
    try_reach_test:no_descriptor_is_left_over engine.c \
    '/= estate_map\(/{n;s/close\(fd\);/dup2(fd, 60);/}'
mutate "a low copy of a capture descriptor stays" \
    try_reach_test:no_descriptor_is_left_over engine.c \
    's/^	if \(to != fd\)/	dup2(fd, 60);\n&/'
mutate "capture is accepted after LOCK" try_reach_test:late_capture_fd \
    engine.c '/^engine_dispatch_running/,/^\}/{/case IMSG_WISH_DONE:/i\
	case IMSG_CAPTURE: engine_get_capture(imsg); break;
}'
mutate "a failed step is not fatal" \
    try_order_test:failed_step_of_a_user_start_ends_the_worker engine.c \
    '/if \(sandbox_worker\(/{N;s/== -1/== -2/}'

mutate "parent: no filter" \
    try_parent_test:parent_cannot_use_what_it_does_not_need "$table" \
    "$(no_op sandbox_os_syscalls PARENT)"
mutate "parent: no Landlock" try_parent_test:parent_cannot_reach_files \
    "$table" "$(no_op sandbox_os_files PARENT)"
mutate "parent: may execute everything" \
    try_parent_test:parent_cannot_execute_a_shell "$table" \
    '/^static const struct rule	start_rules/a\
	FILE_RULE("/", LL_LIBRARIES | LL_FS_EXECUTE, "mutation"),'
mutate "parent: capabilities are kept" try_parent_test:parent_status \
    "$table" "$(no_op sandbox_os_parent_caps)"
mutate "parent: is not confined" try_parent_test:parent_status sandbox.c \
    "$(no_op sandbox_parent)"

# The tables of other processes, row by row, each made wider: one case judges
# their filters by lists of its own.
judge=running_filter_test:filters_allow_nothing_that_is_forbidden
widened() {
	of=$1
	shift
	while read -r row; do
		mutate "$of: any $row" "$judge" "sandbox_calls_$of.c" \
		    "$(any "$row")"
	done
}
widened parent <<'END'
"socketpair", "channels"
"sendmsg", "channels"
"sendto send", "netlink
"socket", "syslog
"socket", "collectors", SOCKET\(AF_INET, SOCK_DGRAM
"socket", "which interfaces
"socket", "capture", SOCKET
"setsockopt", "collectors", OPTION\(SOL_SOCKET, SO_SNDBUF
"setsockopt", "capture", OPTION\(SOL_PACKET, PACKET_VERSION
"getsockopt", "connections
"ioctl", "interfaces", .*SIOCGIFINDEX
"memfd_create", "flow table
"fcntl fcntl64", "its seals", 1, \{ EQ\(1, "cmd", F_ADD_SEALS\) \} \},
"fcntl fcntl64", "channels", .*F_SETFL
"clone", "processes
"kill", "processes of ours", .*SIGKILL
"unlinkat", "pid file
"openat", "files that
"open", "files that
"mmap mmap2", "malloc
"mmap mmap2", "libraries' code
"mprotect", "malloc
"tgkill", "abort
"execveat", "a process
"dup2 dup3", "descriptors
"dup2 dup3", "capture
"arch_prctl", "thread
"prlimit64", "limits
"prctl", "confinement", 2, \{ EQ\(0, "option", PR_SET_NO_NEW_PRIVS
"prctl", "how many
"socket", "libpcap, to ask
"ioctl", "libpcap", .*SIOCGIFMTU
"prctl", "bounding set
"setgroups setgroups32", "no groups
"setresuid setresuid32", "leave
"setresgid setresgid32", "leave
END
widened resolver <<'END'
"socket", "name servers", SOCKET\(AF_INET, SOCK_DGRAM
"sendto sendmmsg", "name
"sendmsg", "name
"setsockopt", "ICMP errors", OPTION\(IPPROTO_IP,
"ioctl", "octets
"clone", "a child
"prlimit64", "its limits
"fcntl fcntl64", "modules", .*F_GETFD
END
for call in listen execve ptrace mount bpf io_uring_setup keyctl setuid \
    getpriority; do
	mutate "parent: $call is allowed" "$judge" sandbox_calls_parent.c \
	    "$(allow parent $call)"
done
for call in accept4 kill unlinkat execveat prctl chroot getpriority; do
	mutate "resolver: $call is allowed" "$judge" sandbox_calls_resolver.c \
	    "$(allow resolver $call)"
done
for call in socket clone kill execveat prctl getpriority; do
	mutate "compiler: $call is allowed" "$judge" sandbox_calls_parent.c \
	    "$(allow compiler $call)"
done
mutate "parent: more flags of openat" "$judge" sandbox_calls_parent.c \
    's/^(    BITS\(n, "flags", O_RDONLY, )/\1O_CREAT | /'
mutate "parent: code that can be written" "$judge" sandbox_calls_parent.c \
    's/PROT_NONE, PROT_READ \| PROT_WRITE/&  | PROT_EXEC/'
mutate "parent: code from no file" "$judge" sandbox_calls_parent.c \
    's/MAP_FIXED \| MAP_DENYWRITE/& | MAP_ANONYMOUS/'
mutate "parent: shared code" "$judge" sandbox_calls_parent.c \
    's/MAP_FIXED \| MAP_DENYWRITE/& | MAP_SHARED/'
mutate "parent: any program is executed" "$judge" sandbox_calls_parent.c \
    's/2,$/1,/;s/OWN_PROGRAM, (EQ\(4)/\1/;/"execveat"/{N;s/2,/1,/}'
mutate "parent: SIGHUP" "$judge" sandbox_calls_parent.c \
    "$(allow parent kill '1, { EQ(1, "signal", 1) }')"
mutate "parent: TIOCSTI" "$judge" sandbox_calls_parent.c \
    "$(allow parent ioctl '1, { EQ(1, "request", 0x5412) }')"
mutate "parent: streams of local sockets" "$judge" sandbox_calls_parent.c \
    "$(allow parent socket 'SOCKET(AF_UNIX, SOCK_STREAM, 0)')"
mutate "parent: raw sockets" "$judge" sandbox_calls_parent.c \
    "$(allow parent socket 'SOCKET(AF_INET, SOCK_RAW, IPPROTO_UDP)')"
mutate "parent: new namespaces" "$judge" sandbox_calls.h \
    's/^    CLONE_CHILD_SETTID \|/& CLONE_NEWUSER |/'
mutate "parent: one option of any value" "$judge" sandbox_calls_parent.c \
    '/PR_SET_DUMPABLE/{N;s/2, (\{ .*),.*EQ\(1, "value", 0\)/1, \1/}'
mutate "parent: TCP Fast Open" "$judge" sandbox_calls.h \
    's/MSG_NOSIGNAL \| MSG_DONTWAIT/& | MSG_FASTOPEN/'
mutate "parent: what is not allowed is allowed" "$judge" sandbox_seccomp.c \
    's/(FILTER_PARENT\] = \{ SCMP_ACT_)ERRNO\(ENOSYS\)/\1ALLOW/'
mutate "resolver: what is not allowed is allowed" "$judge" \
    sandbox_seccomp.c \
    's/(FILTER_RESOLVER\] = \{ SCMP_ACT_)ERRNO\(EPERM\)/\1ALLOW/'
arch=filter_arch_test
mutate "architectures: socketcall is not refused" \
    $arch:socketcall_is_refused_where_it_can_be sandbox_seccomp.c \
    's/return \(refuse_socketcall\(.*/return (ret);/'
mutate "architectures: clone's flags are the first everywhere" \
    $arch:calls_of_another_order_are_looked_at_in_theirs sandbox_seccomp.c \
    's/call->args\[0\]\.n = 1;/call->args[0].n = 0;/'
mutate "architectures: mmap of i386 is looked at" \
    $arch:calls_of_another_order_are_looked_at_in_theirs sandbox_seccomp.c \
    's/ accept recv send mmap / accept recv send /'
mutate "architectures: no second spelling of clock_gettime" \
    $arch:both_spellings_of_32_bits_are_allowed sandbox_calls_worker.c \
    '/"clock_gettime64"/d'
mutate "architectures: no second spelling of setresuid" \
    $arch:both_spellings_of_32_bits_are_allowed sandbox_calls_parent.c \
    's/setresuid setresuid32/setresuid/'
mutate "parent: the directory of the loader may be changed" \
    try_parent_test:parent_cannot_remove_what_it_executes "$table" \
    's/LL_LIBRARIES \| LL_FS_EXECUTE;/LL_FS_REMOVE_FILE | &/'
mutate "parent: may remove everything" \
    try_parent_test:parent_cannot_remove_what_it_executes "$table" \
    '/^static const struct rule	start_rules/a\
	FILE_RULE("/", LL_FS_REMOVE_FILE, "mutation"),'

echo "$caught caught, $survived survived, $broken errors"
[ "$survived" -eq 0 ] && [ "$broken" -eq 0 ] && [ "$caught" -gt 0 ]
