//go:build !race

package store_test

// kills is how often TestKilled ends the bot.
const kills = 200
