package api

import (
	"context"
	"net/url"
	"slices"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"tributary/api/policy"
	"tributary/api/problem"
	"tributary/identity"
	"tributary/profiles"
)

// Accounts reads accounts; profiles.Service is one.
type Accounts interface {
	Account(ctx context.Context, workspace, id string, from identity.ObservationID, most int) (*profiles.AccountAnswer, error)
}

// defaultMembers and maxMembers bound a page of members.
const (
	defaultMembers = 100
	maxMembers     = 1000
)

// accountOfView is an account in a profile: of one in which no role is held it is only told that one was.
type accountOfView struct {
	Account   string               `json:"account" policy:"account"`
	Kind      string               `json:"kind,omitempty" policy:"account"`
	Current   bool                 `json:"current" policy:"account"` // a role is held now
	Roles     []profiles.Role      `json:"roles" policy:"-"`
	Traits    map[string]traitView `json:"traits" policy:"-"`
	Items     []itemView           `json:"items" policy:"-"`
	Untrusted bool                 `json:"untrusted" policy:"meta"`
}

func newAccountOfView(x *profiles.AccountOf) accountOfView {
	return accountOfView{
		Account: x.ID, Kind: string(x.Kind), Current: x.Current, Roles: x.Roles, Untrusted: true,
		Traits: traitViews(first(x.Traits, maxTraits)), Items: each(x.Items, newItemView),
	}
}

// accountView is the answer about one account.
type accountView struct {
	Account         string               `json:"account" policy:"account"`
	Kind            string               `json:"kind,omitempty" policy:"account"`
	IdentityVersion uint64               `json:"identity_version" policy:"meta"`
	Untrusted       []string             `json:"untrusted" policy:"meta"`
	FirstSeen       time.Time            `json:"first_seen,omitzero" policy:"account"`
	LastSeen        time.Time            `json:"last_seen,omitzero" policy:"account"`
	Events          uint64               `json:"events" policy:"account"`
	Sources         []sourceView         `json:"sources" policy:"-"`
	Traits          map[string]traitView `json:"traits" policy:"-"`
	Items           []itemView           `json:"items" policy:"-"`
	Members         []memberView         `json:"members" policy:"-"`
	// NextCursor asks for the next page of members; absent: there is none.
	NextCursor string `json:"next_cursor,omitempty" policy:"meta"`
}

type memberView struct {
	Profile uuid.UUID       `json:"profile" policy:"meta"`
	Current bool            `json:"current" policy:"account"`
	Roles   []profiles.Role `json:"roles" policy:"-"`
}

var untrustedInAccount = []string{"account", "traits", "items[].id", "members[].roles[].role"}

func (a *API) getAccount(c *gin.Context) {
	id, err := accountParam(c)
	if err != nil {
		a.fail(c, err)
		return
	}
	q := newQuery(c)
	from, limit, alternatives := q.id("cursor"), q.number("limit", 1, maxMembers), q.flag("alternatives")
	if limit == 0 {
		limit = defaultMembers
	}
	if err := q.err(); err != nil {
		a.fail(c, err)
		return
	}
	found, err := a.Accounts.Account(c.Request.Context(), keyOf(c).Workspace, id, from, limit)
	if err != nil {
		a.fail(c, err)
		return
	}
	x, v := readingOf(c), newAccountView(found, a.Now())
	x.ours = policy.TypeAccount
	for _, m := range found.Members {
		x.others = append(x.others, m.Profile)
	}
	x.others = append(x.others, speakersOf(&found.Account)...)
	if !alternatives {
		withoutAlternatives(v.Traits)
	}
	a.answer(c, v)
}

// speakersOf are the observations that an account's traits name.
func speakersOf(x *profiles.Account) (ids []identity.ObservationID) {
	for i := range x.Traits {
		ids = append(ids, x.Traits[i].Observation)
		for j := range x.Traits[i].Alternatives {
			ids = append(ids, x.Traits[i].Alternatives[j].Observation)
		}
	}
	return slices.DeleteFunc(ids, func(id identity.ObservationID) bool { return id == uuid.Nil })
}

// accountParam is the {account} of a path, which may be percent-encoded.
func accountParam(c *gin.Context) (string, error) {
	id := c.Param("account")
	if c.Request.URL.RawPath != "" { // then gin gives the path as it was sent
		decoded, err := url.PathUnescape(id)
		if err != nil {
			return "", problem.Field("account", "is not percent-encoded right")
		}
		id = decoded
	}
	return id, nil
}

func newAccountView(found *profiles.AccountAnswer, now time.Time) accountView {
	x := &found.Account
	v := accountView{
		Account: x.ID, Kind: string(x.Kind), IdentityVersion: found.IdentityVersion, Untrusted: untrustedInAccount,
		FirstSeen: x.FirstSeen, LastSeen: x.LastSeen, Events: x.Events,
		Sources: each(x.Sources, func(x *profiles.SourceSeen) sourceView { return sourceView{x.Name, x.Events, x.FirstSeen, x.LastSeen} }),
		Traits:  traitViews(first(x.Traits, maxTraits)), Items: each(x.Items, newItemView),
		Members: each(found.Members, func(m *profiles.AccountMember) memberView {
			current := false
			for _, r := range m.Roles {
				current = current || r.At(now)
			}
			return memberView{m.Profile, current, m.Roles}
		}),
	}
	if found.Next != uuid.Nil {
		v.NextCursor = found.Next.String()
	}
	return v
}
