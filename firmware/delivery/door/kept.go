package door

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/tus/tusd/v2/pkg/filestore"
	"github.com/tus/tusd/v2/pkg/handler"
	"golang.org/x/sys/unix"

	"orionbox/audio/disk"
)

// kept is an upload in a folder. What tusd does to it is made to stand a full disk, and a loss of power.
type kept struct{ handler.Upload }

// WriteChunk says of a full disk that it is full: the box sends the rest when there is room.
func (k kept) WriteChunk(ctx context.Context, offset int64, src io.Reader) (int64, error) {
	n, err := k.Upload.WriteChunk(ctx, offset, src)
	return n, full(err)
}

// DeclareLength writes ID.info whole or not at all: an upload whose .info was cut would be sent from its start.
func (k kept) DeclareLength(ctx context.Context, length int64) error {
	info, err := k.GetInfo(ctx)
	if err != nil {
		return err
	}
	info.Size, info.SizeIsDeferred = length, false
	data, err := json.Marshal(info)
	if err == nil {
		err = disk.Replace(info.Storage[filestore.StorageKeyInfoPath], data)
	}
	return full(err)
}

// full is the error with which tusd answers when a disk takes no more.
func full(err error) error {
	for _, why := range []error{unix.ENOSPC, unix.EDQUOT, unix.EFBIG} {
		if errors.Is(err, why) {
			return handler.NewError("ERR_REFUSED", "the hub's disk is full: free some there; nothing is lost, the box sends it then", http.StatusInsufficientStorage)
		}
	}
	return err
}

// NewUpload makes an upload.
func (f folder) NewUpload(ctx context.Context, info handler.FileInfo) (handler.Upload, error) {
	u, err := f.FileStore.NewUpload(ctx, info)
	if err != nil {
		return nil, full(err)
	}
	return kept{u}, nil
}

func bare(u handler.Upload) handler.Upload {
	if k, ok := u.(kept); ok {
		return k.Upload
	}
	return u
}

// AsTerminatableUpload and the others are of handler.DataStore's extensions.
func (f folder) AsTerminatableUpload(u handler.Upload) handler.TerminatableUpload {
	return f.FileStore.AsTerminatableUpload(bare(u))
}

// AsLengthDeclarableUpload is told with AsTerminatableUpload.
func (f folder) AsLengthDeclarableUpload(u handler.Upload) handler.LengthDeclarableUpload {
	return kept{bare(u)}
}

// AsServableUpload is told with AsTerminatableUpload.
func (f folder) AsServableUpload(u handler.Upload) handler.ServableUpload {
	return f.FileStore.AsServableUpload(bare(u))
}
