# Shared by the test programs: ATF C programs that link only the modules they
# name, which is what keeps the modules apart.
TOPDIR:=	${.PARSEDIR:tA:H}
.include "${.PARSEDIR}/../Makefile.inc"

.PATH:	${TOPDIR}/softflowd
CPPFLAGS+=	-I${TOPDIR}/softflowd
LDADD=		-latf-c ${LIBIMSG} ${LDADD_BSD}
DPADD=		${LIBIMSG}
PACKET_SRCS=	packet.c packet_link.c packet_ether.c packet_wlan.c \
		packet_tunnel.c
MAN=
CLEANFILES+=	${PROGS} ${PROGS:=.o} ${PROGS:@p@${SRCS_${p}:.c=.o}@}

# Nothing of the suite is installed.
install:
