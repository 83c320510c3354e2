/* compress.c - compresses a recording of the tests as `perf record -z` does.
 *
 * usage: profile-compress IN OUT TYPE
 *
 * TYPE 81 is how perf writes compressed records, 83 how perf 6.15 and newer do. Pieces are cut
 * anywhere, in the midst of records too.
 */
#include "perfwrite.h"
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

enum { HEAD = 104, HEAD_DATA = 40, HEAD_FEATURES = 72, PIECE = 5003, ROOM = 16384 };

static void write_piece(FILE *out, unsigned type, const void *bytes, size_t size) {
  static const char zeros[8];
  size_t padding = type == 83 ? -size & 7 : 0, head = type == 83 ? 16 : 8;
  uint16_t fields[4] = {(uint16_t)type, 0, 0, (uint16_t)(head + size + padding)};
  uint64_t size64 = size;
  fwrite(fields, sizeof fields, 1, out);
  if (type == 83)
    fwrite(&size64, sizeof size64, 1, out);
  fwrite(bytes, size, 1, out);
  fwrite(zeros, 1, padding, out);
}

static void compress(FILE *out, unsigned type, const char *bytes, size_t size) {
  static char room[ROOM];
  ZSTD_CStream *stream = ZSTD_createCStream();
  for (size_t at = 0; at < size; at += PIECE) {
    ZSTD_inBuffer piece = {bytes + at, size - at < PIECE ? size - at : PIECE, 0};
    ZSTD_outBuffer made = {room, ROOM, 0};
    if (ZSTD_compressStream2(stream, &made, &piece, ZSTD_e_flush) != 0)
      die("a piece does not fit");
    write_piece(out, type, room, made.pos);
  }
  ZSTD_freeCStream(stream);
}

int main(int argc, char **argv) {
  FILE *in = argc == 4 ? fopen(argv[1], "rb") : NULL, *out = in ? fopen(argv[2], "wb") : NULL;
  uint64_t head[HEAD / 8];
  if (!out || fseek(in, 0, SEEK_END))
    die("usage: %s IN OUT TYPE", argv[0]);
  size_t size = (size_t)ftell(in);
  char *bytes = malloc(size);
  rewind(in);
  if (!bytes || size < HEAD || fread(bytes, size, 1, in) != 1)
    die("cannot read '%s'", argv[1]);
  memcpy(head, bytes, HEAD);
  uint64_t begin = head[HEAD_DATA / 8], count = head[HEAD_DATA / 8 + 1];
  fwrite(bytes, begin, 1, out);
  compress(out, (unsigned)atoi(argv[3]), bytes + begin, count);
  head[HEAD_DATA / 8 + 1] = (uint64_t)ftell(out) - begin;
  head[HEAD_FEATURES / 8] = 0; /* the lists behind the records are left out */
  rewind(out);
  fwrite(head, HEAD, 1, out);
  if (fclose(out))
    die("cannot write '%s'", argv[2]);
  fclose(in);
  free(bytes);
  return 0;
}
