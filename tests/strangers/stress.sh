# SPDX-License-Identifier: GPL-2.0-only
# What a command ("$@") says while user space is frozen and thawed under it again and again, how often
# that went well and when not, and what free memory and which live objects of the kernel are no longer the same
# after it.
census() {
	echo 3 >/proc/sys/vm/drop_caches
	# The shell has grown, and a slab may lie in more pages than it needs: all of them together are as many as before.
	awk '/^(MemFree|Slab|AnonPages|PageTables|KernelStack):/ { kib += $2 } END { print "pages", kib / 4 }' /proc/meminfo
	awk 'NR > 2 { print $1, $2 }' /proc/slabinfo
}

echo freezer >/sys/power/pm_test
echo 0 >/sys/module/suspend/parameters/pm_test_delay
before=$(census)
{
	n=0
	while [ ! -e /tmp/ended ]; do
		echo mem >/sys/power/state && n=$((n + 1)) || echo "a suspend failed"
		usleep 50000
	done
	echo "suspended $n"
} &
"$@" 2>&1
code=$?
: >/tmp/ended
wait
rm /tmp/ended
after=$(census)
echo "$before" >/tmp/before
echo "$after" >/tmp/after
diff /tmp/before /tmp/after
exit $code
