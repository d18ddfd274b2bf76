#include "tests/sandbox/bpf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct machine {
	const struct seccomp_data *data;
	uint32_t accumulator, index;
	uint32_t memory[BPF_MEMWORDS];
};

static void
require(int sound, const char *what)
{
	if (!sound) {
		fprintf(stderr, "bpf: %s\n", what);
		abort();
	}
}

static uint32_t
load(const struct machine *machine, uint32_t offset)
{
	uint32_t word;

	require(offset % 4 == 0 && offset < sizeof(*machine->data), "load outside the data");
	memcpy(&word, (const char *)machine->data + offset, sizeof(word));
	return word;
}

static int
jumps(const struct machine *machine, const struct sock_filter *at)
{
	uint32_t operand = BPF_SRC(at->code) == BPF_X ? machine->index : at->k;

	switch (BPF_OP(at->code)) {
	case BPF_JEQ:
		return machine->accumulator == operand;
	case BPF_JGT:
		return machine->accumulator > operand;
	case BPF_JGE:
		return machine->accumulator >= operand;
	case BPF_JSET:
		return (machine->accumulator & operand) != 0;
	default:
		require(0, "unknown comparison");
		return 0;
	}
}

static void
step(struct machine *machine, const struct sock_filter *at)
{
	switch (at->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		machine->accumulator = load(machine, at->k);
		break;
	case BPF_LD | BPF_MEM:
		require(at->k < BPF_MEMWORDS, "memory");
		machine->accumulator = machine->memory[at->k];
		break;
	case BPF_ST:
		require(at->k < BPF_MEMWORDS, "memory");
		machine->memory[at->k] = machine->accumulator;
		break;
	case BPF_ALU | BPF_AND | BPF_K:
		machine->accumulator &= at->k;
		break;
	default:
		require(0, "unknown instruction");
	}
}

uint32_t
bpf_run(const struct sock_filter *filter, uint32_t length, const struct seccomp_data *data)
{
	struct machine machine = {.data = data};

	for (uint32_t pc = 0;; pc++) {
		const struct sock_filter *at = filter + pc;

		require(pc < length, "jump past the end");
		if (BPF_CLASS(at->code) == BPF_RET)
			return at->k;
		if (at->code == (BPF_JMP | BPF_JA))
			pc += at->k;
		else if (BPF_CLASS(at->code) == BPF_JMP)
			pc += jumps(&machine, at) ? at->jt : at->jf;
		else
			step(&machine, at);
	}
}
