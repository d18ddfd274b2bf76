/* praxa-auditd: the only writer of the log. */
#include "audit/confine.h"
#include "audit/daemon.h"
#include "common/log.h"

int
main(int argc, char *argv[])
{
	struct auditd_options options;
	struct listen_fds listen;
	struct fault fault;
	enum err r;

	log_init("praxa-auditd", LOG_LEVEL_INFO);
	r = auditd_options_parse(argc, argv, &options, &fault);
	if (r == ERR_OK && options.help) {
		auditd_options_usage();
		return 0;
	}
	if (r == ERR_OK)
		r = audit_confine(&fault);
	if (r == ERR_OK && listen_take(&listen) < 0)
		r = fault_set(&fault, ERR_PROTOCOL, "LISTEN_FDS does not name open sockets");
	if (r != ERR_OK) {
		log_fault(LOG_LEVEL_ERROR, "cannot start", &fault);
		return err_info(r)->exit_code;
	}
	return auditd_run(&options, &listen);
}
