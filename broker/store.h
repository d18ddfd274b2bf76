/* store.h - memory facts of one workspace, behind a narrow interface.
 *
 * Invariant: every function checks workspace and key itself, whatever its caller has checked: a
 * store belongs to one workspace and answers WorkspaceScopeError for another, and a key that does
 * not lie in ws/<workspace>/ is never looked up. */
#ifndef BROKER_STORE_H
#define BROKER_STORE_H

#include "broker/limits.h"
#include "common/arena.h"
#include "common/fault.h"
#include "common/id.h"

/* One fact. data is the value's MessagePack form. */
struct broker_fact {
	const char *key;
	const unsigned char *data;
	uint32_t size;
	char run[ID_MAX]; /* the run that wrote it */
	uint64_t written_ms;
};

struct broker_store;

struct broker_store_ops {
	/* ret->data (in arena) is NULL when there is no such fact. */
	enum err (*get)(struct broker_store *store, const char *workspace, const char *key,
	    struct arena *arena, struct broker_fact *ret, struct fault *fault);
	/* Writes a fact, durable when it returns. ERR_LIMIT: the value, or a quota of the
	 * workspace. */
	enum err (*put)(struct broker_store *store, const char *workspace,
	    const struct broker_fact *fact, struct fault *fault);
	enum err (*remove)(struct broker_store *store, const char *workspace, const char *key,
	    bool *ret_existed, struct fault *fault);
	/* Calls each(context, fact without data) for the keys that start with prefix, which ends
	 * with '/', and sort behind after ("" for all), in byte order, until each answers false or
	 * BROKER_MEMORY_SCAN_MAX were seen. */
	enum err (*list)(struct broker_store *store, const char *workspace, const char *prefix,
	    const char *after, bool (*each)(void *context, const struct broker_fact *fact),
	    void *context, struct fault *fault);
	void (*close)(struct broker_store *store);
};

/* An implementation's struct starts with this. */
struct broker_store {
	const struct broker_store_ops *ops;
};

/* A store of workspace in the SQLite database memory.db beneath the directory state, created when
 * it is not there. Blocks on the file system, here and in every call. ERR_WORKSPACE_SCOPE: the
 * database belongs to another workspace. */
MUST_USE enum err broker_memory_open(
    const char *state, const char *workspace, struct broker_store **ret, struct fault *fault);
/* NULLs the caller's pointer; accepts NULL. */
void broker_store_close(struct broker_store **store);

/* Where a key must lie, and how it may look: ws/<workspace>/ and then names separated by single
 * slashes, at most BROKER_MEMORY_KEY_MAX bytes, without control characters, '.' and '..'.
 * ERR_WORKSPACE_SCOPE, ERR_MEMORY_NAMESPACE. is_prefix: ends with a slash. */
MUST_USE enum err broker_key_check(
    const char *workspace, const char *key, bool is_prefix, struct fault *fault);

#endif
