/* command.h - starts the command that is recorded, passes signals on, and waits for its end. */
#ifndef BACKEDGE_RECORD_COMMAND_H
#define BACKEDGE_RECORD_COMMAND_H

#include "backedge/profile/error.h"
#include <stdbool.h>
#include <sys/types.h>

struct be_command {
  pid_t pid;  /* 0: there is none */
  int go;     /* a byte written here lets it run; -1 */
  int failed; /* here comes the errno of an exec that failed; -1 */
  bool has_ended;
  int status;         /* as of waitpid */
  double cpu_seconds; /* of it and the children it waited for */
  int interrupts;     /* signals that were to end us */
  bool is_stopped;    /* we ended it, as the processes that were watched had ended */
};

/* The file that a command's name stands for, as execvp looks for it. 0, or a negative errno:
 * -ENOENT there is none, -EACCES it may not be run. */
int be_command_find(const char *name, char *path, size_t size);

/* Takes over the signals that would end this process. */
void be_signals_take(void);
void be_signals_give_back(void);

/* Makes a process that waits. variables (names and values in turn, ends with NULL; NULL: none) are
 * set in its environment. Its output goes to stderr where stdout is taken. */
int be_command_fork(struct be_command *command, char *const *argv, const char *const *variables,
                    bool is_stdout_taken, struct be_error *error);

/* Lets it run. The errno of exec, when it fails. */
int be_command_run(struct be_command *command, const char *name, struct be_error *error);

/* Passes signals on that came since; looks whether the command has ended. True when the recording
 * is to end. */
bool be_command_poll(struct be_command *command);

/* What was watched has ended: waits for the command's end, and sees to it unless the command was
 * what was watched. */
void be_command_end(struct be_command *command, bool is_target);

/* Ends a process that was not let run. */
void be_command_abandon(struct be_command *command);

#endif
