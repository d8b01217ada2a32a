package web

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/roster"
	"waymark/internal/timetable"
)

// setUpView is the set-up of flex time, as text to edit.
type setUpView struct {
	Cycle, By, From, Off, Periods, Rooms string
	Approve                              bool
}

func setUp(c timetable.Calendar, rooms []timetable.Room) (v setUpView) {
	v.Approve = c.Approve
	v.Cycle, v.By, v.From = strings.Join(c.Cycle, ", "), string(c.By), string(c.From)
	var off, periods, list []string
	for _, d := range c.Off {
		off = append(off, string(d))
	}
	for _, p := range c.Periods {
		periods = append(periods, strings.Join([]string{p.Name, p.Day, p.Start, p.End}, ", "))
	}
	for _, r := range rooms {
		list = append(list, strings.Join(append([]string{r.Name, strconv.Itoa(r.Seats)}, r.Tags...), ", "))
	}
	v.Off, v.Periods, v.Rooms = strings.Join(off, ", "), strings.Join(periods, "\n"), strings.Join(list, "\n")
	return v
}

// slug makes an id of a name.
func slug(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	return strings.Trim(b.String(), "-")
}

func commas(text string) (out []string) {
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

func lines(text string) (out []string) {
	for l := range strings.Lines(text) {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}

// read makes calendar and rooms of what was written. Blocks and rooms that have only been
// renamed keep their ids, and with them what is offered and published there.
func (v setUpView) read(was timetable.Calendar, had []timetable.Room) (c timetable.Calendar, rooms []timetable.Room, err error) {
	c.Approve = v.Approve
	c.Cycle, c.By, c.From = commas(v.Cycle), timetable.Turn(v.By), roster.Date(v.From)
	for _, d := range commas(v.Off) {
		if roster.Date(d).Time().IsZero() {
			return c, nil, fault.Field("off", "%q is no day. Write days as 2026-11-26, with commas between.", d)
		}
		c.Off = append(c.Off, roster.Date(d))
	}
	for i, l := range lines(v.Periods) {
		parts := strings.Split(l, ",")
		if len(parts) != 4 {
			return c, nil, fault.Field("periods", "Line %d: write name, day, beginning and end, as: Flex, Monday, 10:20, 11:00. Leave the day empty for every school day: Flex, , 10:20, 11:00.", i+1)
		}
		for k := range parts {
			parts[k] = strings.TrimSpace(parts[k])
		}
		for _, k := range []int{2, 3} {
			if t, err := time.Parse("15:04", parts[k]); err == nil {
				parts[k] = t.Format("15:04")
			}
		}
		p := timetable.Period{ID: cmp.Or(slug(parts[0]+" "+parts[1]), fmt.Sprintf("block-%d", i+1)), Name: parts[0], Day: parts[1], Start: parts[2], End: parts[3]}
		for _, same := range []func(o timetable.Period) bool{
			func(o timetable.Period) bool { return o.Name == p.Name && o.Day == p.Day },
			func(o timetable.Period) bool { return o.Day == p.Day && o.Start == p.Start && o.End == p.End },
		} {
			if k := slices.IndexFunc(was.Periods, same); k >= 0 {
				p.ID = was.Periods[k].ID
				break
			}
		}
		c.Periods = append(c.Periods, p)
	}
	seen := map[string]bool{}
	for i, l := range lines(v.Rooms) {
		parts := commas(l)
		seats := -1
		if len(parts) >= 2 {
			if n, err := strconv.Atoi(parts[1]); err == nil {
				seats = n
			}
		}
		if seats < 0 || seats > 5000 {
			return c, nil, fault.Field("rooms", "Line %d: write name and seats, then what it has, as: Room 12, 30, lab, step-free.", i+1)
		}
		id := cmp.Or(slug(parts[0]), fmt.Sprintf("room-%d", i+1))
		if k := slices.IndexFunc(had, func(r timetable.Room) bool { return r.Name == parts[0] }); k >= 0 {
			id = had[k].ID
		} else if len(had) == len(lines(v.Rooms)) && !slices.ContainsFunc(lines(v.Rooms), func(l string) bool { return commas(l) != nil && commas(l)[0] == had[i].Name }) {
			id = had[i].ID // in its place, with another name
		}
		if seen[id] {
			return c, nil, fault.Field("rooms", "Line %d: %q is there twice.", i+1, parts[0])
		}
		seen[id] = true
		rooms = append(rooms, timetable.Room{ID: id, Name: parts[0], Seats: seats, Tags: parts[2:]})
	}
	return c, rooms, c.Check()
}

// setUpFlex keeps the calendar and the rooms of a school.
func (s *Server) setUpFlex(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	f := r.PostForm
	set := setUpView{f.Get("cycle"), f.Get("by"), f.Get("from"), f.Get("off"), f.Get("periods"), f.Get("rooms"), f.Get("approve") != ""}
	was, err := s.Store.FlexCalendar(r.Context(), a.District, schoolID(r))
	if err != nil {
		return err
	}
	had, err := s.Store.FlexRooms(r.Context(), a.District, schoolID(r))
	if err != nil {
		return err
	}
	c, rooms, err := set.read(was, had)
	if err != nil {
		return s.renderFlexBoard(w, r, a, &set, err)
	}
	if err := s.Store.SetFlexCalendar(r.Context(), a.District, schoolID(r), c, a.Person); err != nil {
		return err
	}
	if err := s.Store.SetFlexRooms(r.Context(), a.District, schoolID(r), rooms); err != nil {
		return err
	}
	return seeOther(w, r, s.boardOf(r), "said")
}
