// A program: opens so many connections to a host, says that it is ready, and sends a byte of a request's head on each now and then.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const [url = '', count = '0'] = process.argv.slice(2)
const { hostname, port } = new URL(url)
const everyMs = 1_000
const head = `POST /sendMessage HTTP/1.1\r\nhost: ${hostname}\r\nx-slow: `

/** A connection that the host ends is opened again. */
async function open(): Promise<Socket> {
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.write(head)
  socket.resume()
  return socket
}

const sockets: Socket[] = []
while (sockets.length < Number(count)) {
  sockets.push(...(await Promise.all(Array.from({ length: Math.min(50, Number(count) - sockets.length) }, open))))
}
setInterval(() => {
  for (const [index, socket] of sockets.entries()) {
    if (socket.writable) socket.write('x')
    else
      void open()
        .then((next) => (sockets[index] = next))
        .catch(() => undefined)
  }
}, everyMs)
process.stdin.on('end', () => process.exit(0)).resume()
process.stdout.write(`${JSON.stringify({ pid: process.pid })}\n`)
