#include <stdio.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/doctor.h"
#include "cli/progress.h"
#include "cli/stack.h"
#include "common/args.h"
#include "common/json.h"
#include "policy/policy.h"

struct options {
	char state[PATHS_MAX];
	const char *cgroup;
	bool json, help;
};

/* All that was found, in the order in which it is shown. */
struct diagnosis {
	struct doctor_cell cell;
	struct doctor_finding layers[LAYER_COUNT];
	struct doctor_finding host[16];
	uint64_t missing; /* layers that a default policy requires */
};

ARGS_KEEP_FLAG(struct options, json)
ARGS_KEEP_FLAG(struct options, help)

static enum err
on_state(void *context, const char *value, struct fault *fault)
{
	struct options *options = context;

	if (value[0] == '\0' || strlen(value) >= sizeof(options->state))
		return fault_set(fault, ERR_PROTOCOL, "--state takes a folder");
	text_copy(options->state, sizeof(options->state), value);
	return ERR_OK;
}

ARGS_KEEP_TEXT(struct options, cgroup)

static const struct args_option rows[] = {
    {"json", 'j', NULL, "print the findings as one JSON object", on_json},
    {"state", 's', "DIR", "folder where log and memory will lie", on_state},
    {"cgroup", 0, "DIR", "a cgroup v2 for the cells and nobody else", on_cgroup},
    {"help", 'h', NULL, "this text", on_help},
    {0},
};

static bool
can_run(const struct diagnosis *diagnosis)
{
	return diagnosis->cell.started && diagnosis->missing == 0;
}

static void
examine(const struct options *options, const struct paths *paths, struct diagnosis *ret)
{
	doctor_cell_run(paths, options->cgroup, &ret->cell);
	ret->missing = POLICY_REQUIRED_DEFAULT & ~ret->cell.layers;
	for (unsigned i = 0; i < LAYER_COUNT; i++)
		doctor_layer(i, &ret->cell, &ret->layers[i]);
	for (unsigned i = 0; doctor_host_rows[i].name != NULL; i++)
		doctor_host_rows[i].look(options->state, &ret->host[i]);
}

static const char *
state_name(enum doctor_state state)
{
	static const char *const names[] = {
	    [DOCTOR_MISSING] = "missing",
	    [DOCTOR_PARTLY] = "partly",
	    [DOCTOR_PRESENT] = "present",
	    [DOCTOR_NOTE] = "note",
	};

	return names[state];
}

static void
print_row(const char *name, const struct doctor_finding *finding)
{
	static const char *const colours[] = {
	    [DOCTOR_MISSING] = "\033[31m",
	    [DOCTOR_PARTLY] = "\033[33m",
	    [DOCTOR_PRESENT] = "\033[32m",
	    [DOCTOR_NOTE] = "",
	};
	bool colour = isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == NULL;

	printf("  %s%-8s%s %-18s %s\n", colour ? colours[finding->state] : "",
	    finding->state == DOCTOR_NOTE ? "" : state_name(finding->state),
	    colour ? "\033[0m" : "", name, finding->detail);
	if (finding->fix[0] != '\0')
		printf("  %-8s %-18s -> %s\n", "", "", finding->fix);
}

static void
print_verdict(const struct diagnosis *diagnosis)
{
	const struct doctor_cell *cell = &diagnosis->cell;
	char list[512];

	if (!cell->started) {
		printf("No Skill can run here: %s\n", cell->fault.message);
	} else if (diagnosis->missing != 0) {
		layer_list(list, sizeof(list), diagnosis->missing);
		printf("A policy that does not say what it requires is refused here, for want of: "
		       "%s\n",
		    list);
	} else {
		printf("A Skill under a default policy can run here: a cell was built in %.1f ms, "
		       "%s.\n",
		    cell->setup_ms,
		    (cell->layers & LAYER_BIT(USER_NS)) != 0
			? "with a user namespace"
			: "as root, with a user id of its own");
	}
}

static void
print_all(const struct diagnosis *diagnosis)
{
	printf("Layers of the cell\n");
	for (unsigned i = 0; i < LAYER_COUNT; i++)
		print_row(layer_info(i)->name, &diagnosis->layers[i]);
	printf("\nThis host\n");
	for (unsigned i = 0; doctor_host_rows[i].name != NULL; i++)
		print_row(doctor_host_rows[i].name, &diagnosis->host[i]);
	putchar('\n');
	print_verdict(diagnosis);
}

enum { ROW_PAIRS = 4, ROWS_MAX = 32 };

/* Findings as values, which borrow from the diagnosis. */
struct list {
	struct value items[ROWS_MAX];
	struct value_pair pairs[ROWS_MAX][ROW_PAIRS];
	uint32_t count;
};

static void
list_add(struct list *list, const char *name, const struct doctor_finding *finding)
{
	struct value_pair *pairs = list->pairs[list->count];

	pairs[0] = value_member("name", value_string(name));
	pairs[1] = value_member("state", value_string(state_name(finding->state)));
	pairs[2] = value_member("detail", value_string(finding->detail));
	pairs[3] = value_member("fix", value_string(finding->fix));
	list->items[list->count++] =
	    (struct value){.type = VALUE_MAP, .length = ROW_PAIRS, .pairs = pairs};
}

static struct value
list_value(const struct list *list)
{
	return (struct value){.type = VALUE_ARRAY, .length = list->count, .items = list->items};
}

static bool
print_json(const struct diagnosis *diagnosis)
{
	const struct doctor_cell *cell = &diagnosis->cell;
	static struct list layers, host, missing;
	SCOPED_FREE char *text = NULL;

	for (unsigned i = 0; i < LAYER_COUNT; i++) {
		list_add(&layers, layer_info(i)->name, &diagnosis->layers[i]);
		if ((diagnosis->missing >> i & 1) != 0)
			missing.items[missing.count++] = value_string(layer_info(i)->name);
	}
	for (unsigned i = 0; doctor_host_rows[i].name != NULL; i++)
		list_add(&host, doctor_host_rows[i].name, &diagnosis->host[i]);
	const struct value_pair whole[] = {
	    value_member("can_run", value_boolean(can_run(diagnosis))),
	    value_member("cell_started", value_boolean(cell->started)),
	    value_member("user_namespace", value_boolean((cell->layers & LAYER_BIT(USER_NS)) != 0)),
	    value_member("landlock_abi", value_integer(cell->landlock_abi)),
	    value_member("missing", list_value(&missing)),
	    value_member("message", value_string(cell->fault.message)),
	    value_member("layers", list_value(&layers)),
	    value_member("host", list_value(&host)),
	};
	text = json_write(
	    &(struct value){.type = VALUE_MAP, .length = ARRAY_SIZE(whole), .pairs = whole},
	    JSON_STYLE_COMPACT, NULL);
	return text != NULL && puts(text) >= 0;
}

static int
usage(void)
{
	printf(
	    "usage: praxa doctor [OPTION...]\n\n"
	    "Tries on this host, layer by layer, what a cell is made of, and says what is missing\n"
	    "and what to do. Ends with 0 if a default policy can run here, else with %d.\n\n",
	    err_info(ERR_CONFINEMENT)->exit_code);
	args_usage(rows);
	return CLI_OK;
}

int
cmd_doctor(int argc, char *const argv[])
{
	static struct diagnosis diagnosis;
	struct options options = {0};
	struct fault fault = {0};
	struct paths paths;
	int rest;
	enum err r = args_parse(rows, argc, argv, &options, &rest, &fault);

	progress_init(false);
	if (r == ERR_OK && !options.help && rest < argc)
		r = fault_set(
		    &fault, ERR_PROTOCOL, "\"%s\": praxa doctor takes no argument", argv[rest]);
	if (r != ERR_OK) {
		progress_fault("praxa doctor", &fault);
		return CLI_USAGE;
	}
	if (options.help)
		return usage();
	if (options.state[0] == '\0')
		r = stack_default_state(options.state, sizeof(options.state), &fault);
	if (r == ERR_OK)
		r = paths_find(&paths, &fault);
	if (r != ERR_OK) {
		progress_fault("praxa doctor", &fault);
		return err_info(r)->exit_code;
	}
	examine(&options, &paths, &diagnosis);
	if (!options.json)
		print_all(&diagnosis);
	else if (!print_json(&diagnosis))
		return CLI_INTERNAL;
	return can_run(&diagnosis) ? CLI_OK : err_info(ERR_CONFINEMENT)->exit_code;
}
