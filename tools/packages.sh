# Debian packages, for tools/quickstart, tools/check and tools/bench, which source this file.

BUILD_PACKAGES="gcc libc6-dev meson ninja-build pkg-config python3 libelf-dev libdw-dev
    zlib1g-dev liblzma-dev libiberty-dev libprotobuf-c-dev protobuf-c-compiler libyajl-dev
    libzstd-dev libinih-dev"
# What the static libdw.a needs besides, for a build with -Dprefer_static=true.
STATIC_PACKAGES="libbz2-dev"
TEST_PACKAGES="libcriterion-dev scdoc clang-14 libclang-rt-14-dev clang-format-14 chromium
    libxml2-utils util-linux procps binutils file g++ llvm-14 dwz xz-utils"

# Runs a command until it succeeds, five times at most within some four minutes: a mirror answers
# with an error now and then, or is away for a moment, and lists that were fetched while it was
# being changed name files that are gone.  Not for what is tested.
patiently()
{
    local pause

    for pause in ${FIQ_PAUSES-10 30 60 120}; do
        "$@" && return 0
        echo "again in $pause s: $1" >&2
        sleep "$pause"
    done
    "$@"
}

# apt_install ROOT... -- PACKAGE...: with new lists, as the mirror keeps no old versions.
apt_install()
{
    local root=() failed log

    while [ "$1" != -- ]; do
        root+=("$1")
        shift
    done
    shift
    log=$(mktemp) || return 1
    "${root[@]}" apt-get update -qq -o Acquire::Retries=3 </dev/null >"$log" 2>&1 ||
        { tail -5 "$log"; echo "apt-get update failed; going on with old lists"; } >&2
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
        -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120 --no-install-recommends "$@" \
        </dev/null >"$log" 2>&1
    failed=$?
    [ $failed = 0 ] || tail -20 "$log" >&2
    rm -f "$log"
    return $failed
}

# Installs what is missing of the packages; says nothing and costs a few milliseconds when all
# are there.
need_packages()
{
    local missing=() package root=()

    for package in "$@"; do
        dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
            missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" != 0 ]; then
        root=(sudo)
        command -v sudo >/dev/null || {
            echo "missing: ${missing[*]}; as root: apt-get install ${missing[*]}" >&2
            return 1
        }
    fi
    echo "installing ${missing[*]}"
    patiently apt_install "${root[@]}" -- "${missing[@]}"
}
