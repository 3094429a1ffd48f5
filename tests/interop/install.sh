#!/usr/bin/env bash
# Installs the peers that the suite talks to: npm packages by exact version into .interop/, which git ignores, and Debian's
# packages that are missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

case "$(uname -m)" in
  aarch64 | arm64) bun=@oven/bun-linux-aarch64 ;;
  *) bun=@oven/bun-linux-x64 ;;
esac
readonly packages=(
  ws@8.23.0 undici@7.30.2 faye-websocket@0.11.4 permessage-deflate@0.1.7 playwright-core@1.65.1 axe-core@4.14.1 "$bun@1.4.4"
)

mkdir -p .interop
if [[ "$(cat .interop/installed 2>/dev/null)" != "${packages[*]}" ]]; then
  echo '{ "private": true }' >.interop/package.json
  npm install --prefix .interop --no-audit --no-fund --ignore-scripts --loglevel=error "${packages[@]}"
  echo "${packages[*]}" >.interop/installed
fi

.ci/debian nginx-light:nginx python3-websockets chromium:chromium,chromium-browser,google-chrome
