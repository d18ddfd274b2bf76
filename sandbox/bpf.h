/* bpf.h - runs a seccomp filter in this process: what does a profile answer to a call, on any
 * architecture, without making it. */
#ifndef SANDBOX_BPF_H
#define SANDBOX_BPF_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>

/* What filter[0..length) answers to data: a SECCOMP_RET_ value. SECCOMP_RET_KILL_PROCESS also for a
 * filter that is none: an instruction that a compiled profile does not hold, a load outside data,
 * or a jump past the end. */
uint32_t bpf_run(
    const struct sock_filter *filter, uint32_t length, const struct seccomp_data *data);

#endif
