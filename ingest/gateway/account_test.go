package gateway

import (
	"testing"
	"time"

	"tributary/ingest/event"
)

func TestMembership(t *testing.T) {
	from, until := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), time.Date(2027, 1, 2, 0, 0, 0, 0, time.UTC)
	key := WriteKey{Workspace: "acme", Source: "app"}
	for name, tc := range map[string]struct {
		body   string
		want   event.CX
		faults []string
	}{
		"group": {
			body: `{"type":"group","userId":"u","groupId":"a1","traits":{"account_kind":"company","plan":"pro","valid_from":7},
				"context":{"membership":{"role":"payer","valid_from":"2026-01-02T00:00:00Z","valid_until":"2027-01-02T00:00:00Z"}}}`,
			want: event.CX{AccountID: "a1", AccountKind: event.AccountCompany, AccountRole: "payer", ValidFrom: from, ValidUntil: until},
		},
		"joined": {
			body: `{"type":"track","userId":"u","event":"account.member_joined","properties":{"account_id":"a1","role":"owner","account_kind":"contract","valid_from":"2026-01-02"}}`,
			want: event.CX{AccountID: "a1", AccountKind: event.AccountContract, AccountRole: "owner", ValidFrom: from},
		},
		"left": {
			body: `{"type":"track","userId":"u","event":"account.member_left","properties":{"account_id":"a1","valid_until":"2027-01-02T00:00:00Z"}}`,
			want: event.CX{AccountID: "a1", ValidUntil: until},
		},
		"another event's valid_from is its own": {
			body: `{"type":"track","userId":"u","event":"order.placed","properties":{"order_id":"o1","valid_from":[1],"role":2}}`,
			want: event.CX{OrderID: "o1"},
		},
		"bad": {
			body: `{"type":"group","userId":"u","groupId":"a1","traits":{"account_kind":"tribe"},
				"context":{"membership":{"role":"a b","valid_from":"soon"}}}`,
			faults: []string{"context.membership.valid_from", "traits.account_kind", "context.membership.role"},
		},
		"wrong types": {
			body:   `{"type":"group","userId":"u","groupId":"a1","traits":{"account_kind":1},"context":{"membership":{"role":[]}}}`,
			faults: []string{"context.membership.role", "traits.account_kind"},
		},
		"every role at once": {
			body:   `{"type":"group","userId":"u","groupId":"a1","context":{"membership":{"role":"*"}}}`,
			faults: []string{"context.membership.role"},
		},
		"left of no account": {
			body:   `{"type":"track","userId":"u","event":"account.member_left","properties":{}}`,
			faults: []string{"properties.account_id"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := new(call)
			faults := c.decode([]byte(tc.body), event.TypeTrack)
			faults = append(faults, without(c.build(&key, "", until), faults)...)
			got := map[string]bool{}
			for _, f := range faults {
				got[f.Field] = true
			}
			if len(got) != len(tc.faults) {
				t.Fatalf("faults are %v, want %v", faults, tc.faults)
			}
			for _, field := range tc.faults {
				if !got[field] {
					t.Errorf("no fault of %s in %v", field, faults)
				}
			}
			if len(tc.faults) == 0 && *c.event.CX != tc.want {
				t.Errorf("typed fields are %+v, want %+v", *c.event.CX, tc.want)
			}
		})
	}
}
