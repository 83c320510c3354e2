/* script_line.c - the fields of a line of `perf script`, whichever were asked for:
 *
 *     [COMM] [PID|TID|PID/TID] [CPU] [TIME:] [PERIOD] [EVENT:] IP [SYMBOL (FILE)] BRANCH...
 *     [COMM] [PID|TID|PID/TID] [CPU] [TIME:] PERF_RECORD_...
 *
 * A branch is 0xFROM[(FILE)]/0xTO[(FILE)]/M, P or -/... Names of commands and of functions may have
 * spaces in them.
 */
#include "script.h"
#include <string.h>

struct cursor {
  const char *at, *end;
};

static bool skip_text(struct cursor *cursor, const char *text) {
  size_t len = strlen(text);
  if ((size_t)(cursor->end - cursor->at) < len || memcmp(cursor->at, text, len) != 0)
    return false;
  cursor->at += len;
  return true;
}

static int digit_of(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return -1;
}

/* Reads digits; false when there are none, or more than fit. */
static bool read_number(struct cursor *cursor, unsigned base, uint64_t *value) {
  const char *begin = cursor->at;
  uint64_t limit = UINT64_MAX / base;
  for (*value = 0; cursor->at < cursor->end; cursor->at++) {
    int digit = digit_of(*cursor->at);
    if (digit < 0 || (unsigned)digit >= base)
      break;
    if (*value > limit || *value * base > UINT64_MAX - (unsigned)digit)
      return false;
    *value = *value * base + (unsigned)digit;
  }
  return cursor->at > begin;
}

static bool read_decimal(struct cursor *cursor, uint32_t *value) {
  uint64_t number;
  if (!read_number(cursor, 10, &number) || number > UINT32_MAX)
    return false;
  *value = (uint32_t)number;
  return true;
}

/* Hexadecimal, behind 0x. */
static bool read_address(struct cursor *cursor, uint64_t *value) {
  return skip_text(cursor, "0x") && read_number(cursor, 16, value);
}

static void skip_spaces(struct cursor *cursor) {
  while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t'))
    cursor->at++;
}

/* The next word; false at the end. */
static bool next_word(struct cursor *cursor, struct cursor *word) {
  skip_spaces(cursor);
  word->at = cursor->at;
  while (cursor->at < cursor->end && *cursor->at != ' ' && *cursor->at != '\t')
    cursor->at++;
  word->end = cursor->at;
  return word->at < word->end;
}

static bool is_empty(const struct cursor *cursor) { return cursor->at == cursor->end; }

/* ---- branches ---------------------------------------------------------------------------------
 */

/* No name is longer than a path may be: lest each of many that do not end be sought to the end. */
static void skip_file(struct cursor *cursor) {
  enum { LENGTH_MAX = 4200 };
  size_t left = (size_t)(cursor->end - cursor->at);
  if (!left || *cursor->at != '(')
    return;
  const char *end = memchr(cursor->at, ')', left < LENGTH_MAX ? left : LENGTH_MAX);
  cursor->at = end ? end + 1 : cursor->at;
}

static bool read_branch(struct cursor *cursor, uint64_t branch[3]) {
  if (!read_address(cursor, &branch[0]))
    return false;
  skip_file(cursor);
  if (!skip_text(cursor, "/") || !read_address(cursor, &branch[1]))
    return false;
  skip_file(cursor);
  if (!skip_text(cursor, "/") || is_empty(cursor))
    return false;
  branch[2] = *cursor->at == 'M' ? 1 : *cursor->at == 'P' ? 2 : 0;
  while (cursor->at < cursor->end && *cursor->at != ' ' && *cursor->at != '\t')
    cursor->at++;
  return true;
}

/* Where the first branch stands; the end when there is none. */
static const char *find_branches(const struct cursor *line) {
  uint64_t branch[3];
  struct cursor rest = *line, word;
  while (next_word(&rest, &word)) {
    struct cursor test = {word.at, line->end};
    if (*word.at == '0' && read_branch(&test, branch))
      return word.at;
  }
  return line->end;
}

static void read_branches(struct cursor rest, struct be_script_line *line) {
  for (skip_spaces(&rest); line->branch_count < BE_SCRIPT_BRANCHES_MAX && !is_empty(&rest) &&
                           read_branch(&rest, line->branches[line->branch_count]);
       skip_spaces(&rest))
    line->branch_count++;
}

/* A word main+0x12/other+0x0/P/...: two slashes and names that are no numbers. */
static bool is_stack_of_names(const struct cursor *line) {
  struct cursor rest = *line, word;
  uint64_t number;
  while (next_word(&rest, &word)) {
    const char *slash = memchr(word.at, '/', (size_t)(word.end - word.at));
    struct cursor to = {slash ? slash + 1 : word.end, word.end};
    const char *plus = slash ? memchr(word.at, '+', (size_t)(slash - word.at)) : NULL;
    struct cursor offset = {plus ? plus + 1 : word.end, word.end};
    const char *flags = is_empty(&to) ? NULL : memchr(to.at, '/', (size_t)(to.end - to.at));
    if (flags && flags + 2 < word.end && strchr("MP-", flags[1]) && flags[2] == '/' &&
        read_address(&offset, &number) && offset.at == slash)
      return true;
  }
  return false;
}

/* ---- what stands in front ---------------------------------------------------------------------
 */

/* PID/TID, or one number. */
static bool read_ids(struct cursor word, struct be_script_line *line) {
  uint32_t first, second;
  if (!read_decimal(&word, &first))
    return false;
  if (is_empty(&word)) {
    line->has_number = true;
    line->has_pid = false;
    line->tid = first;
    return true;
  }
  if (!skip_text(&word, "/") || !read_decimal(&word, &second) || !is_empty(&word))
    return false;
  line->has_number = line->has_pid = true;
  line->pid = first;
  line->tid = second;
  return true;
}

/* 123.456789: in seconds. */
static bool read_time(struct cursor word, uint64_t *time) {
  uint64_t seconds, fraction;
  if (!read_number(&word, 10, &seconds) || !skip_text(&word, "."))
    return false;
  size_t digits = (size_t)(word.end - word.at) - 1;
  if (digits > 9 || seconds > UINT64_MAX / 1000000000u - 1 || !read_number(&word, 10, &fraction) ||
      word.end - word.at != 1 || *word.at != ':')
    return false;
  for (; digits < 9; digits++)
    fraction *= 10;
  *time = seconds * 1000000000u + fraction;
  return true;
}

static bool is_cpu(const struct cursor *word) { return *word->at == '[' && word->end[-1] == ']'; }

static bool is_hexadecimal(struct cursor word, uint64_t *value) {
  return read_number(&word, 16, value) && is_empty(&word);
}

/* Reads up to the time: the ids are the last before it. Returns whether there is a time, and leaves
 * the cursor behind it. */
static bool read_until_time(struct cursor *rest, struct be_script_line *line) {
  struct cursor at = *rest, word;
  struct be_script_line found = {0};
  while (next_word(&at, &word)) {
    if (read_time(word, &line->time)) {
      line->has_time = true;
      line->has_number = found.has_number;
      line->has_pid = found.has_pid;
      line->pid = found.pid;
      line->tid = found.tid;
      *rest = at;
      return true;
    }
    if (!is_cpu(&word) && !read_ids(word, &found))
      found.has_number = found.has_pid = false;
  }
  return false;
}

/* Behind the time: [PERIOD] [EVENT:] IP. */
static void read_event_and_ip(struct cursor rest, struct be_script_line *line) {
  struct cursor word, first = {0};
  while (next_word(&rest, &word)) {
    if (!first.at)
      first = word;
    if (word.end[-1] == ':') { /* the event */
      line->has_ip = next_word(&rest, &word) && is_hexadecimal(word, &line->ip);
      return;
    }
  }
  line->has_ip = first.at && is_hexadecimal(first, &line->ip);
}

/* Without a time: [COMM] [ids] IP, or IP alone. */
static void read_ids_and_ip(struct cursor rest, struct be_script_line *line) {
  struct cursor word, before = {0};
  uint64_t ip;
  for (bool is_first = true; next_word(&rest, &word); is_first = false, before = word) {
    if (!is_hexadecimal(word, &ip))
      continue;
    struct cursor peek = rest, next;
    bool is_last = !next_word(&peek, &next);
    if (!is_first && read_ids(before, line)) {
      line->has_ip = true;
      line->ip = ip;
      return;
    }
    uint64_t other;
    if (is_first && (is_last || !is_hexadecimal(next, &other))) {
      line->has_ip = true;
      line->ip = ip;
      return;
    }
  }
}

/* ---- records ----------------------------------------------------------------------------------
 */

static bool read_pair(struct cursor *cursor, const char *between, uint32_t *first,
                      uint32_t *second) {
  return read_decimal(cursor, first) && skip_text(cursor, between) && read_decimal(cursor, second);
}

/* A build-id in the place of device and inode: hexadecimal digits up to the bracket. */
static void read_build_id(struct cursor cursor, struct be_script_line *line) {
  skip_spaces(&cursor);
  uint8_t count = 0;
  for (; count < sizeof line->id && cursor.end - cursor.at >= 2; count++, cursor.at += 2) {
    int high = digit_of(cursor.at[0]), low = digit_of(cursor.at[1]);
    if (high < 0 || low < 0)
      break;
    line->id[count] = (uint8_t)(high << 4 | low);
  }
  skip_text(&cursor, ">");
  if (count >= 8 && skip_text(&cursor, "]"))
    line->id_size = count;
}

/* PID/TID: [0xADDRESS(0xSIZE) @ OFFSET DEVICE INODE GENERATION]: r-xp PATH; of the kernel without
 * what stands behind OFFSET, which is 0x... or 0. */
static bool read_mapping(struct cursor cursor, struct be_script_line *line) {
  struct cursor word;
  if (!skip_text(&cursor, " ") || !read_pair(&cursor, "/", &line->pid, &line->tid) ||
      !skip_text(&cursor, ": [") || !read_address(&cursor, &line->address) ||
      !skip_text(&cursor, "(") || !read_address(&cursor, &line->size) ||
      !skip_text(&cursor, ") @ "))
    return false;
  if (!read_address(&cursor, &line->offset) && !read_number(&cursor, 16, &line->offset))
    return false;
  skip_text(&cursor, "<");
  read_build_id(cursor, line);
  const char *bracket = memchr(cursor.at, ']', (size_t)(cursor.end - cursor.at));
  if (!bracket)
    return false;
  cursor.at = bracket;
  if (!skip_text(&cursor, "]: ") || !next_word(&cursor, &word) || !skip_text(&cursor, " "))
    return false;
  line->path = cursor.at;
  line->path_size = (size_t)(cursor.end - cursor.at);
  return true;
}

/* NAME:PID/TID, from its end: there may be colons in the name. */
static bool read_comm(struct cursor cursor, struct be_script_line *line) {
  const char *colon = memrchr(cursor.at, ':', (size_t)(cursor.end - cursor.at));
  cursor.at = colon ? colon + 1 : cursor.end;
  return read_pair(&cursor, "/", &line->pid, &line->tid);
}

static bool read_fork(struct cursor cursor, struct be_script_line *line) {
  uint32_t parent_tid;
  return skip_text(&cursor, "(") && read_pair(&cursor, ":", &line->pid, &line->tid) &&
         skip_text(&cursor, "):(") && read_pair(&cursor, ":", &line->parent, &parent_tid);
}

static enum be_script_kind read_record(struct cursor cursor, struct be_script_line *line) {
  if (skip_text(&cursor, "MMAP2") || skip_text(&cursor, "MMAP"))
    return read_mapping(cursor, line) ? BE_SCRIPT_MAPPING : BE_SCRIPT_OTHER;
  if (skip_text(&cursor, "COMM exec"))
    return read_comm(cursor, line) ? BE_SCRIPT_EXEC : BE_SCRIPT_OTHER;
  if (skip_text(&cursor, "COMM"))
    return read_comm(cursor, line) ? BE_SCRIPT_THREAD : BE_SCRIPT_OTHER;
  if (skip_text(&cursor, "FORK"))
    return read_fork(cursor, line) ? BE_SCRIPT_FORK : BE_SCRIPT_OTHER;
  return BE_SCRIPT_OTHER;
}

void be_script_read(const char *text, const char *end, struct be_script_line *line) {
  static const char mark[] = "PERF_RECORD_";
  struct cursor cursor = {text, end};
  *line = (struct be_script_line){.branches = line->branches};
  const char *record = memmem(text, (size_t)(end - text), mark, sizeof mark - 1);
  if (record) {
    struct cursor head = {text, record};
    read_until_time(&head, line);
    line->kind = read_record((struct cursor){record + sizeof mark - 1, end}, line);
    line->has_pid = line->kind != BE_SCRIPT_OTHER;
    return;
  }
  if (text == end || *text == '#')
    return;
  const char *branches = find_branches(&cursor);
  read_branches((struct cursor){branches, end}, line);
  cursor.end = branches;
  if (read_until_time(&cursor, line))
    read_event_and_ip(cursor, line);
  else
    read_ids_and_ip(cursor, line);
  if (line->branch_count || line->has_ip || line->has_time)
    line->kind = BE_SCRIPT_SAMPLE;
  if (!line->branch_count && is_stack_of_names(&cursor))
    line->kind = BE_SCRIPT_SYMBOLS;
}
