package identity_test

import (
	"slices"
	"testing"

	"tributary/identity"
	"tributary/identity/identitytest"
	"tributary/ingest/event"
)

// TestPrecedence has a world for every two neighbours in the order of precedence, and for those
// further apart that meet: never-merge by a person; must-merge by a person; conflict of exclusive
// identifiers; certain rules; limits; scored merges (TestPrecedenceOfScores).
func TestPrecedence(t *testing.T) {
	const (
		e1, e2, e3 = "email=a@example.org", "email=b@example.org", "email=c@example.org"
		ann        = "; name=Ann Lee"
		twoMails   = "identifiers: [{type: email, limit: 1}]"
		twoCRM     = "identifiers: [{type: crm.contact_id, limit: 1}]"
	)
	for _, w := range []world{
		{
			name: "never over must",
			said: []string{"user_id=1", "user_id=1; device_id=d", "user_id=2"},
			must: [][2]int{{0, 2}, {1, 2}}, never: [][2]int{{0, 1}},
			want: "0 | 1 | 2", conflicts: "0-1 same_user_id: never_merge; 0-2 must_merge: never_merge; 1-2 must_merge: never_merge",
		},
		{
			name: "never over certain",
			said: []string{"crm.contact_id=1" + ann, "crm.contact_id=1"}, never: [][2]int{{0, 1}},
			want: "0 | 1", conflicts: "0-1 same_crm.contact_id: never_merge",
		},
		{
			name: "never over a compound", rules: "compound: [{name: both, of: [email, phone]}]",
			said: []string{e1 + "; phone=+14155550101" + ann, e1 + "; phone=+14155550101; name=Bob Lee"}, never: [][2]int{{0, 1}},
			want: "0 | 1", conflicts: "0-1 compound_both: never_merge",
		},
		{
			name: "must over exclusive",
			said: []string{"user_id=1", "user_id=2"}, must: [][2]int{{0, 1}},
			want: "0 1",
		},
		{
			name: "must over a limit", rules: twoMails,
			said: []string{e1 + "; user_id=1", e2 + "; crm.contact_id=7"}, must: [][2]int{{0, 1}},
			want: "0 1",
		},
		{
			name: "what people joined over a limit takes what adds nothing", rules: twoMails,
			said: []string{e1 + ann, e2 + ann, e1 + ann + "; conv=1", e3 + ann + "; conv=1"}, must: [][2]int{{0, 1}},
			want: "0 1 2 | 3", conflicts: "2-3 same_conversation: limit_email",
		},
		{
			name: "exclusive over certain",
			said: []string{"user_id=1; crm.contact_id=7", "user_id=2; crm.contact_id=7"},
			want: "0 | 1", conflicts: "0-1 same_crm.contact_id: exclusive_user_id",
		},
		{
			name: "exclusive by the rules over certain", rules: "identifiers: [{type: tax.number, role: exclusive}]",
			said: []string{"tax.number=1; crm.contact_id=7", "tax.number=2; crm.contact_id=7"},
			want: "0 | 1", conflicts: "0-1 same_crm.contact_id: exclusive_tax.number",
		},
		{
			name: "exclusive over a compound", rules: "compound: [{name: both, of: [email, birth_date]}]",
			said: []string{"user_id=1; birth_date=1980-02-03; " + e1, "user_id=2; birth_date=1980-02-03; " + e1},
			want: "0 | 1", conflicts: "0-1 compound_both: exclusive_user_id",
		},
		{
			name: "certain over limits", rules: twoMails,
			said: []string{"user_id=1; " + e1, "user_id=1; " + e2, "crm.contact_id=7; " + e1, "crm.contact_id=7; " + e2},
			want: "0 1 | 2 3",
		},
		{
			name: "certain over limits of evidence", rules: "identifiers: [{type: email, role: evidence, limit: 1}]",
			said: []string{"user_id=1; " + e1, "user_id=1; " + e2},
			want: "0 1",
		},
		{
			name: "a limit of what stands before a certain one over it", rules: twoCRM,
			said: []string{"crm.contact_id=7; shop.customer_id=1", "crm.contact_id=8; shop.customer_id=1"},
			want: "0 | 1", conflicts: "0-1 same_shop.customer_id: limit_crm.contact_id",
		},
		{
			name: "a certain one over a limit of what stands behind it", rules: "identifiers: [{type: shop.customer_id}, {type: crm.contact_id, limit: 1}]",
			said: []string{"crm.contact_id=7; shop.customer_id=1", "crm.contact_id=8; shop.customer_id=1"},
			want: "0 1",
		},
		{
			name: "limits over a conversation", rules: twoCRM,
			said: []string{"conv=1; crm.contact_id=7", "conv=1; crm.contact_id=8"},
			want: "0 | 1", conflicts: "0-1 same_conversation: limit_crm.contact_id",
		},
		{
			name: "limits over a device", rules: "identifiers: [{type: crm.contact_id, limit: 2}]",
			said: []string{
				"at=3; anonymous_id=a; crm.contact_id=7", "at=1; anonymous_id=a; crm.contact_id=8", "at=2; anonymous_id=a; crm.contact_id=9", "at=4; anonymous_id=a",
			},
			want: "0 | 1 2 3", conflicts: "0-1 same_device: limit_crm.contact_id",
		},
		{
			name: "limits over a shared value with an agreeing name", rules: twoCRM,
			said: []string{e1 + ann + "; crm.contact_id=7", e1 + ann + "; crm.contact_id=8"},
			want: "0 | 1", conflicts: "0-1 shared_identifier_and_name: limit_crm.contact_id",
		},
		{
			name: "limits over the only holder", rules: "identifiers: [{type: email, limit: 2}]",
			said: []string{
				"at=1; phone=+14155550101; user_id=1", "at=3; phone=+14155550101; " + e3, "at=2; phone=+14155550101; phone=+14155550102; " + e1,
				"at=1; user_id=1; " + e1, "at=1; user_id=1; " + e2,
			},
			want: "0 2 3 4 | 1",
		},
		{
			name: "between two certain ones the one of higher priority", rules: "identifiers: [{type: shop.customer_id}, {type: crm.contact_id}]",
			said: []string{"user_id=1; crm.contact_id=7", "crm.contact_id=7; shop.customer_id=3", "user_id=2; shop.customer_id=3"},
			want: "0 | 1 2", conflicts: "0-1 same_crm.contact_id: exclusive_user_id",
		},
		{
			name: "of the same priority neither",
			said: []string{"user_id=1; crm.contact_id=7", "crm.contact_id=7; shop.customer_id=3", "user_id=2; shop.customer_id=3"},
			want: "0 | 1 | 2", conflicts: "0-1 same_crm.contact_id: exclusive_user_id; 1-2 same_shop.customer_id: exclusive_user_id",
		},
		{
			name: "nor what hangs on it, which stays together",
			said: []string{
				"user_id=1; crm.contact_id=7", "crm.contact_id=7; shop.customer_id=3", "user_id=2; shop.customer_id=4",
				"shop.customer_id=3; desk.requester_id=5", "shop.customer_id=4; desk.requester_id=5", "user_id=1; desk.requester_id=6", "desk.requester_id=6",
			},
			want: "0 5 6 | 1 3 4 | 2", conflicts: "0-1 same_crm.contact_id: exclusive_user_id; 2-4 same_shop.customer_id: exclusive_user_id",
		},
		{
			name: "turned around", rules: "identifiers: [{type: crm.contact_id}, {type: shop.customer_id}]",
			said: []string{"user_id=1; crm.contact_id=7", "crm.contact_id=7; shop.customer_id=3", "user_id=2; shop.customer_id=3"},
			want: "0 1 | 2", conflicts: "1-2 same_shop.customer_id: exclusive_user_id",
		},
	} {
		t.Run(w.name, w.run)
	}
}

// twins is a Likeness to which all observations are near and alike: what stays apart is kept apart
// by rule.
type twins struct{ facts *identitytest.Facts }

func (l twins) Near(id identity.ObservationID) ([]identity.ObservationID, error) {
	return slices.DeleteFunc(l.facts.IDs(), func(x identity.ObservationID) bool { return x == id }), nil
}

func (l twins) Cluster(g identity.Grouping) (identity.Clustering, error) {
	var c identity.Clustering
	for b := range g.Groups {
		for a := range b {
			l := identity.Likely{A: g.Groups[a][0], B: g.Groups[b][0], Score: identity.Bit}
			if slices.Compare(l.A[:], l.B[:]) > 0 {
				l.A, l.B = l.B, l.A
			}
			if l.Contradiction = g.Apart(a, b); l.Contradiction {
				c.Reviews = append(c.Reviews, l)
			} else {
				c.Merges = append(c.Merges, l)
			}
		}
	}
	return c, nil
}

func (l twins) Weigh(_, _ []identity.ObservationID) (identity.Weighing, error) {
	return identity.Weighing{Score: identity.Bit}, nil
}

// TestWhatIsNotWeighed asks what a Likeness is told to leave out.
func TestWhatIsNotWeighed(t *testing.T) {
	e := withRules(t, newEngine(t, identity.Config{}), "{identifiers: [{type: crm.contact_id, role: ignored}, {type: phone, role: evidence}], blocked: [{type: email, value: a@example.org}]}")
	f := identitytest.New()
	for i, text := range []string{"email=a@example.org; crm.contact_id=1", "email=b@example.org; phone=+14155550101", "phone=+14155550102"} {
		o, _ := e.Observe(said(t, i, text))
		f.Add(o)
	}
	f.Block(identity.Identifier{Type: event.IDPhone, Value: "+14155550101"})
	asked := &asking{twins: twins{f}}
	if _, err := e.Resolve(t.Context(), f, asked, f.IDs()); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[identity.Identifier]bool{
		{Type: event.IDEmail, Value: "a@example.org"}: true, {Type: event.IDEmail, Value: "b@example.org"}: false,
		{Type: event.IDPhone, Value: "+14155550101"}: true, {Type: event.IDPhone, Value: "+14155550102"}: false,
		{Type: "crm.contact_id", Value: "1"}: true,
	} {
		if got := asked.without(id); got != want {
			t.Errorf("%v: %v", id, got)
		}
	}
}

type asking struct {
	twins
	without func(identity.Identifier) bool
}

func (a *asking) Cluster(g identity.Grouping) (identity.Clustering, error) {
	a.without = g.Without
	return a.twins.Cluster(g)
}

func TestPrecedenceOfScores(t *testing.T) {
	const e1, p1 = "email=a@example.org", "phone=+14155550101"
	for _, w := range []world{
		{name: "a score joins", said: []string{"crm.contact_id=7", "crm.contact_id=8"}, want: "0 1", reasons: map[int]string{1: "scored 0"}},
		{
			name: "never over a score", said: []string{"crm.contact_id=7", "crm.contact_id=8"}, never: [][2]int{{0, 1}},
			want: "0 | 1", conflicts: "0-1 scored: never_merge",
		},
		{name: "exclusive over a score", said: []string{"user_id=7", "user_id=8"}, want: "0 | 1", conflicts: "0-1 scored: exclusive_user_id"},
		{
			name: "limits over a score", rules: "identifiers: [{type: crm.contact_id, limit: 1}]",
			said: []string{"crm.contact_id=7", "crm.contact_id=8"}, want: "0 | 1", conflicts: "0-1 scored: limit_crm.contact_id",
		},
		{
			name: "limits of evidence over a score", rules: "identifiers: [{type: phone, role: evidence, limit: 1}]",
			said: []string{p1, "phone=+14155550102"}, want: "0 | 1", conflicts: "0-1 scored: limit_phone",
		},
		{
			name: "certain before a score, which then is one too many", rules: "identifiers: [{type: device_id, limit: 2}]",
			said: []string{"user_id=7; device_id=a", "user_id=7; device_id=b", "device_id=c"}, want: "0 1 | 2", conflicts: "1-2 scored: limit_device_id",
		},
		{name: "no matching", rules: "matching: {enabled: false}", said: []string{"crm.contact_id=7", "crm.contact_id=8"}, want: "0 | 1"},
		{name: "identifiers only", rules: "strategy: identifiers_only", said: []string{"crm.contact_id=7", "crm.contact_id=8"}, want: "0 | 1"},
		{
			name: "contact is weighed", said: []string{e1 + "; name=Ann Lee; conv=1", e1 + "; name=Ann Lee; conv=2"},
			want: "0 1", reasons: map[int]string{1: "scored 0"},
		},
		{
			name: "exact contact goes before", rules: "strategy: exact_contact", said: []string{e1 + "; name=Ann Lee; conv=1", e1 + "; name=Ann Lee; conv=2"},
			want: "0 1", reasons: map[int]string{1: "shared_identifier_and_name email 0"},
		},
	} {
		w.scored = true
		t.Run(w.name, w.run)
	}
}

func TestStrategies(t *testing.T) {
	const e1, p1 = "email=a@example.org", "phone=+14155550101"
	device := []string{"at=3; anonymous_id=a; user_id=1", "at=2; anonymous_id=a; user_id=2", "at=1; anonymous_id=a", "at=4; anonymous_id=b; user_id=3", "anonymous_id=b"}
	const refused = "0-1 same_device: exclusive_user_id"
	for _, w := range []world{
		{name: "known customer first", rules: "strategy: known_customer_first", said: device, want: "0 | 1 | 2 | 3 4", conflicts: refused},
		{
			name: "keep anonymous history", rules: "strategy: keep_anonymous_history", said: device, want: "0 | 1 2 | 3 4", conflicts: refused,
			reasons: map[int]string{2: "first_customer_of_device anonymous_id 1"},
		},
		{
			name: "keep anonymous history, but never what a person parted", rules: "strategy: keep_anonymous_history",
			said: device, never: [][2]int{{1, 2}}, want: "0 2 | 1 | 3 4", conflicts: "0-1 same_device: exclusive_user_id; 1-2 same_device: never_merge",
		},
		{
			name: "keep anonymous history as a knob", rules: "{strategy: isolate_shared_devices, visits: first_customer, identifiers: [{type: anonymous_id, role: device}]}",
			said: device, want: "0 | 1 2 | 3 4", conflicts: refused,
		},
		{name: "isolate shared devices", rules: "strategy: isolate_shared_devices", said: device, want: "0 | 1 | 2?0,1 | 3 4"},
		{
			name: "isolated devices join no names", rules: "strategy: isolate_shared_devices",
			said: []string{"device_id=a; name=Ann Lee; user_id=1", "device_id=a; " + e1 + "; crm.contact_id=7"}, want: "0 | 1",
		},
		{
			name: "exact contact", rules: "strategy: exact_contact",
			said: []string{e1 + "; name=Ann Lee; user_id=1", e1 + "; name=ann lee; conv=2", e1 + "; name=Bob Lee"}, want: "0 1 | 2",
		},
		{
			name: "mailbox is person", rules: "strategy: mailbox_is_person",
			said: []string{e1 + "; name=Ann Lee", e1 + "; name=Bob Ray", e1 + "; conv=1", p1 + "; name=Ann Lee", p1 + "; name=Bob Ray"},
			want: "0 1 2 | 3 | 4", reasons: map[int]string{1: "same_email email 0"},
		},
		{
			name: "mailbox is person, not two user ids", rules: "strategy: mailbox_is_person",
			said: []string{e1 + "; user_id=1", e1 + "; user_id=2"}, want: "0 | 1", conflicts: "0-1 same_email: exclusive_user_id",
		},
		{
			name: "identifiers only", rules: "strategy: identifiers_only",
			said: []string{e1 + "; name=Ann Lee", e1 + "; name=Ann Lee; conv=1", "name=Ann Lee; birth_date=1980-02-03; conv=3"}, want: "0 1 | 2",
		},
	} {
		t.Run(w.name, w.run)
	}
}

func TestRoles(t *testing.T) {
	const e1, e2, p1 = "email=a@example.org", "email=b@example.org", "phone=+14155550101"
	for _, w := range []world{
		{
			name: "evidence joins nobody", rules: "identifiers: [{type: email, role: evidence}]",
			said: []string{e1 + "; name=Ann Lee", e1 + "; name=Ann Lee; conv=1", e1}, want: "0 | 1 | 2",
		},
		{
			name: "evidence keeps nobody apart", rules: "identifiers: [{type: email, role: evidence}]",
			said: []string{"anonymous_id=a; " + e1, "anonymous_id=a; " + e2}, want: "0 1",
		},
		{
			name: "evidence keeps nobody apart where it is part of a compound", rules: "{identifiers: [{type: email, role: evidence}], compound: [{name: c, of: [email, phone]}]}",
			said: []string{"anonymous_id=a; " + e1, "anonymous_id=a; " + e2}, want: "0 1",
		},
		{
			name: "ignored", rules: "identifiers: [{type: user_id, role: ignored}]",
			said: []string{"user_id=1; crm.contact_id=1", "user_id=1", "user_id=2; crm.contact_id=1"}, want: "0 2 | 1",
		},
		{
			name: "certain, not exclusive", rules: "identifiers: [{type: user_id, role: certain}]",
			said: []string{"user_id=1; crm.contact_id=1", "user_id=1", "user_id=2; crm.contact_id=1"}, want: "0 1 2",
		},
		{
			name: "two values of a type that the rules made exclusive cancel each other", rules: "identifiers: [{type: tax.number, role: exclusive}]",
			said: []string{"tax.number=1; tax.number=2", "tax.number=1", "tax.number=2"}, want: "0 | 1 | 2",
		},
		{
			name: "a conversation that a source uses for many", rules: "identifiers: [{type: web.conversation_id, role: ignored}]",
			said: []string{"conv=1; user_id=1", "conv=1"}, want: "0 | 1",
		},
		{
			name: "blocked value", rules: "blocked: [{type: email, value: A@example.org}]",
			said: []string{e1 + "; name=Ann Lee", e1 + "; name=Ann Lee; conv=1", e1, e2}, want: "0 | 1 | 2? | 3",
			reasons: map[int]string{2: "blocked_identifier"},
		},
		{
			name: "blocked evidence", rules: "{blocked: [{type: email, value: a@example.org}], identifiers: [{type: email, role: evidence}]}",
			said: []string{e1, e2}, want: "0? | 1", reasons: map[int]string{0: "blocked_identifier"},
		},
		{
			name: "blocked pattern", rules: `blocked: [{pattern: '.*@example\.org'}, {type: phone, pattern: '\+1415.*'}]`,
			said: []string{e1 + "; name=Ann Lee", e1 + "; name=Ann Lee; conv=1", p1}, want: "0 | 1 | 2?",
		},
		{
			name: "blocked name", rules: "blocked: [{type: name, pattern: 'front desk.*'}]",
			said: []string{e1 + "; name=Front Desk 1; user_id=1", e1 + "; name=Front Desk 1", "user_id=2; name=Front Desk 1"}, want: "0 1 | 2",
		},
		{
			name: "generic spread", rules: "generic: {spread: 2}",
			said: []string{e1 + "; name=Ann Lee", e1 + "; name=Bob Ray", e1 + "; name=Ann Lee; conv=1"}, want: "0 | 1 | 2",
		},
		{
			name: "generic holders", rules: "generic: {holders: 1}",
			said: []string{p1 + "; conv=1", p1 + "; conv=2"}, want: "0 | 1",
		},
	} {
		t.Run(w.name, w.run)
	}
}

func TestCompound(t *testing.T) {
	const (
		e1, e2, p1, p2 = "email=a@example.org", "email=b@example.org", "phone=+14155550101", "phone=+14155550102"
		both           = "compound: [{name: both, of: [email, phone]}]"
		evidence       = "{compound: [{name: both, of: [email, phone]}], identifiers: [{type: email, role: evidence}, {type: phone, role: evidence}]}"
	)
	for _, w := range []world{
		{
			name: "both agree, whatever the name", rules: both,
			said: []string{e1 + "; " + p1 + "; name=Ann Lee", e1 + "; " + p1 + "; name=Bob Ray", e1 + "; " + p2 + "; name=Eve Fox", e2 + "; " + p1 + "; name=Joe Dow"},
			want: "0 1 | 2 | 3", reasons: map[int]string{1: "compound_both email+phone 0"},
		},
		{
			name: "evidence makes a compound", rules: evidence,
			said: []string{e1 + "; " + p1, e1 + "; " + p1 + "; conv=1", e1 + "; conv=2", p1 + "; conv=3"}, want: "0 1 | 2 | 3",
		},
		{
			name: "an attribute as one part", rules: "{identifiers: [{type: insurer.policy_id, role: evidence}], compound: [{name: policy, of: [insurer.policy_id, birth_date]}]}",
			said: []string{
				"insurer.policy_id=1; birth_date=1980-02-03; name=Ann Lee", "insurer.policy_id=1; birth_date=3.2.1980; name=Anna Ray", "insurer.policy_id=2; birth_date=1980-02-03",
			},
			want: "0 1 | 2", reasons: map[int]string{1: "compound_policy insurer.policy_id+birth_date 0"},
		},
		{
			name: "one part is generic", rules: "{compound: [{name: both, of: [email, phone]}], generic: {spread: 3}}",
			said: []string{p1 + "; name=Ann Lee", p1 + "; name=Bob Ray", e1 + "; " + p1 + "; name=Eve Fox", e1 + "; " + p1 + "; name=Joe Fox"},
			want: "0 | 1 | 2 3",
		},
		{
			name: "both parts are generic", rules: "{compound: [{name: both, of: [email, phone]}], generic: {spread: 2}}",
			said: []string{e1 + "; " + p1 + "; name=Eve Fox", e1 + "; " + p1 + "; name=Joe Dow"}, want: "0 | 1",
		},
		{
			name: "a generic value and a birth date are not enough", rules: "{compound: [{name: c, of: [phone, birth_date]}], generic: {spread: 2}}",
			said: []string{p1 + "; name=Eve Fox; birth_date=1980-02-03", p1 + "; name=Joe Dow; birth_date=1980-02-03"}, want: "0 | 1",
		},
		{
			name: "one part is blocked", rules: both, blocked: []identity.Identifier{{Type: event.IDPhone, Value: "+14155550101"}},
			said: []string{e1 + "; " + p1 + "; name=Eve Fox", e1 + "; " + p1 + "; name=Joe Dow"}, want: "0 | 1",
		},
		{
			name: "what is thin stays so", rules: both,
			said: []string{e1 + "; user_id=1", e1 + "; " + p1, e1 + "; " + p1 + "; conv=1"}, want: "0 1 2",
		},
	} {
		t.Run(w.name, w.run)
	}
}
