package importer

import (
	"bytes"
	"compress/gzip"
	"os"
	"strings"
	"testing"
)

const plainMapping = "version: 1\nidentifiers: {email: mail}\nevents: [{name: a, at: [when]}]\n"

// TestBadFilesAreExplained: each error says what is wrong and what to do, and names the file.
func TestBadFilesAreExplained(t *testing.T) {
	files := orderFiles(t, 3000)
	content := func(name string) string {
		text, err := os.ReadFile(files[name].Path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	writeCSV(w, 3000)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	half := func(s string) string { return s[:len(s)/2] }
	damaged := []byte(content("orders.parquet"))
	for i := 200; i < len(damaged)/2; i += 97 {
		damaged[i] ^= 0xff
	}
	for name, c := range map[string]struct {
		format  Format
		text    string
		mapping string
		says    []string
	}{
		"empty":                {FormatCSV, "", orderMapping, []string{"is empty"}},
		"empty parquet":        {FormatParquet, "", orderMapping, []string{"is empty"}},
		"line breaks":          {FormatCSV, "\n\n", orderMapping, []string{"no header"}},
		"text as parquet":      {FormatParquet, content("orders.csv"), orderMapping, []string{"PAR1"}},
		"parquet as csv":       {FormatCSV, content("orders.parquet"), orderMapping, []string{"tributary import parquet"}},
		"arrow as jsonl":       {FormatJSONL, content("orders.arrow"), orderMapping, []string{"tributary import arrow"}},
		"csv as arrow":         {FormatArrow, content("orders.csv"), orderMapping, []string{"Arrow"}},
		"spreadsheet":          {FormatCSV, "PK\x03\x04rest", orderMapping, []string{"save the sheet as CSV"}},
		"utf-16":               {FormatCSV, "\xff\xfei\x00d\x00", orderMapping, []string{"UTF-16", "iconv"}},
		"half a parquet":       {FormatParquet, half(content("orders.parquet")), orderMapping, []string{"written to its end"}},
		"half an arrow file":   {FormatArrow, half(content("orders.arrow")), orderMapping, []string{"Arrow"}},
		"half an arrow stream": {FormatArrow, half(content("orders.arrows")), orderMapping, []string{"after row", "cut short"}},
		"damaged parquet":      {FormatParquet, string(damaged), orderMapping, []string{"after row"}},
		"half a gzip":          {FormatCSV, half(packed.String()), orderMapping, []string{"cut short"}},
		"no columns":           {FormatCSV, "id;mail;when\n", plainMapping, []string{`"mail"`, "delimiter"}},
		"missing column":       {FormatCSV, "mail,wen\n", plainMapping, []string{`"when"`, `"wen"`}},
		"missing in parquet":   {FormatParquet, content("orders.parquet"), plainMapping, []string{`"mail"`, `"buyer"`}},
		"column twice":         {FormatCSV, "mail,when,mail\n", plainMapping, []string{`"mail" stands twice`}},
		"open quote":           {FormatCSV, "mail,when\n1,2\n\"a,b\nc,d\n", plainMapping, []string{"row 2: line 3", "never closed"}},
		"header in latin-1":    {FormatCSV, "mail,when,gr\xfc\xdfe\n", plainMapping, []string{"UTF-8"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := writeFile(t, "file", c.text)
			im := Import{Path: path, Format: c.format, Mapping: mappingOf(t, c.mapping), Workspace: "default", Source: "s"}
			_, err := im.Run(t.Context(), &tape{})
			if err == nil {
				t.Fatal("no error")
			}
			for _, words := range append(c.says, path) {
				if !strings.Contains(err.Error(), words) {
					t.Errorf("does not say %q: %v", words, err)
				}
			}
			if strings.Count(err.Error(), path) > 1 {
				t.Errorf("names the file twice: %v", err)
			}
		})
	}
}

func TestNoFileAndPipes(t *testing.T) {
	m := mappingOf(t, plainMapping)
	for name, c := range map[string]struct {
		im   Import
		says string
	}{
		"folder":       {Import{Path: t.TempDir(), Mapping: m}, "is a folder"},
		"no file":      {Import{Path: t.TempDir() + "/none.csv", Mapping: m}, "no such file"},
		"device":       {Import{Path: os.DevNull, Mapping: m}, "no regular file"},
		"pipe":         {Import{Stdin: strings.NewReader("mail,when\n"), Mapping: m}, "row_id"},
		"parquet pipe": {Import{Stdin: strings.NewReader("PAR1"), Mapping: m, Format: FormatParquet}, "a pipe does not have"},
	} {
		if _, err := c.im.Run(t.Context(), &tape{}); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestBadRows: what is wrong with one row does not hurt the next, in texts and in typed files.
func TestBadRows(t *testing.T) {
	mapping := "version: 1\nrow_id: id\nidentifiers: {email: mail}\nevents: [{name: a, at: [when], properties: [{column: n, as: number}]}]\n"
	const good = "2024-01-02T03:04:05Z"
	long := strings.Repeat("x", maxRow+firstWindow)
	for name, c := range map[string]struct {
		format Format
		text   string
		events int
		faults []string
	}{
		"csv": {FormatCSV, "id,mail,when,n\n1,a@example.com," + good + ",1\n2,b@example.com," + good + ",x\nid,mail,when,n\n" +
			"3,\"a\"b," + good + ",1\n4,\xff," + good + ",1\n5,a@example.com,2024,1\n6,\"" + long + "\",,\n7,c@example.com," + good + ",-1.50\n", 2,
			[]string{"row 2 (line 3): n: is not a number", "row 3 (line 4): row: is the header again", "row 4 (line 5): row: has text after the quote",
				"row 5 (line 6): mail: is not UTF-8", "row 6 (line 7): when: is not a time", "row 7 (line 8): row: is longer"}},
		"jsonl": {FormatJSONL, `{"id":1,"mail":"a@example.com","when":"` + good + `","n":1}` + "\n\n[1]\n{\"id\":\n{\"id\":\"\xff\"}\n" +
			`{"id":3,"mail":"` + long + "\"}\n" + `{"id":4,"mail":["a"],"when":"` + good + `"}` + "\n" + `{"id":"5","when":"` + good + `","mail":null}`, 2,
			[]string{"row 2 (line 3): line: is not a JSON object", "row 3 (line 4): line: is not JSON", "row 4 (line 5): line: is not UTF-8", "row 5 (line 6): line: is longer", "row 6 (line 7): mail: is a list"}},
	} {
		t.Run(name, func(t *testing.T) {
			log := &tape{}
			im := Import{Path: writeFile(t, "file", c.text), Format: c.format, Mapping: mappingOf(t, mapping), Workspace: "default", Source: "s"}
			report, err := im.Run(t.Context(), log)
			if err != nil || report.Events != c.events || report.Rejected != len(c.faults) {
				t.Errorf("%+v, %v", report, err)
			}
			for i, fault := range report.First {
				if i >= len(c.faults) || !strings.HasPrefix(fault.Error(), c.faults[i]) {
					t.Errorf("fault %d: %s", i, fault.Error())
				}
			}
		})
	}
}
