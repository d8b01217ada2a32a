// Package motivation knows what makes students want to learn by themselves, as Ferlazzo (2017) puts
// it for classrooms after Deci and Ryan (2000) and others: autonomy, competence, relatedness and
// relevance. A teacher looks at a class by a checklist; its students say how it is, without names.
package motivation

import (
	"slices"
	"time"
)

// Need is one of the four.
type Need string

const (
	Autonomy    Need = "autonomy"
	Competence  Need = "competence"
	Relatedness Need = "relatedness"
	Relevance   Need = "relevance"
)

// Needs are all there are, in their order.
var Needs = []Need{Autonomy, Competence, Relatedness, Relevance}

// Item is one line of the checklist.
type Item struct {
	ID    string
	Need  Need
	Words string
}

// Checklist is what a class can be designed for.
var Checklist = []Item{
	{"choice", Autonomy, "Each week everybody chooses between at least two ways to learn something, or to show it."},
	{"voice", Autonomy, "Students propose ideas of their own, and get an answer within two days."},
	{"reasons", Autonomy, "Where there is no choice, I say why."},
	{"reach", Competence, "What a student works on is neither known already nor out of reach."},
	{"feedback", Competence, "Feedback says what to try next, before a grade is given."},
	{"again", Competence, "Work that did not succeed can be done again, and the better one counts."},
	{"together", Relatedness, "Everybody works with others each week, and not always with the same."},
	{"talks", Relatedness, "I talk with every student alone at least once in eight weeks."},
	{"welcome", Relatedness, "Nobody is without a group, and roles go around."},
	{"interests", Relevance, "I know what each student likes, and tasks touch it."},
	{"life", Relevance, "We say what it is good for outside of school."},
	{"audience", Relevance, "Somebody beside me sees or uses what students make."},
}

// Known reports whether the checklist has an item.
func Known(id string) bool {
	return slices.ContainsFunc(Checklist, func(i Item) bool { return i.ID == id })
}

// Statement is what students say of a class, from 1 (not at all) to 4 (very much).
type Statement struct {
	Need  Need
	Words string // as students read it
	Short string // as teachers read it in a table
	Lack  string // what those say who say less
}

// Statements are one for each need, in their order.
var Statements = []Statement{
	{Autonomy, "I could choose how or what I work on.", "I could choose", "they can choose"},
	{Competence, "I felt that I can do it if I try.", "I can do it", "they can do it if they try"},
	{Relatedness, "People in this class care how I am doing.", "People care", "people in the class care about them"},
	{Relevance, "It had to do with something that matters to me.", "It matters to me", "it has to do with something that matters"},
}

// Ask is that a class is asked, for some days.
type Ask struct {
	ID    string
	At    time.Time
	Until time.Time
}

// How long a class can answer, and how long it is left alone after that was asked.
const (
	AskFor   = 7 * 24 * time.Hour
	AskAgain = 21 * 24 * time.Hour
)

// Open reports whether students are asked at a time.
func (a Ask) Open(now time.Time) bool { return !now.Before(a.At) && now.Before(a.Until) }

// Answer is what one student says, without a name: one number for each statement, in their order.
type Answer struct {
	Ask    string
	Values [4]int
	Groups map[string]string
}

// Valid reports whether every statement is answered from 1 to 4.
func (a Answer) Valid() bool {
	for _, v := range a.Values {
		if v < 1 || v > 4 {
			return false
		}
	}
	return true
}
