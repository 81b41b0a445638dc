package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tributary/api/admin"
	"tributary/api/auth"
	"tributary/cmd/internal/config"
	"tributary/cmd/internal/node"
)

// ask runs f against the data folder's server, or the folder itself, which must be there already.
func (g *globals) ask(cmd *cobra.Command, f func(context.Context, config.Config, *admin.Client) error) error {
	c, err := g.load()
	if err != nil {
		return err
	}
	if _, err := os.Stat(c.DataDir); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no data folder %s; name the server's with --data-dir, or start one with tributary serve", c.DataDir)
	}
	return g.askOrMake(cmd, false, f)
}

// startTime is how long a command waits for a server that is starting or stopping, which has the
// folder but does not answer.
const startTime = 15 * time.Second

// askOrMake is ask for commands that may begin a data folder. drain then says to wait until what
// they sent is in the analytics store.
func (g *globals) askOrMake(cmd *cobra.Command, drain bool, f func(context.Context, config.Config, *admin.Client) error) error {
	c, err := g.load()
	if err != nil {
		return err
	}
	if !cmd.Flags().Lookup("config").Changed {
		c.Logging.Level = "warn" // a command prints its answer, not how it came about
	}
	deadline := time.Now().Add(startTime)
	for {
		err = node.Command(cmd.Context(), c, node.Options{Version: version, Logger: newLogger(c)}, drain,
			func(ctx context.Context, client *admin.Client) error { return f(ctx, c, client) })
		if !errors.Is(err, node.ErrFolderInUse) || time.Now().After(deadline) {
			return advise(err)
		}
		select { // f has not run: nothing is done twice
		case <-cmd.Context().Done():
			return cmd.Context().Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func newKeys(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "Create, list, rotate and revoke API keys",
		Long: `Sources send with a write key, which belongs to one source; readers ask with a read key;
who serves customers, a person or a model, asks and writes with an agent key.
A key belongs to one workspace. It is shown once, when it is made; only its hash is kept.`,
	}
	cmd.AddCommand(newKeysCreate(g), newKeysList(g), newKeysRotate(g), newKeysRevoke(g))
	return cmd
}

func newKeysCreate(g *globals) *cobra.Command {
	var (
		n       auth.New
		kind    string
		scopes  []string
		expires time.Duration
		quiet   bool
	)
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Make a key and print it, this once",
		Example: `  tributary keys create --kind write --source web --origin https://www.example.com
  tributary keys create --kind read --scope context:read --expires 720h
  tributary keys create --kind read --purpose billing --reader own_ai --rate-per-second 50
  tributary keys create --kind agent --reader own_ai`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("expires") && expires <= 0 {
				return errors.New("--expires must be more than 0, such as 720h")
			}
			return g.askOrMake(cmd, false, func(ctx context.Context, c config.Config, client *admin.Client) error {
				n.Kind = auth.Kind(kind)
				if n.Workspace == "" {
					n.Workspace = c.Workspace
				}
				for _, s := range scopes {
					n.Scopes = append(n.Scopes, auth.Scope(s))
				}
				if expires > 0 { // 0 is not given
					n.Expires = time.Now().UTC().Add(expires).Truncate(time.Second)
				}
				made, err := client.CreateKey(ctx, n)
				if err != nil {
					return err
				}
				if quiet {
					_, err = fmt.Fprintln(cmd.OutOrStdout(), made.Secret)
					return err
				}
				return printMade(cmd, made)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&kind, "kind", "", "read, write, agent or admin (required)")
	flags.StringVar(&n.Source, "source", "", "of a write key: what its events come from")
	flags.StringVar(&n.Lane, "lane", "", "of a write key: live (default) or bulk")
	flags.StringSliceVar(&n.Origins, "origin", nil, "of a write key: web origins that browsers may use it from")
	flags.StringVar(&n.Workspace, "workspace", "", "workspace (default: that of the configuration)")
	flags.StringSliceVar(&scopes, "scope", nil, "what it may do: "+auth.Names(auth.Scopes())+" (default: all that its kind may)")
	flags.StringVar((*string)(&n.Purpose), "purpose", "", "of a key that reads, what for: "+auth.Names(auth.Purposes())+" (default: "+string(auth.DefaultPurpose)+")")
	flags.StringVar((*string)(&n.Reader), "reader", "", "of a key that reads, who sees the answers: "+auth.Names(auth.Readers())+" (default: "+string(auth.DefaultReader)+")")
	flags.Float64Var(&n.RatePerSecond, "rate-per-second", 0, "requests (of a write key: events) a second that it may send (default: as the configuration says)")
	flags.DurationVar(&expires, "expires", 0, "how long it is valid, such as 720h (default: for ever)")
	flags.StringVar(&n.Note, "note", "", "what it is for")
	flags.BoolVar(&quiet, "quiet", false, "print the key alone")
	_ = cmd.MarkFlagRequired("kind")
	return cmd
}

func printMade(cmd *cobra.Command, made admin.NewKey) error {
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s\n\nThis is the only time the key is shown. Its id is %s; its scopes: %s.\n%s%s\n",
		made.Secret, made.Key.ID, scopesOf(made.Key), readFor(made.Key), howToSend[made.Key.Kind])
	return err
}

func newKeysRotate(g *globals) *cobra.Command {
	var (
		grace time.Duration
		quiet bool
	)
	cmd := &cobra.Command{
		Use:   "rotate ID",
		Short: "Make a new key that may do what an old one may, and let the old one go on for a while",
		Long: `The new key has the old one's workspace, scopes, source, purpose, reader, limits and length of life. The old one
goes on until the grace is over; put the new one in place until then. keys list shows both. Who lost the new one
rotates that.`,
		Example: "  tributary keys rotate 0123456789abcdef --grace 72h",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.ask(cmd, func(ctx context.Context, _ config.Config, client *admin.Client) error {
				made, err := client.RotateKey(ctx, args[0], grace)
				if err != nil {
					return err
				}
				if quiet {
					_, err = fmt.Fprintln(cmd.OutOrStdout(), made.Secret)
					return err
				}
				if err := printMade(cmd, made); err != nil {
					return err
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "The old key, %s, goes on for %s.\n", args[0], grace)
				return err
			})
		},
	}
	cmd.Flags().DurationVar(&grace, "grace", auth.DefaultGrace, "how long the old key goes on; 0 ends it at once")
	cmd.Flags().BoolVar(&quiet, "quiet", false, "print the new key alone")
	return cmd
}

func newKeysList(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the keys of all workspaces by id, never the keys themselves", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.ask(cmd, func(ctx context.Context, _ config.Config, client *admin.Client) error {
				keys, err := client.ListKeys(ctx, "")
				if err != nil {
					return err
				}
				w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
				fmt.Fprintln(w, "ID\tKIND\tWORKSPACE\tSOURCE\tPURPOSE\tREADER\tCREATED\tLAST USED\tSTATUS\tSCOPES\tNOTE")
				for _, k := range keys {
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", k.ID, k.Kind, k.Workspace, k.Source, k.Purpose, k.Reader,
						k.Created.Format(time.DateTime), lastUse(k), keyStatus(k), scopesOf(k), k.Note)
				}
				return w.Flush()
			})
		},
	}
}

// howToSend tells how a key goes with a request.
var howToSend = map[auth.Kind]string{
	auth.KindWrite: "Send it as the user name of basic authentication, without a password: curl -u KEY: …",
	auth.KindRead:  "Send it as Authorization: Bearer KEY.",
	auth.KindAdmin: "Send it as Authorization: Bearer KEY.",
	auth.KindAgent: "Send it as Authorization: Bearer KEY; better, make it sessions of one customer each: POST /v1/agent-sessions.",
}

func scopesOf(k *auth.Key) string { return auth.Names(k.Scopes) }

// readFor tells what a key that reads is for.
func readFor(k *auth.Key) string {
	if k.Kind == auth.KindWrite {
		return ""
	}
	return fmt.Sprintf("Purpose: %s. Reader: %s.\n", k.Purpose, k.Reader)
}

func keyStatus(k *auth.Key) string {
	switch {
	case !k.Revoked.IsZero():
		return "revoked"
	case !k.Valid(time.Now()):
		return "expired"
	case k.ReplacedBy != "":
		return "replaced by " + k.ReplacedBy + ", until " + k.Expires.Format(time.DateTime)
	case !k.Expires.IsZero():
		return "until " + k.Expires.Format(time.DateTime)
	}
	return "valid"
}

// lastUse says when a key was last used: a day, or a minute since the server started.
func lastUse(k *auth.Key) string {
	switch {
	case k.LastUsed.IsZero():
		return "never"
	case k.LastUsed.Equal(k.LastUsed.Truncate(24 * time.Hour)):
		return k.LastUsed.Format(time.DateOnly)
	}
	return k.LastUsed.Format("2006-01-02 15:04")
}

func newKeysRevoke(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "revoke ID", Short: "Take a key back, at once and for good, by the id that keys list shows", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.ask(cmd, func(ctx context.Context, _ config.Config, client *admin.Client) error {
				key, err := client.RevokeKey(ctx, args[0])
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is revoked\n", key.ID)
				return err
			})
		},
	}
}
