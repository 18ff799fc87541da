#!/usr/bin/env bash
# usage: check_docs.sh ROOT. Checks that the targets of relative links in the documents exist, that the
# files exist that they name, by their paths or in tables with a column "file in `FOLDER`", and that every
# line of C++ in the README and in the section "Tests" of docs/embedding.md is in its example.
set -euo pipefail
cd "$1"
problems=0
problem() { echo "$*"; problems=$((problems + 1)); }

for document in *.md docs/*.md docs/*/*.md; do
    while read -r link; do
        [[ -e $(dirname "$document")/${link%%#*} ]] || problem "$document: there is no $link"
    done < <(grep -oE '\]\([^):]+\)' "$document" | sed -E 's/^\]\(|\)$//g')
done

while IFS=: read -r document folder name; do
    compgen -G "$folder/$name.?pp" >/dev/null || problem "$document: there is no $folder/$name"
done < <(awk -F '`' '
    /^\| file in `/ { folder = $2; next }
    !/^\|/ { folder = "" }
    folder && /^\| `/ {
        split($0, cells, "|")
        count = split(cells[2], names, "`")
        for (i = 2; i <= count; i += 2) print FILENAME ":" folder ":" names[i]
    }' docs/*.md)

while IFS=: read -r document path; do
    [[ -e $path ]] || compgen -G "$path.?pp" >/dev/null || problem "$document: there is no $path"
done < <(grep -oE '`(adapters|bench|include|lib|tests)/[A-Za-z0-9_./-]+`' docs/*.md | tr -d '`' | sort -u)

# expect_in PROGRAM DOCUMENT: the C++ of the part of a document on standard input.
expect_in() {
    local program snippet
    program=$(sed -E 's/^ +//' "examples/$1/main.cpp")
    snippet=$(sed -n '/^```cpp$/,/^```$/p' | grep -v '^```' | sed -E 's/^ +//')
    [[ $snippet ]] || problem "$2: no C++ found"
    while read -r line; do
        [[ -z $line ]] || grep -qxF -e "$line" <<<"$program" || problem "$2: not in examples/$1: $line"
    done <<<"$snippet"
}
expect_in quickstart README.md <README.md
expect_in retry_test docs/embedding.md < <(awk '/^## / { is_tests = /^## Tests$/ } is_tests' docs/embedding.md)

((problems == 0))
