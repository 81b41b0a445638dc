package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tributary/api/admin"
	"tributary/cmd/internal/config"
	"tributary/journeys/forecast"
	"tributary/journeys/forecast/series"
)

// forecastFlags are those of "journey forecast".
type forecastFlags struct {
	request       forecast.Request
	grain         string
	goal          forecast.Goal
	within        time.Duration
	aht, patience time.Duration
	asJSON        bool
}

func newForecast(g *globals) *cobra.Command {
	f := &forecastFlags{}
	cmd := &cobra.Command{
		Use:   "forecast",
		Short: "Forecast contacts by topic and channel, and the agents they take",
		Long: `Of several methods the one with the least error in a backtest forecasts; its error is printed with the forecast. A series
with too little history is refused. With --service-level the agents of each hour are told: by Erlang C, or by Erlang A where
the patience of who waits is given.`,
		Example: `  tributary journey forecast --grain day --horizon 14 --by topic
  tributary journey forecast --grain hour --horizon 24 --service-level 0.8 --within 20s --aht 5m --patience 2m`,
		Args: cobra.NoArgs,
	}
	in := workspaceFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		f.fill()
		return g.ask(cmd, func(ctx context.Context, c config.Config, client *admin.Client) error {
			a, err := client.Forecast(ctx, in(c), f.request)
			switch {
			case err != nil:
				return err
			case f.asJSON:
				return printJSON(cmd, a)
			}
			return printVolume(cmd.OutOrStdout(), a)
		})
	}
	f.register(cmd)
	return cmd
}

func (f *forecastFlags) register(cmd *cobra.Command) {
	flags, r := cmd.Flags(), &f.request
	flags.StringVar(&f.grain, "grain", string(series.Day), "hour or day")
	flags.IntVar(&r.Horizon, "horizon", 14, "how many hours or days ahead")
	flags.StringSliceVar(&r.By, "by", nil, "topic, channel (default: all contacts in one series)")
	flags.StringVar(&r.From, "from", "", "where the history begins: a day or a time (default: all that is used)")
	flags.StringVar(&r.Until, "until", "", "where it ends and the forecast begins (default: now)")
	flags.StringVar(&r.Zone, "zone", "", "IANA name of the time zone (default UTC)")
	flags.StringSliceVar(&r.Filter.Channels, "channel", nil, "contacts of these channels alone")
	flags.StringVar(&r.Filter.Segment, "segment", "", "contacts of people in this segment alone")
	flags.StringSliceVar(&r.Holidays, "holiday", nil, "days that are holidays, past and to come, such as 2026-12-25")
	flags.IntVar(&r.Limit, "limit", forecast.DefaultSeries, "how many series")
	flags.Float64Var(&r.Level, "level", 0, "share that prediction intervals are to cover (default 0.9)")
	flags.Float64Var(&f.goal.ServiceLevel, "service-level", 0, "share of contacts to be answered in time, such as 0.8; needs --grain hour")
	flags.DurationVar(&f.within, "within", 20*time.Second, "what in time means")
	flags.DurationVar(&f.aht, "aht", 0, "average handle time (default: that of the history)")
	flags.DurationVar(&f.patience, "patience", 0, "how long contacts wait on average before they give up (default: for ever)")
	flags.Float64Var(&f.goal.Shrinkage, "shrinkage", 0, "share of paid time in which agents are not at work")
	flags.BoolVar(&f.asJSON, "json", false, "print JSON")
}

// fill completes the request by the flags that are not of its own types.
func (f *forecastFlags) fill() {
	f.request.Grain = series.Grain(f.grain)
	if f.goal.ServiceLevel == 0 {
		return
	}
	seconds := func(d time.Duration) *float64 {
		if d == 0 {
			return nil
		}
		s := d.Seconds()
		return &s
	}
	f.goal.WithinS, f.goal.HandleS, f.goal.PatienceS = f.within.Seconds(), seconds(f.aht), seconds(f.patience)
	if f.patience != 0 {
		f.goal.Patience = "given"
	}
	f.request.Staffing = &f.goal
}

func printVolume(out io.Writer, a *forecast.Answer) error {
	for i := range a.Series {
		if err := printSeries(out, a, &a.Series[i]); err != nil {
			return err
		}
	}
	if len(a.Series) == 0 {
		fmt.Fprintln(out, "There are no contacts in this history.")
	}
	if a.LeftOut > 0 {
		fmt.Fprintf(out, "%d more series with %d contacts; see --limit\n", a.LeftOut, a.LeftOutContacts)
	}
	return nil
}

func printSeries(out io.Writer, a *forecast.Answer, s *forecast.Series) error {
	name := "all contacts"
	if s.Topic != nil || s.Channel != nil {
		name = ""
		for _, part := range []*string{s.Topic, s.Channel} {
			if part != nil {
				name += fmt.Sprintf("%q ", cmp.Or(*part, "-"))
			}
		}
	}
	fmt.Fprintf(out, "%s (%d contacts, %s)\n", name, s.Contacts, a.Scope.Zone)
	if s.Forecast == nil {
		_, err := fmt.Fprintf(out, "  %s\n\n", s.Refused)
		return err
	}
	b := s.Forecast.Backtest
	fmt.Fprintf(out, "  by %s; in %d backtests off by %.2f a %s on average (seasonal naive %.2f), %.0f %% inside intervals of %.0f %%\n",
		s.Forecast.Method, b.Folds, b.MAE, a.Grain, b.NaiveMAE, 100*b.Coverage, 100*b.Nominal)
	for _, e := range s.Forecast.Causes {
		fmt.Fprintf(out, "  %s %s before: %.2f times the contacts at its largest\n", e.Cause, e.Lag, e.Factor)
	}
	var hours []forecast.Hour
	if s.Staffing != nil {
		if hours = s.Staffing.Hours; s.Staffing.Refused != "" {
			fmt.Fprintf(out, "  no agents: %s\n", s.Staffing.Refused)
		}
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprint(w, "  AT\tMEAN\tLOWER\tUPPER")
	if hours != nil {
		fmt.Fprint(w, "\tAGENTS\tAT UPPER\tPAID\tSERVICE LEVEL\tOCCUPANCY\tASA\tABANDONED")
	}
	fmt.Fprintln(w)
	for i, p := range s.Forecast.Points {
		fmt.Fprintf(w, "  %s\t%.1f\t%.0f\t%.0f", p.At.Format("Mon 2006-01-02 15:04"), p.Mean, p.Lower, p.Upper)
		if i < len(hours) {
			h := hours[i]
			fmt.Fprintf(w, "\t%d\t%d\t%d\t%.1f %%\t%.1f %%\t%.1f s\t%.1f %%", h.Agents, h.Upper, h.Paid, 100*h.Level, 100*h.Occupancy, float64(h.MeanAnswer), 100*h.Abandoned)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w)
	return w.Flush()
}
