/* wire_role.h - who speaks on a channel. A mask, because some messages have two possible senders.
 */
#ifndef COMMON_WIRE_ROLE_H
#define COMMON_WIRE_ROLE_H

enum wire_role {
	WIRE_CLI = 1,
	WIRE_SUPERVISOR = 2,
	WIRE_BROKER = 4,
	WIRE_AUDITD = 8,
};

#endif
