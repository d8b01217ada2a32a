package profile_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"waymark/internal/fault"
	"waymark/internal/profile"
)

var day0 = time.Date(2026, 9, 1, 9, 0, 0, 0, time.UTC)

func day(n int) time.Time { return day0.AddDate(0, 0, n) }

// said is an entry's first event.
func said(id string, k profile.Kind, text string, v profile.Visibility, at int) profile.Event {
	return profile.Event{Entry: profile.EntryID(id), Do: profile.Said, Kind: k, Text: text, Visibility: v, Author: "amy", Voice: profile.Student, At: day(at)}
}

func texts(entries []profile.Entry) (out []string) {
	for _, e := range entries {
		out = append(out, e.Text)
	}
	return out
}

// A profile is what its events add up to, in whatever order they are read: nothing is lost,
// and what ended can hold again.
func TestFold(t *testing.T) {
	t.Parallel()
	events := []profile.Event{
		said("1", profile.Need, "quiet", profile.ToStudent, 0), said("2", profile.Strength, "drawing", profile.ToStudent, 1),
		{Entry: "1", Do: profile.Disputed, Text: "not any more", Author: "pam", Voice: profile.Family, At: day(5)},
		{Entry: "2", Do: profile.Ended, Author: "amy", At: day(6)},
		{Entry: "1", Do: profile.StillTrue, Author: "tea", Voice: profile.Staff, At: day(9)},
		{Entry: "2", Do: profile.StillTrue, Author: "tea", Voice: profile.Staff, At: day(10)},
		{Entry: "none", Do: profile.StillTrue, Author: "tea", At: day(10)},
	}
	back := slices.Clone(events)
	slices.Reverse(back)
	for _, list := range [][]profile.Event{events, back} {
		got := profile.Fold(list)
		if want := []string{"drawing", "quiet"}; !slices.Equal(texts(got), want) {
			t.Fatalf("entries %q; want %q", texts(got), want)
		}
		if e := got[0]; !e.Over.IsZero() || !e.Confirmed.Equal(day(10)) || e.By != "tea" || e.Author != "amy" {
			t.Errorf("what was confirmed after its end: %+v", e)
		}
		if e := got[1]; len(e.Remarks) != 1 || e.Disputed() || e.Stale(day(100)) || !e.Stale(day(130)) {
			t.Errorf("what was disputed and then confirmed: %+v", e)
		}
	}
	if e := profile.Fold(events[:3])[1]; !e.Disputed() {
		t.Error("a dispute that nobody answered is not shown")
	}
}

// Who may read what: the author always, a student and a family never what is for staff.
func TestVisible(t *testing.T) {
	t.Parallel()
	var events []profile.Event
	for i, v := range []profile.Visibility{profile.ToStudent, profile.ToFamily, profile.ToStaff, profile.Restricted} {
		e := said(string(v), profile.Need, string(v), v, i)
		e.Author, e.Voice = "tea", profile.Staff
		events = append(events, e)
	}
	entries := profile.Fold(events)
	for _, c := range []struct {
		who    string
		voice  profile.Voice
		leader bool
		want   string
	}{
		{"amy", profile.Student, false, "student"}, {"pam", profile.Family, false, "family student"}, {"tom", profile.Staff, false, "family staff student"},
		{"lea", profile.Staff, true, "family restricted staff student"}, {"tea", profile.Staff, false, "family restricted staff student"},
	} {
		got := texts(profile.Visible(entries, "nobody", c.voice, c.leader))
		if c.who == "tea" {
			got = texts(profile.Visible(entries, "tea", c.voice, c.leader))
		}
		slices.Sort(got)
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s reads %q; want %q", c.who, got, c.want)
		}
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	good := said("", profile.Strength, "drawing", profile.ToStudent, 0)
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for field, change := range map[string]func(*profile.Event){
		"kind":       func(e *profile.Event) { e.Kind = "learning style" },
		"text":       func(e *profile.Event) { e.Text = "  " },
		"code":       func(e *profile.Event) { e.Kind, e.Code = profile.Support, "magic" },
		"visibility": func(e *profile.Event) { e.Visibility = profile.Restricted },
	} {
		e := good
		change(&e)
		if err := e.Validate(); fault.FieldOf(err) != field {
			t.Errorf("a wrong %s is reported as %v", field, err)
		}
	}
	long := good
	long.Text = strings.Repeat("ñ", profile.MaxText+1)
	if err := long.Validate(); fault.FieldOf(err) != "text" {
		t.Errorf("a text that is too long: %v", err)
	}
	if err := (profile.Event{Do: profile.Disputed}).Validate(); fault.FieldOf(err) != "text" {
		t.Errorf("a dispute without words: %v", err)
	}
}

// What was chosen last decides how pages act, and what ended acts no more.
func TestAct(t *testing.T) {
	t.Parallel()
	support := func(id, code string, at int) profile.Event {
		e := said(id, profile.Support, "", profile.ToStudent, at)
		e.Code = code
		return e
	}
	events := []profile.Event{support("1", "text-large", 0), support("2", "text-larger", 1), support("3", "contrast", 2), support("4", "read-aloud", 3),
		{Entry: "3", Do: profile.Ended, At: day(4)}}
	if got, want := profile.Act(profile.Fold(events)), (profile.Settings{Text: "larger", ReadAloud: true}); got != want {
		t.Errorf("pages act as %+v; want %+v", got, want)
	}
	topics := profile.Topics(profile.Fold([]profile.Event{said("5", profile.Interest, "horses, space ; ", profile.ToStudent, 1)}))
	if !slices.Equal(topics, []string{"horses", "space"}) {
		t.Errorf("topics %q", topics)
	}
}
