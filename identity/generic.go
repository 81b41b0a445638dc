package identity

import (
	"strings"
	"unicode"
)

// spread counts how different the people are that hold one value. It only ever grows with them, so
// that a value which is generic among some is so among more.
type spread struct {
	engine *Engine
	of     *feature
	limit  int
	seen   map[string]map[string]bool // by kind of difference
}

// kindPerson is the kind of difference that names and birth dates make.
const kindPerson = "person"

func newSpread(e *Engine, f *feature) *spread {
	return &spread{engine: e, of: f, limit: e.spread, seen: map[string]map[string]bool{}}
}

// add returns whether the limit is reached in one of the kinds. Who says neither name nor birth
// date is told from others by other addresses.
func (s *spread) add(n *node) bool {
	signature := n.signature()
	full := signature != "" && s.count(kindPerson, signature)
	for _, id := range n.obs.Identifiers {
		if id.Type == s.of.Type {
			continue
		}
		if c := s.engine.classOf(id.Type); c == classExclusive && s.of.class != classExclusive || signature == "" && s.tells(c) {
			full = s.count(id.Type, id.Value) || full
		}
	}
	return full
}

// tells says whether many values of a class speak against the feature where nothing else tells its
// holders apart: many e-mails on one device do, many e-mails on one source's id do not.
func (s *spread) tells(c class) bool {
	switch s.of.class {
	case classExclusive, classSource:
		return false
	case classShared, classEvidence:
		return c == classShared
	default:
		return c == classShared || c == classSource
	}
}

func (s *spread) count(kind, value string) bool {
	if s.seen[kind] == nil {
		s.seen[kind] = map[string]bool{}
	}
	s.seen[kind][value] = true
	return len(s.seen[kind]) >= s.limit
}

// signature is the same for most ways to write one person's name, and seldom for two people's: the
// first letter of the first name and the sound of the last. Without a name it is the birth date.
func (n *node) signature() string {
	if n.nameKey == "" {
		return n.birth
	}
	words := n.name.tokens
	last := words[len(words)-1]
	if len(words) == 1 {
		return soundOf(last)
	}
	first := []rune(words[0])
	if unicode.Is(unicode.Han, first[0]) {
		return words[0] + " " + last // one character more is another name
	}
	return string(first[:1]) + " " + soundOf(last)
}

// soundOf is Soundex (Russell, 1918) of a word in Latin letters, and any other word itself.
func soundOf(word string) string {
	const codes = "01230120022455012623010202" // a to z; 0 is a vowel, h, w or y
	if strings.ContainsFunc(word, func(r rune) bool { return r < 'a' || r > 'z' }) {
		return word
	}
	sound := []byte{word[0]}
	before := codes[word[0]-'a']
	for i := 1; i < len(word) && len(sound) < 4; i++ {
		code := codes[word[i]-'a']
		if code != '0' && code != before {
			sound = append(sound, code)
		}
		if word[i] != 'h' && word[i] != 'w' {
			before = code
		}
	}
	return string(sound)
}
