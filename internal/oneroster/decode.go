package oneroster

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"waymark/internal/roster"
	"waymark/internal/tabular"
)

// number returns the number in a cell that has been checked; ok is false if the
// cell is empty.
func number(s string) (f float64, ok bool) {
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

// hand passes a sound record on; kept is false if it is of no use to Waymark.
func (u *run) hand(r *record) (kept bool, err error) {
	line, st := r.line, r.status
	switch r.t.name {
	case "orgs":
		return true, u.sink.Org(line, st, roster.Org{
			ID: roster.OrgID(r.id()), Name: r.get("name"), Kind: r.get("type"),
			Identifier: r.get("identifier"), Parent: roster.OrgID(r.get("parentSourcedId")),
		})
	case "academicSessions":
		return true, u.sink.Term(line, st, roster.Term{
			ID: roster.TermID(r.id()), Title: r.get("title"), Kind: r.get("type"),
			Start: roster.Date(r.get("startDate")), End: roster.Date(r.get("endDate")),
			Parent: roster.TermID(r.get("parentSourcedId")), SchoolYear: r.get("schoolYear"),
		})
	case "courses":
		return true, u.sink.Course(line, st, roster.Course{
			ID: roster.CourseID(r.id()), Title: r.get("title"), Code: r.get("courseCode"),
			Year: roster.TermID(r.get("schoolYearSourcedId")), Grades: r.list("grades"),
			Org: roster.OrgID(r.get("orgSourcedId")), Subjects: r.list("subjects"),
		})
	case "classes":
		terms := make([]roster.TermID, len(r.list("termSourcedIds")))
		for i, id := range r.list("termSourcedIds") {
			terms[i] = roster.TermID(id)
		}
		return true, u.sink.Class(line, st, roster.Class{
			ID: roster.ClassID(r.id()), Title: r.get("title"), Code: r.get("classCode"), Kind: r.get("classType"),
			Course: roster.CourseID(r.get("courseSourcedId")), School: roster.OrgID(r.get("schoolSourcedId")),
			Terms: terms, Grades: r.list("grades"), Subjects: r.list("subjects"), Periods: r.list("periods"),
			Location: r.get("location"),
		})
	case "users":
		return true, u.sink.User(line, st, user(r))
	case "roles":
		return true, u.sink.Role(line, st, roster.RoleRecord{
			ID: r.id(), User: r.get("userSourcedId"), Org: roster.OrgID(r.get("orgSourcedId")), Role: r.get("role"),
			Primary: r.get("roleType") == "primary",
			Begin:   roster.Date(r.get("beginDate")), End: roster.Date(r.get("endDate")),
		})
	case "enrollments":
		return true, u.sink.Enrollment(line, st, roster.Enrollment{
			ID: roster.EnrollmentID(r.id()), Class: roster.ClassID(r.get("classSourcedId")),
			School: roster.OrgID(r.get("schoolSourcedId")), User: r.get("userSourcedId"), Role: r.get("role"),
			Primary: r.get("primary") == "true",
			Begin:   roster.Date(r.get("beginDate")), End: roster.Date(r.get("endDate")),
		})
	case "demographics":
		return true, u.sink.Demographics(line, st, demographicsOf(r))
	case "userProfiles":
		return true, u.sink.Profile(line, st, roster.Profile{
			ID: r.id(), User: r.get("userSourcedId"), Kind: r.get("profileType"),
			Vendor: r.get("vendorId"), Username: r.get("username"),
		})
	}
	return u.handGradebook(r)
}

func (u *run) handGradebook(r *record) (kept bool, err error) {
	line, st := r.line, r.status
	switch r.t.name {
	case "categories":
		return true, u.sink.Category(line, st, roster.Category{ID: r.id(), Title: r.get("title"), Weight: r.get("weight")})
	case "lineItems":
		item := roster.LineItem{
			ID: r.id(), Title: r.get("title"), Class: roster.ClassID(r.get("classSourcedId")),
			Category: r.get("categorySourcedId"),
			Term:     roster.TermID(r.get("academicSessionSourcedId") + r.get("gradingPeriodSourcedId")), // one or the other
			Assigned: roster.Date(r.get("assignDate")), Due: roster.Date(r.get("dueDate")),
			Competencies: u.onItems.competencies(r.id()),
		}
		item.Min, _ = number(r.get("resultValueMin"))
		item.Max, _ = number(r.get("resultValueMax"))
		return true, u.sink.LineItem(line, st, item)
	case "results":
		result := roster.Result{
			ID: r.id(), LineItem: r.get("lineItemSourcedId"), User: r.get("studentSourcedId"),
			Status: r.get("scoreStatus"), Text: r.get("textScore"), Date: roster.Date(r.get("scoreDate")),
			Competencies: u.onResult.scores(r.id()),
		}
		if score, ok := number(r.get("score")); ok {
			result.Score = &score
		}
		return true, u.sink.Result(line, st, result)
	case "lineItemLearningObjectiveIds":
		if u.onItems == nil {
			u.onItems = &objectives{}
		}
		return u.keep(u.onItems, r, "lineItems", "lineItemSourcedId"), nil
	case "resultLearningObjectiveIds":
		if u.onResult == nil {
			u.onResult = &objectives{}
		}
		return u.keep(u.onResult, r, "results", "resultSourcedId"), nil
	}
	return false, nil
}

// keep notes an objective for the record that it belongs to, if the package has
// that record.
func (u *run) keep(o *objectives, r *record, file, column string) bool {
	owner := r.get(column)
	set := u.ids[file]
	if set == nil || r.status == ToBeDeleted {
		return false
	}
	if marked, ok := set.marked(owner); !ok || marked&sound == 0 {
		return false
	}
	o.add(owner, r.get("source"), r.get("learningObjectiveId"), r.get("score"), r.get("textScore"))
	return true
}

func user(r *record) roster.User {
	v := roster.User{
		SourcedID: r.id(), Enabled: r.get("enabledUser") == "true", Username: r.get("username"),
		GivenName: r.get("givenName"), MiddleName: r.get("middleName"), FamilyName: r.get("familyName"),
		PreferredGiven: r.get("preferredGivenName"), PreferredFamily: r.get("preferredFamilyName"),
		Pronouns: r.get("pronouns"), Email: r.get("email"), Identifier: r.get("identifier"),
		MasterIdentifier: r.get("userMasterIdentifier"), UserIDs: r.list("userIds"), Grades: r.list("grades"),
		PrimaryOrg: roster.OrgID(r.get("primaryOrgSourcedId")), Agents: r.list("agentSourcedIds"),
	}
	if orgs := r.list("orgSourcedIds"); len(orgs) > 0 {
		v.PrimaryOrg = roster.OrgID(orgs[0])
	}
	return v
}

func demographicsOf(r *record) roster.Demographics {
	d := roster.Demographics{
		User: r.id(), BirthDate: roster.Date(r.get("birthDate")), Sex: r.get("sex"),
		Hispanic: r.get("hispanicOrLatinoEthnicity"), Country: r.get("countryOfBirthCode"), Extra: r.extra,
	}
	for _, race := range races {
		if r.get(race) == "true" {
			d.Race = append(d.Race, race)
		}
	}
	return d
}

// roles reads users.csv of a 1.1 package again and hands over a role for each
// organisation of each user that was accepted.
func (u *run) roles(t *table) error {
	ru := u.rules(t)
	set := u.ids[t.name]
	return u.rows(t, func(row tabular.Row, err error) error {
		if err != nil {
			return nil // told before
		}
		r := &u.rec
		ru.check(r, row)
		slot, _ := set.at(r.id())
		if *slot&sound == 0 || *slot&again != 0 {
			return nil
		}
		*slot |= again
		u.references(ru, r) // takes out organisations that do not exist
		for i, org := range r.list("orgSourcedIds") {
			if err := u.sink.Role(r.line, r.status, roster.RoleRecord{
				ID: roleID(r.id(), org, r.get("role")), User: r.id(), Org: roster.OrgID(org),
				Role: r.get("role"), Primary: i == 0,
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

// roleID returns an id for a role that has none of its own; the same role gets
// the same id in every import.
func roleID(user, org, role string) string {
	sum := sha256.Sum256([]byte(user + "\x00" + org + "\x00" + role))
	return "role-" + hex.EncodeToString(sum[:16])
}
