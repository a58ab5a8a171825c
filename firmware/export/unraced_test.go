//go:build !race

package export

// longest is how long the long session of the tests is, in seconds.
const longest = 3600.0
