#!/usr/bin/env bash
# Checks that text uses the field's standard terms (CONTRIBUTING.md): no file may contain a word or
# phrase of the list below.
# usage: check_words.sh ROOT. Prints each line that contains one; exits 1 if there is one.
set -euo pipefail
export LC_ALL=C  # Ten times as fast, and the words are ASCII.
cd "$1"

# Whole words, in any case, as extended regular expressions => what to write instead. A space matches
# any white space within a line.
list='
anew => again
as [[:alnum:]_./-]+ has it => as … defines
at fault => wrong
(abandon_identity|begin_again) => force_reregister, reregister
be had => be obtained, is available
be it => including
be there => even if there are
becomes? of => happens to
became of => happened to
beside (the|a|an|it|its|that|this|those|these|one|others?|another|what|which|each|all|him|them) => next to, in addition to
bring_up_to_date => refresh
by turns => alternating
(came|comes) of => result of
(coded body|has_coded_body) => content encoding
(claim_deferred|declare_dead) => claim_reserved, mark_expired
dialled => connected to
for a person => human-readable
for ever => indefinitely
for want of => without, because there is no
GivenTime => TimeOverride
(go_on_taking_over|take_in_[a-z]+|tell_[a-z]+) => continue_takeover, apply_, notify_
(hold_old|hungry_?|hunger) => persist_overdue, starved
in hand => current
(in_hand_?|[a-z_]+_in_hand) => current
in the midst => in the middle
in vain => without success
kin => similar ones
lapse[sd]? => expire
lanes? => subscription queue
lest => so that … not
(least|most)_[a-z_]+ => min_, max_
look-ups? => lookup
mend(s|ed|ing)? => repair
(meaning_of|note_answer|is_quiet|is_sound) => response_class_of, adjust_limit, is_reusable, is_valid
nobody (but|else|is|can|may|has|could|waits|wants|knows|would) => no other worker, nothing
(of|by) ours => the library’s, local
(opens_at|next_timer|take_opened) => ready_at, next_wakeup, pop_ready
park(s|ed|ing|_after)? => change of custody, persist_after
pass(es|ed)? over => skip
pulses? => heartbeat
(plain_?answer|Workbench|RingPlace) => simple response, attempt context, list hook
refus(e|es|ing|als?) => reject, rejection, request error
send(s|ing)? again => resend
sent again => resent
(settle_doubt|settle_claim) => resolve_in_doubt_batch, resolve_in_doubt_claim
(set_fine|give_back) => mark_ok, release
shall => must, will
(shake_hands|connect_anew) => handshake, reconnect
(show_latest|show_waiting) => apply_latest_attempt, apply_next_retry
signs? of life => heartbeat
so many => this many
somebody => a caller, another process
(sweep[a-z_]*|swept) => what it does: drop, check, retention
there(by|in|of) => spell it out
told otherwise => by default
under way => in flight
(under_way_?|max_under_way) => in_flight
upkeep => maintenance
(want_look|wants_look_) => request_heartbeat
where(by|in|of) => spell it out
who(so)?ever => the caller, any worker
whomever => any caller
withdrawn => aborted
'

# Other texts: released migrations, copies, generated files, history, and this list.
is_checked() {
    case $1 in
        lib/storage/sql/migrations/* | tests/vendor/* | adapters/http/portal/vendor/* | tests/fuzz/corpus/* | LICENSE | *.svg) false ;;
        adapters/http/openapi.json | tests/e2e/package-lock.json | CHANGELOG.md) false ;;
        tests/check_words.sh | tests/check_words_test.sh) false ;;
    esac
}

# The files of a clone; without git, all except those of builds and packages.
files() {
    { [[ -e .git ]] && git ls-files -z 2>/dev/null; } ||
        find . \( -name .git -o -name node_modules -o -name 'build*' \) -prune -o -type f -printf '%P\0'
}

patterns=() instead=()
while read -r line; do
    [[ $line ]] || continue
    pattern=${line%% => *}
    patterns+=("${pattern// /[[:space:]]+}")
    instead+=("${line#* => }")
done <<<"$list"

checked=()
while IFS= read -r -d '' file; do
    [[ ! -f $file ]] || ! is_checked "$file" || checked+=("$file")
done < <(files)
((${#checked[@]})) || { echo "no files found in $PWD"; exit 1; }

found=0
while IFS=: read -r file line text; do
    for i in "${!patterns[@]}"; do
        word=$(grep -oiwE -m 1 -e "${patterns[i]}" <<<"$text" | head -n 1) || continue
        echo "$file:$line: write \"${instead[i]}\" for \"$word\":${text:0:100}"
        found=$((found + 1))
    done
done < <(printf '%s\0' "${checked[@]}" |
             xargs -0 grep -nHIiwE -e "$(IFS='|' && echo "${patterns[*]}")" || true)

((found == 0)) || { echo "$found words to replace"; exit 1; }
