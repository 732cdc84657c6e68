// Package peers drives the HTTP clients that are compared, each from a file of
// its own. They all send the same request, a request line, Host and User-Agent,
// and check every answer: a wrong one fails the measurement. Each is set up as
// its documentation advises for many requests to one host, with a deadline for
// the answer where it has one.
package peers
