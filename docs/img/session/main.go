// Session makes an SVG that plays itself of the screens that docs/img/session.sh recorded.
package main

import (
	"bufio"
	"cmp"
	"flag"
	"fmt"
	"html"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The size of a character, and how long a screen stays on which nothing happens, in milliseconds.
const (
	width, height = 8.4, 17.0
	longest       = 1500
	ending        = 4000
)

var sequences = regexp.MustCompile("\x1b\\[[0-9;]*m")

// frame is a screen, with its time since the beginning.
type frame struct {
	at   int
	rows []string
}

func main() {
	theme := flag.String("theme", "", "light or dark; empty for that of the reader")
	flag.Parse()
	frames, err := read(flag.Arg(0))
	if err == nil {
		w := bufio.NewWriter(os.Stdout)
		draw(w, frames, *theme)
		err = w.Flush()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "session:", err)
		os.Exit(1)
	}
}

// read reads a directory of screens, each named by its time.
func read(dir string) ([]frame, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		return nil, cmp.Or(err, fmt.Errorf("there are no screens in %q", dir))
	}
	var frames []frame
	now, before := 0, 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		at, err := strconv.Atoi(filepath.Base(file))
		if err != nil {
			return nil, err
		}
		rows := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
		colour := "" // tmux tells changes alone, also from row to row
		for i, row := range rows {
			rows[i] = colour + row
			for _, sequence := range sequences.FindAllString(row, -1) {
				if sequence == "\x1b[0m" || sequence == "\x1b[m" {
					colour = ""
				} else {
					colour += sequence
				}
			}
		}
		if len(frames) > 0 {
			if slices.Equal(rows, frames[len(frames)-1].rows) {
				continue
			}
			now += min(at-before, longest)
		}
		before = at
		frames = append(frames, frame{now, rows})
	}
	return frames, nil
}

// draw writes the picture: each content of a row with the time in which it is there. The last screen is what a viewer
// shows that plays nothing.
func draw(w io.Writer, frames []frame, theme string) {
	end := frames[len(frames)-1].at + ending
	columns, rows := 0, 0
	for _, f := range frames {
		rows = max(rows, len(f.rows))
		for _, row := range f.rows {
			columns = max(columns, plainLength(row))
		}
	}
	light := colours("#fff", "#24292f", "#cf222e", "#116329", "#7d4e00", "#0550ae", "#6e7781")
	dark := colours("#0d1117", "#e6edf3", "#ff7b72", "#3fb950", "#d29922", "#58a6ff", "#8b949e")
	style := light + "@media(prefers-color-scheme:dark){" + dark + "}"
	switch theme {
	case "light":
		style = light
	case "dark":
		style = dark
	}
	size := fmt.Sprintf("%.0f %.0f", float64(columns)*width+24, float64(rows)*height+20)
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" viewBox="0 0 %s">`+
		`<title>A first session with galley</title><style>%s`+
		`text{font:14px monospace;white-space:pre}.b{font-weight:bold}</style>`+
		`<rect x=".5" y=".5" width="%.0f" height="%.0f" rx="6">`+
		`<animate id="l" attributeName="x" values=".5" begin="0s;l.end" dur="%.2fs"/></rect>`+"\n",
		size, style, float64(columns)*width+23, float64(rows)*height+19, float64(end)/1000)
	for y := range rows {
		for i := 0; i < len(frames); {
			text, from := frames[i].row(y), frames[i].at
			for i++; i < len(frames) && frames[i].row(y) == text; i++ {
			}
			until := end
			if i < len(frames) {
				until = frames[i].at
			}
			if text == "" {
				continue
			}
			line := fmt.Sprintf(`<text x="12" y="%.0f" textLength="%.1f"`,
				float64(y)*height+23, float64(plainLength(text))*width)
			switch {
			case from == 0 && until == end:
				fmt.Fprintf(w, "%s>%s</text>\n", line, spans(text))
			case until == end:
				fmt.Fprintf(w, `%s>%s<set attributeName="visibility" to="hidden" begin="l.begin" dur="%.2fs"/></text>`+"\n",
					line, spans(text), float64(from)/1000)
			default:
				fmt.Fprintf(w, `%s visibility="hidden">%s<set attributeName="visibility" to="visible" `+
					`begin="l.begin+%.2fs" dur="%.2fs"/></text>`+"\n",
					line, spans(text), float64(from)/1000, float64(until-from)/1000)
			}
		}
	}
	fmt.Fprintln(w, "</svg>")
}

// colours are the style of a theme.
func colours(background, text, red, green, yellow, blue, grey string) string {
	return fmt.Sprintf("rect{fill:%s;stroke:%s}text{fill:%s}"+
		".c1{fill:%s}.c2{fill:%s}.c3{fill:%s}.c4,.c5,.c6{fill:%s}.c0,.d{fill:%s}",
		background, grey, text, red, green, yellow, blue, grey)
}

func (f frame) row(y int) string {
	if y >= len(f.rows) {
		return ""
	}
	return strings.TrimRight(f.rows[y], " ")
}

// plainLength is the length of a row in characters.
func plainLength(row string) int {
	n := 0
	for _, piece := range strings.Split("m"+row, "\x1b[") {
		_, text, _ := strings.Cut(piece, "m")
		n += utf8.RuneCountInString(text)
	}
	return n
}

// spans writes the row's text, with classes for what its escape sequences say of weight and colour.
func spans(row string) string {
	var out strings.Builder
	var weight, colour string
	for i, piece := range strings.Split(row, "\x1b[") {
		text := piece
		if i > 0 {
			var codes string
			codes, text, _ = strings.Cut(piece, "m")
			for _, code := range strings.Split(codes, ";") {
				switch n, _ := strconv.Atoi(code); {
				case n == 0:
					weight, colour = "", ""
				case n == 1:
					weight = "b"
				case n == 2:
					weight = "d"
				case n == 22:
					weight = ""
				case n >= 30 && n <= 37:
					colour = fmt.Sprintf("c%d", n-30)
				case n == 39:
					colour = ""
				case n >= 90 && n <= 97:
					colour = fmt.Sprintf("c%d", n-90)
				}
			}
		}
		class := strings.TrimSpace(weight + " " + colour)
		switch text = html.EscapeString(text); {
		case text == "":
		case class == "":
			out.WriteString(text)
		default:
			fmt.Fprintf(&out, `<tspan class="%s">%s</tspan>`, class, text)
		}
	}
	return out.String()
}
