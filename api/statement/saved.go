package statement

import (
	"context"
	"net/http"

	"tributary/journeys/analyst"
)

// Run says how a saved statement is run. Its fields are those of Request.
type Run struct {
	Params  Params         `json:"params,omitempty"`
	Format  analyst.Format `json:"format,omitempty"`
	MaxRows uint64         `json:"max_rows,omitempty"`
}

// AnswerSaved is Answer for a statement that is saved: by the policy of who runs it, whoever saved it.
func (d *Desk) AnswerSaved(ctx context.Context, w http.ResponseWriter, who Asker, name string, run Run) error {
	saved, err := d.Saved.Get(who.Workspace, name)
	if err != nil {
		return err
	}
	values, err := saved.Values(run.Params)
	if err != nil {
		return err
	}
	r := &Request{SQL: saved.SQL, Params: values, Format: run.Format, MaxRows: run.MaxRows}
	if err := r.Validate(); err != nil {
		return err
	}
	return d.Answer(ctx, w, who, r)
}
