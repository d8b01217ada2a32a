package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"waymark/internal/guard"
	"waymark/internal/roster"
)

// auditView is a page of what was done, latest first.
type auditView struct {
	Deeds       []deedRow
	Older       string // where older ones are
	Actor       string // only of this person, where set
	ActorName   string
	Verified    bool // it was asked whether all is as it was written
	Count       int64
	Breaches    []guard.Breach
	Checkpoints []guard.Checkpoint
}

type deedRow struct {
	guard.Deed
	Name string // of the actor
	Says string
	Path string // the page on which it was done
}

const deedsShown = 100

// deedWords say what was done where that reaches far; of the rest the page that it was done on tells.
var deedWords = map[string]string{
	"POST /account/codes":                                      "made new codes on paper",
	"POST /account/factors/{factor}/remove":                    "took away their own second proof",
	"POST /account/password":                                   "changed their own password",
	"POST /account/sessions":                                   "signed themself out elsewhere",
	"POST /account/unlink":                                     "took away a service that signed them in",
	"POST /sign-in/second/new":                                 "set up a second proof",
	"POST /sign-out":                                           "signed out",
	"POST /admin/people/{person}/appoint":                      "appointed or dismissed an auditor or helper",
	"POST /admin/people/{person}/emergency":                    "opened a record in an emergency",
	"POST /admin/people/{person}/factors":                      "took away somebody's second proof",
	"POST /admin/people/{person}/link":                         "made a link to sign in as",
	"POST /admin/people/{person}/password":                     "set a password for",
	"POST /admin/people/{person}/sign-out":                     "signed out",
	"POST /admin/second":                                       "said of whom a second proof is asked",
	"POST /admin/records/corrections/{student}/{correction}":   "answered what a family says is not right",
	"POST /admin/records/exports":                              "asked for the whole district as a file",
	"POST /admin/records/exports/{export}":                     "answered who asked for the whole district as a file",
	"POST /admin/records/exports/{export}/district.zip":        "took the whole district away as a file",
	"POST /admin/records/keep":                                 "said for how long records are kept",
	"POST /admin/imports":                                      "uploaded a file",
	"POST /admin/imports/mapping":                              "uploaded a table",
	"POST /admin/imports/{run}/apply":                          "applied an import",
	"POST /admin/imports/{run}/discard":                        "threw away an import",
	"POST /admin/imports/{run}/undo":                           "undid an import",
	"GET /admin/imports/{run}/problems.csv":                    "took away the problems of an import as a file",
	"POST /admin/model/adopt":                                  "adopted a version of the learner model",
	"POST /admin/model/fit":                                    "fitted the learner model",
	"POST /admin/proposals":                                    "changed the rules of proposals",
	"GET /audit/log.csv":                                       "took this log away as a file",
	"GET /classes/{class}/grid.csv":                            "took a class's estimates away as a file",
	"GET /students/{student}/record.zip":                       "took a whole record away as a file",
	"POST /classes/{class}/cards":                              "made cards for a class to sign in with",
	"POST /classes/{class}/proposals":                          "turned proposals of a class on or off",
	"POST /students/{student}/rights/consent":                  "allowed or refused what a record is used for",
	"POST /students/{student}/rights/corrections":              "said that something in a record is not right",
	"POST /students/{student}/rights/corrections/{correction}": "took that back, or put a statement beside it",
}

func (s *Server) showAudit(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	ctx, d, q := r.Context(), a.District, r.URL.Query()
	v := auditView{Actor: q.Get("who")}
	before, _ := strconv.ParseInt(q.Get("before"), 10, 64) // anything else is the latest
	deeds, err := s.Store.LatestDeeds(ctx, d, before, roster.PersonID(v.Actor), deedsShown)
	if err != nil {
		return err
	}
	names := s.namesOf(ctx, d)
	if v.Actor != "" {
		if v.ActorName, err = names(roster.PersonID(v.Actor)); err != nil {
			return err
		}
	}
	for _, x := range deeds {
		row := deedRow{Deed: x, Name: "the command line", Says: x.What}
		if says, ok := deedWords[x.What]; ok {
			row.Says = says
		} else if _, path, ok := strings.Cut(x.What, "POST "); ok {
			row.Says, row.Path = "changed", path
		} else if _, path, ok := strings.Cut(x.What, "GET "); ok {
			row.Says, row.Path = "took away as a file", path
		}
		var sealed guard.Reads
		if x.What == guard.SealReads && json.Unmarshal([]byte(x.Detail), &sealed) == nil {
			row.Says, row.Detail = fmt.Sprintf("%d looks at records sealed", sealed.Count), ""
		}
		if x.Actor != "" {
			if row.Name, err = names(x.Actor); err != nil {
				return err
			}
		}
		v.Deeds = append(v.Deeds, row)
	}
	if len(deeds) == deedsShown {
		v.Older = "/audit?before=" + strconv.FormatInt(deeds[len(deeds)-1].Number, 10) + "&who=" + urlQuery(v.Actor)
	}
	if v.Checkpoints, err = s.Store.Checkpoints(ctx, d); err != nil {
		return err
	}
	if v.Verified = q.Has("verify"); v.Verified {
		found, err := s.Store.VerifyAudit(ctx, d, nil)
		if err != nil {
			return err
		}
		v.Count, v.Breaches = found.Count, found.Breaches
	}
	return s.render(w, r, a, http.StatusOK, "audit", v)
}

// auditCSV gives the log as a file, to be looked at elsewhere: who by id, as it is sealed.
func (s *Server) auditCSV(w http.ResponseWriter, r *http.Request, a guard.Actor) error {
	rows := [][]string{{"number", "at", "actor", "what", "on", "detail", "previous", "digest"}}
	for from := int64(0); ; {
		deeds, err := s.Store.Deeds(r.Context(), a.District, from, 1000)
		if err != nil {
			return err
		}
		for _, x := range deeds {
			rows = append(rows, []string{strconv.FormatInt(x.Number, 10), x.At.UTC().Format(time.RFC3339Nano), string(x.Actor), x.What, x.On, strings.ReplaceAll(x.Detail, "\n", " "), x.Previous, x.Digest})
			from = x.Number + 1
		}
		if len(deeds) < 1000 {
			return writeCSV(w, r, "audit.csv", rows)
		}
	}
}
