package bot_test

import (
	"fmt"

	"github.com/qqloop/qqloop/bot"
	"github.com/qqloop/qqloop/loop"
	"github.com/qqloop/qqloop/sim"
)

// printer is an account on a service that prints.
type printer struct{ loop *loop.Loop }

func (p printer) ID() string   { return "10001" }
func (p printer) Nick() string { return "bot" }

func (p printer) Send(to bot.Chat, what bot.Content, done func(error)) {
	fmt.Printf("%s to %v: %s\n", p.loop.Wall().Format("15:04:05"), to, what.Text())
	p.loop.AddCallback(func() { done(nil) })
}

// In virtual time a reminder for the afternoon is a matter of microseconds.
func ExampleBot() {
	l, err := loop.New(sim.New(sim.Options{}).Loop())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	b := bot.New(l, printer{l}, bot.Options{OnQuiet: l.Stop})
	friend := bot.Chat{Kind: bot.Friend, ID: "20002"}
	l.AddCallback(func() {
		b.Handle(bot.Message{ID: "1", Chat: friend, Sender: bot.Person{ID: "20002"}, Text: "ping"})
		b.Handle(bot.Message{ID: "2", Chat: friend, Sender: bot.Person{ID: "20002"}, Text: "提醒 6小时30分 喝茶"})
	})
	if err := l.Run(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 09:00:00 to friend 20002: pong
	// 09:00:00 to friend 20002: 好的，6小时30分钟后提醒你
	// 15:30:00 to friend 20002: 提醒：喝茶
}

func ExampleMention() {
	for _, text := range []string{"@bot ping", "ping @bot", "@bottom ping"} {
		rest, ok := bot.Mention(text, "bot")
		fmt.Printf("%q %v\n", rest, ok)
	}
	// Output:
	// "ping" true
	// "ping" true
	// "@bottom ping" false
}
