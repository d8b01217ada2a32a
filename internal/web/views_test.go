package web

import (
	"fmt"
	"maps"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"waymark/internal/guard"
	"waymark/internal/language"
	"waymark/internal/live"
	"waymark/internal/mastery"
	"waymark/internal/plan"
	"waymark/internal/profile"
	"waymark/internal/propose"
	"waymark/internal/roster"
)

// pageViews tells what each page is given. Each author of pages keeps a table.
func pageViews() map[string]any {
	views := map[string]any{"problem": problemView{}}
	for _, more := range []map[string]any{studentViews, teacherViews, leaderViews} {
		maps.Copy(views, more)
	}
	return views
}

var languages = func() *language.Set {
	s, err := loadLanguages()
	if err != nil {
		panic(err)
	}
	return s
}()

const nasty = `<script>alert("x")</script>`

// filling says how to fill a view.
type filling struct {
	on     bool // booleans, and whether numbers and times are zero
	many   bool // slices have two elements instead of none
	there  bool // pointers point somewhere
	texts  bool // strings hold what must be escaped
	status mastery.Status
	flip   string // the one place whose boolean, slice, pointer or string is the other way round
	places map[string]bool
}

// fill sets everything within v, which must be settable, as f says. path names the
// place by types and fields, the same for all elements of a slice.
func (f *filling) fill(v reflect.Value, path string, depth int) {
	is := func(on bool) bool {
		f.places[path] = true
		return on != (path == f.flip)
	}
	switch x := v.Addr().Interface().(type) {
	case *time.Time:
		if is(f.on) {
			*x = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
		}
		return
	case *mastery.Status:
		*x = f.status
		return
	case *error, *live.Topic:
		return
	case **language.Language:
		*x, _ = languages.Named(language.Source)
		return
	case *messageKey:
		if is(f.texts) {
			*x = "agreed.i"
		}
		return
	case *supportCode:
		if is(f.texts) {
			*x = "simple"
		}
		return
	case *profile.Kind:
		*x = profile.Strength
		return
	case *plan.ItemKind:
		*x = plan.Course
		return
	case *plan.ItemState:
		*x = plan.Going
		return
	case *profile.Visibility:
		*x = profile.ToFamily
		return
	case *plan.OutsideKind:
		*x = plan.AtWork
		return
	case *plan.Stage:
		*x = plan.Showing
		return
	case *propose.Outcome:
		*x = propose.Better
		return
	case *plan.Party:
		*x = plan.ByGuardian
		return
	case *plan.Area:
		if is(f.texts) {
			*x = plan.Career
		}
		return
	case *plan.Term:
		if is(f.texts) {
			*x = plan.Long
		}
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(is(f.on))
	case reflect.String:
		if is(f.texts) && !strings.HasPrefix(v.Type().String(), "template.") {
			v.SetString(nasty)
		}
	case reflect.Int, reflect.Int64, reflect.Int32:
		if is(f.on) {
			v.SetInt(3)
		}
	case reflect.Float64:
		if is(f.on) {
			v.SetFloat(0.6)
		}
	case reflect.Slice:
		if is(f.many) && depth < 12 {
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
			for i := range 2 {
				f.fill(v.Index(i), path+"[]", depth+1)
			}
		}
	case reflect.Array:
		for i := range v.Len() {
			f.fill(v.Index(i), path+"[]", depth+1)
		}
	case reflect.Map:
		if is(f.many) && depth < 12 {
			v.Set(reflect.MakeMap(v.Type()))
			key, elem := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			f.fill(key, path+"[key]", depth+1)
			f.fill(elem, path+"[]", depth+1)
			v.SetMapIndex(key, elem)
		}
	case reflect.Pointer:
		if is(f.there) && depth < 12 {
			v.Set(reflect.New(v.Type().Elem()))
			f.fill(v.Elem(), path+"*", depth+1)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() {
				f.fill(v.Field(i), path+"."+field.Name, depth+1)
			} else if field.Anonymous && field.Type.Kind() == reflect.Struct {
				// An embedded unexported struct's exported fields are the view's too.
				f.fillPromoted(v.Field(i), path, depth)
			}
		}
	}
}

func (f *filling) fillPromoted(v reflect.Value, path string, depth int) {
	for i := range v.NumField() {
		if field := v.Type().Field(i); field.IsExported() {
			f.fill(v.Field(i), path+"."+field.Name, depth+1)
		}
	}
}

// TestEveryPageInEveryState renders each page with full and empty lists, with and
// without what may be absent, in each status, and with each single place of its view
// the other way round, and checks that nothing fails and nothing slips through
// unescaped.
func TestEveryPageInEveryState(t *testing.T) {
	t.Parallel()
	s, err := New(Config{Now: func() time.Time { return time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) }})
	if err != nil {
		t.Fatal(err)
	}
	views := pageViews()
	for _, page := range slices.Sorted(maps.Keys(s.pages)) {
		if _, ok := views[page]; !ok {
			t.Errorf("page %q is in no table of views", page)
		}
	}
	for _, page := range slices.Sorted(maps.Keys(views)) {
		if _, ok := s.pages[page]; !ok {
			t.Errorf("there is no page %q", page)
			continue
		}
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			places := map[string]bool{}
			for bits := range 16 {
				for status := range mastery.Fading + 1 {
					f := filling{on: bits&1 > 0, many: bits&2 > 0, there: bits&4 > 0, texts: bits&8 > 0, status: status, places: places}
					renderFilled(t, s, page, views[page], &f)
				}
			}
			for place := range maps.Clone(places) {
				for _, on := range []bool{true, false} {
					// Lists and pointers stay full, so that the place is reached.
					f := filling{on: on, many: true, there: true, texts: on, status: mastery.Met, flip: place, places: places}
					renderFilled(t, s, page, views[page], &f)
				}
			}
		})
	}
}

func renderFilled(t *testing.T, s *Server, page string, view any, f *filling) {
	t.Helper()
	v := reflect.New(reflect.TypeOf(view)).Elem()
	f.fill(v, page, 0)
	r := httptest.NewRequest("GET", "/", nil)
	roles := []roster.Role{roster.Student, roster.Teacher, roster.Guardian, roster.Leader, roster.Administrator}
	a := guard.Actor{District: "d", Person: "p", Name: "A Person", Roles: roles}
	state := fmt.Sprintf("on=%v many=%v there=%v texts=%v status=%v flip=%s", f.on, f.many, f.there, f.texts, f.status, f.flip)
	body, err := s.execute(page, "shell", s.shell(r, a, v.Interface()))
	if err != nil {
		t.Fatalf("%s: %v", state, err)
	}
	out := string(body)
	for _, bad := range []string{`<script>alert`, "ZgotmplZ", "<no value>", "%!", "NaN", "+Inf"} {
		if strings.Contains(out, bad) {
			i := strings.Index(out, bad)
			t.Fatalf("%s: the page holds %q: …%s…", state, bad, out[max(0, i-120):min(len(out), i+80)])
		}
	}
	if !strings.Contains(out, "</html>") || strings.Contains(out, "<title> ·") {
		t.Fatalf("%s: the page is not whole or has no title", state)
	}
}
