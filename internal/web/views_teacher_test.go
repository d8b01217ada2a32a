package web

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"waymark/internal/competency"
	"waymark/internal/guard"
	"waymark/internal/mastery"
	"waymark/internal/roster"
)

// teacherViews are the pages of teachers.
var teacherViews = map[string]any{
	"checks": checksView{}, "proposal": proposalView{}, "flexteach": flexTeach{}, "groups": groupsView{}, "set": setPage{}, "team": teamView{}, "course": courseView{}, "tutoring": tutoringView{}, "flexsession": sessionPage{},
	"given": givenView{}, "profiles": profilesView{}, "classpractices": classPracticesView{}, "queue": queueView{}, "brief": briefView{}, "calendar": calendarView{},
	"teach": teachView{}, "classes": classesView{}, "grid": classPage{}, "observe": observeView{}, "cards": cardsView{}, "find": findView{},
}

// fullGrid is a grid of n students by m competencies.
func fullGrid(n, m int) gridView {
	g := gridView{Class: roster.Class{ID: "c1", Title: "Room 12"}, Own: true}
	for j := range m {
		g.Columns = append(g.Columns, gridColumn{competency.Competency{ID: competency.ID(fmt.Sprintf("0f9a4c8e-%04d", j)), Code: fmt.Sprintf("4.NF.%d", j), Short: "Equal fractions and more"}, fmt.Sprintf("NF.%d", j)})
	}
	for i := range n {
		row := gridRow{Person: roster.Person{ID: roster.PersonID(fmt.Sprintf("p-%016d", i)), Given: "Maya", Family: fmt.Sprintf("Álvarez %d", i)}}
		for j := range m {
			row.Cells = append(row.Cells, mastery.Estimate{Value: 0.68, Low: 0.54, High: 0.8, N: 5, Age: time.Duration(i+j) * 24 * time.Hour, Status: mastery.Status((i + j) % 6)})
		}
		g.Rows = append(g.Rows, row)
	}
	return g
}

func BenchmarkGridTable(b *testing.B) {
	g := fullGrid(30, 40)
	b.ReportAllocs()
	for b.Loop() {
		if len(g.Table()) == 0 {
			b.Fatal("empty")
		}
	}
}

// BenchmarkGridPage renders the whole page of a class, without the store.
func BenchmarkGridPage(b *testing.B) {
	s, err := New(Config{Now: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	v := classPage{Class: roster.Class{ID: "c1", Title: "Room 12"}, Own: true, Students: 30, Grid: fullGrid(30, 40)}
	r := httptest.NewRequest("GET", "/classes/c1", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		if err := s.render(w, r, guard.Actor{Person: "p"}, 200, "grid", v); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(w.Body.Len()), "bytes")
	}
}

// TestGridTableEscapes writes names and titles that would break out of text, of an
// attribute and of an address.
func TestGridTableEscapes(t *testing.T) {
	t.Parallel()
	const evil = `"><script>alert(1)</script>&'`
	g := fullGrid(1, 1)
	g.Class.Title = evil
	g.Rows[0].Person = roster.Person{ID: roster.PersonID(evil), Given: evil}
	g.Columns[0] = gridColumn{competency.Competency{ID: competency.ID(evil), Code: evil, Short: evil}, evil}
	out := string(g.Table())
	if strings.Contains(out, "<script") || strings.Contains(out, `&'`) {
		t.Errorf("Table() lets markup through:\n%s", out)
	}
	g.Own = false
	if out := string(g.Table()); strings.Contains(out, "<script") || strings.Contains(out, "/observe") {
		t.Errorf("Table() for a leader lets markup through or offers to observe:\n%s", out)
	}
}

func TestShortCodes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want []string }{
		{[]string{"CCSS.Math.4.NF.1", "CCSS.Math.4.OA.2"}, []string{"4.NF.1", "4.OA.2"}},
		{[]string{"4.NF.1", "4.NF.10"}, []string{"4.NF.1", "4.NF.10"}},
		{[]string{"4.NF.1"}, []string{"4.NF.1"}},
		{[]string{"", "4.NF.1"}, []string{"", "4.NF.1"}},
		{[]string{"A1", "A1"}, []string{"A1", "A1"}},
	} {
		if got := shortCodes(c.in); strings.Join(got, "|") != strings.Join(c.want, "|") {
			t.Errorf("shortCodes(%q) = %q; want %q", c.in, got, c.want)
		}
	}
}

func TestTokensAreUnique(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for range 40 {
		token := freeToken(used)
		if used[token] {
			t.Fatalf("freeToken gave %q twice", token)
		}
		used[token] = true
	}
}
