/* json_schema.h - the language as a JSON Schema (draft 2020-12) for editors, from the tables that
 * the loader reads by.
 *
 * Invariant: what loads fits the schema. The other way round a schema cannot see everything:
 * whether a manifest has a tool, whether a rule can ever match, how a size compares with its
 * bounds. */
#ifndef POLICY_JSON_SCHEMA_H
#define POLICY_JSON_SCHEMA_H

#include "common/arena.h"
#include "common/value.h"
#include "policy/reader.h"

/* The schema of a kind of file, for json_write; lives as long as arena. Type VALUE_NULL: the arena
 * is full or memory is out. Pure, no I/O. */
struct value policy_json_schema(enum policy_document document, struct arena *arena);

#endif
