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

// few says that a record has few keys, before any are refined.
func (p *Prepared) few() bool { return len(p.keys) <= fewKeys }

// rawKeys are the blocking keys of a record before any are refined, ascending. The README lists them.
func (p *Prepared) rawKeys() []uint64 {
	keys := make(keyList, 0, 48)
	for i := range p.phones {
		keys.add(blockPhone, p.phones[i].tail)
		keys.add(blockPhoneEnd, p.phones[i].all[max(0, len(p.phones[i].all)-7):])
	}
	for i := range p.emails {
		m := &p.emails[i]
		keys.add(blockEmail, m.all)
		if len(m.local) >= 6 {
			keys.add(blockMailbox, m.local)
		}
		if len(m.letters) >= 5 {
			keys.add(blockMailboxName, m.letters)
		}
		if m.digits >= 2 {
			keys.add(blockMailboxSound, sound(m.letters), digits(m.local))
		}
	}
	for i := range p.ids {
		keys.add(blockID, p.ids[i].value)
	}
	for _, b := range p.blocks {
		keys.add(blockGiven, b)
	}
	p.birthKeys(&keys)
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
			keys.add(blockAddress, a.key) // numbers only: "6964 W 131st Street"
		case a.number != "":
			keys.add(blockAddress, a.number, sound(longest))
		default:
			keys.add(blockAddress, "-", longest)
		}
		for _, n := range p.names {
			keys.add(blockStreetName, sound(longest), n.given.sound)
		}
	}
	for _, o := range p.orgs {
		keys.add(blockOrganisation, o.key)
		for i := range o.words {
			keys.add(blockOrganisation, sound(o.words[i]), o.words[i][:1])
		}
	}
	slices.Sort(keys)
	return slices.Clone(slices.Compact(keys))
}

// keyList are keys as they are collected.
type keyList []uint64

// add adds the key of some parts, unless one of them is not known.
func (k *keyList) add(salt uint64, parts ...string) {
	if slices.Contains(parts, "") {
		return
	}
	key := blockingKey(hash64(salt, parts...))
	switch salt {
	case blockNames, blockFamily, blockFamilyEnd, blockGivenEnd:
		key |= nameBit
	}
	*k = append(*k, key)
}

func (p *Prepared) birthKeys(keys *keyList) {
	for i := range p.births {
		d := &p.births[i]
		if d.whole() {
			keys.add(blockBirth, d.text)
			if d.ambiguous {
				keys.add(blockBirth, d.text[:4]+d.text[6:]+d.text[4:6])
			}
		}
		for j := range p.places {
			if pc := p.places[j].postcode; pc != "" {
				keys.add(blockPlaceYear, pc, d.text[:4])
				keys.add(blockPlaceYear, pc, d.text[4:])
			}
		}
	}
	for _, n := range p.names {
		p.keysOfName(n, keys)
	}
}

func (p *Prepared) keysOfName(n *name, keys *keyList) {
	given := givenForms(n)
	for i := range n.family {
		f := &n.family[i]
		for _, g := range given {
			keys.addPair(f.sound, g)
			keys.add(blockFamilyEnd, g, ending(f.text))
		}
		keys.add(blockGivenEnd, f.sound, ending(n.given.text))
		keys.add(blockFamily, f.text)
		for j := range p.births {
			keys.add(blockFamilyYear, f.sound, p.births[j].text[:4])
		}
		p.keysOfWord(f.sound, keys)
		if n.given.text != "" && len(f.text) > 2 {
			keys.add(blockMailboxName, n.given.text+f.text)
			keys.add(blockMailboxName, f.text+n.given.text)
			keys.add(blockMailboxName, n.given.text[:1]+f.text)
			keys.add(blockMailboxName, f.text+n.given.text[:1])
		}
	}
	for i := range n.others {
		o := &n.others[i]
		if o.initial() {
			continue
		}
		p.keysOfWord(o.sound, keys)
		for j := range n.family {
			keys.addPair(o.sound, n.family[j].sound)
		}
		for _, g := range given {
			keys.addPair(o.sound, g)
		}
	}
	for _, g := range given {
		p.keysOfWord(g, keys)
	}
}

// keysOfWord are of a word of a name, whichever part it stands in, and when or where.
func (p *Prepared) keysOfWord(w string, keys *keyList) {
	for j := range p.births {
		d := &p.births[j]
		keys.add(blockWordMonth, w, d.text[:6])
		keys.add(blockWordDay, w, d.text[4:])
	}
	for j := range p.places {
		keys.add(blockWordPlace, w, p.places[j].postcode)
		keys.add(blockWordPlace, w, p.places[j].city)
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
func (k *keyList) addPair(a, b string) {
	if a > b {
		a, b = b, a
	}
	k.add(blockNames, a, b)
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
	out := make([]uint64, 0, 12)
	add := func(parts ...string) { out = append(out, hash64(blockRefined, parts...)) } // the last says what they are
	for _, n := range p.names {
		family := ""
		if len(n.family) > 0 {
			family = n.family[0].sound
		}
		add(family, n.given.sound, "name")
		if n.given.text != "" && family != "" {
			for i := range n.others {
				add(n.others[i].text, family, "other")
			}
		}
	}
	for i := range p.births {
		add(p.births[i].text[:6], "month")
		add(p.births[i].text[4:], "day")
	}
	for i := range p.places {
		for _, v := range []string{p.places[i].postcode, p.places[i].city} {
			if v != "" {
				add(v, "place")
			}
		}
	}
	for i := range p.addresses {
		add(p.addresses[i].key, "address")
	}
	for i := range p.phones {
		add(p.phones[i].tail, "phone")
	}
	for i := range p.emails {
		add(p.emails[i].all, "email")
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
