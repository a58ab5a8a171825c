package takes

import "errors"

// InUse tells whether the session in a folder is being recorded, by this process or another.
func InUse(dir string) bool {
	held, err := lockFolder(dir, false)
	if err == nil {
		_ = held.Close() // read only
	}
	return errors.Is(err, ErrInUse)
}
