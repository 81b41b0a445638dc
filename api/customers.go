package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"tributary/api/policy"
	"tributary/api/problem"
	"tributary/ingest/event"
	"tributary/profiles"
	"tributary/profiles/find"
)

// Customers finds them by whatever one knows; find.Service does.
type Customers interface {
	Find(ctx context.Context, r find.Request) (*find.Found, error)
}

// findBody asks for customers. The query is in the body and out of every log.
type findBody struct {
	Query string `json:"query"`
	Limit *int   `json:"limit,omitempty"`
}

// customersView are the candidates: first those of an identifier or id, then those of a name.
type customersView struct {
	Untrusted   []string          `json:"untrusted" policy:"meta"`
	Customers   []customerView    `json:"customers" policy:"-"`
	More        bool              `json:"more" policy:"meta"` // there are more than these
	NotSearched []notSearchedView `json:"not_searched" policy:"-"`
}

// notSearchedView is what could not be searched now, so that somebody may be missing.
type notSearchedView struct {
	By      string `json:"by" policy:"meta"`      // names, records or identifiers
	Because string `json:"because" policy:"meta"` // slow or unavailable
}

// customerView is one candidate.
type customerView struct {
	Profile uuid.UUID `json:"profile" policy:"meta"`
	// Requested is the id that was searched for, when it has been merged into Profile.
	Requested *uuid.UUID `json:"requested,omitempty" policy:"meta"`
	// Split: the id that was searched for was split, and this is one of its parts.
	Split bool `json:"split,omitempty" policy:"meta"`
	// Restricted: use of what is kept of them is, so that nothing is told.
	Restricted  bool            `json:"restricted,omitempty" policy:"meta"`
	Matched     []matchedView   `json:"matched" policy:"-"`
	Names       []knownNameView `json:"names" policy:"-"`
	Identifiers []knownIDView   `json:"identifiers" policy:"-"`
	Events      uint64          `json:"events" policy:"meta"`
	FirstSeen   time.Time       `json:"first_seen,omitzero" policy:"meta"`
	LastSeen    time.Time       `json:"last_seen,omitzero" policy:"meta"`
}

// matchedView is what a candidate was found by.
type matchedView struct {
	By    string `json:"by" policy:"meta"`              // a type of identifier, profile, conversation, case, order, invoice or name
	Alone bool   `json:"alone,omitempty" policy:"meta"` // it leads to this one alone
	Part  bool   `json:"part,omitempty" policy:"meta"`  // it is a part of a word of the name
}

type knownNameView struct {
	Name  string          `json:"name" policy:"meta"` // of the trait or attribute
	Value json.RawMessage `json:"value" policy:"self"`
}

// PolicyClass says that the name decides about the class.
func (v knownNameView) PolicyClass() string { return policy.Class(policy.ClassTrait, v.Name) }

type knownIDView struct {
	Type  string `json:"type" policy:"meta"`
	Value string `json:"value" policy:"self"`
}

// PolicyClass says that the type decides about the class.
func (v knownIDView) PolicyClass() string { return policy.Class(policy.ClassIdentifier, v.Type) }

// untrustedInCustomers are the members of the answer that others wrote.
var untrustedInCustomers = []string{"customers[].names", "customers[].identifiers", "customers[].matched[].by"}

// maxKnownIDs is how many of the identifiers of each type a candidate is told with.
const maxKnownIDs = 2

func (a *API) postCustomersSearch(c *gin.Context) {
	var body findBody
	r, err := find.Request{}, decodeAlone(c, &body)
	if err == nil && body.Limit != nil {
		if r.Limit = *body.Limit; r.Limit < 1 || r.Limit > find.MaxLimit {
			err = problem.Field("limit", fmt.Sprintf("must be a number from 1 to %d", find.MaxLimit))
		}
	}
	if err == nil && ofCustomer(keyOf(c)) { // whom there is beside them is not theirs to know
		a.noteForeign(c, keyOf(c))
		err = errForeign()
	}
	var found *find.Found
	if err == nil {
		r.Workspace, r.Query, r.May = keyOf(c).Workspace, body.Query, a.mayFindBy(c)
		found, err = a.Customers.Find(c.Request.Context(), r)
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	x := readingOf(c)
	x.ours = leastOwn(x.policy, found)
	a.answer(c, newCustomersView(found))
}

// mayFindBy says by what the reader may find: by what it would be shown of whomever it opened by the profile's id. Else
// whoever searches for one name after the other would learn what they are not shown.
func (a *API) mayFindBy(c *gin.Context) (may find.May) {
	x := readingOf(c)
	x.ours = profiles.TypeProfile
	reader := x.reader(a, x.verification(a).level)
	open := func(class string) find.Since {
		since, why := reader.Gate(class)
		if why != nil {
			x.withhold(*why)
		}
		return find.Since{May: why == nil, From: since}
	}
	for _, name := range find.NameFields() {
		class := x.policy.ClassOf(policy.Class(policy.ClassTrait, name))
		switch of := open(class); {
		case !of.From.IsZero(): // the index does not know how old a name is
			x.withhold(policy.Withheld{Class: class, Because: policy.BecauseAge, Count: 1})
		case of.May:
			may.Names = append(may.Names, name)
		}
	}
	may.Contacts, may.Money = open(policy.ClassConversation), open(policy.ClassMoney)
	return may
}

// withhold puts on the reading's account what was withheld before the answer was made, once for each reason.
func (x *reading) withhold(why policy.Withheld) {
	why.Fields = []string{"customers"}
	if x.before == nil {
		x.before = &policy.Result{}
	}
	same := func(w policy.Withheld) bool {
		return w.Class == why.Class && w.Because == why.Because && w.Needs == why.Needs
	}
	if !slices.ContainsFunc(x.before.Withheld, same) {
		x.before.Withheld = append(x.before.Withheld, why)
	}
}

// leastOwn is the type in Verification.OwnTypes by which all candidates were found, or one by which one was found and
// that is not among them: so the level is that of the least certain.
func leastOwn(p *policy.Policy, found *find.Found) string {
	for i := range found.Customers {
		for _, m := range found.Customers[i].Matches {
			switch m.By {
			case find.ByName, find.ByConversation, find.ByCase, find.ByOrder, find.ByInvoice, profiles.TypeObservation: // our own records lead to the profile
			default:
				if !slices.Contains(p.Verification.OwnTypes, m.By) {
					return m.By
				}
			}
		}
	}
	return profiles.TypeProfile
}

func newCustomersView(found *find.Found) customersView {
	v := customersView{Untrusted: untrustedInCustomers, More: found.More, Customers: []customerView{}, NotSearched: []notSearchedView{}}
	for i := range found.Customers {
		v.Customers = append(v.Customers, newCustomerView(&found.Customers[i]))
	}
	for _, left := range found.Left {
		v.NotSearched = append(v.NotSearched, notSearchedView(left))
	}
	return v
}

func newCustomerView(c *find.Customer) customerView {
	v := customerView{Profile: c.Profile, Split: c.Split, Restricted: c.Answer == nil, Names: []knownNameView{}, Identifiers: []knownIDView{}}
	if c.Requested != uuid.Nil {
		v.Requested = &c.Requested
	}
	for _, m := range c.Matches {
		v.Matched = append(v.Matched, matchedView(m))
	}
	if c.Answer == nil {
		return v
	}
	p := &c.Answer.Profile
	v.Events, v.FirstSeen, v.LastSeen = p.Events, p.FirstSeen, p.LastSeen
	v.Names = knownNames(p)
	told := map[string]int{}
	for _, h := range p.Identifiers {
		if t := h.Type; (t == event.IDEmail || t == event.IDPhone || t == event.IDUser) && told[t] < maxKnownIDs {
			told[t]++
			v.Identifiers = append(v.Identifiers, knownIDView{t, h.Value})
		}
	}
	return v
}

// knownNames are what a profile says of its name: of a trait and an attribute of one name the trait, which is as it was
// written.
func knownNames(p *profiles.Profile) []knownNameView {
	list := []knownNameView{}
	for _, traits := range [][]profiles.Trait{p.Traits, p.Attributes} {
		for i := range traits {
			t := &traits[i]
			known := slices.ContainsFunc(list, func(v knownNameView) bool { return v.Name == t.Name })
			if !known && slices.Contains(find.NameFields(), t.Name) {
				list = append(list, knownNameView{t.Name, t.Value})
			}
		}
	}
	return list
}

// customersProblem says what an error of a search for customers means; nil if it is none.
func customersProblem(err error) *problem.Document {
	var query *find.QueryError
	if errors.As(err, &query) {
		return problem.Field("query", query.Reason)
	}
	return nil
}
