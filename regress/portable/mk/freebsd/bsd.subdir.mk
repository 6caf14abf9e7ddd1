# One after the other, without -j for all at once.
.include <bsd.init.mk>

.for target in all clean depend obj realinstall
.for dir in ${SUBDIR}
${target}_subdir_${dir}: .PHONY ${_before_${target}}
	@cd ${.CURDIR}/${dir}; ${MAKE} ${target:S/realinstall/install/} \
	    DIRPRFX=${DIRPRFX}${dir}/
_before_${target}+= ${target}_subdir_${dir}
.if make(${target}) || (make(install) && ${target} == realinstall) || \
    (${target} == all && empty(.TARGETS))
${target}: ${target}_subdir_${dir}
.endif
.endfor
.endfor
