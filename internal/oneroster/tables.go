package oneroster

// The columns that both versions share, after the three that every file has.

func academicSessions() []column {
	return []column{
		must("title", text),
		mustWord("type", true, "gradingPeriod", "semester", "schoolYear", "term"),
		must("startDate", date), must("endDate", date),
		ref("parentSourcedId", "academicSessions"),
		must("schoolYear", year),
	}
}

func orgs() []column {
	return []column{
		must("name", text),
		mustWord("type", true, "department", "school", "district", "local", "state", "national"),
		col("identifier", text),
		ref("parentSourcedId", "orgs"),
	}
}

func courses() []column {
	return []column{
		ref("schoolYearSourcedId", "academicSessions"),
		must("title", text), col("courseCode", text), col("grades", textList),
		mustRef("orgSourcedId", "orgs"),
		col("subjects", textList), col("subjectCodes", textList),
	}
}

func classes() []column {
	return []column{
		must("title", text), col("grades", textList),
		mustRef("courseSourcedId", "courses"),
		col("classCode", text),
		mustWord("classType", true, "homeroom", "scheduled"),
		col("location", text),
		mustRef("schoolSourcedId", "orgs"),
		mustRefs("termSourcedIds", "academicSessions"),
		col("subjects", textList), col("subjectCodes", textList), col("periods", textList),
	}
}

func enrollments(roles ...string) []column {
	return []column{
		mustRef("classSourcedId", "classes"),
		mustRef("schoolSourcedId", "orgs"),
		mustRef("userSourcedId", "users"),
		mustWord("role", true, roles...),
		col("primary", boolean),
		col("beginDate", date), col("endDate", date),
	}
}

// races are the columns of demographics.csv that say yes or no to one race.
var races = []string{
	"americanIndianOrAlaskaNative", "asian", "blackOrAfricanAmerican",
	"nativeHawaiianOrOtherPacificIslander", "white", "demographicRaceTwoOrMoreRaces",
}

func demographics() []column {
	columns := []column{
		col("birthDate", date),
		word("sex", true, "male", "female", "unspecified", "other"),
	}
	for _, race := range races {
		columns = append(columns, col(race, boolean))
	}
	return append(columns,
		col("hispanicOrLatinoEthnicity", boolean),
		col("countryOfBirthCode", text), col("stateOfBirthAbbreviation", text), col("cityOfBirth", text),
		col("publicSchoolResidenceStatus", text))
}

func resources() []*table {
	return []*table{
		newTable("resources",
			must("vendorResourceId", text), col("title", text),
			column{name: "roles", kind: wordsList, ext: true, words: []string{
				"administrator", "aide", "guardian", "parent", "proctor", "relative", "student", "teacher"}},
			word("importance", false, "primary", "secondary"),
			col("vendorId", text), col("applicationId", text)),
		newTable("classResources",
			col("title", text), mustRef("classSourcedId", "classes"), mustRef("resourceSourcedId", "resources")),
		newTable("courseResources",
			col("title", text), mustRef("courseSourcedId", "courses"), mustRef("resourceSourcedId", "resources")),
	}
}

// edition12 is the OneRoster 1.2 CSV binding with the corrections of 1.2.1,
// which took resourceSourcedIds out of users.csv.
var edition12 = &edition{version: "1.2", strict: true, tables: append([]*table{
	newTable("orgs", orgs()...),
	newTable("academicSessions", academicSessions()...),
	newTable("courses", courses()...),
	newTable("classes", classes()...),
	newTable("users",
		must("enabledUser", boolean), must("username", text), col("userIds", userIDs),
		must("givenName", text), must("familyName", text), col("middleName", text),
		col("identifier", text), col("email", text), col("sms", ignored), col("phone", ignored),
		refs("agentSourcedIds", "users"), col("grades", textList), col("password", ignored),
		col("userMasterIdentifier", text), col("preferredGivenName", text),
		col("preferredMiddleName", text), col("preferredFamilyName", text),
		ref("primaryOrgSourcedId", "orgs"), col("pronouns", text)),
	newTable("roles",
		mustRef("userSourcedId", "users"),
		mustWord("roleType", false, "primary", "secondary"),
		mustWord("role", true, "aide", "counselor", "districtAdministrator", "guardian", "parent", "principal",
			"proctor", "relative", "siteAdministrator", "student", "systemAdministrator", "teacher"),
		col("beginDate", date), col("endDate", date),
		mustRef("orgSourcedId", "orgs"),
		ref("userProfileSourcedId", "userProfiles")),
	newTable("enrollments", enrollments("administrator", "proctor", "student", "teacher")...),
	newTable("demographics", demographics()...),
	newTable("userProfiles",
		mustRef("userSourcedId", "users"), must("profileType", text), must("vendorId", text),
		col("applicationId", text), col("description", text), must("credentialType", text),
		must("username", text), col("password", ignored)),
	newTable("categories", must("title", text), col("weight", integer)),
	newTable("lineItemLearningObjectiveIds",
		mustRef("lineItemSourcedId", "lineItems"),
		mustWord("source", true, "case", "unknown"), must("learningObjectiveId", text)),
	newTable("lineItems",
		must("title", text), col("description", text), must("assignDate", date), must("dueDate", date),
		mustRef("classSourcedId", "classes"), mustRef("categorySourcedId", "categories"),
		mustRef("academicSessionSourcedId", "academicSessions"),
		col("resultValueMin", float), col("resultValueMax", float),
		mustRef("schoolSourcedId", "orgs")),
	newTable("resultLearningObjectiveIds",
		mustRef("resultSourcedId", "results"),
		mustWord("source", true, "case", "unknown"), must("learningObjectiveId", text),
		col("score", float), col("textScore", text)),
	newTable("results",
		mustRef("lineItemSourcedId", "lineItems"), mustRef("studentSourcedId", "users"),
		mustWord("scoreStatus", true, "exempt", "fully graded", "not submitted", "partially graded", "submitted"),
		col("score", float), must("scoreDate", date), col("comment", text), col("textScore", text),
		ref("classSourcedId", "classes"),
		col("inProgress", boolean), col("incomplete", boolean), col("late", boolean), col("missing", boolean)),
	newTable("scoreScales",
		must("title", text), must("type", text),
		mustRef("orgSourcedId", "orgs"), mustRef("courseSourcedId", "courses"), mustRef("classSourcedId", "classes"),
		must("scoreScaleValue", scale)),
	newTable("lineItemScoreScales",
		col("title", text), mustRef("lineItemSourcedId", "lineItems"), mustRef("scoreScaleSourcedId", "scoreScales")),
	newTable("resultScoreScales",
		col("title", text), mustRef("resultSourcedId", "results"), mustRef("scoreScaleSourcedId", "scoreScales")),
}, append(resources(),
	newTable("userResources",
		mustRef("userSourcedId", "users"), ref("orgSourcedId", "orgs"), ref("classSourcedId", "classes"),
		mustRef("resourceSourcedId", "resources")))...)}

// edition11 is OneRoster 1.1 as school systems export it. Where it asks for less
// than the specification, the comment says why.
var edition11 = &edition{version: "1.1", tables: append([]*table{
	newTable("orgs", orgs()...),
	newTable("academicSessions", academicSessions()...),
	newTable("courses", courses()...),
	newTable("classes", classes()...),
	newTable("users",
		must("enabledUser", boolean),
		mustRefs("orgSourcedIds", "orgs"),
		mustWord("role", true, "administrator", "aide", "guardian", "parent", "proctor", "relative", "student", "teacher"),
		must("username", text), col("userIds", userIDs),
		must("givenName", text), must("familyName", text), col("middleName", text),
		col("identifier", text), col("email", text), col("sms", ignored), col("phone", ignored),
		refs("agentSourcedIds", "users"), col("grades", textList), col("password", ignored)),
	// Some systems still write the aides that 1.0 knew.
	newTable("enrollments", enrollments("administrator", "aide", "proctor", "student", "teacher")...),
	demographics11(),
	newTable("categories", must("title", text)),
	newTable("lineItems",
		must("title", text), col("description", text), must("assignDate", date), must("dueDate", date),
		mustRef("classSourcedId", "classes"), mustRef("categorySourcedId", "categories"),
		mustRef("gradingPeriodSourcedId", "academicSessions").or("academicSessionSourcedId"),
		// The specification requires both; systems leave them out for marks without points.
		col("resultValueMin", float), col("resultValueMax", float)),
	newTable("results",
		mustRef("lineItemSourcedId", "lineItems"), mustRef("studentSourcedId", "users"),
		mustWord("scoreStatus", true, "exempt", "fully graded", "not submitted", "partially graded", "submitted"),
		// The specification requires a score even of work that was not submitted.
		col("score", float), must("scoreDate", date), col("comment", text), col("textScore", text)),
}, resources()...)}

// demographics11 names the user by userSourcedId where that column exists, as in
// 1.0 and in exports that only call themselves 1.1; else by sourcedId.
func demographics11() *table {
	t := newTable("demographics", demographics()...)
	t.columns[0].alias = "userSourcedId"
	return t
}
