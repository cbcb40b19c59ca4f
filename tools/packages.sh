# Debian packages, for tools/quickstart, tools/check and tools/bench, which source this file.

BUILD_PACKAGES="gcc libc6-dev meson ninja-build pkg-config python3 libelf-dev libdw-dev
    zlib1g-dev liblzma-dev libiberty-dev libprotobuf-c-dev protobuf-c-compiler libyajl-dev
    libzstd-dev libinih-dev"
# What the static libdw.a needs besides, for a build with -Dprefer_static=true.
STATIC_PACKAGES="libbz2-dev"
TEST_PACKAGES="libcriterion-dev scdoc clang-14 libclang-rt-14-dev clang-format-14 chromium
    libxml2-utils util-linux procps binutils file g++ llvm-14 dwz xz-utils"

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
    "${root[@]}" apt-get update -qq </dev/null || echo "apt-get update failed; going on with old lists" >&2
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
        --no-install-recommends "${missing[@]}" </dev/null >/tmp/fiq-apt.$$ 2>&1 || {
        tail -20 /tmp/fiq-apt.$$ >&2
        rm -f /tmp/fiq-apt.$$
        return 1
    }
    rm -f /tmp/fiq-apt.$$
}
