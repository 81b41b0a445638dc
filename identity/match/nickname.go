package match

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed nicknames.txt
var nicknamesText string

// nicknames tells for a given name the lines of nicknames.txt that it stands in.
var nicknames = sync.OnceValue(func() map[string][]uint16 {
	table := map[string][]uint16{}
	for i, line := range strings.Split(nicknamesText, "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, name := range strings.Fields(line) {
			table[name] = append(table[name], uint16(i))
		}
	}
	return table
})

// nicknameOf says whether one person may go by both names.
func nicknameOf(a, b *word) bool {
	for _, x := range a.roots {
		for _, y := range b.roots {
			if x == y {
				return true
			}
		}
	}
	return false
}

// rootNames are the first names of the lines, by their number.
var rootNames = sync.OnceValue(func() []string {
	var roots []string
	for _, line := range strings.Split(nicknamesText, "\n") {
		root, _, _ := strings.Cut(line, " ")
		roots = append(roots, root)
	}
	return roots
})
