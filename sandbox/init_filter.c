#include "sandbox/init_filter.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "sandbox/arch.h"

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ANSWER(action) BPF_STMT(BPF_RET | BPF_K, action)
#define ALLOW_CALL(number) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), ANSWER(SECCOMP_RET_ALLOW)

int
init_filter_enter(void)
{
	/* Exact numbers only, so that x32's, which carry a bit more, are not among them. */
	static const struct sock_filter filter[] = {
	    LOAD(arch),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH_NATIVE, 1, 0),
	    ANSWER(SECCOMP_RET_KILL_PROCESS),
	    LOAD(nr),
	    ALLOW_CALL(SYS_read),      /* the signalfd */
	    ALLOW_CALL(SYS_ppoll),     /* lifeline and signalfd */
	    ALLOW_CALL(SYS_wait4),     /* the program and orphans */
	    ALLOW_CALL(SYS_kill),      /* what the program leaves behind */
	    ALLOW_CALL(SYS_getrusage), /* what they used */
	    ALLOW_CALL(SYS_sendto),    /* the last report */
	    ALLOW_CALL(SYS_exit_group),
	    ALLOW_CALL(SYS_restart_syscall),
	    ANSWER(SECCOMP_RET_KILL_PROCESS),
	};
	const struct sock_fprog program = {
	    .len = ARRAY_SIZE(filter),
	    .filter = (struct sock_filter *)(uintptr_t)filter,
	};

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0 ? -errno : 0;
}
