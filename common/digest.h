/* digest.h - SHA-256 (FIPS 180-4) on libcrypto, and how a digest is written: sha256:<64 hex>. */
#ifndef COMMON_DIGEST_H
#define COMMON_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/scope.h"

enum {
	DIGEST_BYTES = 32,
	DIGEST_TEXT_MAX = 7 + 64 + 1, /* "sha256:", hexadecimal, NUL */
};

struct digest {
	uint8_t bytes[DIGEST_BYTES];
};

struct digest_state;

/* SHA-256 of data[0..length). Aborts only if libcrypto cannot hash at all. */
struct digest digest_of(const void *data, size_t length);
/* A running hash; NULL when memory is out. digest_end frees it and NULLs the caller's pointer. */
struct digest_state *digest_begin(void);
void digest_add(struct digest_state *state, const void *data, size_t length);
struct digest digest_end(struct digest_state **state);
/* Constant-time equality. */
bool digest_equal(const struct digest *a, const struct digest *b);
void digest_text(char to[DIGEST_TEXT_MAX], const struct digest *digest);
/* Parses sha256:<64 lower-case hex>, nothing behind it. */
MUST_USE bool digest_parse(const char *text, struct digest *ret);

#endif
