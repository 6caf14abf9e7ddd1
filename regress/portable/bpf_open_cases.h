/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* The parent's half: which calls it makes, in which order. */

#ifndef BPF_OPEN_CASES_H
#define BPF_OPEN_CASES_H

static struct capture_params	 params;
static struct msg_capture	 conf;
static char			 error[256];

/* Fakes of what is another file's. */

int
capture_compile(const struct capture_params *p, const char *device,
    struct bpf_program *program, int *dlt, char *text, size_t len)
{
	ATF_CHECK_STREQ("em0", device);
	if (record("compile", "%s, %d", p->filter, *dlt) == -1) {
		strlcpy(text, "filter: refused", len);
		return (-1);
	}
	program->bf_len = 3;
	program->bf_insns = calloc(3, sizeof(*program->bf_insns));
	ATF_REQUIRE(program->bf_insns != NULL);
	return (0);
}

int
capture_link(int dlt)
{
	return (dlt == DLT_EN10MB ? LINK_ETHERNET : dlt == DLT_RAW ?
	    LINK_RAW : -1);
}

const char *
capture_supported(void)
{
	return ("those");
}

void
capture_no_interface(const char *name, char *text, size_t len)
{
	snprintf(text, len, "no %s", name);
}

static int
open_em0(void)
{
	memset(&conf, 0x55, sizeof(conf));
	memset(error, 0x55, sizeof(error));
	return (capture_open_live(&params, &conf, error, sizeof(error)));
}

static void
begin(void)
{
	bpf_reset();
	memset(&params, 0, sizeof(params));
	params.interface = "em0";
	params.filter = "udp";
	params.snaplen = 256;
	params.buffer = 1U << 20;
	params.share = 1;
	params.promisc = 1;
}

ATF_TC_WITHOUT_HEAD(a_device_is_opened_for_reading_filtered_and_locked_last);
ATF_TC_BODY(a_device_is_opened_for_reading_filtered_and_locked_last, tc)
{
	begin();
	ATF_REQUIRE_EQ_MSG(DEVICE, open_em0(), "%s", error);
	record_expect(
	    "open(/dev/bpf, read only, close on exec, without waiting)\n"
	    "BIOCVERSION()\n"
	    "BIOCSBLEN(524288)\n"
	    "BIOCSETF(return 0)\n"
	    SYSTEM_WAIT
	    "BIOCSETIF(em0)\n"
	    "BIOCGDLT()\n"
	    "compile(udp, 1)\n"
	    "BIOCSETF(3 instructions)\n"
	    "BIOCPROMISC()\n"
	    "BIOCLOCK()\n");
	ATF_CHECK_EQ(CAPTURE_BPF, conf.kind);
	ATF_CHECK_EQ(LINK_ETHERNET, conf.link);
	ATF_CHECK_EQ(524288, conf.block_size);
	ATF_CHECK_EQ(1, conf.block_count);
	ATF_CHECK_EQ(0, conf.flags);
	ATF_CHECK_STREQ("", error);
}

ATF_TC_WITHOUT_HEAD(a_step_that_fails_is_named_and_closes_the_device);
ATF_TC_BODY(a_step_that_fails_is_named_and_closes_the_device, tc)
{
	static const struct {
		const char	*call;
		unsigned int	 nth;
		const char	*name;
	} step[] = {
		{ "BIOCVERSION", 1, "BIOCVERSION" },
		{ "BIOCSBLEN", 1, "BIOCSBLEN" },
		{ "BIOCSETF", 1, "BIOCSETF" },
		{ SYSTEM_WAIT_CALL, 1, "time to wait" },
		{ SYSTEM_INCOMING_CALL, 1, "ignore-outgoing" },
		{ "BIOCSETIF", 1, "BIOCSETIF" },
		{ "BIOCGDLT", 1, "BIOCGDLT" },
		{ "compile", 1, "filter: refused" },
		{ "BIOCSETF", 2, "BIOCSETF" },
		{ "BIOCPROMISC", 1, "BIOCPROMISC" },
		{ "BIOCLOCK", 1, "BIOCLOCK" }
	};
	const char	*end;
	size_t		 i;

	for (i = 0; i < nitems(step); i++) {
		begin();
		params.ignore_outgoing = 1;
		record_fail(step[i].call, step[i].nth, EPERM);
		ATF_CHECK_EQ_MSG(-1, open_em0(), "%s", step[i].call);
		ATF_CHECK_MSG(strstr(error, step[i].name) != NULL, "%s: %s",
		    step[i].name, error);
		end = strstr(record_lines(), "close(5)\n");
		ATF_REQUIRE_MSG(end != NULL, "%s", step[i].call);
		ATF_CHECK_STREQ("close(5)\n", end);
	}
}

ATF_TC_WITHOUT_HEAD(a_device_that_cannot_be_opened_is_named);
ATF_TC_BODY(a_device_that_cannot_be_opened_is_named, tc)
{
	begin();
	record_fail("open", 1, EACCES);
	ATF_CHECK_EQ(-1, open_em0());
	ATF_CHECK_STREQ("em0: /dev/bpf: Permission denied", error);
	ATF_CHECK(strchr(record_lines(), '\n')[1] == '\0');
}

/* Whether the line is among the calls. */
static int
called(const char *line)
{
	return (strstr(record_lines(), line) != NULL);
}

ATF_TC_WITHOUT_HEAD(outgoing_frames_are_left_out_before_it_is_bound);
ATF_TC_BODY(outgoing_frames_are_left_out_before_it_is_bound, tc)
{
	begin();
	params.ignore_outgoing = 1;
	ATF_REQUIRE_EQ(DEVICE, open_em0());
	ATF_CHECK(called(SYSTEM_INCOMING "BIOCSETIF(em0)\n"));
	begin();
	ATF_REQUIRE_EQ(DEVICE, open_em0());
	ATF_CHECK(!called(SYSTEM_INCOMING_CALL));
}

ATF_TC_WITHOUT_HEAD(promiscuous_mode_is_asked_for_only_where_it_is_wanted);
ATF_TC_BODY(promiscuous_mode_is_asked_for_only_where_it_is_wanted, tc)
{
	begin();
	params.promisc = 0;
	ATF_REQUIRE_EQ(DEVICE, open_em0());
	ATF_CHECK(!called("BIOCPROMISC"));
}

ATF_TC_WITHOUT_HEAD(without_an_expression_frames_are_cut_to_the_snap_length);
ATF_TC_BODY(without_an_expression_frames_are_cut_to_the_snap_length, tc)
{
	begin();
	params.filter = NULL;
	ATF_REQUIRE_EQ(DEVICE, open_em0());
	ATF_CHECK(called("BIOCGDLT()\nBIOCSETF(return 256)\n"));
	begin();
	params.filter = NULL;
	params.except = "port 1";
	ATF_REQUIRE_EQ(DEVICE, open_em0());
	ATF_CHECK(called("compile"));
}

ATF_TC_WITHOUT_HEAD(the_kernel_says_how_large_its_buffers_are);
ATF_TC_BODY(the_kernel_says_how_large_its_buffers_are, tc)
{
	begin();
	bpf.gives = 32768;
	ATF_REQUIRE_EQ(DEVICE, open_em0());
	ATF_CHECK_EQ(32768, conf.block_size);
	begin();
	params.buffer = 0;
	params.share = 4;
	ATF_REQUIRE_EQ(DEVICE, open_em0());
	ATF_CHECK(called("BIOCSBLEN(4194304)\n"));
	begin();
	params.buffer = 1;
	ATF_REQUIRE_EQ(DEVICE, open_em0());
	ATF_CHECK(called("BIOCSBLEN(4096)\n"));
	begin();
	params.buffer = UINT32_MAX;
	ATF_REQUIRE_EQ(DEVICE, open_em0());
	ATF_CHECK(called("BIOCSBLEN(16777216)\n"));
}

ATF_TC_WITHOUT_HEAD(buffers_out_of_bounds_are_refused);
ATF_TC_BODY(buffers_out_of_bounds_are_refused, tc)
{
	begin();
	bpf.gives = 4095;
	ATF_CHECK_EQ(-1, open_em0());
	ATF_CHECK_STREQ("em0: the kernel gives buffers of 4095 octets, not "
	    "4096 to 16777216", error);
	begin();
	bpf.gives = 16777217;
	ATF_CHECK_EQ(-1, open_em0());
	ATF_CHECK(called("close(5)\n"));
}

ATF_TC_WITHOUT_HEAD(another_language_of_filters_is_refused);
ATF_TC_BODY(another_language_of_filters_is_refused, tc)
{
	begin();
	bpf.minor = 0;
	ATF_CHECK_EQ(-1, open_em0());
	ATF_CHECK_STREQ("em0: the kernel's language of filters is 1.0, not "
	    "1.1", error);
	ATF_CHECK(called("BIOCVERSION()\nclose(5)\n"));
}

ATF_TC_WITHOUT_HEAD(of_several_link_types_one_that_we_know_is_taken);
ATF_TC_BODY(of_several_link_types_one_that_we_know_is_taken, tc)
{
	begin();
	bpf.dlt = bpf.list[0] = 147;
	bpf.list[1] = DLT_RAW;
	bpf.list[2] = DLT_EN10MB;
	bpf.nlist = 3;
	ATF_REQUIRE_EQ(DEVICE, open_em0());
	ATF_CHECK(called("BIOCGDLTLIST(room for 64)\nBIOCSDLT(12)\n"
	    "compile(udp, 12)\n"));
	ATF_CHECK_EQ(LINK_RAW, conf.link);
	begin();
	bpf.dlt = bpf.list[0] = 147;
	bpf.list[1] = DLT_RAW;
	bpf.nlist = 2;
	record_fail("BIOCSDLT", 1, EINVAL);
	ATF_CHECK_EQ(-1, open_em0());
	ATF_CHECK(strstr(error, "BIOCSDLT") != NULL);
}

ATF_TC_WITHOUT_HEAD(a_link_type_that_nobody_knows_is_named);
ATF_TC_BODY(a_link_type_that_nobody_knows_is_named, tc)
{
	begin();
	bpf.dlt = bpf.list[0] = 147;
	bpf.nlist = 1;
	ATF_CHECK_EQ(-1, open_em0());
	ATF_CHECK_STREQ("em0: link type unknown (147) is not supported; "
	    "supported are those", error);
	begin();
	bpf.dlt = 147;
	record_fail("BIOCGDLTLIST", 1, EINVAL);
	ATF_CHECK_EQ(-1, open_em0());
}

ATF_TC_WITHOUT_HEAD(an_interface_that_may_be_missing_is_tried_but_not_bound);
ATF_TC_BODY(an_interface_that_may_be_missing_is_tried_but_not_bound, tc)
{
	begin();
	bpf.missing = params.optional = 1;
	ATF_REQUIRE_EQ(DEVICE, open_em0());
	record_expect(
	    "open(/dev/bpf, read only, close on exec, without waiting)\n"
	    "BIOCVERSION()\n"
	    "BIOCSBLEN(524288)\n"
	    "BIOCSETF(return 0)\n"
	    SYSTEM_WAIT
	    "compile(udp, 1)\n"
	    "BIOCLOCK()\n");
	ATF_CHECK_EQ(0, conf.block_size);
	ATF_CHECK_EQ(0, conf.block_count);
	ATF_CHECK_EQ(LINK_ETHERNET, conf.link);
	begin();
	bpf.missing = 1;
	ATF_CHECK_EQ(-1, open_em0());
	ATF_CHECK_STREQ("no em0", error);
	ATF_CHECK(called("close(5)\n"));
}

ATF_TC_WITHOUT_HEAD(what_it_is_bound_to_is_known_until_that_has_gone);
ATF_TC_BODY(what_it_is_bound_to_is_known_until_that_has_gone, tc)
{
	int	hardware = -1;

	begin();
	bpf.dlt = DLT_RAW;
	ATF_CHECK_EQ(7, capture_bound(DEVICE, &hardware));
	ATF_CHECK_EQ(DLT_RAW, hardware);
	record_fail("BIOCGETIF", 1, EINVAL);
	ATF_CHECK_EQ(0, capture_bound(DEVICE, &hardware));
	ATF_CHECK_EQ(DLT_EN10MB, hardware);
	record_fail("BIOCGDLT", 1, EINVAL);
	ATF_CHECK_EQ(0, capture_bound(DEVICE, &hardware));
	ATF_CHECK_EQ(DLT_EN10MB, hardware);
}

/* FreeBSD and NetBSD stop it at each ioctl(2), whoever sleeps in poll(2). */
ATF_TC_WITHOUT_HEAD(a_question_does_not_make_frames_wait_longer);
ATF_TC_BODY(a_question_does_not_make_frames_wait_longer, tc)
{
	int	hardware;

	begin();
	ATF_CHECK_EQ(7, capture_bound(DEVICE, &hardware));
	ATF_CHECK_EQ(0, bpf.stopped);
	record_fail("BIOCGDLT", 1, EINVAL);
	ATF_CHECK_EQ(0, capture_bound(DEVICE, &hardware));
	ATF_CHECK_EQ(0, bpf.stopped);
}

ATF_TC_WITHOUT_HEAD(a_locked_device_is_not_bound_again);
ATF_TC_BODY(a_locked_device_is_not_bound_again, tc)
{
	begin();
	ATF_CHECK_EQ(0, capture_can_rebind);
	ATF_CHECK_EQ(-1, capture_rebind(DEVICE, &params, 7, DLT_EN10MB, error,
	    sizeof(error)));
	ATF_CHECK(error[0] != '\0');
	record_expect("");
}

static atf_error_t
add_open_cases(atf_tp_t *tp)
{
	ATF_TP_ADD_TC(tp,
	    a_device_is_opened_for_reading_filtered_and_locked_last);
	ATF_TP_ADD_TC(tp, a_step_that_fails_is_named_and_closes_the_device);
	ATF_TP_ADD_TC(tp, a_device_that_cannot_be_opened_is_named);
	ATF_TP_ADD_TC(tp, outgoing_frames_are_left_out_before_it_is_bound);
	ATF_TP_ADD_TC(tp,
	    promiscuous_mode_is_asked_for_only_where_it_is_wanted);
	ATF_TP_ADD_TC(tp,
	    without_an_expression_frames_are_cut_to_the_snap_length);
	ATF_TP_ADD_TC(tp, the_kernel_says_how_large_its_buffers_are);
	ATF_TP_ADD_TC(tp, buffers_out_of_bounds_are_refused);
	ATF_TP_ADD_TC(tp, another_language_of_filters_is_refused);
	ATF_TP_ADD_TC(tp, of_several_link_types_one_that_we_know_is_taken);
	ATF_TP_ADD_TC(tp, a_link_type_that_nobody_knows_is_named);
	ATF_TP_ADD_TC(tp,
	    an_interface_that_may_be_missing_is_tried_but_not_bound);
	ATF_TP_ADD_TC(tp, what_it_is_bound_to_is_known_until_that_has_gone);
	ATF_TP_ADD_TC(tp, a_question_does_not_make_frames_wait_longer);
	ATF_TP_ADD_TC(tp, a_locked_device_is_not_bound_again);
	return (atf_no_error());
}

#endif
