package study

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"waymark/internal/fault"
	"waymark/internal/study/effect"
)

// Finding is one row of a table of findings, as the What Works Clearinghouse reports them.
type Finding struct {
	Line int    `json:"line"`
	ID   string `json:"id,omitempty"`
	N    number `json:"n"`
	// G is Hedges' g, or the Cox index of two shares; ClusterG is corrected for assignment by cluster.
	G           number           `json:"g"`
	SE          number           `json:"se"`
	Improvement number           `json:"improvementIndex"`
	T           number           `json:"t"`
	P           number           `json:"p"` // as if students had been assigned one by one
	ICC         number           `json:"icc"`
	ClusterT    number           `json:"clusterT"`
	ClusterDF   number           `json:"clusterDF"`
	ClusterP    number           `json:"clusterP"`
	ClusterG    number           `json:"clusterG"`
	Attrition   *AttritionResult `json:"attrition,omitempty"`
	Note        string           `json:"note,omitempty"`
}

// findingColumns are names under which tables of findings know their columns, without case,
// spaces and punctuation.
var findingColumns = map[string][]string{
	"id":        {"id", "finding", "findingid", "fid", "outcome", "outcomemeasure", "row"},
	"nt":        {"nt", "ntreatment", "ntreated", "treatmentn", "nintervention", "interventionn", "interventionsamplesize", "interventiongroupsamplesize", "ninterventiongroup", "isamplesize", "samplesizeintervention", "samplesizet", "n1", "ni"},
	"nc":        {"nc", "ncontrol", "ncomparison", "controln", "comparisonn", "comparisonsamplesize", "comparisongroupsamplesize", "ncomparisongroup", "csamplesize", "samplesizecomparison", "samplesizec", "n0", "n2"},
	"n":         {"n", "ntotal", "totaln", "samplesize", "outcomesamplesize", "totalsamplesize", "ntot"},
	"mt":        {"meant", "mt", "meantreatment", "meanintervention", "interventionmean", "interventiongroupmean", "treatmentmean", "mean1", "mi"},
	"mc":        {"meanc", "mc", "meancontrol", "meancomparison", "comparisonmean", "comparisongroupmean", "controlmean", "mean0", "mean2"},
	"st":        {"sdt", "st", "sdtreatment", "sdintervention", "interventionsd", "interventionstandarddeviation", "interventiongroupstandarddeviation", "treatmentsd", "sd1", "sdi"},
	"sc":        {"sdc", "sc", "sdcontrol", "sdcomparison", "comparisonsd", "comparisonstandarddeviation", "comparisongroupstandarddeviation", "controlsd", "sd0", "sd2"},
	"pt":        {"pt", "sharet", "proportiont", "proportiontreatment", "interventionproportion"},
	"pc":        {"pc", "sharec", "proportionc", "proportioncontrol", "comparisonproportion"},
	"g":         {"g", "effectsize", "effectsizewwc", "es", "hedgesg"},
	"clusters":  {"clusters", "nclusters", "clustercount", "clusterstotal", "totalclusters", "numberofclusters"},
	"clusterst": {"clusterst", "nclusterst", "clustersintervention", "interventionclusters", "interventionclusterssamplesize", "treatmentclusters", "clusterstreatment"},
	"clustersc": {"clustersc", "nclustersc", "clusterscomparison", "comparisonclusters", "comparisonclusterssamplesize", "controlclusters", "clusterscontrol"},
	"icc":       {"icc", "rho", "intraclasscorrelation"},
	"domain":    {"domain", "outcomedomain"},
	"assignedt": {"assignedt", "nassignedt", "assignedtreatment", "assignedintervention"},
	"assignedc": {"assignedc", "nassignedc", "assignedcontrol", "assignedcomparison"},
}

// Defaults of the intraclass correlation where a row tells clusters and nothing more (WWC
// Procedures Handbook, section VI).
const (
	ICCAchievement = .20
	ICCOther       = .10
)

// Findings reads a table of findings and reckons each: g and its improvement index from sizes,
// means and standard deviations, or from shares, or from a g that is told; its p value as if
// students had been assigned one by one, and that for assignment by cluster at the row's
// intraclass correlation, else at icc, else at .20 for achievement and .10 for other domains.
// A row that cannot be reckoned has a note that says why.
func Findings(r io.Reader, file string, icc float64) ([]Finding, error) {
	in := csv.NewReader(r)
	in.FieldsPerRecord = -1
	head, err := in.Read()
	if err != nil {
		return nil, fault.New(fault.Invalid, "%s has no header (%v). The first line names the columns.", file, err)
	}
	at := map[string]int{}
	for key, names := range findingColumns {
		best := len(names)
		for k, h := range head {
			if i := slices.Index(names, bare(h)); i >= 0 && i < best {
				best, at[key] = i, k
			}
		}
	}
	has := func(key string) bool { _, ok := at[key]; return ok }
	if !has("nt") && !has("n") || !has("g") && !(has("mt") && has("mc") && has("st") && has("sc")) && !(has("pt") && has("pc")) {
		return nil, fault.New(fault.Invalid, "%s, line 1: a table of findings needs n_t and n_c, and means with standard deviations (mean_t, mean_c, sd_t, sd_c), or shares (p_t, p_c), or g. It has %s.", file, strings.Join(head[:min(len(head), 20)], ", "))
	}
	var out []Finding
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fault.New(fault.Invalid, "%s: %v. Correct the row.", file, err)
		}
		line, _ := in.FieldPos(0)
		f := Finding{Line: line}
		cell := func(key string) string {
			if k, ok := at[key]; ok && k < len(row) {
				return strings.TrimSpace(row[k])
			}
			return ""
		}
		bad := ""
		num := func(key string) float64 {
			text := strings.ReplaceAll(cell(key), ",", "")
			if missing(text) {
				return math.NaN()
			}
			v, err := strconv.ParseFloat(text, 64)
			if err != nil {
				bad = fmt.Sprintf("%s is %q, which is not a number", head[at[key]], text)
				return math.NaN()
			}
			return v
		}
		f.ID = cell("id")
		f.reckon(num, cell("domain"), icc)
		if bad != "" {
			f.Note = strings.TrimPrefix(f.Note+"; "+bad, "; ")
		}
		out = append(out, f)
	}
}

// bare strips a column name down to its letters and digits.
func bare(name string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(name) {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			b.WriteRune(c)
		}
	}
	return strings.TrimPrefix(b.String(), "wwc")
}

func (f *Finding) reckon(num func(string) float64, domain string, icc float64) {
	nan := number(math.NaN())
	f.N, f.G, f.SE, f.Improvement, f.T, f.P, f.ICC, f.ClusterT, f.ClusterDF, f.ClusterP, f.ClusterG = nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan
	t := effect.Group{N: num("nt"), Mean: num("mt"), SD: num("st")}
	c := effect.Group{N: num("nc"), Mean: num("mc"), SD: num("sc")}
	if n := num("n"); math.IsNaN(t.N) || math.IsNaN(c.N) {
		t.N, c.N = n/2, n/2
		if !math.IsNaN(n) {
			f.Note = "only the whole sample is told; it is taken as two halves"
		}
	}
	n := t.N + c.N
	if !(t.N >= 1 && c.N >= 1 && n >= 4) {
		f.Note = "the sizes of the two groups are not known"
		if g := num("g"); !math.IsNaN(g) {
			f.G, f.Improvement = number(g), number(effect.Improvement(g))
		}
		return
	}
	f.N = number(n)
	var g float64
	switch pt, pc := num("pt"), num("pc"); {
	case !math.IsNaN(t.Mean) && !math.IsNaN(c.Mean) && t.SD > 0 && c.SD > 0:
		g = effect.Hedges(t, c).G
	case pt >= 0 && pt <= 1 && pc >= 0 && pc <= 1:
		g = effect.Cox(pt, pc, t.N, c.N)
	default:
		share := func(x, most float64) bool { return x >= 0 && x <= most }
		if g = num("g"); !math.IsNaN(g) {
			f.Note = strings.TrimPrefix(f.Note+"; g is taken as told", "; ")
		} else if share(t.Mean, 1) && share(c.Mean, 1) {
			g = effect.Cox(t.Mean, c.Mean, t.N, c.N)
			f.Note = strings.TrimPrefix(f.Note+"; means without standard deviations are taken as shares", "; ")
		} else if share(t.Mean, 100) && share(c.Mean, 100) {
			g = effect.Cox(t.Mean/100, c.Mean/100, t.N, c.N)
			f.Note = strings.TrimPrefix(f.Note+"; means without standard deviations are taken as percent", "; ")
		}
	}
	if math.IsNaN(g) {
		f.Note = strings.TrimPrefix(f.Note+"; there are no means with standard deviations, shares or g", "; ")
		return
	}
	se := math.Sqrt(n/(t.N*c.N) + g*g/(2*n))
	f.G, f.SE, f.Improvement, f.T = number(g), number(se), number(effect.Improvement(g)), number(g/se)
	f.P = number(effect.P(g/se, n-2))
	clusters := num("clusters")
	if a, b := num("clusterst"), num("clustersc"); math.IsNaN(clusters) && a > 0 && b > 0 {
		clusters = a + b
	}
	if clusters >= 2 && clusters < n {
		rho := num("icc")
		switch {
		case !math.IsNaN(rho):
		case icc > 0:
			rho = icc
		case achievement(domain):
			rho = ICCAchievement
		default:
			rho = ICCOther
		}
		k := effect.CorrectClusters(g/se, g, n, clusters, rho)
		f.ICC, f.ClusterT, f.ClusterDF, f.ClusterP, f.ClusterG = number(rho), number(k.T), number(k.DF), number(k.P), number(k.G)
	}
	if a, b := num("assignedt"), num("assignedc"); a >= t.N && b >= c.N {
		if lost, err := effect.AttritionOf(int(a), int(t.N), int(b), int(c.N)); err == nil {
			f.Attrition = &AttritionResult{lost.Overall, lost.Differential, lost.Cautious, lost.Optimistic}
		}
	}
}

// achievement reports whether a domain is about what students know; an unnamed one is.
func achievement(domain string) bool {
	d := strings.ToLower(domain)
	for _, other := range []string{"behavi", "attend", "engage", "social", "emotion", "graduat", "dropout", "complet", "staying", "progressing", "attitude", "enroll", "employ", "credential", "disciplin"} {
		if strings.Contains(d, other) {
			return false
		}
	}
	return true
}
