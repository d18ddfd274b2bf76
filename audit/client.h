/* client.h - one connection to praxa-auditd and its answers.
 *
 * Invariant: every append is answered exactly once, in the order in which the appends came, though
 * logs finish in their own order and a refusal is known at once. */
#ifndef AUDIT_CLIENT_H
#define AUDIT_CLIENT_H

#include "audit/log.h"
#include "common/peer.h"

enum { CLIENT_ANSWERS_MAX = 8192 }; /* appends of one client without an answer */

struct answer;

struct client {
	struct client *next;
	uint64_t number; /* never used twice: a ticket finds its client or nobody */
	enum wire_role role;
	uid_t uid; /* at connect time */
	struct peer *peer;
	struct answer *first, **last; /* in the order of the appends */
	unsigned count;
};

void client_init(struct client *client, uint64_t number, enum wire_role role);
/* Frees the answers; the peer is the caller's. */
void client_done(struct client *client);

/* Makes room for the answer to serial. False: too many wait, or memory is out. */
MUST_USE bool client_expect(struct client *client, uint64_t serial);
/* Fills in the answer to serial and sends all that are now due. False: the peer does not take them
 * and has to go. */
MUST_USE bool client_answer(struct client *client, uint64_t serial, const struct audit_done *done);

#endif
