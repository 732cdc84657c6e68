// Starts as Koishi's adapter does, goes on line, answers one message, leaves.
const [address, token] = process.argv.slice(2)
const ws = new WebSocket(`ws://${address}/?access_token=${token}`)
const waiting = new Map()
let echo = 0

function call(action, params = {}) {
  echo += 2
  ws.send(JSON.stringify({ action, params, echo }))
  return new Promise((resolve) => waiting.set(echo, resolve))
}

async function start() {
  const me = await call('get_login_info')
  const guild = await call('get_guild_service_profile')
  if (guild.status !== 'failed') throw new Error('a guild, in OneBot 11?')
  console.log('online', me.data.nickname)
}

async function answer(event) {
  const text = event.message.filter((s) => s.type === 'text').map((s) => s.data.text).join('')
  if (event.message[0].data.qq !== String(event.self_id)) throw new Error('not for me')
  const sent = await call('send_group_msg', {
    group_id: event.group_id,
    message: [
      { type: 'reply', data: { id: event.message_id } },
      { type: 'text', data: { text: text.trim().replace('ping', 'pong') } },
    ],
  })
  // The same message, by HTTP.
  const got = await fetch(`http://${address}/get_msg`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ message_id: sent.data.message_id }),
  })
  const { data } = await got.json()
  if (data.message[0].type !== 'reply' || data.user_id !== event.self_id) throw new Error(JSON.stringify(data))
  ws.close()
}

ws.onmessage = ({ data }) => {
  const event = JSON.parse(data)
  if (event.post_type === 'meta_event' && event.sub_type === 'connect') start()
  else if (event.post_type === 'message') answer(event)
  else if (waiting.has(event.echo)) waiting.get(event.echo)(event)
}
ws.onerror = (e) => { console.error(e.message ?? e); process.exit(1) }
ws.onclose = () => process.exit(0)
