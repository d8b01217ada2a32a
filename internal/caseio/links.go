package caseio

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"waymark/internal/competency"
)

// relation is what an association's type means here.
type relation struct {
	kind    competency.EdgeKind // empty: known, and not used
	reverse bool                // the destination comes first
	child   bool                // hierarchy
	noun    bool                // the type does not say its direction
}

// relations are the association types by lower-case letters alone, so that
// "ext:isPrerequisiteOf" and "ext:is_prerequisite_of" are the same. A type reads from origin to
// destination: "A precedes B", "A requires B". "A prerequisite B" reads both ways;
// it is taken like the standard's own types, A before B, and reported.
var relations = map[string]relation{
	"ischildof":         {child: true},
	"precedes":          {kind: competency.Prerequisite},
	"isprerequisiteof":  {kind: competency.Prerequisite},
	"isprerequisitefor": {kind: competency.Prerequisite},
	"prerequisiteof":    {kind: competency.Prerequisite},
	"prerequisitefor":   {kind: competency.Prerequisite},
	"leadsto":           {kind: competency.Prerequisite},
	"unlocks":           {kind: competency.Prerequisite},
	"enables":           {kind: competency.Prerequisite},
	"supports":          {kind: competency.Related},
	"prerequisite":      {kind: competency.Prerequisite, noun: true},
	"prerequisites":     {kind: competency.Prerequisite, noun: true},
	"hasprerequisite":   {kind: competency.Prerequisite, reverse: true},
	"requires":          {kind: competency.Prerequisite, reverse: true},
	"dependson":         {kind: competency.Prerequisite, reverse: true},
	"buildson":          {kind: competency.Prerequisite, reverse: true},
	"buildsupon":        {kind: competency.Prerequisite, reverse: true},
	"isprecededby":      {kind: competency.Prerequisite, reverse: true},
	"follows":           {kind: competency.Prerequisite, reverse: true},
	"exactmatchof":      {kind: competency.Equivalent},
	"isrelatedto":       {kind: competency.Related},
	"ispeerof":          {kind: competency.Related},
	"ispartof":          {kind: competency.PartOf},
	"replacedby":        {},
	"exemplar":          {},
	"hasskilllevel":     {},
	"istranslationof":   {kind: competency.Translation},
}

func relationOf(kind string) (relation, bool) {
	kind = kind[strings.LastIndexByte(kind, ':')+1:]
	kind = strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, kind)
	rel, ok := relations[kind]
	return rel, ok
}

// place is where an item stands: under whom, and with what sequence number.
type place struct {
	parent competency.ID
	seq    number
	path   string
}

// associations reads hierarchy and edges, and refuses circles in either.
func (rd *reader) associations(raws []json.RawMessage, flags map[competency.ID]bool) error {
	places := map[competency.ID]place{}
	seen := map[competency.Edge]bool{}
	for i, raw := range raws {
		path := fmt.Sprintf("CFAssociations[%d]", i)
		var as association
		if raw[0] != '{' || json.Unmarshal(raw, &as) != nil {
			rd.problem("case.bad_association", path, "", "This association cannot be read and was left out.", "Export the framework again.")
			continue
		}
		rel, known := relationOf(string(as.AssociationType))
		switch {
		case !known:
			rd.problem("case.unknown_association", path+".associationType", string(as.AssociationType),
				"Associations of this type have no meaning here; it was left out.", "For prerequisites use precedes or ext:isPrerequisiteOf.")
		case rel.child:
			rd.child(as, path, places, seen)
		case rel.kind != "":
			rd.edge(as, rel, path, seen)
		}
	}
	if err := rd.hierarchy(places); err != nil {
		return err
	}
	rd.positions(places)
	children := map[competency.ID]bool{}
	for _, c := range rd.f.Items {
		children[c.Parent] = true
	}
	for i := range rd.f.Items {
		c := &rd.f.Items[i]
		c.Assessable = assessable(c.Kind, children[c.ID])
		if b, ok := flags[c.ID]; ok {
			c.Assessable = b
		}
	}
	_, err := competency.NewGraph(rd.f.Items, rd.f.Edges)
	if e, ok := errors.AsType[*competency.CycleError](err); ok {
		return rd.cycle("CFAssociations", e.Path, "The prerequisites form a circle, so none of these can ever be first",
			"Take out one of these associations: each arrow reads “comes before”.")
	}
	return err
}

func (rd *reader) has(id competency.ID) bool {
	_, ok := rd.index[id]
	return ok
}

func (rd *reader) child(as association, path string, places map[competency.ID]place, seen map[competency.Edge]bool) {
	from, to := competency.ID(as.OriginNodeURI.id()), competency.ID(as.DestinationNodeURI.id())
	p := place{seq: as.SequenceNumber, path: path}
	switch {
	case !rd.has(from):
		rd.dangling(path+".originNodeURI", string(from))
		return
	case from == to:
		rd.selfLoop(path, from)
		return
	case string(to) == string(rd.f.ID):
	case rd.has(to):
		p.parent = to
	default:
		rd.dangling(path+".destinationNodeURI", string(to))
		return
	}
	was, twice := places[from]
	if !twice {
		places[from] = p
		return
	}
	if was.parent == p.parent {
		return
	}
	rd.problem("case.second_parent", path, rd.label(from), "The item already stands elsewhere ("+was.path+"); here it is only taken as a part.",
		"Give each item one isChildOf, and use isPartOf for the others.")
	e := competency.Edge{From: from, To: p.parent, Kind: competency.PartOf}
	if p.parent != "" && !seen[e] {
		seen[e] = true
		rd.f.Edges = append(rd.f.Edges, e)
	}
}

func (rd *reader) edge(as association, rel relation, path string, seen map[competency.Edge]bool) {
	from, to := competency.ID(as.OriginNodeURI.id()), competency.ID(as.DestinationNodeURI.id())
	switch {
	case !rd.has(from):
		rd.dangling(path+".originNodeURI", string(from))
		return
	case to == "", !rd.has(to) && rel.kind != competency.Translation: // what is translated may be of another framework
		rd.dangling(path+".destinationNodeURI", string(to))
		return
	case from == to:
		rd.selfLoop(path, from)
		return
	}
	if rel.noun {
		rd.problem("case.direction_assumed", path+".associationType", string(as.AssociationType),
			"The type does not say which item comes first; it was read as “"+rd.label(from)+" comes before "+rd.label(to)+"”.",
			"If that is wrong, export it as ext:hasPrerequisite; if it is right, as precedes.")
	}
	if rel.reverse {
		from, to = to, from
	}
	e := competency.Edge{From: from, To: to, Kind: rel.kind}
	if !seen[e] {
		seen[e] = true
		rd.f.Edges = append(rd.f.Edges, e)
	}
}

func (rd *reader) dangling(field, id string) {
	rd.problem("case.unknown_item", field, id, "No item of this package has that identifier; the association was left out.",
		"If the item belongs to another framework, there is nothing to do. Else add it to CFItems.")
}

func (rd *reader) selfLoop(path string, id competency.ID) {
	rd.problem("case.self_association", path, rd.label(id), "An item is associated with itself; the association was left out.", "Take the association out.")
}

// label names an item as briefly as can be: by code, else by its words.
func (rd *reader) label(id competency.ID) string {
	i, ok := rd.index[id]
	if !ok {
		return string(id)
	}
	c := rd.f.Items[i]
	name := c.Code
	if name == "" {
		name = c.InShort()
	}
	if r := []rune(name); len(r) > 60 {
		name = string(r[:60]) + "…"
	}
	return name
}

func (rd *reader) cycle(field string, path []competency.ID, message, cure string) error {
	names := make([]string, 0, len(path)+1)
	for _, id := range path {
		names = append(names, rd.label(id))
	}
	names = append(names, names[0])
	return rd.fatal("case.cycle", field, "", message+": "+strings.Join(names, " → ")+".", cure)
}

// hierarchy sets the parents after checking that they lead to the top.
func (rd *reader) hierarchy(places map[competency.ID]place) error {
	edges := make([]competency.Edge, 0, len(places))
	for id, p := range places {
		if p.parent != "" {
			edges = append(edges, competency.Edge{From: id, To: p.parent, Kind: competency.Prerequisite})
		}
	}
	_, err := competency.NewGraph(rd.f.Items, edges)
	if e, ok := errors.AsType[*competency.CycleError](err); ok {
		return rd.cycle("CFAssociations", e.Path, "Items stand under one another in a circle", "Take out one of these isChildOf associations: each arrow reads “is a child of”.")
	}
	for i := range rd.f.Items {
		rd.f.Items[i].Parent = places[rd.f.Items[i].ID].parent
	}
	return nil
}

// positions numbers siblings.
func (rd *reader) positions(places map[competency.ID]place) {
	siblings := map[competency.ID][]int{}
	for i, c := range rd.f.Items {
		siblings[c.Parent] = append(siblings[c.Parent], i)
	}
	for _, group := range siblings {
		seq := func(i int) number { return places[rd.f.Items[i].ID].seq }
		used := map[int]bool{}
		for _, i := range group {
			if seq(i).ok {
				used[seq(i).n] = true
			}
		}
		if len(used) == len(group) {
			for _, i := range group {
				rd.f.Items[i].Position = seq(i).n
			}
			continue
		}
		slices.SortStableFunc(group, func(a, b int) int {
			x, y := seq(a), seq(b)
			if x.ok != y.ok { // unnumbered ones come last
				if x.ok {
					return -1
				}
				return 1
			}
			return cmp.Compare(x.n, y.n)
		})
		for k, i := range group {
			rd.f.Items[i].Position = k + 1
		}
	}
}
