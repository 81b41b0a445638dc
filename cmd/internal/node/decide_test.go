package node

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"tributary/api/admin"
	"tributary/identity"
	"tributary/profiles/explain"
	"tributary/profiles/steward"
	"tributary/profiles/unify"
	"tributary/sql/store"
)

type profileCount struct {
	Profile uuid.UUID `ch:"profile"`
	Events  uint64    `ch:"events"`
}

// view is all that a reader and an analyst see of some people, but for the version.
func (p *program) view(addresses ...string) map[string]any {
	p.t.Helper()
	p.settle()
	seen := map[string]any{"events": query[profileCount](p, "counts/by_profile", store.Params{"workspace": "default", "limit": 1000})}
	for _, address := range addresses {
		for _, rest := range []string{"", "/timeline"} {
			_, answer := p.get(address, rest)
			delete(answer, "identity_version")
			seen[address+rest] = answer
		}
	}
	return seen
}

// TestDecisionsAreTakenBack: what a person decides about two profiles holds, and once it is taken
// back everything is as it was.
func TestDecisionsAreTakenBack(t *testing.T) {
	p := start(t, t.TempDir())
	client := admin.NewClient(Socket(p.config.DataDir))
	defer client.Close()
	p.accept("/v1/identify", `{"userId":"u-1","traits":{"email":"ada@example.com","plan":"pro"}}`)
	p.accept("/v1/identify", `{"userId":"u-2","traits":{"phone":"+12125550101","plan":"basic"}}`)
	p.accept("/v1/page", `{"anonymousId":"a-1","userId":"u-1","name":"Home"}`)
	p.accept("/v1/page", `{"anonymousId":"a-1","name":"Prices"}`)
	people := []string{"user_id:u-1", "user_id:u-2", "anonymous_id:a-1"}
	before := p.view(people...)
	id := func(address string) uuid.UUID {
		_, answer := p.get(address, "")
		return uuid.MustParse(answer["profile"].(string))
	}
	one, two := id("user_id:u-1"), id("user_id:u-2")

	decide := func(kind unify.DecisionKind) admin.Decided {
		t.Helper()
		d, err := client.Decide(t.Context(), "default", admin.NewDecision{Proposal: steward.Proposal{Kind: kind, A: one, B: two}, Actor: "test"})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	merged := decide(unify.DecisionMerge)
	a, b := id("user_id:u-1"), id("user_id:u-2")
	if a != b {
		t.Errorf("after the merge u-1 is %s and u-2 %s", a, b)
	}
	// The older one stays, which of two of one millisecond may be either: u-2 has one observation, u-1 three.
	moves := map[uuid.UUID]int{one: 1, two: 3}
	if merged.IdentityVersion <= merged.Before || int(merged.Moved) != moves[a] {
		t.Errorf("the merge into %s changed something else: %+v", a, merged)
	}
	decide(unify.DecisionUndo)
	if after := p.view(people...); !reflect.DeepEqual(after, before) {
		t.Errorf("after the merge was taken back:\n%v\nbefore it:\n%v", after, before)
	}
	if d := decide(unify.DecisionNeverMerge); d.IdentityVersion != d.Before {
		t.Errorf("keeping apart what is apart changed something: %+v", d)
	}
	decide(unify.DecisionUndo)

	block := admin.NewDecision{Proposal: steward.Proposal{Kind: unify.DecisionBlock, Identifier: &explain.Identifier{Type: "anonymous_id", Value: "a-1"}}, Actor: "test"}
	if d, err := client.Decide(t.Context(), "default", block); err != nil || d.IdentityVersion <= d.Before {
		t.Errorf("the block changed nothing: %+v, %v", d, err)
	}
	if status, answer := p.get("anonymous_id:a-1", ""); status == http.StatusOK {
		t.Errorf("a blocked identifier still names somebody: %v", answer)
	}
	block.Kind = unify.DecisionUnblock
	if _, err := client.Decide(t.Context(), "default", block); err != nil {
		t.Fatal(err)
	}
	if after := p.view(people...); !reflect.DeepEqual(after, before) {
		t.Errorf("after the block was taken back:\n%v\nbefore it:\n%v", after, before)
	}

	_, err := client.Decide(t.Context(), "default", admin.NewDecision{Proposal: steward.Proposal{Kind: unify.DecisionMerge, B: one, Decision: two}})
	if err == nil || !strings.Contains(err.Error(), "a is required") || !strings.Contains(err.Error(), "decision is for undo") {
		t.Errorf("a bad decision is answered with %v", err)
	}
	block.Kind, block.Identifier = unify.DecisionBlock, &explain.Identifier{Type: "email", Value: "null"}
	if _, err := client.Decide(t.Context(), "default", block); err == nil {
		t.Error("a block of what is never used is taken")
	}
}

// TestSettleMakesAModelOfAllThereIs: what is decided is by a model of just what there is once it was
// asked for, and the status tells so before and after.
func TestSettleMakesAModelOfAllThereIs(t *testing.T) {
	p := start(t, t.TempDir())
	client := admin.NewClient(Socket(p.config.DataDir))
	defer client.Close()
	for i := range 20 {
		p.accept("/v1/identify", fmt.Sprintf(`{"anonymousId":"a-%d","traits":{"firstName":"Ada","lastName":"Marsh %c","birthday":"1970-01-%02d"}}`, i, 'A'+i, i+1))
	}
	p.settle()
	before, err := client.IdentityStatus(t.Context(), "default")
	if err != nil || before.Settled || before.Model != 0 || before.Comparable != 20 || len(before.Pending) > 0 {
		t.Errorf("before it is settled: %+v, %v", before, err)
	}
	after, err := client.SettleIdentity(t.Context(), "default")
	if err != nil || !after.Settled || after.Model == 0 || after.Trained != 20 {
		t.Errorf("once it is settled: %+v, %v", after, err)
	}
	again, err := client.SettleIdentity(t.Context(), "default")
	if err != nil || again.Model != after.Model {
		t.Errorf("settled again: %+v, %v", again, err)
	}
	if _, err := client.IdentityStatus(t.Context(), ""); err == nil || !strings.Contains(err.Error(), "workspace") {
		t.Errorf("no workspace is answered with %v", err)
	}
}

// TestOpenQuestionsAreListed: two who are nearly one are asked about until somebody decides, and the
// decisions tell how precise merges are.
func TestOpenQuestionsAreListed(t *testing.T) {
	p := start(t, t.TempDir())
	client := admin.NewClient(Socket(p.config.DataDir))
	defer client.Close()
	for i := range 2 { // a name alone asks, however rare it is
		p.accept("/v1/identify", fmt.Sprintf(`{"anonymousId":"a-%d","traits":{"firstName":"Zebulon","lastName":"Quixby"}}`, i))
	}
	p.settle()
	rows, err := client.Reviews(t.Context(), "default", 10)
	if err != nil || len(rows) != 1 || rows[0].Reason != identity.RuleUncertain || rows[0].Bits <= 0 || rows[0].Profile == rows[0].Other {
		t.Fatalf("open questions: %+v, %v", rows, err)
	}
	status, err := client.IdentityStatus(t.Context(), "default")
	if err != nil || status.Precision.Labels != 0 || status.Precision.Estimated != identity.DefaultMergePrecision {
		t.Errorf("precision before anybody decided: %+v, %v", status.Precision, err)
	}
	if _, err := client.Decide(t.Context(), "default", admin.NewDecision{Proposal: steward.Proposal{Kind: unify.DecisionMerge, A: rows[0].Profile, B: rows[0].Other}}); err != nil {
		t.Fatal(err)
	}
	p.settle()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) { // what the archive says of who is who may be a moment old
		if rows, err = client.Reviews(t.Context(), "default", 10); err == nil && len(rows) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("after it was decided: %+v, %v", rows, err)
		}
	}
	if status, err = client.SettleIdentity(t.Context(), "default"); err != nil || status.Precision.Labels != 1 || status.Precision.Right != 1 || status.Precision.Low <= 0 || status.Precision.High != 1 {
		t.Errorf("precision after one decision: %+v, %v", status.Precision, err)
	}
	if _, err := client.Reviews(t.Context(), "default", 0); err == nil || !strings.Contains(err.Error(), "limit") {
		t.Errorf("no limit is answered with %v", err)
	}
}
