#include "sandbox/clone.h"

#include <sys/syscall.h>

/* The child returns from the system call on an empty stack, so the way into its function cannot be
 * written in C. clone(2) of glibc knows no CLONE_INTO_CGROUP, and its clone3 is not exported. */
#if defined(__x86_64__)
pid_t
clone_run(const struct clone_args *args, void (*child)(void *context), void *context)
{
	long result;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t" /* end of the chain of frames */
			 "mov %[context], %%rdi\n\t"
			 "call *%[child]\n\t"
			 "ud2\n"
			 "1:"
			 : "=a"(result)
			 : "0"((long)SYS_clone3), "D"(args),
			 "S"(sizeof(*args)), [child] "r"(child), [context] "r"(context)
			 : "rcx", "r11", "memory", "cc");
	return (pid_t)result;
}
#elif defined(__aarch64__)
pid_t
clone_run(const struct clone_args *args, void (*child)(void *context), void *context)
{
	register long x8 __asm__("x8") = SYS_clone3;
	register long x0 __asm__("x0") = (long)args;
	register long x1 __asm__("x1") = sizeof(*args);

	__asm__ volatile("svc #0\n\t"
			 "cbnz x0, 1f\n\t"
			 "mov x29, xzr\n\t" /* end of the chain of frames */
			 "mov x0, %[context]\n\t"
			 "blr %[child]\n\t"
			 "brk #1\n"
			 "1:"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), [child] "r"(child), [context] "r"(context)
			 : "x30", "memory", "cc");
	return (pid_t)x0;
}
#else
#error "clone_run knows x86-64 and aarch64"
#endif
