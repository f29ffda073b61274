//go:build race

package contract_test

import "time"

// A reader without a bound would not get far in 200 ms under the race detector either: memory is measured by the run
// on engines, which is without it. That each call ends with its context shows in any time.
const hostileTime = 10 * time.Millisecond
