package cli

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// joinConcurrency writes "-c 4", "-c4" and "-fc 4" as "-c=4" and "-fc=4". The number is optional, as in Test Kitchen,
// and the flag library takes an optional value only when it is joined.
func joinConcurrency(root *cobra.Command, args []string) []string {
	cmd, _, err := root.Find(args)
	if err != nil {
		return args
	}
	flag := cmd.Flags().Lookup("concurrency")
	if flag == nil {
		return args
	}
	var out []string
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			return append(out, args[i:]...)
		}
		head, number := arg, ""
		if arg != "--"+flag.Name {
			head, number = splitShort(cmd, flag, arg)
		}
		if head != "" && number == "" && i+1 < len(args) && isNumber(args[i+1]) {
			i++
			number = args[i]
		}
		if head != "" && number != "" {
			arg = head + "=" + number
		}
		out = append(out, arg)
	}
	return out
}

// splitShort cuts an argument such as "-fc4" after the letter of a flag, or returns no head when the argument does not
// end with that flag and a number. The letters before it are flags without a value.
func splitShort(cmd *cobra.Command, flag *pflag.Flag, arg string) (head, number string) {
	letters, short := strings.CutPrefix(arg, "-")
	if !short {
		return "", ""
	}
	for i := range letters {
		f := cmd.Flags().ShorthandLookup(letters[i : i+1])
		switch {
		case f == nil:
			return "", ""
		case f == flag:
			if rest := letters[i+1:]; rest == "" || isNumber(rest) {
				return arg[:i+2], rest
			}
			return "", ""
		case f.NoOptDefVal == "":
			return "", ""
		}
	}
	return "", ""
}

func isNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
