package match

import "slices"

// bucketCap is how many records may share a blocking key. A key that more share is refined, as a
// whole, by a second one.
const (
	bucketCap  = 60
	commonFrom = 16 // and how many make it common
)

// Salts of blocking keys.
const (
	blockPhone = 100 + iota
	blockGiven // by the caller
	blockPhoneEnd
	blockEmail
	blockMailbox
	blockID
	blockBirth
	blockNames
	blockFamilyYear
	blockFamily
	blockFamilyEnd
	blockGivenEnd
	blockMailboxSound
	blockWordMonth
	blockWordDay
	blockWordPlace
	blockPlaceYear
	blockAddress
	blockStreetName
	blockOrganisation
	blockMailboxName
	blockRefined
)

// Two bits of a key say what sharing it is worth. A key that suffices has aloneBit. Of those
// that are common records must share two, and two keys made of the name alone count as one; but
// where a record has few keys at all, each suffices.
const (
	aloneBit = 1
	nameBit  = 1 << shortBits
	fewKeys  = 6
)

// blockingKey cuts a hash so that its short form tells keys apart.
func blockingKey(hash uint64) uint64 { return hash>>(shortBits+1)<<(shortBits+1) | aloneBit }

// Worth of a shared key, in two bits.
const (
	worthName  = 1
	worthOther = 2
	worthAlone = 3
)

// nameKeys are made of the name alone.
var nameKeys = map[uint64]bool{blockNames: true, blockFamily: true, blockFamilyEnd: true, blockGivenEnd: true}

// few says that a record has few keys, before any are refined.
func (p *Prepared) few() bool { return len(p.keys) <= fewKeys }

// rawKeys are the blocking keys of a record before any are refined, ascending. The README lists them.
func (p *Prepared) rawKeys() []uint64 {
	out := make([]uint64, 0, 40)
	add := func(salt uint64, parts ...string) {
		for _, s := range parts {
			if s == "" {
				return
			}
		}
		k := blockingKey(hash64(salt, parts...))
		if nameKeys[salt] {
			k |= nameBit
		}
		out = append(out, k)
	}
	for i := range p.phones {
		add(blockPhone, p.phones[i].tail)
		add(blockPhoneEnd, p.phones[i].all[max(0, len(p.phones[i].all)-7):])
	}
	for i := range p.emails {
		m := &p.emails[i]
		add(blockEmail, m.all)
		if len(m.local) >= 6 {
			add(blockMailbox, m.local)
		}
		if len(m.letters) >= 5 {
			add(blockMailboxName, m.letters)
		}
		if m.digits >= 2 {
			add(blockMailboxSound, sound(m.letters), digits(m.local))
		}
	}
	for i := range p.ids {
		add(blockID, p.ids[i].value)
	}
	for _, b := range p.blocks {
		add(blockGiven, b)
	}
	p.birthKeys(add)
	for i := range p.addresses {
		a := &p.addresses[i]
		longest := ""
		for _, w := range a.street {
			if len(w) > len(longest) {
				longest = w
			}
		}
		switch {
		case longest == "":
			add(blockAddress, a.key) // numbers only: "6964 W 131st Street"
		case a.number != "":
			add(blockAddress, a.number, sound(longest))
		default:
			add(blockAddress, "-", longest)
		}
		for _, n := range p.names {
			add(blockStreetName, sound(longest), n.given.sound)
		}
	}
	for _, o := range p.orgs {
		add(blockOrganisation, o.key)
		for i := range o.words {
			add(blockOrganisation, sound(o.words[i]), o.words[i][:1])
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (p *Prepared) birthKeys(add func(uint64, ...string)) {
	for i := range p.births {
		d := &p.births[i]
		if d.whole() {
			add(blockBirth, d.text)
			if d.ambiguous {
				add(blockBirth, d.text[:4]+d.text[6:]+d.text[4:6])
			}
		}
		for j := range p.places {
			if pc := p.places[j].postcode; pc != "" {
				add(blockPlaceYear, pc, d.text[:4])
				add(blockPlaceYear, pc, d.text[4:])
			}
		}
	}
	for _, n := range p.names {
		p.keysOfName(n, add)
	}
}

func (p *Prepared) keysOfName(n *name, add func(uint64, ...string)) {
	given := givenForms(n)
	for i := range n.family {
		f := &n.family[i]
		for _, g := range given {
			addPair(add, f.sound, g)
			add(blockFamilyEnd, g, ending(f.text))
		}
		add(blockGivenEnd, f.sound, ending(n.given.text))
		add(blockFamily, f.text)
		for j := range p.births {
			add(blockFamilyYear, f.sound, p.births[j].text[:4])
		}
		p.keysOfWord(f.sound, add)
		if n.given.text != "" && len(f.text) > 2 {
			add(blockMailboxName, n.given.text+f.text)
			add(blockMailboxName, f.text+n.given.text)
			add(blockMailboxName, n.given.text[:1]+f.text)
			add(blockMailboxName, f.text+n.given.text[:1])
		}
	}
	for i := range n.others {
		o := &n.others[i]
		if o.initial() {
			continue
		}
		p.keysOfWord(o.sound, add)
		for j := range n.family {
			addPair(add, o.sound, n.family[j].sound)
		}
		for _, g := range given {
			addPair(add, o.sound, g)
		}
	}
	for _, g := range given {
		p.keysOfWord(g, add)
	}
}

// keysOfWord are of a word of a name, whichever part it stands in, and when or where.
func (p *Prepared) keysOfWord(w string, add func(uint64, ...string)) {
	for j := range p.births {
		d := &p.births[j]
		add(blockWordMonth, w, d.text[:6])
		add(blockWordDay, w, d.text[4:])
	}
	for j := range p.places {
		add(blockWordPlace, w, p.places[j].postcode)
		add(blockWordPlace, w, p.places[j].city)
	}
}

// ending is the end of a longer word: slips at the beginning change the sound of all of it.
func ending(w string) string {
	if len(w) < 5 {
		return ""
	}
	return w[len(w)-3:]
}

// addPair adds a key of two words in either order, so that turned names meet.
func addPair(add func(uint64, ...string), a, b string) {
	if a > b {
		a, b = b, a
	}
	add(blockNames, a, b)
}

// givenForms are the sound of the given name and of the roots it may be short for.
func givenForms(n *name) []string {
	if n.given.text == "" {
		return nil
	}
	forms := []string{n.given.sound}
	for i, r := range n.given.roots {
		if i == 4 {
			break
		}
		if s := sound(rootNames()[r]); !slices.Contains(forms, s) {
			forms = append(forms, s)
		}
	}
	return forms
}

// refiners are the hashes of what refines a key that too many share: the record's own details.
func (p *Prepared) refiners() []uint64 {
	var out []uint64
	add := func(what string, parts ...string) { out = append(out, hash64(blockRefined, append(parts, what)...)) }
	for _, n := range p.names {
		family := ""
		if len(n.family) > 0 {
			family = n.family[0].sound
		}
		add("name", family, n.given.sound)
		if n.given.text != "" && family != "" {
			for i := range n.others {
				add("other", n.others[i].text, family)
			}
		}
	}
	for i := range p.births {
		add("month", p.births[i].text[:6])
		add("day", p.births[i].text[4:])
	}
	for i := range p.places {
		for _, v := range []string{p.places[i].postcode, p.places[i].city} {
			if v != "" {
				add("place", v)
			}
		}
	}
	for i := range p.addresses {
		add("address", p.addresses[i].key)
	}
	for i := range p.phones {
		add("phone", p.phones[i].tail)
	}
	for i := range p.emails {
		add("email", p.emails[i].all)
	}
	return out
}

// candidates turns what shares keys with a record, each entry made by shared, into the records to
// compare it with, ascending.
func candidates(entries []uint64) []uint32 {
	slices.Sort(entries)
	out := make([]uint32, 0, 16)
	for i := 0; i < len(entries); {
		r := entries[i] >> 2
		var name, other int
		for ; i < len(entries) && entries[i]>>2 == r; i++ {
			switch entries[i] & 3 {
			case worthAlone:
				other += 2
			case worthOther:
				other++
			default:
				name = 1
			}
		}
		if name+other >= 2 {
			out = append(out, uint32(r))
		}
	}
	return out
}

// shared is an entry for candidates: a record that shares a key.
func shared(record uint32, key uint64, few bool) uint64 {
	worth := uint64(worthOther)
	switch {
	case few || key&aloneBit != 0:
		worth = worthAlone
	case key&nameBit != 0:
		worth = worthName
	}
	return uint64(record)<<2 | worth
}

// Keys are the blocking keys of a record under this model, ascending: those that too many share are
// refined. Common ones lose their aloneBit, unless the record has few: so it is told from a key what
// sharing it is worth, and a common key is looked up in both forms.
func (m *Model) Keys(p *Prepared) []uint64 {
	out := make([]uint64, 0, len(p.keys)+8)
	var refiners []uint64
	for _, k := range p.keys {
		switch {
		case m.Heavy[shortOf(k)]:
			if refiners == nil {
				refiners = p.refiners()
			}
			for _, r := range refiners {
				if x := refined(k, r); !m.Dropped[shortOf(x)] {
					out = append(out, x)
				}
			}
		case m.common(k) && !p.few():
			out = append(out, k&^aloneBit)
		default:
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (m *Model) common(key uint64) bool { return m.Common[shortOf(key)] }

func refined(key, refiner uint64) uint64 { return blockingKey(mix(key ^ refiner)) }
