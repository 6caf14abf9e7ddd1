/*
 * Copyright (c) 2026 The softflowd authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Link types that libpcap of some systems has no name for.  Numbers as
 * assigned at tcpdump.org; files have them whatever the system.
 */

#ifndef CAPTURE_DLT_H
#define CAPTURE_DLT_H

#include <pcap.h>

#ifndef DLT_LINUX_SLL
#define DLT_LINUX_SLL		113
#endif
#ifndef DLT_LINUX_SLL2
#define DLT_LINUX_SLL2		276
#endif
#ifndef DLT_IPV4
#define DLT_IPV4		228
#endif
#ifndef DLT_IPV6
#define DLT_IPV6		229
#endif
#ifndef DLT_PPP_PPPD
#define DLT_PPP_PPPD		166
#endif
#ifndef DLT_PPP_WITH_DIR
#define DLT_PPP_WITH_DIR	204
#endif
#ifndef DLT_C_HDLC
#define DLT_C_HDLC		104
#endif
#ifndef DLT_FRELAY
#define DLT_FRELAY		107
#endif
#ifndef DLT_MPLS
#define DLT_MPLS		219
#endif
#ifndef DLT_IP_OVER_FC
#define DLT_IP_OVER_FC		122
#endif
#ifndef DLT_PRISM_HEADER
#define DLT_PRISM_HEADER	119
#endif
#ifndef DLT_IEEE802_11_RADIO
#define DLT_IEEE802_11_RADIO	127
#endif
#ifndef DLT_IEEE802_11_RADIO_AVS
#define DLT_IEEE802_11_RADIO_AVS	163
#endif
#ifndef DLT_NFLOG
#define DLT_NFLOG		239
#endif
#ifndef DLT_IPNET
#define DLT_IPNET		226
#endif

#endif
