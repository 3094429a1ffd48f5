#!/usr/bin/env bash
# Installs the peers that the suite talks to: npm packages by exact version into .interop/, which git ignores, and from
# the system's packages what is not there yet.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

case "$(uname -m)" in
  aarch64 | arm64) bun=@oven/bun-linux-aarch64 ;;
  *) bun=@oven/bun-linux-x64 ;;
esac
readonly packages=(
  ws@8.23.0 undici@7.30.2 faye-websocket@0.11.4 permessage-deflate@0.1.7 playwright-core@1.65.1 "$bun@1.4.4"
)

mkdir -p .interop
if [[ "$(cat .interop/installed 2>/dev/null)" != "${packages[*]}" ]]; then
  echo '{ "private": true }' >.interop/package.json
  npm install --prefix .interop --no-audit --no-fund --ignore-scripts --loglevel=error "${packages[@]}"
  echo "${packages[*]}" >.interop/installed
fi

any() {
  local name
  for name in "$@"; do type -P "$name" >/dev/null && return; done
  return 1
}

missing=()
any chromium chromium-browser google-chrome || missing+=(chromium)
any nginx /usr/sbin/nginx || missing+=(nginx-light)
/usr/bin/python3 -c 'import websockets' 2>/dev/null || missing+=(python3-websockets)
((${#missing[@]} == 0)) && exit 0

any apt-get || { echo "Install these first, there is no apt-get here: ${missing[*]}" >&2; exit 1; }
sudo=()
((EUID == 0)) || sudo=(sudo --non-interactive)
export DEBIAN_FRONTEND=noninteractive
"${sudo[@]}" apt-get -qq -o Acquire::Retries=3 update
"${sudo[@]}" apt-get -qq -o Acquire::Retries=3 install --yes --no-install-recommends "${missing[@]}" >/dev/null
