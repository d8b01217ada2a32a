package study

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"waymark/internal/fault"
)

// Lot is what an assignment by lot gave a unit.
type Lot struct {
	Unit    string `json:"unit"`
	Block   string `json:"block"`
	Treated bool   `json:"treated"`
	Wave    int    `json:"wave,omitempty"` // of a stepped roll-out: 1 begins first
}

// Draw is how units are assigned by lot.
type Draw struct {
	Share float64 // that gets the practice; ½ where 0
	Pairs bool    // blocks are made of units that are next to each other in the value that is given
	Waves int     // of a stepped roll-out, in which all get the practice in the end; none where 0
	Seed  uint64
}

// Assign assigns units by lot, within blocks, so that the share in each block is as near as can
// be; which unit a remainder falls to is drawn too. blocks and values have one entry for each
// unit and may be nil. The same units in any order get the same lots.
func Assign(units, blocks []string, values []float64, d Draw) ([]Lot, error) {
	if d.Share == 0 {
		d.Share = .5
	}
	if !(d.Share > 0 && d.Share < 1) {
		return nil, fault.Field("share", "The share %v must lie between 0 and 1.", d.Share)
	}
	lots := make([]Lot, len(units))
	order := make([]int, len(units))
	seen := map[string]bool{}
	for i, u := range units {
		if u == "" || seen[u] {
			return nil, fault.Field("unit", "The unit %q is empty or there twice.", u)
		}
		seen[u] = true
		lots[i].Unit = u
		if blocks != nil {
			lots[i].Block = blocks[i]
		}
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		by := cmp.Compare(lots[a].Block, lots[b].Block)
		if d.Pairs && values != nil {
			by = cmp.Or(by, cmp.Compare(values[a], values[b]))
		}
		return cmp.Or(by, cmp.Compare(units[a], units[b]))
	})
	if d.Pairs {
		if values == nil {
			return nil, fault.Field("pairs", "Pairs need a value by which units are alike.")
		}
		pair := 0
		for k := 0; k < len(order); {
			block, end := lots[order[k]].Block, k
			for end < len(order) && lots[order[end]].Block == block {
				end++
			}
			for from := k; from < end; {
				to := min(from+2, end)
				if end-to == 1 { // the last three of a block stay together
					to = end
				}
				pair++
				name := fmt.Sprintf("%s pair %d", block, pair)
				drawBlock(lots, order[from:to], name, d)
				for _, i := range order[from:to] {
					lots[i].Block = strings.TrimSpace(name)
				}
				from = to
			}
			k = end
		}
		return lots, nil
	}
	for k := 0; k < len(order); {
		end := k
		for end < len(order) && lots[order[end]].Block == lots[order[k]].Block {
			end++
		}
		drawBlock(lots, order[k:end], lots[order[k]].Block, d)
		k = end
	}
	return lots, nil
}

// drawBlock draws within one block, by the seed and the block's name.
func drawBlock(lots []Lot, members []int, name string, d Draw) {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	rng := rand.New(rand.NewPCG(d.Seed, h.Sum64()))
	drawn := slices.Clone(members)
	rng.Shuffle(len(drawn), func(i, j int) { drawn[i], drawn[j] = drawn[j], drawn[i] })
	if d.Waves > 0 {
		first := rng.IntN(d.Waves) // which wave gets a remainder
		for k, i := range drawn {
			lots[i].Wave = (first+k)%d.Waves + 1
			lots[i].Treated = lots[i].Wave == 1
		}
		return
	}
	want := d.Share * float64(len(drawn))
	n := int(math.Floor(want))
	if rng.Float64() < want-float64(n) {
		n++
	}
	for _, i := range drawn[:n] {
		lots[i].Treated = true
	}
}
