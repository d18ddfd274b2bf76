/* The layout: what can be laid out can be laid out again and stays as it is, and a policy that
 * loads can always be laid out (policy_format itself compares the trees and the comments). */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
loads(const struct policy_file *file, struct digest *ret)
{
	struct pack_file files[1] = {
	    {"policy", 6, (const unsigned char *)file->text, (uint32_t)file->length}};
	struct pack pack = {.files = files, .count = 1};
	struct policy_problems problems;
	struct policy *policy = NULL;

	if (policy_load(&pack, "p", &policy, &problems) != ERR_OK)
		return false;
	*ret = *policy_digest(policy);
	policy_free(&policy);
	return true;
}

/* The file as it would be, checked; NULL: it cannot be laid out. */
static char *
format(const struct policy_file *file, size_t *ret_length)
{
	struct policy_problems problems;
	char *text = NULL;

	return policy_format(file, &text, ret_length, &problems) == ERR_OK ? text : NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Without a terminator: a read past the end is one that the sanitizer sees. */
	char *copy = malloc(size > 0 ? size : 1);
	struct policy_file file = {.name = "p", .text = copy, .length = size}, again;
	struct digest before, after;
	char *once, *twice;
	size_t length = 0;

	if (copy == NULL)
		return 0;
	if (size > 0)
		memcpy(copy, data, size);
	once = format(&file, &length);
	again = (struct policy_file){.name = "p", .text = once, .length = length};
	if (once == NULL && size < 65536 && loads(&file, &before))
		abort();
	if (once != NULL) {
		twice = format(&again, &length);
		if (twice == NULL || length != again.length || memcmp(twice, once, length) != 0)
			abort();
		if (loads(&file, &before) &&
		    (!loads(&again, &after) || !digest_equal(&before, &after)))
			abort();
		free(twice);
	}
	free(once);
	free(copy);
	return 0;
}
