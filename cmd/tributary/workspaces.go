package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tributary/api/admin"
	"tributary/api/auth"
	"tributary/api/problem"
	"tributary/cmd/internal/config"
)

func newWorkspaces(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "workspaces",
		Short: "List, create and close workspaces",
		Long: `A workspace keeps one company's, or one brand's, customers apart from all others: every key, event and
profile belongs to one, and no key reaches another. The one that the configuration names is there from the
start. A closed workspace keeps its data; its keys open nothing until it is opened again.`,
	}
	cmd.AddCommand(newWorkspacesList(g), newWorkspacesCreate(g), newWorkspacesShow(g),
		newWorkspaceChange(g, "close", "Close a workspace: none of its keys opens anything", "closed", (*admin.Client).CloseWorkspace),
		newWorkspaceChange(g, "reopen", "Open a workspace that was closed", "open", (*admin.Client).ReopenWorkspace))
	return cmd
}

func newWorkspacesList(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List all workspaces", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.ask(cmd, func(ctx context.Context, _ config.Config, client *admin.Client) error {
				spaces, err := client.ListWorkspaces(ctx)
				if err != nil {
					return err
				}
				return printWorkspaces(cmd, spaces...)
			})
		},
	}
}

func printWorkspaces(cmd *cobra.Command, spaces ...admin.WorkspaceInfo) error {
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "WORKSPACE\tSTATUS\tVALID KEYS\tCREATED\tNOTE")
	for _, s := range spaces {
		created := "by the configuration"
		if !s.Created.IsZero() {
			created = s.Created.Format(time.DateTime)
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\n", s.Name, workspaceStatus(s.Workspace), s.Keys, created, s.Note)
	}
	return w.Flush()
}

func workspaceStatus(s *auth.Workspace) string {
	if s.Closed.IsZero() {
		return "open"
	}
	return "closed since " + s.Closed.Format(time.DateTime)
}

func newWorkspacesCreate(g *globals) *cobra.Command {
	var n admin.NewWorkspace
	cmd := &cobra.Command{
		Use: "create NAME", Short: "Make a workspace; making one that is there changes nothing", Args: cobra.ExactArgs(1),
		Example: `  tributary workspaces create shop-de --note "the German shop"
  tributary keys create --kind write --source web --workspace shop-de`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.askOrMake(cmd, false, func(ctx context.Context, _ config.Config, client *admin.Client) error {
				n.Name = args[0]
				space, err := client.CreateWorkspace(ctx, n)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is there; make keys for it with --workspace %s\n", space.Name, space.Name)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&n.Note, "note", "", "what it is for")
	return cmd
}

func newWorkspacesShow(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "show NAME", Short: "Show one workspace", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.ask(cmd, func(ctx context.Context, _ config.Config, client *admin.Client) error {
				space, err := client.ShowWorkspace(ctx, args[0])
				if err != nil {
					return err
				}
				return printWorkspaces(cmd, space)
			})
		},
	}
}

func newWorkspaceChange(g *globals, use, short, now string, change func(*admin.Client, context.Context, string) (*auth.Workspace, error)) *cobra.Command {
	return &cobra.Command{
		Use: use + " NAME", Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return g.ask(cmd, func(ctx context.Context, _ config.Config, client *admin.Client) error {
				space, err := change(client, ctx, args[0])
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is %s\n", space.Name, now)
				return err
			})
		},
	}
}

// openWorkspace sees that a workspace is there and open, before anything is sent to it past the keys.
func openWorkspace(ctx context.Context, client *admin.Client, name string) error {
	space, err := client.ShowWorkspace(ctx, name)
	var answer *problem.Document
	switch {
	case errors.As(err, &answer) && answer.Status == http.StatusNotFound:
		return fmt.Errorf("--workspace: there is no workspace %s; make it with `tributary workspaces create %s`", name, name)
	case err != nil:
		return err
	case !space.Closed.IsZero():
		return fmt.Errorf("--workspace: %s is closed; `tributary workspaces reopen %s` opens it again", name, name)
	}
	return nil
}
