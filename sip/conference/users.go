package conference

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ReadUsers reads one `user:password` a line. Blank lines and lines that begin with # are skipped; white space around
// the line and around the user is not part of them; the password is all that follows the first colon. An error names
// the line, never what stands in it, since that may be a password.
func ReadUsers(r io.Reader) (map[string]string, error) {
	users := make(map[string]string)
	lines := bufio.NewScanner(r)
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		if number == 1 {
			line = strings.TrimPrefix(line, "\ufeff")
		}
		if line == "" || line[0] == '#' {
			continue
		}
		user, password, err := splitUser(line)
		if err == nil && users[user] != "" {
			err = errors.New("this user stands further up as well")
		}
		if err != nil {
			return nil, fmt.Errorf("read users: line %d: %w", number, err)
		}
		users[user] = password
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read users: %w", err)
	}
	return users, nil
}

// maxUserName bounds a user name in bytes: it stands in headers and logs.
const maxUserName = 128

func splitUser(line string) (user, password string, err error) {
	user, password, found := strings.Cut(line, ":")
	user = strings.TrimSpace(user)
	switch {
	case !found:
		return "", "", errors.New("no colon: a line is user:password")
	case user == "":
		return "", "", errors.New("no user before the colon")
	case len(user) > maxUserName:
		return "", "", fmt.Errorf("the user name is longer than %d bytes", maxUserName)
	case strings.ContainsFunc(user, unfitForUser):
		return "", "", errors.New("a user name has no spaces, quotes or any of < > @ ; \\")
	case password == "":
		return "", "", errors.New("no password after the colon")
	}
	return user, password, nil
}

// unfitForUser tells the characters that could not stand in the user part of a SIP address as they are.
func unfitForUser(r rune) bool {
	return r <= ' ' || r == 0x7f || strings.ContainsRune(`"<>@;\`, r)
}
