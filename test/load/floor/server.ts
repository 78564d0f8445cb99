import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FloorSettings } from './floor-process.ts'
import { acceptSends } from './accept-sends.ts'
import { mailboxTable, openDatabase, outboxTable } from './database.ts'
import { GroupCommit } from './group-commit.ts'
import { Hop, takeBatches } from './hop.ts'

/**
 * The floor: what a message costs when there is nothing but the work itself. Bare node:http, one signature checked and one
 * made, one group-committed insert; between two processes, batches whose every signature is checked again. No framework,
 * no BRC-104 framing, no limits, no retries, nothing after a crash: a figure to measure against, not a relay.
 */
function main(): void {
  const { role, dir, privateKeyHex, homeUrl } = JSON.parse(process.argv[2] ?? '') as FloorSettings
  const privateKey = Buffer.from(privateKeyHex, 'hex')
  const database = openDatabase(dir)
  const commit = new GroupCommit(database)

  function listener(): RequestListener {
    if (role === 'origin') {
      const outbox = outboxTable(database)
      const hop = new Hop(homeUrl, outbox, commit)
      return acceptSends(privateKey, (message, onDurable) => {
        let id = 0
        commit.add(
          () => (id = outbox.add(message)),
          () => {
            onDurable()
            hop.add(id, message)
          },
        )
      })
    }
    const keep = mailboxTable(database)
    if (role === 'home') return takeBatches(keep, commit)
    return acceptSends(privateKey, (message, onDurable) => commit.add(() => keep(message), onDurable))
  }

  const server = createServer(listener())
  server.keepAliveTimeout = 0
  server.listen(0, '127.0.0.1', () => {
    process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
  })
  process.once('disconnect', () => process.exit(0))
}

main()
