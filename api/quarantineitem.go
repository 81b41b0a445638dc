package api

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"tributary/api/policy"
	"tributary/api/problem"
	"tributary/profiles/quarantine"
	"tributary/profiles/state"
)

// quarantinedItemView is one item, with what the reader may see of its payload. Whose it is nobody knows, so the policy
// decides as about somebody who was not verified.
type quarantinedItemView struct {
	quarantinedView
	MessageID string `json:"message_id,omitempty" policy:"provenance"`
	// Detail is in the words of who refused it, which may cite the payload.
	Detail  string      `json:"detail,omitempty" policy:"content"`
	Payload payloadView `json:"payload" policy:"-"`
}

// payloadView is a payload: its structure and types, and of its values what the policy shows.
type payloadView struct {
	Bytes int `json:"bytes" policy:"meta"`
	// Whole: the policy shows every class of data, and text is what was sent.
	Whole  bool          `json:"whole" policy:"meta"`
	Text   string        `json:"text,omitempty" policy:"content"`
	Values []payloadLeaf `json:"values" policy:"-"`
	Beyond int           `json:"beyond" policy:"meta"`
}

// payloadLeaf is one value of a payload.
type payloadLeaf struct {
	Path  string       `json:"path" policy:"meta"`
	Type  string       `json:"type" policy:"meta"`
	Size  int          `json:"size,omitempty" policy:"meta"`
	Form  string       `json:"form,omitempty" policy:"meta"`
	Shown *payloadSaid `json:"shown,omitempty" policy:"-"`
}

// payloadSaid is a value as it was sent, or masked.
type payloadSaid struct {
	class string
	Value json.RawMessage `json:"value,omitempty" policy:"self"`
}

// PolicyClass says that the name under which a value stands decides about its class.
func (v payloadSaid) PolicyClass() string { return v.class }

func newPayload(text []byte, whole bool) payloadView {
	leaves, beyond := quarantine.Leaves(text)
	view := payloadView{Bytes: len(text), Whole: whole, Values: []payloadLeaf{}, Beyond: beyond}
	if whole {
		view.Text = string(text)
	}
	for i := range leaves {
		view.Values = append(view.Values, newPayloadLeaf(&leaves[i]))
	}
	return view
}

func newPayloadLeaf(l *quarantine.Leaf) payloadLeaf {
	v := payloadLeaf{Path: l.Path, Type: l.Type, Size: l.Size, Form: l.Form}
	switch l.Type {
	case "text", "number", "boolean": // of others the type says all
		v.Shown = &payloadSaid{classOfLeaf(l), l.Value}
	}
	return v
}

// classOfLeaf is the class of a value: that of its name, and content, on which policies are strictest, where the
// name says nothing.
func classOfLeaf(l *quarantine.Leaf) string {
	switch {
	case l.Word:
		return policy.ClassMeta
	case l.Name == "":
		return policy.ClassContent
	}
	return policy.Class(policy.ClassContent, l.Name)
}

// showsAll says whether the reader of a request may see every class of data of somebody who is not verified.
func (a *API) showsAll(c *gin.Context) (bool, error) {
	x := readingOf(c)
	if x == nil || x.policy == nil {
		return false, errors.New("a payload is read outside of a route of people")
	}
	reader := x.reader(a, policy.Claimed)
	for _, class := range x.policy.Classes() {
		if _, why := reader.Gate(class); why != nil {
			return false, nil
		}
	}
	return true, nil
}

func (a *API) getQuarantined(c *gin.Context) {
	q := newQuery(c)
	item, err := a.quarantined(c, q.err())
	a.answerItem(c, item, err)
}

// quarantined finds the item that the path names.
func (a *API) quarantined(c *gin.Context, err error) (*state.Item, error) {
	if err != nil {
		return nil, err
	}
	place, err := quarantine.ParsePlace(c.Param("place"))
	if err != nil {
		return nil, problem.Field("place", err.Error())
	}
	return a.Quarantine.Item(keyOf(c).Workspace, place)
}

// correctionBody is what takes the place of an item.
type correctionBody struct {
	With json.RawMessage `json:"with"`
}

// postCorrection processes an item again, with what the body holds in its place.
func (a *API) postCorrection(c *gin.Context) {
	var body correctionBody
	q := newQuery(c)
	err := q.err()
	if err == nil {
		err = decode(c, &body)
	}
	if err == nil && len(body.With) == 0 {
		err = problem.Field("with", "is required: the event, or the call, that takes the place of what was sent")
	}
	item, err := a.quarantined(c, err)
	if err == nil {
		item, err = a.Quarantine.ReplayOne(c.Request.Context(), item, body.With)
	}
	a.answerItem(c, item, err)
}

// answerItem writes an item, once it is on record that it is shown.
func (a *API) answerItem(c *gin.Context, item *state.Item, err error) {
	var whole bool
	if err == nil {
		whole, err = a.showsAll(c)
	}
	if err == nil {
		err = a.Notes.Note(c.Request.Context(), item.Workspace, quarantine.Shown(item))
	}
	if err != nil {
		a.fail(c, quarantineProblem(err))
		return
	}
	a.answerAs(c, http.StatusOK, quarantinedItemView{
		quarantinedView: newQuarantined(item), MessageID: item.MessageID, Detail: item.Detail, Payload: newPayload(item.Payload, whole),
	})
}
