//go:build race

package store_test

// kills is fewer here: a program that looks for races takes six times as long to
// start, and the bot of the test is started anew each time.
const kills = 40
