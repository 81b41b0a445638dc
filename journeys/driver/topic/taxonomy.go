// Package topic says what a text is about: a classifier of customers' contacts that runs locally, begins with a lexicon, learns
// from labels and says which words it went by.
package topic

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

//go:embed taxonomy.yaml
var taxonomy []byte

// Unknown is the topic of a text that nothing is known about.
const Unknown = "unknown"

// entry is a topic of the taxonomy, named group/topic.
type entry struct {
	Topic  string   `yaml:"topic"`
	Strong []string `yaml:"strong"`
	Weak   []string `yaml:"weak"`
}

// What a word of the lexicon adds to its topic's score. A strong one alone brings a topic above DefaultThreshold against
// twenty-five others, a weak one does not.
const (
	strongWeight = 6
	weakWeight   = 2.5
	phrase       = 1.3 // a phrase of several words says more than one of them
	unknownBias  = 2.5 // the score of Unknown, whatever the text says
)

// parse reads a taxonomy and reports its first fault.
func parse(text []byte) ([]entry, error) {
	var entries []entry
	if err := yaml.UnmarshalWithOptions(text, &entries, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("read taxonomy: %w", err)
	}
	var seen []string
	for i, e := range entries {
		group, name, ok := strings.Cut(e.Topic, "/")
		switch {
		case !ok || group == "" || name == "":
			return nil, fmt.Errorf("read taxonomy: [%d].topic: must be group/topic", i)
		case slices.Contains(seen, e.Topic):
			return nil, fmt.Errorf("read taxonomy: [%d].topic: %s is there twice", i, e.Topic)
		case len(e.Strong) == 0:
			return nil, fmt.Errorf("read taxonomy: [%d].strong: is required", i)
		}
		for _, word := range slices.Concat(e.Strong, e.Weak) {
			if len(lexical(word)) == 0 {
				return nil, fmt.Errorf("read taxonomy: %s: %q has no feature", e.Topic, word)
			}
		}
		seen = append(seen, e.Topic)
	}
	return entries, nil
}

// lexical are the features that a word of the lexicon stands for: of several words, those of their pairs; of Chinese, all pairs of
// characters. A text has the word if it has all of them, and each has its share of the weight.
func lexical(word string) []string {
	all := Features(word)
	most := 0
	for _, f := range all {
		most = max(most, strings.Count(f, " "))
	}
	return slices.DeleteFunc(all, func(f string) bool { return strings.Count(f, " ") < most })
}
