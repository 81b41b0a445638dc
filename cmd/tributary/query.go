package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"tributary/api/admin"
	"tributary/api/policy"
	"tributary/api/statement"
	"tributary/cmd/internal/config"
)

func newQuery(g *globals) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "query [STATEMENT]",
		Short: "Run your own SQL over views of events, conversations, profiles and identities",
		Long: `Runs one SELECT and prints its rows. The statement is the argument, a file, or standard input. It reads documented views
(GET /v1/query/views) of one workspace: what --purpose and --reader may see of everybody by the reader policy, and nobody
who is erased or whose use is restricted. That it was run is in the audit trail, by the hash of its text.

Values go into parameters: {name:Type} in the statement, --param name=value here. A value that begins with [ is a list as
JSON. An interrupt ends the statement. A file of --out is there once it is whole.`,
		Example: `  tributary query "SELECT channel, count() AS n FROM conversations GROUP BY channel ORDER BY n DESC"
  tributary query --file weekly.sql --param since=2026-03-01 --format parquet --out weekly.parquet
  echo 'SELECT * FROM events LIMIT 10' | tributary query --format json`,
		Args: cobra.MaximumNArgs(1),
	}
	in := workspaceFlag(cmd)
	var out rowsFlags
	var reader readerFlags
	out.add(cmd)
	reader.add(cmd)
	cmd.Flags().StringVar(&file, "file", "", "read the statement from this `file` (-: standard input)")
	cmd.AddCommand(newQuerySave(g), newQueryRun(g), newQueryList(g), newQueryShow(g), newQueryRemove(g))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		sql, err := readStatement(cmd.InOrStdin(), args, file)
		if err != nil {
			return err
		}
		q := admin.StatementRequest{StatementReader: reader.StatementReader}
		q.SQL = sql
		if q.Params, q.Format, q.MaxRows, err = out.request(cmd); err != nil {
			return err
		}
		return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
			return out.write(cmd, func(w io.Writer) error { return client.Query(ctx, in(c), q, w) })
		})
	}
	return cmd
}

// readStatement is the argument, or what a file or standard input holds.
func readStatement(stdin io.Reader, args []string, file string) (string, error) {
	switch {
	case len(args) == 1 && file != "":
		return "", errors.New("--file: the statement is the argument already")
	case len(args) == 1:
		return args[0], nil
	case file == "":
		if f, ok := stdin.(*os.File); ok && isTerminal(f) {
			return "", errors.New("the statement is missing: give it as the argument, by --file, or to standard input")
		}
		file = "-"
	}
	text, err := readSample(stdin, file)
	if err != nil {
		return "", fmt.Errorf("read statement: %w", err)
	}
	return string(text), nil
}

// readerFlags say by which rules of the reader policy a statement is answered.
type readerFlags struct{ admin.StatementReader }

func (f *readerFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.Purpose, "purpose", admin.DefaultPurpose, "one of "+strings.Join(policy.Purposes(), ", "))
	cmd.Flags().StringVar(&f.Reader, "reader", admin.DefaultReader, "one of "+strings.Join(policy.Readers(), ", "))
}

// params reads the values of a flag, name=value, each name once.
func params(flag string, list []string) (statement.Params, error) {
	values := statement.Params{}
	for _, one := range list {
		name, text, ok := strings.Cut(one, "=")
		if _, twice := values[name]; !ok || name == "" || twice {
			return nil, fmt.Errorf("--%s %s: must be name=value, each name once", flag, name)
		}
		values[name] = text
		if strings.HasPrefix(text, "[") {
			var parsed statement.Params
			if err := json.Unmarshal([]byte(`{"list":`+text+`}`), &parsed); err != nil {
				return nil, fmt.Errorf("--%s %s: begins as a list and is none: %w", flag, name, err)
			}
			values[name] = parsed["list"]
		}
	}
	return values, nil
}
