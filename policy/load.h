/* load.h - what reading a policy from disk needs of the loader, before it can load. */
#ifndef POLICY_LOAD_H
#define POLICY_LOAD_H

#include "policy/yaml.h"

/* Parses a policy file into arena and finds the list of its manifests (NULL: none). ERR_POLICY when
 * it is not YAML of ours; what else may be wrong is policy_load's to say. */
MUST_USE enum err policy_load_names(const struct policy_file *file, struct arena *arena,
    const struct yaml_node **ret_list, struct policy_problems *problems);
/* Where an item of that list names its file: the item itself, or the value of its key "file"; NULL:
 * nowhere. */
const struct yaml_node *policy_load_name(const struct yaml_node *item);
/* True for a plain file name: nothing outside the policy's directory. */
bool policy_load_name_is_valid(const struct yaml_node *name);
/* True when an earlier item of list names the same file. */
bool policy_load_is_repeated(const struct yaml_node *list, const struct yaml_node *item);

enum {
	POLICY_TREE_BYTES_MAX = 16 * 1024 * 1024, /* of one file: YAML_NODES_MAX and their texts */
};

#endif
