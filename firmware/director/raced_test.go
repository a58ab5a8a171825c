//go:build race

package director

// stormy is how many press sequences the test of the panel goes through: under the race detector each takes ten times as long.
const stormy = 400
