#include "policy/review.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "common/io.h"
#include "policy/sshsig.h"

/* What one check works with. */
struct checking {
	const char *base; /* the policy file's name */
	int dir_fd;
	struct policy_bytes message;
	const struct policy_signers *signers;
	int64_t now_s;
	struct policy_review *review;
	char files[REVIEW_FILES_MAX][REVIEW_FILE_NAME_MAX];
	uint32_t file_count;
};

static int
compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* FILE.sig or FILE.sig.NAME. */
static bool
is_signature_file(const char *base, const char *name)
{
	size_t length = strlen(base);

	return strncmp(name, base, length) == 0 && strncmp(name + length, ".sig", 4) == 0 &&
	       (name[length + 4] == '\0' || (name[length + 4] == '.' && name[length + 5] != '\0'));
}

static enum err
list_files(struct checking *c, DIR *dir, struct fault *fault)
{
	const struct dirent *entry;

	while ((errno = 0, entry = readdir(dir)) != NULL) {
		if (!is_signature_file(c->base, entry->d_name))
			continue;
		if (c->file_count == REVIEW_FILES_MAX ||
		    strlen(entry->d_name) >= REVIEW_FILE_NAME_MAX)
			return fault_set(fault, ERR_POLICY,
			    "%.96s has more than %d signature files, or one with a name of more "
			    "than %d bytes; remove those that do not count",
			    c->base, REVIEW_FILES_MAX, REVIEW_FILE_NAME_MAX - 1);
		strcpy(c->files[c->file_count++], entry->d_name);
	}
	if (errno != 0)
		return fault_set(fault, ERR_POLICY, "the directory of %.96s cannot be read: %s",
		    c->base, strerror(errno));
	/* So that two checks of one folder say the same. */
	if (c->file_count > 1)
		qsort(c->files, c->file_count, sizeof(c->files[0]), compare_names);
	return ERR_OK;
}

static enum err
find_files(struct checking *c, struct fault *fault)
{
	/* A descriptor of its own: the position of a shared one would be shared too. */
	int fd = openat(c->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	enum err r;

	if (dir == NULL) {
		r = fault_set(fault, ERR_POLICY, "the directory of %.96s cannot be read: %s",
		    c->base, strerror(errno));
		if (fd >= 0)
			close(fd);
		return r;
	}
	r = list_files(c, dir, fault);
	closedir(dir);
	return r;
}

static struct policy_signature *
add_signature(struct checking *c, const char *file)
{
	struct policy_review *review = c->review;
	struct policy_signature *item = &review->items[review->count];

	if (review->count == REVIEW_SIGNATURES_MAX)
		return NULL;
	review->count++;
	text_copy(item->file, sizeof(item->file), file);
	return item;
}

/* What a signature claims about its key, also where the key is nobody's. */
static void
describe_key(struct policy_signature *item, struct policy_bytes blob)
{
	struct policy_sshkey key;
	struct fault ignored;

	if (policy_sshkey_parse(blob, &key, &ignored) != ERR_OK)
		return;
	policy_sshkey_fingerprint(&key, item->fingerprint);
	text_copy(item->type, sizeof(item->type), policy_sshkey_type_name(key.type));
}

static void
judge(struct checking *c, struct policy_signature *item, const struct policy_sshsig *signature)
{
	struct policy_review *review = c->review;
	struct fault why = {0};
	const struct policy_signer *signer =
	    policy_signers_find(c->signers, signature->key, c->now_s, &why);

	describe_key(item, signature->key);
	if (signer != NULL) {
		text_copy(item->name, sizeof(item->name), signer->name);
		item->line = signer->line;
		item->person = signer->person;
	}
	if (signer == NULL ||
	    policy_sshsig_verify(signature, &signer->key, c->message, &why) != ERR_OK) {
		text_copy(item->why, sizeof(item->why), why.message);
		return;
	}
	for (const struct policy_signature *other = review->items; other != item; other++)
		if (other->counts && other->person == item->person) {
			snprintf(item->why, sizeof(item->why),
			    "%.64s has signed already: one person counts once", item->name);
			return;
		}
	item->counts = true;
	review->given++;
}

static enum err
read_signatures(struct checking *c, const char *file, struct policy_bytes text, struct fault *fault)
{
	SCOPED_FREE struct policy_sshsig *signature = calloc(1, sizeof(*signature));
	struct fault why;

	if (signature == NULL)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	for (unsigned i = 0;; i++) {
		bool there = policy_sshsig_next(&text, signature, &why);
		struct policy_signature *item;

		if (!there && why.code == ERR_OK)
			return ERR_OK;
		item = i < SSHSIG_BLOCKS_MAX ? add_signature(c, file) : NULL;
		if (item == NULL)
			return fault_set(fault, ERR_POLICY,
			    "%.96s: more than %d signatures in a file, or %d in all; remove those "
			    "that do not count",
			    file, SSHSIG_BLOCKS_MAX, REVIEW_SIGNATURES_MAX);
		if (!there) { /* what stands behind it cannot be found either */
			text_copy(item->why, sizeof(item->why), why.message);
			return ERR_OK;
		}
		judge(c, item, signature);
	}
}

static enum err
read_file(struct checking *c, const char *file, struct fault *fault)
{
	SCOPED_FREE char *text = NULL;
	struct policy_signature *item;
	size_t length = 0;
	int r = io_read_file(c->dir_fd, file, SSHSIG_FILE_MAX, &text, &length);

	if (r == -ENOMEM)
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	if (r == 0)
		return read_signatures(
		    c, file, (struct policy_bytes){(const unsigned char *)text, length}, fault);
	item = add_signature(c, file);
	if (item == NULL)
		return fault_set(
		    fault, ERR_POLICY, "more than %d signatures", REVIEW_SIGNATURES_MAX);
	snprintf(item->why, sizeof(item->why), "it cannot be read: %s",
	    r == -ELOOP   ? "it is a link"
	    : r == -EFBIG ? "it is too long for a signature"
			  : strerror(-r));
	return ERR_OK;
}

/* What the signatures do not cover must be pinned by what they do. */
static enum err
check_content(const char *base, const struct policy *policy, struct fault *fault)
{
	const struct policy_manifest *manifest;

	for (uint32_t i = 0; (manifest = policy_manifest(policy, i)) != NULL; i++)
		if (!manifest->pinned) {
			fault_set(fault, ERR_POLICY,
			    "%.64s does not pin %.64s, and a signature is over this file alone; "
			    "write { file: …, digest: … } with what praxa policy digest prints "
			    "for it, then have it signed",
			    base, manifest->file);
			return fault_at(fault, "manifests", manifest->line);
		}
	if (policy_skill(policy)->revision == 0)
		return fault_set(fault, ERR_POLICY,
		    "%.64s has no revision; add revision: N, higher than that of every version "
		    "before, then have it signed",
		    base);
	return ERR_OK;
}

static enum err
too_few(const struct checking *c, const struct policy_skill *skill, struct fault *fault)
{
	const struct policy_review *review = c->review;
	const struct policy_signature *first = NULL;

	for (uint32_t i = 0; i < review->count && first == NULL; i++)
		if (!review->items[i].counts)
			first = &review->items[i];
	if (first != NULL)
		fault_set(fault, ERR_POLICY,
		    "%.40s is signed by %u of %llu people; %.40s: %.120s; have it signed with "
		    "ssh-keygen -Y sign -n " POLICY_NAMESPACE,
		    c->base, review->given, (unsigned long long)review->needed, first->file,
		    first->why);
	else
		fault_set(fault, ERR_POLICY,
		    "%.40s is signed by %u of %llu people; have it signed: ssh-keygen -Y sign "
		    "-n " POLICY_NAMESPACE " -f KEY < %.40s > %.40s.sig.NAME",
		    c->base, review->given, (unsigned long long)review->needed, c->base, c->base);
	return fault_at(fault, "owner.reviewers", skill->reviewers_line);
}

static enum err
check_all(struct checking *c, const struct policy *policy, struct fault *fault)
{
	const struct policy_skill *skill = policy_skill(policy);
	enum err r = check_content(c->base, policy, fault);

	if (r == ERR_OK)
		r = find_files(c, fault);
	for (uint32_t i = 0; r == ERR_OK && i < c->file_count; i++)
		r = read_file(c, c->files[i], fault);
	if (r == ERR_OK && c->review->given < c->review->needed)
		r = too_few(c, skill, fault);
	return r;
}

static enum err
check_pack(
    struct checking *c, const struct policy_source *source, uint64_t least, struct fault *fault)
{
	const struct policy_skill *skill = policy_skill(source->policy);
	const struct pack_file *file;
	struct pack pack = {0};
	enum err r = pack_open(source->pack_fd, &pack, fault);

	if (r != ERR_OK)
		return r;
	file = pack_find(&pack, "policy");
	if (file != NULL) {
		c->message = (struct policy_bytes){file->data, file->length};
		c->review->file = digest_of(file->data, file->length);
		c->review->revision = skill->revision;
		c->review->needed = skill->reviewers > least ? skill->reviewers : least;
		if (c->review->needed == 0)
			c->review->needed = 1;
		r = check_all(c, source->policy, fault);
	} else {
		r = fault_set(fault, ERR_POLICY, "%.96s is not in its source", c->base);
	}
	pack_close(&pack);
	return r;
}

enum err
policy_review_check(const char *path, const struct policy_source *source,
    const struct policy_signers *signers, uint64_t least, int64_t now_s, struct policy_review *ret,
    struct fault *fault)
{
	const char *slash = strrchr(path, '/');
	SCOPED_FREE struct checking *c = calloc(1, sizeof(*c));
	struct policy_review review = {
	    .items = calloc(REVIEW_SIGNATURES_MAX, sizeof(*review.items))};
	enum err r;

	if (c == NULL || review.items == NULL) {
		policy_review_done(&review);
		return fault_set(fault, ERR_INTERNAL, "out of memory");
	}
	c->base = slash != NULL ? slash + 1 : path;
	c->dir_fd = source->dir_fd;
	c->signers = signers;
	c->now_s = now_s;
	c->review = &review;
	r = check_pack(c, source, least, fault);
	*ret = review;
	return r;
}

void
policy_review_done(struct policy_review *review)
{
	free(review->items);
	*review = (struct policy_review){0};
}
