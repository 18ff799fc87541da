#!/usr/bin/env bash
# Checks that no source has more than 400 lines: one that grows longer has a second subject.
# usage: check_lines.sh ROOT. Prints each longer one; exits 1 if there is one.
set -euo pipefail
cd "$1"
max=400

sources() {
    local folders=()
    for folder in include lib adapters examples bench tests; do
        [[ -d $folder ]] && folders+=("$folder")
    done
    find "${folders[@]}" \( -name node_modules -o -name vendor \) -prune -o \
        -type f -regex '.*\.\(hpp\|cpp\|js\|css\|py\|sh\)' -print0
}

files=0 problems=0
while IFS=: read -r file lines; do
    files=$((files + 1))
    ((lines <= max)) && continue
    echo "$file: $lines lines, of at most $max: move one of its subjects to a file of its own"
    problems=$((problems + 1))
done < <(sources | xargs -0 -r grep -cH '' | sort)

((files > 0)) || { echo "no sources found in $PWD"; exit 1; }
((problems == 0))
