package sso_test

import (
	"strings"
	"testing"

	"waymark/internal/fault"
	"waymark/internal/sso"
)

func TestAFileOfProviders(t *testing.T) {
	t.Parallel()
	good := `{"schema": "waymark-sign-in/1", "providers": [{"id": "google", "name": "Google", "issuer": "https://accounts.google.com", "client": "c", "secret": "s", "claim": "email", "matches": "email", "domains": ["school.example"]}]}`
	if all, err := sso.Read(strings.NewReader(good)); err != nil || len(all) != 1 || all[0].Issuer != "https://accounts.google.com" {
		t.Fatal(all, err)
	}
	for from, to := range map[string][2]string{
		`"https://accounts.google.com"`: {`"http://accounts.google.com"`, "providers[0].issuer"},
		`"secret": "s"`:                 {`"secret": ""`, "providers[0].secret is missing"},
		`"matches": "email"`:            {`"matches": "shoe size"`, "providers[0].matches"},
		`"id": "google"`:                {`"id": "goo/gle"`, "providers[0].id"},
		`"domains"`:                     {`"domain"`, "Line 1"},
		`[{`:                            {`[null,{`, "providers[0] is empty"},
	} {
		_, err := sso.Read(strings.NewReader(strings.Replace(good, from, to[0], 1)))
		if err == nil || !strings.Contains(fault.Sentence(err), to[1]) {
			t.Errorf("%s: %v; want %s", to[0], err, to[1])
		}
	}
}
