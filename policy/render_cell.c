/* How a program is confined, and what follows from it. */
#include <stdio.h>

#include "policy/render_parts.h"

#define LIMIT_ROW(field, key, type, fallback, least, most, help) \
	{#key, offsetof(struct policy_limits, field), POLICY_TYPE_##type, help},
static const struct limit {
	const char *name;
	size_t offset;
	enum policy_type type;
	const char *help;
} limits[] = {POLICY_LIMITS(LIMIT_ROW){
    "wall", offsetof(struct policy_limits, wall_ns), POLICY_TYPE_DURATION, "from start to kill"}};

static const char *
limit_text(char to[POLICY_AMOUNT_MAX], const struct limit *limit, const struct policy_limits *of)
{
	uint64_t amount;

	memcpy(&amount, (const char *)of + limit->offset, sizeof(amount));
	return policy_quantity_text(to, limit->type, amount);
}

static void
put_argv(struct page *page, const struct policy_cell *cell)
{
	for (unsigned i = 0; cell->argv[i] != NULL; i++)
		page_more(page, i == 0 ? "{}" : " {}", cell->argv[i]);
}

/* Layers of mask as a sentence's end; "none". */
static void
put_layers(struct page *page, uint64_t mask)
{
	const char *names[LAYER_COUNT];
	uint32_t n = 0;

	for (unsigned i = 0; i < LAYER_COUNT; i++)
		if ((mask >> i & 1) != 0)
			names[n++] = layer_info(i)->name;
	if (n == 0)
		page_more(page, "none");
	render_texts(page, names, n, " and ");
}

void
render_tool_cell(struct page *page, unsigned depth, const struct policy_tool *tool)
{
	char digest[DIGEST_TEXT_MAX], text[POLICY_AMOUNT_MAX];

	digest_text(digest, &tool->bundle);
	page_item(page, depth, "It runs ");
	put_argv(page, &tool->cell);
	page_more(page,
	    " from {}, whose content is {}, in a cell of its own with the system calls "
	    "of the profile {}.",
	    tool->bundle_path, digest, tool->cell.profile);
	for (uint32_t i = 0; i < tool->resource_count; i++)
		page_item(page, depth,
		    "It reads the directory that an operator names {}, as {}; it cannot write it.",
		    tool->resources[i].name, tool->resources[i].at);
	page_item(page, depth, "One call may take: ");
	for (unsigned i = 0; i < ARRAY_SIZE(limits); i++) {
		page_more(page, i > 0 ? ", " : "");
		page_more(page, "[] {}", limits[i].name,
		    limit_text(text, &limits[i], &tool->cell.limits));
	}
	page_more(page, ".");
	page_item(page, depth, "Without these layers it does not run: ");
	put_layers(page, tool->cell.required);
	page_more(page, ".");
}

void
render_confinement(struct page *page, const struct policy *policy)
{
	const struct policy_cell *cell = &policy->skill.cell;
	char text[POLICY_AMOUNT_MAX];

	page_heading(page, 2, "How it is confined");
	page_line(page, policy->skill.sandbox_line);
	page_paragraph(page,
	    "It runs in a cell: a part of the host with its own file system, its own processes and "
	    "no network. It may make the system calls of the profile {}, and no others. A cell in "
	    "which one of the following cannot be set up is never started:",
	    cell->profile);
	for (unsigned i = 0; i < LAYER_COUNT; i++)
		if ((cell->required >> i & 1) != 0)
			page_item(page, 1, "{}: []", layer_info(i)->name, layer_info(i)->meaning);
	page_paragraph(page, "The policy does not insist on: ");
	put_layers(page, ~cell->required & ((UINT64_C(1) << LAYER_COUNT) - 1));
	page_more(page, ". They are set where the host can.");
	page_table(page, "Limit", "At most", "Of what");
	for (unsigned i = 0; i < ARRAY_SIZE(limits); i++)
		page_row(page, limits[i].name, limit_text(text, &limits[i], &cell->limits),
		    limits[i].help);
}

/* What follows from a layer alone. */
static const struct claim {
	uint64_t layers;
	const char *text;
} claims[] = {
    {LAYER_BIT(NET_NS), "reach a network: its cell has no interface and no route"},
    {LAYER_BIT(MOUNT_NS) | LAYER_BIT(ROOT),
	"see a file of the host, but for the interpreter's, its bundle's and those named above"},
    {LAYER_BIT(READ_ONLY), "change what it or anybody else runs: all but its scratch space is "
			   "read-only, and that ends with the run"},
    {LAYER_BIT(PID_NS), "see, signal or trace a process of the host"},
    {LAYER_BIT(NO_CAPABILITIES) | LAYER_BIT(NO_NEW_PRIVS),
	"gain a right that it did not start with"},
    {LAYER_BIT(SECCOMP), "make a system call that is not in its profile's list"},
};

void
render_never(struct page *page, const struct policy *policy)
{
	uint64_t required = policy->skill.cell.required;
	bool open = false;

	page_heading(page, 2, "What it can never do");
	page_item(page, 1, "Call, read, write or be started by anything that is not on this page.");
	page_item(page, 1, "Act without a record: what cannot be recorded is refused.");
	page_item(page, 1, "Reach the keys of another workspace, whatever a pattern says.");
	page_item(
	    page, 1, "Hold a credential: there is none in its cell, in no file and no variable.");
	for (unsigned i = 0; i < ARRAY_SIZE(claims); i++) {
		open = open || (claims[i].layers & ~required) != 0;
		if ((claims[i].layers & ~required) == 0)
			page_item(page, 1, "It cannot []; its cell is not started otherwise.",
			    claims[i].text);
	}
	if (!open)
		return;
	page_paragraph(page,
	    "Not promised, because the policy does not require the layers: that it "
	    "cannot");
	for (unsigned i = 0; i < ARRAY_SIZE(claims); i++)
		if ((claims[i].layers & ~required) != 0) {
			page_item(page, 1, "[] (", claims[i].text);
			put_layers(page, claims[i].layers & ~required);
			page_more(page, ").");
		}
}
