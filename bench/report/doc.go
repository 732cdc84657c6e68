// Package report makes a report of results.json: report.md and its charts, and
// the table that both READMEs show.
//
// It says what was lost as plainly as what was won, and it says nothing that is
// not derived from the file: the same file gives the same report, to the byte.
package report
