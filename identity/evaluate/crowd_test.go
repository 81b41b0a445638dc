package evaluate

import (
	"fmt"
	"slices"
	"testing"

	"tributary/identity/match"
	"tributary/identity/match/matchtest"
)

// resolved loads records at once and scores the profiles against the truth, over the records it knows.
func resolved(t testing.TB, records []*match.Record, truth map[string]string) Figures {
	t.Helper()
	w, err := newWorkspace(&Spec{}, match.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.load(records); err != nil {
		t.Fatal(err)
	}
	return Score(truth, w.groups())
}

// TestPoison adds a junk mailbox, a mailbox that only the data can tell, and one telephone to many
// people: neither the largest profile nor recall may suffer.
func TestPoison(t *testing.T) {
	records, truth := matchtest.NewCrowd(3, 1500).Records(1500)
	before := resolved(t, records, truth)
	poisoned := map[string]bool{}
	for i, r := range records {
		switch {
		case i < 1000:
			r.Emails = append(r.Emails, "test@test.com")
		case i < 1300:
			r.Emails = append(r.Emails, "front.desk77@clinic.org")
		}
		if len(poisoned) < 500 && !poisoned[truth[r.ID]] {
			poisoned[truth[r.ID]] = true
			r.Phones = append(r.Phones, "+1 360 555 0199")
		}
	}
	after := resolved(t, records, truth)
	if after.Largest > before.Largest || after.Recall < before.Recall-.005 || after.Precision < before.Precision-.005 {
		t.Errorf("largest %d, precision %.4f, recall %.4f; before %d, %.4f, %.4f",
			after.Largest, after.Precision, after.Recall, before.Largest, before.Precision, before.Recall)
	}
}

// TestThinObservations adds five records to each that say little: pairs with nothing to compare
// must not vote.
func TestThinObservations(t *testing.T) {
	records, truth := matchtest.NewCrowd(4, 800).Records(800)
	before := resolved(t, records, truth)
	all := slices.Clone(records)
	for _, r := range records {
		for k := range 5 {
			thin := &match.Record{ID: fmt.Sprintf("%s-thin%d", r.ID, k)}
			switch {
			case k%2 == 0 && len(r.Emails) > 0:
				thin.Emails = r.Emails
			case len(r.Phones) > 0:
				thin.Phones = r.Phones
			default:
				thin.Names = r.Names
			}
			all = append(all, thin)
		}
	}
	if after := resolved(t, all, truth); after.F1 < before.F1-.005 {
		t.Errorf("F1 %.4f (precision %.4f, recall %.4f), without %.4f (%.4f, %.4f)",
			after.F1, after.Precision, after.Recall, before.F1, before.Precision, before.Recall)
	}
}

// TestCertainIDs joins equal ids whatever the names, unless they are only weighed.
func TestCertainIDs(t *testing.T) {
	for _, certain := range []bool{false, true} {
		spec := &Spec{IDs: []ID{{Name: "login", Column: "login", Certain: certain}}}
		w, err := newWorkspace(spec, match.Options{})
		if err != nil {
			t.Fatal(err)
		}
		login := []match.ID{{Kind: "login", Value: "a1b2c3"}}
		if err := w.load([]*match.Record{
			{ID: "1", Names: []match.PersonName{{Given: "Theodora", Family: "Quimby"}}, Births: []string{"1970-01-02"}, IDs: login},
			{ID: "2", Names: []match.PersonName{{Given: "Ludwig", Family: "Farnsworth"}}, Births: []string{"1988-11-30"}, IDs: login},
		}); err != nil {
			t.Fatal(err)
		}
		if got := len(w.groups()) == 1; got != certain {
			t.Errorf("certain %v: %v", certain, w.groups())
		}
	}
}
