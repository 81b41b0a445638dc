package identity_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tributary/identity"
	"tributary/identity/identitytest"
)

// inForce is a book as what is in force.
type inForce struct{ *identitytest.Book }

func (f inForce) Assignment(id identity.ObservationID) (identity.Assignment, bool, error) {
	a, ok := f.Assignments[id]
	return a, ok, nil
}

func (f inForce) Members(p identity.ProfileID) ([]identity.ObservationID, error) {
	var ids []identity.ObservationID
	for id, a := range f.Assignments {
		if a.Profile == p {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

func ascending(ids []identity.ObservationID) iter.Seq2[identity.ObservationID, error] {
	return func(yield func(identity.ObservationID, error) bool) {
		for _, id := range ids {
			if !yield(id, nil) {
				return
			}
		}
	}
}

// previewed is a workspace that is resolved, by what some lines say.
func previewed(t *testing.T, lines ...string) inForce {
	t.Helper()
	book := identitytest.NewBook(newEngine(t, identity.Config{DefaultRegion: "US"}), identitytest.New())
	for i, text := range lines {
		o, _ := book.Engine.Observe(said(t, i, text))
		check(t, book.Add(o))
	}
	return inForce{book}
}

func (f inForce) preview(t interface{ Fatal(...any) }, rules string) []*identity.Compared {
	r, err := identity.ParseRules([]byte(rules))
	if err != nil {
		t.Fatal(err)
	}
	e, err := f.Engine.With(r)
	if err != nil {
		t.Fatal(err)
	}
	var parts []*identity.Compared
	err = e.Preview(context.Background(), f.Facts, nil, f, ascending(f.Facts.IDs()), 0, func(c *identity.Compared) error {
		parts = append(parts, c)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return parts
}

func TestPreview(t *testing.T) {
	lines := []string{
		"user_id=u1; email=ann@example.com; name=Ann Lee", "user_id=u1; crm.contact_id=1",
		"user_id=u2; email=ann@example.com; name=Ann Lee", "crm.contact_id=1; phone=+12125550100",
		"anonymous_id=a1; user_id=u3", "anonymous_id=a1", "user_id=u4",
	}
	for _, c := range []struct{ rules, want string }{
		{"{}", ""},
		{"identifiers: [{type: user_id, role: evidence}]", "merge of 2, moved 1: shared_identifier_and_name email 1 | split of 2, moved 1: same_user_id user_id 1"},
		{"identifiers: [{type: crm.contact_id, role: ignored}]", "split of 2, moved 1: same_crm.contact_id crm.contact_id 1"},
		{"blocked: [{type: anonymous_id, value: a1}]", "split of 2, moved 1: same_device anonymous_id 1 (blocked_identifier)"},
		{"identifiers: [{type: email, role: certain}, {type: user_id, role: certain}]", "merge of 2, moved 1: same_email email 1"},
	} {
		t.Run(c.rules, func(t *testing.T) {
			var got []string
			for _, part := range previewed(t, lines...).preview(t, c.rules) {
				for _, change := range part.Changes {
					said := fmt.Sprintf("%s of %d, moved %d:", change.Kind, len(change.Parts), change.Moved)
					for _, x := range change.Causes {
						said += fmt.Sprintf(" %s %s %d", x.Rule, x.IdentifierType, x.Links)
						if x.Refused != "" {
							said += " (" + x.Refused + ")"
						}
					}
					got = append(got, said)
				}
			}
			slices.Sort(got)
			if strings.Join(got, " | ") != c.want {
				t.Errorf("says\n%s\nwant\n%s", strings.Join(got, " | "), c.want)
			}
		})
	}
}

// TestPreviewIsTheResolution: each observation is compared once, as it is in force and as the new rules
// resolve it, and profiles are whole.
func TestPreviewIsTheResolution(t *testing.T) {
	documents := []string{
		"{}", "identifiers: [{type: user_id, role: evidence}]", "strategy: isolate_shared_devices", "identifiers: [{type: email, role: certain}]",
		"blocked: [{type: email, value: a@example.com}]",
	}
	rapid.Check(t, func(r *rapid.T) {
		lines := rapid.SliceOfN(rapid.SampledFrom([]string{
			"user_id=u1", "user_id=u1; email=a@example.com", "user_id=u2; email=a@example.com", "email=a@example.com",
			"anonymous_id=x", "anonymous_id=x; user_id=u2", "name=Ann Lee; phone=+12125550100", "name=A Lee; phone=+12125550100; email=a@example.com",
			"name=Bob Fox; phone=+12125550100", "crm.id=1; name=Ann Lee; birth_date=1980-01-01", "crm.id=1; user_id=u1", "user_id=u9",
		}), 1, 12).Draw(r, "lines")
		f := previewed(t, lines...)
		document := rapid.SampledFrom(documents).Draw(r, "rules")
		rules, err := identity.ParseRules([]byte(document))
		check(t, err)
		e, err := f.Engine.With(rules)
		check(t, err)
		want := map[identity.ObservationID]identity.Assignment{}
		for _, a := range fromScratch(r, e, f.Facts).Assignments {
			want[a.Observation] = a
		}
		before, after := map[identity.ObservationID]identity.Assignment{}, map[identity.ObservationID]identity.Assignment{}
		for _, part := range f.preview(r, document) {
			whole := map[identity.ObservationID]bool{}
			for i := range part.Before {
				whole[part.Before[i].Observation] = true
				before[part.Before[i].Observation], after[part.After[i].Observation] = part.Before[i], part.After[i]
			}
			for i := range part.Before {
				if !whole[part.Before[i].Profile] || !whole[part.After[i].Profile] {
					r.Fatal("a profile is not whole")
				}
			}
			if len(part.Changes) == 0 {
				requireSameGroups(r, part)
			}
		}
		if d := difference(f.Assignments, before); d != "" {
			r.Fatalf("before: %s", d)
		}
		if d := difference(want, after); d != "" {
			r.Fatalf("after: %s", d)
		}
	})
}

// requireSameGroups fails where profiles changed and no change tells of it.
func requireSameGroups(t *rapid.T, part *identity.Compared) {
	to := map[identity.ProfileID]identity.ProfileID{}
	for i, b := range part.Before {
		a := part.After[i]
		if b.Standing == identity.StandingUnassigned || a.Standing == identity.StandingUnassigned {
			continue
		}
		if other, ok := to[b.Profile]; ok && other != a.Profile {
			t.Fatalf("%s is split and no change tells of it", b.Profile)
		}
		to[b.Profile] = a.Profile
	}
}

func TestPreviewIsBoundedAndCancelled(t *testing.T) {
	f := previewed(t, "user_id=u1; email=a@example.com", "user_id=u1; phone=+12125550100", "user_id=u1")
	none := func(*identity.Compared) error { return nil }
	err := f.Engine.Preview(t.Context(), f.Facts, nil, f, ascending(f.Facts.IDs()), 2, none)
	if !errors.Is(err, identity.ErrTooLarge) {
		t.Errorf("over the bound: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Engine.Preview(ctx, f.Facts, nil, f, ascending(f.Facts.IDs()), 0, none); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
