package received

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"orionbox/firmware/takes"
)

const ownerFile = "artist.json"

// Owner is whose a folder is.
type Owner struct {
	Box     string `json:"box"`     // id at the hub
	Name    string `json:"name"`    // of the person
	Session string `json:"session"` // of the artist's own, as her box named it
}

// Check is an error for one that no box has, whoever sent it.
func (o Owner) Check() error {
	if o.Box == "" {
		return errors.New("whose it is must be named by the id of a box")
	}
	return errors.Join(takes.CheckPerson(o.Box, o.Name), takes.CheckSession(o.Session))
}

// key is the owner without the name, which a person may change.
func (o Owner) key() Owner { return Owner{Box: o.Box, Session: o.Session} }

// parseOwner reads artist.json.
func parseOwner(data []byte) (o Owner, err error) {
	if err := json.Unmarshal(data, &o); err != nil {
		return Owner{}, fmt.Errorf("read %s: %w", ownerFile, err)
	}
	if err := o.Check(); err != nil {
		return Owner{}, fmt.Errorf("read %s: %w", ownerFile, err)
	}
	return o, nil
}

// maxJSON is the longest of our small files that is read, in bytes.
const maxJSON = 64 << 10

// readSmall reads a file that is not longer than that.
func readSmall(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err = errors.Join(err, f.Close()); err == nil && int64(len(data)) > most {
		err = fmt.Errorf("%s is longer than %d bytes: no box wrote it", path, most)
	}
	return data, err
}

// Place is where the folder of an artist's session is.
type Place struct {
	Dir   string
	Owner Owner
}

// OwnerOf is whose a folder is; fs.ErrNotExist if it does not tell.
func OwnerOf(dir string) (Owner, error) {
	data, err := readSmall(filepath.Join(dir, ownerFile), maxJSON)
	if err != nil {
		return Owner{}, fmt.Errorf("read %s: %w", ownerFile, err)
	}
	return parseOwner(data)
}

// List finds all folders below root, by their places. It reads only, whoever writes there. A folder whose artist.json cannot
// be read is nobody's.
func List(root string) ([]Place, error) {
	var all []Place
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission) && path != root:
			return nil // gone just now, or somebody's own
		case err != nil:
			return err
		case e.IsDir() && path != root && strings.HasPrefix(e.Name(), "."):
			return fs.SkipDir
		case e.Name() != ownerFile || !e.Type().IsRegular():
			return nil
		}
		if o, err := OwnerOf(filepath.Dir(path)); err == nil {
			all = append(all, Place{filepath.Dir(path), o})
		}
		return nil
	})
	if err != nil {
		return all, fmt.Errorf("list what was received: %w", err)
	}
	return all, nil
}
