package sandbox

import "os"

// scan lists a directory. Windows tells all about its files with it.
func scan(dir string) ([]entry, error) {
	list, err := os.ReadDir(dir)
	entries := make([]entry, 0, len(list))
	for _, d := range list {
		st, err := d.Info()
		if err != nil {
			continue // gone again
		}
		entries = append(entries, entry{d.Name(), st.Mode().Type(), attributesOf(st)})
	}
	return entries, err
}
