# SPDX-License-Identifier: GPL-2.0-only
# nm -n image | awk -f ksyms.awk: the image's functions as an assembly table that debug.c searches. Text comes before the
# table in the image, so that linking the table in does not move what it speaks of. Without input: an empty table.
($2 == "t" || $2 == "T") && length($1) == 16 && $3 !~ /^\./ {
	if ($1 == last)
		next
	last = $1
	addr[n] = $1
	name[n++] = $3
}
END {
	print "\t.section .ksyms, \"a\"\n\t.balign 8"
	print "\t.globl ksyms_count, ksyms_table, ksyms_names"
	print "ksyms_count:\n\t.quad " (n + 0)
	print "ksyms_table:"
	for (i = 0; i < n; i++) {
		print "\t.quad 0x" addr[i] ", " off
		off += length(name[i]) + 1
	}
	print "ksyms_names:"
	for (i = 0; i < n; i++)
		print "\t.asciz \"" name[i] "\""
	print "\t.byte 0"
	print "\t.section .note.GNU-stack, \"\", @progbits"
}
BEGIN { n = 0; off = 0 }
