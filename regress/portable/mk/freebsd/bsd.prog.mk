# Symbols go to a file of their own; pages are compressed.
.include <bsd.init.mk>

.if ${MK_DEBUG_FILES} != "no"
PROG_FULL=	${PROG}.full
.else
PROG_FULL=	${PROG}
.endif

all: ${PROG}

.if defined(PROG)
MAN?=	${PROG}.1
OBJS+=	${SRCS:N*.h:R:S/$/.o/}

${PROG_FULL}: ${OBJS}
	${CC} ${CFLAGS} ${LDFLAGS} -o ${.TARGET} ${OBJS} ${LDADD}
.if ${MK_DEBUG_FILES} != "no"
${PROG}: ${PROG_FULL}
	objcopy --only-keep-debug ${PROG_FULL} ${PROG}.debug
	objcopy --strip-debug ${PROG_FULL} ${PROG}
.endif

realinstall: _proginstall
_proginstall:
	${INSTALL} ${STRIP} -o ${BINOWN} -g ${BINGRP} -m ${BINMODE} \
	    ${PROG} ${DESTDIR}${BINDIR}/${PROG}
.endif

.if ${MK_MAN} != "no"
.for page in ${MAN}
all: ${page}.gz
${page}.gz: ${page}
	gzip -cn ${.ALLSRC} >${.TARGET}
.endfor
.endif

clean:
	rm -f ${PROG} ${OBJS} ${CLEANFILES}
