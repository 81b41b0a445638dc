package match

import (
	"testing"

	"pgregory.net/rapid"
)

func levels(t *testing.T, a, b Record) Comparison {
	t.Helper()
	s := testSchema
	a.ID, b.ID = "a", "b"
	var c, turned Comparison
	x, y := s.Prepare(&a), s.Prepare(&b)
	s.Compare(x, y, &c)
	s.Compare(y, x, &turned)
	if c.Levels != turned.Levels || c.Contradiction != turned.Contradiction {
		t.Errorf("not symmetric: %v and %v", c.Levels, turned.Levels)
	}
	return c
}

func TestCompareNames(t *testing.T) {
	for _, x := range []struct {
		a, b          PersonName
		given, family Level
	}{
		{PersonName{Given: "Robert", Family: "Smith"}, PersonName{Given: "Bob", Family: "SMITH"}, NameAlike, NameExact},
		{PersonName{Given: "Robert", Family: "Smith"}, PersonName{Given: "Rboert", Family: "Smyth"}, NameNear, NameNear},
		{PersonName{Given: "Robert", Family: "Smith"}, PersonName{Given: "R.", Family: "Smith"}, NameInitial, NameExact},
		{PersonName{Given: "Daniella", Family: "Shaw"}, PersonName{Given: "Shaw", Family: "Daniella"}, NameElsewhere, NameElsewhere},
		{PersonName{Given: "Maria", Family: "Lopez"}, PersonName{Given: "Mario", Family: "Lopez"}, NameNear, NameExact},
		{PersonName{Given: "Daniel", Family: "Lopez"}, PersonName{Given: "Danielle", Family: "Lopez"}, NameClose, NameExact},
		{PersonName{Given: "Mark", Family: "Lopez"}, PersonName{Given: "Susan", Family: "Lopez"}, NameAnother, NameExact},
		{PersonName{Given: "Omar", Family: "Breceda Ramirez"}, PersonName{Given: "Omar", Family: "Ramirez"}, NameExact, NameAlike},
		{PersonName{Full: "Dr. Omar A. Ramirez"}, PersonName{Full: "Ramirez, Omar"}, NameExact, NameExact},
		{PersonName{Full: "王杰"}, PersonName{Given: "Jie", Family: "Wang"}, NameExact, NameExact},
		{PersonName{Full: "欧阳修文"}, PersonName{Given: "Xiuwen", Family: "Ouyang"}, NameExact, NameExact},
		{PersonName{Full: "曾小明"}, PersonName{Given: "Xiaoming", Family: "Zeng"}, NameExact, NameExact},
		{PersonName{Full: "ВАСИЛЬЕВ, Александр"}, PersonName{Given: "Alexander", Family: "Vasiliev"}, NameAlike, NameNear},
		{PersonName{Given: "Zoë", Family: "Müller"}, PersonName{Given: "Zoe", Family: "Muller"}, NameExact, NameExact},
		{PersonName{Given: "Pаul", Family: "O'Hare"}, PersonName{Given: "Paul", Family: "OHARE"}, NameExact, NameExact}, // Cyrillic a
		{PersonName{Given: "Ludwig", Family: "van der Berg"}, PersonName{Given: "Ludwig", Family: "Berg"}, NameExact, NameExact},
		{PersonName{Family: "Smith"}, PersonName{Given: "Ann", Family: "Jones"}, Missing, NameDifferent},
	} {
		c := levels(t, Record{Names: []PersonName{x.a}}, Record{Names: []PersonName{x.b}})
		if c.Levels[FeatureGiven] != x.given || c.Levels[FeatureFamily] != x.family {
			t.Errorf("%+v and %+v: given %d, family %d; want %d, %d", x.a, x.b, c.Levels[FeatureGiven], c.Levels[FeatureFamily], x.given, x.family)
		}
	}
}

func TestGenerationsContradict(t *testing.T) {
	for _, x := range []struct {
		a, b PersonName
		want bool
	}{
		{PersonName{Given: "David", Family: "Dobbins Jr"}, PersonName{Given: "David", Family: "Dobbins Senior"}, true},
		{PersonName{Given: "Morris I", Family: "Klein"}, PersonName{Given: "Morris II", Family: "Klein"}, true},
		{PersonName{Full: "David Dobbins, Jr."}, PersonName{Given: "David", Family: "Dobbins", Suffix: "III"}, true},
		{PersonName{Given: "David", Family: "Dobbins Jr"}, PersonName{Given: "David", Family: "Dobbins II"}, false},
		{PersonName{Given: "David", Family: "Dobbins Jr"}, PersonName{Given: "David", Family: "Dobbins"}, false},
	} {
		if c := levels(t, Record{Names: []PersonName{x.a}}, Record{Names: []PersonName{x.b}}); c.Contradiction != x.want {
			t.Errorf("%+v and %+v: %v", x.a, x.b, c.Contradiction)
		}
	}
}

func TestCompareBirths(t *testing.T) {
	for _, x := range []struct {
		a, b string
		want Level
	}{
		{"1978-12-11", "12/11/1978", BirthExact},
		{"1978-12-11", "11/12/1978", BirthSwapped},
		{"1991-08-20", "20/8/1991", BirthExact},
		{"1991-08-20", "8/20/91", BirthExact},
		{"1991-08-20", "20.08.1991", BirthExact},
		{"1970-03-01", "Mar 1 1970", BirthExact},
		{"2011-05-24", "24-May-11", BirthExact},
		{"19710403", "1971-04-03", BirthExact},
		{"１９７１-04-03", "1971-04-03", BirthExact},
		{"1857-02-57", "1857-02-27", BirthNear},
		{"1857-02-27", "1858-02-27", BirthNear},
		{"1857-02-27", "1857-07-22", BirthYear},
		{"1857-02-27", "1857", BirthCoarse},
		{"1857-02-27", "1857-01-01", BirthCoarse},
		{"1857-02-27", "1875-12-27", BirthDifferent},
		{"1857-02-27", "1994-11-03", BirthDifferent},
		{"1857-02-27", "unknown", Missing},
	} {
		c := levels(t, Record{Births: []string{x.a}}, Record{Births: []string{x.b}})
		if c.Levels[FeatureBirth] != x.want {
			t.Errorf("%s and %s: %d, want %d", x.a, x.b, c.Levels[FeatureBirth], x.want)
		}
	}
}

func TestCompareContacts(t *testing.T) {
	mail := func(s string) Record { return Record{Emails: []string{s}} }
	phone := func(s string) Record { return Record{Phones: []string{s}} }
	address := func(s string) Record { return Record{Addresses: []Address{{Line: s}}} }
	for _, x := range []struct {
		a, b    Record
		feature Feature
		want    Level
	}{
		{mail("Maria <M.Sentosa@FMail.com>"), mail("m.sentosa@fmail.com"), FeatureEmail, EmailExact},
		{mail("info@firm.org"), mail("info@firm.org"), FeatureEmail, EmailRole},
		{mail("test@test.com"), mail("test@test.com"), FeatureEmail, Missing},
		{mail("obreceda41@x.org"), mail("obrreceda41@x.org"), FeatureMailbox, MailboxSlip},
		{mail("davism82@x.org"), mail("davism32@x.org"), FeatureMailbox, MailboxStem},
		{mail("a@x.org"), mail("b@x.org"), FeatureEmail, EmailDifferent},
		{phone("+39 0352 6553537"), phone("0352 6553537"), FeaturePhone, PhoneExact},
		{phone("202-321-3212"), phone("321-3212"), FeaturePhone, PhoneTail},
		{phone("(206) 741-2260"), phone("+12067412206"), FeaturePhone, PhoneNear},
		{phone("0000000000"), phone("0000000000"), FeaturePhone, Missing},
		{phone("1234567890"), phone("1234567890"), FeaturePhone, Missing},
		{address("1515 Adela Ln"), address("1515 Adela Lane, Apt 4"), FeatureAddress, AddressExact},
		{address("Suite 900, 1450 N City Rd"), address("1450 N City Rd Suite 900"), FeatureAddress, AddressExact},
		{address("P.O. Box 12987"), address("PO BOX 12987"), FeatureAddress, AddressExact},
		{address("177 pridham street"), address("177 pridhamstreet"), FeatureAddress, AddressNear},
		{address("12 Oak St"), address("14 Oak St"), FeatureAddress, AddressNumber},
		{address("12 Oak St"), address("731 Oak St"), FeatureAddress, AddressRoad},
		{address("12 Oak St"), address("12 Elm St"), FeatureAddress, AddressDifferent},
	} {
		if c := levels(t, x.a, x.b); c.Levels[x.feature] != x.want {
			t.Errorf("%+v and %+v: %d, want %d", x.a, x.b, c.Levels[x.feature], x.want)
		}
	}
}

// FuzzPrepare feeds anything into every field: nothing panics, and a record agrees with itself.
func FuzzPrepare(f *testing.F) {
	for _, s := range []string{"", "Smith, Bob Jr", "王杰", "12/31/99", "a@b.org", "+1 (206) 555 0100", "12 Oak St", "\xff\x00", "ﬁ ＡＢＣ", "''", "1-", "st 4"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		rec := func(s string) *Record {
			return &Record{
				ID: s, Names: []PersonName{{Given: s, Family: b}, {Full: s, Suffix: s}}, Births: []string{s}, Phones: []string{s},
				Addresses: []Address{{Line: s, City: s, Postcode: s}}, Emails: []string{s}, Sexes: []string{s},
				IDs: []ID{{"account", s}}, Organisations: []string{s},
			}
		}
		s := testSchema
		x, y := s.Prepare(rec(a)), s.Prepare(rec(b))
		var c, d Comparison
		s.Compare(x, y, &c)
		s.Compare(y, x, &d)
		if c.Levels != d.Levels {
			t.Fatalf("not symmetric: %v %v", c.Levels, d.Levels)
		}
		s.Compare(x, x, &c)
		for f, l := range c.Levels {
			if l > 3 && Feature(f) != FeatureOther && Feature(f) != FeatureOrganisation {
				t.Fatalf("feature %d of %q does not agree with itself: %d", f, a, l)
			}
		}
		DefaultModel(s).Keys(x)
	})
}

func TestEditsAgreesWithPlainDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.StringMatching(`[ab]{0,6}`).Draw(t, "a"), rapid.StringMatching(`[ab]{0,6}`).Draw(t, "b")
		want := plainEdits(a, b)
		if got := edits(a, b, 9); got != want {
			t.Fatalf("edits %d, want %d", got, want)
		}
		if oneEdit(a, b) != (want == 1) && a != b {
			t.Fatalf("oneEdit %v at distance %d", oneEdit(a, b), want)
		}
		if j := jaroWinkler(a, b); j != jaroWinkler(b, a) || j < 0 || j > 1 {
			t.Fatalf("Jaro-Winkler %v", j)
		}
	})
}

// plainEdits is the recursive definition.
func plainEdits(a, b string) int {
	if a == "" || b == "" {
		return len(a) + len(b)
	}
	i, j := len(a)-1, len(b)-1
	cost := 1
	if a[i] == b[j] {
		cost = 0
	}
	d := min(plainEdits(a[:i], b)+1, plainEdits(a, b[:j])+1, plainEdits(a[:i], b[:j])+cost)
	if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
		d = min(d, plainEdits(a[:i-1], b[:j-1])+1)
	}
	return d
}
