package siptest

import "os"

// readFile is a file as it is so far; one that does not exist yet is empty.
func readFile(path string) string {
	text, _ := os.ReadFile(path)
	return string(text)
}
