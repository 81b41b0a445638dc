package gateway

import (
	"maps"

	"tributary/ingest/event"
)

// membership is what a call says of the person's part in the account: context.membership of a group
// call, or the properties of account.member_joined and account.member_left.
type membership struct {
	Role       string `json:"role"`
	ValidFrom  string `json:"valid_from"`
	ValidUntil string `json:"valid_until"`
}

var membershipFields = map[string]*shape{"role": text, "valid_from": text, "valid_until": text}

// groupTraits are those traits of a group that have a typed field.
type groupTraits struct {
	AccountKind string `json:"account_kind"`
}

var groupTraitsShape = objectOf(map[string]*shape{"account_kind": text})

// membershipShape is that of the properties of an event about membership: role is another name of
// account_role.
var membershipShape = func() *shape {
	fields := maps.Clone(cxShape.fields)
	maps.Copy(fields, membershipFields)
	return objectOf(fields)
}()

// aboutMembership says whether an event of that name has the properties of membership.
func aboutMembership(name string) bool {
	return name == event.NameAccountMemberJoined || name == event.NameAccountMemberLeft
}

// ofAccount takes what a call says of the account and of the person's part in it.
func (c *call) ofAccount(faults *event.Errors) {
	path, m, cx := "properties.", &c.membership, &c.typed.CX
	switch {
	case c.payload.Type == event.TypeGroup:
		path, m, cx.AccountKind = "context.membership.", &c.context.Membership, event.AccountKind(c.group.AccountKind)
	case c.payload.Type != event.TypeTrack || !aboutMembership(c.payload.Event):
		return
	case cx.AccountID == "" && c.context.GroupID == "":
		faults.Add("properties.account_id", "is required")
	}
	if cx.AccountRole == "" {
		cx.AccountRole = m.Role
	}
	if m.ValidFrom != "" {
		cx.ValidFrom = parseTime(path+"valid_from", m.ValidFrom, faults)
	}
	if m.ValidUntil != "" {
		cx.ValidUntil = parseTime(path+"valid_until", m.ValidUntil, faults)
	}
}

// membershipPath is where a field of a membership was sent; empty for what is no such field, or was sent
// as others are.
func (c *call) membershipPath(name string) string {
	group := c.payload.Type == event.TypeGroup
	switch name {
	case "account_kind":
		if group {
			return "traits.account_kind"
		}
	case "account_role":
		if group {
			return "context.membership.role"
		}
		if c.membership.Role != "" {
			return "properties.role"
		}
	case "valid_from", "valid_until":
		if group {
			return "context.membership." + name
		}
	}
	return ""
}
