.if exists(${.CURDIR}/../Makefile.inc)
.include "${.CURDIR}/../Makefile.inc"
.endif
.MAIN: all

BINOWN?=	root
BINGRP?=	wheel
BINMODE?=	555
MANDIR?=	/usr/share/man/man
LIBDIR?=	/usr/lib
STRIP?=		-s

.if !target(install)
install: beforeinstall realinstall afterinstall
.ORDER: beforeinstall realinstall afterinstall
beforeinstall realinstall afterinstall:
.endif
.if !defined(NO_OBJ) && !defined(NOOBJ)
obj:
	mkdir -p ${.CURDIR}/obj
.endif
