package statement

import (
	"bytes"
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"time"

	"tributary/journeys/analyst"
)

// maxWrite is how long an answer may take to be written, beyond the statement's own limit.
const maxWrite = 3 * time.Minute

// Answer runs a statement and writes its rows. An error is one before anything was written; after the first 64 KiB one
// ends the answer without its last chunk, so that it does not look whole. The context's end ends the statement.
func (d *Desk) Answer(ctx context.Context, w http.ResponseWriter, who Asker, r *Request) error {
	result, err := d.Run(ctx, who, r)
	if err != nil {
		return err
	}
	return d.write(ctx, w, result, r)
}

func (d *Desk) write(ctx context.Context, w http.ResponseWriter, result *analyst.Result, r *Request) error {
	defer result.Close()
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(maxWrite))
	format := cmp.Or(r.Format, analyst.FormatJSON)
	out := &lateWriter{w: w, media: format.MediaType()}
	if err := result.Write(out, format, r.most()); err != nil {
		if !out.sent {
			return err
		}
		d.Logger.WarnContext(ctx, "an answer to a statement broke off", slog.Uint64("rows", result.Rows()))
		panic(http.ErrAbortHandler) // what was sent must not look whole
	}
	return out.flush()
}

// lateWriter keeps the first bytes of an answer back, so that what goes wrong at once is still a problem document.
type lateWriter struct {
	w     http.ResponseWriter
	media string
	held  bytes.Buffer
	sent  bool
}

const heldBytes = 64 << 10

// Write implements io.Writer.
func (w *lateWriter) Write(p []byte) (int, error) {
	if w.sent {
		return w.w.Write(p)
	}
	n, _ := w.held.Write(p)
	if w.held.Len() < heldBytes {
		return n, nil
	}
	return n, w.flush()
}

func (w *lateWriter) flush() error {
	if w.sent {
		return nil
	}
	w.sent = true
	w.w.Header().Set("Content-Type", w.media)
	w.w.WriteHeader(http.StatusOK)
	_, err := w.w.Write(w.held.Bytes())
	w.held = bytes.Buffer{}
	return err
}
