//go:build race

package sched_test

const raceDetector = true
