/* keygen.h - the real ssh-keygen, for tests: keys and signatures as people make them. */
#ifndef TESTS_POLICY_KEYGEN_H
#define TESTS_POLICY_KEYGEN_H

#include <stdbool.h>

/* True where ssh-keygen can be run. */
bool keygen_is_there(void);
/* Makes dir/name and dir/name.pub without a passphrase; options go before the rest, such as "-t",
 * "rsa", "-b", "2048", and end with NULL. Aborts when it fails. */
void keygen_make(const char *dir, const char *name, const char *const *options);
/* Signs dir/file with dir/name as dir/file.sig, which it replaces; hash NULL: the default. Aborts
 * when it fails. */
void keygen_sign(
    const char *dir, const char *name, const char *file, const char *namespace, const char *hash);
/* A line of an allowed_signers file: principal, options ("" none) and the key dir/name.pub; heap
 * memory of the caller's. */
char *keygen_signer(const char *dir, const char *name, const char *principal, const char *options);
/* The content of dir/name, heap memory of the caller's. Aborts when it is not there. */
char *keygen_read(const char *dir, const char *name);

#endif
