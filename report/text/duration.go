package text

import (
	"fmt"
	"time"

	units "github.com/docker/go-units"
)

// KitchenDuration writes a duration as Test Kitchen does: "(0m3.20s)".
func KitchenDuration(d time.Duration) string {
	// Rounded first, so that 59.999 s is 1m0.00s and not 0m60.00s.
	d = d.Round(10 * time.Millisecond)
	minutes := int64(d / time.Minute)
	return fmt.Sprintf("(%dm%.2fs)", minutes, (d % time.Minute).Seconds())
}

// ShortDuration writes a duration for people in little room: "3.2s", "1m05s", "2h07m".
func ShortDuration(d time.Duration) string {
	switch {
	case d < 0:
		return "0.0s"
	case d < 59950*time.Millisecond:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Hour-500*time.Millisecond:
		d = d.Round(time.Second)
		return fmt.Sprintf("%dm%02ds", d/time.Minute, (d%time.Minute)/time.Second)
	default:
		d = d.Round(time.Minute)
		return fmt.Sprintf("%dh%02dm", d/time.Hour, (d%time.Hour)/time.Minute)
	}
}

// Size writes a number of bytes for people: "1.5kB".
func Size(n int64) string { return units.HumanSizeWithPrecision(float64(n), 3) }
