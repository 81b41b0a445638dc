package match

// jaroWinkler is the similarity of two words from 0 to 1 (Winkler, 1990; prefix scale .1, at most
// four letters). Words are compared by their bytes, which are letters once they are in Latin.
func jaroWinkler(a, b string) float64 {
	if a == b {
		return 1
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) == 0 || len(b) > 64 {
		return 0
	}
	window := max(len(b)/2-1, 0)
	var matchedA, matchedB uint64
	matches := 0
	for i := 0; i < len(a); i++ {
		for j := max(0, i-window); j < min(len(b), i+window+1); j++ {
			if a[i] == b[j] && matchedB&(1<<j) == 0 {
				matchedA |= 1 << i
				matchedB |= 1 << j
				matches++
				break
			}
		}
	}
	if matches == 0 {
		return 0
	}
	turned, j := 0, 0
	for i := 0; i < len(a); i++ {
		if matchedA&(1<<i) == 0 {
			continue
		}
		for matchedB&(1<<j) == 0 {
			j++
		}
		if a[i] != b[j] {
			turned++
		}
		j++
	}
	m := float64(matches)
	jaro := (m/float64(len(a)) + m/float64(len(b)) + (m-float64(turned/2))/m) / 3
	prefix := 0
	for prefix < min(len(a), 4) && a[prefix] == b[prefix] {
		prefix++
	}
	return jaro + float64(prefix)*0.1*(1-jaro)
}

// oneEdit says whether two different texts are one slip apart: a letter more, less or replaced, or
// two neighbours turned around.
func oneEdit(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:]
	}
	if i == len(a) {
		return false
	}
	if a[i+1:] == b[i+1:] {
		return true
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

// edits is the restricted Damerau-Levenshtein distance, or limit+1 when it is more than limit.
func edits(a, b string, limit int) int {
	if a == b {
		return 0
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > limit || len(b) > 63 {
		return limit + 1
	}
	var rows [3][64]int
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, before[j-2]+1)
			}
			row[j] = d
			least = min(least, d)
		}
		if least > limit {
			return limit + 1
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], limit+1)
}

// sound is a short phonetic key of a Latin word: its first letter by sound, then its consonants by
// kind of articulation, runs counted once. Spellings of one name in several languages mostly share it.
func sound(w string) string {
	var out [6]byte
	n := 0
	var last byte
	for i := 0; i < len(w) && n < len(out); i++ {
		c := soundClass(w, i)
		if c == 0 {
			if i == 0 {
				out[n] = 'a'
				n++
			}
			if isVowel(w[i]) {
				last = 0
			}
			continue
		}
		if c != last {
			out[n] = c
			n++
		}
		last = c
	}
	return string(out[:n])
}

func isVowel(c byte) bool {
	return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u' || c == 'y'
}

// soundClass is the class of the letter at i, 0 for letters that are not sounded apart.
func soundClass(w string, i int) byte {
	next := byte(0)
	if i+1 < len(w) {
		next = w[i+1]
	}
	switch w[i] {
	case 'b', 'p':
		if w[i] == 'p' && next == 'h' {
			return 'f'
		}
		return 'p'
	case 'f', 'v', 'w':
		return 'f'
	case 'c':
		if next == 'e' || next == 'i' || next == 'y' || next == 'z' {
			return 's'
		}
		return 'k'
	case 'k', 'q', 'g':
		return 'k'
	case 'x', 's', 'z', 'j':
		return 's'
	case 'd', 't':
		return 't'
	case 'l':
		return 'l'
	case 'm', 'n':
		return 'n'
	case 'r':
		return 'r'
	}
	return 0
}
