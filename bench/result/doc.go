// Package result holds the types of results.json, which `go run ./bench` writes
// and bench/report reads, and the catalogue of the figures that are in it.
//
// The names of the fields of the file are the command's contract.
package result
