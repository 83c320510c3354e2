/* cpu.h - the border to a processor's architecture: running a burst out of line.
 *
 * One folder for each architecture defines these (runtime/x86). Everything may be called in a
 * signal handler; none of it calls libc, and none of it uses a register that is not general.
 */
#ifndef BACKEDGE_RUNTIME_AGENT_CPU_H
#define BACKEDGE_RUNTIME_AGENT_CPU_H

#include "ring.h"
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which code may be run elsewhere; agent/map.c. */
struct be_map;

/* Sets the bounds of the code around address that may run as a copy. Returns BE_END_FULL, or why
   there is none. */
enum be_burst_end be_map_find(struct be_map *map, uint64_t address, uint64_t *start, uint64_t *end);

/* Of an address in a restartable sequence: where the kernel would go on that interrupts it. What
   ran as a copy up to there has not been under the kernel's watch. */
uint64_t be_map_abort(const struct be_map *map, uint64_t address);

/* Copies of code, and what it takes to run them. One thread at a time. */
struct be_cache;

struct be_burst {
  uint64_t ip; /* in: where it starts; out: where it ended */
  struct be_branch *branches;
  uint32_t limit; /* room for branches, at least 1 */
  uint32_t count;
  uint32_t end; /* enum be_burst_end */
};

/* Asks what it needs to know; libc may be called. Returns false when it cannot be done here. */
bool be_cpu_start(void);

/* Bytes for a copy of a signal frame; 64 aligns it. */
size_t be_cpu_frame_size(void);

/* Copies the frame of a signal, with all registers of the interrupted code, out of the way of that
   code's stack. Returns BE_END_FULL, or BE_END_STATE when it is one that cannot be restored. */
enum be_burst_end be_cpu_take_frame(void *frame, const ucontext_t *from);

/* Where the interrupted code is. */
uint64_t be_cpu_frame_ip(const void *frame);

/* The signals that were blocked in the interrupted code. */
uint64_t *be_cpu_frame_blocked(void *frame);

/* The system call that comes next in the interrupted code. */
struct be_call {
  long number;
  uint64_t arguments[6];
};

/* Returns false when none does. */
bool be_cpu_frame_call(const void *frame, struct be_call *call);

/* Makes as if it had been made. */
void be_cpu_frame_called(void *frame, long result);

/* Whether the processor traps behind the next instruction. at: a frame, or what a handler got. */
void be_cpu_step(void *at, bool on);

/* Goes on with function on another stack, which ends at top; it never returns. */
_Noreturn void be_cpu_on_stack(void *top, void (*function)(void *), void *argument);

/* Ends the handler: goes back to what the frame holds. Then *busy becomes 0, just before. */
_Noreturn void be_cpu_return(void *frame, uint32_t *busy);

/* Returns NULL when there is no memory. */
struct be_cache *be_cache_create(void);
void be_cache_destroy(struct be_cache *cache);

/* Forgets all copies. */
void be_cache_flush(struct be_cache *cache);

/* How many blocks were copied, and how often all were forgotten, since the last call. */
void be_cache_count(struct be_cache *cache, uint64_t *blocks, uint64_t *flushes);

/* Runs copies of the frame's code until the burst is full or cannot go on, and leaves the frame as
   the original code would have left the registers. */
void be_cpu_run(struct be_cache *cache, struct be_map *map, void *frame, struct be_burst *burst);

/* Whether an address is in a copy, or in what goes around copies. */
bool be_cache_holds(const struct be_cache *cache, const ucontext_t *at);

/* A copy did what raises a signal: makes *at go on with the end of the burst, before that
   instruction. Returns false when it was none of the copies. */
bool be_cpu_fault(struct be_cache *cache, ucontext_t *at);

/* The same for memory that the agent tried to read. */
bool be_cpu_fault_in_fetch(ucontext_t *at);

/* Copies as much of size bytes as can be read. Returns how much. */
size_t be_cpu_fetch(void *to, const void *from, size_t size);

/* How many instructions stand from start to before end, in straight code that was run. */
uint32_t be_cpu_count(uint64_t start, uint64_t end);

/* Whether the instruction at from is a branch that, when it led to `to`, was taken. */
bool be_cpu_is_taken(uint64_t from, uint64_t to);

/* The burst is to end soon. */
void be_cpu_hurry(struct be_cache *cache);

/* The stack pointer of an interrupted thread, and where it is. */
uint64_t be_cpu_stack(const ucontext_t *at);
uint64_t be_cpu_context_ip(const ucontext_t *at);

#endif
