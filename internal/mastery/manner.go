package mastery

import "math"

// Progress is how a student comes along on one competency, in two views of learning. In
// the sudden view a competency is there or not, and any piece may bring it (Corbett &
// Anderson 1995); in the gradual view success grows a little with every piece.
type Progress struct {
	There         float64 // sudden: the chance that it is there, after the latest piece
	Spent         float64 // sudden: how many pieces went by while it was not
	Level, Spread float64 // gradual: log-odds of success after the latest piece, and their variance
}

// Manner is how one student learns, as their own pieces show.
type Manner struct {
	Sudden         float64 // by how much, in log-odds, the sudden view foretold the pieces better
	Success, First float64 // how the first pieces on something new went, and how many there were
	Held, Foreseen float64 // how what was there went when it came back after days, and would have with nothing lost
}

// The sudden view: the chance that something is there before any piece, of success though
// it is not, and of none though it is. A piece brings what is not there as often as in
// brought of brought and missed pieces; all that go by without it are missed too.
const (
	thereFirst = 0.2
	lucky      = 0.165
	careless   = 0.08
	brought    = 1.2
	missed     = 4.0
)

// The gradual view: the usual success on the first pieces on something new, worth so many
// pieces, and the variance of its level; what each piece adds to level and variance; and
// the level from which on something is there.
const (
	usualSuccess = 0.4
	usualWorth   = 9.0
	firstSpread  = 1.0
	rise         = 0.1
	wander       = 0.02
	grown        = 1.3
)

const (
	sitting     = 3    // pieces that something new takes, or a sitting has
	mostlyThere = 0.8  // chance from which on what comes back is something that was there
	backAfter   = 2.0  // days
	lostAfter   = 14.0 // days after which as much is lost as will be
	nothingLost = 10.0 // pieces that this first belief is worth
	littleLost  = 0.05 // may be chance
	usualSudden = 4.0  // the sudden view holds unless the pieces speak against it
	mostSudden  = 20.0
)

// lost is the share of what was there that is not after long.
func (m Manner) lost() float64 {
	return max(0, 1-littleLost-(m.Held+nothingLost)/(m.Foreseen+nothingLost))
}

// faded is how much of what is lost after long is lost after so many days.
func faded(days float64) float64 { return max(0, min(1, days/lostAfter)) }

// fresh is what is expected of something new.
func (m Manner) fresh() Progress {
	return Progress{There: thereFirst, Level: logit((m.Success + usualSuccess*usualWorth) / (m.First + usualWorth)), Spread: firstSpread}
}

// follow returns progress and manner after a piece with some share of success, the n-th
// but for those before, so many days after the one before it.
func (m Manner) follow(p Progress, n int, share, days float64) (Progress, Manner) {
	if p.Spread == 0 {
		p, days = m.fresh(), 0
	}
	lost := m.lost() * faded(days)
	if n < sitting {
		m.First++
		m.Success += share
	}
	if days >= backAfter && p.There >= mostlyThere {
		m.Foreseen += p.succeeds()
		m.Held += share
	}
	p.There *= 1 - lost
	soft := gauss{p.Level, p.Spread}.soften()
	s := sigmoid(p.Level * soft)
	gradual := guess + (1-guess-slip)*s
	sudden := p.succeeds()
	m.Sudden += share*math.Log(sudden/gradual) + (1-share)*math.Log((1-sudden)/(1-gradual))
	m.Sudden = max(-mostSudden, min(mostSudden, m.Sudden))

	there := p.There * math.Pow(1-careless, share) * math.Pow(careless, 1-share)
	not := (1 - p.There) * math.Pow(lucky, share) * math.Pow(1-lucky, 1-share)
	p.There = there / (there + not)
	learns := p.learns()
	p.Spent += 1 - p.There
	p.There += (1 - p.There) * learns

	slope := (1 - guess - slip) * s * (1 - s) * soft
	gain := p.Spread * slope / (slope*slope*p.Spread + gradual*(1-gradual))
	p.Level += gain*(share-gradual) + rise
	p.Spread += wander - gain*slope*p.Spread
	return p, m
}

// succeeds is the chance of success, as the sudden view foretells it.
func (p Progress) succeeds() float64 { return p.There*(1-careless) + (1-p.There)*lucky }

// learns is the chance that a piece brings what is not there.
func (p Progress) learns() float64 { return brought / (brought + missed + p.Spent) }

// Foresight tells what a sitting on a competency may do for a student.
type Foresight struct {
	sudden float64 // the chance that the student learns suddenly
	lost   float64
	fresh  Progress
	new    Outlook // of something new
}

// Foresight returns what a student's manner lets expect.
func (m Manner) Foresight() Foresight {
	f := Foresight{sudden: sigmoid(m.Sudden + usualSudden), lost: m.lost(), fresh: m.fresh()}
	f.new = f.outlook(f.fresh, 0, 0)
	return f
}

// Sure returns the chance that a competency is there. doubt, in log-odds, is what speaks
// against it elsewhere.
func (f *Foresight) Sure(e *Estimate, doubt float64) (sure float64) {
	p := e.Progress
	if p.Spread == 0 {
		p = f.fresh
	}
	if f.sudden > little {
		sure = f.sudden * p.doubted(doubt)
	}
	if f.sudden < 1-little {
		sure += (1 - f.sudden) * sigmoid(p.steep()*(p.Level-grown))
	}
	return sure
}

// little is a chance that makes no difference.
const little = 0.01

// doubted is There with what speaks against it.
func (p Progress) doubted(doubt float64) float64 {
	if doubt == 0 {
		return p.There
	}
	return p.There / (p.There + (1-p.There)*math.Exp(doubt))
}

// steep makes the logistic distribution out of the normal one of Level.
func (p Progress) steep() float64 { return 1.7 / math.Sqrt(p.Spread) }

// Outlook is what a sitting on a competency may do.
type Outlook struct {
	Learn float64 // the chance that it is not and comes to be, in each of the next sittings
	Keep  float64 // the chance that it was there, is lost and comes back
}

// Outlook returns what a sitting on a competency may do; see [Foresight.Sure].
func (f *Foresight) Outlook(e *Estimate, doubt float64) Outlook {
	if e.Spread == 0 {
		return f.new
	}
	return f.outlook(e.Progress, e.Age.Hours()/24, doubt)
}

func (f *Foresight) outlook(p Progress, days, doubt float64) (o Outlook) {
	if f.sudden > little {
		there := p.doubted(doubt)
		miss := 1 - p.learns()
		o.Learn = f.sudden * (1 - there) * (1 - miss*miss*miss)
		o.Keep = f.sudden * there * f.lost * faded(days)
	}
	if f.sudden < 1-little {
		steep := p.steep()
		now := sigmoid(steep * (p.Level - grown))
		best := 0.0
		for _, k := range [...]float64{1, 2, 4} {
			best = max(best, (sigmoid(steep*(p.Level+k*sitting*rise-grown))-now)/k)
		}
		o.Learn += (1 - f.sudden) * best
	}
	return o
}
