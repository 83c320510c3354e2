/* stats.c - one JSON line per translation unit. */
#include "internal.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

uint64_t be_now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void write_string(FILE *out, const char *text) {
  fputc('"', out);
  for (; *text; text++) {
    if (*text == '"' || *text == '\\')
      fputc('\\', out);
    if ((unsigned char)*text < 0x20)
      fprintf(out, "\\u%04x", *text);
    else
      fputc(*text, out);
  }
  fputc('"', out);
}

static void write_line(FILE *out, const struct be_session *s) {
  const struct be_stats *stats = &s->stats;
  fputs("{\"unit\":", out);
  write_string(out, s->host.unit);
  fputs(",\"compiler\":", out);
  write_string(out, s->host.compiler);
  fprintf(out, ",\"functions\":%u,\"lifted\":%u,\"changed\":%u", stats->functions, stats->lifted,
          stats->changed);
  fputs(",\"declined\":{", out);
  const char *comma = "";
  for (int reason = 1; reason < BE_REASON_COUNT; reason++)
    if (stats->declined[reason]) {
      fprintf(out, "%s\"%s\":%u", comma, be_reason_name((enum be_reason)reason),
              stats->declined[reason]);
      comma = ",";
    }
  fprintf(out, "},\"statements\":%u,\"modelled\":%u,\"us\":{\"lift\":%llu", stats->statements,
          stats->modelled, (unsigned long long)stats->lift_us);
  for (unsigned i = 0; i < s->options.pass_count; i++)
    fprintf(out, ",\"%s\":%llu", s->options.passes[i]->name, (unsigned long long)stats->pass_us[i]);
  fprintf(out, ",\"lower\":%llu}}\n", (unsigned long long)stats->lower_us);
}

void be_stats_write(struct be_session *session) {
  if (!session->options.stats)
    return;
  char *line = NULL;
  size_t size = 0;
  FILE *text = open_memstream(&line, &size);
  FILE *out = fopen(session->options.stats, "ae");
  if (!text || !out) {
    be_session_warn(session, "cannot append to '%s': %s", session->options.stats, strerror(errno));
    if (text)
      fclose(text);
  } else {
    write_line(text, session);
    fclose(text);
    fwrite(line, 1, size, out); /* one write: parallel compiles may share the file */
  }
  if (out)
    fclose(out);
  free(line);
}
