#include "common/args.h"

#include <stdio.h>

#include "common/text.h"

enum { OPTIONS_MAX = 64 };

static const struct args_option *
find(const struct args_option *rows, const char *word, size_t length)
{
	for (const struct args_option *row = rows; row->name != NULL; row++) {
		if (word[1] != '-' && length == 2 && row->letter != 0 && row->letter == word[1])
			return row;
		if (word[1] == '-' && strlen(row->name) == length - 2 &&
		    strncmp(row->name, word + 2, length - 2) == 0)
			return row;
	}
	return NULL;
}

static enum err
unknown(const struct args_option *rows, const char *word, struct fault *fault)
{
	const char *names[OPTIONS_MAX + 1] = {NULL};
	const char *nearest;
	int count = 0;

	for (const struct args_option *row = rows; row->name != NULL && count < OPTIONS_MAX; row++)
		names[count++] = row->name;
	nearest = text_nearest(word + strspn(word, "-"), names);
	if (nearest != NULL)
		return fault_set(
		    fault, ERR_PROTOCOL, "unknown option %s; did you mean --%s?", word, nearest);
	return fault_set(fault, ERR_PROTOCOL, "unknown option %s; --help lists them", word);
}

enum err
args_parse(const struct args_option *rows, int argc, char *const argv[], void *context,
    int *ret_rest, struct fault *fault)
{
	int i = 1;

	for (; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
		size_t length = strcspn(argv[i], "=");
		const struct args_option *row;
		const char *value = argv[i][length] == '=' ? argv[i] + length + 1 : NULL;
		enum err r;

		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		row = find(rows, argv[i], length);
		if (row == NULL)
			return unknown(rows, argv[i], fault);
		if (row->argument == NULL && value != NULL)
			return fault_set(fault, ERR_PROTOCOL, "--%s takes no value", row->name);
		if (row->argument != NULL && value == NULL) {
			if (++i >= argc)
				return fault_set(
				    fault, ERR_PROTOCOL, "--%s needs %s", row->name, row->argument);
			value = argv[i];
		}
		r = row->handler(context, value != NULL ? value : "", fault);
		if (r != ERR_OK)
			return r;
	}
	*ret_rest = i;
	return ERR_OK;
}

void
args_usage(const struct args_option *rows)
{
	for (const struct args_option *row = rows; row->name != NULL; row++) {
		char left[64];

		snprintf(left, sizeof(left), "%s%c%s--%s%s%s", row->letter != 0 ? "-" : " ",
		    row->letter != 0 ? row->letter : ' ', row->letter != 0 ? ", " : "  ", row->name,
		    row->argument != NULL ? " " : "", row->argument != NULL ? row->argument : "");
		printf("  %-32s %s\n", left, row->help);
	}
}
