package main

import (
	"net/url"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"waymark/internal/store/storetest"
)

// TestMain lets the test binary stand for the program itself: in scripts as the command
// waymark, and in tests that start it as a process (see crash_test.go).
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"waymark": main, "record-until-killed": recordUntilKilled})
}

// TestScripts runs the command line as its users do; each script is its own manual.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("SCHEMA", schema(t))
			e.Setenv("POSTGRES", os.Getenv("WAYMARK_TEST_POSTGRES"))
			e.Setenv("TESTDATA", mustWd(t)+"/../../internal")
			return nil
		},
	})
}

// schema makes a schema of its own on the PostgreSQL server and returns its name.
func schema(t *testing.T) string {
	t.Helper()
	u, err := url.Parse(storetest.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("search_path")
}

func mustWd(t *testing.T) string {
	t.Helper()
	d, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return d
}
