// Deploycheck reads what is in deploy as Docker would, without one: every instruction of the
// Dockerfile with BuildKit's parser and linter, the compose file with Compose's own loader. It fails
// with every fault it finds.
//
// Usage: deploycheck PATH-TO-TREE
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: deploycheck PATH-TO-TREE")
		os.Exit(2)
	}
	tree := os.Args[1]
	if err := errors.Join(dockerfile(tree), compose(tree)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("deploy: Dockerfile and compose.yaml have no faults")
}

// dockerfile checks that it parses without a warning, that what it copies is there, and that the
// image it makes runs as nobody.
func dockerfile(tree string) error {
	file, err := os.Open(filepath.Join(tree, "deploy", "Dockerfile"))
	if err != nil {
		return err
	}
	defer file.Close()
	parsed, err := parser.Parse(file)
	if err != nil {
		return fmt.Errorf("Dockerfile: %w", err)
	}
	var faults []error
	warn := func(rule, _, _, message string, at []parser.Range) {
		line := 0
		if len(at) > 0 {
			line = at[0].Start.Line
		}
		faults = append(faults, fmt.Errorf("Dockerfile:%d: %s: %s", line, rule, message))
	}
	stages, _, err := instructions.Parse(parsed.AST, linter.New(&linter.Config{Warn: warn}))
	if err != nil {
		return errors.Join(append(faults, fmt.Errorf("Dockerfile: %w", err))...)
	}
	user := ""
	for _, stage := range stages {
		user = ""
		for _, command := range stage.Commands {
			switch c := command.(type) {
			case *instructions.CopyCommand:
				faults = append(faults, copied(tree, stages, c)...)
			case *instructions.UserCommand:
				user = c.User
			}
		}
	}
	if user == "" || strings.HasPrefix(user, "0") || user == "root" {
		faults = append(faults, errors.New("Dockerfile: the last stage runs as root"))
	}
	return errors.Join(faults...)
}

// copied checks where a COPY takes its files from.
func copied(tree string, stages []instructions.Stage, c *instructions.CopyCommand) []error {
	if c.From != "" {
		if !slices.ContainsFunc(stages, func(s instructions.Stage) bool { return s.Name == c.From }) {
			return []error{fmt.Errorf("Dockerfile: COPY --from=%s: no such stage", c.From)}
		}
		return nil
	}
	var faults []error
	for _, source := range c.SourcePaths {
		if _, err := os.Stat(filepath.Join(tree, source)); err != nil {
			faults = append(faults, fmt.Errorf("Dockerfile: COPY: %w", err))
		}
	}
	return faults
}

// compose checks that the file is valid, refuses to start without a password, publishes on loopback
// alone, and mounts and builds from files that are there.
func compose(tree string) error {
	if _, err := load(tree); err == nil || !strings.Contains(err.Error(), "CLICKHOUSE_PASSWORD") {
		return fmt.Errorf("compose.yaml: must refuse to start without CLICKHOUSE_PASSWORD, and says %v", err)
	}
	project, err := load(tree, "CLICKHOUSE_PASSWORD=secret")
	if err != nil {
		return fmt.Errorf("compose.yaml: %w", err)
	}
	var faults []error
	for name, service := range project.Services {
		fault := func(format string, args ...any) {
			faults = append(faults, fmt.Errorf("compose.yaml: %s: %w", name, fmt.Errorf(format, args...)))
		}
		for _, port := range service.Ports {
			if port.HostIP != "127.0.0.1" {
				fault("port %s is published on %q, not on loopback alone", port.Published, port.HostIP)
			}
		}
		for _, volume := range service.Volumes {
			if volume.Type != types.VolumeTypeBind {
				continue
			}
			if _, err := os.Stat(volume.Source); err != nil {
				fault("volume: %w", err)
			}
		}
		if service.Build != nil {
			if _, err := os.Stat(filepath.Join(service.Build.Context, service.Build.Dockerfile)); err != nil {
				fault("build: %w", err)
			}
		} else if !strings.Contains(service.Image, ":") {
			fault("image %s has no version", service.Image)
		}
	}
	return errors.Join(faults...)
}

func load(tree string, environment ...string) (*types.Project, error) {
	options, err := cli.NewProjectOptions(
		[]string{filepath.Join(tree, "deploy", "compose.yaml")}, cli.WithEnv(environment), cli.WithResolvedPaths(true))
	if err != nil {
		return nil, err
	}
	return options.LoadProject(context.Background())
}
