package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime/metrics"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"waymark/internal/hostile"
	"waymark/internal/store"
)

// filed are all commands that read a file; FILE is where it stands.
var filed = []string{
	"import oneroster FILE", "import case FILE", "import materials FILE", "import items FILE", "import attendance FILE", "import use FILE", "import courses FILE",
	"import results FILE", "import results good.csv --map FILE", "import district FILE", "propose rules --set FILE --note hostile", "restore FILE --check", "restore FILE --data restored",
	"audit checkpoint --key FILE", "audit verify FILE", "audit certificate FILE", "people erase maya --because asked --key FILE --certificate erased.json",
	"assess calibrate --responses FILE", "assess simulate --bank FILE --max 2",
	"learner evaluate --train FILE --test FILE", "learner evaluate --train good.tsv --test good.tsv --skills FILE", "learner evaluate --train good.tsv --test good.tsv --groups FILE",
	"flex solve --instance FILE --seconds 0.2", "flex verify --instance FILE --solution FILE",
	"groups propose --instance FILE", "groups verify --instance FILE --solution FILE",
	"study run FILE", "study run FILE --data good.csv", "study run pilot.json --data FILE", "study bundle FILE --data FILE --out bundle.zip", "study wwc FILE", "study assign FILE --unit id --seed 7", "study assign FILE --unit class --pairs pre --seed 7",
	"study rollout FILE --unit unit --time term --outcome outcome --begins begins", "study virtual FILE", "study benchmark FILE --benchmarks FILE",
}

const (
	mostTime   = 20 * time.Second // for one command; far above what any takes, also on a busy machine
	mostMemory = 700 << 20
)

// TestCommandsBearHostileFiles gives every hostile file to every command that reads one: none
// panics, is at a loss (exit code 70), takes long or much memory, or leaves a thing half
// done; a refusal says what is wrong with which file.
func TestCommandsBearHostileFiles(t *testing.T) { // not parallel: it measures memory
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"good.csv":   "id,class,treat,pre,post\n1,a,1,3,5\n2,b,0,3,4\n",
		"good.tsv":   "user_id\titem_id\tskill_id\tcorrect\ttimestamp\na\ti\tk\t1\t0\nb\ti\tk\t0\t1\n",
		"pilot.json": `{"schema": "waymark-study/1", "question": "Did it help?", "practice": "groups", "unit": "class", "design": "randomised", "student": "id", "treatment": "treat", "class": "class", "baseline": "pre", "outcomes": [{"column": "post", "name": "Score"}], "method": {"kind": "regression"}, "meaningful": 0.05, "seed": 1}`,
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	waymark(t, "import", "case", hostileFramework(t))
	before := stateOf(t)
	files := hostile.Files()
	for _, f := range files {
		if err := os.WriteFile(f.Name, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	peak := watchMemory(t)
	var slowest time.Duration
	refused := 0
	for _, line := range filed {
		for _, f := range files {
			args := strings.Fields(strings.ReplaceAll(line, "FILE", f.Name))
			began := time.Now()
			code, said := waymark(t, args...)
			took := time.Since(began)
			slowest = max(slowest, took)
			what := strings.Join(args, " ")
			switch code {
			case exitDone:
			case exitRefused, exitUsage, exitDecision:
				refused++
				if !strings.Contains(said, filepath.Base(f.Name)) && code == exitRefused {
					t.Errorf("%s: the refusal does not name the file: %.300s", what, said)
				}
			default:
				t.Errorf("%s: exit code %d: %.500s", what, code, said)
			}
			if took > mostTime {
				t.Errorf("%s takes %v", what, took)
			}
			if controls.MatchString(said) {
				t.Errorf("%s: what is printed holds control characters: %.300q", what, said)
			}
			for _, left := range []string{"erased.json", "bundle.zip", "restored"} {
				if _, err := os.Stat(left); err == nil {
					if code != exitDone {
						t.Errorf("%s: was refused and left %s", what, left)
					}
					os.RemoveAll(left)
				}
			}
			if code != exitDone && strings.HasPrefix(line, "import") && refused%8 == 0 { // now and then: it takes time
				if now := stateOf(t); now != before {
					t.Errorf("%s: was refused and changed something", what)
					before = now
				}
			} else if code == exitDone {
				before = stateOf(t)
			}
		}
	}
	if peak() > mostMemory {
		t.Errorf("up to %d MB were held", peak()>>20)
	}
	t.Logf("hostile inputs tried: %d files through %d commands; %d refused, the slowest took %v, at most %d MB were held", len(files), len(filed), refused, slowest.Round(time.Millisecond), peak()>>20)
}

// controls are what a terminal would obey.
var controls = regexp.MustCompile(`[\x00-\x08\x0b-\x1f\x7f\x{80}-\x{9f}\x{202a}-\x{202e}\x{2066}-\x{2069}]`)

// waymark runs the program as its users do, and returns how it ended and what it said.
func waymark(t *testing.T, args ...string) (code int, said string) {
	t.Helper()
	var out, problems bytes.Buffer
	defer func() {
		if p := recover(); p != nil {
			code, said = 2, fmt.Sprint(p)
			t.Errorf("%s panics: %v", strings.Join(args, " "), p)
		}
	}()
	e := env{args: args, getenv: func(name string) string { return map[string]string{"WAYMARK_DATA": "data"}[name] }, stdin: strings.NewReader(""), stdout: &out, stderr: &problems, now: time.Now}
	code = exitCode(run(t.Context(), &e), &problems)
	return code, problems.String() + out.String()
}

// stateOf is the digest of the store.
func stateOf(t *testing.T) string {
	t.Helper()
	db, err := store.Open(t.Context(), store.Config{Dir: "data", Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	d, err := db.Digest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func hostileFramework(t *testing.T) string {
	t.Helper()
	if err := os.WriteFile("own.json", hostile.Framework(), 0o600); err != nil {
		t.Fatal(err)
	}
	return "own.json"
}

// watchMemory returns a function that says how many bytes of the heap were in use at most.
func watchMemory(t *testing.T) func() uint64 {
	var most atomic.Uint64
	done := make(chan struct{})
	t.Cleanup(func() { close(done) })
	go func() {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		for {
			metrics.Read(sample)
			most.Store(max(most.Load(), sample[0].Value.Uint64()))
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	return most.Load
}
