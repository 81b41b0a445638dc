package match_test

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"tributary/identity"
	"tributary/identity/match"
	"tributary/identity/match/matchtest"
)

var modelSchema = match.Schema{
	IDs:  []match.IDKind{{Name: "passport", Exclusive: true}, {Name: "account", Several: true}},
	Free: []match.FreeField{{Name: "occupation", Varies: true}}, Off: []string{"sex"}, DayFirst: true,
}

func encoded(t testing.TB, m *match.Model) []byte {
	t.Helper()
	raw, err := m.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestModelIsAFunctionOfTheSet also writes it and reads it back.
func TestModelIsAFunctionOfTheSet(t *testing.T) {
	records, _ := matchtest.NewCrowd(6, 700).Records(700)
	number(records)
	prepared := modelSchema.PrepareAll(records)
	labels := []match.Label{{A: idOf(prepared[0]), B: idOf(prepared[1])}, {A: idOf(prepared[2]), B: idOf(prepared[3]), Same: true}}
	a := encoded(t, match.Train(modelSchema, 3, prepared, labels...))
	slices.Reverse(prepared)
	slices.Reverse(labels)
	if !bytes.Equal(a, encoded(t, match.Train(modelSchema, 3, prepared, labels...))) {
		t.Fatal("the order of records or labels makes another model")
	}
	var read match.Model
	if err := read.UnmarshalBinary(a); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, encoded(t, &read)) || read.Number != 3 || len(read.Judged) != 2 {
		t.Error("the model that was read back is another")
	}
	m := match.Train(modelSchema, 3, prepared, labels...)
	for i := range 200 {
		x, y := m.Explain(prepared[i], prepared[i+1]), read.Explain(prepared[i], prepared[i+1])
		if x.Score != y.Score || !slices.Equal(m.Keys(prepared[i]), read.Keys(prepared[i])) {
			t.Fatalf("weighs %d, read back %d", x.Score, y.Score)
		}
	}
	t.Logf("%d bytes for %d records", len(a), len(records))
}

func idOf(p *match.Prepared) (id identity.ObservationID) {
	copy(id[:], p.ID)
	return id
}

// labelled makes records with binary ids, and labels of pairs of one person and of namesakes.
func labelled() (prepared []*match.Prepared, labels []match.Label) {
	records, truth := matchtest.NewCrowd(8, 1500).Records(1500)
	who := make([]string, len(records))
	first := map[string]int{}
	for i, r := range records {
		who[i] = truth[r.ID]
	}
	number(records)
	prepared = (&match.Schema{}).PrepareAll(records)
	for i := range records {
		if j, ok := first[who[i]]; ok {
			labels = append(labels, match.Label{A: idOf(prepared[j]), B: idOf(prepared[i]), Same: true})
		} else if first[who[i]] = i; i > 0 {
			labels = append(labels, match.Label{A: idOf(prepared[i-1]), B: idOf(prepared[i]), Same: who[i-1] == who[i]})
		}
	}
	return prepared, labels
}

// TestLabels: what people said moves the model towards it, and measures it.
func TestLabels(t *testing.T) {
	prepared, labels := labelled()
	plain := match.Train(match.Schema{}, 1, prepared)
	if x := plain.MeasuredPrecision(.9); x.Labels != 0 || x.Low != 0 || x.High != 1 {
		t.Errorf("measured without labels: %+v", x)
	}
	taught := match.Train(match.Schema{}, 2, prepared, labels...)
	x := taught.MeasuredPrecision(.9)
	if x.Labels < 100 || x.Low < .9 || x.High <= x.Low || x.Right > x.Labels {
		t.Errorf("measured %+v", x)
	}
	// People say that those are one whose telephone numbers are a digit apart: it tells more afterwards.
	var said []match.Label
	for _, l := range labels {
		for _, f := range weighed(plain, prepared, l) {
			if l.Same && f.Field == "phone" && f.Level == "one digit" {
				said = append(said, l)
			}
		}
	}
	other := match.Train(match.Schema{}, 3, prepared, said...)
	before, after := oneDigit(plain), oneDigit(other)
	if len(said) < 5 || after <= before {
		t.Errorf("%d labels move one digit from %.4f to %.4f of the pairs of one person", len(said), before, after)
	}
}

func weighed(m *match.Model, prepared []*match.Prepared, l match.Label) []identity.FieldBits {
	at := func(id identity.ObservationID) *match.Prepared {
		return prepared[slices.IndexFunc(prepared, func(p *match.Prepared) bool { return idOf(p) == id })]
	}
	return m.Explain(at(l.A), at(l.B)).Fields
}

func oneDigit(m *match.Model) float64 { return m.Weights[match.FeaturePhone].Same[match.PhoneNear] }

// TestLabelsThatDisagree: a pair that was labelled both ways, unknown observations and one with itself
// change nothing.
func TestLabelsThatDisagree(t *testing.T) {
	prepared, labels := labelled()
	one := labels[0]
	turned := match.Label{A: one.B, B: one.A, Same: !one.Same}
	m := match.Train(match.Schema{}, 1, prepared, one, turned, match.Label{A: one.A, B: one.A, Same: true}, match.Label{A: identity.ObservationID{255}, B: one.A})
	if !bytes.Equal(encoded(t, m), encoded(t, match.Train(match.Schema{}, 1, prepared))) {
		t.Error("labels that say nothing made another model")
	}
}

// TestTrainingLeavesTheDefaultsAlone: a model shares nothing with the next one, whoever writes to it.
func TestTrainingLeavesTheDefaultsAlone(t *testing.T) {
	m := match.DefaultModel(modelSchema)
	before := encoded(t, m)
	for _, w := range m.Weights {
		for _, list := range [][]float64{w.Same, w.Other} {
			for l := range list {
				list[l] /= 2
			}
		}
	}
	if !bytes.Equal(encoded(t, match.DefaultModel(modelSchema)), before) {
		t.Error("the default model changes with one that was made of it")
	}
}

// TestMeasuredPrecision checks the interval against published values (Wilson, 1927, by Newcombe, 1998).
func TestMeasuredPrecision(t *testing.T) {
	m := match.DefaultModel(match.Schema{})
	for i := range 263 {
		m.Judged = append(m.Judged, match.Judgement{Score: 100 * match.Bit, Same: i < 81})
	}
	m.Judged = append(m.Judged, match.Judgement{Score: -match.Bit, Same: true})
	if x := m.MeasuredPrecision(.9); x.Labels != 263 || math.Abs(x.Low-.2553) > 5e-5 || math.Abs(x.High-.3662) > 5e-5 {
		t.Errorf("%+v", x)
	}
}

func FuzzModel(f *testing.F) {
	records, _ := matchtest.NewCrowd(6, 50).Records(50)
	f.Add(encoded(f, match.DefaultModel(modelSchema)))
	f.Add(encoded(f, match.Train(modelSchema, 1, modelSchema.PrepareAll(records))))
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, raw []byte) {
		var m match.Model
		if m.UnmarshalBinary(raw) != nil {
			return
		}
		var again match.Model
		if err := again.UnmarshalBinary(encoded(t, &m)); err != nil || !bytes.Equal(encoded(t, &again), encoded(t, &m)) {
			t.Fatal("what was read is not read again", err)
		}
		p := m.Schema.Prepare(&match.Record{ID: "a", Names: []match.PersonName{{Given: "Ann", Family: "Lee"}}, Births: []string{"1970-01-02"}})
		m.Explain(p, p)
	})
}
