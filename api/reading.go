package api

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"tributary/api/auth"
	"tributary/api/policy"
	"tributary/api/problem"
	"tributary/identity"
	"tributary/ingest/stream"
	"tributary/profiles"
	"tributary/profiles/consent"
	"tributary/profiles/past"
)

// rule says what a route's answers hold of people.
type rule string

// The rules. A route without one is personal: nothing goes out that the policy has no word on.
const (
	personal   rule = "personal"   // of single people: policy and disclosure log
	acting     rule = "acting"     // likewise, and something is done about them: not for a customer's own token
	aggregate  rule = "aggregate"  // counts of many
	operations rule = "operations" // how the installation is and is to be; of keys, sources, rules
	open       rule = "public"     // nothing of a customer
)

// Policies knows the policy of a workspace; policy.Book is one.
type Policies interface {
	For(workspace string) (*policy.Policy, error)
	// Document is what the workspace's was written as; own is false for the built-in one.
	Document(workspace string) (document []byte, own bool, err error)
}

// Appender takes records of what was disclosed; stream.Log is one.
type Appender interface {
	Append(ctx context.Context, records []stream.Record) ([]stream.Position, error)
}

// ofPeople says whether answers, problems included, go by policy and disclosure log.
func (r rule) ofPeople() bool { return r == personal || r == acting }

const readingKey = "reading"

// parameters that every personal route has.
var personalParameters = []string{"purpose", "conversation"}

// reading is what is known of a request that reads about people: who reads, what for, and whom.
type reading struct {
	rule         rule
	key          *auth.Key
	policy       *policy.Policy
	purpose      string
	conversation string
	asked        []asked
	// ours is the type in Verification.OwnTypes by which was asked for whom nobody addressed: an account, or profiles that a
	// report of ours names; empty: none.
	ours string
	// others are profiles that the answer tells of and that were not looked up; those in its members named profile
	// or profiles are found without that.
	others []identity.ProfileID
	said   [][]consent.Register // what those the answer is about said of consent
	before *policy.Result       // what was withheld before the answer was made
}

type readingContextKey struct{}

// begin finds out who reads and what for. ?purpose= may only narrow.
func (a *API) begin(r rule) gin.HandlerFunc {
	return func(c *gin.Context) {
		x := &reading{rule: r}
		c.Set(readingKey, x)
		key := keyOf(c)
		if ofCustomer(key) && !openToBound(key, r) {
			a.noteForeign(c, key)
			a.fail(c, problem.New(problem.Forbidden, "a customer's own token, and an agent session, is for that customer alone"))
			return
		}
		if !r.ofPeople() || key == nil {
			return
		}
		if err := personalQuery(c); err != nil {
			a.fail(c, err)
			return
		}
		p, err := a.Policies.For(key.Workspace)
		if err != nil {
			a.fail(c, err)
			return
		}
		x.key, x.policy, x.purpose, x.conversation = key, p, string(key.Purpose), c.Query("conversation")
		if key.Session != nil {
			x.conversation = key.Session.Conversation
		}
		if asked, given := c.GetQuery("purpose"); given {
			if err := x.narrow(asked); err != nil {
				a.fail(c, err)
				return
			}
		}
		ctx := context.WithValue(c.Request.Context(), readingContextKey{}, x)
		if key.May(auth.ScopePrivacyRead) {
			ctx = profiles.ForPrivacy(ctx)
		}
		c.Request = c.Request.WithContext(ctx)
	}
}

// narrow takes another purpose for the reading, one that the policy lists as narrower than its own.
func (x *reading) narrow(asked string) error {
	switch {
	case !slices.Contains(policy.Purposes(), asked):
		return problem.Field("purpose", fmt.Sprintf("must be one of %v", policy.Purposes()))
	case !x.policy.MayNarrow(x.purpose, asked):
		return problem.New(problem.Forbidden, "the purpose is neither the key's own nor one that the policy lists as narrower")
	}
	x.purpose = asked
	return nil
}

// personalQuery fails where it is not certain what a query says of purpose and conversation: who stands between may
// have taken another of two values, or another part of what is not encoded right.
func personalQuery(c *gin.Context) error {
	values, err := url.ParseQuery(c.Request.URL.RawQuery)
	if err != nil {
		return problem.Field("query", "is not encoded right")
	}
	for _, name := range personalParameters {
		if len(values[name]) > 1 {
			return problem.Field(name, "is given more than once")
		}
	}
	return nil
}

// readingOf returns the reading of a request; nil of one without a route.
func readingOf(c *gin.Context) *reading {
	value, _ := c.Get(readingKey)
	x, _ := value.(*reading)
	return x
}

// seen puts a profile that an address led to on the reading's account.
func (x *reading) seen(address profiles.Address, answer *profiles.Answer) {
	if x != nil {
		x.asked = append(x.asked, asked{address: address, answer: answer})
		x.said = append(x.said, answer.Consent)
	}
}

// seenPast is seen of a profile as it was once, with those who were of it then.
func (x *reading) seenPast(address profiles.Address, answer *profiles.Answer) {
	if x.seen(address, answer); x != nil {
		x.asked[len(x.asked)-1].past = true
	}
}

// told are the profiles that were looked up, each once with the same observations, however often a request needs it.
func (x *reading) told() []*profiles.Answer {
	var list []*profiles.Answer
	for i := range x.asked {
		one := x.asked[i].answer
		if !slices.ContainsFunc(list, func(a *profiles.Answer) bool { return sameSubject(&a.Profile, &one.Profile) }) {
			list = append(list, one)
		}
	}
	return list
}

func sameSubject(a, b *profiles.Profile) bool {
	return a.ID == b.ID && slices.EqualFunc(a.Observations, b.Observations, func(x, y profiles.ObservationRef) bool { return x.ID == y.ID })
}

// watched puts every profile that is looked up on the account of the request's reading, so that no route
// can forget to.
type watched struct{ Profiles }

// Get implements Profiles.
func (w watched) Get(ctx context.Context, workspace string, address profiles.Address) (*profiles.Answer, error) {
	x, _ := ctx.Value(readingContextKey{}).(*reading)
	if x != nil {
		address = mine(x.key, address)
	}
	answer, err := w.Profiles.Get(ctx, workspace, address)
	if err == nil {
		x.seen(address, answer)
	}
	return answer, err
}

// watchedContacts is watched for those who have a contact point. Where nobody has it, those who spoke of it are
// on the account.
type watchedContacts struct{ Contacts }

// ContactConsent implements Contacts.
func (w watchedContacts) ContactConsent(ctx context.Context, workspace string, contact identity.Identifier) (*profiles.ContactConsent, error) {
	answer, err := w.Contacts.ContactConsent(ctx, workspace, contact)
	x, _ := ctx.Value(readingContextKey{}).(*reading)
	if err != nil || x == nil {
		return answer, err
	}
	for i := range answer.Profiles {
		x.others = append(x.others, answer.Profiles[i].Profile)
		x.said = append(x.said, answer.Profiles[i].Registers)
	}
	for _, s := range answer.Own.Ledger.Statements() {
		if len(answer.Profiles) == 0 && s.Speaker != (identity.ObservationID{}) {
			x.others = append(x.others, s.Speaker)
		}
	}
	return answer, nil
}

// watchedPast is watched for what somebody was.
type watchedPast struct{ Past }

// Get implements Past.
func (w watchedPast) Get(ctx context.Context, workspace string, address profiles.Address, at time.Time) (*profiles.Answer, error) {
	x, _ := ctx.Value(readingContextKey{}).(*reading)
	if x != nil {
		address = mine(x.key, address)
	}
	answer, err := w.Past.Get(ctx, workspace, address, at)
	if err == nil {
		x.seenPast(address, answer)
	}
	return answer, err
}

// Trait implements Past.
func (w watchedPast) Trait(ctx context.Context, r past.TraitRequest) (*past.TraitPage, error) {
	page, err := w.Past.Trait(ctx, r)
	if x, _ := ctx.Value(readingContextKey{}).(*reading); err == nil {
		x.seenPast(r.Address, page.Answer)
	}
	return page, err
}

// verification is that of the least certain of the profiles looked up.
func (x *reading) verification(a *API) verificationView {
	least := verificationView{Level: policy.Claimed.String(), Because: becauseNobody, Raise: []raiseView{}}
	if rules := &x.policy.Verification; x.ours != "" && slices.Contains(rules.OwnTypes, x.ours) {
		if least.level = rules.OwnLookup[string(x.key.Reader)]; least.level > policy.Claimed {
			least.Level, least.Because = least.level.String(), becauseOwnLookup
		}
	}
	for i, one := range x.asked {
		if v := verify(x.policy, x.key, one, x.conversation, a.Now(), a.fromBrowsers(x.key.Workspace)); i == 0 || v.level < least.level {
			least = v
		}
	}
	return least
}

// fromBrowsers says of which sources everybody may have spoken as; of any while it cannot be told.
func (a *API) fromBrowsers(workspace string) func(source string) bool {
	return func(source string) bool {
		is, err := a.Keys.FromBrowsers(workspace, source)
		return is || err != nil
	}
}

func (x *reading) reader(a *API, level policy.Level) *policy.Reader {
	now := a.Now()
	return &policy.Reader{
		Policy: x.policy, Purpose: x.purpose, Kind: string(x.key.Reader), Level: level, Now: now,
		Agreed: func(purpose, text string) bool { return agreed(x.said, purpose, text, now) },
	}
}

// filtered is a profile without what the reader of the request may not see: what is put into words is made of
// this.
func (a *API) filtered(c *gin.Context, found *profiles.Answer) (*profiles.Answer, error) {
	x := readingOf(c)
	if x == nil || x.policy == nil {
		return nil, errors.New("a profile is read outside of a personal route")
	}
	p, result, err := policy.Filter(x.reader(a, x.verification(a).level), &found.Profile)
	if err != nil {
		return nil, err
	}
	x.before = result
	only := *found
	only.Profile = *p
	return &only, nil
}
