package state

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tributary/identity"
)

// forgetting says of every kind of key that Forget does not remove by ofObservation how what it holds of an
// observation, or of its identifiers, goes: a new kind fails the test until it is said.
var forgetting = map[string]string{
	"kindShort": "Forget", "kindHolder": "Forget", "kindHeld": "Forget", "kindNumbered": "Forget", "kindUnsettled": "Forget",
	"kindRestricted": "Forget", "kindShared": "Forget, once nobody holds the identifier",
	"kindAccount": "Forget", "kindAccountMember": "Forget", "kindAccountsOf": "Forget",
	"kindCarried": "Forget (unseen), unify.eraseConsent (commands)",
	"kindFormer":  "Forget, as a profile; ForgetFormer, as who left one",
	"kindValues":  "ForgetValues", "kindSetTrait": "ForgetValues",
	"kindHandoffBy": "Forget", "kindPledgedBy": "Forget",
	"kindConsent": "unify.eraseConsent", "kindItem": "unify.eraseItems", "kindPayload": "unify.eraseItems",
	"kindPosting": "Matching, by the caller", "kindLinked": "Matching, by the caller",
	"kindStale": "until the profile is published", "kindJudge": "until the profile is judged",
	"kindStanding": "SetStanding, when the profile is judged", "kindIn": "likewise", "kindDue": "likewise",
	"kindTask": "how far work is may be told by an id, until it is done",

	"kindBlock":      "stays: an operator's word about a value that is nobody's",
	"kindErasure":    "stays: its own record",
	"kindSuppressed": "stays: hashes",
	"kindMark":       "stays: hashes, until the horizon",
	"kindChange":     "stays: that a profile left a segment",
	"kindPart":       "stays until the next model: 40 bits of hashes of values that several records had",
	"kindSchema":     "stays: message ids of first events, no values",

	"kindFormat": "", "kindOffset": "", "kindDoc": "", "kindVersion": "", "kindCount": "", "kindItemCount": "", "kindContract": "", "kindRules": "",
	"kindModel": "", "kindDefinitions": "", "kindAnalysis": "", "kindClock": "", "kindTaken": "", "kindFeed": "",
	"kindLive": "ForgetLive", "kindLiveHead": "",
}

// TestEveryKindOfKeyIsForgotten holds the layout and what is forgotten together.
func TestEveryKindOfKeyIsForgotten(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "keys.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	listed := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 || !strings.HasPrefix(spec.Names[0].Name, "kind") {
			return true
		}
		kind := spec.Values[0].(*ast.BasicLit).Value[1]
		_, said := forgetting[spec.Names[0].Name]
		if listed++; !said && !slices.Contains(ofObservation, kind) {
			t.Errorf("nothing says what becomes of %s when an observation is forgotten: add it to ofObservation or to this test", spec.Names[0].Name)
		}
		return true
	})
	if listed < len(forgetting) {
		t.Errorf("%d kinds are listed, of which the layout has %d", len(forgetting), listed)
	}
}

// TestForgetTakesShared: what was known of an identifier that several shared goes with the last who has it.
func TestForgetTakesShared(t *testing.T) {
	s := openOn(t, vfs.NewMem())
	defer func() { must(t, s.Close()) }()
	w := workspace(t, s, "w")
	shared := identity.Identifier{Type: "user_id", Value: "kiosk"}
	ids := []identity.ObservationID{{1, 15: 1}, {2, 15: 2}}
	for _, id := range ids {
		if _, err := w.Put(&Observed{Observation: identity.Observation{ID: id, Identifiers: []identity.Identifier{shared}}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.SetShared(shared, identity.SharedSeveral); err != nil {
		t.Fatal(err)
	}
	for left := range ids {
		if err := w.Forget(ids[left]); err != nil {
			t.Fatal(err)
		}
		kind, err := w.Shared(shared)
		if err != nil || (kind == "") != (left == len(ids)-1) {
			t.Errorf("after %d left it is %q, %v", left+1, kind, err)
		}
	}
}
