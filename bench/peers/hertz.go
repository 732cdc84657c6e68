//go:build linux

package peers

import (
	"context"
	"io"

	"github.com/cloudwego/hertz/pkg/app/client"
	"github.com/cloudwego/hertz/pkg/common/config"
	"github.com/cloudwego/hertz/pkg/network/standard"
	"github.com/cloudwego/hertz/pkg/protocol"

	"github.com/qqloop/qqloop/bench/load"
)

var hertz = &Peer{
	Name: "hertz",
	Note: "v0.10.4; a goroutine for each request, over netpoll, which is its default; TLS over the standard dialer",
	run:  runHertz,
}

func runHertz(job *Job, ld load.Load) error {
	options := []config.ClientOption{
		client.WithMaxConnsPerHost(job.Conns),
		client.WithMaxIdleConnDuration(Patience),
		client.WithClientReadTimeout(Patience),
		client.WithDialTimeout(Patience), // the default is a second
		client.WithName(Agent),
		client.WithResponseBodyStream(job.Long > 0),
	}
	tls, err := job.tls()
	if err != nil {
		return err
	}
	if tls != nil {
		options = append(options, client.WithTLSConfig(tls), client.WithDialer(standard.NewDialer()))
	}
	c, err := client.NewClient(options...)
	if err != nil {
		return err
	}
	defer c.CloseIdleConnections()
	ctx := context.Background()
	goroutines(job, ld, func() func() error {
		req, resp := protocol.AcquireRequest(), protocol.AcquireResponse()
		req.SetMethod(job.Method)
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
			if err := c.Do(ctx, req, resp); err != nil {
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
