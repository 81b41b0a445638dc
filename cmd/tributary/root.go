package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"tributary/cmd/internal/config"
	"tributary/cmd/internal/node"
	"tributary/sql/chdb"
)

// globals are the flags that every command has.
type globals struct {
	configFile string
	dataDir    string
}

func newRoot() *cobra.Command {
	g := &globals{}
	root := &cobra.Command{
		Use:   "tributary",
		Short: "A customer data platform in one program",
		Long: `Tributary takes events from every channel, makes one profile per person out of them, and
serves it to human agents, AI agents and analysts.

Start a server with "tributary serve", or look at a generated company with "tributary demo".
The other commands work on a data folder: through the server that has it open, or by
themselves when none has.`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.PersistentFlags().StringVar(&g.configFile, "config", os.Getenv("TRIBUTARY_CONFIG"), "configuration `file` (\"tributary config example\" prints one)")
	root.PersistentFlags().StringVar(&g.dataDir, "data-dir", "", "data folder (default: data_dir of the configuration)")
	root.AddCommand(
		newServe(g), newDemo(g), newImport(g), newConsent(g), newCommitments(g), newKeys(g), newWorkspaces(g), newAudit(g), newPolicy(g), newPrivacy(g), newQuarantine(g), newReconcile(g), newReplay(g), newConnectors(g), newSchema(g), newJourney(g), newMetrics(g), newQuery(g), newProfiles(g), newIdentity(g), newBench(g),
		newMigrate(g), newReady(g), newMCP(), newConfig(), newVersion(), newEngine(),
	)
	addDisclosures(root, g)
	for _, cmd := range root.Commands() {
		if cmd.HasSubCommands() && cmd.RunE == nil {
			needSubcommand(cmd)
		}
	}
	return root
}

// needSubcommand makes a command that only holds others refuse what it does not know: a mistyped
// command must not pass for one that did its work.
func needSubcommand(cmd *cobra.Command) {
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		text := fmt.Sprintf("unknown command %q for %q", args[0], cmd.CommandPath())
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			text += "; did you mean " + near[0] + "?"
		}
		return errors.New(text)
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	cmd.SuggestionsMinimumDistance = 2
}

// load reads the configuration and what flags change in it.
func (g *globals) load() (config.Config, error) {
	c, err := config.Load(g.configFile, os.Environ())
	if g.dataDir != "" {
		c.DataDir = g.dataDir
	}
	return c, err
}

func newLogger(c config.Config) *slog.Logger {
	level, err := c.Level()
	if err != nil {
		level = slog.LevelInfo // Validate has said so
	}
	options := &slog.HandlerOptions{Level: level}
	if c.Logging.Format == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, options))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, options))
}

func newServe(g *globals) *cobra.Command {
	var (
		listen, engineListen string
		roles                []string
	)
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the server: gateway, pull, unify, sink and api, or the roles of them that are configured",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := g.load()
			if err != nil {
				return err
			}
			if listen != "" {
				c.HTTP.Listen = listen
			}
			if engineListen != "" {
				c.ClickHouse.InspectListen = engineListen
			}
			if len(roles) > 0 {
				c.Roles = roles
			}
			if err := c.Validate(); err != nil {
				return fmt.Errorf("configuration with flags:\n%w", err)
			}
			c.ApplyRuntime()
			n, err := node.Open(cmd.Context(), c, node.Options{Version: version, Logger: newLogger(c)})
			if err != nil && cmd.Context().Err() != nil {
				return nil //nolint:nilerr // told to stop while it stood by, which is no fault
			}
			if err != nil {
				return advise(err)
			}
			return errors.Join(n.Run(cmd.Context()), n.Close())
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "", "address of the HTTP interface (default: http.listen of the configuration)")
	cmd.Flags().StringVar(&engineListen, "engine-listen", "", "loopback address on which ClickHouse tools may look into the embedded engine, read-only (default: none)")
	cmd.Flags().StringSliceVar(&roles, "role", nil, "gateway, pull, unify, sink or api; give several times (default: roles of the configuration)")
	return cmd
}

// advise adds what to do to errors that a newcomer will meet.
func advise(err error) error {
	if errors.Is(err, node.ErrFolderInUse) {
		return fmt.Errorf("%w; stop that process, or choose another folder with --data-dir", err)
	}
	return err
}

func newMigrate(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "migrate",
		Short: "Bring the tables of the analytics store up to date (serve does it by itself)",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := g.load()
			if err != nil {
				return err
			}
			names, err := node.Migrate(cmd.Context(), c, newLogger(c))
			for _, name := range names {
				fmt.Fprintln(cmd.OutOrStdout(), "migrated", name)
			}
			if err == nil && len(names) == 0 {
				fmt.Fprintln(cmd.OutOrStdout(), "nothing to do: the tables are up to date")
			}
			return advise(err)
		},
	}
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "tributary", version)
			return err
		},
	}
}

func newConfig() *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "Show what can be configured"}
	cmd.AddCommand(
		&cobra.Command{
			Use: "example", Short: "Print a configuration file with every key, its default and what it means", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				_, err := fmt.Fprint(cmd.OutOrStdout(), config.Example)
				return err
			},
		},
		&cobra.Command{
			Use: "keys", Short: "List the environment variables that override keys", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				for _, key := range config.Keys() {
					if _, err := fmt.Fprintln(cmd.OutOrStdout(), key); err != nil {
						return err
					}
				}
				return nil
			},
		},
		&cobra.Command{
			Use: "check FILE", Short: "Say every fault of a configuration file", Args: cobra.ExactArgs(1),
			Long: `Sources are checked against their connectors' settings. The secrets they refer to need not be at hand;
what the secrets hold is checked too when all of a source's are.`,
			RunE: func(cmd *cobra.Command, args []string) error {
				c, err := config.Load(args[0], os.Environ())
				if err != nil {
					return err
				}
				if err := node.CheckSources(c); err != nil {
					return err
				}
				_, err = fmt.Fprintln(cmd.OutOrStdout(), "no faults")
				return err
			},
		},
	)
	return cmd
}

// newEngine is the embedded engine's process; the server starts it.
func newEngine() *cobra.Command {
	return &cobra.Command{
		Use: node.EngineCommand, Hidden: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return chdb.RunChild(cmd.Context(), slog.New(slog.NewTextHandler(os.Stderr, nil)))
		},
	}
}
