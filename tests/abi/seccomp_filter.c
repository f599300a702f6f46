// SPDX-License-Identifier: GPL-2.0-only
//
// The programs that seccomp takes: each that it must not take, what each instruction does, and programs at
// random, which must end as a model of them says.
#include "seccomp.h"

#define ALLOW RETURN(SECCOMP_RET_ALLOW)
#define INVALID(...) CHECK_EQ(INSTALL(__VA_ARGS__), -EINVAL)
#define VALID(...) CHECK_EQ(IN_CHILD(CHECK_EQ(INSTALL(__VA_ARGS__), 0)), 0)

// Whole codes: a bit that means nothing makes another code.
static const unsigned short codes[] = {
	BPF_LD | BPF_W | BPF_ABS, BPF_LD | BPF_W | BPF_LEN, BPF_LDX | BPF_W | BPF_LEN, BPF_LD | BPF_IMM, BPF_LDX | BPF_IMM,
	BPF_LD | BPF_MEM, BPF_LDX | BPF_MEM, BPF_ST, BPF_STX, BPF_MISC | BPF_TAX, BPF_MISC | BPF_TXA,
	BPF_ALU | BPF_ADD | BPF_K, BPF_ALU | BPF_ADD | BPF_X, BPF_ALU | BPF_SUB | BPF_K, BPF_ALU | BPF_SUB | BPF_X,
	BPF_ALU | BPF_MUL | BPF_K, BPF_ALU | BPF_MUL | BPF_X, BPF_ALU | BPF_DIV | BPF_K, BPF_ALU | BPF_DIV | BPF_X,
	BPF_ALU | BPF_AND | BPF_K, BPF_ALU | BPF_AND | BPF_X, BPF_ALU | BPF_OR | BPF_K, BPF_ALU | BPF_OR | BPF_X,
	BPF_ALU | BPF_XOR | BPF_K, BPF_ALU | BPF_XOR | BPF_X, BPF_ALU | BPF_LSH | BPF_K, BPF_ALU | BPF_LSH | BPF_X,
	BPF_ALU | BPF_RSH | BPF_K, BPF_ALU | BPF_RSH | BPF_X, BPF_ALU | BPF_NEG, BPF_JMP | BPF_JA,
	BPF_JMP | BPF_JEQ | BPF_K, BPF_JMP | BPF_JEQ | BPF_X, BPF_JMP | BPF_JGT | BPF_K, BPF_JMP | BPF_JGT | BPF_X,
	BPF_JMP | BPF_JGE | BPF_K, BPF_JMP | BPF_JGE | BPF_X, BPF_JMP | BPF_JSET | BPF_K, BPF_JMP | BPF_JSET | BPF_X,
	BPF_RET | BPF_K, BPF_RET | BPF_A};
#define NR_CODES (sizeof codes / sizeof codes[0])

static bool is_code(unsigned code)
{
	for (unsigned i = 0; i < NR_CODES; i++)
		if (codes[i] == code)
			return true;
	return false;
}

// ---- what is not taken ----

// All 65536 of them.
TEST(every_code)
{
	for (unsigned code = 0; code < 0x10000; code++) {
		const struct sock_filter prog[] = {STMT(BPF_ST, 1), {(unsigned short)code, 0, 0, 1}, ALLOW, ALLOW};

		if (!is_code(code) || code == (BPF_LD | BPF_W | BPF_ABS))
			CHECK_EQ(install_flags(prog, 4, 0), -EINVAL);
	}
}

TEST(every_code_that_is_one)
{
	for (unsigned i = 0; i < NR_CODES; i++) {
		unsigned k = codes[i] == (BPF_LD | BPF_W | BPF_ABS) ? 0 : 1;
		const struct sock_filter prog[] = {STMT(BPF_ST, 1), JUMP(BPF_JMP | BPF_JA, 2, 0, 0), {codes[i], 0, 0, k}, ALLOW, ALLOW};

		// Behind a jump everything is taken to be written.
		CHECK_EQ(IN_CHILD(CHECK_EQ(install_flags(prog, 5, 0), 0); sys(getppid)), 0);
	}
}

TEST(lengths)
{
	static struct sock_filter prog[BPF_MAXINSNS + 1];

	for (unsigned i = 0; i <= BPF_MAXINSNS; i++)
		prog[i] = ALLOW;
	CHECK_EQ(install_flags(prog, 0, 0), -EINVAL);
	CHECK_EQ(install_flags(prog, BPF_MAXINSNS + 1, 0), -EINVAL);
	CHECK_EQ(install_flags(prog, 0xffff, 0), -EINVAL);
	CHECK_EQ(IN_CHILD(CHECK_EQ(install_flags(prog, BPF_MAXINSNS, 0), 0)), 0);
}

TEST(the_end)
{
	INVALID(LOAD(nr));
	INVALID(ALLOW, STMT(BPF_ALU | BPF_NEG, 0));
	INVALID(STMT(BPF_JMP | BPF_JA, 0));
	VALID(STMT(BPF_LD | BPF_IMM, SECCOMP_RET_ALLOW), STMT(BPF_RET | BPF_A, 0));
	INVALID(STMT(BPF_RET | BPF_X, 0));
}

TEST(jumps)
{
	VALID(STMT(BPF_JMP | BPF_JA, 0), ALLOW);
	INVALID(STMT(BPF_JMP | BPF_JA, 1), ALLOW);
	INVALID(STMT(BPF_JMP | BPF_JA, -1), ALLOW);
	INVALID(STMT(BPF_JMP | BPF_JA, -2), ALLOW);
	INVALID(STMT(BPF_JMP | BPF_JA, 0x7fffffff), ALLOW);
	VALID(JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), ALLOW, ALLOW);
	INVALID(JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 2, 0), ALLOW, ALLOW);
	INVALID(JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2), ALLOW, ALLOW);
	INVALID(JUMP(BPF_JMP | BPF_JSET | BPF_X, 0, 255, 0), ALLOW, ALLOW);
	INVALID(JUMP(BPF_JMP | BPF_JGT | BPF_X, 0, 0, 255), ALLOW, ALLOW);
}

TEST(numbers_out_of_range)
{
	INVALID(STMT(BPF_ALU | BPF_DIV | BPF_K, 0), ALLOW);
	INVALID(STMT(BPF_ALU | BPF_LSH | BPF_K, 32), ALLOW);
	INVALID(STMT(BPF_ALU | BPF_RSH | BPF_K, 32), ALLOW);
	INVALID(STMT(BPF_ALU | BPF_RSH | BPF_K, -1), ALLOW);
	VALID(STMT(BPF_ALU | BPF_RSH | BPF_K, 31), ALLOW);
	for (unsigned k = 0; k < 200; k++)
		if (k % 4 || k >= 64)
			INVALID(STMT(BPF_LD | BPF_W | BPF_ABS, k), ALLOW);
	VALID(STMT(BPF_LD | BPF_W | BPF_ABS, 60), ALLOW);
	INVALID(STMT(BPF_LD | BPF_W | BPF_ABS, -4), ALLOW);
	INVALID(STMT(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_CPU), ALLOW);
	INVALID(STMT(BPF_LD | BPF_H | BPF_ABS, 0), ALLOW);
	INVALID(STMT(BPF_LD | BPF_B | BPF_ABS, 0), ALLOW);
	INVALID(STMT(BPF_LD | BPF_W | BPF_IND, 0), ALLOW);
	INVALID(STMT(BPF_LDX | BPF_B | BPF_MSH, 0), ALLOW);
	INVALID(STMT(BPF_ALU | BPF_MOD | BPF_K, 1), ALLOW);
	INVALID(STMT(BPF_ST, 16), ALLOW);
	INVALID(STMT(BPF_STX, -1), ALLOW);
	INVALID(STMT(BPF_ST, 0x10001), ALLOW);
	VALID(STMT(BPF_ST, 15), STMT(BPF_LDX | BPF_MEM, 15), ALLOW);
}

// A word of M[] is read only where it was written on every way.
TEST(memory_not_written)
{
	INVALID(STMT(BPF_LD | BPF_MEM, 0), ALLOW);
	INVALID(STMT(BPF_ST, 0), STMT(BPF_LD | BPF_MEM, 1), ALLOW);
	VALID(STMT(BPF_ST, 0), STMT(BPF_LD | BPF_MEM, 0), ALLOW);
	// On one way only.
	INVALID(JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1), STMT(BPF_ST, 0), STMT(BPF_LD | BPF_MEM, 0), ALLOW);
	// On both.
	VALID(JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2), STMT(BPF_ST, 0), STMT(BPF_JMP | BPF_JA, 1), STMT(BPF_STX, 0),
		STMT(BPF_LD | BPF_MEM, 0), ALLOW);
	INVALID(JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2), STMT(BPF_ST, 0), STMT(BPF_JMP | BPF_JA, 1), STMT(BPF_STX, 1),
		STMT(BPF_LD | BPF_MEM, 0), ALLOW);
	// What nothing leads to may read anything; after a return that is forgotten.
	VALID(STMT(BPF_JMP | BPF_JA, 1), STMT(BPF_LD | BPF_MEM, 0), ALLOW);
	INVALID(ALLOW, STMT(BPF_LD | BPF_MEM, 0), ALLOW);
}

// ---- what instructions do ----

// What a program makes of a call that is none, in twelve bits.
#define RUN(...)                                                                                   \
	IN_CHILD({                                                                                 \
		CHECK_EQ(INSTALL(LOAD(nr), JUMP(BPF_JMP | BPF_JEQ | BPF_K, 5000, 1, 0), ALLOW, __VA_ARGS__,        \
			STMT(BPF_ALU | BPF_AND | BPF_K, 0xff), STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO),     \
			STMT(BPF_RET | BPF_A, 0)), 0);                                             \
		t_exit((int)-t_syscall(5000, 11, 22, 33, 44, 55, 66));                             \
	})
#define A_IS(k) STMT(BPF_LD | BPF_IMM, k)
#define X_IS(k) STMT(BPF_LDX | BPF_IMM, k)

TEST(instructions)
{
	CHECK_EQ(RUN(A_IS(200), STMT(BPF_ALU | BPF_ADD | BPF_K, 7)), 207);
	CHECK_EQ(RUN(X_IS(9), A_IS(200), STMT(BPF_ALU | BPF_SUB | BPF_X, 7)), 191);
	CHECK_EQ(RUN(A_IS(1), STMT(BPF_ALU | BPF_SUB | BPF_K, 2), STMT(BPF_ALU | BPF_RSH | BPF_K, 25)), 127);
	CHECK_EQ(RUN(A_IS(0x10001), STMT(BPF_ALU | BPF_MUL | BPF_K, 0x10003)), 3);
	CHECK_EQ(RUN(A_IS(-1), STMT(BPF_ALU | BPF_DIV | BPF_K, 0x2000000)), 127);
	CHECK_EQ(RUN(X_IS(5), A_IS(26), STMT(BPF_ALU | BPF_DIV | BPF_X, 0)), 5);
	CHECK_EQ(RUN(A_IS(3), STMT(BPF_ALU | BPF_NEG, 0), STMT(BPF_ALU | BPF_ADD | BPF_K, 5)), 2);
	CHECK_EQ(RUN(A_IS(0xf0), STMT(BPF_ALU | BPF_XOR | BPF_K, 0x3c)), 0xcc);
	// A shift by X goes by its lower five bits.
	CHECK_EQ(RUN(X_IS(33), A_IS(3), STMT(BPF_ALU | BPF_LSH | BPF_X, 0)), 6);
	CHECK_EQ(RUN(X_IS(34), A_IS(0x3c), STMT(BPF_ALU | BPF_RSH | BPF_X, 0)), 15);
	CHECK_EQ(RUN(STMT(BPF_LD | BPF_W | BPF_LEN, 77)), 64);
	CHECK_EQ(RUN(STMT(BPF_LDX | BPF_W | BPF_LEN, 77), STMT(BPF_MISC | BPF_TXA, 0)), 64);
	CHECK_EQ(RUN(A_IS(9), STMT(BPF_MISC | BPF_TAX, 0), A_IS(1), STMT(BPF_ALU | BPF_ADD | BPF_X, 0)), 10);
	CHECK_EQ(RUN(A_IS(8), X_IS(7), STMT(BPF_ST, 3), STMT(BPF_STX, 15), STMT(BPF_LDX | BPF_MEM, 3), STMT(BPF_LD | BPF_MEM, 15),
		STMT(BPF_ALU | BPF_LSH | BPF_K, 4), STMT(BPF_ALU | BPF_OR | BPF_X, 0)), 0x78);
	CHECK_EQ(RUN(LOAD(args[5])), 66);
	CHECK_EQ(RUN(STMT(BPF_MISC | BPF_TXA, 0)), 0); // X is 0 at the start
}

// Unsigned comparisons.
TEST(jumps_taken)
{
	static const struct {
		unsigned op, a, b;
		bool taken;
	} what[] = {
		{BPF_JEQ, 1, 1, true}, {BPF_JEQ, 1, 2, false}, {BPF_JEQ, 0x80000000, 0x80000000, true}, {BPF_JGT, -1U, 1, true},
		{BPF_JGT, 1, -1U, false}, {BPF_JGT, 1, 1, false}, {BPF_JGE, 1, 1, true}, {BPF_JGE, 0x7fffffff, 0x80000000, false},
		{BPF_JSET, 6, 2, true}, {BPF_JSET, 6, 9, false}, {BPF_JSET, 0xffffffff, 0x80000000, true}};

	for (unsigned i = 0; i < sizeof what / sizeof what[0]; i++) {
		int wanted = what[i].taken ? 1 : 2;

		CHECK_EQ(RUN(A_IS(what[i].a), JUMP(BPF_JMP | what[i].op | BPF_K, what[i].b, 0, 2), A_IS(1), STMT(BPF_JMP | BPF_JA, 1),
			A_IS(2)), wanted);
		CHECK_EQ(RUN(X_IS(what[i].b), A_IS(what[i].a), JUMP(BPF_JMP | what[i].op | BPF_X, 0, 1, 0), JUMP(BPF_JMP | BPF_JA, 1, 0, 0),
			JUMP(BPF_JMP | BPF_JA, 1, 0, 0), JUMP(BPF_JMP | BPF_JA, 2, 0, 0), A_IS(1), STMT(BPF_JMP | BPF_JA, 1), A_IS(2)), wanted);
	}
}

// It returns 0: KILL_THREAD.
TEST(division_by_zero)
{
	CHECK_EQ(RUN(A_IS(1), STMT(BPF_ALU | BPF_DIV | BPF_X, 0)), SIGNALLED(SIGSYS));
	CHECK_EQ(RUN(A_IS(1), LOAD(args[0]), STMT(BPF_ALU | BPF_SUB | BPF_K, 11), STMT(BPF_MISC | BPF_TAX, 0),
		STMT(BPF_ALU | BPF_DIV | BPF_X, 0)), SIGNALLED(SIGSYS));
}

// ---- at random ----

static unsigned long state = 88172645463325252UL;

static unsigned any(unsigned below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state >> 16) % below;
}

// Is it taken? As Linux's two checks say, in other words.
static bool model_valid(const struct sock_filter *f, int n)
{
	unsigned reach[64]; // words that are written on every way to an instruction
	unsigned now = 0;

	for (int i = 0; i < 64; i++)
		reach[i] = 0xffff;
	for (int i = 0; i < n; i++, f++) {
		int left = n - i - 1, cls = f->code & 7;
		bool jumps = cls == BPF_JMP && f->code != (BPF_JMP | BPF_JA);

		if (!is_code(f->code))
			return false;
		if (f->code == (BPF_LD | BPF_W | BPF_ABS) && (f->k > 60 || f->k & 3))
			return false;
		if (f->code == (BPF_ALU | BPF_DIV | BPF_K) && f->k == 0)
			return false;
		if ((f->code == (BPF_ALU | BPF_LSH | BPF_K) || f->code == (BPF_ALU | BPF_RSH | BPF_K)) && f->k > 31)
			return false;
		if (f->code == (BPF_JMP | BPF_JA) && f->k >= (unsigned)left)
			return false;
		if (jumps && (f->jt >= left || f->jf >= left))
			return false;
		now &= reach[i];
		if (cls == BPF_ST || cls == BPF_STX || f->code == (BPF_LD | BPF_MEM) || f->code == (BPF_LDX | BPF_MEM)) {
			if (f->k > 15)
				return false;
			if (cls == BPF_ST || cls == BPF_STX)
				now |= 1U << f->k;
			else if (!(now & 1U << f->k))
				return false;
		}
		if (f->code == (BPF_JMP | BPF_JA))
			reach[i + 1 + (int)f->k] &= now;
		if (jumps) {
			reach[i + 1 + f->jt] &= now;
			reach[i + 1 + f->jf] &= now;
		}
		if (cls == BPF_JMP)
			now = 0xffff;
	}
	return (f[-1].code & 7) == BPF_RET;
}

static unsigned model_alu(unsigned op, unsigned a, unsigned b)
{
	switch (op) {
	case BPF_ADD: return a + b;
	case BPF_SUB: return a - b;
	case BPF_MUL: return a * b;
	case BPF_DIV: return a / b;
	case BPF_AND: return a & b;
	case BPF_OR: return a | b;
	case BPF_XOR: return a ^ b;
	case BPF_LSH: return a << b % 32;
	case BPF_RSH: return a >> b % 32;
	}
	return 0 - a;
}

// What it returns.
static unsigned model_run(const struct sock_filter *f, const struct seccomp_data *d)
{
	unsigned a = 0, x = 0, m[16], words[16];

	memcpy(words, d, sizeof words);
	for (int i = 0;; i++) {
		unsigned code = f[i].code, k = f[i].k, op = code & 0xf0, b = code & BPF_X ? x : k;
		bool yes;

		switch (code & 7) {
		case BPF_LD:
		case BPF_LDX:
			b = code & BPF_ABS && !(code & 0x40) ? words[k / 4] : (code & 0xe0) == BPF_MEM ? m[k] : (code & 0xe0) == BPF_LEN ? 64 : k;
			if ((code & 7) == BPF_LD)
				a = b;
			else
				x = b;
			break;
		case BPF_ST:
			m[k] = a;
			break;
		case BPF_STX:
			m[k] = x;
			break;
		case BPF_ALU:
			if (op == BPF_DIV && b == 0)
				return 0;
			a = model_alu(op, a, b);
			break;
		case BPF_JMP:
			yes = op == BPF_JEQ ? a == b : op == BPF_JGT ? a > b : op == BPF_JGE ? a >= b : (a & b) != 0;
			i += op == BPF_JA ? (int)k : yes ? f[i].jt : f[i].jf;
			break;
		case BPF_RET:
			return code == (BPF_RET | BPF_A) ? a : k;
		case BPF_MISC:
			if (code == (BPF_MISC | BPF_TAX))
				x = a;
			else
				a = x;
		}
	}
}

static unsigned random_k(void)
{
	static const unsigned edges[] = {0, 1, 2, 31, 32, 0x7fffffff, 0x80000000, 0xffffffff, 0xffff, 0x10000};

	switch (any(4)) {
	case 0: return edges[any(sizeof edges / sizeof edges[0])];
	case 1: return any(16);
	case 2: return any(16) * 4;
	}
	return any(0xffffffff);
}

// n instructions, of which most can be taken.
static void random_program(struct sock_filter *f, int n)
{
	for (int i = 0; i < n; i++) {
		int left = n - i - 1;

		f[i].code = codes[any(NR_CODES - (any(4) != 0))];
		f[i].k = random_k();
		f[i].jt = (unsigned char)any(left > 1 && any(60) ? (unsigned)(left < 6 ? left : 6) : 256);
		f[i].jf = (unsigned char)any(left > 1 && any(60) ? (unsigned)(left < 6 ? left : 6) : 256);
		if ((f[i].code & 7) == BPF_ALU && (f[i].code & BPF_X) == 0 && any(20))
			f[i].k = f[i].k % 31 + 1;
		if (f[i].code == (BPF_JMP | BPF_JA) && any(30))
			f[i].k = left > 1 ? any(left < 6 ? (unsigned)left : 6) : 0;
		if (((f[i].code & 7) == BPF_ST || (f[i].code & 7) == BPF_STX || (f[i].code & 0xe0) == BPF_MEM) && any(30))
			f[i].k %= 4;
		if (f[i].code == (BPF_LD | BPF_W | BPF_ABS) && any(30))
			f[i].k = f[i].k % 16 * 4;
		if (f[i].k == 8 || f[i].k == 12)
			f[i].k = 16; // not where the call is made from
		if (f[i].code == (BPF_RET | BPF_K) && any(4))
			f[i].k = SECCOMP_RET_ERRNO | any(256);
		if ((f[i].code & 7) == BPF_RET && any(3))
			f[i].code = BPF_MISC | BPF_TAX;
	}
	f[n - 1].code = any(40) ? BPF_RET | BPF_A : codes[any(NR_CODES)];
}

static long taken, refused;

// Whether the program is taken; and if so what it makes of a call with arguments at random. Before it stands what lets
// all other calls alone, and instead of returning A it jumps to what makes an errno of eight bits of it.
static void one_program(void)
{
	enum { HEAD = 3, BODY = 40, TAIL = 3 };
	struct sock_filter f[HEAD + BODY + TAIL], *body = f + HEAD;
	struct seccomp_data d = {.nr = 5000, .arch = AUDIT_ARCH_X86_64};
	int n = 1 + (int)any(BODY), how;
	unsigned ret, action, data;

	random_program(body, n);
	if (!model_valid(body, n)) {
		CHECK_EQ(install_flags(body, (unsigned)n, 0), -EINVAL);
		refused++;
		return;
	}
	taken++;
	f[0] = LOAD(nr);
	f[1] = JUMP(BPF_JMP | BPF_JEQ | BPF_K, 5000, 1, 0);
	f[2] = ALLOW;
	for (int i = 0; i < n; i++)
		if (body[i].code == (BPF_RET | BPF_A))
			body[i] = STMT(BPF_JMP | BPF_JA, n - i - 1);
	body[n] = STMT(BPF_ALU | BPF_AND | BPF_K, 0xff);
	body[n + 1] = STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO);
	body[n + 2] = STMT(BPF_RET | BPF_A, 0);
	for (int i = 0; i < 6; i++)
		d.args[i] = any(2) ? any(40) : (unsigned long)any(-1U) << 32 | any(-1U);
	ret = model_run(f, &d);
	action = ret & SECCOMP_RET_ACTION_FULL;
	data = ret & SECCOMP_RET_DATA;
	how = IN_CHILD({
		CHECK_EQ(install_flags(f, (unsigned)(HEAD + n + TAIL), 0), 0);
		t_exit((int)-t_syscall(5000, (long)d.args[0], (long)d.args[1], (long)d.args[2], (long)d.args[3], (long)d.args[4],
			(long)d.args[5]) & 0xff);
	});
	if (action == SECCOMP_RET_ERRNO)
		CHECK_EQ(how, (data > 4095 ? 4095 : data) & 0xff);
	else if (action == SECCOMP_RET_USER_NOTIF || action == SECCOMP_RET_TRACE || action == SECCOMP_RET_LOG ||
		action == SECCOMP_RET_ALLOW)
		CHECK_EQ(how, ENOSYS);
	else
		CHECK_EQ(how, SIGNALLED(SIGSYS));
}

TEST(programs_at_random)
{
	for (int i = 0; i < 1000; i++)
		one_program();
	CHECK_GE(taken, 100);
	CHECK_GE(refused, 100);
}
