package unify

import (
	"cmp"
	"strings"

	"tributary/profiles/state"
)

// newer says whether version a of a source record supersedes b: what is not said comes first, then
// numbers by value, then the rest by bytes; equal versions go by corrected time and message id. It
// is the order in which profiles.State keeps a record's traits.
func newer(a, b state.Version) bool {
	if c := compareVersions(a.Version, b.Version); c != 0 {
		return c > 0
	}
	if a.At != b.At {
		return a.At > b.At
	}
	return a.MessageID > b.MessageID
}

func compareVersions(a, b string) int {
	ra, rb := versionRank(a), versionRank(b)
	if ra != rb || ra != rankNumber {
		return cmp.Or(cmp.Compare(ra, rb), strings.Compare(a, b))
	}
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

const (
	rankUnsaid = iota
	rankNumber
	rankText
)

func versionRank(s string) int {
	if s == "" {
		return rankUnsaid
	}
	if strings.Trim(s, "0123456789") == "" {
		return rankNumber
	}
	return rankText
}
