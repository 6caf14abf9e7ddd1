# Rules as FreeBSD's, written anew in short from its share/mk: as far as a
# Makefile could trip over what they do and others do not.
.SUFFIXES: .o .pieo .c

CC?=		cc
CFLAGS?=	-O2 -pipe
INSTALL?=	install
MK_DEBUG_FILES?=	yes
MK_PIE?=	yes
MK_MAN?=	yes

# CPPFLAGS are not known here.
.c.o .c.pieo:
	${CC} ${CFLAGS} -c ${.IMPSRC} -o ${.TARGET}
