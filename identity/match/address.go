package match

import (
	"slices"
	"strings"
)

// address is the part of an address below the city.
type address struct {
	number  string // house number, or the first number there is
	numbers []string
	street  []string // words, without those that only say what kind of street it is
	joined  string
	key     string
	value   uint64 // hash of the key
}

// place is the part of an address from the city upwards.
type place struct {
	postcode, city, region string
}

// streetWords are written in many ways, or left out, and tell nothing.
var streetWords = wordSet(`street st str road rd avenue ave av drive dr drv lane ln court ct place pl boulevard blvd bvd way wy
	circle cir crescent cres terrace ter trail trl parkway pkwy highway hwy close square sq loop lp grove gr alley
	apartment apt unit suite ste flat fl floor no number strasse north south east west n s e w ne nw se sw
	northeast northwest southeast southwest and the of de la du rue via calle ul ulitsa jalan jln po`)

func newAddress(a Address) (address, bool) {
	var out address
	line := strings.Join([]string{a.Number, a.Line, a.Unit}, " ")
	for _, w := range words(strings.ReplaceAll(fold(line), ".", "")) {
		switch {
		case w[0] >= '0' && w[0] <= '9':
			out.numbers = append(out.numbers, w)
		case streetWords[w]:
		case w == "pob":
			out.street = append(out.street, "box")
		default:
			if strings.HasSuffix(w, "strasse") && len(w) > 8 {
				w = strings.TrimSuffix(w, "asse")
			}
			if w = latin(w); w != "" {
				out.street = append(out.street, w)
			}
		}
	}
	if len(out.numbers) > 0 {
		out.number = out.numbers[0]
	}
	out.joined = strings.Join(out.street, "")
	if out.joined == "" && len(out.numbers) < 2 {
		return address{}, false
	}
	out.key = out.number + " " + out.joined
	if out.joined == "" {
		out.key = strings.Join(out.numbers, " ")
	}
	out.value = hash64(saltAddress, out.key)
	return out, true
}

func newPlace(a Address) (place, bool) {
	p := place{
		postcode: lettersOnly(fold(a.Postcode)),
		city:     strings.Join(latinWords(a.City), " "),
		region:   strings.Join(latinWords(a.Region), " "),
	}
	if p.postcode == "" {
		p.postcode = postcodeIn(a.Line)
	}
	if len(p.postcode) < 3 || strings.Trim(p.postcode, "0") == "" {
		p.postcode = ""
	}
	return p, p.postcode != "" || p.city != "" || p.region != ""
}

// postcodeIn finds a postcode of five or six digits that is not the first word of a line.
func postcodeIn(line string) string {
	list := words(fold(line))
	for i := len(list) - 1; i > 1; i-- {
		if w := list[i]; (len(w) == 5 || len(w) == 6) && digits(w) == w {
			return w
		}
	}
	return ""
}

func latinWords(s string) []string {
	list := words(fold(s))
	for i, w := range list {
		list[i] = latin(w)
	}
	return list
}

// organisation is a name of a company or other body.
type organisation struct {
	words []string
	key   string
	value uint64 // hash of the key
}

var legalWords = wordSet(`inc incorporated ltd limited llc llp plc corp corporation co company gmbh ag kg sa sarl sas bv nv oy ab as spa
	srl pte pty pvt the and of holdings group`)

func newOrganisation(s string) (organisation, bool) {
	list := slices.DeleteFunc(latinWords(s), func(w string) bool { return w == "" || legalWords[w] })
	if len(list) == 0 {
		list = latinWords(s)
	}
	o := organisation{words: list, key: strings.Join(list, " ")}
	o.value = hash64(saltOrganisation, o.key)
	return o, o.key != ""
}
