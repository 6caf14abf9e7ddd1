# The measurements of run.sh as a plot: CPU time of reading a capture, as a
# multiple of bare libpcap, on a logarithmic scale.  The least of the repeats.

function text(x, y, anchor, what) {
	printf("<text x=\"%.0f\" y=\"%.0f\" text-anchor=\"%s\">%s</text>\n",
	    x, y, anchor, what)
}

function along(r) {
	return (left + log(r < 1 ? 1 : r) / log(10) * decade)
}

BEGIN {
	FS = "\t"
	left = 190
	decade = 220
	step = 22
}

NR > 1 && $1 == "savefile" && $3 > 1000 {
	key = $3 FS $2
	if (!(key in cpu) || $8 + $9 < cpu[key]) {
		if (!(key in cpu) && $2 != "baseline")
			order[++keys] = key
		cpu[key] = $8 + $9
	}
}

END {
	height = 60 + keys * step + 30
	printf("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" " \
	    "height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">\n",
	    left + 2 * decade + 90, height)
	print "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>"
	text(10, 20, "start", "CPU time for a capture file, as a multiple of " \
	    "bare libpcap")
	for (r = 1; r <= 100; r *= 10) {
		printf("<line x1=\"%d\" y1=\"40\" x2=\"%d\" y2=\"%d\" " \
		    "stroke=\"silver\"/>\n", along(r), along(r), height - 20)
		text(along(r), height - 6, "middle", r)
	}
	y = 45
	for (i = 1; i <= keys; i++) {
		split(order[i], f, FS)
		base = cpu[f[1] FS "baseline"]
		r = base > 0 ? cpu[order[i]] / base : 0
		if (f[1] != before)
			y += 8
		before = f[1]
		text(left - 8, y + 13, "end", f[2] ", " f[1] " flows")
		printf("<rect x=\"%d\" y=\"%d\" width=\"%.0f\" " \
		    "height=\"%d\" fill=\"%s\"/>\n", left, y,
		    along(r) - left, step - 5,
		    f[2] == "softflowd" ? "seagreen" : "slategray")
		text(along(r) + 5, y + 13, "start", sprintf("%.1f", r))
		y += step
	}
	print "</svg>"
}
