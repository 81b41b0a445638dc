package identity

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func parsed(t testing.TB, s string) personName {
	n, ok := nameOf([]Attribute{{"name", foldText(s)}})
	if !ok {
		t.Fatalf("%q is no name", s)
	}
	return n
}

func TestCompareNames(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want relation
	}{
		{"John Smith", "john  SMITH", relationSame},
		{"John Smith", "Smith John", relationSame},
		{"John Smith", "Smith, John", relationSame},
		{"José Peña", "Jose Pena", relationSame},
		{"Sean O'Brien", "Sean OBrien", relationSame},
		{"Dr. John Smith", "John Smith", relationSame},
		{"王小明", "王小明", relationSame},
		{"王小明", "王　小明", relationSame},
		{"王小明", "小明 王", relationSame},
		{"王小明", "Wang Xiaoming", relationAgree},
		{"王小明", "Xiao-Ming Wang", relationAgree},
		{"王小明", "WANG, Xiao Ming", relationAgree},
		{"欧阳修", "Ouyang Xiu", relationAgree},
		{"曾伟", "Zeng Wei", relationAgree}, // read otherwise than in other words
		{"Иван Петров", "Ivan Petrov", relationAgree},
		{"Νίκος Παππάς", "Nikos Pappas", relationAgree},
		{"Аnna Lеe", "Anna Lee", relationSame}, // Cyrillic letters in Latin words
		{"Ａｎｎａ Ｌｅｅ", "Anna Lee", relationSame},
		{"ﬁona Lee", "Fiona Lee", relationSame},
		{"John Smith", "J Smith", relationAgree},
		{"John Smith", "Smith, J.", relationAgree},
		{"John Smith", "John S.", relationAgree},
		{"John Smith", "John Albert Smith", relationAgree},
		{"John A Smith", "John Albert Smith", relationAgree},
		{"John Smith", "John", relationAgree},
		{"Juan García López", "Juan García", relationAgree},
		{"Anna Smith-Jones", "Anna Smith", relationAgree},
		{"Michael Smith", "Micheal Smith", relationAgree},    // turned letters
		{"Christopher Lee", "Christoper Lee", relationAgree}, // one missing
		{"Anna Peterson", "Anna Petersen", relationAgree},    // one other letter, last name
		{"Nguyễn Văn An", "Nguyen Van An", relationSame},

		{"John Smith", "Mary Smith", relationContradict},
		{"John Smith", "John Miller", relationContradict},
		{"John Smith", "Mary Jones", relationContradict},
		{"Robert Smith", "Bob Smith", relationContradict}, // nicknames are left to scores
		{"Martin Lee", "Marvin Lee", relationContradict},  // one other letter, first name
		{"Maria Rossi", "Mario Rossi", relationContradict},
		{"Daniel Weber", "Daniela Weber", relationContradict},
		{"Anna Lee", "Anne Lee", relationContradict},
		{"Anna Lee", "Anna Lea", relationContradict},           // too short for a slip
		{"Micheal Smyth", "Michael Smith", relationContradict}, // two slips
		{"John", "Mary", relationContradict},
		{"Mary", "John Smith", relationContradict},
		{"J Smith", "M Smith", relationContradict},
		{"王小明", "王小红", relationContradict},
		{"王小明", "Li Xiaoming", relationContradict},
		{"王小明", "John Smith", relationContradict},
		{"Иван Петров", "Boris Petrov", relationContradict},
		{"John Smith Jr", "John Smith Sr.", relationContradict},
		{"John Smith II", "John Smith III", relationContradict},

		{"John Smith", "Smith", relationNone}, // the family's name
		{"John Smith Jr", "John Smith", relationNone},
		{"John A Smith", "John B Smith", relationNone},
		{"J S", "John Smith", relationNone},
		{"Maria Souza", "Ana Maria Souza", relationNone},
		{"user4711", "John Smith", relationNone},
		{"王小明", "John Wang", relationNone}, // a name taken abroad
		{"張偉", "张伟", relationNone},         // simplified, or another name that sounds the same
	} {
		a, b := parsed(t, c.a), parsed(t, c.b)
		if got := compareNames(a, b); got != c.want {
			t.Errorf("%q and %q: %d, want %d", c.a, c.b, got, c.want)
		}
		if got := compareNames(b, a); got != c.want {
			t.Errorf("%q and %q: %d, want %d", c.b, c.a, got, c.want)
		}
	}
}

func TestNameParts(t *testing.T) {
	for _, c := range []struct {
		attrs []Attribute
		key   string
	}{
		{[]Attribute{{"first_name", "ann"}, {"last_name", "lee"}}, "ann lee|,"},
		{[]Attribute{{"first_name", "ann"}, {"middle_name", "b."}, {"last_name", "van der lee"}}, "ann b van der lee|,"},
		{[]Attribute{{"name", "lee, ann"}}, "ann lee|,"},
		{[]Attribute{{"name", "ann lee, jr."}}, "ann lee|jr"},
		{[]Attribute{{"name", "mr john smith senior"}}, "john smith|sr"},
		{[]Attribute{{"name", "ann lee"}, {"suffix", "iii"}}, "ann lee|iii"},
		{[]Attribute{{"name", "ignored"}, {"first_name", "ann"}, {"last_name", "lee"}}, "ann lee|,"},
		{[]Attribute{{"first_name", "ann"}}, "ann|"},
		{[]Attribute{{"name", "junior"}}, "junior|"},
	} {
		if n, _ := nameOf(c.attrs); n.key() != c.key {
			t.Errorf("%v: %q, want %q", c.attrs, n.key(), c.key)
		}
	}
	for _, none := range []string{"12345", "...", "+49 151"} {
		if _, ok := nameOf([]Attribute{{"name", none}}); ok {
			t.Errorf("%q is a name", none)
		}
	}
}

// TestComparisonIsSymmetric: the order of two names is an accident of ids.
func TestComparisonIsSymmetric(t *testing.T) {
	word := rapid.SampledFrom([]string{"john", "jon", "jonh", "j", "s", "smith", "smiht", "smithe", "mary", "jr", "sr", "anna maria", "lee,", "王小明", "王", "xiaoming", "wang", "иван", "ivan"})
	name := rapid.Custom(func(t *rapid.T) personName {
		words := rapid.SliceOfN(word, 1, 4).Draw(t, "words")
		text := ""
		for _, w := range words {
			text += w + " "
		}
		n, ok := nameOf([]Attribute{{"name", foldText(text)}})
		if !ok {
			t.Skip("no name")
		}
		return n
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := name.Draw(t, "a"), name.Draw(t, "b")
		if x, y := compareNames(a, b), compareNames(b, a); x != y {
			t.Fatalf("%v %v: %d, turned around %d", a, b, x, y)
		}
		if r := compareNames(a, a); r != relationSame && r != relationAgree {
			t.Fatalf("%v with itself: %d", a, r)
		}
	})
}

func FuzzNames(f *testing.F) {
	for _, s := range []string{"Smith, John", "Иван", "欧阳修", "Wang Xiao Ming", "王 小明", "Jr", "J. R. Ewing", "'", "a\u0301", "मोहन", ","} {
		f.Add(s, "John Smith")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		x, ok1 := nameOf([]Attribute{{"name", foldText(a)}})
		y, ok2 := nameOf([]Attribute{{"name", foldText(b)}})
		if !ok1 || !ok2 {
			return
		}
		if compareNames(x, y) != compareNames(y, x) {
			t.Errorf("%q and %q are not symmetric", a, b)
		}
		if slices.Contains(x.tokens, "") {
			t.Errorf("%q has an empty word", a)
		}
	})
}

func TestCompareDates(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want relation
	}{
		{"1980-02-03", "1980-02-03", relationSame},
		{"1980-02-03", "1980-03-02", relationNone},
		{"1980-02-03", "1981-02-03", relationContradict},
	} {
		if got := compareDates(c.a, c.b); got != c.want {
			t.Errorf("%s, %s: %d", c.a, c.b, got)
		}
	}
}
