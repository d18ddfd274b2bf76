# What Praxa needs on Debian 12, once, for examples/run, tests/run and the packages.
# Sourced by bash: install_missing GROUP... installs what is not there; asks before it uses sudo.

build_packages=(
  gcc libc6-dev meson ninja-build pkg-config
  libcap-dev libcmocka-dev libevent-dev libfyaml-dev libjansson-dev libmsgpack-dev
  libseccomp-dev libsqlite3-dev libssl-dev liburing-dev
)
runtime_packages=(git python3 python3-msgpack)
test_packages=(
  clang clang-format libclang-rt-14-dev binutils coreutils openssh-client openssl procps
  python3-jsonschema python3-pynvim python3-pytest python3-yaml util-linux
)
# Where no npm is installed, by whatever means.
node_packages=(nodejs npm)
bench_packages=(bubblewrap crun)
# tests/vm: what makes and runs the virtual machine, and what is in it besides `runtime`.
emulation_packages=(e2fsprogs mmdebstrap qemu-system-x86)
vm_packages=(
  apparmor dbus linux-image-cloud-amd64 openssh-client procps python3-jsonschema python3-pytest
  python3-yaml systemd-sysv util-linux
  libcap2 libcmocka0 libevent-core-2.1-7 libfyaml0 libjansson4 libmsgpackc2 libseccomp2 libsqlite3-0
  libssl3 liburing2 openssl
)

# The suite arm64 of tests/vm: what compiles for it and emulates it, and what is unpacked for it.
emulation_arm64_packages=(cpio gcc-aarch64-linux-gnu mmdebstrap qemu-system-arm)
arm64_packages=(
  busybox-static libc6-dev libcap-dev libcmocka-dev libevent-dev libfyaml-dev libgcc-12-dev
  libjansson-dev libmsgpack-dev libseccomp-dev libsqlite3-dev libssl-dev liburing-dev
  linux-image-cloud-arm64 python3-minimal
)

missing_packages() {
  local group name list
  for group in "$@"; do
    list="${group}_packages[@]"
    for name in "${!list}"; do
      dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q '^install ok installed$' || echo "$name"
    done
  done
}

install_missing() {
  local missing answer sudo=()
  mapfile -t missing < <(missing_packages "$@")
  [ "${#missing[@]}" -eq 0 ] && return 0
  command -v apt-get >/dev/null || {
    echo "these Debian packages, or what your system calls them, are missing: ${missing[*]}" >&2
    return 1
  }
  echo "missing packages: ${missing[*]}" >&2
  if [ "$(id -u)" != 0 ]; then
    [ -t 0 ] || { echo "install them as root, or run this on a terminal" >&2; return 1; }
    read -r -p "install them with sudo apt-get? [y/N] " answer
    case "$answer" in [yY]*) sudo=(sudo) ;; *) return 1 ;; esac
  fi
  echo "installing them; this may take a minute" >&2
  local log
  log=$(mktemp)
  if "${sudo[@]}" apt-get -qq update >"$log" 2>&1 &&
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends "${missing[@]}" >>"$log" 2>&1; then
    rm -f -- "$log"
  else
    tail -n 30 "$log" >&2
    echo "apt-get failed; all it said is in $log" >&2
    return 1
  fi
}
