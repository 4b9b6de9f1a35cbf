#!/usr/bin/env bash
# Compares the toolchain in public/toolchain with wasm/checksums.txt, and with a build of one's own:
#
#   npm run toolchain:verify                      the files in the tree are the recorded ones
#   npm run toolchain:verify -- BUILD-FOLDER      and this build's clang.wasm is the same, byte for byte
set -euo pipefail
PROJECT=$(cd "$(dirname "$0")/.." && pwd)
status=0

check() { # check NAME SHA256 FILE
  local sum
  sum=$(sha256sum < "$3" | cut -d' ' -f1)
  if [ "$sum" = "$2" ]; then echo "same       $1"; else echo "DIFFERENT  $1: $sum, recorded $2"; status=1; fi
}

while read -r sum size name; do
  case $sum in '#'*|'') continue ;; esac
  file=$PROJECT/public/toolchain/$name
  if [ -f "$file" ]; then
    check "public/toolchain/$name" "$sum" "$file"
  else
    # An unpacked file is not in the tree: unpack the packed one.
    unpacked=$(mktemp)
    node -e 'const fs=require("node:fs");fs.writeFileSync(process.argv[2],require("node:zlib").brotliDecompressSync(fs.readFileSync(process.argv[1])))' "$file.br" "$unpacked"
    check "$name (unpacked)" "$sum" "$unpacked"
    rm -f "$unpacked"
    if [ $# -gt 0 ] && [ "$name" = clang.wasm ]; then check "$1/clang/bin/clang.wasm-22" "$sum" "$1/clang/bin/clang.wasm-22"; fi
  fi
done < "$PROJECT/wasm/checksums.txt"
exit $status
