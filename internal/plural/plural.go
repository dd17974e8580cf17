// Package plural counts things in sentences for people, so that one of them is not
// told as "1 records".
package plural

import "fmt"

// Of writes a number with the noun that belongs to it: "1 record", "0 records". The
// words may go on as far as they change with the number: "record was", "records were".
func Of[N int | int64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
