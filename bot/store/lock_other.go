//go:build !unix

package store

import "os"

// unlock does nothing: where closing the file lets go of its lock, that is enough.
func unlock(*os.File) {}
