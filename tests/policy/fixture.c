#include "tests/policy/fixture.h"

#include <fcntl.h>
#include <stdio.h>

#include "common/io.h"
#include "common/json.h"

static void
give_up(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	abort();
}

enum err
fixture_load(const struct fixture_file *files, uint32_t count, const char *shown,
    struct policy **ret, struct policy_problems *problems)
{
	struct pack_file packed[8];
	struct fault fault = {0};
	struct pack pack = {0};
	SCOPED_FD fd = -1;
	enum err r;

	for (uint32_t i = 0; i < count; i++)
		packed[i] = (struct pack_file){
		    .name = files[i].name,
		    .name_length = (uint32_t)strlen(files[i].name),
		    .data = (const unsigned char *)files[i].text,
		    .length = (uint32_t)files[i].length,
		};
	if (pack_from_files(packed, count, &fd, &fault) != ERR_OK ||
	    pack_open(fd, &pack, &fault) != ERR_OK)
		give_up("pack", fault.message);
	r = policy_load(&pack, shown, ret, problems);
	pack_close(&pack);
	return r;
}

char *
fixture_read(const char *name)
{
	const char *root = getenv("PRAXA_SOURCE");
	char path[512], *text = NULL;
	size_t length;

	snprintf(path, sizeof(path), "%s/tests/policy/%s", root != NULL ? root : ".", name);
	if (io_read_file(AT_FDCWD, path, 1 << 20, &text, &length) < 0)
		give_up(path, "cannot be read");
	return text;
}

struct policy *
fixture_policy(const char *text)
{
	SCOPED_FREE char *manifest = fixture_read("good/git.tools.yaml");
	struct fixture_file files[] = {
	    {"policy", text, strlen(text)},
	    {"manifest/git.tools.yaml", manifest, strlen(manifest)},
	};
	struct policy_problems problems;
	struct policy *policy = NULL;

	if (fixture_load(files, ARRAY_SIZE(files), "test.yaml", &policy, &problems) != ERR_OK)
		give_up(text, fixture_problems(&problems));
	return policy;
}

const struct value *
fixture_value(struct arena *arena, const char *json)
{
	struct value *value = arena_alloc(arena, sizeof(*value));
	struct fault fault = {0};

	if (value == NULL || json_parse(json, strlen(json), arena, value, &fault) != ERR_OK)
		give_up(json, fault.message);
	return value;
}

char *
fixture_problems(const struct policy_problems *problems)
{
	enum { EACH = 2048 };
	char *text = calloc(POLICY_PROBLEMS_MAX + 1, EACH);
	size_t used = 0;

	if (text == NULL)
		give_up("problems", "out of memory");
	for (uint32_t i = 0; i < problems->count && i < POLICY_PROBLEMS_MAX; i++) {
		policy_problem_text(text + used, EACH, &problems->items[i]);
		used += strlen(text + used);
	}
	return text;
}
