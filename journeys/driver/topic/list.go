package topic

import (
	"slices"
	"strings"
	"unicode"
)

// Line is a topic of the taxonomy, as people read it.
type Line struct {
	Topic  string // group/topic
	Parent string // group
	Words  Words
}

// Words are what a topic is told by before any label, by language: those that decide alone first.
type Words struct {
	English []string `json:"en"`
	Chinese []string `json:"zh"` // simplified and traditional
}

// List lists the topics of the taxonomy, without Unknown, in its order.
func List() []Line {
	lines := make([]Line, len(lexicon))
	for i, e := range lexicon {
		group, _, _ := strings.Cut(e.Topic, "/")
		lines[i] = Line{e.Topic, group, words(slices.Concat(e.Strong, e.Weak))}
	}
	return lines
}

// words tells languages apart: what has a Han character is Chinese.
func words(all []string) Words {
	w := Words{English: []string{}, Chinese: []string{}}
	for _, word := range all {
		if strings.ContainsFunc(word, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
			w.Chinese = append(w.Chinese, word)
		} else {
			w.English = append(w.English, word)
		}
	}
	return w
}
