#!/bin/sh
# Run cases of programs by name, each in a folder of its own, and print a line
# for each: "passed", "skipped" or "failed", its name, and why.
#
#	units.sh folder-of-results list-of-cases-left-out program ...

set -u
mkdir -p "$1" || exit 1
results=$(cd "$1" && pwd)
list=$2
shift 2

# Why a case is, if it is: nobody is root here, and the list has patterns.
left_out() {
	awk -v name="${1#*:}" '$1 == "ident:" { here = $2 == name }
	    here && $0 == "require.user: root" { print "needs root" }' \
	    "$results/list"
	while IFS='	' read -r pattern reason; do
		case $1 in
		$pattern)	echo "$reason" ;;
		esac
	done <"$list"
}

for program; do
	folder=$(cd "$(dirname "$program")" && pwd)
	name=$(basename "$program")
	"$program" -l 2>"$results/list.err" >"$results/list" ||
	    echo "failed $name - cannot list its cases:" \
		"$(tail -n 1 "$results/list.err")"
	for case in $(sed -n 's/^ident: //p' "$results/list"); do
		why=$(left_out "$name:$case")
		if [ -n "$why" ]; then
			echo "skipped $name:$case $why"
			continue
		fi
		work=$results/$name.$case
		mkdir -p "$work" || exit 1
		(cd "$work" && timeout -k 5 300 "$folder/$name" -s "$folder" \
		    -r result "$case" </dev/null >stdout 2>stderr)
		why=$(cat "$work/result" 2>/dev/null ||
		    tail -n 1 "$work/stderr")
		case $why in
		passed)		echo "passed $name:$case" ;;
		skipped*)	echo "skipped $name:$case ${why#skipped: }" ;;
		*)		echo "failed $name:$case $why" ;;
		esac
		rm -rf "$work"
	done
done
