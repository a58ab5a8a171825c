//go:build !race

package director

const stormy = 10_000
