SUBDIR=	lib softflowd softflowctl man

# With -j NetBSD's rules go to all at once.
.ORDER:	all-lib all-softflowd all-softflowctl

# The regress suite is built by hand or by regress/check.sh.
regress: .PHONY all
	cd ${.CURDIR}/regress && ${MAKE} all

# What install installs; no rule set knows it.
deinstall uninstall: .PHONY
	@for dir in softflowd softflowctl man; do \
		(cd ${.CURDIR}/$$dir && ${MAKE} deinstall) || exit 1; done

# A release's tarball and the checksums of it in ports/.
dist: .PHONY
	@test -f ${.CURDIR}/ports/dist.sh || { \
		echo "a release has no ports/: use a checkout" >&2; exit 1; }
	sh ${.CURDIR}/ports/dist.sh

.include <bsd.subdir.mk>
