package web

import (
	"cmp"
	"context"
	"maps"
	"regexp"
	"slices"

	"waymark/internal/roster"
	"waymark/internal/timetable"
)

// sessionView is one session, as it is held or offered.
type sessionView struct {
	timetable.Offer
	ID       string // of the session
	Slot     timetable.SlotID
	When     timetable.Slot
	LeadName string
	RoomName string
	Held     bool
	Taken    int
	Free     int
	Href     string
	Instead  bool // somebody else leads it than offered it
}

// book is what pages know of a week's sessions.
type book struct {
	calendar timetable.Calendar
	rooms    []timetable.Room
	offers   map[timetable.OfferID]timetable.Offer
	slots    []timetable.Slot
	held     map[string]timetable.Held // by session
	places   map[string]int            // how many are in a session
	leaders  map[roster.PersonID]string
}

// book reads a week's sessions, with offers that have ended but are held.
func (s *Server) book(ctx context.Context, d roster.DistrictID, school roster.OrgID, monday roster.Date) (*book, error) {
	b := &book{offers: map[timetable.OfferID]timetable.Offer{}, held: map[string]timetable.Held{}, leaders: map[roster.PersonID]string{}}
	var err error
	if b.calendar, err = s.Store.FlexCalendar(ctx, d, school); err != nil {
		return nil, err
	}
	b.slots = b.calendar.Week(monday)
	if b.rooms, err = s.Store.FlexRooms(ctx, d, school); err != nil {
		return nil, err
	}
	offers, err := s.Store.FlexOffers(ctx, d, school)
	if err != nil {
		return nil, err
	}
	for _, o := range offers {
		b.offers[o.ID] = o
	}
	next := timetable.WeeksAfter(monday, 1)
	held, err := s.Store.FlexHeld(ctx, d, school, monday, next)
	if err != nil {
		return nil, err
	}
	staff, err := s.Store.StaffOf(ctx, d, school)
	if err != nil {
		return nil, err
	}
	known, others := namesIn(staff), s.namesOf(ctx, d)
	names := func(id roster.PersonID) (string, error) {
		if name, ok := known[id]; ok {
			return name, nil
		}
		return others(id)
	}
	for _, h := range held {
		b.held[timetable.SessionID(h.Offer, h.Slot)] = h
		if _, ok := b.offers[h.Offer]; !ok {
			if b.offers[h.Offer], err = s.Store.FlexOffer(ctx, d, school, h.Offer); err != nil {
				return nil, err
			}
		}
		if b.leaders[h.Leader], err = names(h.Leader); err != nil {
			return nil, err
		}
	}
	for _, o := range b.offers {
		if b.leaders[o.Leader], err = names(o.Leader); err != nil {
			return nil, err
		}
	}
	b.places, err = s.Store.FlexTaken(ctx, d, school, monday, next)
	return b, err
}

func (b *book) room(id string) (timetable.Room, bool) {
	i := slices.IndexFunc(b.rooms, func(r timetable.Room) bool { return r.ID == id })
	if i < 0 {
		return timetable.Room{}, false
	}
	return b.rooms[i], true
}

func (b *book) slot(id timetable.SlotID) timetable.Slot {
	for _, x := range b.slots {
		if x.ID() == id {
			return x
		}
	}
	return timetable.Slot{Date: id.Date()}
}

// session is an offer in a slot, as it is held where it is.
func (b *book) session(o timetable.Offer, slot timetable.SlotID) sessionView {
	id := timetable.SessionID(o.ID, slot)
	h, held := b.held[id]
	v := sessionView{Offer: o, Slot: slot, When: b.slot(slot), Held: held, Taken: b.places[id], LeadName: b.leaders[o.Leader],
		ID: id, Href: sessionHref(o.School, o.ID, slot)}
	seats := o.Seats
	room := o.Room
	if held {
		room, v.LeadName, v.Instead = h.Room, b.leaders[h.Leader], h.Leader != o.Leader
	}
	if r, ok := b.room(room); ok {
		v.RoomName, seats = r.Name, min(seats, r.Seats)
	}
	v.Free = max(0, seats-v.Taken)
	return v
}

// days are the week's slots with what is held in them, or offered where nothing is held yet.
func (b *book) days() (days []boardDay) {
	for _, slot := range b.slots {
		x := boardSlot{Slot: slot}
		published := slices.ContainsFunc(slices.Collect(maps.Values(b.held)), func(h timetable.Held) bool { return h.Slot == slot.ID() })
		for _, o := range b.offers {
			v := b.session(o, slot.ID())
			if v.Held || !published && o.Ended.IsZero() && slices.Contains(o.Slots, slot.ID()) {
				x.Sessions = append(x.Sessions, v)
				x.Placed += v.Taken
			}
		}
		slices.SortFunc(x.Sessions, func(p, q sessionView) int {
			return cmp.Or(cmp.Compare(p.Title, q.Title), cmp.Compare(p.Offer.ID, q.Offer.ID))
		})
		if n := len(days); n == 0 || days[n-1].Day != slot.Date.Time() {
			days = append(days, boardDay{Day: slot.Date.Time(), Called: slot.Called})
		}
		last := &days[len(days)-1]
		last.Slots = append(last.Slots, x)
	}
	return days
}

func (b *book) offerTitle(id timetable.OfferID) string {
	if o, ok := b.offers[id]; ok {
		return o.Title
	}
	return "a session that is not offered any more"
}

func (b *book) slotWords(id timetable.SlotID) string {
	x := b.slot(id)
	return x.Begins().Format("Monday") + " " + cmp.Or(x.Start, string(id))
}

func (b *book) title(session string) string {
	o, slot := timetable.ParseSession(session)
	return b.offerTitle(o) + ", " + b.slotWords(slot)
}

var sessionInWords = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}@[0-9]{4}-[0-9]{2}-[0-9]{2}/[a-z0-9-]+`)

// words are a because with sessions by their names.
func (b *book) words(because string) string {
	return sessionInWords.ReplaceAllStringFunc(because, func(id string) string { return "“" + b.title(id) + "”" })
}
