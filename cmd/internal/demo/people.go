package demo

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// maxCustomers is bounded by the reserved phone numbers: 100 in each area code.
const maxCustomers = 20000

// Person is a customer, with everything the company's systems know of them under various names.
type Person struct {
	ID                  string // the truth
	First, Last         string
	Email, SecondEmail  string // SecondEmail is empty for most
	Phone               string
	BirthDate           string
	Street, City, State string
	Postcode            string
	Language            string
	UserID              string
	Plan                Plan
	Cookies             []string // browsers
	Device              string   // phone with the app; empty for some
	SharesPhone         bool     // with others of the household
	SharesMailbox       bool
	Activity            float64 // 1 is usual
	Luck                float64 // below 0.2: things go wrong
}

// Plan is what a customer pays for each month.
type Plan struct {
	Product string
	Price   string
}

var plans = []Plan{{"Fiber 100", "29.00"}, {"Fiber 500", "44.00"}, {"Fiber 1000", "59.00"}, {"Mobile M", "15.00"}, {"Mobile L", "25.00"}}

// areaCodes are in use in the United States; with 100 reserved numbers each they make maxCustomers.
var areaCodes = [maxCustomers / 100]int{
	201, 202, 203, 205, 206, 207, 208, 209, 210, 212, 213, 214, 215, 216, 217, 218, 219, 224, 225, 228,
	229, 231, 234, 239, 240, 248, 251, 252, 253, 254, 256, 260, 262, 267, 269, 270, 276, 281, 301, 302,
	303, 304, 305, 307, 308, 309, 310, 312, 313, 314, 315, 316, 317, 318, 319, 320, 321, 323, 325, 330,
	331, 334, 336, 337, 339, 347, 351, 352, 360, 361, 386, 401, 402, 404, 405, 406, 407, 408, 409, 410,
	412, 413, 414, 415, 417, 419, 423, 424, 425, 430, 432, 434, 435, 440, 443, 469, 470, 475, 478, 479,
	480, 484, 501, 502, 503, 504, 505, 507, 508, 509, 510, 512, 513, 515, 516, 517, 518, 520, 530, 540,
	541, 551, 559, 561, 562, 563, 567, 570, 571, 573, 574, 575, 580, 585, 586, 601, 602, 603, 605, 606,
	607, 608, 609, 610, 612, 614, 615, 616, 617, 618, 619, 620, 623, 626, 630, 631, 636, 641, 646, 650,
	651, 660, 661, 662, 678, 682, 701, 702, 703, 704, 706, 707, 708, 712, 713, 714, 715, 716, 717, 718,
	719, 720, 724, 727, 731, 732, 734, 740, 754, 757, 760, 763, 765, 770, 772, 773, 774, 775, 781, 785,
}

// population makes the customers, household by household.
func population(c Config) []Person {
	r := rand.New(rand.NewPCG(c.Seed, 0x9e0))
	people := make([]Person, 0, c.Customers)
	for len(people) < c.Customers {
		size := 1
		if r.Float64() < 0.18 {
			size = 2 + r.IntN(3)
		}
		people = append(people, household(r, len(people), min(size, c.Customers-len(people)))...)
	}
	return people
}

// household makes people at one address; some share a phone or a mailbox.
func household(r *rand.Rand, from, size int) []Person {
	last := lastNames[r.IntN(len(lastNames))]
	street := fmt.Sprintf("%d %s", 1+r.IntN(400), streets[r.IntN(len(streets))])
	place := places[r.IntN(len(places))]
	postcode := fmt.Sprintf("%05d", 10000+r.IntN(80000))
	sharesPhone, sharesMailbox := size > 1 && r.Float64() < 0.5, size > 1 && r.Float64() < 0.35
	members := make([]Person, size)
	used := map[string]bool{}
	for i := range members {
		n := from + i
		p := Person{
			ID: fmt.Sprintf("p%05d", n), Last: last, First: pickUnused(r, firstNames, used),
			Street: street, City: place.city, State: place.state, Postcode: postcode, Language: place.language,
			UserID: fmt.Sprintf("u-%06d", 100000+n*7), Plan: plans[r.IntN(len(plans))],
			BirthDate: fmt.Sprintf("%04d-%02d-%02d", 1940+r.IntN(66), 1+r.IntN(12), 1+r.IntN(28)),
			Activity:  0.4 + r.ExpFloat64()*0.6, Luck: r.Float64(),
		}
		if r.Float64() < 0.12 { // not everybody has the name of the house
			p.Last = lastNames[r.IntN(len(lastNames))]
		}
		p.Phone = fmt.Sprintf("+1%d55501%02d", areaCodes[n/100], n%100)
		p.Email = mailbox(p, n, []string{"example.com", "example.org", "example.net"}[r.IntN(3)])
		if r.Float64() < 0.25 {
			p.SecondEmail = fmt.Sprintf("%c.%s%d@example.net", asciiLower(p.First)[0], asciiLower(p.Last), n)
		}
		for range 1 + r.IntN(3) {
			p.Cookies = append(p.Cookies, fmt.Sprintf("%016x", r.Uint64()))
		}
		if r.Float64() < 0.6 {
			p.Device = fmt.Sprintf("%08X-%04X-4%03X-A%03X-%012X", r.Uint32(), r.IntN(65536), r.IntN(4096), r.IntN(4096), r.Uint64()&0xffffffffffff)
		}
		members[i] = p
	}
	for i := 1; i < size; i++ {
		if sharesPhone {
			members[i].Phone, members[i].SharesPhone, members[0].SharesPhone = members[0].Phone, true, true
		}
		if sharesMailbox && i == 1 {
			members[i].Email, members[i].SharesMailbox, members[0].SharesMailbox = members[0].Email, true, true
		}
	}
	return members
}

func mailbox(p Person, n int, domain string) string {
	return fmt.Sprintf("%s.%s%d@%s", asciiLower(p.First), asciiLower(p.Last), n, domain)
}

// asciiLower gives the letters of a name that may stand in a mailbox; names in other scripts have
// their romanised form in the table.
func asciiLower(name string) string {
	if latin, ok := romanised[name]; ok {
		name = latin
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z':
			return r
		}
		return -1
	}, name)
}

func pickUnused(r *rand.Rand, from []string, used map[string]bool) string {
	for {
		name := from[r.IntN(len(from))]
		if !used[name] {
			used[name] = true
			return name
		}
	}
}

type place struct{ city, state, language string }

var places = []place{
	{"Springfield", "IL", "en"}, {"Riverton", "WY", "en"}, {"Fairview", "TX", "en"}, {"Greenville", "SC", "en"},
	{"Salem", "OR", "en"}, {"Madison", "WI", "en"}, {"Georgetown", "KY", "en"}, {"Ashland", "VA", "en"},
	{"Laredo", "TX", "es"}, {"Flushing", "NY", "zh"},
}

var streets = []string{
	"Oak Street", "Maple Avenue", "Cedar Lane", "Mill Road", "Harbor View", "Station Road", "Park Terrace", "Hillcrest Drive",
	"Willow Court", "Canal Street", "Orchard Way", "Chapel Road", "Meadow Lane", "Quarry Hill", "Bridge Street", "Sunset Boulevard",
}

var firstNames = []string{
	"Alice", "Amir", "Ana", "Andrew", "Anna", "Ben", "Bianca", "Carla", "Carlos", "Charlotte", "Chen", "Chloe", "Daniel", "David",
	"Deborah", "Diego", "Elena", "Eli", "Elizabeth", "Emma", "Ethan", "Fatima", "Felix", "Fiona", "Gabriel", "George", "Grace", "Hanna",
	"Hassan", "Helen", "Henry", "Ibrahim", "Ines", "Isaac", "Isabel", "Jack", "James", "Jana", "Jin", "Joan", "John", "Jonas", "Jose",
	"Joy", "Juan", "Julia", "Karen", "Kofi", "Laura", "Leo", "Lily", "Lucas", "Lucia", "Maria", "Mark", "Martha", "Mateo", "Maya",
	"Mei", "Michael", "Mina", "Mohammed", "Nadia", "Nathan", "Nina", "Noah", "Nora", "Oliver", "Olivia", "Omar", "Patricia", "Paul",
	"Peter", "Priya", "Rachel", "Ravi", "Rebecca", "Robert", "Rosa", "Ruth", "Samuel", "Sara", "Simon", "Sofia", "Stefan", "Susan",
	"Thomas", "Tom", "Uma", "Victor", "Wei", "William", "Yara", "Yusuf", "Zoe", "伟", "芳", "娜", "敏", "静",
}

var lastNames = []string{
	"Abbott", "Adams", "Ahmed", "Allen", "Alvarez", "Baker", "Barnes", "Bauer", "Bell", "Bennett", "Brooks", "Brown", "Campbell", "Carter",
	"Castro", "Chavez", "Clark", "Cohen", "Collins", "Cooper", "Costa", "Cruz", "Davies", "Diaz", "Dixon", "Edwards", "Evans", "Fischer",
	"Fisher", "Flores", "Foster", "Garcia", "Gibson", "Gomez", "Gray", "Green", "Gupta", "Hall", "Harris", "Hayes", "Hill", "Hoffman",
	"Hughes", "Hunter", "Ito", "Jackson", "Jensen", "Johnson", "Jones", "Kaplan", "Kelly", "Khan", "Kim", "King", "Kumar", "Lee",
	"Lewis", "Lopez", "Marsh", "Martin", "Mason", "Meyer", "Miller", "Mills", "Moore", "Morgan", "Morris", "Murphy", "Nguyen", "Novak",
	"O'Brien", "Okafor", "Ortiz", "Osman", "Palmer", "Park", "Patel", "Pereira", "Perez", "Phillips", "Price", "Quinn", "Ramos", "Reed",
	"Reyes", "Richter", "Rivera", "Roberts", "Rossi", "Russell", "Santos", "Schmidt", "Scott", "Shah", "Silva", "Singh", "Smith", "Stone",
	"Suzuki", "Tanaka", "Taylor", "Thompson", "Torres", "Tran", "Turner", "Vargas", "Walker", "Walsh", "Ward", "Watson", "Weber", "White",
	"Wilson", "Wood", "Wright", "Young", "王", "李", "张", "陈",
}

var romanised = map[string]string{
	"伟": "wei", "芳": "fang", "娜": "na", "敏": "min", "静": "jing", "王": "wang", "李": "li", "张": "zhang", "陈": "chen",
}
