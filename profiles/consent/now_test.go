package consent_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"tributary/ingest/event"
	"tributary/profiles/consent"
	"tributary/sql/chdb"
	"tributary/sql/chdb/chdbtest"
	"tributary/sql/store"
)

// The analyst's table says what Decide says of each subject by itself.
func TestConsentNowIsTheProjection(t *testing.T) {
	name, engine := chdbtest.Database(t), chdbtest.Engine(t)
	s, err := store.New(chdb.Options(engine.Transport(chdb.PoolWrite), name), store.Config{Database: name, Kill: engine.Kill})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	_, err = s.Migrate(context.Background())
	must(t, err)
	conn, err := clickhouse.Open(chdb.Options(engine, name))
	must(t, err)
	t.Cleanup(func() { must(t, conn.Close()) })
	workspace, offset := 0, uint64(0)
	rapid.Check(t, func(rt *rapid.T) {
		workspace++
		in := fmt.Sprint("w", workspace)
		want := map[string]string{}
		var rows []*store.ConsentRow
		for _, subject := range subjects {
			l := &consent.Ledger{}
			for _, x := range rapid.SliceOfN(rapid.Custom(drawStatement), 0, 6).Draw(rt, "said") {
				if !x.ValidUntil.IsZero() { // the table's now is the clock's
					x.ValidUntil = rapid.SampledFrom([]time.Time{epoch.AddDate(-20, 0, 0), epoch.AddDate(100, 0, 0)}).Draw(rt, "until")
				}
				carried := x.Status == event.ConsentRefused && rapid.Bool().Draw(rt, "carried")
				if carried {
					x.Origin = person(9)
					l.Hold(x)
				} else {
					l.Add(x)
				}
				offset++
				row := &store.ConsentRow{
					Place: store.Place{LogOffset: offset}, Workspace: in, ContactType: subject.Contact.Type, Contact: subject.Contact.Value,
					Observation: subject.Observation, Channel: string(x.Channel), Purpose: x.Purpose, Status: string(x.Status),
					ValidUntil: x.ValidUntil, Carried: carried, Source: x.Source, MessageID: x.MessageID, At: x.At, ReceivedAt: x.Received,
				}
				if subject.IsContact() {
					row.Observation = uuid.UUID{15: byte(offset)} // who said it is no part of the key
				}
				rows = append(rows, row)
			}
			p := consent.Project([]consent.Register{{Subject: subject, Ledger: l}}, time.Now())
			for _, x := range l.Statements() {
				d := p.Decide(subject, x.Channel, x.Purpose)
				want[fmt.Sprint(subject.Contact.Value, subject.Observation, x.Channel, x.Purpose)] = fmt.Sprint(d.Allowed, d.By.At.UnixMilli())
			}
		}
		must(rt, store.Insert(context.Background(), s, store.ConsentChanges, rows, ""))
		got := map[string]string{}
		answer, err := conn.Query(context.Background(), `SELECT contact, observation, channel, purpose, allowed, said_at FROM consent_now(workspace = {w:String})`,
			clickhouse.Named("w", in))
		must(rt, err)
		defer answer.Close()
		for answer.Next() {
			var contact, channel, purpose string
			var observation uuid.UUID
			var allowed bool
			var at time.Time
			must(rt, answer.Scan(&contact, &observation, &channel, &purpose, &allowed, &at))
			got[fmt.Sprint(contact, observation, channel, purpose)] = fmt.Sprint(allowed, at.UnixMilli())
		}
		must(rt, answer.Err())
		if !maps.Equal(got, want) {
			rt.Fatalf("the table has\n%s\nand decided is\n%s", lines(got), lines(want))
		}
	})
}

func lines(m map[string]string) string {
	var all []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		all = append(all, k+": "+m[k])
	}
	return strings.Join(all, "\n")
}

func must(t interface{ Fatal(...any) }, err error) {
	if err != nil {
		t.Fatal(err)
	}
}
