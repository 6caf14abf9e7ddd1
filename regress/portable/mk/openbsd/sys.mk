# Rules as OpenBSD's, written anew in short from its share/mk: as far as a
# Makefile could trip over what they do and others do not.
.SUFFIXES: .o .c

CC?=		cc
CFLAGS?=	-O2 -pipe
CPPFLAGS?=
INSTALL?=	install

.c.o:
	${CC} ${CFLAGS} ${CPPFLAGS} -c -MD -MF ${.TARGET:R}.d \
	    -o ${.TARGET} ${.IMPSRC}
