package cue

// most is the highest number that is said; beyond it is "more than nine hundred".
const most = 999

// Number is n in words: 0 for what is less.
func Number(n int) Word {
	var w Word
	spell(w.clips[:0], n)
	return w
}

// Count is so many of a unit: one minute, two minutes.
func Count(n int, of Unit) Word {
	var w Word
	said := spell(w.clips[:0], n)
	if n == 1 {
		w.clips[len(said)] = of.one
	} else {
		w.clips[len(said)] = of.many
	}
	return w
}

// spell appends at most four clips.
func spell(to []clip, n int) []clip {
	switch {
	case n > most:
		return append(to, "more-than", ones[9], "hundred")
	case n >= 100 && n%100 == 0:
		return append(to, ones[n/100], "hundred")
	case n >= 100:
		return spell(append(to, ones[n/100], "hundred-and"), n%100)
	case n >= len(ones) && n%10 == 0:
		return append(to, tens[n/10])
	case n >= len(ones):
		return append(to, tens[n/10], ones[n%10])
	}
	return append(to, ones[max(n, 0)])
}

var ones = [...]clip{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18", "19"}

var tens = [...]clip{2: "20", 3: "30", 4: "40", 5: "50", 6: "60", 7: "70", 8: "80", 9: "90"}
