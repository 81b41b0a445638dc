package analyst_test

import (
	"slices"
	"testing"

	"tributary/journeys/analyst"
	"tributary/sql/chdb/chdbtest"
)

// TestTheEngineKnowsEveryFunction by its spelling, and as what the list says that it is.
func TestTheEngineKnowsEveryFunction(t *testing.T) {
	conn := chdbtest.Conn(t)
	rows, err := conn.Query(t.Context(), "SELECT name, is_aggregate FROM system.functions")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	aggregate := map[string]bool{}
	for rows.Next() {
		var name string
		var is uint8
		if err := rows.Scan(&name, &is); err != nil {
			t.Fatal(err)
		}
		aggregate[name] = is == 1
	}
	forms := []string{"grouping", "untuple"} // of the parser, in no table of functions
	for section, list := range analyst.Functions() {
		for _, name := range list {
			is, known := aggregate[name]
			if !slices.Contains(forms, name) && (!known || is != (section == "aggregate" || section == "window")) {
				t.Errorf("%s: the engine knows it: %t, as an aggregate: %t; the list has it under %s", name, known, is, section)
			}
		}
	}
}

// TestFunctionsThatTakeOthersAreKnown: wherever the engine takes a name for a function, the check refuses a name.
func TestFunctionsThatTakeOthersAreKnown(t *testing.T) {
	conn := chdbtest.Conn(t)
	all := analyst.Functions()
	for _, list := range [][]string{all["lambda"], all["scalar"]} {
		for _, name := range list {
			for _, args := range []string{"(hex, [1])", "(plus, [1], toInt64(2))", "([1], hex)", "(greater, map(1, 2))"} {
				rows, err := conn.Query(t.Context(), "SELECT "+name+args)
				if err != nil {
					continue
				}
				_ = rows.Close()
				if _, err := analyst.Check("SELECT "+name+args, nil); err == nil {
					t.Errorf("%s%s runs in the engine, and the check lets it through", name, args)
				}
			}
		}
	}
}
