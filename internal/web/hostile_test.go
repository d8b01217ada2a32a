package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"waymark/internal/hostile"
	"waymark/internal/intake"
)

// TestUploadsBearHostileFiles uploads every hostile file as every kind, to the wizard and as a
// mapping. What is refused says what is wrong with which file and leaves nothing behind;
// what can be used in part is applied, and then every page is looked at.
func TestUploadsBearHostileFiles(t *testing.T) {
	t.Parallel()
	s := startStrict(t)
	j := newJournal()
	admin := j.crawler(s, "administrator", false)
	digest := func() string {
		t.Helper()
		d, err := s.db.Digest(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	before := digest()
	applied := 0
	entries := []string{"wizard", "mapping"}
	for _, k := range intake.Kinds {
		entries = append(entries, string(k))
	}
	files := hostile.Files()
	for _, entry := range entries {
		for _, f := range files {
			if len(f.Data) == 0 {
				continue
			}
			var p *page
			switch entry {
			case "wizard":
				p = admin.ask(uploadRequest(t, "/admin/imports/mapping", f.Name, f.Data))
			case "mapping":
				p = admin.ask(uploadWithMapping(t, "good.csv", "student,score\nmaya,3\n", string(f.Data)))
			default:
				p = admin.ask(uploadRequest(t, "/admin/imports", f.Name, f.Data, "kind", entry))
			}
			what := f.Name + " as " + entry
			switch p.Code {
			case http.StatusUnprocessableEntity:
				if m := p.main(); !strings.Contains(m, f.Name) && entry != "mapping" && entry != "wizard" || !strings.Contains(m, ".") {
					t.Errorf("%s: the refusal does not name the file: %.200s", what, m)
				}
				if strings.Contains(p.Body, `/apply"`) {
					t.Errorf("%s: is refused and offers to be applied", what)
				}
			case http.StatusSeeOther:
				at := p.Header.Get("Location")
				j.handed = append(j.handed, at)
				admin.follow(admin.ask(get(at)), &url.URL{Path: at})
				if strings.HasPrefix(at, "/admin/imports/mapping/") {
					continue
				}
				admin.ask(get(at + "/problems.csv"))
				if entry == string(intake.OneRoster) {
					continue // would end everybody here
				}
				s.later(1e9)
				if q := admin.ask((webForm{action: at + "/apply"}).request(url.Values{})); q.Code == http.StatusSeeOther {
					applied++
				}
			default:
				t.Errorf("%s: status %d", what, p.Code)
			}
		}
		now := digest()
		if entry == "wizard" && now != before {
			t.Errorf("files that were refused as %s changed something", entry)
		}
	}
	for _, role := range []string{"administrator", "leader", "teacher", "student", "guardian"} {
		j.crawler(s, role, false).crawl()
	}
	t.Logf("hostile inputs tried: %d files through %d entry points; %d applied in part; %d requests", len(files), len(entries), applied, j.asks)
}
