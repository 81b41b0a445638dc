// Package matchtest makes people and records of them, for tests and benchmarks of whoever matches.
package matchtest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"tributary/identity/match"
)

// Crowd makes people and, for each, records with the errors that records have. The same seed makes
// the same crowd.
type Crowd struct {
	r                                *rand.Rand
	given, families, streets, cities []string
}

// given names, commonest first.
const givenNames = `James Mary John Patricia Robert Jennifer Michael Linda William Elizabeth David Barbara Richard Susan Joseph
	Jessica Thomas Sarah Charles Karen Christopher Nancy Daniel Lisa Matthew Betty Anthony Margaret Mark Sandra Donald Ashley
	Steven Kimberly Paul Emily Andrew Donna Joshua Michelle Kenneth Dorothy Kevin Carol Brian Amanda George Melissa Edward
	Deborah Ronald Stephanie Timothy Rebecca Jason Sharon Jeffrey Laura Ryan Cynthia Jacob Kathleen Gary Amy Nicholas Shirley
	Eric Angela Jonathan Helen Stephen Anna Larry Brenda Justin Pamela Scott Nicole Brandon Emma Benjamin Samantha Samuel
	Katherine Gregory Christine Frank Debra Alexander Rachel Raymond Catherine Patrick Carolyn Jack Janet Dennis Ruth Jerry
	Maria Tyler Heather Aaron Diane Jose Virginia Henry Julie Adam Joyce Douglas Victoria Nathan Olivia Peter Kelly Zachary
	Christina Kyle Lauren Walter Joan Harold Evelyn Jeremy Judith Ethan Megan Carl Cheryl Keith Andrea Roger Hannah Gerald
	Martha Christian Jacqueline Terry Frances Sean Gloria Arthur Ann Austin Teresa Noah Kathryn Lawrence Sara Jesse Janice
	Joe Jean Bryan Alice Billy Madison Jordan Doris Albert Abigail Dylan Julia Bruce Judy Willie Grace Gabriel Denise Alan
	Amber Juan Marilyn Logan Beverly Wayne Danielle Roy Theresa Ralph Sophia Randy Marie Eugene Diana Vincent Brittany`

// NewCrowd returns a crowd from which so many people are to be drawn.
func NewCrowd(seed uint64, people int) *Crowd {
	c := &Crowd{r: rand.New(rand.NewPCG(seed, 7)), given: strings.Fields(givenNames)}
	c.families = c.words(max(200, people/20))
	c.streets = c.words(max(100, people/50))
	c.cities = c.words(max(20, people/2000))
	return c
}

// words makes different words of two or three syllables.
func (c *Crowd) words(n int) []string {
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
func (c *Crowd) zipf(n int) int {
	return min(n-1, int(math.Pow(float64(n), c.r.Float64()))-1)
}

// Records makes the records of so many people, one to three of each; truth tells whose they are.
func (c *Crowd) Records(people int) (records []*match.Record, truth map[string]string) {
	truth = map[string]string{}
	for p := range people {
		for k, r := range c.person(people) {
			r.ID = fmt.Sprintf("p%07d-%d", p, k)
			records = append(records, r)
			truth[r.ID] = fmt.Sprint(p)
		}
	}
	c.r.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
	return records, truth
}

func (c *Crowd) person(people int) []*match.Record {
	given, family := c.given[c.zipf(len(c.given))], c.families[c.zipf(len(c.families))]
	birth := fmt.Sprintf("%d-%02d-%02d", 1930+c.r.IntN(80), 1+c.r.IntN(12), 1+c.r.IntN(28))
	address := match.Address{
		Line: fmt.Sprintf("%d %s st", 1+c.r.IntN(999), c.streets[c.r.IntN(len(c.streets))]),
		City: c.cities[c.zipf(len(c.cities))], Postcode: fmt.Sprintf("%05d", 10000+c.r.IntN(max(100, people/20))),
	}
	mail := fmt.Sprintf("%s%s%d@example%d.org", strings.ToLower(given[:1]), family, c.r.IntN(1000), c.r.IntN(20))
	phone := fmt.Sprintf("+1%03d%07d", 201+c.r.IntN(700), 2000000+c.r.IntN(8000000))
	records := make([]*match.Record, 1+c.r.IntN(3))
	for k := range records {
		records[k] = &match.Record{
			Names:  []match.PersonName{{Given: c.slip(given, .1), Family: c.slip(family, .1)}},
			Births: c.sometimes(.7, c.digit(birth, .05)),
			Emails: c.sometimes(.6, c.slip(mail, .03)),
			Phones: c.sometimes(.6, c.digit(phone, .03)),
		}
		if c.r.Float64() < .7 {
			records[k].Addresses = []match.Address{address}
		}
	}
	return records
}

func (c *Crowd) sometimes(share float64, v string) []string {
	if c.r.Float64() < share {
		return []string{v}
	}
	return nil
}

// slip turns two neighbours around, at times.
func (c *Crowd) slip(s string, share float64) string {
	if len(s) < 4 || c.r.Float64() > share {
		return s
	}
	b := []byte(s)
	i := 1 + c.r.IntN(2)
	b[i], b[i+1] = b[i+1], b[i]
	return string(b)
}

// digit replaces the last digit, at times.
func (c *Crowd) digit(s string, share float64) string {
	if c.r.Float64() > share {
		return s
	}
	return s[:len(s)-1] + string(rune('0'+c.r.IntN(10)))
}
