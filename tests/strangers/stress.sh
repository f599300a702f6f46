# SPDX-License-Identifier: GPL-2.0-only
# What a command ("$@") says, and what free memory and which live objects of the kernel are no longer
# the same after it.
census() {
	echo 3 >/proc/sys/vm/drop_caches
	# The shell has grown, and a slab may lie in more pages than it needs: all of them together are as many as before.
	awk '/^(MemFree|Slab|AnonPages|PageTables|KernelStack):/ { kib += $2 } END { print "pages", kib / 4 }' /proc/meminfo
	awk 'NR > 2 { print $1, $2 }' /proc/slabinfo
}

before=$(census)
"$@" 2>&1
code=$?
after=$(census)
echo "$before" >/tmp/before
echo "$after" >/tmp/after
diff /tmp/before /tmp/after
exit $code
