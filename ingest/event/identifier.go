package event

import "strings"

// KnownIdentifierType says whether t is one of the types every workspace has.
func KnownIdentifierType(t string) bool {
	switch t {
	case IDUser, IDAnonymous, IDDevice, IDEmail, IDPhone:
		return true
	}
	return false
}

// ValidIdentifierType says whether t is a known type or "<source>.<kind>", such as
// "crm.contact_id": a source's name (see ValidSource), a point, and a kind of lower-case letters,
// digits and "_" that begins with a letter; at most MaxWorkspaceBytes each.
func ValidIdentifierType(t string) bool {
	if KnownIdentifierType(t) {
		return true
	}
	source, kind, found := strings.Cut(t, ".")
	return found && ValidSource(source) && validKind(kind)
}

func validKind(s string) bool {
	if s == "" || len(s) > MaxWorkspaceBytes || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !lowerOrDigit(c) && c != '_' {
			return false
		}
	}
	return true
}

// ValidSource says whether s can name a source or a workspace: lower-case letters, digits, "_" and
// "-", beginning with a letter or digit, at most MaxWorkspaceBytes.
func ValidSource(s string) bool {
	if s == "" || len(s) > MaxWorkspaceBytes || !lowerOrDigit(s[0]) {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !lowerOrDigit(c) && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

func lowerOrDigit(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }

// KnownAttribute says whether name is one of the identifying attributes (AttrName and so on).
func KnownAttribute(name string) bool {
	switch name {
	case AttrName, AttrFirstName, AttrMiddleName, AttrLastName, AttrSuffix, AttrBirthDate, AttrGender,
		AttrStreet, AttrCity, AttrRegion, AttrPostcode, AttrCountry, AttrCompany:
		return true
	}
	return false
}

// TraitPaths are where the traits of a call hold an identifying attribute, a path in an object with dots.
func TraitPaths(attribute string) []string { return traitPaths[attribute] }

var traitPaths = map[string][]string{
	AttrName:       {"name"},
	AttrFirstName:  {"firstName", "first_name"},
	AttrMiddleName: {"middleName", "middle_name"},
	AttrLastName:   {"lastName", "last_name"},
	AttrSuffix:     {"suffix"},
	AttrBirthDate:  {"birthday"},
	AttrGender:     {"gender"},
	AttrCompany:    {"company", "company.name"},
	AttrStreet:     {"address.street"},
	AttrCity:       {"address.city"},
	AttrRegion:     {"address.state"},
	AttrPostcode:   {"address.postalCode", "address.postal_code"},
	AttrCountry:    {"address.country"},
}
