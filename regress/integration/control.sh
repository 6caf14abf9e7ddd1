#!/usr/bin/env atf-sh
#
# softflowctl against a live daemon in a network namespace: every command, in
# every form that it has.

. "$(atf_get_srcdir)/common.sh"

ctl="$softflowctl -c ctl"
checker=$tree/regress/softflowctl/prometheus.awk

# Declare a test case that needs root, a namespace and these programs.
control_test_case() {
	atf_test_case "$1" cleanup
	eval "$1_head() {
		atf_set descr \"$2\"
		atf_set require.user root
		[ -z \"$3\" ] || atf_set require.progs \"$3\"
	}
	$1_cleanup() { remove_namespace; }"
}

# A daemon that has seen real traffic, and a collector.
start_all() {
	make_namespace
	start_collector in_ns
	start_softflowd in_ns -i vb -v 10 -n "127.0.0.1:$port" -T vlan "$@"
	send va "$real"
	wait_for live_counter_is frames $sent
}

stop_all() {
	atf_check -o match:'Shutting down' $ctl shutdown
	finish_softflowd
	finish_collector
}

# Rows of the classic dump that match an expression; nothing expires it.
dumped() {
	$ctl dump-flows | grep -c "^ACTIVE.*$1"
}

shown() {
	$ctl -j show flows "$@" | wc -l
}

views="statistics timeouts collectors interfaces sandbox memory"

control_test_case every_show_answers_in_every_form \
    "text, JSON for a parser, metrics for a checker; one count in all" jq
every_show_answers_in_every_form_body() {
	start_all
	for view in $views flows; do
		atf_check -o not-empty $ctl show $view
		atf_check -o not-empty $ctl -H show $view
		atf_check -o save:$view.json $ctl -j show $view
		atf_check -o not-empty jq -e . $view.json
	done
	for view in $views; do
		atf_check -o save:$view.prom $ctl -p show $view
		atf_check env LC_ALL=C awk -f "$checker" $view.prom
	done
	live_counter frames >/dev/null
	$ctl -H show statistics >text
	for name in frames packets octets flows; do
		want=$(counter $name statistics)
		atf_check -o inline:"$want\n" jq ".counters.$name" \
		    statistics.json
		atf_check -o match:"^softflowd_${name}_total $want\$" \
		    cat statistics.prom
		atf_check -o match:"^$name +$want  " cat text
	done
	atf_check -o inline:"\"127.0.0.1:$port\"\n" \
	    jq '.collectors[0].collector' collectors.json
	atf_check -o inline:'"vb"\n' jq '.interfaces[0].interface' \
	    interfaces.json
	atf_check -o inline:'["parent","worker"]\n' \
	    jq -c '[.processes[].process]' sandbox.json
	atf_check -o inline:"$(worker_pid)\n" \
	    jq '.processes[1].pid' sandbox.json
	atf_check -o inline:'3600\n' jq '.timeouts.tcp' timeouts.json
	atf_check -o inline:"$(dumped '')\n" \
	    jq '.memory[] | select(.use == "flows").entries' memory.json
	stop_all
}

control_test_case flows_that_are_asked_for_are_shown_and_no_others \
    "filters, order and limit" jq
flows_that_are_asked_for_are_shown_and_no_others_body() {
	start_all
	atf_check_equal "$(dumped '')" "$(shown)"
	for proto in 1 6 17; do
		atf_check_equal "$(dumped " proto:$proto ")" \
		    "$(shown proto $proto)"
	done
	[ "$(shown proto tcp)" -gt 0 ] || atf_fail "no TCP to ask for"
	atf_check_equal "$(dumped '\]:53 .*proto:17 ')" \
	    "$(shown port 53 proto udp)"
	host=$($ctl dump-flows | sed -n '2s/.*seq:[0-9]* \[\([^]]*\)].*/\1/p')
	atf_check_equal "$(dumped "\[$host\]")" "$(shown host "$host")"
	atf_check_equal 0 "$(shown min-octets 1G)"
	atf_check_equal 0 "$(shown interface va)"
	atf_check_equal "$(shown)" \
	    $(($(shown state oneway) + $(shown state bothways)))
	atf_check_equal 3 "$(shown limit 3)"
	$ctl -j show flows by octets limit 5 | jq .octets >got
	$ctl -j show flows | jq .octets | sort -rn | head -n 5 >wanted
	atf_check diff wanted got
	atf_check -o save:table $ctl show flows by packets
	atf_check_equal 21 "$(wc -l <table)"
	stop_all
}

control_test_case picked_flows_are_expired_or_deleted \
    "and counted as that"
picked_flows_are_expired_or_deleted_body() {
	start_all
	udp=$(shown proto udp)
	all=$(shown)
	atf_check -o match:": Deleted $udp flows.$" $ctl flow delete proto udp
	atf_check_equal 0 "$(shown proto udp)"
	live_counter flows >/dev/null
	check_counter flows_deleted statistics "$udp"
	tcp=$(shown proto tcp)
	atf_check -o match:": Expired $tcp flows.$" $ctl flow expire proto tcp
	atf_check_equal $((all - udp - tcp)) "$(shown)"
	atf_check -s exit:1 -e match:'"flow delete" wants another word' \
	    $ctl flow delete
	stop_all
}

control_test_case closed_output_is_an_error \
    "and not the connection to the daemon"
closed_output_is_an_error_body() {
	start_all
	for words in 'show flows' 'show statistics' timeouts; do
		atf_check -s exit:1 -e match:'standard output' \
		    sh -c "$ctl $words >&-"
	done
	stop_all
}

control_test_case settings_change_at_once_and_are_shown \
    "timeouts, sampling, log, gathering, reload, templates" jq
settings_change_at_once_and_are_shown_body() {
	start_all
	atf_check -o match:'^softflowd' $ctl set timeout udp 1m17s
	atf_check -o match:'^udp +77  ' $ctl -H show timeouts
	atf_check -o match:'^softflowd' $ctl set sampling 5
	atf_check -o inline:'5\n' sh -c "$ctl -j show statistics | jq .sampling"
	atf_check -o match:'^softflowd' $ctl log verbose
	atf_check -o match:'^softflowd' $ctl log brief
	atf_check -o match:'Data collection stopped' $ctl gather stop
	atf_check -o match:'^no packets are taken in' $ctl show statistics
	atf_check -o inline:'false\n' sh -c \
	    "$ctl -j show statistics | jq .gathering"
	atf_check -o match:'^softflowd_gathering 0' $ctl -p show statistics
	atf_check -o match:'Data collection resumed' $ctl gather start
	atf_check -o match:'^softflowd_gathering 1' $ctl -p show statistics
	atf_check -o match:'Template will be sent' $ctl template send
	flows=$(shown)
	atf_check -o match:'^softflowd' $ctl reload
	wait_for $ctl show timeouts
	atf_check_equal "$flows" "$(shown)"
	stop_all
}

control_test_case classic_words_answer_as_ever \
    "to the letter"
classic_words_answer_as_ever_body() {
	make_namespace
	start_softflowd in_ns -i vb
	pid=$(cat pid)
	answer() {
		atf_check -o inline:"softflowd[$pid]: $2\n" $ctl "$1"
	}
	answer expire-all 'Expired 0 flows.'
	answer delete-all 'Deleted 0 flows.'
	answer debug+ 'Debug level increased.'
	answer debug- 'Debug level decreased.'
	answer stop-gather 'Data collection stopped.'
	answer start-gather 'Data collection resumed.'
	answer send-template 'Template will be sent at next flow export'
	answer dump-flows 'Dumping flow data:'
	atf_check -o inline:"softflowd[$pid]: Printing timeouts:
           TCP timeout: 3600s
  TCP post-RST timeout: 120s
  TCP post-FIN timeout: 300s
           UDP timeout: 300s
          ICMP timeout: 300s
       General timeout: 3600s
      Maximum lifetime: 1800s
       Expiry interval: 60s\n" $ctl timeouts
	atf_check -o match:"^softflowd\[$pid\]: Accumulated statistics since" \
	    -o match:'^Number of active flows: 0 \(of 65536\)$' $ctl statistics
	atf_check -o match:'^help           list these commands$' \
	    -o match:'^send-template  send templates' $ctl help
	answer exit 'Exiting now...'
	finish_softflowd
	atf_check -s exit:1 -e match:'there is no such socket' $ctl statistics
}

# Words that bash would offer for a line, the last of them unfinished.
#	bash_offers word ...
bash_offers() {
	bash -c '
	. ./completion
	COMP_WORDS=(softflowctl "$@")
	COMP_CWORD=$#
	_softflowctl
	echo "${COMPREPLY[@]}"' bash "$@"
}

atf_test_case bash_completes_the_words
bash_completes_the_words_head() {
	atf_set descr "by the script that is printed, wherever a word stands"
	atf_set require.progs bash
}
bash_completes_the_words_body() {
	atf_check -o save:completion "$softflowctl" completion sh
	atf_check bash -n completion
	while read -r words want; do
		atf_check_equal "$want" \
		    "$(bash_offers $(echo "$words" | tr , ' '))"
	done <<-EOF
	sh shutdown show
	show,s statistics sandbox
	-c,x,-j,show,st statistics
	set,timeout,tcp tcp tcp.rst tcp.fin
	show,flows,host,192.0.2.1,l limit
	show,flows,host,l
	show,flows,state,s syn
	show,flows,state,syn,b by
	show,flows,by,r rate
	flow,expire,proto,tcp,p port proto
	flow,expire,state,fin,min-p min-packets
	help,lo log
	help,log,v verbose
	reload,s
	log,verbose,v
	EOF
	touch control.socket
	atf_check_equal control.socket "$(bash_offers -c control.s)"
}

atf_init_test_cases() {
	atf_add_test_case every_show_answers_in_every_form
	atf_add_test_case flows_that_are_asked_for_are_shown_and_no_others
	atf_add_test_case picked_flows_are_expired_or_deleted
	atf_add_test_case closed_output_is_an_error
	atf_add_test_case settings_change_at_once_and_are_shown
	atf_add_test_case classic_words_answer_as_ever
	atf_add_test_case bash_completes_the_words
}
