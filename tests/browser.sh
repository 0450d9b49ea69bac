#!/usr/bin/env bash
# Makes sure that a Chromium is there for the browser tests: the system's if there is one, Debian's package as root, Playwright's own otherwise.
set -euo pipefail
for name in chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
else
  .venv/bin/python -m playwright install chromium
fi
