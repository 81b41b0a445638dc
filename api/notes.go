package api

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"tributary/api/problem"
	"tributary/ingest/event"
	"tributary/profiles"
)

// maxNote is how long a note may be, in bytes.
const maxNote = 4 << 10

// noteBody is a note, and about whom.
type noteBody struct {
	aboutWhom
	Actor        *actorBody `json:"actor,omitempty"`
	Text         string     `json:"text"`
	Conversation string     `json:"conversation,omitempty"`
	CaseID       string     `json:"case_id,omitempty"`
}

// noteView is the answer to a note: it stands in the timeline under its message id.
type noteView struct {
	subjectView
	MessageID  string    `json:"message_id" policy:"meta"`
	Source     string    `json:"source" policy:"meta"`
	ReceivedAt time.Time `json:"received_at" policy:"meta"`
}

// postNote adds a note to a customer's timeline.
func (a *API) postNote(c *gin.Context) {
	var body noteBody
	err := newQuery(c).err()
	if err == nil {
		err = decode(c, &body)
	}
	if err == nil {
		if faults := textFaults("text", body.Text, maxNote); len(faults) > 0 {
			d := problem.New(problem.Invalid, "")
			d.Errors = faults
			err = d
		}
	}
	var w *writing
	if err == nil {
		w, err = a.beginWrite(c, &body, body.Actor)
	}
	var found *profiles.Answer
	if err == nil {
		found, err = a.lookUp(c, &body.aboutWhom, body.Conversation)
	}
	if err == nil && !w.Done {
		err = a.write(c, w, &event.Event{
			Name: event.NameNoteAdded, Observation: found.Profile.ID,
			CX: &event.CX{Text: body.Text, ConversationID: body.Conversation, CaseID: body.CaseID},
		})
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	a.answerAs(c, http.StatusCreated, noteView{
		subjectView: newSubject(found.Profile.ID, found.Requested, found.IdentityVersion), MessageID: w.ID.String(),
		Source: event.SourceAgent, ReceivedAt: w.ReceivedAt,
	})
}
