package match

import (
	"strings"

	"tributary/identity"
	"tributary/ingest/event"
)

// SchemaFor is the schema of observations whose identifiers of these kinds are weighed.
func SchemaFor(ids ...IDKind) Schema {
	return Schema{IDs: ids, Free: []FreeField{{Name: event.AttrCompany, Varies: true}}}
}

// telling are the attributes one of which makes an observation comparable.
var telling = map[string]bool{
	event.AttrName: true, event.AttrFirstName: true, event.AttrLastName: true, event.AttrBirthDate: true,
	event.AttrCompany: true, event.AttrStreet: true,
}

// Comparable says whether an observation says enough to be compared with others: a name, a birth
// date, a company or an address; of a source record an e-mail, a telephone number or an id is enough.
// What a stream knows by identifiers alone is left to the rules about identifiers.
func Comparable(o *identity.Observation) bool {
	for _, a := range o.Attributes {
		if telling[a.Name] {
			return true
		}
	}
	if o.RecordID == "" {
		return false
	}
	for _, id := range o.Identifiers {
		if id.Type == event.IDEmail || id.Type == event.IDPhone || strings.Contains(id.Type, ".") && !identity.OfContact(id.Type) {
			return true
		}
	}
	return false
}

// PrepareObservation prepares what is compared of an observation: RecordOf if it is Comparable, else nil.
func (s *Schema) PrepareObservation(o *identity.Observation) *Prepared {
	if !Comparable(o) {
		return nil
	}
	return s.Prepare(RecordOf(s, o))
}

// RecordOf is what is compared of an observation: its attributes, its e-mails and telephone numbers,
// and the identifiers that the schema lists. Several attributes of one name are several names or
// addresses, whose parts belong together by their places. The company is a field that varies where
// the observation names a person, and else the name of the subject.
func RecordOf(s *Schema, o *identity.Observation) *Record {
	r := &Record{ID: string(o.ID[:])}
	for _, id := range o.Identifiers {
		switch id.Type {
		case event.IDEmail:
			r.Emails = append(r.Emails, id.Value)
		case event.IDPhone:
			r.Phones = append(r.Phones, id.Value)
		}
		if _, ok := s.idFeature(id.Type); ok {
			r.IDs = append(r.IDs, ID{id.Type, id.Value})
		}
	}
	values := map[string][]string{}
	for _, a := range o.Attributes {
		values[a.Name] = append(values[a.Name], a.Value)
	}
	r.Names, r.Addresses = namesOf(values), addressesOf(values)
	r.Births, r.Sexes = values[event.AttrBirthDate], values[event.AttrGender]
	if len(r.Names) == 0 {
		r.Organisations = values[event.AttrCompany]
		return r
	}
	for _, company := range values[event.AttrCompany] {
		r.Free = append(r.Free, Free{event.AttrCompany, company})
	}
	return r
}

func namesOf(values map[string][]string) []PersonName {
	given, family := values[event.AttrFirstName], values[event.AttrLastName]
	middle, suffix, full := values[event.AttrMiddleName], values[event.AttrSuffix], values[event.AttrName]
	n := max(len(given), len(family))
	var names []PersonName
	for i := range n {
		names = append(names, PersonName{
			Given: at(given, i), Middle: at(middle, i), Family: at(family, i), Suffix: at(suffix, i),
		})
	}
	if n == 1 && len(full) == 1 {
		names[0].Full = full[0] // one name, in parts and as a whole
		return names
	}
	for i := range full {
		names = append(names, PersonName{Full: full[i], Suffix: at(suffix, i)})
	}
	return names
}

func addressesOf(values map[string][]string) []Address {
	street, city, region := values[event.AttrStreet], values[event.AttrCity], values[event.AttrRegion]
	postcode, country := values[event.AttrPostcode], values[event.AttrCountry]
	var addresses []Address
	for i := range max(len(street), len(city), len(region), len(postcode)) {
		addresses = append(addresses, Address{
			Line: at(street, i), City: at(city, i), Region: at(region, i), Postcode: at(postcode, i), Country: at(country, i),
		})
	}
	return addresses
}

// at is the i-th of several values, or the last where there are fewer.
func at(list []string, i int) string {
	if len(list) == 0 {
		return ""
	}
	return list[min(i, len(list)-1)]
}
