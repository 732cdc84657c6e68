package script

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// How a script is run.
const (
	Lines = "lines" // one process for all messages
	Once  = "once"  // one for each
)

// A Config is a [[script]] of a configuration.
type Config struct {
	Name    string   `toml:"name"`
	Command []string `toml:"command"` // the program and its arguments
	// Mode is Lines, unless it is Once.
	Mode string `toml:"mode,omitempty"`
	// Timeout is how long a message may take, such as "30s"; that is what "" means.
	Timeout string `toml:"timeout,omitempty"`
}

// defaultTimeout is what most of what a chat waits for takes, many times over.
const defaultTimeout = 30 * time.Second

// Check returns what is wrong with the scripts of a configuration whose directory
// is dir, and the place of the first that is wrong. The program must be there.
func Check(scripts []Config, dir string) (i int, err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return 0, err
	}
	var names []string
	for i, c := range scripts {
		switch {
		case c.Name == "":
			return i, errors.New("name is missing: rules call a script by it")
		case slices.Contains(names, c.Name):
			return i, fmt.Errorf("there are two scripts %q", c.Name)
		}
		names = append(names, c.Name)
		if err := c.check(dir); err != nil {
			return i, fmt.Errorf("script %q: %w", c.Name, err)
		}
	}
	return -1, nil
}

func (c *Config) check(dir string) error {
	if len(c.Command) == 0 {
		return errors.New(`command is missing: the program and its arguments, such as ["python3", "dice.py"]`)
	}
	if !slices.Contains([]string{"", Lines, Once}, c.Mode) {
		return fmt.Errorf(`mode is %q: "lines" for a program that goes on running, "once" for one that is run for each message`, c.Mode)
	}
	if d, err := time.ParseDuration(c.Timeout); c.Timeout != "" && (err != nil || d <= 0) {
		return fmt.Errorf(`timeout is %q: a duration such as "30s"`, c.Timeout)
	}
	_, err := exec.LookPath(c.program(dir))
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("there is no program %q to be found in PATH: install it, or write its path", c.Command[0])
	case err != nil:
		return fmt.Errorf("%s cannot be run: %w: is it there, and executable (chmod +x)?", c.program(dir), errors.Unwrap(err))
	}
	return nil
}

// program returns the path to run: a name without a slash is looked for in PATH,
// any other is relative to the configuration.
func (c *Config) program(dir string) string {
	if p := c.Command[0]; !strings.ContainsRune(p, '/') || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(dir, c.Command[0])
}

func (c *Config) timeout() time.Duration {
	if d, err := time.ParseDuration(c.Timeout); err == nil {
		return d
	}
	return defaultTimeout
}

// same reports whether d is run as c is, so that a child of c need not be ended.
func (c *Config) same(d *Config) bool {
	return slices.Equal(c.Command, d.Command) && c.Mode == d.Mode && c.timeout() == d.timeout()
}
