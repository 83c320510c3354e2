#!/bin/sh
# libperf.sh - builds libperf.a and libapi.a from a tarball of Linux: libperf.sh TARBALL FOLDER
#
# Only the folders that libperf is made of are unpacked; half a minute of one processor goes into
# decompressing what is in front of them.
set -eu
tarball=$1 folder=$2
name=$(basename "$tarball" .tar.xz)
rm -rf "$folder"
mkdir -p "$folder/out"
xz -dc -T0 "$tarball" |
  tar -x -C "$folder" --strip-components=1 -f - \
    "$name/tools/arch/x86/include" "$name/tools/build" "$name/tools/include" "$name/tools/lib" \
    "$name/tools/scripts"
env -u MAKEFLAGS -u CFLAGS make -s -C "$folder/tools/lib/perf" O="$folder/out/" V=0 \
  EXTRA_CFLAGS="-O2 -Wno-error" >"$folder/log" 2>&1 || {
  cat "$folder/log" >&2
  exit 1
}
