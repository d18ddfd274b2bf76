/* praxa-broker - the one door of one workspace's Skills. */
#include <signal.h>

#include "broker/broker.h"
#include "broker/confine.h"
#include "broker/options.h"
#include "common/listen.h"
#include "common/log.h"

static void
on_signal(int number, short what, void *broker)
{
	(void)number;
	(void)what;
	broker_stop(broker);
}

/* The loop until a signal ends it. */
static enum err
serve(const struct broker_config *config, struct fault *fault)
{
	struct event_base *base = event_base_new();
	struct event *term = NULL, *interrupt = NULL;
	struct broker *broker = NULL;
	enum err r;

	if (base == NULL)
		return fault_set(fault, ERR_INTERNAL, "no event loop");
	r = broker_new(base, &clock_system, config, &broker, fault);
	if (r == ERR_OK) {
		term = evsignal_new(base, SIGTERM, on_signal, broker);
		interrupt = evsignal_new(base, SIGINT, on_signal, broker);
		if (term == NULL || interrupt == NULL || event_add(term, NULL) < 0 ||
		    event_add(interrupt, NULL) < 0)
			r = fault_set(fault, ERR_INTERNAL, "out of memory");
	}
	if (r == ERR_OK && event_base_dispatch(base) < 0)
		r = fault_set(fault, ERR_INTERNAL, "the event loop failed");
	if (broker != NULL && broker->unrecorded > 0)
		log_line(LOG_LEVEL_WARNING, "%llu events could not be recorded",
		    (unsigned long long)broker->unrecorded);
	broker_free(&broker);
	if (term != NULL)
		event_free(term);
	if (interrupt != NULL)
		event_free(interrupt);
	event_base_free(base);
	return r;
}

int
main(int argc, char **argv)
{
	struct broker_config config;
	struct listen_fds fds = {0};
	struct fault fault = {0};
	bool help = false;
	enum err r;

	log_init("praxa-broker", LOG_LEVEL_INFO);
	signal(SIGPIPE, SIG_IGN);
	r = broker_options_parse(argc, argv, &config, &help, &fault);
	if (r == ERR_OK && help)
		return 0;
	if (r == ERR_OK && (listen_take(&fds) < 0 || listen_find(&fds, "supervisor") < 0))
		r = fault_set(
		    &fault, ERR_PROTOCOL, "no socket named \"supervisor\" came by LISTEN_FDS");
	if (r == ERR_OK)
		r = broker_confine(&fault);
	if (r == ERR_OK) {
		config.listen_fd = listen_find(&fds, "supervisor");
		r = serve(&config, &fault);
	}
	if (r == ERR_OK)
		return 0;
	log_fault(LOG_LEVEL_ERROR, "cannot serve", &fault);
	return err_info(r)->exit_code;
}
