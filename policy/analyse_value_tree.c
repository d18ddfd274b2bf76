/* Lists and objects: an item, or a member, for every thing that must be there or must be wrong. */
#include "policy/analyse_value.h"
#include "policy/constraint.h"

enum { ITEMS_MAX = 4096, LITERALS_MAX = 256 };

/* True where a literal that does not look into lists or objects holds for an empty one. */
static bool
holds_for(const struct literal *literal, enum value_type type)
{
	const struct value empty = {.type = type};
	const struct policy_test *test = literal->atom->test;

	if (literal->atom->kind == ATOM_EQUAL)
		return true;
	if (literal->atom->kind == ATOM_EACH)
		return type == VALUE_ARRAY || literal->negated;
	if (literal->atom->kind == ATOM_MEMBERS)
		return type == VALUE_MAP || literal->negated;
	if (test->operator== POLICY_OPERATOR_LEN && type == VALUE_ARRAY)
		return true;
	return policy_test_holds(test, &empty, NULL) != literal->negated;
}

static bool
add_set(struct literal *to, uint32_t *count, const struct atom_set *set)
{
	for (uint32_t i = 0; i < set->count; i++) {
		if (*count == LITERALS_MAX)
			return false;
		to[(*count)++] = (struct literal){.atom = &set->items[i]};
	}
	return true;
}

/* Items of lists that must equal a field of the payload: the example's payload says so. */
static void
bind(struct analysis *a, const struct literal *literals, uint32_t count, const struct value *value)
{
	for (uint32_t i = 0; i < count; i++)
		if (literals[i].atom->kind == ATOM_EQUAL && !literals[i].negated &&
		    a->binding_count < ANALYSE_BINDINGS_MAX)
			a->bindings[a->binding_count++] =
			    (struct analyse_binding){literals[i].atom->path, *value};
}

/* An item that all of item holds for, and that set, if any, does not contain. */
static enum analyse_answer
find_item(struct analysis *a, struct literal *item, uint32_t count, const struct atom_set *wrong,
    struct value *ret)
{
	enum analyse_answer answer, worst = ANALYSE_NONE;

	if (wrong == NULL) {
		answer = analyse_value_find(a, item, count, ANALYSE_KINDS_ALL, NULL, 0, ret);
		if (answer == ANALYSE_FOUND)
			bind(a, item, count, ret);
		return answer;
	}
	for (uint32_t i = 0; i < wrong->count; i++) {
		bool same = false;

		for (uint32_t j = 0; j < count; j++)
			same = same || analyse_atom_same(item[j].atom, &wrong->items[i]);
		if (same)
			continue;
		item[count] = (struct literal){.atom = &wrong->items[i], .negated = true};
		answer = find_item(a, item, count + 1, NULL, ret);
		if (answer == ANALYSE_FOUND)
			return answer;
		if (answer == ANALYSE_UNKNOWN)
			worst = answer;
	}
	return worst;
}

static enum analyse_answer
make_array(const struct value_question *q, const struct value *wrong, uint32_t wrong_count,
    const struct value *filler, struct value *ret)
{
	struct value_lengths lengths = analyse_value_lengths(q);
	uint64_t most = lengths.cap + 1 > wrong_count ? lengths.cap + 1 : wrong_count;

	for (uint64_t n = wrong_count; n <= most; n++) {
		struct value *items;

		if (filler == NULL && n > wrong_count)
			return ANALYSE_NONE;
		if (n > ITEMS_MAX)
			return ANALYSE_UNKNOWN;
		if (!analyse_value_length_is_right(&lengths, n))
			continue;
		items = analyse_alloc(q->a, n, sizeof(*items));
		if (items == NULL)
			return ANALYSE_UNKNOWN;
		for (uint64_t i = 0; i < n; i++)
			items[i] = i < wrong_count ? wrong[i] : *filler;
		*ret = (struct value){.type = VALUE_ARRAY, .length = (uint32_t)n, .items = items};
		return analyse_value_is_excluded(q, ret) ? ANALYSE_UNKNOWN : ANALYSE_FOUND;
	}
	return ANALYSE_NONE;
}

enum analyse_answer
analyse_value_array(const struct value_question *q, struct value *ret)
{
	struct literal item[LITERALS_MAX + 1] = {{0}};
	struct value wrong[ANALYSE_BINDINGS_MAX], filler;
	uint32_t count = 0, wrong_count = 0;
	enum analyse_answer answer, fill;

	for (uint32_t i = 0; i < q->count; i++) {
		if (!holds_for(&q->literals[i], VALUE_ARRAY))
			return ANALYSE_NONE;
		if (q->literals[i].atom->kind == ATOM_EACH && !q->literals[i].negated &&
		    !add_set(item, &count, q->literals[i].atom->each))
			return ANALYSE_UNKNOWN;
	}
	for (uint32_t i = 0; i < q->count; i++) {
		if (q->literals[i].atom->kind != ATOM_EACH || !q->literals[i].negated)
			continue;
		if (wrong_count == ANALYSE_BINDINGS_MAX)
			return ANALYSE_UNKNOWN;
		answer =
		    find_item(q->a, item, count, q->literals[i].atom->each, &wrong[wrong_count++]);
		if (answer != ANALYSE_FOUND)
			return answer;
	}
	fill = find_item(q->a, item, count, NULL, &filler);
	answer = make_array(q, wrong, wrong_count, fill == ANALYSE_FOUND ? &filler : NULL, ret);
	/* One item may be wrong in two ways where there is no room for two. */
	if (answer == ANALYSE_NONE && (wrong_count > 1 || fill == ANALYSE_UNKNOWN))
		return ANALYSE_UNKNOWN;
	return answer;
}

/* An object whose members fit schema, with value for the member by name if not NULL, and without
 * the member left_out. */
static enum analyse_answer
make_object(struct analysis *a, const struct policy_schema *schema, const char *name,
    const struct value *value, struct value *ret)
{
	struct value_pair *pairs = analyse_alloc(a, schema->property_count, sizeof(*pairs));
	uint32_t n = 0;

	for (uint32_t i = 0; pairs != NULL && i < schema->property_count; i++) {
		const struct policy_property *property = &schema->properties[i];
		struct literal literals[LITERALS_MAX];
		struct atom_set set;
		uint32_t count = 0;
		enum analyse_answer answer;

		pairs[n].key = value_string(property->name);
		if (name != NULL && strcmp(name, property->name) == 0) {
			pairs[n++].value = *value;
			continue;
		}
		if (!property->required)
			continue;
		set = analyse_atoms(a, NULL, &property->schema);
		if (!add_set(literals, &count, &set))
			return ANALYSE_UNKNOWN;
		answer = analyse_value_find(
		    a, literals, count, ANALYSE_KINDS_ALL, NULL, 0, &pairs[n++].value);
		if (answer != ANALYSE_FOUND)
			return answer;
	}
	*ret = (struct value){.type = VALUE_MAP, .length = n, .pairs = pairs};
	return pairs != NULL ? ANALYSE_FOUND : ANALYSE_UNKNOWN;
}

/* A member that schema takes and wrong does not; or one that wrong insists on, left out. */
static enum analyse_answer
misfit_object(struct analysis *a, const struct policy_schema *schema,
    const struct policy_schema *wrong, struct value *ret)
{
	enum analyse_answer answer, worst = ANALYSE_NONE;

	for (uint32_t i = 0; i < wrong->property_count; i++) {
		const char *name = wrong->properties[i].name;
		const struct policy_property *own =
		    policy_schema_property(schema, name, strlen(name));

		if (wrong->properties[i].required && (own == NULL || !own->required))
			return make_object(a, schema, NULL, NULL, ret);
	}
	for (uint32_t i = 0; i < schema->property_count; i++) {
		const struct policy_property *own = &schema->properties[i];
		const struct policy_property *other =
		    policy_schema_property(wrong, own->name, strlen(own->name));
		struct atom_set set = analyse_atoms(a, NULL, &own->schema), bad = {0};
		struct literal literals[LITERALS_MAX + 1];
		struct value value;
		uint32_t count = 0;

		if (!add_set(literals, &count, &set))
			return ANALYSE_UNKNOWN;
		if (other != NULL)
			bad = analyse_atoms(a, NULL, &other->schema);
		answer = find_item(a, literals, count, other != NULL ? &bad : NULL, &value);
		if (answer == ANALYSE_FOUND)
			answer = make_object(a, schema, own->name, &value, ret);
		if (answer == ANALYSE_FOUND)
			return answer;
		if (answer == ANALYSE_UNKNOWN)
			worst = answer;
	}
	return worst;
}

enum analyse_answer
analyse_value_object(const struct value_question *q, struct value *ret)
{
	const struct policy_schema *schema = NULL, *wrong = NULL;
	enum analyse_answer answer;

	for (uint32_t i = 0; i < q->count; i++) {
		const struct literal *literal = &q->literals[i];

		if (!holds_for(literal, VALUE_MAP))
			return ANALYSE_NONE;
		if (literal->atom->kind != ATOM_MEMBERS)
			continue;
		if ((literal->negated ? wrong : schema) != NULL)
			return ANALYSE_UNKNOWN;
		*(literal->negated ? &wrong : &schema) = literal->atom->members;
	}
	if (schema == NULL && wrong != NULL)
		return ANALYSE_UNKNOWN;
	if (schema == NULL) {
		*ret = (struct value){.type = VALUE_MAP};
		answer = ANALYSE_FOUND;
	} else if (wrong != NULL) {
		answer = misfit_object(q->a, schema, wrong, ret);
	} else {
		answer = make_object(q->a, schema, NULL, NULL, ret);
	}
	if (answer == ANALYSE_FOUND && analyse_value_is_excluded(q, ret))
		return ANALYSE_UNKNOWN;
	return answer;
}
