#!/usr/bin/env bash
# Makes public/toolchain/clang.wasm.br and the header pack from Debian's packages, in one go:
#
#   npm run toolchain            (or: wasm/build.sh [BUILD-FOLDER])
#
# Runs on Debian 12 (a container will do) as root or with sudo, needs Node 20, 6 GB of disk, 2 GB of memory for each job and
# about 75 minutes on two cores. Interrupted, it goes on where it stopped: every step leaves a stamp, and ninja keeps its own.
# The build folder is .cache/toolchain or TOOLCHAIN_BUILD; JOBS is the number of compile jobs.
set -euo pipefail

PROJECT=$(cd "$(dirname "$0")/.." && pwd)
export BUILD=${1:-${TOOLCHAIN_BUILD:-$PROJECT/.cache/toolchain}}
mkdir -p "$BUILD"
BUILD=$(cd "$BUILD" && pwd)
export SYSROOT=$BUILD/sysroot
# Time stamps, locale and an enclosing git repository must not reach the binary.
export SOURCE_DATE_EPOCH=0 LC_ALL=C GIT_CEILING_DIRECTORIES=$BUILD:$(dirname "$BUILD")
JOBS=${JOBS:-$(nproc)}
. "$PROJECT/wasm/debian.sh"

step() { # step NAME: runs the function NAME unless its stamp is there
  if [ -f "$BUILD/stamps/$1" ]; then return; fi
  say "$1"
  "$1"
  mkdir -p "$BUILD/stamps"
  touch "$BUILD/stamps/$1"
}

fetch_packages() {
  debian_setup
  local suite name version sum
  while read -r suite name version sum; do debian_package "$name" "$version" "$sum"; done < <(inputs tool; inputs unpack)
  while read -r suite name version sum; do debian_source "$name" "$version" "$sum"; done < <(inputs source)
}

install_tools() {
  local suite name version sum wanted=() sudo=
  [ "$(id -u)" = 0 ] || sudo=sudo
  while read -r suite name version sum; do
    [ "$(dpkg-query -W -f '${Version}' "$name" 2>/dev/null || true)" = "$version" ] || wanted+=("$BUILD/packages/$name.deb")
  done < <(inputs tool)
  $sudo apt-get install -y -qq -o DPkg::Lock::Timeout=600 --no-install-recommends --allow-downgrades cmake ninja-build xz-utils patch "${wanted[@]}"
}

unpack_sysroot() {
  rm -rf "$SYSROOT" "$BUILD/unpacked/wasi-libc"
  mkdir -p "$SYSROOT/include" "$SYSROOT/lib" "$BUILD/unpacked"
  dpkg-deb -x "$BUILD/packages/wasi-libc.deb" "$BUILD/unpacked/wasi-libc"
  cp -rL "$BUILD/unpacked/wasi-libc/usr/include/wasm32-wasi" "$SYSROOT/include/wasm32-wasip1"
  cp -rL "$BUILD/unpacked/wasi-libc/usr/lib/wasm32-wasi" "$SYSROOT/lib/wasm32-wasip1"
}

unpack_source() {
  local top=llvm-toolchain-22_22.1.8 part parts=()
  for part in llvm clang cmake third-party libcxx libcxxabi runtimes libc; do parts+=("$top/$part"); done
  rm -rf "$BUILD/src"
  mkdir -p "$BUILD/src"
  tar -xf "$BUILD/packages/llvm-toolchain-22.orig.tar.xz" -C "$BUILD/src" --strip-components=1 \
    --exclude="$top/*/test" --exclude="$top/*/unittests" "${parts[@]}"
  local file
  for file in "$PROJECT"/wasm/patches/*.patch; do patch -d "$BUILD/src" -p1 < "$file"; done
}

# libc++ with threads on wasi-libc's pthread stubs: LLVM's headers need std::mutex, which Debian's own build for wasm32 lacks.
configure_libcxx() {
  cmake -G Ninja -S "$BUILD/src/runtimes" -B "$BUILD/libcxx" \
    -DCMAKE_MODULE_PATH="$PROJECT/wasm/cmake" -DCMAKE_TOOLCHAIN_FILE="$PROJECT/wasm/toolchain.cmake" -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_C_COMPILER_WORKS=ON -DCMAKE_CXX_COMPILER_WORKS=ON "-DLLVM_ENABLE_RUNTIMES=libcxx;libcxxabi" -DCMAKE_INSTALL_PREFIX="$SYSROOT" \
    -DLIBCXX_ENABLE_THREADS=ON -DLIBCXX_HAS_PTHREAD_API=ON -DLIBCXX_HAS_MUSL_LIBC=ON -DLIBCXX_ENABLE_EXCEPTIONS=OFF \
    -DLIBCXX_ENABLE_SHARED=OFF -DLIBCXX_ENABLE_FILESYSTEM=OFF -DLIBCXX_ENABLE_ABI_LINKER_SCRIPT=OFF -DLIBCXX_CXX_ABI=libcxxabi \
    -DLIBCXX_INCLUDE_BENCHMARKS=OFF -DLIBCXX_INCLUDE_TESTS=OFF -DLIBCXX_ENABLE_STATIC_ABI_LIBRARY=OFF \
    -DLIBCXXABI_ENABLE_EXCEPTIONS=OFF -DLIBCXXABI_ENABLE_SHARED=OFF -DLIBCXXABI_ENABLE_THREADS=ON -DLIBCXXABI_HAS_PTHREAD_API=ON \
    -DLIBCXXABI_USE_LLVM_UNWINDER=OFF -DLIBCXXABI_INCLUDE_TESTS=OFF -DLIBCXXABI_SILENT_TERMINATE=ON \
    -DLIBCXX_LIBDIR_SUFFIX=/wasm32-wasip1 -DLIBCXXABI_LIBDIR_SUFFIX=/wasm32-wasip1 \
    -DLIBCXX_INSTALL_INCLUDE_DIR=include/wasm32-wasip1/c++/v1 -DLIBCXXABI_INSTALL_INCLUDE_DIR=include/wasm32-wasip1/c++/v1 \
    -DLIBCXX_INSTALL_INCLUDE_TARGET_DIR=include/wasm32-wasip1/c++/v1
}

build_libcxx() { ninja -C "$BUILD/libcxx" -j "$JOBS" install > "$BUILD/libcxx.log" || { tail -n 40 "$BUILD/libcxx.log"; die "libc++ does not build"; }; }

configure_clang() {
  clang-22 --target=wasm32-wasip1 --sysroot="$SYSROOT" -O2 -c "$PROJECT/wasm/compat/stubs.c" -o "$BUILD/stubs.o"
  cmake -G Ninja -S "$BUILD/src/llvm" -B "$BUILD/clang" \
    -DCMAKE_MODULE_PATH="$PROJECT/wasm/cmake" -DCMAKE_TOOLCHAIN_FILE="$PROJECT/wasm/toolchain.cmake" -DCMAKE_BUILD_TYPE=MinSizeRel \
    -DLLVM_TARGETS_TO_BUILD=BPF -DLLVM_DEFAULT_TARGET_TRIPLE=bpfel-unknown-none -DLLVM_HOST_TRIPLE=wasm32-wasip1 -DLLVM_ENABLE_PROJECTS=clang \
    -DLLVM_NATIVE_TOOL_DIR=/usr/lib/llvm-22/bin -DLLVM_TABLEGEN=/usr/lib/llvm-22/bin/llvm-tblgen -DCLANG_TABLEGEN=/usr/lib/llvm-22/bin/clang-tblgen \
    -DLLVM_ENABLE_THREADS=OFF -DLLVM_ENABLE_PIC=OFF -DLLVM_ENABLE_ZLIB=OFF -DLLVM_ENABLE_ZSTD=OFF -DLLVM_ENABLE_LIBXML2=OFF \
    -DLLVM_ENABLE_LIBEDIT=OFF -DLLVM_ENABLE_LIBPFM=OFF -DLLVM_ENABLE_BACKTRACES=OFF -DLLVM_ENABLE_CRASH_OVERRIDES=OFF \
    -DLLVM_ENABLE_PLUGINS=OFF -DLLVM_ENABLE_BINDINGS=OFF -DLLVM_ENABLE_ASSERTIONS=OFF -DLLVM_ENABLE_UNWIND_TABLES=OFF \
    -DLLVM_ENABLE_HTTPLIB=OFF -DLLVM_ENABLE_CURL=OFF -DLLVM_ENABLE_WARNINGS=OFF -DLLVM_APPEND_VC_REV=OFF -DLLVM_ENABLE_ONDISK_CAS=OFF \
    -DLLVM_INCLUDE_TESTS=OFF -DLLVM_INCLUDE_BENCHMARKS=OFF -DLLVM_INCLUDE_EXAMPLES=OFF -DLLVM_INCLUDE_DOCS=OFF -DLLVM_INCLUDE_UTILS=OFF \
    -DLLVM_BUILD_UTILS=OFF -DLLVM_BUILD_TOOLS=OFF -DLLVM_BUILD_STATIC=ON \
    -DCLANG_ENABLE_STATIC_ANALYZER=OFF -DCLANG_ENABLE_OBJC_REWRITER=OFF -DCLANG_BUILD_EXAMPLES=OFF -DCLANG_INCLUDE_TESTS=OFF \
    -DCLANG_INCLUDE_DOCS=OFF -DCLANG_PLUGIN_SUPPORT=OFF -DCLANG_SPAWN_CC1=OFF \
    -DHAVE_CXX_ATOMICS_WITHOUT_LIB=ON -DHAVE_CXX_ATOMICS64_WITHOUT_LIB=ON \
    "-DCMAKE_EXE_LINKER_FLAGS=$BUILD/stubs.o -lwasi-emulated-mman -lwasi-emulated-getpid -lwasi-emulated-signal -lwasi-emulated-process-clocks -lwasi-emulated-pthread -Wl,-z,stack-size=8388608 -Wl,--stack-first -Wl,--max-memory=4294967296 -Wl,--strip-all"
}

build_clang() { ninja -C "$BUILD/clang" -j "$JOBS" clang; }

unpack_headers() {
  local name
  for name in libbpf-dev linux-libc-dev; do
    rm -rf "$BUILD/unpacked/$name"
    mkdir -p "$BUILD/unpacked"
    dpkg-deb -x "$BUILD/packages/$name.deb" "$BUILD/unpacked/$name"
  done
}

step fetch_packages
step install_tools
step unpack_sysroot
step unpack_source
step configure_libcxx
step build_libcxx
step configure_clang
step build_clang
step unpack_headers
say "packing"
(cd "$PROJECT" && { [ -d node_modules ] || npm ci; } && node --import tsx wasm/pack.ts "$BUILD")
say "done; compare with wasm/checksums.txt (npm run toolchain:verify)"
