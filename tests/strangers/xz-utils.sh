# SPDX-License-Identifier: GPL-2.0-only
# What xz ($1) makes of a file with one thread and with several, and whether it comes back.
x=$1
seq 1 20000 >data
for threads in 1 2 4; do
	echo "== $threads threads"
	$x -1 -T$threads --block-size=25KiB -c data >packed.$threads || exit
	md5sum <packed.$threads
	$x --robot -l packed.$threads | cut -f 1-5
	$x -t -T$threads packed.$threads && echo whole
	$x -dc -T$threads packed.$threads | cmp - data && echo same
done

echo "== a damaged one"
dd if=packed.4 of=cut bs=1k count=4 2>/dev/null
$x -t -T4 cut 2>/dev/null
echo $?

echo "== in a pipe, killed in the middle"
yes | $x -1 -T4 --block-size=25KiB -c 2>/dev/null | head -c 100 | wc -c
