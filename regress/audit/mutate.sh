#!/bin/sh
# Break each layer of the sandbox in turn, in a copy of the tree, and see that
# the audit notices: for each mutation the case that fails is named.  Exits
# with 0 only if all were noticed; one that does not apply any more, or does
# not compile, is an error.  Needs root.
#
#   sh regress/audit/mutate.sh [text of a name ...]
#
# With texts only the mutations whose names have one of them are made.

set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
. "$top/regress/lib.sh"

[ "$(id -u)" -eq 0 ] || die "only root can see all layers missing"
work=$(mktemp -d "${TMPDIR:-/tmp}/softflowd-mutate.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
chmod 755 "$work"
tree=$work/tree
mkdir "$tree"
(cd "$top" && tar cf - --exclude=.git .) | (cd "$tree" && tar xf -)
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
	cp -Rp "$tree/softflowd" "$work/saved"
	(cd "$tree/softflowd" && sed -i -E -e "$4" $3)
	changed=
	for file in "$work/saved"/*.c; do
		cmp -s "$file" "$tree/softflowd/${file##*/}" ||
		    changed="$changed ${file##*/}"
	done
	if [ -z "$changed" ]; then
		echo "ERROR     $1: does not apply any more"
		broken=$((broken + 1))
		return
	fi
	if ! make_all; then
		echo "ERROR     $1: does not compile"
		grep -m 3 'error:' "$work/build"
		broken=$((broken + 1))
	else
		by=$(failing "$2")
		[ -n "$by" ] || by=$(failing)
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
}

# The function does nothing and says that all is well.
no_op() {
	printf '%s\n' \
	    "/^$1\\(/,/^\\{/s/^\\{/{ if (getpid() > 0) return (0);/"
}

# A line of a table, and the next, lose the condition.
any() {
	printf '%s\n' "/$1/{/ANY/!{/ \\},\$/!N};s/[1-3],.*/ANY },/}"
}

make_all || {
	tail -n 20 "$work/build"
	die "the build failed"
}
if [ -z "$only" ]; then
	by=$(failing)
	[ -z "$by" ] || die "without a mutation: $by"
	[ "$(grep -c -- '->  passed' "$work/cases")" -gt 0 ] ||
	    die "no case was run"
fi

table='sandbox*.c'
add='/\{ "read", "control clients/i\	'

mutate "worker: socket is allowed" try_power_test:no_sockets "$table" \
    "$add"'{ "socket", "mutation", ANY },'
mutate "worker: openat is allowed" try_power_test:no_files "$table" \
    "$add"'{ "openat", "mutation", ANY },'
mutate "worker: clone is allowed" try_power_test:no_processes "$table" \
    "$add"'{ "clone", "mutation", ANY },'
mutate "worker: io_uring_setup is allowed" try_power_test:io_uring "$table" \
    "$add"'{ "io_uring_setup", "mutation", ANY },'
mutate "worker: bind on a capture descriptor is allowed" \
    try_reach_test:inject_on_capture_fd "$table" \
    "$add"'{ "bind", "mutation", 1, { FD_OF_CAPTURE } },'
mutate "worker: a call that no list names is allowed" \
    try_calls_test:every_syscall_0_to_1023_with_zeros "$table" \
    "$add"'{ "getpriority", "mutation", ANY },'
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
    "$table" "$(any '"close", "8 to 15"')"
mutate "worker: mmap of any kind" try_power_test:memory \
    "$table" "$(any '"mmap", "malloc"')"
mutate "worker: tgkill of anybody" try_power_test:no_signals \
    "$table" "$(any '"tgkill", "abort')"
mutate "worker: getsockopt of any option" try_calls_test:upper_bits \
    "$table" "$(any '"getsockopt", "link down')"
mutate "worker: setsockopt of any option" \
    try_reach_test:inject_on_capture_fd "$table" \
    "$(any '"setsockopt", "several')"
mutate "worker: descriptors are compared by 32 bits" \
    try_calls_test:upper_bits "$table" \
    's/(SCMP_CMP_MASKED_EQ, )~UINT64_C\(63\)/\1UINT64_C(0xffffffc0)/'
mutate "worker: other architectures are allowed" try_calls_test:foreign_abi \
    "$table" \
    '/SCMP_FLTATR_ACT_BADARCH/{N;s/SCMP_ACT_KILL_PROCESS/SCMP_ACT_ALLOW/}'
mutate "worker: what is not allowed fails only" try_power_test:bpf \
    "$table" 's/(seccomp_init\(SCMP_ACT_)KILL_PROCESS/\1ERRNO(1)/'
mutate "worker: the filter is not loaded" try_power_test:bpf "$table" \
    "$(no_op sandbox_os_syscalls_worker)"
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
    's/return \(close\(fd\)\);/return (dup2(fd, 60) == -1);/'
mutate "groups are kept" try_layers_test:worker_status sandbox.c \
    's/setgroups\(0, NULL\) == -1 \|\| //;s/getgroups\(0, NULL\) != 0/0/'
mutate "ids are kept" try_layers_test:ids_alone sandbox.c \
    "$(no_op change_ids)"
mutate "root's saved id is kept" try_layers_test:ids_alone sandbox.c \
    's/setresuid\(uid, uid, uid\)/setresuid(uid, uid, 0)/;s/suid != uid/0/'
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
    "$(no_op sandbox_landlock_worker)"
mutate "Landlock without TCP" try_layers_test:landlock_alone "$table" \
    's/attr\.net = .*/attr.net = 0;/'
mutate "Landlock without scopes" try_layers_test:landlock_alone "$table" \
    's/attr\.scoped = .*/attr.scoped = 0;/'
mutate "Landlock lets read" try_layers_test:landlock_alone "$table" \
    's/= \{ LL_FS_ABI1, 0, 0 \}/= { LL_FS_EXECUTE, 0, 0 }/'
for limit in CORE FSIZE NPROC NOFILE AS; do
	mutate "no limit: $limit" try_layers_test:limits_alone sandbox.c \
	    "s/set_limit\\(RLIMIT_$limit, ([^()]|\\([^()]*\\))*\\) == -1/0/"
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
    "$(no_op sandbox_os_syscalls_parent)"
mutate "parent: no Landlock" try_parent_test:parent_cannot_reach_files \
    "$table" "$(no_op sandbox_landlock_parent)"
mutate "parent: may execute everything" \
    try_parent_test:parent_cannot_execute_a_shell "$table" \
    '/^	\{ "\/lib", LL_LIBRARIES \},/i\
	{ "/", LL_LIBRARIES | LL_FS_EXECUTE },'
mutate "parent: capabilities are kept" try_parent_test:parent_status \
    "$table" "$(no_op sandbox_os_parent_caps)"
mutate "parent: is not confined" try_parent_test:parent_status sandbox.c \
    "$(no_op sandbox_parent)"

echo "$caught caught, $survived survived, $broken errors"
[ "$survived" -eq 0 ] && [ "$broken" -eq 0 ] && [ "$caught" -gt 0 ]
