package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"

	"github.com/qqloop/qqloop/sched"
)

// unreachable names the cause of a request that got no answer.
func (p *probe) unreachable(err error) {
	says, remedy := p.cause(err)
	p.wrong("address", says, remedy)
}

func (p *probe) cause(err error) (says, remedy string) {
	at := p.base.Host
	failed, ok := errors.AsType[*sched.Error](err)
	if !ok {
		return err.Error(), "try again"
	}
	plain := p.base.Scheme == "http"
	_, notTLS := errors.AsType[tls.RecordHeaderError](err)
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	_, wrongName := errors.AsType[x509.HostnameError](err)
	switch {
	case failed.Kind == sched.Resolve || failed.Phase == sched.PhaseResolve:
		dns, ok := errors.AsType[*net.DNSError](err)
		switch {
		case failed.Timeout():
			return fmt.Sprintf("the name %s is not looked up in time", p.base.Hostname()), "is the network up? Does the name server answer?"
		case ok && !dns.IsNotFound:
			return fmt.Sprintf("the name %s cannot be looked up: %v", p.base.Hostname(), dns.Err), "is the network up? Does the name server answer?"
		}
		return fmt.Sprintf("there is no host %s", p.base.Hostname()), "check the spelling of account.address; on this machine it is 127.0.0.1"
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Sprintf("nobody listens on %s", at), "start the implementation, and compare the port with its network settings"
	case failed.Kind == sched.Connect || failed.Phase == sched.PhaseConnect:
		return fmt.Sprintf("%s cannot be reached: %v", at, rootOf(err)), "does a firewall stand between? Does the implementation listen on 127.0.0.1 only?"
	case !plain && (wrongName || untrusted):
		return fmt.Sprintf("the certificate of %s is not trusted: %v", at, rootOf(err)), "put what it is signed by into account.ca, as PEM"
	case !plain && (notTLS || failed.Kind == sched.TLS) && p.answersPlainly():
		return fmt.Sprintf("%s speaks http, not https", at), "write " + strings.Replace(p.address, "s://", "://", 1)
	case failed.Kind == sched.TLS:
		return fmt.Sprintf("%s and we cannot agree on TLS: %v", at, rootOf(err)), "is this the port of the implementation?"
	case plain && p.speaksTLS():
		return p.saysHTTPS()
	case failed.Timeout():
		return fmt.Sprintf("%s accepts connections and says nothing", at), "restart the implementation; is this its port?"
	}
	return fmt.Sprintf("%s is no OneBot: it does not speak HTTP (%s)", at, failed.Kind), "compare the port with the implementation's network settings"
}

func (p *probe) saysHTTPS() (says, remedy string) {
	return fmt.Sprintf("%s speaks https, not http", p.base.Host), "write " + strings.Replace(p.address, "://", "s://", 1)
}

func (p *probe) useHTTPS() {
	says, remedy := p.saysHTTPS()
	p.wrong("address", says, remedy)
}

// speaksTLS tries a handshake with whoever it is. The token stays here: nobody
// has proved anything.
func (p *probe) speaksTLS() bool {
	stranger := sched.New(p.loop, sched.Options{TLS: &tls.Config{InsecureSkipVerify: true}})
	defer stranger.Close()
	u := *p.base
	u.Scheme = "https"
	quiet := *p
	quiet.token = ""
	r := quiet.ask(stranger, &u, nil)
	if r.err == nil {
		return true
	}
	failed, ok := errors.AsType[*sched.Error](r.err)
	return ok && failed.Sent
}

// answersPlainly asks the port of an https address over http, without a token.
func (p *probe) answersPlainly() bool {
	u := *p.base
	u.Scheme = "http"
	quiet := *p
	quiet.token = ""
	return quiet.ask(p.stream, &u, nil).err == nil
}

// rootOf is the innermost cause, which is what people can look up.
func rootOf(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
