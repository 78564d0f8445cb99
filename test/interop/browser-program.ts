import { PrivateKey, ProtoWallet } from '@bsv/sdk'
import { MessageBoxClient } from '@overpost/client'

/** Who talks to which host. Keys are 64 hexadecimal digits. */
export interface Conversation {
  readonly sender: { readonly privateKey: string; readonly host: string }
  readonly reader: { readonly privateKey: string; readonly host: string }
  readonly bodies: readonly string[]
}

/** What the page saw: bodies and whether their senders were proven; the count acknowledged; what waits then. */
export interface Conversed {
  readonly followed: readonly { body: unknown; verified: unknown; secrecy: string }[]
  readonly listed: readonly unknown[]
  readonly acknowledged: number
  readonly left: number
  readonly refused: string
}

/** Runs in the page: one user sends, another follows, lists and acknowledges, with nothing but what a browser has. */
async function converse({ sender, reader, bodies }: Conversation): Promise<Conversed> {
  const clientOf = ({ privateKey, host }: Conversation['sender']): MessageBoxClient =>
    new MessageBoxClient({ wallet: new ProtoWallet(PrivateKey.fromHex(privateKey)), host })
  const [from, to] = [clientOf(sender), clientOf(reader)]
  const recipient = await to.identityKey()
  const followed: Conversed['followed'][number][] = []
  const following = (async () => {
    for await (const { body, verified, secrecy } of to.follow({ box: 'inbox', withEnvelope: true })) {
      followed.push({ body, verified, secrecy })
      if (followed.length === bodies.length) return
    }
  })()
  for (const body of bodies) await from.send({ recipient, box: 'inbox', body })
  await following
  const { messages } = await to.list({ box: 'inbox', limit: 10 })
  const acknowledged = await to.acknowledge(messages)
  const left = (await to.list({ box: 'inbox' })).messages.length
  const refused = await to.list({ box: 'inbox', cursor: 'x' }).then(
    () => 'nothing',
    (error: unknown) => (error as { code: string }).code,
  )
  return { followed, listed: messages.map(({ body }) => body), acknowledged, left, refused }
}

Object.assign(globalThis, { converse })
