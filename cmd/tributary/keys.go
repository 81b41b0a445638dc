package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tributary/api/admin"
	"tributary/api/auth"
	"tributary/cmd/internal/config"
	"tributary/cmd/internal/node"
)

// ask runs f against the data folder's server, or the folder itself.
func (g *globals) ask(cmd *cobra.Command, drain bool, f func(context.Context, config.Config, *admin.Client) error) error {
	c, err := g.load()
	if err != nil {
		return err
	}
	if !cmd.Flags().Lookup("config").Changed {
		c.Logging.Level = "warn" // a command prints its answer, not how it came about
	}
	return explain(node.Command(cmd.Context(), c, node.Options{Version: version, Logger: newLogger(c)}, drain,
		func(ctx context.Context, client *admin.Client) error { return f(ctx, c, client) }))
}

func newKeys(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "Create, list and revoke API keys",
		Long: `Sources send with a write key, which belongs to one source; readers ask with a read key.
A key is shown once, when it is made; only its hash is kept.`,
	}
	cmd.AddCommand(newKeysCreate(g), newKeysList(g), newKeysRevoke(g))
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
  tributary keys create --kind read --scope context:read --expires 720h`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.ask(cmd, false, func(ctx context.Context, c config.Config, client *admin.Client) error {
				n.Kind = auth.Kind(kind)
				if n.Workspace == "" {
					n.Workspace = c.Workspace
				}
				for _, s := range scopes {
					n.Scopes = append(n.Scopes, auth.Scope(s))
				}
				if expires > 0 {
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
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n\nThis is the only time the key is shown. Its id is %s; it may: %v.\n",
					made.Secret, made.Key.ID, made.Key.Scopes)
				return err
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&kind, "kind", "", "read, write or admin (required)")
	flags.StringVar(&n.Source, "source", "", "of a write key: what its events come from")
	flags.StringVar(&n.Lane, "lane", "", "of a write key: live (default) or bulk")
	flags.StringSliceVar(&n.Origins, "origin", nil, "of a write key: web origins that browsers may use it from")
	flags.StringVar(&n.Workspace, "workspace", "", "workspace (default: that of the configuration)")
	flags.StringSliceVar(&scopes, "scope", nil, "what it may do (default: all that its kind may)")
	flags.DurationVar(&expires, "expires", 0, "how long it is valid (default: for ever)")
	flags.StringVar(&n.Note, "note", "", "what it is for")
	flags.BoolVar(&quiet, "quiet", false, "print the key alone")
	_ = cmd.MarkFlagRequired("kind")
	return cmd
}

func newKeysList(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List all keys, by id; never the keys themselves", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.ask(cmd, false, func(ctx context.Context, _ config.Config, client *admin.Client) error {
				keys, err := client.ListKeys(ctx, "")
				if err != nil {
					return err
				}
				w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
				fmt.Fprintln(w, "ID\tKIND\tWORKSPACE\tSOURCE\tCREATED\tSTATUS\tNOTE")
				for _, k := range keys {
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", k.ID, k.Kind, k.Workspace, k.Source,
						k.Created.Format(time.DateTime), keyStatus(k), k.Note)
				}
				return w.Flush()
			})
		},
	}
}

func keyStatus(k *auth.Key) string {
	switch {
	case !k.Revoked.IsZero():
		return "revoked"
	case !k.Valid(time.Now()):
		return "expired"
	case !k.Expires.IsZero():
		return "until " + k.Expires.Format(time.DateTime)
	}
	return "valid"
}

func newKeysRevoke(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "revoke ID", Short: "Take a key back, at once and for good", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.ask(cmd, false, func(ctx context.Context, _ config.Config, client *admin.Client) error {
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
