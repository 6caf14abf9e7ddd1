# Nothing keeps objects from being found along .PATH.
.if exists(${.CURDIR}/../Makefile.inc)
.include "${.CURDIR}/../Makefile.inc"
.endif
.include <bsd.own.mk>

.if defined(PROG)
MAN?=	${PROG}.1
OBJS+=	${SRCS:N*.h:R:S/$/.o/}

${PROG}: ${OBJS} ${DPADD}
	${CC} ${LDFLAGS} -o ${.TARGET} ${OBJS} ${LDADD}
.endif

.MAIN: all
all: ${PROG} _SUBDIRUSE

clean: _SUBDIRUSE
	rm -f ${PROG} ${OBJS} ${CLEANFILES}

.if !target(install)
install: maninstall _SUBDIRUSE
	${INSTALL} -c ${INSTALL_STRIP} -o ${BINOWN} -g ${BINGRP} \
	    -m ${BINMODE} ${PROG} ${DESTDIR}${BINDIR}/${PROG}
.endif

.for page in ${MAN}
maninstall: ${DESTDIR}${MANDIR}${page:E}/${page}
${DESTDIR}${MANDIR}${page:E}/${page}: ${page}
	${INSTALL} -c -o ${MANOWN} -g ${MANGRP} -m ${MANMODE} \
	    ${.ALLSRC} ${.TARGET}
.endfor

.if !defined(NOOBJ)
obj: _SUBDIRUSE
	mkdir -p ${.CURDIR}/obj
.endif

.include <bsd.subdir.mk>
