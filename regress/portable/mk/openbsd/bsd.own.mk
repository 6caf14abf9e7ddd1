# After Makefile.inc of a program, before that of a library.
BINOWN?=	root
BINGRP?=	bin
BINMODE?=	555
MANOWN?=	root
MANGRP?=	bin
MANMODE?=	444
MANDIR?=	/usr/share/man/man
LIBDIR?=	/usr/lib
INSTALL_STRIP?=	-s
