package main

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"strings"
)

// tlsConfig makes -k, --cacert, --cert and --key into what the engine takes.
// It reads their files.
func (c *getCmd) tlsConfig() (*tls.Config, error) {
	config := &tls.Config{InsecureSkipVerify: c.Insecure}
	if c.CACert != "" {
		roots, err := readRoots(c.CACert)
		if err != nil {
			return nil, usagef("--cacert: %w", err)
		}
		config.RootCAs = roots
	}
	switch {
	case c.Cert == "" && c.Key != "":
		return nil, usagef("--key %s: a key is shown with its certificate: add --cert FILE", c.Key)
	case c.Cert != "":
		pair, err := readKeyPair(c.Cert, c.Key)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// readRoots reads a file of certificates.
func readRoots(name string) (*x509.CertPool, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	roots, ok := parseRoots(text)
	if !ok {
		return nil, &noCertificate{name}
	}
	return roots, nil
}

// parseRoots reads certificates in PEM, and reports whether there was one.
func parseRoots(text []byte) (*x509.CertPool, bool) {
	roots := x509.NewCertPool()
	return roots, roots.AppendCertsFromPEM(text)
}

// noCertificate is the error of a file in which no certificate was found.
type noCertificate struct{ file string }

// Error names the file and what should be in it.
func (e *noCertificate) Error() string {
	return e.file + " holds no certificate: it should be PEM, -----BEGIN CERTIFICATE-----"
}

// readKeyPair reads a certificate and its key, from one file if keyFile is "".
func readKeyPair(certFile, keyFile string) (tls.Certificate, error) {
	cert, err := os.ReadFile(certFile)
	if err != nil {
		return tls.Certificate{}, usagef("--cert: %w", err)
	}
	key, from := cert, certFile
	if keyFile != "" {
		from = certFile + " with --key " + keyFile
		if key, err = os.ReadFile(keyFile); err != nil {
			return tls.Certificate{}, usagef("--key: %w", err)
		}
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return pair, usagef("--cert %s: %s", from, strings.TrimPrefix(err.Error(), "tls: "))
	}
	return pair, nil
}
