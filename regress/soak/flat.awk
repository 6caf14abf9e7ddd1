# Which of the samples "series second value" are flat: the line through those
# behind the warm-up, the first quarter, rises over their whole time by no
# more than 10 % of their mean, and 4, as collectors, interfaces and clients
# come and go, or -v least KiB.  A table; exit status 1 if one does rise.  The
# table and what a worker has in memory with it and the capture buffers fill up
# to sizes that are set, so they are not judged.

{
	if (start == "" || $2 < start)
		start = $2
	if ($2 > end)
		end = $2
	n[$1]++
	at[$1, n[$1]] = $2
	value[$1, n[$1]] = $3
}

function judge(name,	i, x, y, k, sx, sy, sxx, sxy, rise, allowed) {
	low = high = last = ""
	for (i = 1; i <= n[name]; i++) {
		x = at[name, i] - start
		y = value[name, i]
		if (4 * x < end - start)
			continue
		if (low == "" || y < low)
			low = y
		if (high == "" || y > high)
			high = y
		last = y
		k++
		sx += x
		sy += y
		sxx += x * x
		sxy += x * y
	}
	if (k < 3 || k * sxx == sx * sx)
		return "short"
	rise = (k * sxy - sx * sy) / (k * sxx - sx * sx) * (end - start) * \
	    3 / 4
	allowed = sy / k / 10
	if (allowed < (name ~ /kib$/ ? least : 4))
		allowed = name ~ /kib$/ ? least : 4
	slope = sprintf("%.1f", rise)
	if (name ~ /^(table|worker)_kib$/)
		return "fills"
	return (rise > allowed ? "rises" : "flat")
}

END {
	printf("%-20s %8s %10s %10s %10s %10s  %s\n", "series", "samples",
	    "lowest", "highest", "last", "line rises", "judgement")
	for (name in n) {
		slope = "-"
		said = judge(name)
		bad += said == "rises"
		printf("%-20s %8d %10s %10s %10s %10s  %s\n", name, n[name],
		    low, high, last, slope, said) | "LC_ALL=C sort"
	}
	close("LC_ALL=C sort")
	exit (bad > 0)
}
