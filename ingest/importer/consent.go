package importer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"tributary/ingest/event"
	"tributary/ingest/stream"
)

// List is a list of contact points to bring in: consent, or who is to be suppressed. Unlike an import it
// is all or nothing: a list with a fault is not sent at all, since half of a list of refusals looks whole.
type List struct {
	// Columns maps our names of columns to those of the file; a name that is not there is its own.
	Columns map[string]string
	// Default is what a column is that the file has not, by our name.
	Default map[string]string
}

// ConsentColumns are our names of the columns of a list of consent. Only contact is required; of a grant
// also at. A file with one column and no header of ours is a plain list of contact points.
var ConsentColumns = []string{"contact", "type", "channel", "purpose", "status", "at", "source", "evidence", "legal_basis", "valid_until"}

// LineFault is a fault of a line of a list.
type LineFault struct {
	Line  int // from 1
	Field string
	// Reason repeats no value.
	Reason string
}

// Error names the line.
func (f LineFault) Error() string { return fmt.Sprintf("line %d: %s: %s", f.Line, f.Field, f.Reason) }

// maxListBytes bounds a list, which is read whole before any of it is sent.
const maxListBytes = 1 << 30

// listRow is a line of a list, by our names.
type listRow struct {
	line  int
	cells map[string]string
}

// rows reads a list.
func (l List) rows(file io.Reader, known []string) (rows []listRow, digest string, faults []error) {
	content, err := io.ReadAll(io.LimitReader(file, maxListBytes+1))
	if err != nil {
		return nil, "", []error{err}
	}
	if len(content) > maxListBytes {
		return nil, "", []error{fmt.Errorf("the list is larger than %d bytes", maxListBytes)}
	}
	sum := sha256.Sum256(content)
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(content, []byte("\ufeff"))))
	r.FieldsPerRecord, r.TrimLeadingSpace = -1, true
	var header []string
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, hex.EncodeToString(sum[:]), faults
		}
		if err != nil {
			return nil, "", append(faults, err)
		}
		line, _ := r.FieldPos(0)
		if header == nil {
			plain := len(cells) == 1 && len(l.Columns) == 0 && strings.ContainsAny(cells[0], "@+0123456789")
			if header, err = l.header(cells, known); plain {
				header = []string{"contact"}
			} else if err != nil {
				return nil, "", append(faults, err)
			} else {
				continue
			}
		}
		if len(cells) != len(header) {
			faults = append(faults, LineFault{line, "line", fmt.Sprintf("has %d columns, and the header %d", len(cells), len(header))})
			continue
		}
		row := listRow{line: line, cells: map[string]string{}}
		for i, name := range header {
			row.cells[name] = strings.TrimSpace(cells[i])
		}
		for name, value := range l.Default {
			if row.cells[name] == "" {
				row.cells[name] = value
			}
		}
		rows = append(rows, row)
	}
}

// header puts the names of the file's columns into ours.
func (l List) header(cells, known []string) ([]string, error) {
	ours := map[string]string{}
	for our, theirs := range l.Columns {
		if !slices.Contains(known, our) {
			return nil, fmt.Errorf("column %q: is none of a list; known are %s", our, strings.Join(known, ", "))
		}
		ours[strings.ToLower(theirs)] = our
	}
	header := make([]string, len(cells))
	seen := map[string]bool{}
	var faults []error
	for i, cell := range cells {
		name := strings.ToLower(strings.TrimSpace(cell))
		if our, mapped := ours[name]; mapped {
			name = our
		}
		if !slices.Contains(known, name) {
			name = "" // others have columns that mean nothing here
		}
		if name != "" && seen[name] {
			faults = append(faults, fmt.Errorf("header: two columns are %s", name))
		}
		seen[name], header[i] = true, name
	}
	for our := range l.Columns {
		if !seen[our] {
			faults = append(faults, fmt.Errorf("header: has no column that is mapped to %s", our))
		}
	}
	if !seen["contact"] {
		faults = append(faults, fmt.Errorf("header: has no column contact; map one, such as contact=E-mail"))
	}
	return header, errors.Join(faults...)
}

// contactPoint is the identifier of a row: its type is what it says, or follows from its form.
func (r *listRow) contactPoint() (event.Identifier, error) {
	id := event.Identifier{Type: r.cells["type"], Value: r.cells["contact"]}
	if id.Type == "" {
		id.Type = event.IDPhone
		if strings.Contains(id.Value, "@") {
			id.Type = event.IDEmail
		}
	}
	switch {
	case id.Value == "":
		return id, LineFault{r.line, "contact", "is empty"}
	case len(id.Value) > event.MaxIdentifierBytes:
		return id, LineFault{r.line, "contact", "is too long"}
	case id.Type != event.IDEmail && id.Type != event.IDPhone:
		return id, LineFault{r.line, "type", "must be email or phone"}
	case id.Type == event.IDPhone && strings.Trim(id.Value, "+0123456789 -./()") != "":
		return id, LineFault{r.line, "contact", "is neither an e-mail address nor a number"}
	}
	return id, nil
}

// ConsentList is what a list of consent comes to.
type ConsentList struct {
	Events  []*event.Event
	Granted int
	Refused int
	Pending int

	workspace, digest string
}

// ReadConsent reads a list of consent as events of a source. Message ids derive from the file's content and
// the line. It returns every fault, each with its line; then nothing of the list is to be sent.
func (l List) ReadConsent(file io.Reader, workspace, source string, now time.Time) (*ConsentList, error) {
	rows, digest, faults := l.rows(file, ConsentColumns)
	list := &ConsentList{workspace: workspace, digest: digestOf("consent", workspace, source, digest, fmt.Sprint(l.Columns), fmt.Sprint(l.Default))}
	for i := range rows {
		e, err := rows[i].consent(workspace, source, digest, now)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		list.Events = append(list.Events, e)
		switch e.CX.Consent {
		case event.ConsentGranted:
			list.Granted++
		case event.ConsentRefused:
			list.Refused++
		case event.ConsentPending:
			list.Pending++
		}
	}
	return list, errors.Join(faults...)
}

func (r *listRow) consent(workspace, source, digest string, now time.Time) (*event.Event, error) {
	id, err := r.contactPoint()
	if err != nil {
		return nil, err
	}
	var faults []error
	fault := func(field, reason string) { faults = append(faults, LineFault{r.line, field, reason}) }
	moment := func(field string) time.Time {
		if r.cells[field] == "" {
			return time.Time{}
		}
		t, err := event.ParseTime(r.cells[field])
		if err != nil {
			fault(field, err.Error())
		}
		return t
	}
	status, known := statusOf(r.cells["status"])
	if r.cells["status"] == "" {
		fault("status", "is required, in a column or for all")
	} else if !known {
		fault("status", "must be granted, refused or pending (or yes, no, subscribed, unsubscribed, opt-in, opt-out)")
	}
	channel := event.Channel(strings.ToLower(r.cells["channel"]))
	if channel == "*" {
		channel = ""
	}
	if s := r.cells["source"]; s != "" {
		source = s
	}
	e := &event.Event{
		Workspace: workspace, Source: source, MessageID: fmt.Sprintf("%s:%d", digest, r.line),
		Type: event.TypeTrack, Name: event.NameConsentChanged, Channel: channel, Identifiers: []event.Identifier{id},
		CX: &event.CX{
			Consent: status, Purpose: strings.ToLower(r.cells["purpose"]), Evidence: r.cells["evidence"],
			LegalBasis: r.cells["legal_basis"], ValidUntil: moment("valid_until"),
		},
	}
	at := moment("at")
	if at.IsZero() && status == event.ConsentGranted {
		fault("at", "is required of a grant: else it would seem newer than a refusal that came in before")
	}
	e.Stamp(at, time.Time{}, now)
	var invalid event.Errors
	if errors.As(e.Validate(), &invalid) {
		for _, f := range invalid {
			fault(strings.TrimPrefix(f.Field, "cx."), f.Reason)
		}
	}
	return e, errors.Join(faults...)
}

// statusOf reads a status as common e-mail tools write it.
func statusOf(text string) (event.Consent, bool) {
	switch strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "").Replace(text)) {
	case "granted", "yes", "true", "1", "subscribed", "optin", "optedin", "confirmed":
		return event.ConsentGranted, true
	case "refused", "no", "false", "0", "unsubscribed", "optout", "optedout", "cleaned", "bounced", "complained", "suppressed":
		return event.ConsentRefused, true
	case "pending", "unconfirmed":
		return event.ConsentPending, true
	}
	return "", false
}

// Send puts the events of a list into the bulk lane, and says after each batch how many are durable. A list
// that was sent before is not sent again, whenever that was, and Before says when; one that was interrupted
// goes on where it stopped. Restart sends all of it: within the dedupe horizon that changes nothing.
func (c *ConsentList) Send(ctx context.Context, log Appender, resume *ProgressStore, restart bool, durable func(int)) (before *time.Time, err error) {
	t, err := resume.open(c.digest, progress{Path: "list of consent"})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	from := t.known.Rows
	switch {
	case restart:
		from = 0
	case t.known.Complete:
		return &t.known.At, nil
	}
	for from < len(c.Events) {
		part := c.Events[from:min(len(c.Events), from+batchRecords)]
		if err := send(ctx, log, part); err != nil {
			return nil, err
		}
		from += len(part)
		if err := t.save(&Report{Rows: from, Events: from}, from, from == len(c.Events)); err != nil {
			return nil, err
		}
		durable(from)
	}
	return nil, nil
}

func digestOf(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:12])
}

func send(ctx context.Context, log Appender, events []*event.Event) error {
	records := make([]stream.Record, len(events))
	for i, e := range events {
		value, err := event.Encode(e)
		if err != nil {
			return err
		}
		records[i] = stream.Record{
			Lane: stream.LaneBulk, Kind: stream.KindEvent, Workspace: e.Workspace, Source: e.Source,
			MessageID: e.MessageID, ReceivedAt: e.ReceivedAt, Value: value,
		}
	}
	if _, err := log.Append(ctx, records); err != nil {
		return fmt.Errorf("append: %w", err)
	}
	return nil
}

// SuppressionColumns are our names of the columns of a list of suppressions.
var SuppressionColumns = []string{"contact", "type"}

// ReadSuppression reads a list of identifiers to suppress, without doublets. It returns every fault, each with
// its line; then nothing of the list is to be sent.
func (l List) ReadSuppression(file io.Reader) ([]event.Identifier, error) {
	rows, _, faults := l.rows(file, SuppressionColumns)
	seen := map[event.Identifier]bool{}
	var all []event.Identifier
	for i := range rows {
		id, err := rows[i].contactPoint()
		if err != nil {
			faults = append(faults, err)
		} else if !seen[id] {
			seen[id] = true
			all = append(all, id)
		}
	}
	return all, errors.Join(faults...)
}
