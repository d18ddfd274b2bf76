/* options.h - praxa-broker's command line. */
#ifndef BROKER_OPTIONS_H
#define BROKER_OPTIONS_H

#include "broker/broker.h"

/* Fills config from argv; strings are borrowed. *ret_help: the usage was asked for and printed.
 * ERR_PROTOCOL says what is wrong. */
MUST_USE enum err broker_options_parse(int argc, char *const argv[], struct broker_config *config,
    bool *ret_help, struct fault *fault);

#endif
