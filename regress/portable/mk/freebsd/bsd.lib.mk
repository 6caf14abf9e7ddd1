# An internal library has a second archive for programs without a fixed place,
# any other one for the profiler.
.include <bsd.init.mk>

OBJS+=	${SRCS:N*.h:R:S/$/.o/}
_LIBS=	lib${LIB}.a
.if defined(INTERNALLIB) && ${MK_PIE} != "no"
_LIBS+=	lib${LIB}_pie.a
.elif !defined(INTERNALLIB)
_LIBS+=	lib${LIB}_p.a
.endif

all: ${_LIBS}
lib${LIB}.a: ${OBJS}
	${AR} -crsD ${.TARGET} ${OBJS}
lib${LIB}_pie.a lib${LIB}_p.a: ${OBJS:.o=.pieo}
	${AR} -crsD ${.TARGET} ${OBJS:.o=.pieo}

.if !defined(INTERNALLIB)
realinstall: libinstall
libinstall:
	${INSTALL} -C -o root -g wheel -m 444 lib${LIB}.a ${DESTDIR}${LIBDIR}
.endif

clean:
	rm -f ${_LIBS} ${OBJS} ${CLEANFILES}
