package guard_test

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/roster"
	"waymark/internal/team"
)

type fixed []guard.Relation

func (f fixed) ToStudent(context.Context, guard.Actor, roster.PersonID) ([]guard.Relation, error) {
	return f, nil
}
func (f fixed) ToClass(context.Context, guard.Actor, roster.ClassID) ([]guard.Relation, error) {
	return f, nil
}
func (f fixed) ToTeam(context.Context, guard.Actor, team.ID) ([]guard.Relation, error) {
	return f, nil
}
func (f fixed) ToSchool(context.Context, guard.Actor, roster.OrgID) ([]guard.Relation, error) {
	return f, nil
}
func (f fixed) ToDistrict(context.Context, guard.Actor) ([]guard.Relation, error) { return f, nil }

type accesses []guard.Access

func (l *accesses) RecordAccess(_ context.Context, a guard.Access) error {
	*l = append(*l, a)
	return nil
}

func (*accesses) RecordDeed(context.Context, guard.Deed) error { return nil }

func TestDoor(t *testing.T) {
	t.Parallel()
	someone := guard.Actor{District: "d", Person: "p"}
	for _, c := range []struct {
		name     string
		actor    guard.Actor
		relation []guard.Relation
		action   guard.Action
		want     fault.Kind
		allowed  bool
		logged   int
	}{
		{"nobody", guard.Actor{}, []guard.Relation{guard.Self}, guard.ReadRecord, fault.Unauthenticated, false, 0},
		{"no relation", someone, nil, guard.ReadRecord, fault.NotFound, false, 0},
		{"self reads", someone, []guard.Relation{guard.Self}, guard.ReadRecord, 0, true, 0},
		{"guardian reads", someone, []guard.Relation{guard.GuardianOf}, guard.ReadRecord, 0, true, 1},
		{"guardian cannot choose", someone, []guard.Relation{guard.GuardianOf}, guard.Choose, fault.NotFound, false, 0},
		{"teacher observes", someone, []guard.Relation{guard.TeacherOf}, guard.Observe, 0, true, 1},
		{"student cannot observe", someone, []guard.Relation{guard.Self}, guard.Observe, fault.NotFound, false, 0},
		{"administrator reads no record", someone, []guard.Relation{guard.AdministratorOf}, guard.ReadRecord, fault.NotFound, false, 0},
		{"unknown action", someone, []guard.Relation{guard.Self, guard.TeacherOf, guard.AdministratorOf}, "sell", fault.NotFound, false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var log accesses
			d := guard.Door{Relations: fixed(c.relation), Log: &log, Now: time.Now}
			err := d.Student(t.Context(), c.actor, c.action, "s")
			if (err == nil) != c.allowed || (err != nil && fault.KindOf(err) != c.want) {
				t.Errorf("Student(%q) = %v; want allowed %v, kind %v", c.action, err, c.allowed, c.want)
			}
			if len(log) != c.logged {
				t.Errorf("%d accesses written down; want %d", len(log), c.logged)
			}
		})
	}
}

func TestSecret(t *testing.T) {
	t.Parallel()
	h, err := guard.HashSecret("correct horse battery", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		hash, secret string
		want         bool
	}{
		{h, "correct horse battery", true},
		{h, "correct horse battery ", false},
		{h, "", false},
		{"", "", false},
		{"$argon2id$v=19$m=1,t=0,p=0$x$y", "x", false},
		{strings.Replace(h, "argon2id", "argon2i", 1), "correct horse battery", false},
	} {
		if got := guard.VerifySecret(c.hash, c.secret); got != c.want {
			t.Errorf("VerifySecret(%q, %q) = %v; want %v", c.hash, c.secret, got, c.want)
		}
	}
}

func TestPasswordsThatAreTriedFirst(t *testing.T) {
	t.Parallel()
	for password, good := range map[string]bool{
		"four blue lamps here": true, strings.Repeat("é", 64): true, "长城长城长城长城长城": true, "seven quiet rivers": true,
		"four blue": false, strings.Repeat("x", 257): false,
		"Qwertyuiop": false, "1q2w3e4r5t": false, "Football2026!": false, "...sunshine99": false,
		"my waymark password": false, "maya.alvarez likes it": false, "ÁLVAREZ and friends": false,
		"li and the long road": true, // too short a name to be told from chance
	} {
		if err := guard.CheckPassword(password, "maya.alvarez", "Li", "Álvarez"); (err == nil) != good {
			t.Errorf("%q: %v; want good = %v", password, err, good)
		}
	}
}

func TestCodes(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 200 {
		c, err := guard.NewCode(guard.WordCode, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if got := guard.FoldCode(" " + strings.ToUpper(strings.ReplaceAll(c, " ", "-")) + "! "); got != c {
			t.Errorf("FoldCode of a carelessly typed %q = %q", c, got)
		}
		seen[c] = true
	}
	if len(seen) < 190 {
		t.Errorf("only %d different codes in 200", len(seen))
	}
}

// alarms is a log that keeps what is unusual.
type alarms struct {
	accesses
	deeds []guard.Deed
}

func (a *alarms) RecordDeed(_ context.Context, d guard.Deed) error {
	a.deeds = append(a.deeds, d)
	return nil
}

// Who opens the records of very many students is stopped and told of, once; others go on, the same
// records stay open to them, and after a while they may go on too.
func TestManyRecordsAreNotOpenedAtOnce(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	var log alarms
	d := guard.Door{Relations: fixed{guard.TeacherOf}, Log: &log, Now: func() time.Time { return now }, Pace: &guard.Pace{Most: map[roster.Role]int{roster.Teacher: 3, roster.Aide: 2}, Others: 1, Within: time.Hour}}
	open := func(who roster.PersonID, student string) error {
		roles := map[roster.PersonID][]roster.Role{"a": {roster.Aide, roster.Teacher}, "b": {roster.Teacher}}[who]
		return d.Student(t.Context(), guard.Actor{District: "d", Person: who, Roles: roles}, guard.ReadRecord, roster.PersonID(student))
	}
	for _, s := range []string{"1", "2", "3", "2", "1"} {
		if err := open("a", s); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		if err := open("a", "4"); fault.KindOf(err) != fault.Throttled {
			t.Errorf("the fourth: %v", err)
		}
	}
	if len(log.deeds) != 1 || log.deeds[0].What != guard.ManyRecords || log.deeds[0].Actor != "a" || len(log.accesses) != 5 {
		t.Errorf("%+v, %d looks", log.deeds, len(log.accesses))
	}
	if err := errors.Join(open("a", "3"), open("b", "4")); err != nil {
		t.Error(err)
	}
	if err := errors.Join(open("administrator", "1"), open("administrator", "1")); err != nil || fault.KindOf(open("administrator", "2")) != fault.Throttled {
		t.Errorf("who has no need of many records: %v, and then a second one", err)
	}
	now = now.Add(time.Hour)
	if err := open("a", "4"); err != nil {
		t.Errorf("an hour later: %v", err)
	}
}
