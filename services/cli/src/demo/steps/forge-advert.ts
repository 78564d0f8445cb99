import { createPhipTokenScript, signAuthorization, topicPhip } from '@overpost/protocol'
import { Beef, HTTPWalletJSON } from '@bsv/sdk'
import * as z from 'zod'
import { box, clientAt, inboxOf, lookUp, untilHostsAre, type Cast } from '../cast.ts'
import { eventually } from '../eventually.ts'
import { getJson } from '../http.ts'
import { short } from '../story.ts'

const dayMs = 86_400_000
const steakSchema = z.record(z.string(), z.object({ outputsToAdmit: z.array(z.number()) }))
const statusSchema = z.object({ txStatus: z.string(), blockHeight: z.number().optional() })

/** Checks: the forged token is mined, no node admits it, the look-up still gives B alone, and Alice's mail still goes there. */
export async function forgeAdvert(cast: Cast): Promise<void> {
  const { story, network, alice, bob, signal } = cast
  const { chain, overlays } = network.state()
  story.begin('Mallory puts an advert on chain: "Bob reads his mail at my host"')
  const { txid, beef } = await mintForgery(cast)
  const mined = await eventually('the forged advert to be mined', cast, async () => {
    const status = await getJson(`${chain.url}/v1/tx/${txid}`, statusSchema)
    return status.txStatus === 'MINED' ? status : null
  })
  story.check(
    mined.txStatus === 'MINED',
    `transaction ${short(txid)} is in block ${mined.blockHeight ?? '?'}: the chain takes anything`,
  )
  for (const { url } of overlays) {
    story.check((await admitted(url, beef)) === 0, `overlay node ${url} admits none of it: Bob never signed that`)
  }
  const { hosts } = await lookUp(cast, bob.identityKey)
  const isB = hosts.length === 1 && !hosts.some(({ outpoint }) => outpoint.startsWith(txid))
  story.check(isB, 'the look-up gives one host, and not that one')
  await untilHostsAre(cast, bob.identityKey, ['B'])

  const [sent] = await clientAt(cast, alice, 'A').send(
    { recipient: bob.identityKey, box, body: 'still to B?' },
    { signal },
  )
  const atB = await eventually('mail at B', cast, async () => {
    const messages = await inboxOf(cast, bob, 'B')
    return messages.length > 0 ? messages : null
  })
  story.check(atB[0]?.messageId === sent?.messageId, `message ${short(sent?.messageId ?? '')} still goes to B`)
  await clientAt(cast, bob, 'B').acknowledge(atB)
}

/** A true token of a host that is Mallory's, but the permission in it is signed by Mallory, in Bob's name. */
async function mintForgery({ network, mallory, bob }: Cast): Promise<{ txid: string; beef: Uint8Array }> {
  const dates = { issuedAtMs: Date.now(), expiresAtMs: Date.now() + dayMs }
  const terms = {
    userKey: bob.identityKey,
    hostKey: mallory.identityKey,
    origin: 'http://127.0.0.1:9',
    pattern: null,
    dates,
  }
  const script = await createPhipTokenScript(mallory, await signAuthorization(mallory, terms))
  const purse = new HTTPWalletJSON('demo.overpost', `${network.state().chain.url}/wallets/mallory`)
  const lockingScript = Buffer.from(script).toString('hex')
  const { tx, txid } = await purse.createAction({
    description: 'a forged advert',
    outputs: [{ lockingScript, satoshis: 1, outputDescription: 'a forged advert' }],
    options: { acceptDelayedBroadcast: false, randomizeOutputs: false },
  })
  const beef = Beef.fromBinary(tx ?? [])
  return { txid: txid ?? beef.atomicTxid ?? '', beef: Uint8Array.from(beef.toBinary()) }
}

/** How many outputs a node admits of what is submitted (BRC-22). */
async function admitted(overlay: string, beef: Uint8Array): Promise<number> {
  const response = await fetch(`${overlay}/submit`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream', 'x-topics': JSON.stringify([topicPhip]) },
    body: beef as Uint8Array<ArrayBuffer>,
    signal: AbortSignal.timeout(10_000),
  })
  const steak = steakSchema.parse(await response.json())
  return steak[topicPhip]?.outputsToAdmit.length ?? 0
}
