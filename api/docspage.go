package api

import (
	"bytes"
	"embed"
	"encoding/json"
	"mime"
	"net/http"
	"path"
	"sync"

	"github.com/gin-gonic/gin"
	"github.com/goccy/go-yaml"

	"tributary/api/problem"
)

// The page that shows the document and sends requests: files of this program, and nobody else's.

//go:embed docs
var docs embed.FS

// docsPolicy is the Content-Security-Policy of the page: its own script and style, requests to this server, and
// nothing else, nothing inline, and no text that becomes markup.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

func getDocs(c *gin.Context) { serveDocs(c, "index.html") }

func getDocsFile(c *gin.Context) { serveDocs(c, c.Param("file")) }

func serveDocs(c *gin.Context, name string) {
	content, err := docs.ReadFile("docs/" + name)
	if err != nil || c.FullPath() != "/docs" && name == "index.html" {
		write(c, problem.New(problem.NoRoute, ""))
		return
	}
	c.Header("Content-Security-Policy", docsPolicy)
	c.Data(http.StatusOK, mediaOf(name), content)
}

// mediaOf does not ask mime, which goes by the machine's own tables.
func mediaOf(name string) string {
	media := map[string]string{".html": "text/html", ".css": "text/css", ".js": "text/javascript"}[path.Ext(name)]
	return mime.FormatMediaType(media, map[string]string{"charset": "utf-8"})
}

// openAPIJSON is the document as JSON, its members in the same order.
var openAPIJSON = sync.OnceValues(func() ([]byte, error) {
	whole, err := yaml.YAMLToJSON(openAPI)
	if err != nil {
		return nil, err
	}
	var small bytes.Buffer
	err = json.Compact(&small, whole)
	return small.Bytes(), err
})

func (a *API) getOpenAPIJSON(c *gin.Context) {
	body, err := openAPIJSON()
	if err != nil {
		a.fail(c, err)
		return
	}
	c.Data(http.StatusOK, "application/json", body)
}
