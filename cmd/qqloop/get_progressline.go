package main

import (
	"fmt"
	"strings"
	"time"
)

// This file is what the line of a progress says.

// line says how far a transfer is: its name, how much of it is there, how fast
// it comes and how long it will still take.
func (t *transfer) line(now time.Duration, columns int) string {
	speed := t.speed(now)
	text := "  " + size(t.had+t.got)
	if t.whole > 0 {
		text = fmt.Sprintf("  %3d%%  %s of %s", (t.had+t.got)*100/t.whole, size(t.had+t.got), size(t.whole))
	}
	text += "  " + size(speed) + "/s"
	if left := t.whole - t.had - t.got; t.whole > 0 && speed > 0 {
		text += "  " + clock(time.Duration(float64(left)/float64(speed)*float64(time.Second))) + " left"
	}
	return beside(t.name, text, columns)
}

// finished says how it went.
func (t *transfer) finished(now time.Duration, columns int) string {
	took := now - t.start
	text := fmt.Sprintf("  %s  %s/s  in %s", size(t.had+t.got), size(average(t.got, took)), clock(took))
	if t.whole == t.had+t.got {
		text = "  100%" + text
	}
	return beside(t.name, text, columns)
}

// bar is the line of -#.
func (t *transfer) bar(columns int) string {
	if t.whole <= 0 {
		return size(t.had + t.got)
	}
	part := float64(t.had+t.got) / float64(t.whole)
	room := max(0, columns-len(" 100.0%")-1)
	n := min(int(part*float64(room)), room)
	return fmt.Sprintf("%s%s %5.1f%%", strings.Repeat("#", n), strings.Repeat(" ", room-n), part*100)
}

// summary is the line of -Z.
func (p *progress) summary() string {
	t, now := &p.current, p.now()
	text := fmt.Sprintf("%d of %d done", p.done, p.total)
	if p.failed > 0 {
		text += fmt.Sprintf(", %d failed", p.failed)
	}
	speed := t.speed(now)
	if p.running > 0 {
		text += fmt.Sprintf(", %d under way", p.running)
	} else {
		speed = average(t.got, now-t.start)
	}
	return beside("", fmt.Sprintf("%s  %s  %s/s  %s", text, size(t.got), size(speed), clock(now-t.start)), p.columns())
}

// speed is how many bytes come in a second, by the last few marks.
func (t *transfer) speed(now time.Duration) int64 {
	from := mark{at: t.start}
	if len(t.marks) == speedSteps {
		from = t.marks[0]
	}
	return average(t.got-from.got, now-from.at)
}

func average(n int64, took time.Duration) int64 {
	if took <= 0 {
		return 0
	}
	return int64(float64(n) / took.Seconds())
}

// beside puts as much of name before text as there is room for: of a long one
// the end, which tells more. The last column stays free, for there some
// terminals begin a new line.
func beside(name, text string, columns int) string {
	if columns <= 0 {
		columns = 80
	}
	room := columns - 1 - len(text)
	runes := []rune(name)
	if textWidth(runes) > room {
		for len(runes) > 0 && textWidth(runes)+3 > room {
			runes = runes[1:]
		}
		if name = "..." + string(runes); room < 3 {
			name = ""
		}
	}
	if line := name + text; name != "" || len(text) < columns {
		return line
	}
	return text[:columns-1]
}

// size is n as a person reads it.
func size(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	f, unit := float64(n), ""
	for _, unit = range []string{"KiB", "MiB", "GiB", "TiB"} {
		if f /= 1024; f < 1000 {
			break
		}
	}
	if f < 10 {
		return fmt.Sprintf("%.1f %s", f, unit)
	}
	return fmt.Sprintf("%.0f %s", f, unit)
}

// clock is a duration as a clock shows it: 0:07, 1:02:03.
func clock(d time.Duration) string {
	s := int64(d.Round(time.Second) / time.Second)
	switch {
	case s >= 100*3600:
		return fmt.Sprintf("%dd", s/86400)
	case s >= 3600:
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}
