package mp3

import (
	"os"
)

// body is a file from its Info frame on: what stands before that is a tag. All offsets count from there.
type body struct {
	file *os.File
	at   int64 // of the Info frame in the file
	size int64 // from there to the end of the file
}

// bodyOf skips the tag of a file.
func bodyOf(f *os.File) (body, error) {
	stat, err := f.Stat()
	if err != nil {
		return body{}, err
	}
	at, err := id3Length(f)
	return body{file: f, at: at, size: max(0, stat.Size()-at)}, err
}

func (b body) ReadAt(data []byte, off int64) (int, error)  { return b.file.ReadAt(data, b.at+off) }
func (b body) WriteAt(data []byte, off int64) (int, error) { return b.file.WriteAt(data, b.at+off) }

func (b body) truncate(size int64) error { return b.file.Truncate(b.at + size) }
