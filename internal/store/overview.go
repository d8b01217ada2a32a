package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"waymark/internal/mastery"
	"waymark/internal/roster"
)

// overviewWeeks is the span over which a leader's overview measures change.
const overviewWeeks = 6

// dimensions are the groupings of a leader's overview, in order.
var dimensions = []string{"grade", "English learner", "disability", "economic disadvantage", "sex", "race or ethnicity"}

// Overview returns what a leader sees of a school's active students.
func (db *DB) Overview(ctx context.Context, d roster.DistrictID, school roster.OrgID, now time.Time) (mastery.Overview, error) {
	enrolled, err := db.enrolled(ctx, d, school)
	if err != nil {
		return mastery.Overview{}, err
	}
	subjects := make([]mastery.Subject, len(enrolled))
	at := make(map[roster.PersonID]*mastery.Subject, len(enrolled))
	for i, s := range enrolled {
		subjects[i].Groups = s.groups
		at[s.id] = &subjects[i]
	}
	before := mastery.Week(now) - overviewWeeks
	for chunk := range slices.Chunk(ids(enrolled), 2000) {
		states, err := db.Mastery(ctx, d, chunk)
		if err != nil {
			return mastery.Overview{}, err
		}
		for _, r := range states {
			at[r.Student].Now = append(at[r.Student].Now, r)
		}
		if states, err = db.MasteryAt(ctx, d, chunk, before); err != nil {
			return mastery.Overview{}, err
		}
		for _, r := range states {
			at[r.Student].Before = append(at[r.Student].Before, r)
		}
	}
	return mastery.Summarize(subjects, dimensions, overviewWeeks, now), nil
}

// grouped is a student with the group of each dimension that they belong to.
type grouped struct {
	id     roster.PersonID
	groups map[string]string
}

func ids(students []grouped) []roster.PersonID {
	out := make([]roster.PersonID, len(students))
	for i, s := range students {
		out[i] = s.id
	}
	return out
}

func scanGrouped(row func(...any) error) (s grouped, err error) {
	var grade, sex, race, hispanic, extra string
	err = row(&s.id, &grade, &sex, &race, &hispanic, &extra)
	s.groups = groupsOf(grade, sex, splitList[string](race), hispanic, splitList[string](extra))
	return s, err
}

const groupedColumns = `p.id, p.grade, COALESCE(g.sex, ''), COALESCE(g.race, ''), COALESCE(g.hispanic, ''), COALESCE(g.extra, '')`

// enrolled returns a school's active students, by id.
func (db *DB) enrolled(ctx context.Context, d roster.DistrictID, school roster.OrgID) ([]grouped, error) {
	return many(ctx, db, scanGrouped, `SELECT DISTINCT `+groupedColumns+`
		FROM person p JOIN role r ON r.district = p.district AND r.person = p.id AND r.role = 'student' AND r.active
			AND (r.begins = '' OR r.begins <= $1) AND (r.ends = '' OR r.ends >= $1)
		LEFT JOIN demographics g ON g.district = p.district AND g.id = p.id AND g.active
		WHERE p.district = $2 AND r.org = $3 AND p.active ORDER BY p.id`, db.today(), d, school)
}

// StudentGroups returns to which group of each dimension the students of a district
// belong whose demographics are known, and the dimensions in order.
func (db *DB) StudentGroups(ctx context.Context, d roster.DistrictID) (map[roster.PersonID]map[string]string, []string, error) {
	list, err := many(ctx, db, scanGrouped, `SELECT `+groupedColumns+`
		FROM person p LEFT JOIN demographics g ON g.district = p.district AND g.id = p.id AND g.active WHERE p.district = $1`, d)
	out := make(map[roster.PersonID]map[string]string, len(list))
	for _, s := range list {
		out[s.id] = s.groups
	}
	return out, dimensions, err
}

// groupsOf says to which group of each dimension a student belongs.
func groupsOf(grade, sex string, race []string, hispanic string, extra []string) map[string]string {
	g := map[string]string{"grade": grade, "sex": sex}
	switch {
	case strings.EqualFold(hispanic, "true"):
		g["race or ethnicity"] = "Hispanic or Latino"
	case len(race) > 1 || slices.Contains(race, "demographicRaceTwoOrMoreRaces"):
		g["race or ethnicity"] = "Two or more races"
	case len(race) == 1:
		g["race or ethnicity"] = map[string]string{"americanIndianOrAlaskaNative": "American Indian or Alaska Native", "asian": "Asian",
			"blackOrAfricanAmerican": "Black or African American", "nativeHawaiianOrOtherPacificIslander": "Native Hawaiian or Other Pacific Islander",
			"white": "White"}[race[0]]
	}
	flags := map[string]string{"englishlearner": "English learner", "disability": "disability", "economicdisadvantage": "economic disadvantage",
		"economicallydisadvantaged": "economic disadvantage", "ell": "English learner", "iep": "disability", "specialeducation": "disability"}
	for _, pair := range extra {
		key, v, _ := strings.Cut(pair, "=")
		if d := flags[strings.ToLower(strings.ReplaceAll(key, "_", ""))]; d != "" {
			g[d] = "yes"
			switch strings.ToLower(v) {
			case "false", "no", "n", "0", "none", "":
				g[d] = "no"
			}
		}
	}
	for _, d := range []string{"English learner", "disability", "economic disadvantage"} {
		if g[d] == "" && len(extra) > 0 {
			g[d] = "no"
		}
	}
	return g
}
