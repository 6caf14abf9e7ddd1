#!/bin/sh
# Say what in Makefiles is not understood alike by the makes of OpenBSD, FreeBSD
# and NetBSD: whatever make_words does not have.  Exits with 0 if there is none.
#
#   sh regress/portable/make_lint.sh Makefile ...	# that set the same names

set -u
words=$(dirname "$0")/make_words

awk -v words="$words" '
BEGIN {
	while ((got = (getline line <words)) > 0)
		if (split(line, part, /[ \t]+/) > 2 && part[1] != "#")
			known[part[1], part[2]] = 1
	if (got < 0 || !(("directive", "if") in known)) {
		print "make_lint.sh: cannot read " words
		exit (bad = 1)
	}
}

function complain(what, word) {
	print where ": " what " " word
	bad = 1
}

function check(kind, word) {
	if (!((kind, word) in known))
		complain(kind, word)
}

# A name that is used; whether it is set anywhere shows at the end.
function used(name) {
	if (name ~ /^[@<*>!?%$]$/ || name ~ /\$/)
		return
	if (name ~ /^\./)
		check("variable", name)
	else if (!(name in uses))
		uses[name] = where
}

# Where a modifier ends: at a colon or at the end, not within ${}; after a
# delimiter and the strings between such for S and C.
function modifier_end(text, i,    c, depth, delimiter, parts) {
	if (substr(text, i, 1) ~ /[SC]/) {
		delimiter = substr(text, i + 1, 1)
		for (i += 2; i <= length(text) && parts < 2; i++) {
			if (substr(text, i, 1) == "\\")
				i++
			else if (substr(text, i, 1) == delimiter)
				parts++
		}
	}
	for (; i <= length(text); i++) {
		c = substr(text, i, 1)
		if (c == "\\")
			i++
		else if (c == "{")
			depth++
		else if (c == "}")
			depth--
		else if (c == ":" && !depth)
			break
	}
	return i
}

# What stands in ${} or empty().
function expansion(text,    i, end, modifier, letter) {
	match(text, /^([^:$]|\$\{[^}]*\})*/)
	used(substr(text, 1, RLENGTH))
	for (i = RLENGTH + 2; i <= length(text); i = end + 1) {
		end = modifier_end(text, i)
		modifier = substr(text, i, end - i)
		letter = substr(modifier, 1, 1)
		if (letter ~ /[MN]/ || modifier ~ /^[SC][^A-Za-z=]/)
			check("modifier", letter)
		else if (modifier ~ /^[^?@!\[].*=/ || modifier ~ /^=/)
			check("modifier", "=")
		else
			check("modifier", modifier)
	}
	expansions(text)
}

# All ${} in a text; what is in one may have others.
function expansions(text,    i, from, depth, c, two) {
	for (i = 1; i <= length(text); i++) {
		two = substr(text, i, 2)
		if (two == "$$") {
			i++
			if (substr(text, i + 1, 1) == "{")
				while (substr(text, i, 1) != "}" &&
				    i < length(text))
					i++
		} else if (two == "$(") {
			complain("parentheses", substr(text, i, 10))
		} else if (two == "${") {
			from = i + 2
			depth = 1
			for (i = from; depth && i <= length(text); i++) {
				c = substr(text, i, 1)
				depth += (c == "{") - (c == "}")
			}
			i--
			expansion(substr(text, from, i - from))
		}
	}
}

function conditions(text,    name) {
	while (match(text, /[a-z_]+\(/)) {
		name = substr(text, RSTART, RLENGTH - 1)
		check("condition", name)
		text = substr(text, RSTART + RLENGTH)
		if (name == "empty") {
			match(text, /\)/)
			expansion(substr(text, 1, RSTART - 1))
		} else if (name == "defined") {
			match(text, /\)/)
			set[substr(text, 1, RSTART - 1)] = 1
		}
	}
}

function statement(line,    word, i, n, part) {
	expansions(line)
	if (line ~ /^\t/)
		return
	if (match(line, /^\.[ ]*[a-z-]+/) && line !~ /^\.[a-z]+:/) {
		word = substr(line, 2, RLENGTH - 1)
		gsub(/ /, "", word)
		check("directive", word)
		if (word ~ /if$/)
			conditions(substr(line, RLENGTH + 1))
		else if (word == "for" && split(line, part, /[ \t]+/) > 2)
			set[part[2]] = 1
		return
	}
	if (match(line, /^[A-Za-z0-9_.]+[ \t]*([^A-Za-z0-9_. \t]*|:sh)=/)) {
		word = substr(line, 1, RLENGTH)
		match(word, /^[A-Za-z0-9_.]+/)
		set[substr(word, 1, RLENGTH)] = 1
		word = substr(word, RLENGTH + 1)
		gsub(/[ \t]/, "", word)
		check("assignment", word)
		return
	}
	n = split(line, part, /[ \t:]+/)
	for (i = 1; i <= n; i++)
		if (part[i] ~ /^\.[A-Z]/)
			check("special", part[i])
}

# A comment is none in a command.
{
	if (!joining) {
		where = FILENAME ":" FNR
		text = ""
	}
	joining = sub(/\\$/, "")
	text = text $0
	if (joining)
		next
	if (text !~ /^\t/)
		sub(/(^|[ \t])#.*/, "", text)
	if (text != "")
		statement(text)
}

END {
	for (name in uses) {
		where = uses[name]
		if (!(name in set))
			check("variable", name)
	}
	exit bad
}' "$@"
