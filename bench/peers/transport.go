//go:build linux

package peers

import (
	"net/http"

	"github.com/qqloop/qqloop/bench/load"
	"github.com/qqloop/qqloop/sched"
)

// runTransport runs the job over the engine's other face, an http.RoundTripper.
func runTransport(job *Job, ld load.Load) error {
	config, err := job.tls()
	if err != nil {
		return err
	}
	transport := sched.NewTransport(sched.TransportOptions{
		MaxConns:              job.Conns,
		MaxIdleConnsPerHost:   job.Conns,
		DisableCompression:    true,
		DisableKeepAlives:     job.Fresh,
		ResponseHeaderTimeout: Patience,
		TLSClientConfig:       config,
	})
	defer transport.Close()
	roundTrips(job, ld, (&http.Client{Transport: transport}).Do)
	return nil
}
