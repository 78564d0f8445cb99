import { fetchTransport } from '@overpost/auth/session'
import * as z from 'zod'
import { clientAt, type Cast } from '../cast.ts'
import { getJson, statusOf } from '../http.ts'
import { short } from '../story.ts'

const tipSchema = z.object({ height: z.number(), hash: z.string() })
const namesSchema = z.record(z.string(), z.unknown())

/** Checks: the chain has blocks, the nodes serve the topic and its lookup, each host proves the key that it claims. */
export async function meetEverybody(cast: Cast): Promise<void> {
  const { story, network, alice, bob } = cast
  const { chain, overlays, hosts } = network.state()
  story.begin('A chain, overlay nodes, hosts: each a process of its own')
  const tip = await getJson(`${chain.url}/tip`, tipSchema)
  story.check(tip.height > 0, `the chain stands at height ${tip.height}, block ${short(tip.hash)} (${chain.url})`)
  for (const { url, pid } of overlays) {
    const topics = await getJson(`${url}/listTopicManagers`, namesSchema)
    const lookups = await getJson(`${url}/listLookupServiceProviders`, namesSchema)
    story.check(
      'tm_phip' in topics && 'ls_phip' in lookups,
      `overlay node ${url} (pid ${pid}) serves tm_phip and ls_phip`,
    )
  }
  for (const { name, url, identityKey, pid } of hosts) {
    const document = await clientAt(cast, alice, name, fetchTransport()).capability()
    const isReady = (await statusOf(`${url}/health/ready`)) === 200
    const isWho = document.identityKey === identityKey
    story.check(isReady && isWho, `host ${name} (${url}, pid ${pid}) is ready and signs as ${short(identityKey)}`)
  }
  story.say(`Alice is ${short(alice.identityKey)}, Bob is ${short(bob.identityKey)}. Alice's host is A.`)
}
