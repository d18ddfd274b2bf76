#include "audit/keys.h"

/* Apart from keys.c: readers verify with this and must not contain the signing half. */
enum err
audit_key_read(
    const struct audit_files *files, const char *name, struct note_key *ret, struct fault *fault)
{
	SCOPED_FREE char *text = NULL;
	ssize_t length = audit_files_read(files, name, AUDIT_KEY_FILE_MAX, &text);

	if (length < 0)
		return fault_set(fault, ERR_NOT_FOUND, "the public key %s cannot be read: %s", name,
		    strerror((int)-length));
	if (strlen(text) != (size_t)length)
		return fault_set(fault, ERR_PROTOCOL, "the public key %s holds a NUL", name);
	return note_key_parse(text, ret, fault);
}
