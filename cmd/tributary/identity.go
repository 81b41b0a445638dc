package main

import (
	"github.com/spf13/cobra"

	"tributary/identity/evaluate"
)

// newIdentityCommand groups what concerns who is who.
func newIdentityCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "identity", Short: "Measure identity resolution"}
	cmd.AddCommand(newEvaluateCommand())
	return cmd
}

func newEvaluateCommand() *cobra.Command {
	var c evaluate.Config
	cmd := &cobra.Command{
		Use:   "evaluate",
		Short: "Resolve a file of records and compare the outcome with the truth",
		Long: "Resolves the records of a CSV file with the engine that production uses and prints how well that went.\n" +
			"The spec says which columns hold what; identity/evaluate/README.md tells how to write one.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			report, err := evaluate.Run(c)
			if err != nil {
				return err
			}
			return report.Write(cmd.OutOrStdout())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&c.Records, "records", "", "CSV file of records, with a header")
	flags.StringVar(&c.Spec, "spec", "", "YAML file that says which columns hold what")
	flags.StringVar(&c.Truth, "truth", "", "CSV file record_id,entity_id to compare with")
	flags.StringVar(&c.Predicted, "predicted", "predicted.csv", "where to write record_id,profile_id; empty for nowhere")
	flags.StringVar(&c.Order, "order", "file", "order of the records: file, or shuffled:SEED")
	flags.BoolVar(&c.Stream, "stream", false, "add the records one by one")
	flags.IntVar(&c.Batch, "batch", 0, "with --stream: settle after every so many records")
	flags.Float64Var(&c.Options.MergePrecision, "merge-precision", 0, "estimated precision at which profiles merge by themselves (default 0.9)")
	_ = cmd.MarkFlagRequired("records")
	_ = cmd.MarkFlagRequired("spec")
	return cmd
}
