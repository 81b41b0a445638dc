package match

import (
	"cmp"
	"sort"
)

// Prepared is a record in the form that is compared. It does not change.
type Prepared struct {
	ID   string
	hash uint64 // of the id: decides samples

	outline outline

	names     []*name
	births    []date
	addresses []address
	places    []place
	phones    []phone
	emails    []email
	sex       byte // 0 when unknown or contradictory
	ids       []issued
	orgs      []organisation
	free      []freeText
	blocks    []string
	signature signature
	keys      []uint64 // see rawKeys
	content   uint64   // hash of all it says, see contentOf
}

type freeText struct {
	feature Feature
	text    string
	value   uint64 // hash
}

// Prepare normalises a record. Values that say nothing (null, 0000000000, test@test.com) are left
// out.
func (s *Schema) Prepare(r *Record) *Prepared {
	p := &Prepared{ID: r.ID, hash: hash64(0, r.ID), blocks: r.Blocks}
	for _, raw := range r.Names {
		if n := newName(raw); n != nil && !hasName(p.names, n) {
			p.names = append(p.names, n)
		}
	}
	for _, raw := range r.Births {
		if d, ok := newDate(raw, s.DayFirst); ok {
			p.births = append(p.births, d)
		}
	}
	for _, raw := range r.Addresses {
		if a, ok := newAddress(raw); ok {
			p.addresses = append(p.addresses, a)
		}
		if pl, ok := newPlace(raw); ok {
			p.places = append(p.places, pl)
		}
	}
	for _, raw := range r.Phones {
		if ph, ok := newPhone(raw); ok {
			p.phones = append(p.phones, ph)
		}
	}
	for _, raw := range r.Emails {
		if m, ok := newEmail(raw); ok {
			p.emails = append(p.emails, m)
		}
	}
	for _, raw := range r.Sexes {
		if x := sexOf(raw); x != 0 && p.sex != 0 && x != p.sex {
			p.sex = 0
			break
		} else if x != 0 {
			p.sex = x
		}
	}
	s.prepareOthers(p, r)
	p.signature = p.signatureOf()
	p.keys = p.rawKeys()
	p.content = p.contentOf(r)
	p.outline = p.outlineOf(s)
	return p
}

func (s *Schema) prepareOthers(p *Prepared, r *Record) {
	for _, raw := range r.IDs {
		if f, ok := s.idFeature(raw.Kind); ok {
			if id, ok := newIssued(int(f), raw.Value); ok {
				p.ids = append(p.ids, id)
			}
		}
	}
	for _, raw := range r.Organisations {
		if o, ok := newOrganisation(raw); ok {
			p.orgs = append(p.orgs, o)
		}
	}
	for _, raw := range r.Free {
		if f, ok := s.freeFeature(raw.Name); ok {
			if text := fold(raw.Value); text != "" && !junkText[text] {
				p.free = append(p.free, freeText{f, text, hash64(saltFeature+uint64(f), text)})
			}
		}
	}
	sort.SliceStable(p.free, func(i, j int) bool { return p.free[i].feature < p.free[j].feature })
}

// PrepareAll prepares many records, on all processors.
func (s Schema) PrepareAll(records []*Record) []*Prepared {
	prepared := make([]*Prepared, len(records))
	parallel(len(records), func(from, to int) {
		for i := from; i < to; i++ {
			prepared[i] = s.Prepare(records[i])
		}
	})
	return prepared
}

var junkText = wordSet(`null none unknown undefined n/a na nan - ? unset other`)

func hasName(list []*name, n *name) bool {
	for _, other := range list {
		if other.key() == n.key() {
			return true
		}
	}
	return false
}

// signature is whom a record seems to be about.
type signature struct {
	kind uint8
	who  uint64
}

// Kinds of signatures, by what of a name is known.
const (
	signatureNone uint8 = iota
	signatureWhole
	signatureGiven
	signatureFamily
	signatureBirth
	signatureOrganisation
	signatureKinds
)

func (s signature) compare(t signature) int {
	if c := cmp.Compare(s.kind, t.kind); c != 0 {
		return c
	}
	return cmp.Compare(s.who, t.who)
}

// signatureOf is coarse, so that slips and nicknames seldom make two people of one: the sound of
// the last name and the first letter of the first; else the year of birth.
func (p *Prepared) signatureOf() signature {
	for _, n := range p.names {
		family := ""
		if len(n.family) > 0 {
			family = n.family[len(n.family)-1].sound
		}
		initial := ""
		if n.given.text != "" {
			initial = n.given.text[:1]
			if len(n.given.roots) > 0 {
				initial = rootNames()[n.given.roots[0]][:1]
			}
		}
		switch {
		case family != "" && initial != "":
			return signature{signatureWhole, hash64(11, initial, family)}
		case initial != "":
			return signature{signatureGiven, hash64(11, initial)}
		case family != "":
			return signature{signatureFamily, hash64(11, family)}
		}
	}
	for i := range p.births {
		return signature{signatureBirth, hash64(12, pad(p.births[i].year, 4))}
	}
	for _, o := range p.orgs {
		return signature{signatureOrganisation, hash64(13, o.words[0])}
	}
	return signature{}
}
