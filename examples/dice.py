#!/usr/bin/env python3
"""Throws dice: "!dice 3". Without a number it asks how many.

A script of qqloop: one JSON object a line, in and out. See docs/scripts.md.
"""
import json
import random
import sys


def say(**what):
    print(json.dumps(what, ensure_ascii=False), flush=True)


for line in sys.stdin:
    event = json.loads(line)
    if event["type"] != "message":
        continue  # somebody who was asked said nothing, or something happened
    words = event["text"].split()
    number = words[-1] if words else ""
    if number.isdecimal() and 1 <= int(number) <= 20:
        dice = [random.randint(1, 6) for _ in range(int(number))]
        say(reply_to=event["id"], text=" ".join("⚀⚁⚂⚃⚄⚅"[d - 1] for d in dice) + f" = {sum(dice)}")
    elif "follows" in event:
        say(reply_to=event["id"], text="That is no number from 1 to 20.")
    else:
        say(expect=event["id"], text="How many dice?", seconds=30)
