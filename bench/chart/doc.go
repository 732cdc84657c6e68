// Package chart draws the measurements: lines over a count, and bars. It knows
// neither peers nor scenarios.
//
// A chart is to be read without the text around it. Its title names the
// quantity and the unit; a line carries its name at its end, so that no legend
// sends the eye back and forth. The subject of the comparison is thick and in
// the only strong colour. The others are muted, and differ in lightness and in
// the shape of their marks, for those who print in grey. The floor, which is a
// limit and no rival, is dashed.
//
// The same input gives the same bytes.
package chart
