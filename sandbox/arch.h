/* arch.h - this machine's architecture, as a seccomp filter is told of it. */
#ifndef SANDBOX_ARCH_H
#define SANDBOX_ARCH_H

#include <linux/audit.h>

#if defined(__x86_64__)
#define ARCH_NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH_NATIVE AUDIT_ARCH_AARCH64
#endif

#endif
