package match

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
)

// crowd makes people and, for each, records with the errors that records have. The same seed makes
// the same crowd.
type crowd struct {
	r        *rand.Rand
	given    []string
	families []string
	streets  []string
	cities   []string
}

func newCrowd(seed uint64, people int) *crowd {
	c := &crowd{r: rand.New(rand.NewPCG(seed, 7))}
	for i, root := range rootNames() {
		if root != "" && root != "#" && i%2 == 0 {
			c.given = append(c.given, root)
		}
	}
	c.families = c.words(max(200, people/20))
	c.streets = c.words(max(100, people/50))
	c.cities = c.words(max(20, people/2000))
	return c
}

// words makes different words of two or three syllables.
func (c *crowd) words(n int) []string {
	starts := strings.Fields("b br c ch d dr f fl g gr h j k kl l m n p pr r s sch sh st t th tr v w z")
	vowels := strings.Fields("a e i o u ai ea ou ie")
	ends := strings.Fields("n r s l m ck tt nd rt ll ng x sh ner son man ford ley")
	seen := map[string]bool{}
	var out []string
	for len(out) < n {
		var b strings.Builder
		for range 1 + c.r.IntN(2) {
			b.WriteString(starts[c.r.IntN(len(starts))])
			b.WriteString(vowels[c.r.IntN(len(vowels))])
		}
		b.WriteString(ends[c.r.IntN(len(ends))])
		if w := b.String(); !seen[w] && len(w) > 3 {
			seen[w] = true
			out = append(out, w)
		}
	}
	return out
}

// zipf draws an index with the first ones much commoner.
func (c *crowd) zipf(n int) int {
	return min(n-1, int(math.Pow(float64(n), c.r.Float64()))-1)
}

// records makes the records of so many people, one to three of each; truth tells whose they are.
func (c *crowd) records(people int) (records []*Record, truth map[string]string) {
	truth = map[string]string{}
	for p := range people {
		given, family := c.given[c.zipf(len(c.given))], c.families[c.zipf(len(c.families))]
		birth := fmt.Sprintf("%d-%02d-%02d", 1930+c.r.IntN(80), 1+c.r.IntN(12), 1+c.r.IntN(28))
		address := Address{
			Line: fmt.Sprintf("%d %s st", 1+c.r.IntN(999), c.streets[c.r.IntN(len(c.streets))]),
			City: c.cities[c.zipf(len(c.cities))], Postcode: fmt.Sprintf("%05d", 10000+c.r.IntN(max(100, people/20))),
		}
		mail := fmt.Sprintf("%s%s%d@example%d.org", given[:1], family, c.r.IntN(1000), c.r.IntN(20))
		phone := fmt.Sprintf("+1%03d%07d", 201+c.r.IntN(700), 2000000+c.r.IntN(8000000))
		for k := range 1 + c.r.IntN(3) {
			rec := &Record{
				ID:     fmt.Sprintf("p%07d-%d", p, k),
				Names:  []PersonName{{Given: c.slip(given, .1), Family: c.slip(family, .1)}},
				Births: c.sometimes(.7, c.digit(birth, .05)),
				Emails: c.sometimes(.6, c.slip(mail, .03)),
				Phones: c.sometimes(.6, c.digit(phone, .03)),
			}
			if c.r.Float64() < .7 {
				rec.Addresses = []Address{address}
			}
			records = append(records, rec)
			truth[rec.ID] = fmt.Sprint(p)
		}
	}
	c.r.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
	return records, truth
}

func (c *crowd) sometimes(share float64, v string) []string {
	if c.r.Float64() < share {
		return []string{v}
	}
	return nil
}

// slip turns two neighbours around, at times.
func (c *crowd) slip(s string, share float64) string {
	if len(s) < 4 || c.r.Float64() > share {
		return s
	}
	b := []byte(s)
	i := 1 + c.r.IntN(2)
	b[i], b[i+1] = b[i+1], b[i]
	return string(b)
}

// digit replaces the last digit, at times.
func (c *crowd) digit(s string, share float64) string {
	if c.r.Float64() > share {
		return s
	}
	return s[:len(s)-1] + string(rune('0'+c.r.IntN(10)))
}
