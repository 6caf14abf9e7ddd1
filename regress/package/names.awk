# Of "systemd-analyze syscall-filter": the calls that names and @groups in
# wanted stand for.
/^@/ { group = $1 }
/^    [^#]/ { members[group] = members[group] " " $1 }
function expand(name, list, n, i) {
	if (name !~ /^@/) {
		print name
		return
	}
	n = split(members[name], list)
	if (n == 0) {
		print name ": no such group" >"/dev/stderr"
		exit 1
	}
	for (i = 1; i <= n; i++)
		expand(list[i])
}
END {
	n = split(wanted, want)
	for (k = 1; k <= n; k++)
		expand(want[k])
}
