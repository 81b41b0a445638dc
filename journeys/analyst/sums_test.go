package analyst_test

import (
	"crypto/rand"
	"fmt"
	"slices"
	"testing"
	"time"

	"tributary/journeys/analyst"
	"tributary/sql/chdb/chdbtest"
	"tributary/sql/store"
	"tributary/sql/storetest"
)

// orders are all orders of some values.
func orders(values []float64) (all [][]float64) {
	if len(values) == 0 {
		return [][]float64{nil}
	}
	for i, v := range values {
		for _, rest := range orders(slices.Concat(values[:i], values[i+1:])) {
			all = append(all, append([]float64{v}, rest...))
		}
	}
	return all
}

// TestConversationsAddUpExactly: whatever the order of their events, whose sum as floats is one of several, and of whatever
// source the first of them is. Where no event says a time there is none.
func TestConversationsAddUpExactly(t *testing.T) {
	w := newWorld(t, chdbtest.Engine(t), analyst.Limits{})
	sequences := orders([]float64{0.1, 0.2, 0.3, 0.7})
	rows := storetest.Rows(3, 4*len(sequences)+2)
	for i, row := range rows {
		row.LogOffset, row.MessageID = row.LogOffset+10*events, fmt.Sprint(i)
		row.At = storetest.Start.Add(time.Duration(i) * time.Second)
		row.WaitS, row.TalkS, row.HoldS, row.WrapS = nil, nil, nil, nil
		if i < 4*len(sequences) {
			v := sequences[i/4][i%4]
			row.ConversationID, row.WaitS, row.TalkS, row.HoldS, row.WrapS = fmt.Sprint("sum-", i/4), &v, &v, &v, &v
		} else {
			row.ConversationID, row.MessageID, row.At = "twice", "m", storetest.Start
			row.Source = fmt.Sprint("source_", 4*len(sequences)+1-i) // the last row's comes first
		}
	}
	if err := store.Insert(t.Context(), w.write, store.Events, rows, rand.Text()); err != nil {
		t.Fatal(err)
	}
	for sql, want := range map[string]string{
		"SELECT DISTINCT toString((wait_s, talk_s, hold_s, wrap_s)) FROM conversations WHERE startsWith(conversation_id, 'sum-')": "[[(1.3,1.3,1.3,1.3)]]",
		"SELECT toString((source, wait_s)) FROM conversations WHERE conversation_id = 'twice'":                                    "[[('source_0',NULL)]]",
	} {
		got, err := w.rows(t, all("acme"), sql, nil)
		if err != nil || fmt.Sprint(got) != want {
			t.Errorf("%s: %v, %v, want %s", sql, got, err, want)
		}
	}
}
