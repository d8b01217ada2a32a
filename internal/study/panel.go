package study

import (
	"math"

	"waymark/internal/fault"
	"waymark/internal/study/linear"
	"waymark/internal/study/rollout"
)

// Panel reads units at times from an extract.
func (f *Frame) Panel(unit, when, outcome, begins, group string) (p rollout.Panel, err error) {
	codes, _ := f.codes(unit)
	times, err := f.numbers(when)
	if err != nil {
		return p, err
	}
	if p.Y, err = f.numbers(outcome); err != nil {
		return p, err
	}
	first, err := f.numbers(begins)
	if err != nil {
		return p, err
	}
	p.Unit = codes
	if group != "" {
		p.Group, _ = f.codes(group)
	}
	for i := range codes {
		if codes[i] < 0 || p.Group != nil && p.Group[i] < 0 {
			return p, fault.New(fault.Invalid, "%s, line %d, %s: it is empty. Fill it in, or take the row out.", f.File, i+2, unit)
		}
		if math.IsNaN(first[i]) {
			first[i] = 0
		}
		for _, x := range []struct {
			column string
			value  float64
		}{{when, times[i]}, {begins, first[i]}} {
			if x.value != math.Trunc(x.value) || math.Abs(x.value) > 1e9 {
				return p, fault.New(fault.Invalid, "%s, line %d, %s: %v is no whole number. Number the times 1, 2, 3 and so on.", f.File, i+2, x.column, x.value)
			}
		}
		p.Time, p.Begins = append(p.Time, int(times[i])), append(p.Begins, int(first[i]))
	}
	return p, nil
}

// RolloutResult is a roll-out's result as it is written.
type RolloutResult struct {
	Units    int            `json:"units"`
	Never    int            `json:"never"`
	Events   []RolloutEvent `json:"events"`
	Overall  RolloutEvent   `json:"overall"`
	Placebo  RolloutEvent   `json:"placebo"`
	PreTrend struct {
		F   number `json:"f"`
		DF1 number `json:"df1"`
		DF2 number `json:"df2"`
		P   number `json:"p"`
	} `json:"preTrend"`
}

// RolloutEvent is an effect with its error.
type RolloutEvent struct {
	At    int    `json:"at"`
	Units int    `json:"units,omitempty"`
	Value number `json:"effect"`
	SE    number `json:"se"`
	Low   number `json:"low"`
	High  number `json:"high"`
	P     number `json:"p"`
}

// RolledOut writes what a roll-out did, with null for what is not known.
func RolledOut(r *rollout.Result) RolloutResult {
	event := func(at, units int, e linear.Estimate) RolloutEvent {
		return RolloutEvent{at, units, number(e.Value), number(e.SE), number(e.Low), number(e.High), number(e.P)}
	}
	out := RolloutResult{Units: r.Units, Never: r.Never, Overall: event(0, 0, r.Overall), Placebo: event(0, 0, r.Placebo)}
	for _, e := range r.Events {
		out.Events = append(out.Events, event(e.At, e.Units, e.Estimate))
	}
	out.PreTrend.F, out.PreTrend.DF1, out.PreTrend.DF2, out.PreTrend.P = number(r.PreTrend.F), number(r.PreTrend.DF1), number(r.PreTrend.DF2), number(r.PreTrend.P)
	return out
}
