# Whether a text is the text exposition format of Prometheus, version 0.0.4,
# as strictly as promtool reads it and a little more: each metric has its HELP,
# then its TYPE, then all of its series; names are legal, those of counters and
# only those end in _total; no series is there twice; labels are escaped and
# unique; values are numbers, of counters none is negative.
#	LC_ALL=C awk -f prometheus.awk file
# Prints what is wrong and exits 1.

function wrong(why) {
	print FILENAME ":" FNR ": " why ": " $0
	failed = 1
	exit 1
}

function check_name(name) {
	if (name !~ /^[a-zA-Z_:][a-zA-Z0-9_:]*$/)
		wrong("bad name of a metric")
}

# Takes {label="text",...} off the front of rest; its labels go to pairs.
function take_labels(    name, c) {
	split("", pairs)
	rest = substr(rest, 2)
	while (substr(rest, 1, 1) != "}") {
		if (!match(rest, /^[a-zA-Z_][a-zA-Z0-9_]*="/))
			wrong("bad label")
		name = substr(rest, 1, RLENGTH - 2)
		if (name ~ /^__/)
			wrong("reserved label " name)
		if (name in pairs)
			wrong("label " name " twice")
		pairs[name] = 1
		rest = substr(rest, RLENGTH + 1)
		while ((c = substr(rest, 1, 1)) != "\"") {
			if (c == "")
				wrong("label without an end")
			if (c !~ /[ -~]/)
				wrong("unprintable character in a label")
			if (c == "\\") {
				if (substr(rest, 2, 1) !~ /[\\"n]/)
					wrong("bad escape")
				rest = substr(rest, 2)
			}
			rest = substr(rest, 2)
		}
		rest = substr(rest, 2)
		if (substr(rest, 1, 1) == ",")
			rest = substr(rest, 2)
		else if (substr(rest, 1, 1) != "}")
			wrong("no comma between labels")
	}
	rest = substr(rest, 2)
}

/[ \t]$/ || /^[ \t]/ || /^$/ { wrong("stray blank") }

/^# HELP / {
	if (samples == 0 && metric != "")
		wrong(metric " has no samples")
	metric = $3
	check_name(metric)
	if (metric in seen)
		wrong(metric " is there twice")
	if (NF < 4)
		wrong("no help")
	seen[metric] = 1
	type = ""
	samples = 0
	next
}

/^# TYPE / {
	if ($3 != metric || type != "" || samples > 0)
		wrong("TYPE does not follow its HELP")
	if (NF != 4 || $4 !~ /^(counter|gauge)$/)
		wrong("bad type")
	type = $4
	if ((type == "counter") != (metric ~ /_total$/))
		wrong("counters, and only they, end in _total")
	next
}

/^#/ { wrong("unknown comment") }

{
	if (!match($0, /^[a-zA-Z0-9_:]+/) || type == "" || \
	    substr($0, 1, RLENGTH) != metric)
		wrong("a sample without HELP and TYPE of its own before it")
	rest = substr($0, RLENGTH + 1)
	if (substr(rest, 1, 1) == "{")
		take_labels()
	series = substr($0, 1, length($0) - length(rest))
	if (series in seen_series)
		wrong("series twice")
	seen_series[series] = 1
	if (rest !~ /^ -?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?$/)
		wrong("bad value")
	if (type == "counter" && rest ~ /^ -/)
		wrong("negative counter")
	samples++
}

END {
	if (failed)
		exit 1
	if (NR == 0 || samples == 0) {
		print FILENAME ": a metric without samples, or nothing"
		exit 1
	}
}
