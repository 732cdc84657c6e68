package kernel

import (
	"fmt"
	"io"
	"os"
)

// FileSize returns how long a file is, or -1 where that is not known before it
// has been read: of a pipe, a terminal, a device. It waits for the disk.
func FileSize(path string) (int64, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return 0, err
	case info.IsDir():
		return 0, fmt.Errorf("%s is a directory, not a file", path)
	case !info.Mode().IsRegular():
		return -1, nil
	}
	return info.Size(), nil
}

// OpenFile opens a file to be read. It may wait, for the disk or, if path is a
// named pipe, for somebody to write to it.
func OpenFile(path string) (io.ReadCloser, error) { return os.Open(path) }
