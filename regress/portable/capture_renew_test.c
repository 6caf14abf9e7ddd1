/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * In the parent, devices that cannot be bound again: another one takes their
 * place by a hand-over, and nothing that waits in the old one is lost.  The
 * system's interfaces and devices are made here.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <net/if.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "log.h"
#include "priv_state.h"
#include "record.h"
#include "sandbox.h"

#define FDS	64
#define MISSING	0

struct priv			 priv;
const int			 capture_can_rebind = 0;

static struct options		 opts;
static uint32_t			 em[2];		/* indices now */
static uint32_t			 bound[FDS];	/* to which one was bound */
static char			 em0[] = "em0", em1[] = "em1";
static struct msg_handover	 sent;
static int64_t			 now_ms = 1000;
static unsigned int		 reload_change;	/* what the next needs, */
static unsigned int		 reload_n;	/* and its interfaces */

/* Of other files. */

int64_t
priv_now_ms(void)
{
	return (now_ms);
}

void
priv_worker_send(enum msg_type type, int fd, const void *data, size_t len)
{
	ATF_CHECK_EQ(-1, fd);
	if (type == IMSG_HANDOVER) {
		ATF_REQUIRE_EQ(sizeof(sent), len);
		memcpy(&sent, data, len);
		record("handover", "%#x", sent.replaced);
	}
}

void
priv_worker_kill(const char *why)
{
	atf_tc_fail("%s", why);
}

int
priv_own_filter(char **filter)
{
	*filter = strdup("own");
	return (record("own filter", "%s", "") == -1 ? -1 : 0);
}

int
priv_link_open(void)
{
	return (0);
}

int
priv_link_list(struct stack_link *links, unsigned int n)
{
	(void)links;
	(void)n;
	return (0);
}

void
priv_psamp_open(void)
{
}

void
priv_notify_reloading(void)
{
}

int
priv_export_prepare(struct priv_reload *next, char *error, size_t len)
{
	(void)next;
	(void)error;
	(void)len;
	return (0);
}

void
priv_export_switch(struct priv_reload *next)
{
	(void)next;
	record("new options", "%s", "");
}

int
sandbox_compiler(void)
{
	return (0);
}

enum options_result
options_load(int argc, char *argv[], struct options *o, char *error,
    size_t len)
{
	(void)argc;
	(void)argv;
	(void)error;
	(void)len;
	*o = opts;
	o->ninterface = reload_n;
	return (OPTIONS_RUN);
}

void
options_free(struct options *o)
{
	(void)o;
}

int
change_find(const struct options *old, struct options *new,
    struct change *change, char *error, size_t len)
{
	(void)old;
	(void)new;
	(void)error;
	(void)len;
	change->need = reload_change;
	return (0);
}

/* The system. */

unsigned int
if_nametoindex(const char *name)
{
	return (strcmp(name, em0) == 0 ? em[0] :
	    strcmp(name, em1) == 0 ? em[1] : 0);
}

char *
if_indextoname(unsigned int ifindex, char name[IF_NAMESIZE])
{
	(void)ifindex;
	(void)name;
	return (NULL);
}

int
capture_open_live(const struct capture_params *p, struct msg_capture *conf,
    char *error, size_t len)
{
	uint32_t	ifindex = if_nametoindex(p->interface);
	int		fd;

	if (record("open", "%s, %s, %s", p->interface, p->filter == NULL ?
	    "-" : p->filter, p->except == NULL ? "-" : p->except) == -1) {
		strlcpy(error, "no device", len);
		return (-1);
	}
	if (ifindex == MISSING && !p->optional) {
		strlcpy(error, "no interface", len);
		return (-1);
	}
	ATF_REQUIRE((fd = open("/dev/null", O_RDONLY)) != -1 && fd < FDS);
	bound[fd] = ifindex;
	conf->kind = CAPTURE_BPF;
	conf->link = LINK_ETHERNET;
	conf->block_size = ifindex == MISSING ? 0 : 4096;
	conf->block_count = ifindex != MISSING;
	conf->flags = 0;
	return (fd);
}

int
capture_is_any(const char *name)
{
	(void)name;
	return (0);
}

uint32_t
capture_bound(int fd, int *hardware)
{
	*hardware = 1;
	return (bound[fd] == em[0] || bound[fd] == em[1] ? bound[fd] : 0);
}

int
capture_rebind(int fd, const struct capture_params *p, uint32_t ifindex,
    int hardware, char *error, size_t len)
{
	(void)p;
	(void)error;
	(void)len;
	atf_tc_fail("%d: %u, %d", fd, ifindex, hardware);
}

void
capture_unbind(int fd, const struct capture_params *p)
{
	(void)p;
	atf_tc_fail("%d", fd);
}

int
capture_compile_savefile(const char *expression, struct msg_filter *filter,
    char *error, size_t len)
{
	(void)filter;
	(void)error;
	(void)len;
	atf_tc_fail("%s", expression);
}

static void
hear(int priority, const char *text)
{
	if (priority <= LOG_INFO)
		record("log", "%s", text);
}

/* Two interfaces are read by a worker that runs. */
static void
begin(void)
{
	static char	udp[] = "udp";

	log_init("parent", 1, 0);
	log_set_sink(hear);
	em[0] = 11;
	em[1] = 12;
	memset(&priv, 0, sizeof(priv));
	memset(&opts, 0, sizeof(opts));
	opts.interface[0].name = em0;
	opts.interface[1].name = em1;
	opts.ninterface = 2;
	opts.filter = udp;
	priv.opt = &opts;
	priv.link_fd = priv.filter_fd = -1;
	priv_capture_open();
	priv.worker.pid = 1;
	priv.worker.phase = WORKER_RUNNING;
	priv.capture[1].conf.from_us = 5;
	record_reset();
}

static int
is_open(int fd)
{
	return (fcntl(fd, F_GETFD) != -1);
}

/* The worker says that all is in the table, and goes; the next is ready. */
static void
hand_over(void)
{
	ATF_REQUIRE_EQ(WORKER_LEAVING, priv.worker.phase);
	ATF_REQUIRE_EQ(0, priv_handed_over());
	priv.worker.phase = WORKER_NONE;
	priv_handover_left();
	priv.worker.phase = WORKER_RUNNING;
	priv_handover_ready();
}

ATF_TC_WITHOUT_HEAD(an_interface_that_is_back_gets_a_new_device);
ATF_TC_BODY(an_interface_that_is_back_gets_a_new_device, tc)
{
	int	old, other;

	begin();
	old = priv.capture[0].fd;
	other = priv.capture[1].fd;
	em[0] = MISSING;
	priv_interfaces_changed();
	priv_interfaces_changed();
	record_expect("log(em0: the interface has gone; waiting for it)\n");
	ATF_CHECK_EQ(0, priv.interfaces.interface[0].ifindex);
	record_reset();
	em[0] = 21;
	priv_interfaces_changed();
	record_expect("own filter()\n"
	    "open(em0, udp, own)\n"
	    "log(em0: the interface is back)\n"
	    "handover(0x1)\n");
	/* What waits in the old one is read before. */
	ATF_CHECK(is_open(old));
	ATF_CHECK(sent.cut_us != 0);
	ATF_CHECK_EQ(sent.cut_us, priv.capture[0].conf.before_us);
	record_reset();
	hand_over();
	ATF_CHECK(!is_open(old));
	ATF_CHECK(is_open(other));
	ATF_CHECK(is_open(priv.capture[0].fd));
	ATF_CHECK_EQ(21, priv.capture[0].ifindex);
	ATF_CHECK_EQ(21, priv.capture[0].number);
	ATF_CHECK_EQ(21, priv.interfaces.interface[0].ifindex);
	ATF_CHECK(priv.capture[0].conf.flags & MSG_CAPTURE_FRESH);
	/* It alone sees the interface: nothing of it is another's. */
	ATF_CHECK_EQ(0, priv.capture[0].conf.from_us);
	ATF_CHECK_EQ(0, priv.capture[0].conf.before_us);
	ATF_CHECK_EQ(5, priv.capture[1].conf.from_us);
	ATF_CHECK(!(priv.capture[1].conf.flags & MSG_CAPTURE_FRESH));
	ATF_CHECK_STREQ("em0", priv.capture[0].params.interface);
	/* The options are those in force. */
	ATF_CHECK_EQ(2, priv.opt->ninterface);
	ATF_CHECK_EQ(0, priv.capture[1].removed);
	ATF_CHECK(strstr(record_lines(), "new options") == NULL);
	record_reset();
	priv_interfaces_changed();
	record_expect("");
}

ATF_TC_WITHOUT_HEAD(events_in_the_meantime_open_nothing_more);
ATF_TC_BODY(events_in_the_meantime_open_nothing_more, tc)
{
	begin();
	em[0] = 21;
	priv_interfaces_changed();
	ATF_REQUIRE_EQ(WORKER_LEAVING, priv.worker.phase);
	record_reset();
	priv_interfaces_changed();
	record_expect("");
	/* The new one goes before it is read. */
	em[0] = MISSING;
	priv_interfaces_changed();
	record_expect("");
	hand_over();
	ATF_CHECK_EQ(0, priv.capture[0].ifindex);
	record_reset();
	em[0] = 31;
	priv_interfaces_changed();
	ATF_CHECK(strstr(record_lines(), "handover(0x1)") != NULL);
	hand_over();
	ATF_CHECK_EQ(31, priv.capture[0].ifindex);
}

ATF_TC_WITHOUT_HEAD(interfaces_that_come_together_take_one_hand_over);
ATF_TC_BODY(interfaces_that_come_together_take_one_hand_over, tc)
{
	begin();
	em[0] = 21;
	em[1] = 22;
	priv_interfaces_changed();
	ATF_CHECK_EQ(3, sent.replaced);
	hand_over();
	ATF_CHECK_EQ(21, priv.capture[0].ifindex);
	ATF_CHECK_EQ(22, priv.capture[1].ifindex);
	ATF_CHECK_EQ(0, priv.capture[1].conf.from_us);
}

ATF_TC_WITHOUT_HEAD(one_that_comes_during_another_hand_over_waits);
ATF_TC_BODY(one_that_comes_during_another_hand_over_waits, tc)
{
	begin();
	em[0] = 21;
	priv_interfaces_changed();
	record_reset();
	em[1] = 22;
	priv_interfaces_changed();
	record_expect("");
	hand_over();
	ATF_CHECK(strstr(record_lines(), "open(em1") != NULL);
	ATF_CHECK(strstr(record_lines(), "handover(0x2)") != NULL);
	hand_over();
	ATF_CHECK_EQ(22, priv.capture[1].ifindex);
}

ATF_TC_WITHOUT_HEAD(a_worker_that_starts_is_asked_when_it_is_ready);
ATF_TC_BODY(a_worker_that_starts_is_asked_when_it_is_ready, tc)
{
	begin();
	priv.worker.phase = WORKER_STARTING;
	em[0] = 21;
	priv_interfaces_changed();
	ATF_CHECK(strstr(record_lines(), "open(em0") != NULL);
	ATF_CHECK(strstr(record_lines(), "handover") == NULL);
	record_reset();
	priv_interfaces_changed();
	record_expect("");
	priv.worker.phase = WORKER_RUNNING;
	priv_handover_ready();
	ATF_CHECK_EQ(1, sent.replaced);
	hand_over();
	ATF_CHECK_EQ(21, priv.capture[0].ifindex);
}

ATF_TC_WITHOUT_HEAD(nothing_is_opened_for_a_worker_that_ends);
ATF_TC_BODY(nothing_is_opened_for_a_worker_that_ends, tc)
{
	begin();
	em[0] = 21;
	priv.worker.phase = WORKER_FINISHING;
	priv_interfaces_changed();
	priv.worker.phase = WORKER_FINISHED;
	priv_interfaces_changed();
	record_expect("");
}

/* bpf(4) of FreeBSD knows an interface only after its event. */
ATF_TC_WITHOUT_HEAD(an_interface_that_is_not_ready_is_tried_again_soon);
ATF_TC_BODY(an_interface_that_is_not_ready_is_tried_again_soon, tc)
{
	begin();
	ATF_CHECK_EQ(INT64_MAX, priv_interfaces_next_ms());
	em[0] = 21;
	record_fail("open", 1, ENXIO);
	priv_interfaces_changed();
	record_expect("own filter()\nopen(em0, udp, own)\n");
	ATF_CHECK_EQ(now_ms + 100, priv_interfaces_next_ms());
	priv_interfaces_timers(now_ms + 99);
	ATF_CHECK(priv.reload == NULL);
	now_ms += 100;
	priv_interfaces_timers(now_ms);
	ATF_CHECK_EQ(1, sent.replaced);
	ATF_CHECK_EQ(INT64_MAX, priv_interfaces_next_ms());
	ATF_CHECK(strstr(record_lines(), "cannot be bound") == NULL);
	hand_over();
	ATF_CHECK_EQ(21, priv.capture[0].ifindex);
}

ATF_TC_WITHOUT_HEAD(a_device_that_cannot_be_opened_is_told_once_and_retried);
ATF_TC_BODY(a_device_that_cannot_be_opened_is_told_once_and_retried, tc)
{
	begin();
	em[0] = 21;
	record_fail("open", 0, EMFILE);
	priv_interfaces_changed();
	now_ms += 100;
	priv_interfaces_timers(now_ms);
	ATF_CHECK(priv.reload == NULL);
	record_expect("own filter()\n"
	    "open(em0, udp, own)\n"
	    "own filter()\n"
	    "open(em0, udp, own)\n"
	    "log(em0: the interface is back, but cannot be bound: no "
	    "device)\n");
	ATF_CHECK_EQ(INT64_MAX, priv_interfaces_next_ms());
	record_reset();
	record_fail("open", 1, EMFILE);
	priv_interfaces_changed();
	record_expect("own filter()\nopen(em0, udp, own)\n");
	ATF_CHECK_EQ(INT64_MAX, priv_interfaces_next_ms());
	priv_interfaces_changed();
	ATF_CHECK_EQ(1, sent.replaced);
	hand_over();
	ATF_CHECK_EQ(21, priv.capture[0].ifindex);
}

ATF_TC_WITHOUT_HEAD(events_are_looked_after_at_once_but_not_more_often);
ATF_TC_BODY(events_are_looked_after_at_once_but_not_more_often, tc)
{
	begin();
	priv_interfaces_soon();
	ATF_CHECK_EQ(now_ms, priv_interfaces_next_ms());
	priv_interfaces_timers(now_ms);
	ATF_CHECK_EQ(INT64_MAX, priv_interfaces_next_ms());
	now_ms += 30;
	priv_interfaces_soon();
	priv_interfaces_soon();
	ATF_CHECK_EQ(now_ms + 70, priv_interfaces_next_ms());
	em[0] = MISSING;
	priv_interfaces_timers(now_ms + 69);
	record_expect("");
	priv_interfaces_timers(now_ms + 70);
	record_expect("log(em0: the interface has gone; waiting for it)\n");
}

ATF_TC_WITHOUT_HEAD(one_that_may_be_missing_is_read_when_it_comes);
ATF_TC_BODY(one_that_may_be_missing_is_read_when_it_comes, tc)
{
	begin();
	em[0] = MISSING;
	opts.interface[0].optional = priv.capture[0].params.optional = 1;
	priv_interfaces_changed();
	em[0] = 21;
	priv_interfaces_changed();
	hand_over();
	ATF_CHECK_EQ(21, priv.capture[0].ifindex);
	ATF_CHECK_EQ(1, priv.capture[0].params.optional);
	/* One that is gone again meanwhile is none to wait for. */
	em[0] = MISSING;
	priv_interfaces_changed();
	ATF_CHECK(priv.reload == NULL);
}

ATF_TC_WITHOUT_HEAD(a_number_that_the_operator_gave_stays);
ATF_TC_BODY(a_number_that_the_operator_gave_stays, tc)
{
	begin();
	priv.capture[0].fixed = 1;
	priv.capture[0].number = 77;
	em[0] = 21;
	priv_interfaces_changed();
	hand_over();
	ATF_CHECK_EQ(77, priv.capture[0].number);
	ATF_CHECK_EQ(1, priv.capture[0].fixed);
}

ATF_TC_WITHOUT_HEAD(a_removed_one_is_read_to_its_end_and_bound_to_nothing);
ATF_TC_BODY(a_removed_one_is_read_to_its_end_and_bound_to_nothing, tc)
{
	int	old;

	begin();
	old = priv.capture[1].fd;
	reload_change = CHANGE_WORKER;
	reload_n = 1;
	priv_reload(-1);
	ATF_CHECK(strstr(record_lines(), "open(, -, -)\n") != NULL);
	ATF_CHECK_EQ(2, sent.replaced);
	ATF_CHECK(is_open(old));
	ATF_CHECK_EQ(sent.cut_us, priv.capture[1].conf.before_us);
	hand_over();
	ATF_CHECK(!is_open(old));
	ATF_CHECK(is_open(priv.capture[1].fd));
	ATF_CHECK_EQ(0, bound[priv.capture[1].fd]);
	ATF_CHECK_EQ(0, priv.capture[1].conf.block_size);
	ATF_CHECK_EQ(0, priv.capture[1].conf.before_us);
	ATF_CHECK_EQ(1, priv.capture[1].conf.slot);
	ATF_CHECK(priv.capture[1].removed != 0);
	ATF_CHECK_EQ(MSG_CAPTURE_FRESH | MSG_CAPTURE_REMOVED,
	    priv.capture[1].conf.flags);
	ATF_CHECK_EQ(0, priv.capture[0].removed);
	/* It does not come back, nor is it removed again. */
	record_reset();
	em[1] = 22;
	priv_interfaces_changed();
	priv_reload(-1);
	ATF_CHECK(strstr(record_lines(), "open") == NULL);
}

ATF_TC_WITHOUT_HEAD(a_reload_that_cannot_open_that_is_refused);
ATF_TC_BODY(a_reload_that_cannot_open_that_is_refused, tc)
{
	begin();
	reload_change = CHANGE_WORKER;
	reload_n = 1;
	record_fail("open", 1, EMFILE);
	priv_reload(-1);
	ATF_CHECK(strstr(record_lines(), "not reloaded: no device") != NULL);
	ATF_CHECK(priv.reload == NULL);
	ATF_CHECK_EQ(WORKER_RUNNING, priv.worker.phase);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, an_interface_that_is_back_gets_a_new_device);
	ATF_TP_ADD_TC(tp, events_in_the_meantime_open_nothing_more);
	ATF_TP_ADD_TC(tp, interfaces_that_come_together_take_one_hand_over);
	ATF_TP_ADD_TC(tp, one_that_comes_during_another_hand_over_waits);
	ATF_TP_ADD_TC(tp, a_worker_that_starts_is_asked_when_it_is_ready);
	ATF_TP_ADD_TC(tp, nothing_is_opened_for_a_worker_that_ends);
	ATF_TP_ADD_TC(tp,
	    an_interface_that_is_not_ready_is_tried_again_soon);
	ATF_TP_ADD_TC(tp,
	    a_device_that_cannot_be_opened_is_told_once_and_retried);
	ATF_TP_ADD_TC(tp,
	    events_are_looked_after_at_once_but_not_more_often);
	ATF_TP_ADD_TC(tp, one_that_may_be_missing_is_read_when_it_comes);
	ATF_TP_ADD_TC(tp, a_number_that_the_operator_gave_stays);
	ATF_TP_ADD_TC(tp,
	    a_removed_one_is_read_to_its_end_and_bound_to_nothing);
	ATF_TP_ADD_TC(tp, a_reload_that_cannot_open_that_is_refused);
	return (atf_no_error());
}
