package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tributary/cmd/internal/config"
)

func newReady(g *globals) *cobra.Command {
	var address string
	cmd := &cobra.Command{
		Use:   "ready",
		Short: "Ask the server whether it is ready, for health checks: the exit status says so",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client := http.DefaultClient
			if address == "" {
				c, err := g.load()
				if err != nil {
					return err
				}
				address = "http://" + reachable(c.HTTP.Listen)
				if c.HTTP.TLS.On() {
					address = "https://" + reachable(c.HTTP.Listen)
					client = ownClient(c.HTTP.TLS)
				}
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), 4*time.Second)
			defer cancel()
			return ready(ctx, client, cmd.OutOrStdout(), strings.TrimSuffix(address, "/")+"/readyz")
		},
	}
	cmd.Flags().StringVar(&address, "url", "", "address of the server (default: http.listen of the configuration, on this machine)")
	return cmd
}

// ownClient asks this machine's own server, whose certificate names another host than the address that it
// is asked at: it has to be the one of the configuration, whatever it names.
func ownClient(c config.TLS) *http.Client {
	check := func(s tls.ConnectionState) error {
		pair, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
		if err != nil {
			return err
		}
		if len(s.PeerCertificates) == 0 || !s.PeerCertificates[0].Equal(pair.Leaf) {
			return errors.New("the server has another certificate than http.tls.cert_file")
		}
		return nil
	}
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true, VerifyConnection: check},
	}}
}

// reachable is where a server that listens on every address can be asked from this machine.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip != nil && ip.IsUnspecified()) {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return listen
}

func ready(ctx context.Context, client *http.Client, out io.Writer, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("no answer: %w", err)
	}
	defer response.Body.Close()
	var answer json.RawMessage
	if err := json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&answer); err != nil {
		return fmt.Errorf("%s answered with status %d and no JSON: is it Tributary?", url, response.StatusCode)
	}
	fmt.Fprintf(out, "%s\n", answer)
	if response.StatusCode != http.StatusOK {
		return errors.New("the server is not ready")
	}
	return nil
}
