package web_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"waymark/internal/motivation"
)

func TestAClassIsAskedHowItIs(t *testing.T) {
	t.Parallel()
	s := start(t)
	const at = room12Path + "/course"
	s.get("teacher", at).is(http.StatusOK).says("0 of 12 hold", "Ask the class for a week")
	s.post("teacher", at, url.Values{"item": {"no such"}}).is(http.StatusUnprocessableEntity)
	s.post("teacher", at, url.Values{"item": {"choice", "again"}}).goesTo(at + "?done=said")
	s.signInAgainAfter(24 * time.Hour)
	s.post("teacher", at, url.Values{"item": {"again", "life"}}).goesTo(at + "?done=said")
	s.get("teacher", at).says("2 of 12 hold", "since November 20", "since November 21")
	s.post("teacher", at, nil).goesTo(at + "?done=said")
	s.get("teacher", at).says("0 of 12 hold")

	s.get("student", "/me").saysNot("How is it?")
	s.post("teacher", at, url.Values{"do": {"ask"}}).goesTo(at + "?done=said")
	s.post("teacher", at, url.Values{"do": {"ask"}}).is(http.StatusConflict).says("Leave it three weeks")
	s.get("student", "/me").says("How is it?", "I could choose how or what I work on.")
	asks, err := s.db.Asks(t.Context(), district, room12, friday)
	if err != nil || len(asks) != 1 {
		t.Fatal(asks, err)
	}
	say := "/me/course/" + string(room12) + "/" + asks[0].ID
	answer := url.Values{"autonomy": {"4"}, "competence": {"3"}, "relatedness": {"2"}, "relevance": {"1"}}
	s.post("student", say, url.Values{"autonomy": {"4"}}).is(http.StatusUnprocessableEntity)
	s.post("other student", say, answer).is(http.StatusNotFound)
	s.post("student", say, answer).goesTo("/me?done=said")
	s.post("student", say, answer).is(http.StatusConflict)
	s.get("student", "/me").saysNot("How is it?")
	s.get("liam", "/me").says("How is it?")
	s.get("teacher", at).says("The class is asked until", "0 answers so far")
	if list, err := s.db.SaidOfClass(t.Context(), district, room12, friday.Add(-time.Hour)); err != nil || len(list) != 0 {
		t.Errorf("what is said can be read while it comes in: %v, %v", list, err)
	}
	s.signInAgainAfter(8 * 24 * time.Hour)
	s.post("liam", say, answer).is(http.StatusConflict)
	s.get("teacher", at).says("1 answer so far; shown from 10 on", "1 answer, too few to show", "can be asked again from")
	if err := s.db.SayOfClass(t.Context(), district, room12, person("minh"), motivation.Answer{Ask: "none"}); err == nil {
		t.Error("something was said to nobody who asks")
	}
}
