package console

import "strconv"

// instanceColors are the SGR codes that Test Kitchen gives to instances, in its order: cyan, yellow, green, magenta,
// blue, then the bright ones.
var instanceColors = [...]int{36, 33, 32, 35, 34, 96, 93, 92, 95, 94}

const (
	colorRed    = 31
	colorGreen  = 32
	colorYellow = 33
	colorDim    = 2
)

// palette colours text, or leaves it alone when it is off.
type palette struct{ on bool }

// paint wraps s into an SGR code; code 0 means no colour.
func (p palette) paint(code int, s string) string {
	if !p.on || code == 0 || s == "" {
		return s
	}
	return "\x1b[" + strconv.Itoa(code) + "m" + s + "\x1b[0m"
}

// UseColor decides whether to print colours where no flag says: NO_COLOR (any value) decides first, then FORCE_COLOR and
// CLICOLOR_FORCE (any value but "0"), then whether the output is a terminal that can do colours (TERM is not "dumb").
func UseColor(getenv func(string) string, terminal bool) bool {
	switch {
	case getenv("NO_COLOR") != "":
		return false
	case forced(getenv("FORCE_COLOR")), forced(getenv("CLICOLOR_FORCE")):
		return true
	default:
		return terminal && getenv("TERM") != "dumb"
	}
}

func forced(value string) bool { return value != "" && value != "0" }
