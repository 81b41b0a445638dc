package importer_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tributary/ingest/event"
	"tributary/ingest/importer"
	"tributary/ingest/stream"
)

var listTime = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func TestReadConsent(t *testing.T) {
	const file = "\ufeffE-mail, Channel ,purpose,STATUS,at,evidence,other\n" +
		"a@example.com,email,marketing,subscribed,2026-01-02T03:04:05Z,form 3,x\n" +
		"+15550100,sms,*,no,,,\n" +
		"b@example.com,,newsletter,pending,2026-01-02,,\n"
	l := importer.List{Columns: map[string]string{"contact": "e-mail"}}
	list, err := l.ReadConsent(strings.NewReader(file), "w", "crm", listTime)
	if err != nil {
		t.Fatal(err)
	}
	if list.Granted != 1 || list.Refused != 1 || list.Pending != 1 {
		t.Errorf("%d granted, %d refused, %d pending", list.Granted, list.Refused, list.Pending)
	}
	var got []string
	for _, e := range list.Events {
		got = append(got, fmt.Sprint(e.Identifiers[0], e.Channel, " ", e.CX.Purpose, " ", e.CX.Consent, " ", e.At.Format(time.DateOnly), e.CX.Evidence))
	}
	want := "{email a@example.com}email marketing granted 2026-01-02form 3|{phone +15550100}sms * refused 2026-03-01|{email b@example.com} newsletter pending 2026-01-02"
	if strings.Join(got, "|") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "|"), want)
	}
	again, err := l.ReadConsent(strings.NewReader(file), "w", "crm", listTime)
	if err != nil || again.Events[0].MessageID != list.Events[0].MessageID || again.Events[0].MessageID == again.Events[1].MessageID {
		t.Error("message ids do not follow from the file and the line")
	}
}

func TestConsentListTellsAllFaults(t *testing.T) {
	const file = "contact,channel,purpose,status,at,valid_until\n" +
		"a@example.com,email,marketing,granted,,\n" + // no time
		"what,fax,Big Thing,maybe,,\n" +
		"a@example.com,email\n" +
		",email,marketing,no,,\n" +
		"b@example.com,email,marketing,,2026-01-01,\n" +
		"c@example.com,email,marketing,no,2026-01-01,2027-01-01\n"
	list, err := importer.List{}.ReadConsent(strings.NewReader(file), "w", "crm", listTime)
	if err == nil {
		t.Fatal("it is taken")
	}
	for _, want := range []string{
		"line 2: at: is required of a grant", "line 3: contact:", "line 4: line: has 2 columns", "line 5: contact: is empty",
		"line 6: status: is required", "line 7: valid_until: must not be given with a refusal",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not among\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "@") || len(list.Events) != 0 {
		t.Errorf("%d events; %v", len(list.Events), err)
	}
	for _, header := range []string{"mail,status\n", "contact,contact\n"} {
		if _, err := (importer.List{}).ReadConsent(strings.NewReader(header), "w", "crm", listTime); err == nil {
			t.Errorf("header %q is taken", header)
		}
	}
}

func TestPlainList(t *testing.T) {
	l := importer.List{Default: map[string]string{"status": "refused", "purpose": "marketing", "channel": "email"}}
	list, err := l.ReadConsent(strings.NewReader("a@example.com\nb@example.com\n"), "w", "crm", listTime)
	if err != nil || list.Refused != 2 || list.Events[1].Channel != event.ChannelEmail {
		t.Errorf("%+v, %v", list, err)
	}
	ids, err := importer.List{}.ReadSuppression(strings.NewReader("a@example.com\n+44 7700 900123\na@example.com\n"))
	if err != nil || len(ids) != 2 || ids[1].Type != event.IDPhone {
		t.Errorf("%v, %v", ids, err)
	}
}

// failingLog takes a number of batches and then no more.
type failingLog struct {
	left    int
	records []stream.Record
}

func (l *failingLog) Append(_ context.Context, records []stream.Record) ([]stream.Position, error) {
	if l.left--; l.left < 0 {
		return nil, errors.New("out of reach")
	}
	l.records = append(l.records, records...)
	return make([]stream.Position, len(records)), nil
}

// An interrupted list goes on where it stopped, and one that came to its end is not sent again.
func TestConsentListIsResumed(t *testing.T) {
	var file strings.Builder
	for i := range 4500 {
		fmt.Fprintf(&file, "p%d@example.com\n", i)
	}
	l := importer.List{Default: map[string]string{"status": "no", "purpose": "marketing"}}
	list, err := l.ReadConsent(strings.NewReader(file.String()), "w", "crm", listTime)
	if err != nil {
		t.Fatal(err)
	}
	resume, log := importer.NewProgressStore(t.TempDir()), &failingLog{left: 1}
	durable := 0
	count := func(n int) { durable = n }
	if _, err := list.Send(t.Context(), log, resume, false, count); err == nil || durable != 2000 {
		t.Fatalf("%d are durable, %v", durable, err)
	}
	log.left = 10
	if before, err := list.Send(t.Context(), log, resume, false, count); err != nil || before != nil || len(log.records) != 4500 {
		t.Fatalf("%d sent, before %v, %v", len(log.records), before, err)
	}
	if before, err := list.Send(t.Context(), log, resume, false, count); err != nil || before == nil || len(log.records) != 4500 {
		t.Fatalf("%d sent, before %v, %v", len(log.records), before, err)
	}
}
