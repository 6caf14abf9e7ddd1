SUBDIR=	lib softflowd softflowctl man

# The regress suite is built by hand or by regress/check.sh.
regress: .PHONY all
	cd ${.CURDIR}/regress && ${MAKE} all

.include <bsd.subdir.mk>
