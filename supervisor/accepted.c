#include "supervisor/accepted.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#include "common/id.h"
#include "common/io.h"

enum { TEXT_MAX = 256, NAME_MAX_BYTES = ID_NAME_MAX + 16 };

#define FORMAT "praxa-accepted 1\nrevision %" PRIu64 "\nreviewers %" PRIu64 "\npolicy %s\n"

static int
format(const struct accepted *accepted, char to[TEXT_MAX])
{
	char digest[DIGEST_TEXT_MAX];

	digest_text(digest, &accepted->policy);
	return snprintf(to, TEXT_MAX, FORMAT, accepted->revision, accepted->reviewers, digest);
}

/* Only what format() writes: a value has one text. */
static bool
parse(const char *text, struct accepted *ret)
{
	struct accepted accepted = {.any = true};
	char digest[DIGEST_TEXT_MAX], again[TEXT_MAX];

	if (sscanf(text,
		"praxa-accepted 1\nrevision %" SCNu64 "\nreviewers %" SCNu64 "\npolicy %71s",
		&accepted.revision, &accepted.reviewers, digest) != 3 ||
	    !digest_parse(digest, &accepted.policy))
		return false;
	format(&accepted, again);
	if (strcmp(text, again) != 0)
		return false;
	*ret = accepted;
	return true;
}

enum err
accepted_read(int dir_fd, const char *skill, struct accepted *ret, struct fault *fault)
{
	SCOPED_FREE char *text = NULL;
	char name[NAME_MAX_BYTES];
	size_t length = 0;
	int r;

	snprintf(name, sizeof(name), "%.*s.accepted", ID_NAME_MAX, skill);
	r = io_read_file(dir_fd, name, TEXT_MAX, &text, &length);
	if (r == -ENOENT) {
		*ret = (struct accepted){0};
		return ERR_OK;
	}
	if (r < 0 && r != -EFBIG)
		return fault_set(fault, ERR_INTERNAL, "%s cannot be read: %s", name, strerror(-r));
	if (r == -EFBIG || strlen(text) != length || !parse(text, ret))
		return fault_set(fault, ERR_POLICY,
		    "%s in the state folder is damaged, so nobody knows which revision was "
		    "accepted last; find out from the log (praxa audit show --kind "
		    "policy.accepted), then remove it",
		    name);
	return ERR_OK;
}

enum err
accepted_check(const struct accepted *last, const char *shown, const struct policy_review *review,
    uint32_t line, struct fault *fault)
{
	if (!last->any || review->revision > last->revision)
		return ERR_OK;
	if (review->revision < last->revision) {
		fault_set(fault, ERR_POLICY,
		    "%.96s is revision %" PRIu64 ", and revision %" PRIu64
		    " was accepted before: an older version does not come back; have one with a "
		    "higher revision signed",
		    shown, review->revision, last->revision);
		return fault_at(fault, "revision", line);
	}
	if (digest_equal(&review->file, &last->policy))
		return ERR_OK;
	fault_set(fault, ERR_POLICY,
	    "%.96s is another version of revision %" PRIu64
	    " than the one that was accepted; count revision up, and have it signed",
	    shown, review->revision);
	return fault_at(fault, "revision", line);
}

/* 0 or -errno. */
static int
write_durably(int dir_fd, const char *fresh, const char *name, const char *text, size_t length)
{
	SCOPED_FD fd =
	    openat(dir_fd, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r;

	if (fd < 0)
		return -errno;
	r = io_write_full(fd, text, length);
	if (r < 0)
		return r;
	if (fsync(fd) < 0 || renameat(dir_fd, fresh, dir_fd, name) < 0 || fsync(dir_fd) < 0)
		return -errno;
	return 0;
}

enum err
accepted_write(int dir_fd, const char *skill, const struct accepted *now, struct fault *fault)
{
	char name[NAME_MAX_BYTES], fresh[NAME_MAX_BYTES], text[TEXT_MAX];
	int length = format(now, text), r;

	snprintf(name, sizeof(name), "%.*s.accepted", ID_NAME_MAX, skill);
	snprintf(fresh, sizeof(fresh), "%.*s.fresh", ID_NAME_MAX, skill);
	r = write_durably(dir_fd, fresh, name, text, (size_t)length);
	if (r < 0)
		return fault_set(fault, ERR_INTERNAL,
		    "%s cannot be kept in the state folder, so the policy is not put in force: %s",
		    name, strerror(-r));
	return ERR_OK;
}
