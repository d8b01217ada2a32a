package tabular

import "strings"

// Safe returns cell so that a spreadsheet shows it as text and never runs it: a
// cell that begins like a formula gets a leading apostrophe. Numbers, such as
// -1.5 or +3, stay as they are. Use it on every text cell of a CSV file that we
// write; cells that we read are data and stay untouched.
func Safe(cell string) string {
	if cell == "" || !strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) || plainNumber(cell) {
		return cell
	}
	return "'" + cell
}

// plainNumber reports an optional sign, digits, one optional point with digits,
// and an optional exponent. It is stricter than strconv, which takes 0x1p-2,
// 1_000 and inf.
func plainNumber(s string) bool {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	mantissa, exponent, has := strings.Cut(strings.ToLower(s), "e")
	if has {
		if exponent != "" && (exponent[0] == '-' || exponent[0] == '+') {
			exponent = exponent[1:]
		}
		if !digits(exponent) {
			return false
		}
	}
	whole, part, has := strings.Cut(mantissa, ".")
	if has && part != "" && !digits(part) {
		return false
	}
	return digits(whole) || whole == "" && has && digits(part)
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
