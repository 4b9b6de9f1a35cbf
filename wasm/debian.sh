# Fetching pinned Debian packages without touching the machine's own apt set-up: apt with a state folder of its own, every file
# checked against inputs.txt. Needs BUILD. The mirrors are those the machine already uses, or DEBIAN_MIRROR and
# DEBIAN_SECURITY_MIRROR (a dated snapshot works too, once the archive has moved on).

WASM_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

die() { echo "toolchain: $*" >&2; exit 1; }
say() { echo "toolchain: $*"; }

mirror() { apt-get indextargets --format '$(REPO_URI)' | grep -E "/$1/?\$" | head -n 1; }

debian_apt() {
  "$1" -o Dir::State="$BUILD/apt/state" -o Dir::Cache="$BUILD/apt/cache" -o Dir::Etc::sourcelist="$BUILD/apt/sources.list" \
    -o Dir::Etc::sourceparts=- -o Dir::State::status=/var/lib/dpkg/status -o APT::Sandbox::User=root "${@:2}"
}

debian_setup() {
  local main security key=/usr/share/keyrings/debian-archive-keyring.gpg suite
  main=${DEBIAN_MIRROR:-$(mirror debian)}; security=${DEBIAN_SECURITY_MIRROR:-$(mirror debian-security)}
  [ -n "$main" ] && [ -n "$security" ] || die "no Debian mirror found; set DEBIAN_MIRROR and DEBIAN_SECURITY_MIRROR"
  mkdir -p "$BUILD"/apt/state/lists/partial "$BUILD"/apt/cache/archives/partial "$BUILD"/packages
  {
    for suite in bookworm trixie sid; do
      echo "deb [signed-by=$key] $main $suite main"
      echo "deb-src [signed-by=$key] $main $suite main"
    done
    echo "deb [signed-by=$key] $security bookworm-security main"
    echo "deb-src [signed-by=$key] $security bookworm-security main"
  } > "$BUILD/apt/sources.list"
  debian_apt apt-get update -qq
}

matches() { [ -f "$1" ] && [ "$(sha256sum < "$1" | cut -d' ' -f1)" = "$2" ]; }

# debian_package NAME VERSION SHA256: the .deb in $BUILD/packages/NAME.deb
debian_package() {
  local file=$BUILD/packages/$1.deb
  if ! matches "$file" "$3"; then
    say "fetching $1 $2"
    mkdir -p "$BUILD/packages/new"
    (cd "$BUILD/packages/new" && debian_apt apt-get download -qq "$1=$2") || die "$1 $2 is not to be had from this mirror"
    mv "$BUILD"/packages/new/"$1"_*.deb "$file"
    matches "$file" "$3" || die "$1 $2: the file is not the one pinned in inputs.txt"
  fi
}

# debian_source NAME UPSTREAM SHA256: the upstream tarball in $BUILD/packages/NAME.orig.tar.xz. Any suite that has it will do,
# because the checksum decides.
debian_source() {
  local file=$BUILD/packages/$1.orig.tar.xz version
  if ! matches "$file" "$3"; then
    mkdir -p "$BUILD/packages/new"
    for version in $(debian_apt apt-cache showsrc "$1" | sed -n 's/^Version: //p' | sort -u); do
      say "fetching the source of $1 $version"
      (cd "$BUILD/packages/new" && debian_apt apt-get source -qq --download-only "$1=$version") || true
      if matches "$BUILD/packages/new/${1}_$2.orig.tar.xz" "$3"; then
        mv "$BUILD/packages/new/${1}_$2.orig.tar.xz" "$file"
        return
      fi
    done
    die "the source of $1 $2 pinned in inputs.txt is not to be had from this mirror"
  fi
}

# inputs KIND: the rows of inputs.txt of that kind, without the kind
inputs() { sed -n "s/^$1 //p" "$WASM_DIR/inputs.txt"; }
