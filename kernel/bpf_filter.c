// SPDX-License-Identifier: GPL-2.0-only
/*
 * Classic BPF: the programs that seccomp(2) takes, judged and run. Mirrors bpf_check_classic of
 * Linux net/core/filter.c, seccomp_check_filter of kernel/seccomp.c, and what bpf_convert_filter
 * makes the instructions mean.
 *
 * The machine has two registers, A and X, both 0 at the start, and sixteen words M[]. All jumps go
 * forward, so a program of n instructions ends after n steps at most.
 *
 * Locks: none.
 */
#include "kernel/bpf_filter.h"
#include "kernel/abi.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"

/*
 * Codes that may be used, each a whole code: a bit that means nothing makes another code, which is
 * none.
 */
static bool code_allowed(u16 code)
{
	switch (code) {
	case BPF_LD | BPF_W | BPF_ABS:
	case BPF_LD | BPF_W | BPF_LEN:
	case BPF_LDX | BPF_W | BPF_LEN:
	case BPF_LD | BPF_IMM:
	case BPF_LDX | BPF_IMM:
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX:
	case BPF_MISC | BPF_TAX:
	case BPF_MISC | BPF_TXA:
	case BPF_ALU | BPF_ADD | BPF_K:
	case BPF_ALU | BPF_ADD | BPF_X:
	case BPF_ALU | BPF_SUB | BPF_K:
	case BPF_ALU | BPF_SUB | BPF_X:
	case BPF_ALU | BPF_MUL | BPF_K:
	case BPF_ALU | BPF_MUL | BPF_X:
	case BPF_ALU | BPF_DIV | BPF_K:
	case BPF_ALU | BPF_DIV | BPF_X:
	case BPF_ALU | BPF_AND | BPF_K:
	case BPF_ALU | BPF_AND | BPF_X:
	case BPF_ALU | BPF_OR | BPF_K:
	case BPF_ALU | BPF_OR | BPF_X:
	case BPF_ALU | BPF_XOR | BPF_K:
	case BPF_ALU | BPF_XOR | BPF_X:
	case BPF_ALU | BPF_LSH | BPF_K:
	case BPF_ALU | BPF_LSH | BPF_X:
	case BPF_ALU | BPF_RSH | BPF_K:
	case BPF_ALU | BPF_RSH | BPF_X:
	case BPF_ALU | BPF_NEG:
	case BPF_JMP | BPF_JA:
	case BPF_JMP | BPF_JEQ | BPF_K:
	case BPF_JMP | BPF_JEQ | BPF_X:
	case BPF_JMP | BPF_JGT | BPF_K:
	case BPF_JMP | BPF_JGT | BPF_X:
	case BPF_JMP | BPF_JGE | BPF_K:
	case BPF_JMP | BPF_JGE | BPF_X:
	case BPF_JMP | BPF_JSET | BPF_K:
	case BPF_JMP | BPF_JSET | BPF_X:
	case BPF_RET | BPF_K:
	case BPF_RET | BPF_A:
		return true;
	}
	return false;
}

static bool is_conditional_jump(u16 code)
{
	return (code & 7) == BPF_JMP && code != (BPF_JMP | BPF_JA);
}

/* Is the instruction right in itself? left: how many come after it. */
static bool insn_valid(const struct k_sock_filter *f, u32 left)
{
	if (!code_allowed(f->code))
		return false;
	switch (f->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		return f->k < sizeof(struct k_seccomp_data) && f->k % 4 == 0;
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX:
		return f->k < BPF_MEMWORDS;
	case BPF_ALU | BPF_DIV | BPF_K:
		return f->k;
	case BPF_ALU | BPF_LSH | BPF_K:
	case BPF_ALU | BPF_RSH | BPF_K:
		return f->k < 32;
	case BPF_JMP | BPF_JA:
		return f->k < left;
	}
	return !is_conditional_jump(f->code) || (f->jt < left && f->jf < left);
}

/*
 * Is each word of M[] written before it is read, whatever way the program takes? valid[pc]: words
 * that all jumps to pc have written, at first any. Behind a jump there is only what jumps there. As
 * on Linux what follows a RET is taken to follow from it.
 */
static bool memory_valid(const struct k_sock_filter *f, unsigned n, u16 *valid)
{
	u16 now = 0;

	for (unsigned pc = 0; pc < n; pc++, f++) {
		now &= valid[pc];
		if (f->code == BPF_ST || f->code == BPF_STX) {
			now = (u16)(now | 1u << f->k);
		} else if (f->code == (BPF_LD | BPF_MEM) || f->code == (BPF_LDX | BPF_MEM)) {
			if (!(now >> f->k & 1))
				return false;
		} else if (f->code == (BPF_JMP | BPF_JA)) {
			valid[pc + 1 + f->k] &= now;
			now = 0xffff;
		} else if (is_conditional_jump(f->code)) {
			valid[pc + 1 + f->jt] &= now;
			valid[pc + 1 + f->jf] &= now;
			now = 0xffff;
		}
	}
	return true;
}

int bpf_check_seccomp(const struct k_sock_filter *f, unsigned n)
{
	u16 *valid;
	bool ok;

	for (unsigned pc = 0; pc < n; pc++)
		if (!insn_valid(&f[pc], n - pc - 1))
			return -EINVAL;
	if ((f[n - 1].code & 7) != BPF_RET)
		return -EINVAL;
	valid = kmalloc(n * sizeof(valid[0]), GFP_KERNEL);
	if (!valid)
		return -ENOMEM;
	kmemset(valid, 0xff, n * sizeof(valid[0]));
	ok = memory_valid(f, n, valid);
	kfree(valid);
	return ok ? 0 : -EINVAL;
}

/* --- how long it is --- */

/* Both ways of a jump lead elsewhere, and it is none that can be turned round. */
static bool jumps_twice(const struct k_sock_filter *f)
{
	return f->jf && (f->jt || (f->code & 0xf0) == BPF_JSET);
}

static unsigned translated(const struct k_sock_filter *f)
{
	if (f->code == (BPF_ALU | BPF_DIV | BPF_X))
		return 5;		/* asks whether it is 0 */
	if (f->code == (BPF_RET | BPF_K))
		return 2;
	if (!is_conditional_jump(f->code))
		return 1;
	return 1 + (!(f->code & BPF_X) && f->k >> 31) + jumps_twice(f);	/* k would be negative there */
}

unsigned bpf_translated_len(const struct k_sock_filter *f, unsigned n)
{
	unsigned len = 3;		/* A, X and the data's place */

	for (unsigned pc = 0; pc < n; pc++)
		len += translated(&f[pc]);
	return len;
}

/* --- running it --- */

/* Not of a division by 0. */
static u32 alu(u16 op, u32 a, u32 b)
{
	switch (op) {
	case BPF_ADD:
		return a + b;
	case BPF_SUB:
		return a - b;
	case BPF_MUL:
		return a * b;
	case BPF_DIV:
		return a / b;
	case BPF_AND:
		return a & b;
	case BPF_OR:
		return a | b;
	case BPF_XOR:
		return a ^ b;
	case BPF_LSH:
		return a << (b & 31);
	case BPF_RSH:
		return a >> (b & 31);
	default:
		return -a;
	}
}

static bool jump_taken(u16 op, u32 a, u32 b)
{
	switch (op) {
	case BPF_JEQ:
		return a == b;
	case BPF_JGT:
		return a > b;
	case BPF_JGE:
		return a >= b;
	default:
		return a & b;
	}
}

/* LD and LDX */
static u32 load(const struct k_sock_filter *f, const u32 *mem, const struct k_seccomp_data *data)
{
	switch (f->code & 0xe0) {
	case BPF_ABS:
		return ((const u32 *)data)[f->k / 4];
	case BPF_MEM:
		return mem[f->k];
	case BPF_LEN:
		return sizeof(*data);
	default:
		return f->k;
	}
}

u32 bpf_run(const struct k_sock_filter *f, const struct k_seccomp_data *data)
{
	u32 a = 0, x = 0, operand, mem[BPF_MEMWORDS] = { 0 };

	for (;; f++) {
		operand = f->code & BPF_X ? x : f->k;
		switch (f->code & 7) {
		case BPF_LD:
			a = load(f, mem, data);
			break;
		case BPF_LDX:
			x = load(f, mem, data);
			break;
		case BPF_ST:
			mem[f->k] = a;
			break;
		case BPF_STX:
			mem[f->k] = x;
			break;
		case BPF_ALU:
			if ((f->code & 0xf0) == BPF_DIV && !operand)
				return 0;
			a = alu(f->code & 0xf0, a, operand);
			break;
		case BPF_JMP:
			if (f->code == (BPF_JMP | BPF_JA))
				f += f->k;
			else
				f += jump_taken(f->code & 0xf0, a, operand) ? f->jt : f->jf;
			break;
		case BPF_RET:
			return f->code == (BPF_RET | BPF_A) ? a : f->k;
		case BPF_MISC:
			if (f->code == (BPF_MISC | BPF_TAX))
				x = a;
			else
				a = x;
			break;
		}
	}
}
