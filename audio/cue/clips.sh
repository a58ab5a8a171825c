#!/usr/bin/env bash
# Speak words.txt into clips/: `make clips`, by hand when a word changes, and commit what comes out. Needs Debian's
# espeak-ng and sox; the same versions of them make the same clips. Another folder than clips/ may be given. What
# espeak-ng speaks is nobody's but its user's: its licence is that of the program, not of the sound.
#
# 16 kHz, 16 bit, mono, without dither, so that a clip always comes out the same. Silence is cut off at both ends, where it
# fades over a few milliseconds. The level is what telephony calls nominal for active speech, -26 dBFS (ITU-T P.56), so
# that a cue is as loud as a caller.
set -euo pipefail
cd "$(dirname "$0")"
export LC_ALL=C # decimal points, and one order of the files
level=-26

to=${1:-clips}
for program in espeak-ng sox; do
  command -v $program >/dev/null || { echo "clips: $program is missing: apt install espeak-ng sox" >&2; exit 1; }
done
mkdir -p "$to"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# speak NAME TEXT. A full stop lets the voice fall, a comma keeps it up, as it is in the middle of a sentence.
speak() {
  local raw=$scratch/raw.wav cut=$scratch/cut.wav rms gain
  espeak-ng -v en-gb -s 175 -w "$raw" -- "$2"
  sox -D "$raw" -b 32 "$cut" rate -h 16k highpass 90 silence 1 0.005 -50d fade t 0.003 \
    reverse silence 1 0.005 -50d fade t 0.006 reverse
  rms=$(sox "$cut" -n stats 2>&1 | sed -n 's/^RMS lev dB *//p')
  gain=$(awk -v l=$level -v r="$rms" 'BEGIN { printf "%.2f", l - r }')
  sox -D "$cut" -b 16 "$to/$1.wav" gain "$gain"
}

[ $# -gt 0 ] || rm -f clips/*.wav # of words that are no more
sed -e '/^#/d' -e '/^$/d' words.txt | while IFS=$'\t' read -r name text; do speak "$name" "$text"; done

# which programs spoke, from what, and what came out: a test tells by this whether clips/ is what these files make
{
  espeak-ng --version | sed 's/ *Data at:.*//'
  sox --version | sed 's/^[^:]*: *//'
  cat clips.sh words.txt | sha256sum
  (cd "$to" && sha256sum *.wav)
} >"$to/MADE"
