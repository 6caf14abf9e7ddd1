# One after the other, and a name that is no folder is an error.
.if !target(.MAIN)
.MAIN: all
.endif

_SUBDIRUSE: .USE
	@for entry in ${SUBDIR}; do \
		(cd ${.CURDIR}/$${entry} && ${MAKE} \
		    ${.TARGET:S/realinstall/install/}) || exit 1; done

.for target in all clean cleandir depend obj
.if !target(${target})
${target}: _SUBDIRUSE
.endif
.endfor

.if !target(install)
install: realinstall
realinstall: _SUBDIRUSE
.endif

.include <bsd.own.mk>
