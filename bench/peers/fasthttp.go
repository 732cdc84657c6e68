//go:build linux

package peers

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/url"

	"github.com/valyala/fasthttp"

	"github.com/qqloop/qqloop/bench/load"
)

var fastHTTP = &Peer{
	Name:  "fasthttp",
	Note:  "v1.70.0, HostClient; a goroutine for each request",
	run:   runFastHTTP,
	parse: fastHTTPParser,
	also:  []string{"loops"},
	lacks: map[string]string{"sse": "it gives a stream of bytes, and reads no events"},
}

func runFastHTTP(job *Job, ld load.Load) error {
	u, err := url.Parse(job.URL)
	if err != nil {
		return err
	}
	config, err := job.tls()
	if err != nil {
		return err
	}
	client := &fasthttp.HostClient{
		Addr:                u.Host,
		Name:                Agent,
		IsTLS:               config != nil,
		TLSConfig:           config,
		MaxConns:            job.Conns,
		MaxIdleConnDuration: Patience,
		ReadTimeout:         Patience,
		StreamResponseBody:  job.Long > 0,
	}
	defer client.CloseIdleConnections()
	goroutines(job, ld, func() func() error {
		req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
		req.Header.SetMethod(job.Method)
		req.SetRequestURI(job.URL)
		if body := job.body(); body != nil {
			req.SetBodyRaw(body)
		}
		if job.Fresh {
			req.SetConnectionClose()
		}
		return func() error {
			if job.Reader {
				req.SetBodyStream(&source{job.Upload}, job.Upload)
			}
			if err := client.Do(req, resp); err != nil {
				return err
			}
			if job.Long > 0 {
				n, err := io.Copy(io.Discard, resp.BodyStream())
				if err == nil {
					err = job.right(resp.StatusCode(), int(n), nil)
				}
				resp.CloseBodyStream()
				return err
			}
			body := resp.Body()
			if err := job.right(resp.StatusCode(), len(body), body); err != nil {
				return err
			}
			if job.Chain {
				req.SetRequestURI(job.next(body))
			}
			return nil
		}
	})
	return nil
}

// fastHTTPParser parses a head with ResponseHeader.
func fastHTTPParser() (func() error, error) {
	var h fasthttp.ResponseHeader
	from := bytes.NewReader(nil)
	in := bufio.NewReaderSize(nil, 4096)
	return func() error {
		from.Reset(ResponseHead)
		in.Reset(from)
		if err := h.Read(in); err != nil {
			return err
		}
		// It lists a Connection: keep-alive that it has understood no more.
		if n := h.Len(); h.StatusCode() != 200 || h.ContentLength() != headLength || n < headFields-1 {
			return fmt.Errorf("got %d, %d, %d fields", h.StatusCode(), h.ContentLength(), n)
		}
		return nil
	}, nil
}
