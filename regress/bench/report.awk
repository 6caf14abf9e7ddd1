# The measurements of run.sh, as tables.  Of repeated ones the median.

function median(key,    n, i, j, v, t) {
	n = count[key]
	for (i = 1; i <= n; i++)
		v[i] = cpu[key, i]
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && v[j] < v[j - 1]; j--) {
			t = v[j]
			v[j] = v[j - 1]
			v[j - 1] = t
		}
	return (n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2)
}

function ratio(a, b) {
	return (b > 0 ? sprintf("%.2f", a / b) : "-")
}

function lost(key) {
	return (seen[key] == "-" ? "-" : sent[key] - seen[key])
}

function nanoseconds(s, n) {
	return (n > 0 ? sprintf("%.0f", s * 1e9 / n) : "-")
}

function percent_lost(key) {
	if (sent[key] == 0)
		return ("-")
	return (sprintf("%.3f", 100 * lost(key) / sent[key]))
}

BEGIN {
	FS = "\t"
}

NR > 1 {
	key = $1 FS $2 FS $3 FS $4
	if (!(key in count)) {
		order[++keys] = key
		tool[key] = $2
	}
	cpu[key, ++count[key]] = $8 + $9
	sent[key] += $6
	if ($7 == "-")
		seen[key] = "-"
	else
		seen[key] += $7
	wall[key] += $10
	if ($12 > peak[key])
		peak[key] = $12
}

END {
	for (i = 1; i <= keys; i++) {
		split(order[i], f, FS)
		if (f[1] != "savefile")
			continue
		if (!heading++)
			printf("%-9s %-12s %4s %8s %9s %9s %7s %9s %8s\n",
			    "savefile:", "tool", "runs", "CPU s", "x libpcap",
			    "softflowd", "Mpps", "peak KiB", "lost")
		if (f[3] < least || least == "")
			least = f[3]
		if (f[3] > most)
			most = f[3] + 0
		key = order[i]
		c = median(key)
		printf("%-9s %-12s %4d %8.2f %9s %9s %7.2f %9d %8s\n", f[3],
		    f[2], count[key], c,
		    ratio(c, median("savefile" FS "baseline" FS f[3] FS "-")),
		    ratio(c, median("savefile" FS "softflowd" FS f[3] FS "-")),
		    sent[key] / (wall[key] + 1e-9) / 1e6,
		    peak[key], lost(key))
	}
	if (most > least) {
		printf("\nOctets of memory for each flow, from %d to %d:\n",
		    least, most)
		for (i = 1; i <= keys; i++) {
			split(order[i], f, FS)
			if (f[1] != "savefile" || f[3] != most ||
			    f[2] == "baseline")
				continue
			key = "savefile" FS f[2] FS least FS "-"
			octets = (peak[order[i]] - peak[key]) * 1024
			printf("%-12s %6.0f\n", f[2], octets / (most - least))
		}
	}
	heading = 0
	for (i = 1; i <= keys; i++) {
		split(order[i], f, FS)
		if (f[1] != "live")
			continue
		if (!heading++)
			printf("\n%-9s %-12s %4s %8s %9s %9s %8s %9s\n",
			    "live:", "tool", "runs", "CPU s", "ns/packet",
			    "softflowd", "lost %", "peak KiB")
		key = order[i]
		c = median(key)
		n = seen[key] / count[key]
		printf("%-9s %-12s %4d %8.2f %9s %9s %8s %9d\n", f[4], f[2],
		    count[key], c, nanoseconds(c, n),
		    ratio(c, median("live" FS "softflowd" FS f[3] FS f[4])),
		    percent_lost(key), peak[key])
	}
}
