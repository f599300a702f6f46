# SPDX-License-Identifier: GPL-2.0-only
# What strace ($1) says of programs, without the numbers that differ from run to run.
s=$1
plain() {
	sed -e 's/0x[0-9a-f]\{4,\}/ADDRESS/g' -e 's/si_pid=[0-9]*/si_pid=PID/' -e 's/si_\([us]\)time=[^,}]*/si_\1time=TIME/g' \
		-e 's/si_uid=[0-9]*/si_uid=UID/' "$@"
}

echo "== a program's output"
$s -qq -o log -e trace=write,exit_group echo hello
plain log

echo "== one file"
echo text >f
$s -qq -o log -P f cat f
plain log

echo "== an error that strace makes"
$s -qq -o log -e trace=chdir -e inject=chdir:error=EIO:when=1 sh -c 'cd /; cd /tmp; pwd' 2>/dev/null
echo $?
plain log

echo "== a value that strace makes"
$s -qq -o log -e trace=getppid -e inject=getppid:retval=77 sh -c 'echo $PPID'
plain log

echo "== a signal"
$s -o log -e trace=none sh -c 'trap "echo caught" USR1; kill -USR1 $$; exit 3'
echo $?
plain log

echo "== a signal that kills"
(exec $s -o log -e trace=none sh -c 'kill -TERM $$') 2>/dev/null
echo $?
plain log

echo "== children, each in a file of its own"
$s -qq -ff -o each -e signal=none -e trace=write,dup2,exit_group sh -c 'echo one | cat; (exit 4); echo $?'
cat each.* | plain | sort

echo "== files"
$s -qq -o log -e trace=mkdir mkdir d
plain log
$s -qq -o log -e trace=rename mv f g
plain log
$s -qq -o log -e trace=unlink,unlinkat,rmdir rm -r g d
plain log
$s -qq -o log -e trace=symlink,symlinkat ln -s nowhere h
plain log

echo "== how often"
$s -c -o log -e trace=write,exit_group echo hello
awk '$NF == "write" || $NF == "exit_group" { print $(NF - 1), $NF }' log | sort

echo "== what is not there"
$s -o log /nowhere/at/all 2>/dev/null
echo $?
