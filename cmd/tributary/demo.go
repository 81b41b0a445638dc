package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"tributary/api/admin"
	"tributary/api/auth"
	"tributary/api/web"
	"tributary/cmd/internal/demo"
	"tributary/cmd/internal/node"
	"tributary/profiles/unify"
)

// demoState is kept beside the demo's data, so that an interrupted load goes on with the same company.
type demoState struct {
	Config demo.Config `json:"config"`
	Loaded bool        `json:"loaded"`
}

const demoDefaultDir = "demo-data"

func newDemo(g *globals) *cobra.Command {
	var customers int
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run a server with a generated company in it",
		Long: `Starts a server and loads 90 days of a made-up broadband provider through its gateway: web, app,
chat, voice, e-mail, SMS and RCS, CRM, billing and support, with the faults that real sources have.
truth.csv in the data folder says who each event was really about. Run again, it starts from the
data that is there.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if g.dataDir == "" {
				g.dataDir = demoDefaultDir
			}
			c, err := g.load()
			if err != nil {
				return err
			}
			if !cmd.Flags().Lookup("config").Changed {
				c.Logging.Level = "warn" // the progress bar is what to look at
			}
			c.ApplyRuntime()
			n, err := node.Open(cmd.Context(), c, node.Options{Version: version, Logger: newLogger(c)})
			if err != nil {
				return advise(err)
			}
			d := &demoRun{node: n, dir: c.DataDir, url: "http://" + c.HTTP.Listen, out: cmd.OutOrStdout(), progress: cmd.ErrOrStderr()}
			return errors.Join(d.run(cmd.Context(), customers), n.Close())
		},
	}
	cmd.Flags().IntVar(&customers, "customers", 5000, "how many customers the company has, when it is made")
	return cmd
}

type demoRun struct {
	node     *node.Node
	dir      string
	url      string
	out      io.Writer
	progress io.Writer
}

// run serves until ctx ends, and meanwhile loads the company unless it is there already.
func (d *demoRun) run(ctx context.Context, customers int) error {
	serving, stop := context.WithCancel(ctx)
	defer stop()
	served := make(chan error, 1)
	go func() {
		err := d.node.Run(serving)
		stop()
		served <- err
	}()
	err := d.prepare(serving, customers)
	if err == nil {
		<-serving.Done()
	}
	stop()
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = nil // Ctrl-C while loading: the next run goes on
	}
	return errors.Join(err, <-served)
}

func (d *demoRun) prepare(ctx context.Context, customers int) error {
	if err := awaitReady(ctx, d.url); err != nil {
		return err
	}
	state, err := d.readState(customers)
	if err != nil {
		return err
	}
	if state.Loaded {
		fmt.Fprintf(d.out, "The demo company is already in %s.\n", d.dir)
	} else if err := d.load(ctx, state); err != nil {
		return fmt.Errorf("load the demo: %w", err)
	}
	return d.invite(ctx)
}

func (d *demoRun) statePath() string { return filepath.Join(d.dir, "demo.json") }

// readState reads what a run before left, or decides what company to make.
func (d *demoRun) readState(customers int) (*demoState, error) {
	text, err := os.ReadFile(d.statePath())
	if errors.Is(err, os.ErrNotExist) {
		return &demoState{Config: demo.Config{Customers: customers, Until: time.Now().UTC().Truncate(time.Hour)}}, nil
	}
	if err != nil {
		return nil, err
	}
	state := &demoState{}
	return state, json.Unmarshal(text, state)
}

func (d *demoRun) writeState(state *demoState) error {
	text, err := json.MarshalIndent(state, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(d.statePath(), append(text, '\n'), 0o600)
}

// load sends the company through the gateway. Message ids make it safe to begin again after an
// interruption.
func (d *demoRun) load(ctx context.Context, state *demoState) error {
	if err := d.writeState(state); err != nil {
		return err
	}
	company, err := demo.Generate(state.Config)
	if err != nil {
		return err
	}
	truth, err := os.Create(filepath.Join(d.dir, "truth.csv"))
	if err != nil {
		return err
	}
	if err := errors.Join(company.WriteTruth(truth), truth.Close()); err != nil {
		return err
	}
	keys := map[string]string{}
	for _, source := range demo.Sources {
		secret, _, err := d.node.Keys().Create(ctx, auth.New{Kind: auth.KindWrite, Workspace: d.node.Workspace(), Source: source, Note: "demo"})
		if err != nil {
			return err
		}
		keys[source] = secret
	}
	bar := newProgress(d.progress, int64(len(company.Items)), fmt.Sprintf("%d customers", len(company.People)), "events")
	loader := demo.Loader{URL: d.url, Keys: keys, Client: &http.Client{Timeout: time.Minute}, Sent: func(n int) { _ = bar.Add(n) }}
	if err := loader.Load(ctx, company.Items); err != nil {
		return err
	}
	_ = bar.Finish()
	fmt.Fprintf(d.progress, "\n")
	if err := d.define(ctx); err != nil {
		return err
	}
	fmt.Fprintf(d.out, "Sent %d events: %d repeated an earlier one, %d were malformed and are in the quarantine.\n",
		len(company.Items), company.Duplicates, company.Malformed)
	company.Items = nil
	debug.FreeOSMemory()
	state.Loaded = true
	return d.writeState(state)
}

// define puts the company's computed traits and segments in force, and waits until everybody is judged by them.
func (d *demoRun) define(ctx context.Context) error {
	client := admin.NewClient(node.Socket(d.dir))
	defer client.Close()
	if _, err := client.SetDefinitions(ctx, d.node.Workspace(), unify.ProfilesDefinitions{Document: demo.Definitions}); err != nil {
		return fmt.Errorf("set definitions: %w", err)
	}
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for d.node.Status(ctx).Analysing {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
	return d.node.Settle(ctx)
}

// invite makes fresh keys and says what to try.
func (d *demoRun) invite(ctx context.Context) error {
	secret, _, err := d.node.Keys().Create(ctx, auth.New{Kind: auth.KindRead, Workspace: d.node.Workspace(), Note: "demo"})
	if err != nil {
		return err
	}
	admin, _, err := d.node.Keys().Create(ctx, auth.New{Kind: auth.KindAdmin, Workspace: d.node.Workspace(), Note: "demo"})
	if err != nil {
		return err
	}
	const customer, account = "user_id:u-100007", "acc_00001"
	_, err = fmt.Fprintf(d.out, `
Tributary is running.
  dashboards  %[1]s%[7]s, to sign in to with the admin key
  admin key   %[8]s
  read key    %[2]s
  API         %[1]s/docs, to try every route
  data        %[3]s (truth.csv there says who each event was really about)

Try (a profile has its computed traits and segments in it):
  curl -s -H "Authorization: Bearer %[2]s" %[1]s/v1/profiles/%[4]s
  curl -s -H "Authorization: Bearer %[2]s" "%[1]s/v1/profiles/%[4]s/context?budget_tokens=800"
  curl -s -H "Authorization: Bearer %[2]s" -H "Accept: text/markdown" "%[1]s/v1/profiles/%[4]s/context?budget_tokens=400"
  curl -s -H "Authorization: Bearer %[2]s" "%[1]s/v1/profiles/%[4]s/timeline?limit=20"
  curl -s -H "Authorization: Bearer %[2]s" "%[1]s/v1/segments/%[6]s/members?limit=10"
  curl -s -H "Authorization: Bearer %[2]s" "%[1]s/v1/profiles/%[4]s/consent"
  curl -s -H "Authorization: Bearer %[2]s" "%[1]s/v1/accounts/%[5]s"

For a model that speaks MCP, %[1]s/mcp and a key of its own:
  tributary keys create --kind agent --reader own_ai --data-dir %[3]s

Press Ctrl-C to stop; run it again to go on with the same data.
`, d.url, secret, d.dir, customer, account, demo.Segment, web.Base, admin)
	return err
}

// newProgress is a bar on a terminal, and a line now and then elsewhere.
func newProgress(to io.Writer, total int64, what, unit string) *progressbar.ProgressBar {
	return progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(to), progressbar.OptionSetDescription(what), progressbar.OptionShowCount(),
		progressbar.OptionShowIts(), progressbar.OptionSetItsString(unit), progressbar.OptionThrottle(200*time.Millisecond),
		progressbar.OptionSetWidth(30), progressbar.OptionSetPredictTime(true))
}

// awaitReady waits until the server says that it is ready.
func awaitReady(ctx context.Context, url string) error {
	client := &http.Client{Timeout: 5 * time.Second}
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/readyz", http.NoBody)
		if err != nil {
			return err
		}
		if response, err := client.Do(request); err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}
