package oneroster

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"

	"waymark/internal/fault"
	"waymark/internal/roster"
)

func decimal(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// Org writes a row of orgs.csv.
func (w *Writer) Org(v roster.Org) error {
	t, err := w.begin("orgs")
	if err != nil {
		return err
	}
	r := w.start(t, string(v.ID))
	r.set("name", v.Name)
	r.set("type", v.Kind)
	r.set("identifier", v.Identifier)
	r.set("parentSourcedId", string(v.Parent))
	return w.put(w.file)
}

// Term writes a row of academicSessions.csv.
func (w *Writer) Term(v roster.Term) error {
	t, err := w.begin("academicSessions")
	if err != nil {
		return err
	}
	r := w.start(t, string(v.ID))
	r.set("title", v.Title)
	r.set("type", v.Kind)
	r.set("startDate", string(v.Start))
	r.set("endDate", string(v.End))
	r.set("parentSourcedId", string(v.Parent))
	r.set("schoolYear", v.SchoolYear)
	return w.put(w.file)
}

// Course writes a row of courses.csv.
func (w *Writer) Course(v roster.Course) error {
	t, err := w.begin("courses")
	if err != nil {
		return err
	}
	r := w.start(t, string(v.ID))
	r.set("schoolYearSourcedId", string(v.Year))
	r.set("title", v.Title)
	r.set("courseCode", v.Code)
	r.setList("grades", v.Grades)
	r.set("orgSourcedId", string(v.Org))
	r.setList("subjects", v.Subjects)
	return w.put(w.file)
}

// Class writes a row of classes.csv.
func (w *Writer) Class(v roster.Class) error {
	t, err := w.begin("classes")
	if err != nil {
		return err
	}
	r := w.start(t, string(v.ID))
	r.set("title", v.Title)
	r.setList("grades", v.Grades)
	r.set("courseSourcedId", string(v.Course))
	r.set("classCode", v.Code)
	r.set("classType", v.Kind)
	r.set("location", v.Location)
	r.set("schoolSourcedId", string(v.School))
	terms := make([]string, len(v.Terms))
	for i, id := range v.Terms {
		terms[i] = string(id)
	}
	r.setList("termSourcedIds", terms)
	r.setList("subjects", v.Subjects)
	r.setList("periods", v.Periods)
	if err := w.put(w.file); err != nil {
		return err
	}
	w.schools[v.ID] = v.School
	return nil
}

// User writes a row of users.csv.
func (w *Writer) User(v roster.User) error {
	t, err := w.begin("users")
	if err != nil {
		return err
	}
	r := w.start(t, v.SourcedID)
	r.set("enabledUser", strconv.FormatBool(v.Enabled))
	r.set("username", v.Username)
	r.setList("userIds", v.UserIDs)
	r.set("givenName", v.GivenName)
	r.set("familyName", v.FamilyName)
	r.set("middleName", v.MiddleName)
	r.set("identifier", v.Identifier)
	r.set("email", v.Email)
	r.setList("agentSourcedIds", v.Agents)
	r.setList("grades", v.Grades)
	r.set("userMasterIdentifier", v.MasterIdentifier)
	r.set("preferredGivenName", v.PreferredGiven)
	r.set("preferredFamilyName", v.PreferredFamily)
	r.set("primaryOrgSourcedId", string(v.PrimaryOrg))
	r.set("pronouns", v.Pronouns)
	return w.put(w.file)
}

// Role writes a row of roles.csv.
func (w *Writer) Role(v roster.RoleRecord) error {
	t, err := w.begin("roles")
	if err != nil {
		return err
	}
	r := w.start(t, v.ID)
	r.set("userSourcedId", v.User)
	r.set("roleType", "secondary")
	if v.Primary {
		r.set("roleType", "primary")
	}
	r.set("role", v.Role)
	r.set("beginDate", string(v.Begin))
	r.set("endDate", string(v.End))
	r.set("orgSourcedId", string(v.Org))
	return w.put(w.file)
}

// Enrollment writes a row of enrollments.csv.
func (w *Writer) Enrollment(v roster.Enrollment) error {
	t, err := w.begin("enrollments")
	if err != nil {
		return err
	}
	r := w.start(t, string(v.ID))
	r.set("classSourcedId", string(v.Class))
	r.set("schoolSourcedId", string(v.School))
	r.set("userSourcedId", v.User)
	r.set("role", v.Role)
	r.set("primary", strconv.FormatBool(v.Primary))
	r.set("beginDate", string(v.Begin))
	r.set("endDate", string(v.End))
	return w.put(w.file)
}

// Demographics writes a row of demographics.csv. A race not named is written as
// false if any is named, else as unknown.
func (w *Writer) Demographics(v roster.Demographics) error {
	t, err := w.begin("demographics")
	if err != nil {
		return err
	}
	r := w.start(t, v.User)
	r.set("birthDate", string(v.BirthDate))
	r.set("sex", v.Sex)
	for _, race := range races {
		if len(v.Race) > 0 {
			r.set(race, strconv.FormatBool(slices.Contains(v.Race, race)))
		}
	}
	r.set("hispanicOrLatinoEthnicity", v.Hispanic)
	r.set("countryOfBirthCode", v.Country)
	more := make([]string, len(w.opt.Metadata))
	found := 0
	for i, key := range w.opt.Metadata {
		s, ok := v.Extra[key]
		if ok {
			found++
		}
		more[i] = oneLine(s)
	}
	if found < len(v.Extra) {
		return fault.New(fault.Internal, "demographics.csv has metadata that WriteOptions.Metadata does not name")
	}
	return w.put(w.file, more...)
}

// Profile writes a row of userProfiles.csv, without a password.
func (w *Writer) Profile(v roster.Profile) error {
	t, err := w.begin("userProfiles")
	if err != nil {
		return err
	}
	r := w.start(t, v.ID)
	r.set("userSourcedId", v.User)
	r.set("profileType", v.Kind)
	r.set("vendorId", v.Vendor)
	r.set("credentialType", "username")
	r.set("username", v.Username)
	return w.put(w.file)
}

// Category writes a row of categories.csv.
func (w *Writer) Category(v roster.Category) error {
	t, err := w.begin("categories")
	if err != nil {
		return err
	}
	r := w.start(t, v.ID)
	r.set("title", v.Title)
	r.set("weight", v.Weight)
	return w.put(w.file)
}

// LineItem writes a row of lineItems.csv, and of lineItemLearningObjectiveIds.csv
// for each competency. Its class must have been written, since the row names the
// school too. A range from 0 to 0 is written as none.
func (w *Writer) LineItem(v roster.LineItem) error {
	t, err := w.begin("lineItems")
	if err != nil {
		return err
	}
	r := w.start(t, v.ID)
	r.set("title", v.Title)
	r.set("assignDate", string(v.Assigned))
	r.set("dueDate", string(v.Due))
	r.set("classSourcedId", string(v.Class))
	r.set("categorySourcedId", v.Category)
	r.set("academicSessionSourcedId", string(v.Term))
	if v.Min != 0 || v.Max != 0 {
		r.set("resultValueMin", decimal(v.Min))
		r.set("resultValueMax", decimal(v.Max))
	}
	r.set("schoolSourcedId", string(w.schools[v.Class]))
	if err := w.put(w.file); err != nil {
		return err
	}
	for i, id := range v.Competencies {
		t, out, err := w.besides("lineItemLearningObjectiveIds")
		if err != nil {
			return err
		}
		r := w.start(t, objectiveID(v.ID, i))
		r.set("lineItemSourcedId", v.ID)
		r.setObjective(id)
		if err := w.put(&out.rows); err != nil {
			return err
		}
	}
	return nil
}

// Result writes a row of results.csv, and of resultLearningObjectiveIds.csv for
// each competency.
func (w *Writer) Result(v roster.Result) error {
	t, err := w.begin("results")
	if err != nil {
		return err
	}
	r := w.start(t, v.ID)
	r.set("lineItemSourcedId", v.LineItem)
	r.set("studentSourcedId", v.User)
	r.set("scoreStatus", v.Status)
	if v.Score != nil {
		r.set("score", decimal(*v.Score))
	}
	r.set("scoreDate", string(v.Date))
	r.set("textScore", v.Text)
	if err := w.put(w.file); err != nil {
		return err
	}
	for i, o := range v.Competencies {
		t, out, err := w.besides("resultLearningObjectiveIds")
		if err != nil {
			return err
		}
		r := w.start(t, objectiveID(v.ID, i))
		r.set("resultSourcedId", v.ID)
		r.setObjective(o.Competency)
		if o.Score != nil {
			r.set("score", decimal(*o.Score))
		}
		r.set("textScore", o.Text)
		if err := w.put(&out.rows); err != nil {
			return err
		}
	}
	return nil
}

// setObjective names a CASE item by its URN, and anything else as it is.
func (r *record) setObjective(id string) {
	if isUUID(id) {
		r.set("source", "case")
		r.set("learningObjectiveId", "urn:uuid:"+id)
		return
	}
	r.set("source", "unknown")
	r.set("learningObjectiveId", id)
}

func objectiveID(owner string, i int) string {
	sum := sha256.Sum256([]byte(owner + "\x00" + strconv.Itoa(i)))
	return "objective-" + hex.EncodeToString(sum[:16])
}
