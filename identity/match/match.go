// Package match is the probabilistic layer of identity resolution: it compares records of people
// by graded comparisons, weighs them by a numbered model (Fellegi and Sunter, 1969), and groups
// them by a guarded clustering.
//
// It is pure: no storage, no clock, no randomness. The model is a function of the set of records,
// and the groups are a function of the records, the model and what people decided. So the order
// in which records arrive cannot matter.
package match

// Record is what one source said about one person or organisation. Every field may hold several
// values, or none. Values are taken as the source wrote them.
type Record struct {
	// ID is unique. Ties are decided by it, ascending.
	ID string
	// Names hold one entry per name that the subject goes by (aliases, the name in another script).
	Names []PersonName
	// Births are dates of birth in any form; such as cannot be read are compared by their digits.
	Births    []string
	Addresses []Address
	// Phones are telephone numbers in any form. Without a country they are compared nationally.
	Phones []string
	Emails []string
	Sexes  []string
	// IDs are numbers that somebody issued: national ids, passports, account numbers.
	IDs []ID
	// Organisations are the names of the subject itself where it is no person.
	Organisations []string
	// Free are other fields; they are compared with those of the same name.
	Free []Free
	// Blocks are blocking keys besides the built-in ones: records that share one are compared.
	Blocks []string
}

// PersonName is one name, in parts, as a whole, or both. Words of Full that stand in no part count
// as further names.
type PersonName struct {
	Given, Middle, Family, Suffix string
	Full                          string
}

// Address is one address; any part may be empty. Line may hold the whole of it.
type Address struct {
	Number, Line, Unit              string
	City, Region, Postcode, Country string
}

// ID is an issued number. Kind is its name in the Schema.
type ID struct{ Kind, Value string }

// Free is a field of no known type.
type Free struct{ Name, Value string }
