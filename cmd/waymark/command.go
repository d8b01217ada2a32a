package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
)

// command is one node of the command tree: a group of commands, or one that runs.
type command struct {
	name     string
	args     string // what follows the name, for the usage line
	short    string
	long     string
	examples []string
	flags    func(fs *flag.FlagSet) // declares the command's own flags
	run      func(ctx context.Context, e *env, args []string) error
	sub      []*command
	operands int // how many arguments it takes; -1 for none or one
}

// run finds the command that the arguments name and runs it.
func run(ctx context.Context, e *env) error {
	root := commands(e)
	c, path, args := root, []string{root.name}, e.args
	for len(c.sub) > 0 {
		if len(args) == 0 {
			writeHelp(e.stderr, c, path, nil)
			return usage("name a command")
		}
		if args[0] == "-h" || args[0] == "--help" || args[0] == "-help" || args[0] == "help" {
			writeHelp(e.stdout, c, path, nil)
			return nil
		}
		i := slices.IndexFunc(c.sub, func(s *command) bool { return s.name == args[0] })
		if i < 0 {
			return usage("there is no command %q; see: %s --help", strings.Join(append(path[1:], args[0]), " "), strings.Join(path, " "))
		}
		c, path, args = c.sub[i], append(path, args[0]), args[1:]
	}
	fs := flag.NewFlagSet(strings.Join(path, " "), flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	if c.flags != nil {
		c.flags(fs)
	}
	operands, err := parseAnywhere(fs, args)
	if errors.Is(err, flag.ErrHelp) {
		writeHelp(e.stdout, c, path, fs)
		return nil
	}
	if err != nil {
		return usage("%s; see: %s --help", err, strings.Join(path, " "))
	}
	if c.operands >= 0 && len(operands) != c.operands || c.operands < 0 && len(operands) > 1 {
		return usage("usage: %s %s", strings.Join(path, " "), c.args)
	}
	return c.run(ctx, e, operands)
}

// parseAnywhere parses flags before, between and after the operands.
func parseAnywhere(fs *flag.FlagSet, args []string) (operands []string, err error) {
	for {
		if err := fs.Parse(args); err != nil {
			return nil, err
		}
		rest := fs.Args()
		if len(rest) == 0 {
			return operands, nil
		}
		if len(args) > len(rest) && args[len(args)-len(rest)-1] == "--" {
			return append(operands, rest...), nil
		}
		operands, args = append(operands, rest[0]), rest[1:]
	}
}

func writeHelp(w io.Writer, c *command, path []string, fs *flag.FlagSet) {
	fmt.Fprintf(w, "%s\n", c.short)
	if c.long != "" {
		fmt.Fprintf(w, "\n%s\n", c.long)
	}
	if len(c.sub) > 0 {
		fmt.Fprintf(w, "\nUsage: %s COMMAND …\n\nCommands:\n", strings.Join(path, " "))
		for _, s := range c.sub {
			fmt.Fprintf(w, "  %-12s %s\n", s.name, s.short)
		}
		fmt.Fprintf(w, "\n%s COMMAND --help tells more.\n", strings.Join(path, " "))
	} else {
		fmt.Fprintf(w, "\nUsage: %s %s\n", strings.Join(path, " "), c.args)
	}
	if fs != nil {
		fmt.Fprintln(w, "\nFlags:")
		fs.VisitAll(func(f *flag.Flag) {
			arg, text := flag.UnquoteUsage(f)
			if arg != "" {
				arg = " " + arg
			}
			fmt.Fprintf(w, "  --%s%s\n        %s", f.Name, arg, text)
			if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" {
				fmt.Fprintf(w, " (default %s)", f.DefValue)
			}
			fmt.Fprintln(w)
		})
	}
	if len(c.examples) > 0 {
		fmt.Fprintln(w, "\nExamples:")
		for _, x := range c.examples {
			fmt.Fprintf(w, "  %s\n", x)
		}
	}
}
