// SPDX-License-Identifier: GPL-2.0-only
/* newlib's <setjmp.h> and the pair that saves the signal mask. */
#ifndef _THAW_SETJMP_H
#define _THAW_SETJMP_H

#include_next <setjmp.h>
#include <signal.h>

#undef sigsetjmp
#undef siglongjmp

typedef struct {
	jmp_buf __regs;
	int __saved;
	sigset_t __mask;
} sigjmp_buf[1];

#define sigsetjmp(env, save) \
	((env)->__saved = (save) && sigprocmask(SIG_BLOCK, NULL, &(env)->__mask) == 0, \
	 setjmp((env)->__regs))
#define siglongjmp(env, value) \
	((env)->__saved ? (void)sigprocmask(SIG_SETMASK, &(env)->__mask, NULL) : (void)0, \
	 longjmp((env)->__regs, value))

#endif
