/* walk.c - writes a recording of a binary that never ran: a random walk over its code.
 *
 * usage: profile-walk BINARY OUT MEGABYTES [FUNCTIONS] [SEED]
 *
 * Walks begin in so many functions, drawn at random. Each conditional jump has its own odds.
 */
#include "backedge/profile/binary.h"
#include "binary/decode.h"
#include "perfwrite.h"
#include <stdlib.h>
#include <string.h>

enum { DEPTH = 32, PLAIN_MAX = 400, CALLS_MAX = 200, PID = 4242 };

struct step { /* what stands at a place; filled in when the walk comes there */
  uint32_t target;
  uint8_t length, kind;
};

static struct be_binary *binary;
static struct step *steps; /* one for each byte */
static uint64_t state;

static uint64_t draw(void) {
  state ^= state << 13;
  state ^= state >> 7;
  return state ^= state << 17;
}

static uint32_t scramble(uint64_t value) {
  value = (value ^ value >> 33) * 0xff51afd7ed558ccdull;
  return (uint32_t)(value >> 32);
}

static const struct step *step_at(uint32_t place) {
  struct step *step = &steps[place];
  struct be_inst inst;
  size_t size = 0;
  if (step->length)
    return step;
  const uint8_t *code = be_binary_bytes(binary, place, &size);
  uint64_t address = binary->base + place;
  if (!code || !be_decode(code, size, address, &inst))
    return NULL;
  bool is_inside = inst.target && be_binary_function_at(binary, inst.target - binary->base);
  *step = (struct step){is_inside ? (uint32_t)(inst.target - binary->base) : BE_PLACE_NONE,
                        inst.length, inst.kind};
  return step;
}

struct walk {
  const uint32_t *starts;
  size_t start_count;
  uint32_t calls[CALLS_MAX]; /* where they come back to */
  unsigned call_count;
  uint32_t at;
  struct taken ring[DEPTH];
  uint64_t ring_count;
  unsigned plain, wait; /* steps without a branch; branches until the next sample */
};

static void restart(struct walk *walk) {
  walk->call_count = 0;
  walk->ring_count = 0;
  walk->plain = 0;
  walk->wait = DEPTH;
  walk->at = walk->starts[draw() % walk->start_count];
}

static uint32_t call(struct walk *walk, uint32_t target, uint32_t back) {
  if (walk->call_count == CALLS_MAX || target == BE_PLACE_NONE)
    return BE_PLACE_NONE;
  walk->calls[walk->call_count++] = back;
  return target;
}

/* Where the walk goes by a branch; BE_PLACE_NONE when it goes on to the next instruction. */
static uint32_t branch(struct walk *walk, const struct step *step, uint32_t next) {
  uint32_t odds = scramble(walk->at) % 100;
  switch (step->kind) {
  case BE_INST_JUMP_IF: /* most are taken nearly never or nearly always */
    odds = odds < 40 ? 3 : odds < 60 ? 97 : odds;
    return draw() % 100 < odds ? step->target : BE_PLACE_NONE;
  case BE_INST_JUMP:
    return step->target;
  case BE_INST_CALL:
    return scramble(walk->at) % 4 ? call(walk, step->target, next) : BE_PLACE_NONE;
  case BE_INST_CALL_INDIRECT:
    return call(walk, walk->starts[(scramble(walk->at) + draw() % 3) % walk->start_count], next);
  case BE_INST_RETURN:
    return walk->call_count ? walk->calls[--walk->call_count] : BE_PLACE_NONE;
  default:
    return BE_PLACE_NONE;
  }
}

static bool goes_on(const struct step *step) {
  return step->kind == BE_INST_PLAIN || step->kind == BE_INST_JUMP_IF ||
         step->kind == BE_INST_CALL || step->kind == BE_INST_CALL_INDIRECT;
}

static void sample(struct walk *walk, struct recording *recording, uint64_t base) {
  struct taken stack[DEPTH];
  for (unsigned i = 0; i < DEPTH; i++)
    stack[i] = walk->ring[(walk->ring_count - 1 - i) % DEPTH];
  recording_sample(recording, PID, base + walk->at, stack, DEPTH);
  if (recording->samples % 4096 == 0)
    recording_round(recording);
  walk->wait = 20 + draw() % 40;
}

static void go(struct walk *walk, struct recording *recording, uint64_t base) {
  const struct step *step = step_at(walk->at);
  uint32_t next = walk->at + (step ? step->length : 0);
  uint32_t target = step ? branch(walk, step, next) : BE_PLACE_NONE;
  if (!step || ++walk->plain > PLAIN_MAX || (target == BE_PLACE_NONE && !goes_on(step)) ||
      draw() % 30000 == 0) {
    restart(walk);
    return;
  }
  if (target == BE_PLACE_NONE) {
    walk->at = next;
    return;
  }
  walk->ring[walk->ring_count++ % DEPTH] = (struct taken){
      base + walk->at, base + target, draw() % 20 ? TAKEN_PREDICTED : TAKEN_MISPREDICTED};
  walk->at = target;
  walk->plain = 0;
  if (--walk->wait == 0)
    sample(walk, recording, base);
}

static void describe(struct recording *recording, const char *path, uint64_t base) {
  const char *name = strrchr(path, '/') + 1;
  recording_comm(recording, PID, name, 1);
  for (size_t i = 0; i < binary->segment_count; i++) {
    const struct be_segment *segment = &binary->segments[i];
    uint64_t into = segment->address % 4096;
    recording_mmap(recording, PID, base + segment->address - binary->base - into,
                   (segment->size + into + 4095) / 4096 * 4096, segment->offset - into, path);
  }
}

int main(int argc, char **argv) {
  struct be_error error;
  struct recording recording;
  static struct walk walk;
  if (argc < 4)
    die("usage: %s BINARY OUT MEGABYTES [FUNCTIONS] [SEED]", argv[0]);
  char *path = realpath(argv[1], NULL);
  if (!path || be_binary_open(path, &binary, &error))
    die("%s", path ? error.text : "there is no such binary");
  state = (argc > 5 ? strtoull(argv[5], NULL, 0) : 1) * 0x9e3779b97f4a7c15ull | 1;
  walk.start_count = argc > 4 ? strtoul(argv[4], NULL, 0) : 2000;
  uint32_t *starts = calloc(walk.start_count, sizeof *starts);
  const struct be_function *last = &binary->functions[binary->function_count - 1];
  steps = calloc((size_t)last->place + last->extent + 1, sizeof *steps);
  if (!starts || !steps)
    die("out of memory");
  for (size_t i = 0; i < walk.start_count; i++)
    starts[i] = binary->functions[draw() % binary->function_count].place;
  walk.starts = starts;
  uint64_t base = binary->base ? binary->base : 0x555555554000; /* a PIE stands elsewhere */
  recording_open(&recording, argv[2]);
  describe(&recording, path, base);
  restart(&walk);
  uint64_t size = (uint64_t)(strtod(argv[3], NULL) * 1e6) / (40 + DEPTH * sizeof(struct taken));
  while (recording.samples < size)
    go(&walk, &recording, base);
  recording_close(&recording, path, binary->build_id.size == 20 ? binary->build_id.bytes : NULL);
  be_binary_close(binary);
  free(starts);
  free(steps);
  free(path);
  return 0;
}
