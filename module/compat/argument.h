/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The arguments of a function that a probe meets at its first instruction, and what
 * it returns.
 */
#ifndef _NTA_COMPAT_ARGUMENT_H
#define _NTA_COMPAT_ARGUMENT_H

#include <linux/ptrace.h>

#if defined(CONFIG_HAVE_FUNCTION_ARG_ACCESS_API) || defined(CONFIG_PPC64)
#define NTA_ARGUMENTS

/**
 * nta_argument - an argument of the function
 * @regs: the registers as the probe gets them
 * @n: which, from 0 to 4
 *
 * s390 reads them by a function that it does not export, and powerpc has none.
 * There they come from the registers that the calling convention names.
 *
 * Return: its value.
 */
static inline unsigned long nta_argument(struct pt_regs *regs, unsigned int n)
{
#if defined(CONFIG_S390)
	return regs->gprs[2 + n];
#elif defined(CONFIG_PPC64)
	return regs->gpr[3 + n];
#else
	return regs_get_kernel_argument(regs, n);
#endif
}

/**
 * nta_return_value - what the function returned
 * @regs: the registers as a return probe gets them
 *
 * The kernel's own function is for system calls on powerpc: it turns the sign of
 * the value by a flag that means nothing here.
 *
 * Return: its value.
 */
static inline long nta_return_value(struct pt_regs *regs)
{
#ifdef CONFIG_PPC64
	return regs->gpr[3];
#else
	return regs_return_value(regs);
#endif
}
#endif

#endif /* _NTA_COMPAT_ARGUMENT_H */
