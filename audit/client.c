#include "audit/client.h"

struct answer {
	struct answer *next;
	uint64_t serial;
	bool known;
	enum wire_type type;
	union {
		struct wire_audit_ack ack;
		struct wire_audit_refused refused;
	};
};

void
client_init(struct client *client, uint64_t number, enum wire_role role)
{
	*client = (struct client){.number = number, .role = role};
	client->last = &client->first;
}

static struct answer *
pop(struct client *client)
{
	struct answer *answer = client->first;

	client->first = answer->next;
	if (client->first == NULL)
		client->last = &client->first;
	client->count--;
	return answer;
}

void
client_done(struct client *client)
{
	while (client->first != NULL)
		free(pop(client));
}

bool
client_expect(struct client *client, uint64_t serial)
{
	struct answer *answer =
	    client->count < CLIENT_ANSWERS_MAX ? calloc(1, sizeof(*answer)) : NULL;

	if (answer == NULL)
		return false;
	answer->serial = serial;
	*client->last = answer;
	client->last = &answer->next;
	client->count++;
	return true;
}

static void
fill(struct answer *answer, const struct audit_done *done)
{
	answer->known = true;
	if (done->fault != NULL) {
		answer->type = WIRE_TYPE_AUDIT_REFUSED;
		answer->refused.fault = *done->fault;
		return;
	}
	answer->type = WIRE_TYPE_AUDIT_ACK;
	text_copy(answer->ack.event, sizeof(answer->ack.event), done->event);
	answer->ack.index = done->index;
	answer->ack.realtime_ms = done->realtime_ms;
}

bool
client_answer(struct client *client, uint64_t serial, const struct audit_done *done)
{
	bool taken = true;

	for (struct answer *answer = client->first; answer != NULL; answer = answer->next)
		if (answer->serial == serial && !answer->known) {
			fill(answer, done);
			break;
		}
	while (taken && client->first != NULL && client->first->known) {
		struct answer *answer = pop(client);
		struct fault ignored;

		taken = peer_send_plain(client->peer, answer->type, answer->serial, &answer->ack,
			    &ignored) == ERR_OK;
		free(answer);
	}
	return taken;
}
