import { createServer } from 'node:http'
import { Beef, type Transaction } from '@bsv/sdk'
import type { HostOrigin } from '@overpost/protocol'
import { bind, unbind } from './scripted-peer.ts'

/** One output of an answer: a token, and the transaction that spends it. */
export interface ShownToken {
  readonly transaction: Transaction
  readonly spentBy?: Transaction
}

/** What a lookup host does when it is asked. */
export type LookupBehaviour =
  | {
      readonly kind: 'tokens'
      readonly tokens: readonly ShownToken[]
      /** What `ls_messagebox` shows; nothing when left out. */
      readonly anointings?: readonly ShownToken[]
      readonly form?: 'json' | 'aggregated'
    }
  | {
      readonly kind: 'bytes'
      readonly status: number
      readonly contentType: string
      readonly body: Uint8Array | string
    }
  /** Answers nothing, ever. */
  | { readonly kind: 'silence' }
  /** Answers like another behaviour once the promise is fulfilled. */
  | { readonly kind: 'late'; readonly when: Promise<unknown>; readonly then: LookupBehaviour }

export interface LookupNode extends AsyncDisposable {
  readonly origin: HostOrigin
  readonly questions: unknown[]
}

/** An overlay lookup host that answers what the test says. */
export async function lookupNode(behaviour: LookupBehaviour): Promise<LookupNode> {
  const questions: unknown[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const question = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { service: string }
      questions.push(question)
      void answer(behaviour, question.service).then((bytes) => {
        if (bytes === null) return
        response.writeHead(bytes.status, { 'content-type': bytes.contentType })
        response.end(bytes.body)
      })
    })
  })
  const origin = await bind(server)
  return { origin, questions, [Symbol.asyncDispose]: () => unbind(server) }
}

async function answer(
  behaviour: LookupBehaviour,
  service: string,
): Promise<{ status: number; contentType: string; body: Uint8Array | string } | null> {
  switch (behaviour.kind) {
    case 'silence':
      return null
    case 'late':
      await behaviour.when
      return answer(behaviour.then, service)
    case 'bytes':
      return behaviour
    case 'tokens': {
      const { tokens, anointings = [], form = 'aggregated' } = behaviour
      const shown = service === 'ls_messagebox' ? anointings : tokens
      return form === 'json' ? jsonAnswer(shown) : aggregatedAnswer(shown)
    }
  }
}

function jsonAnswer(tokens: readonly ShownToken[]) {
  const outputs = tokens.map(({ transaction, spentBy }) => ({
    beef: transaction.toBEEF(),
    outputIndex: 0,
    ...(spentBy === undefined ? {} : { context: spentBy.toBEEF() }),
  }))
  return { status: 200, contentType: 'application/json', body: JSON.stringify({ type: 'output-list', outputs }) }
}

function aggregatedAnswer(tokens: readonly ShownToken[]) {
  const beef = new Beef()
  const parts = [Buffer.of(tokens.length)]
  for (const { transaction, spentBy } of tokens) {
    beef.mergeBeef(transaction.toBEEF())
    const context = Buffer.from(spentBy?.toBEEF() ?? [])
    const length = Buffer.alloc(3, 0xfd)
    length.writeUInt16LE(context.length, 1)
    parts.push(
      Buffer.from(transaction.id('hex'), 'hex'),
      Buffer.of(0),
      context.length === 0 ? Buffer.of(0) : length,
      context,
    )
  }
  parts.push(Buffer.from(beef.toBinary()))
  return { status: 200, contentType: 'application/octet-stream', body: Buffer.concat(parts) }
}
