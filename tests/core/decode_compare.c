/* decode_compare.c - compares the decoder with what objdump says.
 *
 *   objdump -d -w FILE | decode-compare [--time] [--limit INSTRUCTIONS]
 *
 * Reads a listing and decodes the bytes of each line: length, kind, target, memory operand, the
 * address of a RIP-relative operand and whether rsp is named must be what the line says. A line
 * that objdump calls (bad), or data, is only counted. Prints the first differences and a line of
 * totals; the exit status is 1 when there was a difference. --time adds what decoding took.
 */
#include "x86/decode.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SHOWN_MAX = 20, TEXT_MAX = 512, BYTES_MAX = 64, KEPT_MAX = 64 << 20 };

/* One line of the listing. */
struct line {
  uint64_t address;
  uint8_t bytes[BYTES_MAX];
  unsigned count;
  char text[TEXT_MAX]; /* without symbols and comments */
  uint64_t comment;    /* the address after '#', or 0 */
  uint64_t target;     /* the first number among the operands, or 0 */
  const char *mnemonic;
  size_t mnemonic_length;
};

static struct { uint64_t instructions, differences, bad, declined, prefixes; } total;

static uint8_t *kept;
static size_t kept_size;

/* ---- reading ------------------------------------------------------------------------------- */

static bool is_prefix_byte(uint8_t byte) {
  return byte >> 4 == 4 || memchr("\x66\x67\xf2\xf3\xf0\x2e\x36\x3e\x26\x64\x65", byte, 11);
}

static unsigned count_prefixes(const struct line *line) {
  unsigned count = 0;
  while (count < line->count && is_prefix_byte(line->bytes[count]))
    count++;
  return count;
}

/* Whether a word of the listing is a prefix, and not the mnemonic. */
static bool is_prefix_word(const char *word, size_t length) {
  static const char *const words[] = {
      "bnd",      "notrack", "lock",   "repz",   "repnz", "rep",   "xacquire",
      "xrelease", "data16",  "addr32", "cs",     "ds",    "es",    "ss",
      "fs",       "gs",      "{vex}",  "{evex}", "repe",  "repne", "{vex3}",
  };
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strlen(words[i]) == length && !memcmp(words[i], word, length))
      return true;
  return length >= 3 && !memcmp(word, "rex", 3) && (length == 3 || word[3] == '.');
}

static void find_mnemonic(struct line *line) {
  const char *word = line->text;
  size_t length = strcspn(word, " ,");
  while (is_prefix_word(word, length)) {
    word += length + strspn(word + length, " ");
    length = strcspn(word, " ,");
  }
  line->mnemonic = word;
  line->mnemonic_length = length;
  word += strcspn(word, " ");
  line->target = strtoull(word + strspn(word, " $"), NULL, 16);
}

static void take_text(struct line *line, const char *text) {
  const char *comment = strstr(text, "# ");
  size_t length = strcspn(text, "#<\n");
  if (length >= TEXT_MAX)
    length = TEXT_MAX - 1;
  memcpy(line->text, text, length);
  line->text[length] = 0;
  line->comment = comment ? strtoull(comment + 2, NULL, 16) : 0;
  find_mnemonic(line);
}

/* Reads one line; returns false when it is none of an instruction. */
static bool parse(const char *in, struct line *line) {
  char *end;
  uint64_t address = strtoull(in, &end, 16);
  if (end == in || end[0] != ':' || end[1] != '\t')
    return false;
  line->address = address;
  line->count = 0;
  in = end + 2;
  for (; isxdigit(in[0]) && isxdigit(in[1]) && in[2] == ' ' && line->count < BYTES_MAX; in += 3)
    line->bytes[line->count++] = (uint8_t)strtoul(in, NULL, 16);
  in += strspn(in, " ");
  if (*in != '\t') { /* data, which objdump knows by its symbol */
    total.bad++;
    return false;
  }
  take_text(line, in + 1);
  return true;
}

/* ---- what the line says -------------------------------------------------------------------- */

/* The branches with a condition, by its encoding. */
static const char *const jumps[16] = {"jo", "jno", "jb", "jae", "je", "jne", "jbe", "ja",
                                      "js", "jns", "jp", "jnp", "jl", "jge", "jle", "jg"};
static const char *const counts[4] = {"loopne", "loope", "loop", "jrcxz"};

static bool starts(const struct line *line, const char *name, const char *suffixes) {
  size_t length = strlen(name);
  if (line->mnemonic_length < length || memcmp(line->mnemonic, name, length) != 0)
    return false;
  return line->mnemonic_length == length ||
         (line->mnemonic_length == length + 1 && strchr(suffixes, line->mnemonic[length]));
}

static unsigned kind_of_name(const struct line *line) {
  static const struct {
    const char *name, *suffixes;
    unsigned kind;
  } names[] = {
      {"ret", "wlq", BE_X86_RETURN},
      {"lret", "wlq", BE_X86_RETURN_FAR},
      {"iret", "wlq", BE_X86_RETURN_FAR},
      {"sysret", "lq", BE_X86_RETURN_FAR},
      {"sysexit", "lq", BE_X86_RETURN_FAR},
      {"uiret", "", BE_X86_RETURN_FAR},
      {"rsm", "", BE_X86_RETURN_FAR},
      {"syscall", "", BE_X86_SYSTEM},
      {"sysenter", "", BE_X86_SYSTEM},
      {"int", "", BE_X86_SYSTEM},
      {"enclu", "", BE_X86_SYSTEM},
      {"int3", "", BE_X86_TRAP},
      {"int1", "", BE_X86_TRAP},
      {"icebp", "", BE_X86_TRAP},
      {"hlt", "", BE_X86_TRAP},
      {"ud0", "wlq", BE_X86_TRAP},
      {"ud1", "wlq", BE_X86_TRAP},
      {"ud2", "", BE_X86_TRAP},
      {"xbegin", "wlq", BE_X86_XBEGIN},
      {"xabort", "", BE_X86_XABORT},
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (starts(line, names[i].name, names[i].suffixes))
      return names[i].kind;
  return BE_X86_PLAIN;
}

/* Returns the kind; the condition of a conditional jump goes to *condition. */
static unsigned kind_of_line(const struct line *line, unsigned *condition) {
  bool indirect = strchr(line->text, '*') != NULL;
  *condition = 0;
  if (starts(line, "ljmp", "wlq"))
    return BE_X86_JUMP_FAR;
  if (starts(line, "lcall", "wlq"))
    return BE_X86_CALL_FAR;
  if (starts(line, "jmp", "wlq"))
    return indirect ? BE_X86_JUMP_INDIRECT : BE_X86_JUMP;
  if (starts(line, "call", "wlq"))
    return indirect ? BE_X86_CALL_INDIRECT : BE_X86_CALL;
  for (*condition = 0; *condition < 4; ++*condition)
    if (starts(line, counts[*condition], "wlq") || (*condition == 3 && starts(line, "jecxz", "")))
      return BE_X86_JUMP_COUNT;
  for (*condition = 0; *condition < 16; ++*condition)
    if (starts(line, jumps[*condition], "w"))
      return BE_X86_JUMP_IF;
  *condition = 0;
  return kind_of_name(line);
}

static bool is_direct(unsigned kind) {
  return kind == BE_X86_JUMP || kind == BE_X86_JUMP_IF || kind == BE_X86_JUMP_COUNT ||
         kind == BE_X86_CALL || kind == BE_X86_XBEGIN;
}

static bool is_near(unsigned kind) {
  return (kind >= BE_X86_JUMP && kind <= BE_X86_RETURN) || kind == BE_X86_XBEGIN;
}

/* What is declined on purpose: a near branch with an operand-size prefix that no REX.W overrides,
   and VEX, EVEX or XOP after a prefix with which processors reject it and objdump does not. */
static bool is_disputed(const struct line *line) {
  const uint8_t *at = line->bytes, *end = line->bytes + line->count;
  bool narrow = false, rejected = false;
  unsigned condition;
  for (; at < end && is_prefix_byte(*at); at++) {
    narrow |= *at == 0x66;
    rejected |= *at >> 4 == 4 || memchr("\x66\xf2\xf3\xf0", *at, 4);
  }
  if (at == line->bytes || at == end)
    return false;
  if (rejected && (memchr("\x62\xc4\xc5", *at, 3) || (*at == 0x8f && end - at > 1 && at[1] & 0x18)))
    return true;
  return narrow && (at[-1] & 0xf8) != 0x48 && is_near(kind_of_line(line, &condition));
}

/* ---- operands ------------------------------------------------------------------------------ */

static const char *register_name(unsigned number, bool narrow, char *buffer, size_t size) {
  static const char *const names[8] = {"ax", "cx", "dx", "bx", "sp", "bp", "si", "di"};
  if (number == BE_X86_RIP)
    snprintf(buffer, size, "%%%s", narrow ? "eip" : "rip");
  else if (number < 8)
    snprintf(buffer, size, "%%%c%s", narrow ? 'e' : 'r', names[number]);
  else
    snprintf(buffer, size, "%%r%u%s", number, narrow ? "d" : "");
  return buffer;
}

/* Writes a memory operand as objdump does; that there is no index may be printed, as riz. */
static void print_operand(const struct be_x86_inst *inst, bool say_none, char *out, size_t size) {
  const char *segment = inst->memory_segment == BE_X86_FS   ? "%fs:"
                        : inst->memory_segment == BE_X86_GS ? "%gs:"
                                                            : "";
  bool narrow = inst->prefixes & BE_X86_PREFIX_ADDRESS;
  char base[8] = "", index[16] = "", distance[24] = "";
  char name[8];
  int64_t disp = inst->displacement;
  if (inst->memory_base != BE_X86_NONE)
    register_name(inst->memory_base, narrow, base, sizeof base);
  if (inst->memory_index != BE_X86_NONE)
    snprintf(index, sizeof index, ",%s,%u",
             register_name(inst->memory_index, narrow, name, sizeof name), inst->memory_scale);
  else if (say_none)
    snprintf(index, sizeof index, ",%%%ciz,%u", narrow ? 'e' : 'r', inst->memory_scale);
  if (!*base && !*index)
    snprintf(distance, sizeof distance, "0x%" PRIx64, narrow ? (uint32_t)disp : (uint64_t)disp);
  else if (inst->displacement_size && !(inst->flags & BE_X86_SCALED))
    snprintf(distance, sizeof distance, "%s0x%" PRIx64, disp < 0 ? "-" : "",
             disp < 0 ? -(uint64_t)disp : (uint64_t)disp);
  if (*base || *index)
    snprintf(out, size, "%s%s(%s%s)", segment, distance, base, index);
  else
    snprintf(out, size, "%s%s", segment, distance);
}

/* A vector register as an index is compared by number, as its width is not decoded. */
static bool vector_index_agrees(const struct be_x86_inst *inst, const char *text) {
  const char *index = strstr(text, ",%");
  for (; index; index = strstr(index + 1, ",%"))
    if (strchr("xyz", index[2]) && !strncmp(index + 3, "mm", 2) && index > strchr(text, '(') &&
        (unsigned)strtoul(index + 5, NULL, 10) == inst->memory_index)
      return true;
  return false;
}

/* The string operations name operands in memory that no byte of them encodes. */
static bool is_implicit(const struct be_x86_inst *inst) {
  return inst->map == 0 && memchr("\x6c\x6d\x6e\x6f\xa4\xa5\xa6\xa7\xaa\xab\xac\xad\xae\xaf\xd7"
                                  "\xec\xed\xee\xef",
                                  inst->opcode, 19);
}

static bool operand_agrees(const struct be_x86_inst *inst, const struct line *line) {
  const char *text = line->text;
  char operand[80];
  if (!(inst->flags & BE_X86_MEMORY))
    return is_implicit(inst) || (!strstr(text, "(%") && !strstr(text, "(,%"));
  if (inst->flags & BE_X86_VSIB)
    return vector_index_agrees(inst, text);
  if (!strncmp(line->mnemonic, "bnd", 3) && inst->prefixes & BE_X86_PREFIX_ADDRESS)
    return true; /* MPX, which ignores it */
  print_operand(inst, false, operand, sizeof operand);
  if (strstr(text, operand))
    return true;
  print_operand(inst, true, operand, sizeof operand);
  return inst->memory_index == BE_X86_NONE && strstr(text, operand);
}

/* objdump does not cut an eip-relative address to its 32 bits. */
static bool address_agrees(const struct be_x86_inst *inst, uint64_t address) {
  bool narrow = inst->prefixes & BE_X86_PREFIX_ADDRESS;
  return inst->memory_address == (narrow ? (uint32_t)address : address);
}

static bool says_rsp(const char *text) {
  return strstr(text, "%rsp") || strstr(text, "%esp") || strstr(text, "%sp");
}

/* ---- comparing ----------------------------------------------------------------------------- */

/* Returns what is wrong, or NULL. */
static const char *difference(const struct line *line, const struct be_x86_inst *inst) {
  unsigned condition, kind = kind_of_line(line, &condition);
  if (inst->length != line->count)
    return "length";
  if (inst->kind != kind)
    return "kind";
  if (inst->condition != condition)
    return "condition";
  if (is_direct(kind) && inst->target != line->target)
    return "target";
  if (kind == BE_X86_RETURN && inst->immediate != (int64_t)line->target)
    return "what ret pops";
  if (inst->flags & BE_X86_RELATIVE && !address_agrees(inst, line->comment))
    return "address of the RIP-relative operand";
  if (!operand_agrees(inst, line))
    return "memory operand";
  if (says_rsp(line->text) != !!(inst->flags & BE_X86_NAMES_RSP))
    return "whether rsp is named";
  return NULL;
}

static void keep(const struct line *line) {
  if (kept && kept_size + line->count <= KEPT_MAX) {
    memcpy(kept + kept_size, line->bytes, line->count);
    kept_size += line->count;
  }
}

static void show(const struct line *line, const char *what) {
  if (total.differences++ >= SHOWN_MAX)
    return;
  printf("%s: %" PRIx64 ":", what, line->address);
  for (unsigned i = 0; i < line->count; i++)
    printf(" %02x", line->bytes[i]);
  printf("  %s\n", line->text);
}

/* The bytes are given alone, and then without the last one: more must not be read. */
static void compare(const struct line *line) {
  struct be_x86_inst inst;
  const char *what;
  if (strstr(line->text, "(bad)") || strstr(line->text, "{bad}") ||
      !strncmp(line->text, ".byte", 5)) {
    total.bad++;
    return;
  }
  total.instructions++;
  if (!be_x86_decode(line->bytes, line->count, line->address, &inst)) {
    if (is_disputed(line))
      total.declined++;
    else
      show(line, "not decoded");
    return;
  }
  if ((what = difference(line, &inst)))
    show(line, what);
  else if (be_x86_decode(line->bytes, line->count - 1, line->address, &inst))
    show(line, "decoded without its last byte");
  else
    keep(line);
}

/* Lines of which a part alone is an instruction. Prefixes have one of their own where objdump would
   have to ignore them; fwait and the instruction after it share one, and fwait's prefixes, too. */
static void compare_line(struct line *line) {
  unsigned at = count_prefixes(line);
  bool alone = at == line->count;
  while (at + 1 < line->count && line->bytes[at] == 0x9b) {
    memmove(line->bytes, line->bytes + at + 1, line->count -= at + 1);
    line->address += at + 1;
    alone = at || count_prefixes(line) == line->count;
    at = 0;
  }
  if (alone)
    total.prefixes++;
  else
    compare(line);
}

static void print_time(void) {
  struct timespec start, end;
  struct be_x86_inst inst;
  uint64_t count = 0;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
  for (size_t at = 0; at < kept_size; count++) {
    int length = be_x86_decode(kept + at, kept_size - at, at, &inst);
    if (!length)
      break;
    at += (size_t)length;
  }
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
  printf("%.1f ns an instruction (%" PRIu64 " in %zu bytes)\n",
         ((double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec)) /
             (double)(count ? count : 1),
         count, kept_size);
}

static void read_listing(uint64_t limit) {
  static struct line line;
  char *text = NULL;
  size_t size = 0;
  while (total.instructions < limit && getline(&text, &size, stdin) > 0)
    if (parse(text, &line))
      compare_line(&line);
  free(text);
}

int main(int argc, char **argv) {
  uint64_t limit = UINT64_MAX;
  for (int i = 1; i < argc; i++)
    if (!strcmp(argv[i], "--time"))
      kept = malloc(KEPT_MAX);
    else if (!strcmp(argv[i], "--limit") && i + 1 < argc)
      limit = strtoull(argv[++i], NULL, 10);
    else
      return 2;
  read_listing(limit);
  if (kept)
    print_time();
  printf("%" PRIu64 " instructions, %" PRIu64 " differences, %" PRIu64 " bad, %" PRIu64
         " declined, %" PRIu64 " lone prefixes\n",
         total.instructions, total.differences, total.bad, total.declined, total.prefixes);
  free(kept);
  return total.differences != 0;
}
