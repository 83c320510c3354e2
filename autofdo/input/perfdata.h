/* perfdata.h - what the files that read perf.data share. */
#ifndef BACKEDGE_INPUT_PERFDATA_H
#define BACKEDGE_INPUT_PERFDATA_H

#include "backedge/profile/perfdata.h"
#include "load.h"

/* Of an event, what decides how its samples are laid out. */
struct be_event {
  uint64_t sample_type, branch_type, read_format;
  uint64_t has_sample_id; /* other records end with the fields that identify a sample */
};

struct be_event_id {
  uint64_t id;
  uint32_t event; /* index */
};

struct be_perfdata {
  const char *path;    /* owned by the caller of be_perfdata_open */
  const uint8_t *data; /* the file */
  size_t size;
  const uint8_t *expanded; /* its records, decompressed; NULL: they are in the file */
  size_t expanded_size;
  uint64_t begin, end; /* where the records stand, in the file or in what was decompressed */
  uint64_t damaged_at; /* in the file, found when it was opened; 0: nowhere */
  struct be_event *events;
  size_t event_count;
  struct be_event_id *ids; /* sorted once all events are known */
  size_t id_count;
  bool are_mixed; /* events differ in layout: samples must be told apart by their id */
  bool is_sorted;
  uint64_t build_ids, build_ids_end; /* where the list of build-ids stands */
};

/* ---- perf_event.h and perf's own header.h, as far as it is used ------------------------------ */

enum be_sample_bit {
  BE_SAMPLE_IP = 1 << 0,
  BE_SAMPLE_TID = 1 << 1,
  BE_SAMPLE_TIME = 1 << 2,
  BE_SAMPLE_ADDR = 1 << 3,
  BE_SAMPLE_READ = 1 << 4,
  BE_SAMPLE_CALLCHAIN = 1 << 5,
  BE_SAMPLE_ID = 1 << 6,
  BE_SAMPLE_CPU = 1 << 7,
  BE_SAMPLE_PERIOD = 1 << 8,
  BE_SAMPLE_STREAM_ID = 1 << 9,
  BE_SAMPLE_RAW = 1 << 10,
  BE_SAMPLE_BRANCH_STACK = 1 << 11,
  BE_SAMPLE_IDENTIFIER = 1 << 16,
};

enum { /* of branch_type */
       BE_BRANCH_HW_INDEX = 1 << 17,
};

enum { BE_RECORD_HEADER = 8 }; /* u32 type, u16 misc, u16 size with the header */

enum be_record {
  BE_RECORD_MMAP = 1,
  BE_RECORD_LOST = 2,
  BE_RECORD_COMM = 3,
  BE_RECORD_FORK = 7,
  BE_RECORD_SAMPLE = 9,
  BE_RECORD_MMAP2 = 10,
  BE_RECORD_LOST_SAMPLES = 13,
  BE_RECORD_KERNEL_LAST = 21,
  BE_RECORD_ATTR = 64,
  BE_RECORD_TRACING_DATA = 66,
  BE_RECORD_BUILD_ID = 67,
  BE_RECORD_FINISHED_ROUND = 68,
  BE_RECORD_AUXTRACE_INFO = 70,
  BE_RECORD_AUXTRACE = 71,
  BE_RECORD_COMPRESSED = 81,
  BE_RECORD_COMPRESSED2 = 83,
  BE_RECORD_PERF_LAST = 83,
};

enum {                              /* of misc */
       BE_MISC_EXEC = 1 << 13,      /* of COMM */
       BE_MISC_FORK_EXEC = 1 << 13, /* of FORK: not by a fork, the child has other mappings */
       BE_MISC_BUILD_ID = 1 << 14,  /* of MMAP2 */
       BE_MISC_ID_SIZE = 1 << 15,   /* of BUILD_ID */
};

struct be_record_view {
  const uint8_t *at;
  uint32_t type;
  uint16_t misc;
  size_t size;   /* of the record itself */
  uint64_t step; /* to the next one: some are followed by data of their own */
};

/* The record at an offset; false when what stands there cannot be one. */
bool be_record_get(const struct be_perfdata *recording, uint64_t offset, uint64_t end,
                   struct be_record_view *record);

/* ---- expand.c ---------------------------------------------------------------------------------
 */

/* Decompresses the records, when they are compressed. */
int be_perfdata_expand(struct be_perfdata *recording, struct be_error *error);

/* A file without a name, that goes when it is closed; its descriptor, or a negative errno. */
int be_spool_open(struct be_error *error);
int be_spool_write(int fd, const void *bytes, size_t size, struct be_error *error);

/* Puts a spooled file's records in the place of the recording's. Lists of the old file (its events,
 * its build-ids) are read before. */
int be_perfdata_replace(struct be_perfdata *recording, int fd, uint64_t size,
                        struct be_error *error);

/* ---- script.c ---------------------------------------------------------------------------------
 */

/* When the file is what `perf script` printed, makes records of it. */
int be_script_expand(struct be_perfdata *recording, bool *is_text, struct be_error *error);

/* Opens the file at recording->path, and maps it. */
int be_perfdata_map(struct be_perfdata *recording, struct be_error *error);

/* ---- trace.c ----------------------------------------------------------------------------------
 */

/* Has a processor's trace decoded, when the recording is one; its head was read. */
int be_trace_decode(struct be_perfdata *recording, struct be_error *error);

/* ---- header.c -------------------------------------------------------------------------------- */

/* Does it begin as perf's files do, whatever the byte order? */
bool be_perfdata_has_magic(const struct be_perfdata *recording);

/* Reads the head of the file: where the records stand, the events, the list of build-ids. */
int be_perfdata_read_header(struct be_perfdata *recording, struct be_error *error);

/* Adds the event that a record of type BE_RECORD_ATTR describes. */
int be_perfdata_add_event_record(struct be_perfdata *recording, const uint8_t *record, size_t size,
                                 struct be_error *error);

/* The event a sample is of; NULL when its id is none of the recording's. */
const struct be_event *be_perfdata_event_of(struct be_perfdata *recording, const uint8_t *body,
                                            size_t size);

/* ---- sample.c -------------------------------------------------------------------------------- */

/* Reads a sample's fields up to the branch stack from the bytes after the record's header. False
 * when they are too short for what the event promises. */
bool be_sample_read(const struct be_event *event, const uint8_t *body, size_t size,
                    struct be_sample *sample);

/* The time at the end of a record that is no sample; 0 when there is none. */
uint64_t be_record_time(const struct be_event *event, const uint8_t *record, size_t size);

#endif
