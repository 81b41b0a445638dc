package export

import (
	_ "embed"
	"html/template"
	"io"
	"time"
)

//go:embed index.html
var indexText string

// indexPage is what a person opens first. The template escapes what it is given, and holds no script.
var indexPage = template.Must(template.New("index").Parse(indexText))

// entry is a line of the index.
type entry struct {
	Name, About string
	Lines       int
}

func (g *gathering) index(w io.Writer, files []File) error {
	entries := make([]entry, len(files))
	for i, f := range files {
		entries[i] = entry{f.Name, parts[i].about, f.Lines}
	}
	return indexPage.Execute(w, map[string]any{
		"ID": g.record.ID, "At": g.at.Format(time.RFC3339), "Files": entries,
	})
}
