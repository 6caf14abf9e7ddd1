# Suffixes begin anew here; a library is linked with itself before.
.include <bsd.own.mk>
.if exists(${.CURDIR}/../Makefile.inc)
.include "${.CURDIR}/../Makefile.inc"
.endif

.SUFFIXES:
.SUFFIXES: .o .po .so .c

.c.o:
	${CC} ${CFLAGS} ${CPPFLAGS} -c ${.IMPSRC} -o ${.TARGET}.o
	${LD} -X -r ${.TARGET}.o -o ${.TARGET}
	rm -f ${.TARGET}.o
.c.po .c.so:
	${CC} ${CFLAGS} ${CPPFLAGS} -c ${.IMPSRC} -o ${.TARGET}

OBJS+=	${SRCS:N*.h:R:S/$/.o/}
_LIBS=	lib${LIB}.a
.if !defined(NOPROFILE)
_LIBS+=	lib${LIB}_p.a
.endif
.if !defined(NOPIC) && defined(SHLIB_MAJOR)
_LIBS+=	lib${LIB}.so.${SHLIB_MAJOR}
.endif

.MAIN: all
all: ${_LIBS} _SUBDIRUSE

lib${LIB}.a: ${OBJS}
	${AR} cqD lib${LIB}.a ${OBJS}
lib${LIB}_p.a: ${OBJS:.o=.po}
	${AR} cqD lib${LIB}_p.a ${OBJS:.o=.po}

clean: _SUBDIRUSE
	rm -f lib${LIB}.a lib${LIB}_p.a ${OBJS} ${CLEANFILES}

.if !target(install)
install: _SUBDIRUSE
	${INSTALL} -c -o root -g bin -m 600 lib${LIB}.a ${DESTDIR}${LIBDIR}
.endif

.if !defined(NOOBJ)
obj: _SUBDIRUSE
	mkdir -p ${.CURDIR}/obj
.endif

.include <bsd.subdir.mk>
