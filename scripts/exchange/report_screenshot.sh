#!/usr/bin/env bash
# Pictures of a report's page in Chromium: on a wide screen, on a telephone, on a dark page.
#
#     cargo run --release --example report
#     scripts/exchange/report_screenshot.sh report/report.html folder
#
# It needs Chromium (Debian's package `chromium`), and no network: the page asks for none.
set -euo pipefail
page=$(realpath "$1") folder=${2:-.}
mkdir -p "$folder"

shot() { # name, window, further options
  chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size="$2" "${@:3}" \
    --screenshot="$folder/$1.png" "file://$page" 2>/dev/null
  echo "$folder/$1.png"
}

shot wide 1280,2000
shot telephone 500,3600
shot dark 1280,2000 --blink-settings=preferredColorScheme=0
