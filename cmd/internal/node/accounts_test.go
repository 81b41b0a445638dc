package node

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/uuid"

	"tributary/profiles"
	"tributary/sql/store"
)

type statementRow struct {
	Account     string    `ch:"account_id"`
	Kind        string    `ch:"account_kind"`
	Profile     uuid.UUID `ch:"profile"`
	Observation uuid.UUID `ch:"observation"`
	Said        string    `ch:"said"`
	Role        string    `ch:"account_role"`
	From        time.Time `ch:"valid_from"`
	Until       time.Time `ch:"valid_until"`
	At          time.Time `ch:"at"`
	MessageID   string    `ch:"message_id"`
	Source      string    `ch:"source"`
}

// TestAccountStatements: an analyst finds the members in ClickHouse that a reader is told, with what was said
// of them; a change of the company is no member; and an account can be asked for whatever its id is.
func TestAccountStatements(t *testing.T) {
	p := start(t, t.TempDir())
	const id = "a/b%2F ü?"
	for path, body := range map[string]string{
		"/v1/group": `{"userId":"u-1","groupId":"a/b%2F ü?","traits":{"seats":7},"context":{"membership":{"role":"owner"}}}`,
		"/v1/track": `{"userId":"u-2","event":"account.member_left","properties":{"account_id":"a/b%2F ü?"}}`,
		"/v1/page":  `{"userId":"u-3","name":"Home","context":{"groupId":"a/b%2F ü?"}}`,
	} {
		p.accept(path, body)
	}
	p.settled()
	for asked, want := range map[string]int{id: http.StatusOK, "a": http.StatusNotFound, "a/b/ ü?": http.StatusNotFound} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+"/v1/accounts/"+url.PathEscape(asked), http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+p.read)
		if code, answer := p.do(request); code != want {
			t.Errorf("%q is answered with %d %v, want %d", asked, code, answer, want)
		}
	}
	account, err := p.profiles.Account(t.Context(), "default", id, uuid.Nil, 100)
	if err != nil {
		t.Fatal(err)
	}
	roles := map[uuid.UUID]profiles.Role{}
	for _, m := range account.Members {
		roles[m.Profile] = m.Roles[0]
	}
	if err := p.archive.arrived(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	rows := query[statementRow](p, "accounts/statements", store.Params{"workspace": "default"})
	holds := map[string]bool{"joined": true, "named": true, "left": false}
	for _, row := range rows {
		role, listed := roles[row.Profile]
		if !listed || role.At(time.Now()) != holds[row.Said] || role.Role != row.Role {
			t.Errorf("%s as %q, but the account has %+v", row.Said, row.Role, role)
		}
	}
	if len(rows) != 3 || len(roles) != 3 {
		t.Errorf("%d statements, %d members", len(rows), len(roles))
	}
	p.stop()
}
