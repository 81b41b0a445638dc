package identity

import "testing"

func TestAddressOf(t *testing.T) {
	of := func(street, postcode, city string) string {
		var attrs []Attribute
		for _, a := range []Attribute{{"street", street}, {"postcode", postcode}, {"city", city}} {
			if a.Value != "" {
				attrs = append(attrs, Attribute{a.Name, foldText(a.Value)})
			}
		}
		return addressOf(attrs)
	}
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{of("1 Main St.", "SW1A 1AA", ""), of("1 main street", "sw1a1aa", "London"), true},
		{of("Hauptstraße 5", "10115", ""), of("Hauptstr. 5", "10115", ""), true},
		{of("5 Haupt Strasse", "10115", ""), of("Hauptstrasse 5", "10115", ""), true},
		{of("１ Ｍａｉｎ Ｓｔ", "10001", ""), of("1 Main St", "10001", ""), true},
		{of("7 Rue de l'Église", "", "Orléans"), of("7, rue de l'eglise", "", "ORLEANS"), true},
		{of("1 Main St", "10001", ""), of("2 Main St", "10001", ""), false},
		{of("1 Main St", "10001", ""), of("1 Main Rd", "10001", ""), false},
		{of("1 Main St", "10001", ""), of("1 Main St", "10002", ""), false},
	} {
		if (c.a == c.b) != c.same || c.a == "" || c.b == "" {
			t.Errorf("%q and %q", c.a, c.b)
		}
	}
	if of("1 Main St", "", "") != "" || of("", "10001", "London") != "" {
		t.Error("half an address is one")
	}
}
