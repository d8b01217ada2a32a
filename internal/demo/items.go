package demo

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// asked is a question in the making: with wrong answers it is one to choose from.
type asked struct {
	text, right string
	wrong       []string
}

// written is a question whose answer is written.
func written(right any, text string, args ...any) asked {
	return asked{text: fmt.Sprintf(text, args...), right: fmt.Sprint(right)}
}

// chosen is a question to choose from; wrong answers that are the right one fall away.
func chosen(right any, wrong []any, text string, args ...any) asked {
	q := written(right, text, args...)
	for _, w := range wrong {
		if s := fmt.Sprint(w); s != q.right && !slices.Contains(q.wrong, s) {
			q.wrong = append(q.wrong, s)
		}
	}
	return q
}

const itemsOfEach = 14

// questions make a question on a competency, the harder the larger h (in [0, 1]).
var questions = map[string]func(r *rand.Rand, h float64) asked{
	"MATH.2.OP.2": func(r *rand.Rand, h float64) asked {
		a, b := upTo(r, 11, 30+50*h), upTo(r, 8, 12+40*h)
		return written(a+b, "%d + %d = ?", a, b)
	},
	"MATH.2.OP.3": func(r *rand.Rand, h float64) asked {
		b := upTo(r, 5, 8+40*h)
		a := b + upTo(r, 4, 20+40*h)
		return written(a-b, "%d − %d = ?", a, b)
	},
	"MATH.3.CC.1": func(r *rand.Rand, h float64) asked {
		n, to := upTo(r, 12, 90), 10
		if h > .4 {
			n, to = upTo(r, 120, 980), 100
		}
		down := n / to * to
		right := (n + to/2) / to * to
		return chosen(right, []any{down, down + to, down - to, n}, "Round %d to the nearest %d.", n, to)
	},
	"MATH.3.OP.3": func(r *rand.Rand, h float64) asked {
		a, b := upTo(r, 2, 4+5*h), upTo(r, 3, 6+3*h)
		if h > .6 {
			return written(a, "? × %d = %d", b, a*b)
		}
		return written(a*b, "%d × %d = ?", a, b)
	},
	"MATH.3.OP.5": func(r *rand.Rand, h float64) asked {
		a, b := upTo(r, 110, 300+500*h), upTo(r, 12, 100+150*h)
		if h > .5 {
			return written(a, "%d − %d = ?", a+b, b)
		}
		return written(a+b, "%d + %d = ?", a, b)
	},
	"MATH.3.FR.3": func(r *rand.Rand, h float64) asked {
		n := upTo(r, 1, 1+4*h)
		a := n + 1 + r.IntN(4)
		b := a + 1 + r.IntN(4)
		one, other := fraction(n, a), fraction(n, b)
		if chance(r, .5) {
			one, other = other, one
		}
		return chosen(fraction(n, a), []any{fraction(n, b), "They are the same size", "It cannot be told"}, "Which is bigger, %s or %s?", one, other)
	},
	"MATH.3.ME.1": func(r *rand.Rand, h float64) asked {
		a, b := upTo(r, 2, 4+5*h), upTo(r, 3, 6+6*h)
		return chosen(a*b, []any{2 * (a + b), a + b, a*b + a}, "A rectangle is %d units long and %d units wide. How many unit squares cover it?", b, a)
	},
	"MATH.4.CC.1": func(r *rand.Rand, h float64) asked {
		digit, zeros := 2+r.IntN(7), 1+int(4*h)
		place := 1
		for range zeros {
			place *= 10
		}
		n := (upTo(r, 11, 95)*10+digit)*place + r.IntN(place)
		return chosen(digit*place, []any{digit, digit * place * 10, digit * place / 10}, "In %s, what is the digit %d in the %s place worth?", thousands(n), digit, placeNames[zeros])
	},
	"MATH.4.OP.1": func(r *rand.Rand, h float64) asked {
		a, b := upTo(r, 12, 40+60*h), upTo(r, 3, 9+16*h)
		return written(a*b, "%d × %d = ?", a, b)
	},
	"MATH.4.OP.2": func(r *rand.Rand, h float64) asked {
		b, q := upTo(r, 3, 5+4*h), upTo(r, 4, 10+40*h)
		rest := 1 + r.IntN(b-1)
		return written(rest, "What is left over when %d is divided by %d?", b*q+rest, b)
	},
	"MATH.4.OP.3": func(r *rand.Rand, h float64) asked {
		primes := []int{2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71}
		p := primes[int(h*16)+r.IntN(4)]
		made := []any{p*2 + 4, (p + 1) / 2 * 6, 9 * (3 + r.IntN(3)), 7 * (3 + 2*r.IntN(3))}
		return chosen(p, made, "Which of these numbers is prime?")
	},
	"MATH.4.FR.1": func(r *rand.Rand, h float64) asked {
		n := 1 + r.IntN(1+int(3*h))
		d, k := n+1+r.IntN(4), upTo(r, 2, 3+4*h)
		return written(n*k, "%s = ?/%d. Which number belongs on top?", fraction(n, d), d*k)
	},
	"MATH.4.FR.2": func(r *rand.Rand, h float64) asked {
		a, b := 1+r.IntN(3+int(4*h)), 2+r.IntN(3+int(4*h))
		x, y := a+1+r.IntN(4), b+2+r.IntN(4)
		bigger, other := fraction(a, x), fraction(b, y)
		switch {
		case a*y < b*x:
			bigger, other = other, bigger
		case a*y == b*x:
			return chosen("They are the same size", []any{bigger, other, "It cannot be told"}, "Which is bigger, %s or %s?", bigger, other)
		}
		return chosen(bigger, []any{other, "They are the same size", "It cannot be told"}, "Which is bigger, %s or %s?", fraction(a, x), fraction(b, y))
	},
	"MATH.4.FR.3": func(r *rand.Rand, h float64) asked {
		d := upTo(r, 5, 8+7*h)
		a, b := 1+r.IntN(d/2), 1+r.IntN(d/2-1)
		return chosen(fraction(a+b, d), []any{fraction(a+b, 2*d), fraction(a*b, d), fraction(a+b+1, d)}, "%s + %s = ?", fraction(a, d), fraction(b, d))
	},
	"MATH.4.FR.4": func(r *rand.Rand, h float64) asked {
		n, a := upTo(r, 2, 4+5*h), upTo(r, 1, 2+4*h)
		d := a*n + 1 + r.IntN(4)
		return chosen(fraction(n*a, d), []any{fraction(n*a, n*d), fraction(n+a, d), fraction(a, n*d)}, "%d × %s = ?", n, fraction(a, d))
	},
	"MATH.4.FR.5": func(r *rand.Rand, h float64) asked {
		t, u := 1+r.IntN(8), 1+r.IntN(9)
		if h < .4 {
			return written(fmt.Sprintf("0.%d", t), "Write %s as a decimal.", fraction(t, 10))
		}
		return chosen(fmt.Sprintf("0.%d", t), []any{fmt.Sprintf("0.%d%d", t-1, u), fmt.Sprintf("0.0%d", u)}, "Which is the biggest: 0.%d, 0.%d%d or 0.0%d?", t, t-1, u, u)
	},
	"MATH.5.OP.1": func(r *rand.Rand, h float64) asked {
		a, b := upTo(r, 110, 200+500*h), upTo(r, 11, 20+60*h)
		return written(a*b, "%d × %d = ?", a, b)
	},
	"MATH.5.FR.1": func(r *rand.Rand, h float64) asked {
		b := 3 + r.IntN(3+int(4*h))
		d := b * (b + 1)
		return chosen(fraction(2*b+1, d), []any{fraction(2, 2*b+1), fraction(2, d), fraction(b+1, d)}, "%s + %s = ?", fraction(1, b), fraction(1, b+1))
	},
	"MATH.5.FR.4": func(r *rand.Rand, h float64) asked {
		a, b := upTo(r, 105, 300+400*h), upTo(r, 11, 60+90*h)
		if h > .5 {
			return written(decimal(a), "%s − %s = ?", decimal(a+b), decimal(b))
		}
		return written(decimal(a+b), "%s + %s = ?", decimal(a), decimal(b))
	},
	"MATH.5.ME.1": func(r *rand.Rand, h float64) asked {
		a, b, c := upTo(r, 2, 3+4*h), upTo(r, 3, 5+4*h), upTo(r, 2, 5+6*h)
		return chosen(a*b*c, []any{a + b + c, a*b + c, 2 * (a*b + b*c + a*c)}, "A box is %d cm long, %d cm wide and %d cm high. What is its volume in cubic centimeters?", c, b, a)
	},
	"MATH.6.RP.2": func(r *rand.Rand, h float64) asked {
		n, each := upTo(r, 2, 5+7*h), upTo(r, 3, 8+20*h)
		return written(each, "%d notebooks cost %d dollars. How many dollars is one?", n, n*each)
	},
	"MATH.6.RP.3": func(r *rand.Rand, h float64) asked {
		p := []int{50, 10, 25, 20, 5, 75, 30, 15}[min(7, int(h*6)+r.IntN(2))]
		n := 20 * upTo(r, 2, 8+10*h)
		return written(p*n/100, "What is %d percent of %d?", p, n)
	},
	"MATH.6.NS.2": func(r *rand.Rand, h float64) asked {
		a, b := upTo(r, 2, 6+20*h), upTo(r, 8, 12+30*h)
		c := a + b
		return chosen(-c, []any{-a, a - b, b}, "Which of these numbers is the smallest?")
	},
	"MATH.7.NS.1": func(r *rand.Rand, h float64) asked {
		a, b := upTo(r, 2, 6+20*h), upTo(r, 3, 9+25*h)
		if h > .5 {
			return written(b-a, "−%d − (−%d) = ?", a, b)
		}
		return written(b-a, "−%d + %d = ?", a, b)
	},
	"MATH.7.NS.2": func(r *rand.Rand, h float64) asked {
		a, b := upTo(r, 2, 6+6*h), upTo(r, 3, 7+5*h)
		if h > .5 {
			return written(a, "−%d ÷ (−%d) = ?", a*b, b)
		}
		return written(-a*b, "−%d × %d = ?", a, b)
	},
	"MATH.7.EX.2": func(r *rand.Rand, h float64) asked {
		a, x, b := upTo(r, 2, 4+6*h), upTo(r, 2, 6+9*h), upTo(r, 1, 8+20*h)
		if h > .6 {
			x = -x
		}
		return written(x, "%dx + %d = %d. What is x?", a, b, a*x+b)
	},
	"MATH.8.EX.1": func(r *rand.Rand, h float64) asked {
		m, n := 2+r.IntN(4), 2+r.IntN(3+int(4*h))
		if h > .5 {
			return chosen(fmt.Sprintf("x^%d", m*n), []any{fmt.Sprintf("x^%d", m+n), fmt.Sprintf("%dx^%d", n, m), fmt.Sprintf("x^%d", m*n+1)}, "(x^%d)^%d = ?", m, n)
		}
		return chosen(fmt.Sprintf("x^%d", m+n), []any{fmt.Sprintf("x^%d", m*n+1), fmt.Sprintf("2x^%d", m+n), fmt.Sprintf("x^%d", m+n+1)}, "x^%d · x^%d = ?", m, n)
	},
	"MATH.8.EX.4": func(r *rand.Rand, h float64) asked {
		c, x, b := upTo(r, 2, 3+3*h), upTo(r, 2, 5+7*h), upTo(r, 1, 6+10*h)
		a := c + 1 + r.IntN(2+int(3*h))
		return written(x, "%dx + %d = %dx + %d. What is x?", a, b, c, (a-c)*x+b)
	},
	"MATH.8.GE.2": func(r *rand.Rand, h float64) asked {
		t := [][3]int{{3, 4, 5}, {6, 8, 10}, {5, 12, 13}, {9, 12, 15}, {8, 15, 17}, {12, 16, 20}, {7, 24, 25}, {20, 21, 29}}[min(7, int(6*h)+r.IntN(2))]
		if h > .5 {
			return written(t[0], "A right triangle has a longest side of %d and another side of %d. How long is the third side?", t[2], t[1])
		}
		return written(t[2], "The two short sides of a right triangle are %d and %d. How long is the longest side?", t[0], t[1])
	},
	"MATH.9.AL.4": func(r *rand.Rand, h float64) asked {
		p, q := upTo(r, 1, 3+5*h), upTo(r, 2, 5+6*h)
		form := func(a, b string, x, y int) string {
			return fmt.Sprintf("(x %s %d)(x %s %d)", a, min(x, y), b, max(x, y))
		}
		if h > .5 {
			return chosen(form("−", "−", p, q), []any{form("+", "+", p, q), form("−", "+", p, q), form("−", "−", p+1, q+1)}, "Factor x² − %dx + %d.", p+q, p*q)
		}
		return chosen(form("+", "+", p, q), []any{form("−", "−", p, q), form("−", "+", p, q), form("+", "+", p+1, q+1)}, "Factor x² + %dx + %d.", p+q, p*q)
	},
	"MATH.9.FN.1": func(r *rand.Rand, h float64) asked {
		a, x, b := upTo(r, 2, 4+4*h), upTo(r, 2, 5+4*h), upTo(r, 1, 9)
		if h > .5 {
			return written(x*x-a*x, "f(x) = x² − %dx. What is f(%d)?", a, x)
		}
		return written(a*x+b, "f(x) = %dx + %d. What is f(%d)?", a, b, x)
	},
}

var placeNames = []string{"ones", "tens", "hundreds", "thousands", "ten thousands", "hundred thousands"}

// upTo draws a whole number from low to high, at least one number wide.
func upTo(r *rand.Rand, low int, high float64) int { return low + r.IntN(max(1, int(high)-low+1)) }

func fraction(n, d int) string { return strconv.Itoa(n) + "/" + strconv.Itoa(d) }

// decimal writes hundredths.
func decimal(n int) string { return fmt.Sprintf("%d.%02d", n/100, n%100) }

func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// items writes a bank of questions with parameters as a calibration gives them; they are
// made up like everything here.
func (o *output) items(c *content) {
	s := newSheet("id", "competency", "question", "choices", "answer", "a", "b", "c")
	for _, f := range c.frameworks {
		for _, k := range f.Items {
			ask := questions[k.Code]
			if ask == nil {
				continue
			}
			r := stream(1, "items/"+k.Code)
			seen := map[string]bool{}
			for i := 0; len(seen) < itemsOfEach && i < 20*itemsOfEach; i++ {
				h := float64(len(seen)) / (itemsOfEach - 1)
				q := ask(r, h)
				if seen[q.text+q.right] {
					continue
				}
				seen[q.text+q.right] = true
				guess, choices := "0", ""
				if len(q.wrong) > 0 {
					list := append([]string{q.right}, q.wrong...)
					r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
					guess, choices = fmt.Sprintf("%.2f", 1/float64(len(list))), strings.Join(list, "|")
				}
				s.row(fmt.Sprintf("%s-%02d", strings.ToLower(k.Code), len(seen)), k.Code, q.text, choices, q.right,
					fmt.Sprintf("%.2f", .9+.6*r.Float64()), fmt.Sprintf("%.2f", -1.6+3.2*h+.2*r.NormFloat64()), guess)
			}
		}
	}
	o.sheet(File{Path: "items.csv", Kind: "items"}, s)
}
