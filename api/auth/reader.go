package auth

import (
	"slices"
	"strings"
)

// Purpose is what somebody reads about customers for. It decides, with Reader, which fields a key
// is shown.
type Purpose string

// The purposes.
const (
	PurposeSupport    Purpose = "support"
	PurposeBilling    Purpose = "billing"
	PurposeSales      Purpose = "sales"
	PurposeMarketing  Purpose = "marketing"
	PurposeAnalytics  Purpose = "analytics"
	PurposeOperations Purpose = "operations"
)

// Purposes lists all purposes.
func Purposes() []Purpose {
	return []Purpose{PurposeSupport, PurposeBilling, PurposeSales, PurposeMarketing, PurposeAnalytics, PurposeOperations}
}

// Reader is who, or what, reads the answers that a key is given.
type Reader string

// The kinds of reader.
const (
	ReaderHuman        Reader = "human"
	ReaderOwnAI        Reader = "own_ai"         // a model that the company runs itself
	ReaderThirdPartyAI Reader = "third_party_ai" // a model that somebody else runs
	ReaderSystem       Reader = "system"         // a program that shows nobody what it reads
)

// Readers lists all kinds of reader.
func Readers() []Reader {
	return []Reader{ReaderHuman, ReaderOwnAI, ReaderThirdPartyAI, ReaderSystem}
}

// What a key that reads is made for where its maker does not say.
const (
	DefaultPurpose = PurposeSupport
	DefaultReader  = ReaderHuman
)

// Names joins the names of purposes, readers or scopes for a person to read.
func Names[S ~string](all []S) string {
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = string(s)
	}
	return strings.Join(names, ", ")
}

// checkReader reports what is wrong with a key's purpose and reader.
func (k *Key) checkReader(check func(ok bool, format string, args ...any)) {
	if k.Kind == KindWrite {
		check(k.Purpose == "", "purpose: is for keys that read")
		check(k.Reader == "", "reader: is for keys that read")
		return
	}
	check(slices.Contains(Purposes(), k.Purpose), "purpose: must be one of %s", Names(Purposes()))
	check(slices.Contains(Readers(), k.Reader), "reader: must be one of %s", Names(Readers()))
}
