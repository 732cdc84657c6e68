package coding_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/qqloop/qqloop/internal/coding"
)

func Example() {
	var body bytes.Buffer
	w := gzip.NewWriter(&body)
	w.Write([]byte("hello, hello, hello"))
	w.Close()

	d, err := coding.New("gzip", coding.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer d.Close()
	print := func(out []byte) bool {
		fmt.Printf("%s\n", out)
		return true
	}
	// As the pieces arrive: here all but the last five bytes, which belong to the
	// checksum, and then the end, which came too early.
	err = d.Decode(body.Bytes()[:body.Len()-5], false, print)
	fmt.Println(err)
	err = d.Decode(nil, true, print)
	fmt.Println(err, errors.Is(err, io.ErrUnexpectedEOF))
	// Output:
	// <nil>
	// hello, hello, hello
	// content coding gzip: the content ends too early true
}
