package event

import (
	"cmp"
	"strings"
)

// CompareVersions orders the versions of a source's record (Record.Version): what is not said comes
// first, then whole numbers by value, then the rest by bytes. Versions that compare as equal are
// ordered by corrected time and then message id.
func CompareVersions(a, b string) int {
	ra, rb := rankOf(a), rankOf(b)
	if ra != rb || ra != rankNumber {
		return cmp.Or(cmp.Compare(ra, rb), strings.Compare(a, b))
	}
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

type versionRank uint8

const (
	rankUnsaid versionRank = iota
	rankNumber
	rankText
)

func rankOf(version string) versionRank {
	switch {
	case version == "":
		return rankUnsaid
	case strings.Trim(version, "0123456789") == "":
		return rankNumber
	}
	return rankText
}
