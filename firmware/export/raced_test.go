//go:build race

package export

// longest is how long the long session of the tests is, in seconds: under the race detector an hour takes ten times as long,
// and shows no more of what it is for.
const longest = 24.0
