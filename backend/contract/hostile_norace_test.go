//go:build !race

package contract_test

import "time"

const hostileTime = 200 * time.Millisecond
