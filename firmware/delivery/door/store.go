package door

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tus/tusd/v2/pkg/filestore"
	"github.com/tus/tusd/v2/pkg/handler"

	"orionbox/firmware/takes"
)

// store is a store of tusd's, and what the door needs besides.
type store interface {
	handler.DataStore
	handler.TerminaterDataStore
	handler.LengthDeferrerDataStore
	handler.ContentServerDataStore
	useIn(*handler.StoreComposer)
	free() (int64, error)                                  // bytes
	sync(ctx context.Context, info handler.FileInfo) error // brings an upload that is all there to where it outlasts a loss of power
	slice() int64                                          // bytes that a box should send at once at the least, while a file grows; 0: any
	String() string
}

func openStore(place, dir string) (store, error) {
	if name, ok := strings.CutPrefix(place, "s3://"); ok {
		return openBucket(name, tempOf(dir))
	}
	return openFolder(place)
}

// folder keeps uploads in a folder: ID and ID.info.
type folder struct {
	filestore.FileStore
}

func openFolder(dir string) (store, error) {
	dir, err := filepath.Abs(dir) // which tusd writes into each .info
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return nil, fmt.Errorf("%w; set [Hub] store to a folder that can be written", err)
	}
	s := filestore.New(dir)
	s.DirModePerm, s.FileModePerm = 0o700, 0o600
	return folder{s}, nil
}

func (f folder) useIn(c *handler.StoreComposer) {
	c.UseCore(f)
	c.UseTerminater(f)
	c.UseLengthDeferrer(f)
	c.UseContentServer(f)
}

// GetUpload does not find an upload whose .info was cut by a loss of power: its box makes it anew.
func (f folder) GetUpload(ctx context.Context, id string) (handler.Upload, error) {
	u, err := f.FileStore.GetUpload(ctx, id)
	var broken *json.SyntaxError
	if errors.As(err, &broken) {
		return nil, handler.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return kept{u}, nil
}

func (f folder) free() (int64, error) { return takes.Free(f.Path) }

func (f folder) slice() int64 { return 0 }

func (f folder) sync(_ context.Context, info handler.FileInfo) error {
	for _, path := range []string{info.Storage[filestore.StorageKeyPath], info.Storage[filestore.StorageKeyInfoPath], f.Path} {
		file, err := os.Open(path)
		if err == nil {
			err = errors.Join(file.Sync(), file.Close())
		}
		if err != nil {
			return fmt.Errorf("bring what was sent to the disk: %w", err)
		}
	}
	return nil
}

func (f folder) String() string { return f.Path }
