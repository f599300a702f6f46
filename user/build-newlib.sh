#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Build newlib from Debian's newlib-source package, once, and print where it is installed.
#
#   user/build-newlib.sh [-n]       -n: only print the place, do not build
#
# The place is ${THAW_CACHE:-$HOME/.cache/thaw}/newlib-HASH, where HASH covers everything that goes
# in: tarball, flags, compiler, user/newlib and this script.  A second clone finds it there.  The
# work is done beside it and renamed at the end, so an interrupted build leaves nothing half done
# and two builds at once do not disturb each other.
#
# newlib is always built by gcc, whatever compiles the rest: its objects link with clang's.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
tarball=${NEWLIB_TARBALL:-$(ls /usr/src/newlib/newlib-*.tar.* 2>/dev/null | tail -n 1)}
cc=${NEWLIB_CC:-gcc}
cache=${THAW_CACHE:-${HOME:-/tmp}/.cache/thaw}
case $cache in
/*) ;;
*) cache=$PWD/$cache ;;
esac

if [ "${1:-}" = -n ] && [ ! -r "$tarball" ]; then
	echo "$cache/newlib-missing"
	exit 0
fi
if [ -z "$tarball" ] || [ ! -r "$tarball" ]; then
	echo "newlib's source is missing: apt-get install newlib-source" >&2
	exit 1
fi
if ! command -v "$cc" >/dev/null; then
	echo "$cc is missing (newlib is built by gcc): apt-get install gcc" >&2
	exit 1
fi

flags="-O2 -g0 -ffreestanding -fno-stack-protector -fno-pic -fno-pie -fcf-protection=none
 -fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections
 -nostdinc -isystem $("$cc" -print-file-name=include)
 -U__linux__ -U__linux -Ulinux -U__gnu_linux__ -U__unix__ -U__unix -Uunix
 -D__DYNAMIC_REENT__ -DGETREENT_PROVIDED -DHAVE_FCNTL"
flags=$(echo $flags)
options="--target=x86_64-elf --disable-multilib --disable-libgloss
 --disable-newlib-supplied-syscalls --enable-newlib-io-long-long --enable-newlib-io-c99-formats
 --enable-newlib-retargetable-locking --enable-newlib-global-stdio-streams --disable-nls
 --disable-doc"

hash=$({
	cat "$tarball" "$here/build-newlib.sh"
	echo "$flags $options"
	"$cc" -v 2>&1 | tail -n 1
	cd "$here/newlib" && find . -name '*.h' | LC_ALL=C sort | xargs cat
} | sha256sum | cut -c1-16)
place=$cache/newlib-$hash
echo "$place"
if [ "${1:-}" = -n ] || [ -r "$place/lib/libc.a" ]; then
	exit 0
fi

mkdir -p "$cache"
work=$(mktemp -d "$cache/build.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
echo "building newlib in $work (once, under a minute)" >&2
set +e
(
	set -e
	mkdir "$work/src" "$work/obj"
	tar -xf "$tarball" -C "$work/src" --strip-components=1
	# Headers that the port replaces must win over newlib's own in newlib's own build.
	cp -R "$here/newlib" "$work/port"
	cd "$work/obj"
	unset MAKEFLAGS MAKEOVERRIDES MFLAGS MAKELEVEL CC CFLAGS LDFLAGS CPPFLAGS
	../src/configure $options --prefix=/ \
		CC=gcc CC_FOR_TARGET="$cc" AR_FOR_TARGET=ar RANLIB_FOR_TARGET=ranlib \
		AS_FOR_TARGET=as LD_FOR_TARGET=ld NM_FOR_TARGET=nm OBJDUMP_FOR_TARGET=objdump \
		STRIP_FOR_TARGET=strip READELF_FOR_TARGET=readelf \
		CFLAGS_FOR_TARGET="-I$work/port $flags" MAKEINFO=true
	make -j"$(nproc)" all-target-newlib MAKEINFO=true
	make install-target-newlib MAKEINFO=true DESTDIR="$work/root"
	# Ours replace these; two definitions in one link would be an error.
	ar d "$work/root/x86_64-elf/lib/libc.a" \
		lib_a-signal.o lib_a-clock.o lib_a-time.o lib_a-lock.o lib_a-rename.o
) >"$work/log" 2>&1
result=$?
set -e
if [ $result -ne 0 ]; then
	tail -n 30 "$work/log" >&2
	cp "$work/log" "$cache/newlib-build.log"
	echo "newlib did not build; the whole log: $cache/newlib-build.log" >&2
	exit 1
fi
mkdir "$work/out"
mv "$work/root/x86_64-elf/include" "$work/root/x86_64-elf/lib" "$work/out/"
# Another build may have won the race; then ours is superfluous.
mv -T "$work/out" "$place" 2>/dev/null || [ -r "$place/lib/libc.a" ]
