package rules

import (
	"log/slog"
	"strings"
	"testing"
	"time"
)

// Times come in the zone of the schedule, over both changes of the clock.
func TestCronNext(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skipf("this machine has no time zones: %v", err)
	}
	for _, test := range []struct {
		cron  string
		after time.Time
		want  string
	}{
		{"0 8 * * 1-5", time.Date(2026, 11, 26, 8, 0, 0, 0, berlin), "2026-11-27 08:00 CET"},
		{"0 8 * * 1-5", time.Date(2026, 11, 27, 8, 0, 0, 0, berlin), "2026-11-30 08:00 CET"},
		{"*/15 * * * *", time.Date(2026, 11, 26, 8, 1, 30, 0, berlin), "2026-11-26 08:15 CET"},
		{"0 8 * * *", time.Date(2026, 3, 28, 12, 0, 0, 0, berlin), "2026-03-29 08:00 CEST"},
		{"0 8 * * *", time.Date(2026, 10, 24, 12, 0, 0, 0, berlin), "2026-10-25 08:00 CET"},
		{"0 0 29 2 *", time.Date(2026, 11, 26, 0, 0, 0, 0, berlin), "2028-02-29 00:00 CET"},
	} {
		got, err := Cron{test.cron}.Next(test.after)
		if err != nil || got.Format("2006-01-02 15:04 MST") != test.want {
			t.Errorf("%s after %v: got %v, %v; want %s", test.cron, test.after, got, err, test.want)
		}
	}
}

func TestSchedules(t *testing.T) {
	s := newStage(t, "")
	scheduler := NewScheduler(s.loop, &s.bots, slog.New(slog.NewTextHandler(&s.log, nil)))
	scheduler.Follow(fileOf(t, `
[[schedule]]
name = "hourly"
cron = "0 * * * *"
time-zone = "UTC"
to = ["main/group:900", "other/friend:1"]
say = "it is {{.Time.Format \"15:04\"}}"
[[schedule]]
cron = "30 9 * * *"
time-zone = "UTC"
to = ["main/group:900"]
say = "half past"
`))
	s.want(s.run(59*time.Minute, func() {}))
	s.want(s.run(2*time.Minute, func() {}), "main group 900: it is 09:00", "other friend 1: it is 09:00")
	s.want(s.run(time.Hour, func() {}), "main group 900: half past", "main group 900: it is 10:00", "other friend 1: it is 10:00")

	scheduler.Follow(fileOf(t, "[[schedule]]\ncron = \"0 * * * *\"\ntime-zone = \"UTC\"\nto = [\"main/group:900\"]\nsay = \"new\""))
	s.want(s.run(time.Hour, func() {}), "main group 900: new")
	scheduler.Stop()
	s.want(s.run(24*time.Hour, func() {}))
	if strings.Contains(s.log.String(), "WARN") {
		t.Errorf("the log says %s", s.log.String())
	}
}
