#include "sandbox/bpf.h"

#include <stdbool.h>
#include <string.h>

struct machine {
	const struct seccomp_data *data;
	uint32_t accumulator, index;
	uint32_t memory[BPF_MEMWORDS];
};

/* false: an operation that a compiled profile does not hold. */
static bool
jumps(const struct machine *machine, const struct sock_filter *at, bool *ret)
{
	uint32_t operand = BPF_SRC(at->code) == BPF_X ? machine->index : at->k;

	switch (BPF_OP(at->code)) {
	case BPF_JA:
		*ret = true;
		return true;
	case BPF_JEQ:
		*ret = machine->accumulator == operand;
		return true;
	case BPF_JGT:
		*ret = machine->accumulator > operand;
		return true;
	case BPF_JGE:
		*ret = machine->accumulator >= operand;
		return true;
	case BPF_JSET:
		*ret = (machine->accumulator & operand) != 0;
		return true;
	}
	return false;
}

static bool
step(struct machine *machine, const struct sock_filter *at)
{
	bool is_memory = at->code == (BPF_LD | BPF_MEM) || at->code == BPF_ST;

	if (is_memory && at->k >= BPF_MEMWORDS)
		return false;
	switch (at->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		if (at->k % 4 != 0 || at->k >= sizeof(*machine->data))
			return false;
		memcpy(&machine->accumulator, (const char *)machine->data + at->k,
		    sizeof(machine->accumulator));
		return true;
	case BPF_LD | BPF_MEM:
		machine->accumulator = machine->memory[at->k];
		return true;
	case BPF_ST:
		machine->memory[at->k] = machine->accumulator;
		return true;
	case BPF_ALU | BPF_AND | BPF_K:
		machine->accumulator &= at->k;
		return true;
	}
	return false;
}

uint32_t
bpf_run(const struct sock_filter *filter, uint32_t length, const struct seccomp_data *data)
{
	struct machine machine = {.data = data};

	for (uint64_t pc = 0; pc < length; pc++) { /* jumps only lead forward */
		const struct sock_filter *at = filter + pc;
		bool taken = false;

		if (BPF_CLASS(at->code) == BPF_RET)
			return at->k;
		if (BPF_CLASS(at->code) != BPF_JMP) {
			if (!step(&machine, at))
				break;
			continue;
		}
		if (!jumps(&machine, at, &taken))
			break;
		pc += BPF_OP(at->code) == BPF_JA ? at->k : taken ? at->jt : at->jf;
	}
	return SECCOMP_RET_KILL_PROCESS;
}
