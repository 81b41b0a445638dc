package identity

import (
	"hash/maphash"
	"sync/atomic"

	"github.com/nyaruka/phonenumbers"
)

// phoneCacheSize is a power of two: 32,768 entries of some 150 bytes.
const phoneCacheSize = 1 << 15

// minPhone is the length of the shortest numbers that are people's: shorter ones are extensions
// and short codes.
const minPhone = len("+6834000")

// phoneNormaliser brings telephone numbers into E.164 form. Parsing costs microseconds, so what
// was parsed is kept in a cache of fixed size in which a newer number takes an older one's place.
type phoneNormaliser struct {
	region  string
	regions map[Place]string
	seed    maphash.Seed
	cache   *[phoneCacheSize]atomic.Pointer[phoneEntry]
}

type phoneEntry struct {
	region, raw string
	value       string // empty when it is no number
}

func newPhoneNormaliser(region string, regions map[Place]string) phoneNormaliser {
	return phoneNormaliser{
		region: region, regions: regions,
		seed: maphash.MakeSeed(), cache: new([phoneCacheSize]atomic.Pointer[phoneEntry]),
	}
}

func validRegion(region string) bool {
	return phonenumbers.GetCountryCodeForRegion(region) != 0
}

// normalise returns E.164, with ";ext=" and the extension when there is one: behind one number of
// a company sit many people.
func (p *phoneNormaliser) normalise(at Place, raw string) (string, bool) {
	if isNorthAmerican(raw) {
		return raw, true
	}
	region := p.regionOf(at)
	var h maphash.Hash
	h.SetSeed(p.seed)
	h.WriteString(region)
	h.WriteString(raw)
	slot := &p.cache[h.Sum64()%phoneCacheSize]
	if hit := slot.Load(); hit != nil && hit.raw == raw && hit.region == region {
		return hit.value, hit.value != ""
	}
	value := parsePhone(raw, region)
	slot.Store(&phoneEntry{region, raw, value})
	return value, value != ""
}

func (p *phoneNormaliser) regionOf(at Place) string {
	if len(p.regions) == 0 {
		return p.region
	}
	for _, place := range []Place{at, {Source: at.Source}, {Workspace: at.Workspace}} {
		if r, ok := p.regions[place]; ok {
			return r
		}
	}
	return p.region
}

// isNorthAmerican recognises the commonest numbers that are in their final form already. For
// other countries only the parser knows whether a leading zero belongs to the number.
func isNorthAmerican(s string) bool {
	if len(s) != 12 || s[0] != '+' || s[1] != '1' || s[2] < '2' {
		return false
	}
	for i := 2; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// parsePhone accepts every number of a possible length, not only those in assigned ranges:
// carriers open ranges sooner than libraries learn of them. A number that would be read otherwise
// when read again has no one form, and is refused.
func parsePhone(raw, region string) string {
	if len(raw) > 64 {
		return ""
	}
	if region == "" {
		region = "ZZ"
	}
	value := formatPhone(raw, region)
	if value != raw && value != "" && value != formatPhone(value, "ZZ") {
		return ""
	}
	return value
}

func formatPhone(raw, region string) string {
	n, err := phonenumbers.Parse(raw, region)
	if err != nil || !phonenumbers.IsPossibleNumber(n) {
		return ""
	}
	value := phonenumbers.Format(n, phonenumbers.E164)
	if len(value) < minPhone {
		return ""
	}
	if ext := n.GetExtension(); ext != "" {
		value += ";ext=" + ext
	}
	return value
}
