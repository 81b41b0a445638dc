package match

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tributary/identity"
)

// desk is a linker over records in memory, whose observations hold nothing but their ids.
type desk struct {
	*Linker
	records map[identity.ObservationID]*Record
}

func newDesk(m *Model) *desk {
	d := &desk{records: map[identity.ObservationID]*Record{}}
	store := NewMemory(func(id identity.ObservationID) (*identity.Observation, error) {
		if d.records[id] == nil {
			return nil, nil
		}
		return &identity.Observation{ID: id}, nil
	})
	d.Linker = NewLinker(m, store, Options{})
	d.Prepare = func(o *identity.Observation) *Prepared { return m.Schema.Prepare(d.records[o.ID]) }
	return d
}

// number is an observation's id; they ascend.
func number(i int) (id identity.ObservationID) {
	binary.BigEndian.PutUint64(id[:], uint64(i))
	return id
}

// put adds, replaces or removes (nil) a record.
func (d *desk) put(t interface{ Fatal(...any) }, id identity.ObservationID, r *Record) {
	var was, now *identity.Observation
	if d.records[id] != nil {
		was = &identity.Observation{ID: id}
		if _, err := d.Put(was, nil); err != nil {
			t.Fatal(err)
		}
	}
	delete(d.records, id)
	if r == nil {
		return
	}
	r.ID = string(id[:])
	d.records[id] = r
	now = &identity.Observation{ID: id}
	if _, err := d.Put(nil, now); err != nil {
		t.Fatal(err)
	}
}

// pairs are all pairs that are near, ascending; it fails when they are not mutual.
func (d *desk) pairs(t interface{ Fatal(...any) }) [][2]identity.ObservationID {
	var out [][2]identity.ObservationID
	seen := map[[2]identity.ObservationID]int{}
	for id := range d.records {
		near, err := d.Near(id)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range near {
			p := [2]identity.ObservationID{id, o}
			if compareIDs(id, o) > 0 {
				p[0], p[1] = o, id
			}
			if seen[p]++; seen[p] == 2 {
				out = append(out, p)
			}
		}
	}
	if 2*len(out) != sum(seen) {
		t.Fatal("who is near is not mutual")
	}
	slices.SortFunc(out, func(p, q [2]identity.ObservationID) int {
		return cmp.Or(compareIDs(p[0], q[0]), compareIDs(p[1], q[1]))
	})
	return out
}

func sum[K comparable](counts map[K]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

func compareIDs(a, b identity.ObservationID) int { return slices.Compare(a[:], b[:]) }

// grouping is everything, each observation by itself.
func (d *desk) grouping(t interface{ Fatal(...any) }) identity.Grouping {
	g := identity.Grouping{Near: d.pairs(t), Apart: func(int, int) bool { return false }}
	for id := range d.records {
		g.Groups = append(g.Groups, []identity.ObservationID{id})
	}
	slices.SortFunc(g.Groups, func(a, b []identity.ObservationID) int { return compareIDs(a[0], b[0]) })
	return g
}

// cluster returns the groups as numbers.
func (d *desk) cluster(t interface{ Fatal(...any) }, g identity.Grouping) ([][]int, identity.Clustering) {
	c, err := d.Cluster(g)
	if err != nil {
		t.Fatal(err)
	}
	at := map[identity.ObservationID]int{}
	for i, members := range g.Groups {
		for _, id := range members {
			at[id] = i
		}
	}
	sets := make([][]int, len(g.Groups))
	for i := range sets {
		sets[i] = []int{i}
	}
	for _, m := range c.Merges {
		a, b := sets[at[m.A]], sets[at[m.B]]
		joined := slices.Concat(a, b)
		slices.Sort(joined)
		for _, i := range joined {
			sets[i] = joined
		}
	}
	var out [][]int
	for i, set := range sets {
		if set[0] != i {
			continue
		}
		var ids []int
		for _, k := range set {
			for _, id := range g.Groups[k] {
				ids = append(ids, int(binary.BigEndian.Uint64(id[:])))
			}
		}
		slices.Sort(ids)
		out = append(out, ids)
	}
	return out, c
}

// TestLinksAreAFunctionOfTheRecords adds, replaces and removes records at random under a learnt model
// and compares who is near with a linker that gets them once, in another order.
func TestLinksAreAFunctionOfTheRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var sample []*Prepared
		for i := range rapid.IntRange(0, 60).Draw(t, "sample") {
			sample = append(sample, testSchema.Prepare(someone(t, fmt.Sprint(i))))
		}
		m := Train(testSchema, 1, sample)
		d := newDesk(m)
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			id := number(rapid.IntRange(0, 30).Draw(t, "id"))
			switch other := d.records[number(rapid.IntRange(0, 30).Draw(t, "other"))]; rapid.IntRange(0, 3).Draw(t, "step") {
			case 0:
				d.put(t, id, nil)
			case 1: // what another says
				if other != nil {
					same := *other
					d.put(t, id, &same)
				}
			default:
				d.put(t, id, someone(t, ""))
			}
		}
		again := newDesk(m)
		for id, r := range d.records { // in random order
			again.put(t, id, r)
		}
		if got, want := d.pairs(t), again.pairs(t); !slices.Equal(got, want) {
			t.Fatalf("near %v\nfrom scratch %v", got, want)
		}
		a, _ := d.cluster(t, d.grouping(t))
		b, _ := again.cluster(t, again.grouping(t))
		if !slices.EqualFunc(a, b, slices.Equal[[]int]) {
			t.Fatalf("groups %v\nfrom scratch %v", a, b)
		}
	})
}

// TestPutAgain replaces a record in one step, by an equal one and by another.
func TestPutAgain(t *testing.T) {
	o := func(name string) *identity.Observation {
		return &identity.Observation{ID: number(1), RecordID: "1", Attributes: []identity.Attribute{{Name: "first_name", Value: name}, {Name: "last_name", Value: "quimby"}}}
	}
	other := &identity.Observation{ID: number(2), RecordID: "2", Attributes: o("theodora").Attributes}
	now := map[identity.ObservationID]*identity.Observation{}
	l := NewLinker(DefaultModel(SchemaFor()), NewMemory(func(id identity.ObservationID) (*identity.Observation, error) { return now[id], nil }), Options{})
	for i, x := range []struct {
		was, now     *identity.Observation
		before, near int
	}{
		{nil, other, 0, 0},
		{nil, o("theodora"), 0, 1},
		{o("theodora"), o("theodora"), 0, 1}, // nothing changes
		{o("theodora"), o("ludwig"), 1, 0},
		{o("ludwig"), o("theodora"), 0, 1},
		{nil, o("theodora"), 0, 1}, // told twice
		{o("theodora"), nil, 1, 0},
		{o("theodora"), nil, 0, 0},
	} {
		now[number(1)] = nil
		if x.now != nil {
			now[x.now.ID] = x.now
		}
		before, err := l.Put(x.was, x.now)
		if err != nil {
			t.Fatal(err)
		}
		near, err := l.Near(number(1))
		if err != nil || len(before) != x.before || len(near) != x.near {
			t.Errorf("step %d: before %v, near %v, %v", i, before, near, err)
		}
	}
}

func person(given, family string, phones ...string) *Record {
	return &Record{Names: []PersonName{{Given: given, Family: family}}, Phones: phones}
}

func TestCluster(t *testing.T) {
	ludwig, phone := person("Ludwig", "Farnsworth", "+12067412260"), "+12067412260"
	for _, x := range []struct {
		name    string
		records []*Record
		groups  [][]int // by records, as given
		apart   [2]int  // of groups
		want    string
		reviews string
	}{
		{name: "what agrees merges", records: []*Record{ludwig, person("Ludwig", "Farnsworth", phone), person("Anna", "Miller")},
			want: "[[0 1] [2]]", reviews: "[]"},
		{name: "what is kept apart does not", records: []*Record{ludwig, person("Ludwig", "Farnsworth", phone), person("Anna", "Miller")},
			groups: [][]int{{0}, {1}, {2}}, apart: [2]int{0, 1}, want: "[[0] [1] [2]]", reviews: "[0-1 contradiction]"},
		{name: "nor through a third", records: []*Record{ludwig, person("Ludwig", "Farnsworth", phone), person("L", "Farnsworth", phone)},
			groups: [][]int{{0}, {1}, {2}}, apart: [2]int{0, 1}, want: "[[0] [1] [2]]", reviews: "[0-1 contradiction 0-2]"},
		{name: "but what is equal to both goes with the first", records: []*Record{ludwig, person("Ludwig", "Farnsworth", phone), person("Ludwig", "Farnsworth", phone)},
			groups: [][]int{{0}, {1}, {2}}, apart: [2]int{0, 1}, want: "[[0 2] [1]]", reviews: "[0-1 contradiction]"},
		{name: "or with the larger group", records: []*Record{ludwig, person("Ludwig", "Farnsworth", phone), person("Ludwig", "Farnsworth", phone), person("Anna", "Miller")},
			groups: [][]int{{0}, {1, 3}, {2}}, apart: [2]int{0, 1}, want: "[[0] [1 2 3]]", reviews: "[0-1 contradiction]"},
		{name: "groups merge as wholes", records: []*Record{ludwig, person("Anna", "Miller"), person("Ludwig", "Farnsworth", phone)},
			groups: [][]int{{0}, {1, 2}}, want: "[[0 1 2]]", reviews: "[]"},
		{name: "junior and senior, and one between", records: []*Record{
			person("Erasmus", "Dobbinsworth Jr", phone), person("Erasmus", "Dobbinsworth Sr", phone), person("Erasmus", "Dobbinsworth", phone)},
			want: "[[0] [1] [2]]", reviews: "[0-1 contradiction 0-2 1-2]"},
	} {
		d := newDesk(DefaultModel(Schema{}))
		for i, r := range x.records {
			d.put(t, number(i), r)
		}
		g := d.grouping(t)
		if x.groups != nil {
			g.Groups, g.Near = nil, nil
			in := map[identity.ObservationID]int{}
			for k, list := range x.groups {
				var members []identity.ObservationID
				for _, i := range list {
					members = append(members, number(i))
					in[number(i)] = k
				}
				g.Groups = append(g.Groups, members)
			}
			for _, p := range d.pairs(t) {
				if in[p[0]] != in[p[1]] {
					g.Near = append(g.Near, p)
				}
			}
			g.Apart = func(a, b int) bool { return x.apart[1] > 0 && min(a, b) == x.apart[0] && max(a, b) == x.apart[1] }
		}
		got, c := d.cluster(t, g)
		var reviews []string
		for _, r := range c.Reviews {
			s := fmt.Sprintf("%d-%d", binary.BigEndian.Uint64(r.A[:]), binary.BigEndian.Uint64(r.B[:]))
			if r.Contradiction {
				s += " contradiction"
			}
			reviews = append(reviews, s)
		}
		if fmt.Sprint(got) != x.want || fmt.Sprint(reviews) != x.reviews {
			t.Errorf("%s: %v, reviews %v; want %s, %s", x.name, got, reviews, x.want, x.reviews)
		}
	}
}

func TestRecordOf(t *testing.T) {
	attribute := func(name, value string) identity.Attribute { return identity.Attribute{Name: name, Value: value} }
	s := SchemaFor(IDKind{Name: "crm.ssn"})
	for _, x := range []struct {
		name       string
		o          identity.Observation
		comparable bool
		want       Record
	}{
		{"a customer", identity.Observation{RecordID: "7", Identifiers: []identity.Identifier{{Type: "email", Value: "a@x.org"}, {Type: "phone", Value: "+1"}, {Type: "crm.ssn", Value: "12345"}, {Type: "crm.customer", Value: "7"}},
			Attributes: []identity.Attribute{attribute("birth_date", "1970-01-02"), attribute("city", "york"), attribute("company", "acme"), attribute("first_name", "ann"), attribute("gender", "f"), attribute("last_name", "lee"), attribute("name", "ann b lee"), attribute("street", "1 high st")}}, true,
			Record{Emails: []string{"a@x.org"}, Phones: []string{"+1"}, IDs: []ID{{"crm.ssn", "12345"}}, Births: []string{"1970-01-02"}, Sexes: []string{"f"},
				Names: []PersonName{{Given: "ann", Family: "lee", Full: "ann b lee"}}, Addresses: []Address{{Line: "1 high st", City: "york"}}, Free: []Free{{"company", "acme"}}}},
		{"a company", identity.Observation{Attributes: []identity.Attribute{attribute("company", "acme")}}, true, Record{Organisations: []string{"acme"}}},
		{"several names and addresses", identity.Observation{Attributes: []identity.Attribute{attribute("first_name", "ann"), attribute("first_name", "bo"), attribute("last_name", "lee"), attribute("name", "li an"), attribute("street", "1 a st"), attribute("street", "2 b st"), attribute("city", "york")}}, true,
			Record{Names: []PersonName{{Given: "ann", Family: "lee"}, {Given: "bo", Family: "lee"}, {Full: "li an"}}, Addresses: []Address{{Line: "1 a st", City: "york"}, {Line: "2 b st", City: "york"}}}},
		{"a visitor with an e-mail", identity.Observation{Identifiers: []identity.Identifier{{Type: "email", Value: "a@x.org"}}, Attributes: []identity.Attribute{attribute("city", "york")}}, false,
			Record{Emails: []string{"a@x.org"}, Addresses: []Address{{City: "york"}}}},
		{"a record with an e-mail", identity.Observation{RecordID: "1", Identifiers: []identity.Identifier{{Type: "email", Value: "a@x.org"}}}, true, Record{Emails: []string{"a@x.org"}}},
		{"a record with a conversation", identity.Observation{RecordID: "1", Identifiers: []identity.Identifier{{Type: "chat.conversation_id", Value: "1"}}}, false, Record{}},
	} {
		x.want.ID = string(x.o.ID[:])
		if got := RecordOf(&s, &x.o); fmt.Sprintf("%+v", *got) != fmt.Sprintf("%+v", x.want) || Comparable(&x.o) != x.comparable {
			t.Errorf("%s:\n%+v, want\n%+v; comparable %v", x.name, *got, x.want, Comparable(&x.o))
		}
	}
}
