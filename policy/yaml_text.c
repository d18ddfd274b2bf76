/* What can be said about a policy file before and beside parsing it: its bytes, its scalars, its
 * repeated keys. */
#include <errno.h>
#include <strings.h>

#include "common/utf8.h"
#include "policy/policy.h"
#include "policy/yaml.h"

/* What is wrong with the character at text[0..width); NULL: nothing. width 0: not UTF-8. */
static const char *
character_fault(const unsigned char *text, size_t width)
{
	if (width == 0)
		return "this is not UTF-8; save the file as UTF-8";
	if (*text == '\t')
		return "a tab; indent with spaces";
	if (*text == '\r')
		return "a carriage return; save the file with Unix line ends";
	if ((*text < 0x20 && *text != '\n') || *text == 0x7f)
		return "a control character; a policy holds none";
	if (width > 1 && utf8_is_invisible(text, width))
		return "an invisible or reordering character; what is read must be what is seen";
	return NULL;
}

bool
policy_yaml_text_check(const struct policy_file *file, struct policy_problems *problems)
{
	const unsigned char *text = (const unsigned char *)file->text;
	struct policy_place at = {1, 1, 1};

	if (file->length > POLICY_FILE_BYTES_MAX) {
		policy_problem_add(problems, file, (struct policy_place){0}, "",
		    "the file has %zu bytes; at most %d are read", file->length,
		    POLICY_FILE_BYTES_MAX);
		return false;
	}
	for (size_t i = 0; i < file->length;) {
		size_t width = utf8_width(text + i, file->length - i);
		const char *fault = character_fault(text + i, width);

		if (fault != NULL) {
			policy_problem_add(problems, file, at, "", "%s", fault);
			return false;
		}
		at.column++;
		if (text[i] == '\n')
			at = (struct policy_place){at.line + 1, 1, 1};
		i += width;
	}
	return true;
}

static bool
is_word(const char *text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcasecmp(text, *words) == 0)
			return true;
	return false;
}

/* -?(0|[1-9][0-9]*) at *text, which moves behind it. */
static bool
skip_integer(const char **text)
{
	const char *p = *text + (**text == '-');
	size_t digits = strspn(p, "0123456789");

	if (digits == 0 || (digits > 1 && *p == '0'))
		return false;
	*text = p + digits;
	return true;
}

static enum yaml_scalar
classify_number(const char *text)
{
	const char *p = text;
	size_t digits;

	if (!skip_integer(&p))
		return YAML_AMBIGUOUS;
	if (*p == '\0') {
		errno = 0;
		(void)strtoll(text, NULL, 10);
		return errno == 0 ? YAML_INTEGER : YAML_AMBIGUOUS;
	}
	digits = *p == '.' ? strspn(p + 1, "0123456789") : 0;
	/* Fifteen digits are exact in a double, more might not be what was written. */
	return digits > 0 && p[1 + digits] == '\0' && (size_t)(p - text) + digits <= 15
		   ? YAML_NUMBER
		   : YAML_AMBIGUOUS;
}

/* Everything some reader takes for a number, time or date, and some that none does: 1.2.3. */
static bool
looks_numeric(const char *text)
{
	const char *p = text + (*text == '-' || *text == '+');

	if (*p == '0' && p[1] != '\0' && strchr("xXoObB", p[1]) != NULL)
		return p[2 + strspn(p + 2, "0123456789abcdefABCDEF_")] == '\0';
	if (strcasecmp(p, ".inf") == 0 || strcasecmp(p, ".nan") == 0)
		return true;
	return strpbrk(p, "0123456789") != NULL && strspn(p, "0123456789.") > 0 &&
	       p[strspn(p, "0123456789_.:eE+-")] == '\0';
}

enum yaml_scalar
policy_yaml_scalar(const struct yaml_node *node)
{
	static const char *const nulls[] = {"", "~", "null", NULL};
	static const char *const retyped[] = {
	    "yes", "no", "on", "off", "y", "n", "true", "false", "=", NULL};

	if (!node->plain)
		return YAML_TEXT;
	if (is_word(node->text, nulls))
		return YAML_NULL;
	if (strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0)
		return YAML_BOOLEAN;
	if (is_word(node->text, retyped))
		return YAML_AMBIGUOUS;
	return looks_numeric(node->text) ? classify_number(node->text) : YAML_TEXT;
}

const char *
policy_yaml_kind_name(const struct yaml_node *node)
{
	static const char *const kinds[] = {
	    [YAML_LIST] = "a list", [YAML_MAP] = "a map", [YAML_SCALAR] = "text"};
	static const char *const scalars[] = {
	    [YAML_TEXT] = "text",
	    [YAML_NULL] = "nothing",
	    [YAML_BOOLEAN] = "true or false",
	    [YAML_INTEGER] = "a number",
	    [YAML_NUMBER] = "a number",
	    [YAML_AMBIGUOUS] = "ambiguous",
	};

	return node->kind == YAML_SCALAR ? scalars[policy_yaml_scalar(node)] : kinds[node->kind];
}

const struct yaml_node *
policy_yaml_find(const struct yaml_node *map, const char *name)
{
	const struct yaml_node *key = map->kind == YAML_MAP ? map->child : NULL;

	while (key != NULL && strcmp(key->text, name) != 0)
		key = key->next;
	return key;
}

static int
compare_keys(const void *a, const void *b)
{
	const struct yaml_node *x = *(const struct yaml_node *const *)a;
	const struct yaml_node *y = *(const struct yaml_node *const *)b;
	int order = strcmp(x->text, y->text);

	if (order != 0)
		return order;
	if (x->place.line != y->place.line)
		return x->place.line < y->place.line ? -1 : 1;
	return x->place.column < y->place.column ? -1 : x->place.column > y->place.column;
}

bool
policy_yaml_keys_check(
    const struct yaml_node *map, const struct policy_file *file, struct policy_problems *problems)
{
	SCOPED_FREE const struct yaml_node **keys = NULL;
	uint32_t before = problems->count, n = 0;

	if (map->count < 2)
		return true;
	keys = malloc(map->count * sizeof(*keys));
	if (keys == NULL)
		return false;
	for (const struct yaml_node *key = map->child; key != NULL; key = key->next)
		keys[n++] = key;
	qsort(keys, n, sizeof(*keys), compare_keys);
	for (uint32_t i = 1; i < n; i++)
		if (strcmp(keys[i - 1]->text, keys[i]->text) == 0)
			policy_problem_add(problems, file, keys[i]->place, "",
			    "the key \"%s\" is there twice; the first is on line %u", keys[i]->text,
			    keys[i - 1]->place.line);
	return problems->count == before;
}
