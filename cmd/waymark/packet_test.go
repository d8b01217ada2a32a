package main

import (
	"os/exec"
	"strings"
	"testing"
)

// The licence of every module that is part of the program is known.
func TestEveryModuleHasALicence(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for path := range strings.FieldsSeq(string(out)) {
		if path == "waymark" {
			continue
		}
		seen++
		if licences[path] == "" {
			t.Errorf("the licence of %s is not known: add it to licences", path)
		}
	}
	if seen < 10 {
		t.Errorf("only %d modules were found; the search is broken", seen)
	}
}
