/* sequences.h - restartable sequences (rseq) that a file has. */
#ifndef BACKEDGE_RUNTIME_AGENT_SEQUENCES_H
#define BACKEDGE_RUNTIME_AGENT_SEQUENCES_H

#include <stdbool.h>
#include <stdint.h>

/* Where the descriptions of restartable sequences (struct rseq_cs) are in memory. */
struct be_sequences {
  uint64_t start, end;
};

/* Looks for the section __rseq_cs in a file of which offset is mapped at address. Returns false
   when there is none. */
bool be_sequences_find(const char *path, uint64_t address, uint64_t offset,
                       struct be_sequences *found);

#endif
