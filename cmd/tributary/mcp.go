package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"tributary/api/mcp"
)

func newMCP() *cobra.Command {
	return &cobra.Command{
		Use:   "mcp",
		Short: "Serve the Model Context Protocol on stdin and stdout, for AI clients that start programs",
		Long: `Carries messages between an AI client and a running server's /mcp. Clients that speak HTTP need no
such program: they are given the address of /mcp and the key as a bearer token.

TRIBUTARY_URL is the server's address (default http://127.0.0.1:8080), TRIBUTARY_KEY a key, or the token
of an agent session, which opens one customer alone. What a client sees is what the key's scopes,
purpose and kind of reader allow; make one for the model, and no larger than it needs:

  tributary keys create --kind agent --reader own_ai --purpose support`,
		Example: `  # in the client's list of servers:
  {
    "mcpServers": {
      "tributary": {
        "command": "tributary",
        "args": ["mcp"],
        "env": {"TRIBUTARY_URL": "https://cdp.example.com", "TRIBUTARY_KEY": "trb_g_…"}
      }
    }
  }`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			address, err := serverURL(os.Getenv("TRIBUTARY_URL"))
			if err != nil {
				return err
			}
			key := strings.TrimSpace(os.Getenv("TRIBUTARY_KEY"))
			if key == "" {
				return errors.New(`TRIBUTARY_KEY: is required: a key ("tributary keys create --kind agent") or the token of an agent session`)
			}
			b := mcp.Bridge{URL: address, Key: key, Client: &http.Client{}, In: os.Stdin, Out: os.Stdout}
			return b.Run(cmd.Context())
		},
	}
}

const defaultServerURL = "http://127.0.0.1:8080"

// serverURL is the address of a server without a path.
func serverURL(text string) (string, error) {
	if text == "" {
		return defaultServerURL, nil
	}
	u, err := url.Parse(strings.TrimSuffix(text, "/"))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Path != "" || u.RawQuery != "" {
		return "", fmt.Errorf("TRIBUTARY_URL: must be scheme and host, such as %s", defaultServerURL)
	}
	return u.Scheme + "://" + u.Host, nil
}
