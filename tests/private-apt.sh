# Sourced by tests/get-kernel and tests/build-kernel: packages of another suite, without this machine seeing it.
# Expects $work, an empty directory.

log=$work/log

# use_suite SUITE: its lists, from the mirror that this machine's Debian comes from.
use_suite() {
  local codename mirror
  codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
  mirror=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' 2>>"$log" |
    awk -v release="$codename" '$1 == release { print $2; exit }')
  if [ -z "$mirror" ]; then
    echo "no mirror of Debian $codename among this machine's package sources" >>"$log"
    return 1
  fi
  mkdir -p "$work"/{lists/partial,cache/archives/partial}
  printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nArchitectures: amd64\nSigned-By: %s\n' \
    "$mirror" "$1" /usr/share/keyrings/debian-archive-keyring.gpg >"$work/private.sources"
  private apt-get update >>"$log" 2>&1
}

# private TOOL ARGUMENT...: apt-get or apt-cache with lists and settings of its own.
private() {
  local tool=$1; shift
  "$tool" -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::Etc::SourceList="$work/private.sources" -o Dir::Etc::PreferencesParts=/dev/null -o APT::Sandbox::User=root "$@"
}

# download PACKAGE...: into the current directory.
download() { private apt-get download "$@" >>"$log" 2>&1; }

has_package() { private apt-cache show "$1" >/dev/null 2>&1; }
