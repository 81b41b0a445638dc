package identity_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tributary/identity"
	"tributary/identity/identitytest"
	"tributary/ingest/event"
)

// said is one event in short: fields "type=value" separated by "; ". "conv" is the conversation,
// "record" the record id, "source" the source, "at" the event time in hours; a type of identifying
// attributes is an attribute.
func said(t *testing.T, i int, text string) *event.Event {
	t.Helper()
	e := &event.Event{
		Workspace: "w", Source: "web", MessageID: fmt.Sprint("m", i),
		ReceivedAt: time.Unix(int64(1000+i), 0).UTC(), Attributes: map[string]string{},
	}
	for field := range strings.SplitSeq(text, "; ") {
		key, value, ok := strings.Cut(field, "=")
		if !ok {
			t.Fatalf("field %q", field)
		}
		switch key {
		case "conv":
			e.CX = &event.CX{ConversationID: value}
		case "record":
			e.Record = &event.Record{ID: value}
		case "source":
			e.Source = value
		case "at":
			hours, err := strconv.Atoi(value)
			if err != nil {
				t.Fatal(err)
			}
			e.At = time.Unix(int64(hours)*3600, 0).UTC()
		default:
			if event.KnownAttribute(key) {
				e.Attributes[key] = value
				continue
			}
			e.Identifiers = append(e.Identifiers, event.Identifier{Type: key, Value: value})
		}
	}
	return e
}

// world is what a test says, with the verdicts on its lines by number.
type world struct {
	name    string
	config  identity.Config
	rules   string // YAML
	scored  bool   // all are as alike as can be
	said    []string
	never   [][2]int
	must    [][2]int
	blocked []identity.Identifier
	// want lists the groups by line numbers, separated by " | "; "3?" is unassigned, "3?0,1" with
	// the candidates whose founders are 0 and 1.
	want      string
	conflicts string // "a-b rule: reason", separated by "; "
	reasons   map[int]string
}

func (w world) run(t *testing.T) {
	e := withRules(t, newEngine(t, w.config), w.rules)
	f := identitytest.New()
	var ids []identity.ObservationID
	line := map[identity.ObservationID]int{}
	for i, text := range w.said {
		o, dropped := e.Observe(said(t, i, text))
		if len(dropped) > 0 {
			t.Fatalf("line %d: dropped %v", i, dropped)
		}
		f.Add(o)
		ids = append(ids, o.ID)
		if _, ok := line[o.ID]; !ok {
			line[o.ID] = i
		}
	}
	for _, l := range w.never {
		f.Link(ids[l[0]], ids[l[1]], identity.NeverMerge)
	}
	for _, l := range w.must {
		f.Link(ids[l[0]], ids[l[1]], identity.MustMerge)
	}
	for _, id := range w.blocked {
		f.Block(id)
	}
	var likeness identity.Likeness
	if w.scored {
		likeness = twins{f}
	}
	r, err := e.Resolve(t.Context(), f, likeness, f.IDs())
	if err != nil {
		t.Fatal(err)
	}
	if got := describe(r, line); got != w.want {
		t.Errorf("groups:\n got %s\nwant %s", got, w.want)
	}
	if got := describeConflicts(r, line); got != w.conflicts {
		t.Errorf("conflicts:\n got %s\nwant %s", got, w.conflicts)
	}
	for i, want := range w.reasons {
		for _, a := range r.Assignments {
			if a.Observation != ids[i] {
				continue
			}
			got := strings.Trim(a.Reason.Rule+" "+a.Reason.IdentifierType, " ")
			if a.Reason.Peer != uuidZero {
				got += fmt.Sprint(" ", line[a.Reason.Peer])
			}
			if got != want {
				t.Errorf("reason of %d: got %q, want %q", i, got, want)
			}
		}
	}
}

func withRules(t *testing.T, e *identity.Engine, document string) *identity.Engine {
	t.Helper()
	r, err := identity.ParseRules([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	e, err = e.With(r)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func describe(r identity.Resolution, line map[identity.ObservationID]int) string {
	groups := map[identity.ProfileID][]int{}
	for _, a := range r.Assignments {
		if a.Standing != identity.StandingUnassigned {
			groups[a.Profile] = append(groups[a.Profile], line[a.Observation])
		}
	}
	type part struct {
		first int
		text  string
	}
	var parts []part
	for _, g := range groups {
		slices.Sort(g)
		parts = append(parts, part{g[0], strings.Trim(fmt.Sprint(g), "[]")})
	}
	for _, a := range r.Assignments {
		if a.Standing != identity.StandingUnassigned {
			continue
		}
		var c []int
		for _, id := range a.Candidates {
			c = append(c, line[id])
		}
		slices.Sort(c)
		text := strings.ReplaceAll(strings.Trim(fmt.Sprint(c), "[]"), " ", ",")
		parts = append(parts, part{line[a.Observation], fmt.Sprintf("%d?%s", line[a.Observation], text)})
	}
	slices.SortFunc(parts, func(a, b part) int { return a.first - b.first })
	var texts []string
	for _, p := range parts {
		texts = append(texts, p.text)
	}
	return strings.Join(texts, " | ")
}

func describeConflicts(r identity.Resolution, line map[identity.ObservationID]int) string {
	var list []string
	for _, c := range r.Conflicts {
		a, b := line[c.A], line[c.B]
		list = append(list, fmt.Sprintf("%d-%d %s: %s", min(a, b), max(a, b), c.Rule, c.Reason))
	}
	slices.Sort(list)
	return strings.Join(list, "; ")
}

func TestRules(t *testing.T) {
	const e1, e2, p1, p2 = "email=a@example.org", "email=b@example.org", "phone=+14155550101", "phone=+14155550102"
	for _, w := range []world{
		{
			name: "one user id is one person, whatever the name",
			said: []string{"user_id=1; name=Mary Jones", "user_id=1; name=Mary Smith", "user_id=2; name=Mary Jones"},
			want: "0 1 | 2", reasons: map[int]string{0: "", 1: "same_user_id user_id 0"},
		},
		{
			name: "a source's id is one person",
			said: []string{"crm.contact_id=7; name=A Berg", "crm.contact_id=7; email=b@example.org", "crm.contact_id=8; name=A Berg"},
			want: "0 1 | 2", reasons: map[int]string{1: "same_crm.contact_id crm.contact_id 0"},
		},
		{
			name: "a source's id under two user ids joins neither, nor what lies between",
			said: []string{"user_id=1; crm.contact_id=7", "user_id=2; crm.contact_id=7", "crm.contact_id=7; name=Ann Lee"},
			want: "0 | 1 | 2", conflicts: "0-1 same_crm.contact_id: exclusive_user_id",
		},
		{
			name: "a device joins the visits before and after the login",
			said: []string{"anonymous_id=a", "anonymous_id=a; user_id=1", "user_id=1; anonymous_id=b", "anonymous_id=b"},
			want: "0 1 2 3", reasons: map[int]string{1: "same_device anonymous_id 0"},
		},
		{
			name: "a device of two people joins neither; its visits stand alone",
			said: []string{"anonymous_id=a; user_id=1", "anonymous_id=a; user_id=2", "anonymous_id=a"},
			want: "0 | 1 | 2", conflicts: "0-1 same_device: exclusive_user_id",
		},
		{
			name: "a device does not join other names",
			said: []string{"anonymous_id=a; name=Ann Lee", "anonymous_id=a; name=Bob Lee"},
			want: "0 | 1", conflicts: "0-1 same_device: different_name",
		},
		{
			name: "a device does not join other mailboxes",
			said: []string{"anonymous_id=a; " + e1, "anonymous_id=a; " + e2},
			want: "0 | 1", conflicts: "0-1 same_device: different_address",
		},
		{
			name: "two people's tickets from one mailbox",
			said: []string{
				e1 + "; name=Marisa Obrien; conv=1", e1 + "; name=Jessica Rios; conv=2",
				e1 + "; name=marisa  OBRIEN; conv=3", e1 + "; name=J. Rios; conv=4",
			},
			want: "0 2 | 1 3", reasons: map[int]string{3: "shared_identifier_and_name email 1"},
		},
		{
			name: "a name that fits two joins neither",
			said: []string{e1 + "; name=John Smith", e1 + "; name=James Smith", e1 + "; name=J Smith"},
			want: "0 | 1 | 2",
		},
		{
			name: "an equal e-mail is not enough where both are somebody",
			said: []string{e1 + "; user_id=1", e1 + "; crm.contact_id=7"},
			want: "0 | 1",
		},
		{
			name: "one birth date agrees where names are missing",
			said: []string{e1 + "; user_id=1; birth_date=1980-02-03", e1 + "; birth_date=1980-02-03"},
			want: "0 1", reasons: map[int]string{1: "shared_identifier_and_birth_date email 0"},
		},
		{
			name: "one name with two birth dates",
			said: []string{e1 + "; name=John Smith; birth_date=1980-02-03", e1 + "; name=John Smith; birth_date=1955-07-09"},
			want: "0 | 1", conflicts: "0-1 shared_identifier_and_name: different_birth_date",
		},
		{
			name: "father and son",
			said: []string{e1 + "; name=John Smith Sr", e1 + "; name=John Smith Jr", e1 + "; name=John Smith"},
			want: "0 | 1 | 2",
		},
		{
			name: "one name with two user ids",
			said: []string{e1 + "; name=John Smith; user_id=1", e1 + "; name=John Smith; user_id=2"},
			want: "0 | 1", conflicts: "0-1 shared_identifier_and_name: exclusive_user_id",
		},
		{
			name: "no chain through a group: names that fit one by one and not together",
			said: []string{
				e1 + "; name=John Smith", e1 + "; " + p1 + "; name=J Smith", p1 + "; name=James Smith",
			},
			want: "0 1 | 2",
		},
		{
			name: "calls from a number that nobody is known by are whoever is behind it",
			said: []string{p1 + "; conv=1", p1 + "; conv=2"},
			want: "0 1", reasons: map[int]string{1: "only_holder phone 0"},
		},
		{
			name: "calls from the number of one person are that person's",
			said: []string{p1 + "; conv=1", p1 + "; conv=2", p1 + "; name=Ann Lee; user_id=1"},
			want: "0 1 2",
		},
		{
			name: "calls from a shared number may be one of its holders",
			said: []string{p1 + "; name=Ann Lee", p1 + "; name=Bob Lee", p1 + "; conv=1", p1 + "; conv=2"},
			want: "0 | 1 | 2?0,1 | 3?0,1", reasons: map[int]string{2: "several_holders phone"},
		},
		{
			name: "a call from a shared number is attributed once its conversation is identified",
			said: []string{
				p1 + "; name=Ann Lee; user_id=1", p1 + "; name=Bob Lee; user_id=2", p1 + "; conv=1", p1 + "; conv=2",
				p1 + "; conv=1; user_id=2",
			},
			want: "0 | 1 2 4 | 3?0,1", reasons: map[int]string{2: "same_conversation web.conversation_id 4"},
		},
		{
			name: "what is said in a conversation without any identifier is its subject's",
			said: []string{"conv=1", "conv=1; user_id=1", "user_id=1", "conv=2"},
			want: "0 1 2 | 3",
		},
		{
			name: "the same conversation id of another source is another conversation",
			said: []string{"conv=1", "source=voice; conv=1; user_id=1"},
			want: "0 | 1",
		},
		{
			name: "a conversation of two people",
			said: []string{"conv=1; user_id=1", "conv=1; user_id=2", "conv=1"},
			want: "0 | 1 | 2?0,1", conflicts: "0-1 same_conversation: exclusive_user_id",
			reasons: map[int]string{2: "several_holders web.conversation_id"},
		},
		{
			name: "in a conversation of two people the number tells whose call it is",
			said: []string{"conv=1; user_id=1; " + p1, "conv=1; user_id=2; " + p2, "conv=1; " + p2, p2 + "; user_id=3"},
			want: "0 | 1 2 | 3", conflicts: "0-1 same_conversation: exclusive_user_id; 0-2 same_conversation: different_address",
		},
		{
			name: "two mailboxes in one conversation are two people until a name says otherwise",
			said: []string{"conv=1; " + e1, "conv=1; " + e2, "conv=2; name=Ann Lee; " + e1, "conv=2; name=Ann Lee; " + e2},
			want: "0 1 2 3",
		},
		{
			name: "who lies between two that turn out to be one is theirs",
			said: []string{"conv=1; " + e1, "conv=1; " + e2, "conv=2; name=Ann Lee; " + e1, "conv=2; name=Ann Lee; " + e2, "conv=1"},
			want: "0 1 2 3 4",
		},
		{
			name: "two nameless mailboxes at one number are two; the number alone may be either",
			said: []string{e1 + "; " + p1, e2 + "; " + p1, p1, e2},
			want: "0 | 1 3 | 2?0,1", conflicts: "0-1 only_holder: different_address",
		},
		{
			name: "a number does not tell which of two mailboxes is its owner's",
			said: []string{"user_id=1; " + p1, p1 + "; " + e1, p1 + "; " + e2},
			want: "0 | 1 | 2", conflicts: "1-2 only_holder: different_address",
		},
		{
			name: "a browser with the mailbox of one person is that person's",
			said: []string{e1 + "; user_id=1", e1 + "; anonymous_id=a", "anonymous_id=a"},
			want: "0 1 2", reasons: map[int]string{1: "only_holder email 0", 2: "same_device anonymous_id 1"},
		},
		{
			name: "a browser with the mailbox of two stands alone",
			said: []string{e1 + "; user_id=1", e1 + "; user_id=2", e1 + "; anonymous_id=a", "anonymous_id=a"},
			want: "0 | 1 | 2 3",
		},
		{
			name:   "devices can be declared shareable",
			config: identity.Config{Shareable: []string{event.IDEmail, event.IDPhone, event.IDAnonymous}},
			said: []string{
				"anonymous_id=a; user_id=1", "anonymous_id=a; web.session_id=1", "anonymous_id=a; user_id=2",
				"anonymous_id=b; web.session_id=2", "anonymous_id=b; user_id=3",
			},
			want: "0 | 1?0,2 | 2 | 3 4",
		},
		{
			name:  "a person parts what a rule joins, and the older keeps the rest",
			said:  []string{"user_id=1; name=Ann Lee", "user_id=1; name=Bob Lee", "user_id=1", "user_id=1; " + e1},
			never: [][2]int{{0, 1}},
			want:  "0 2 3 | 1", conflicts: "0-1 same_user_id: never_merge",
		},
		{
			name: "a person joins what rules keep apart",
			said: []string{"user_id=1; name=Ann Lee", "user_id=2; name=Bob Lee", "user_id=2"},
			must: [][2]int{{0, 1}},
			want: "0 1 2", reasons: map[int]string{1: "must_merge 0"},
		},
		{
			name: "verdicts that contradict each other are not followed",
			said: []string{"user_id=1", "user_id=2", "user_id=3", "user_id=4", "user_id=5"},
			must: [][2]int{{0, 1}, {1, 2}, {3, 4}}, never: [][2]int{{0, 2}},
			want: "0 | 1 | 2 | 3 4", conflicts: "0-1 must_merge: never_merge; 1-2 must_merge: never_merge",
		},
		{
			name:  "a thin one that is parted from one holder is the other's",
			said:  []string{p1 + "; name=Ann Lee", p1 + "; name=Bob Lee", p1 + "; conv=1"},
			never: [][2]int{{0, 2}},
			want:  "0 | 1 2",
		},
		{
			name:    "a blocked value joins nobody, and who is known by it alone is nobody",
			said:    []string{e1 + "; name=Ann Lee", e1 + "; name=Ann Lee; conv=1", e1},
			blocked: []identity.Identifier{{Type: event.IDEmail, Value: "a@example.org"}},
			want:    "0 | 1 | 2?", reasons: map[int]string{2: "blocked_identifier"},
		},
		{
			name:   "a value with many names is generic",
			config: identity.Config{GenericSpread: 3},
			said:   []string{e1 + "; name=Ann Lee", e1 + "; name=Bob Lee", e1 + "; name=Eve Lee", e1 + "; name=Ann Lee; conv=1", e1},
			want:   "0 | 1 | 2 | 3 | 4?", reasons: map[int]string{4: "generic_identifier"},
		},
		{
			name:   "a value with many holders is generic",
			config: identity.Config{GenericHolders: 2},
			said:   []string{p1 + "; conv=1", p1 + "; conv=2", p1 + "; conv=3"},
			want:   "0 | 1 | 2",
		},
		{
			name: "a record is one observation whatever it holds",
			said: []string{"record=1; " + e1 + "; name=Ann Lee", "record=2; " + e1 + "; name=Ann Lee", e1},
			want: "0 1 2",
		},
	} {
		t.Run(w.name, w.run)
	}
}
