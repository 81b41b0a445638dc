package api

import (
	"encoding/json"

	"github.com/gin-gonic/gin"
	"github.com/goccy/go-yaml"

	"tributary/api/policy"
	"tributary/api/problem"
	"tributary/profiles/unify"
)

// policyView is the reader policy of the workspace: as it was written, and what it comes to.
type policyView struct {
	Document string `json:"document" policy:"meta"` // YAML, as it was written
	// Own is false where the workspace has none of its own: Document is the built-in one.
	Own bool `json:"own" policy:"meta"`
	// Parsed is the document as JSON.
	Parsed   json.RawMessage `json:"parsed" policy:"meta"`
	Purposes []string        `json:"purposes" policy:"meta"`
	Readers  []string        `json:"readers" policy:"meta"`
	Classes  []string        `json:"classes" policy:"meta"`
	// Rules has one for each purpose, reader and class, in the order of these lists.
	Rules []policyRuleView `json:"rules" policy:"-"`
}

// policyRuleView is what holds for one class of data, and where the document says so.
type policyRuleView struct {
	Purpose string `json:"purpose" policy:"meta"`
	Reader  string `json:"reader" policy:"meta"`
	Class   string `json:"class" policy:"meta"`
	Do      string `json:"do" policy:"meta"`              // show, mask or withhold
	Needs   string `json:"needs,omitempty" policy:"meta"` // the least level of verification; absent: claimed
	Below   string `json:"below,omitempty" policy:"meta"` // what happens under Needs
	MaxAge  string `json:"max_age,omitempty" policy:"meta"`
	Limit   int    `json:"limit,omitempty" policy:"meta"`
	// Consent are the purposes to which the customer must have agreed.
	Consent []string `json:"consent,omitempty" policy:"meta"`
	From    []string `json:"from" policy:"meta"` // paths of the words that it is made of
}

func newPolicyView(document string, own bool) (*policyView, error) {
	p, err := policy.Parse([]byte(document))
	if err != nil {
		return nil, err
	}
	view := &policyView{Document: document, Own: own, Purposes: policy.Purposes(), Readers: policy.Readers(), Classes: p.Classes()}
	if view.Parsed, err = asJSON(document); err != nil {
		return nil, err
	}
	for _, purpose := range view.Purposes {
		for _, reader := range view.Readers {
			rules, err := p.Explain(purpose, reader)
			if err != nil {
				return nil, err
			}
			for i := range rules {
				x := &rules[i]
				view.Rules = append(view.Rules, policyRuleView{
					Purpose: purpose, Reader: reader, Class: x.Class, Do: x.Do, Needs: x.Needs, Below: x.Below, MaxAge: x.Age, Limit: x.Limit,
					Consent: x.Consent, From: x.From,
				})
			}
		}
	}
	return view, nil
}

// asJSON is a document of YAML that was found right, for who reads JSON alone.
func asJSON(document string) (json.RawMessage, error) {
	var v any
	if err := yaml.Unmarshal([]byte(document), &v); err != nil {
		return nil, err
	}
	return json.Marshal(v)
}

func (a *API) getPolicy(c *gin.Context) {
	err := newQuery(c).err()
	var document []byte
	var own bool
	if err == nil {
		document, own, err = a.Policies.Document(keyOf(c).Workspace)
	}
	a.answerPolicy(c, string(document), own, err)
}

// putPolicy puts the document of the body in force, or with dry_run says what it would come to.
func (a *API) putPolicy(c *gin.Context) {
	q := newQuery(c)
	dry := q.flag("dry_run")
	text, err := documentOf(c, q)
	if err == nil && len(text) == 0 {
		err = problem.Field("document", "is empty; DELETE /v1/policy brings the built-in policy back")
	}
	if err == nil {
		err = a.commandPolicy(c, string(text), dry)
	}
	a.answerPolicy(c, string(text), true, err)
}

// deletePolicy brings the built-in policy back.
func (a *API) deletePolicy(c *gin.Context) {
	err := newQuery(c).err()
	if err == nil {
		err = a.commandPolicy(c, "", false)
	}
	a.answerPolicy(c, string(policy.DefaultYAML()), false, err)
}

func (a *API) commandPolicy(c *gin.Context, document string, dry bool) error {
	workspace := keyOf(c).Workspace
	command, err := policy.Put(workspace, document)
	if err == nil && !dry {
		_, err = a.Commands.Do(unify.WithAction(c.Request.Context(), "policy.set"), workspace, command)
	}
	return err
}

// unchanged is the detail of the problem of a document that is not taken.
const unchanged = "nothing was changed"

func (a *API) answerPolicy(c *gin.Context, document string, own bool, err error) {
	var view *policyView
	if err == nil {
		view, err = newPolicyView(document, own)
	}
	if d := problem.OfFaults(policy.Faults(err).Err()); d != nil {
		d.Detail, err = unchanged, d
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	a.answer(c, view)
}
