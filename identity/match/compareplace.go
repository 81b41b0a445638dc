package match

import (
	"slices"
	"strings"
)

func compareAddresses(a, b *Prepared, c *Comparison) {
	for i := range a.addresses {
		for j := range b.addresses {
			x, y := &a.addresses[i], &b.addresses[j]
			if l := compareLines(x, y); l != Missing {
				c.set(FeatureAddress, l, x.value, y.value)
			}
		}
	}
}

func compareLines(x, y *address) Level {
	if x.key == y.key {
		return AddressExact
	}
	street := streetAgrees(x, y)
	shared := slices.ContainsFunc(x.numbers, func(n string) bool { return slices.Contains(y.numbers, n) })
	switch {
	case street == 2 && shared:
		return AddressExact
	case street == 1 && shared:
		return AddressNear
	case street == 0:
		return AddressDifferent
	case x.number == "" || y.number == "":
		return AddressStreet
	case oneEdit(x.number, y.number):
		return AddressNumber
	}
	return AddressRoad
}

// streetAgrees is 2 for the same street, 1 for one that is similar, 0 for another.
func streetAgrees(x, y *address) int {
	if x.joined == y.joined {
		if x.joined == "" {
			return 0
		}
		return 2
	}
	if x.joined == "" || y.joined == "" {
		if len(x.numbers) > 1 && len(y.numbers) > 1 && x.numbers[0] == y.numbers[0] && x.numbers[1] == y.numbers[1] {
			return 1 // "#321, Street 128"
		}
		return 0
	}
	few, many := x.street, y.street
	if len(few) > len(many) {
		few, many = many, few
	}
	exact := found(few, many, func(v, w string) bool { return v == w })
	if exact == len(few) {
		return 2
	}
	similar := found(few, many, func(v, w string) bool {
		return v == w || oneEdit(v, w) && min(len(v), len(w)) > 3 || jaroWinkler(v, w) >= 0.88
	})
	switch {
	case similar > 0 && 3*similar >= 2*len(few), jaroWinkler(x.joined, y.joined) >= 0.9:
		return 1
	case len(x.joined) > 5 && len(y.joined) > 5 && (strings.HasPrefix(x.joined, y.joined) || strings.HasPrefix(y.joined, x.joined)):
		return 1
	}
	return 0
}

func comparePlaces(a, b *Prepared, c *Comparison) {
	for i := range a.places {
		for j := range b.places {
			l, va, vb := comparePlace(&a.places[i], &b.places[j])
			if l != Missing {
				c.set(FeaturePlace, l, va, vb)
			}
		}
	}
}

func comparePlace(x, y *place) (Level, uint64, uint64) {
	post := x.postcode != "" && x.postcode == y.postcode
	city := x.city != "" && x.city == y.city
	switch {
	case post && city:
		return PlaceBoth, hash64(saltPostcode, x.postcode), hash64(saltPostcode, y.postcode)
	case post:
		return PlacePostcode, hash64(saltPostcode, x.postcode), hash64(saltPostcode, y.postcode)
	case city:
		return PlaceCity, hash64(saltCity, x.city), hash64(saltCity, y.city)
	}
	compared := false
	if x.postcode != "" && y.postcode != "" {
		compared = true
		if oneEdit(x.postcode, y.postcode) || area(x.postcode) == area(y.postcode) {
			return PlaceNear, 0, 0
		}
	}
	if x.city != "" && y.city != "" {
		compared = true
		if min(len(x.city), len(y.city)) > 3 && oneEdit(x.city, y.city) || jaroWinkler(x.city, y.city) >= 0.92 {
			return PlaceNear, 0, 0
		}
	}
	if x.region != "" && y.region != "" {
		if x.region == y.region {
			return PlaceRegion, hash64(saltRegion, x.region), hash64(saltRegion, y.region)
		}
		compared = true
	}
	if compared {
		return PlaceDifferent, 0, 0
	}
	return Missing, 0, 0
}

// area is the part of a postcode that stands for a town or district: in Britain and the like all but
// the last three characters, elsewhere the first three.
func area(postcode string) string {
	if len(postcode) >= 5 && digits(postcode) != postcode && len(postcode) <= 7 {
		return postcode[:len(postcode)-3]
	}
	return postcode[:min(3, len(postcode))]
}
