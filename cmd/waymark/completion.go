package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"strings"
)

// version says which build this is.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "waymark (unknown build)"
	}
	rev := ""
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			rev = s.Value
		}
	}
	return strings.TrimSpace("waymark " + info.Main.Version + " " + rev)
}

func stdin(e *env) io.Reader {
	if e.stdin != nil {
		return e.stdin
	}
	return os.Stdin
}

func trimNewline(s string) string { return strings.TrimRight(s, "\r\n") }

func completionCommand(e *env) *command {
	return &command{
		name: "completion", args: "bash|zsh|fish", short: "Print a completion script for a shell.", operands: 1,
		examples: []string{"source <(waymark completion bash)"},
		run: func(_ context.Context, e *env, args []string) error {
			words := map[string][]string{}
			collect(commands(e), "", words)
			switch args[0] {
			case "bash", "zsh":
				writeBash(e.stdout, words, args[0] == "zsh")
			case "fish":
				writeFish(e.stdout, words)
			default:
				return usage("there is no completion for %q; there is for bash, zsh and fish", args[0])
			}
			return nil
		},
	}
}

// collect lists what may follow each path of commands.
func collect(c *command, path string, words map[string][]string) {
	for _, s := range c.sub {
		words[path] = append(words[path], s.name)
		collect(s, strings.TrimSpace(path+" "+s.name), words)
	}
	if c.flags != nil {
		fs := flag.NewFlagSet("", flag.ContinueOnError)
		c.flags(fs)
		fs.VisitAll(func(f *flag.Flag) { words[path] = append(words[path], "--"+f.Name) })
	}
}

func writeBash(w io.Writer, words map[string][]string, zsh bool) {
	if zsh {
		fmt.Fprintln(w, "autoload -U +X bashcompinit && bashcompinit")
	}
	fmt.Fprintln(w, "_waymark() {\n\tlocal path=\"\" w i\n\tfor ((i = 1; i < COMP_CWORD; i++)); do\n\t\tw=${COMP_WORDS[i]}\n\t\t[[ $w == -* ]] && break\n\t\tpath=\"$path $w\"\n\tdone\n\tcase ${path# } in")
	for _, p := range sortedKeys(words) {
		fmt.Fprintf(w, "\t%q*) w=%q ;;\n", p, strings.Join(words[p], " "))
	}
	fmt.Fprintln(w, "\tesac\n\tCOMPREPLY=($(compgen -W \"$w\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n\t[[ ${#COMPREPLY[@]} -eq 0 ]] && COMPREPLY=($(compgen -f -- \"${COMP_WORDS[COMP_CWORD]}\"))\n}\ncomplete -o filenames -F _waymark waymark")
}

func writeFish(w io.Writer, words map[string][]string) {
	for _, p := range sortedKeys(words) {
		cond := "__fish_use_subcommand"
		if p != "" {
			parts := strings.Fields(p)
			cond = "__fish_seen_subcommand_from " + parts[len(parts)-1]
		}
		for _, word := range words[p] {
			if name, ok := strings.CutPrefix(word, "--"); ok {
				fmt.Fprintf(w, "complete -c waymark -n %q -l %s\n", cond, name)
			} else {
				fmt.Fprintf(w, "complete -c waymark -n %q -a %s\n", cond, word)
			}
		}
	}
}

// sortedKeys returns the longest paths first, since the first match counts.
func sortedKeys(m map[string][]string) []string {
	keys := slices.Sorted(maps.Keys(m))
	slices.Reverse(keys)
	return keys
}
