#!/usr/bin/env node
// Counts what each person has said to it: "!count". A script of qqloop: one JSON
// object a line, in and out. See docs/scripts.md.
const lines = require('node:readline').createInterface({ input: process.stdin });
const counts = new Map();

lines.on('line', (line) => {
  const event = JSON.parse(line);
  if (event.type !== 'message') return;
  const n = (counts.get(event.sender.id) ?? 0) + 1;
  counts.set(event.sender.id, n);
  const text = `${event.sender.name || event.sender.id}: ${n}`;
  console.log(JSON.stringify({ reply_to: event.id, text }));
});
