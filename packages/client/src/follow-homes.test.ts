import type { HostOrigin } from '@overpost/protocol'
import { expect } from 'chai'
import { followHomes, type FollowedHomesMessage } from './follow-homes.ts'
import type { FollowedMessage, FollowOptions } from './follow.ts'

/** A home that shows what the test has it show, and then what `show` adds. */
class TestHome {
  readonly host: HostOrigin
  readonly asked: FollowOptions[] = []
  readonly #ids: (string | Error)[]
  #wake = (): void => undefined

  constructor(name: string, ...ids: (string | Error)[]) {
    this.host = `https://${name}.example` as HostOrigin
    this.#ids = ids
  }

  show(id: string | Error): void {
    this.#ids.push(id)
    this.#wake()
  }

  async *follow(options: FollowOptions): AsyncGenerator<FollowedMessage, void, void> {
    this.asked.push(options)
    const { signal } = options
    signal?.addEventListener('abort', () => this.#wake())
    for (let at = 0; signal?.aborted !== true;) {
      const id = this.#ids[at]
      if (id instanceof Error) throw id
      if (id === undefined) await new Promise<void>((resolve) => (this.#wake = resolve))
      else yield { box: 'inbox', sender: '02aa', messageId: id, cursor: `log.${++at}` } as unknown as FollowedMessage
    }
  }
}

async function take(messages: AsyncGenerator<FollowedHomesMessage>, count: number): Promise<FollowedHomesMessage[]> {
  const taken: FollowedHomesMessage[] = []
  while (taken.length < count) taken.push((await messages.next()).value as FollowedHomesMessage)
  return taken
}

describe('following a box at several homes', () => {
  const options = { box: 'inbox' }

  it('gives each message once, in the order of its home', async () => {
    const homes = [new TestHome('a', 'm1', 'm2', 'm3'), new TestHome('b', 'm1', 'm3', 'm4')]
    const messages = followHomes(homes, options)
    const ids: string[] = (await take(messages, 4)).map(({ messageId }) => messageId)
    expect(ids.toSorted()).to.deep.equal(['m1', 'm2', 'm3', 'm4'])
    expect(ids.indexOf('m1')).to.be.lessThan(ids.indexOf('m2'))
    const next = messages.next()
    homes[1]!.show('m2')
    homes[0]!.show('m4')
    homes[0]!.show('m5')
    expect((await next).value).to.include({ messageId: 'm5', host: 'https://a.example' })
    await messages.return()
  })

  it('gives another message by an id that was used before', async () => {
    const homes = [new TestHome('a', 'm1', 'm1'), new TestHome('b')]
    const messages = followHomes(homes, options)
    expect((await take(messages, 2)).map(({ messageId }) => messageId)).to.deep.equal(['m1', 'm1'])
    await messages.return()
  })

  it('says where to go on at each home, and goes on there', async () => {
    const homes = [new TestHome('a', 'm1'), new TestHome('b', 'm1', 'm2')]
    const messages = followHomes(homes, options)
    const last = (await take(messages, 2)).at(-1)!
    expect(last.cursors).to.deep.equal({ 'https://a.example': 'log.1', 'https://b.example': 'log.2' })
    await messages.return()
    const stop = new AbortController()
    const next = followHomes(homes, { ...options, cursors: last.cursors, signal: stop.signal }).next()
    expect(homes.map(({ asked }) => asked.at(-1)?.cursor)).to.deep.equal(['log.1', 'log.2'])
    stop.abort()
    await next
  })

  it('goes on with the others when one refuses, and throws when all have', async () => {
    const refusal = new Error('not here')
    const homes = [new TestHome('a', refusal), new TestHome('b', 'm1')]
    const failed: unknown[] = []
    const messages = followHomes(homes, { ...options, homeFailed: ({ host }) => failed.push(host) })
    expect((await messages.next()).value).to.include({ messageId: 'm1' })
    expect(failed).to.deep.equal(['https://a.example'])
    const next = messages.next().catch((error: unknown) => error)
    homes[1]!.show(new Error('not there'))
    expect(await next).to.equal(refusal)
  })

  it('ends with its signal, and ends the following of each home', async () => {
    const stop = new AbortController()
    const homes = [new TestHome('a'), new TestHome('b')]
    const next = followHomes(homes, { ...options, signal: stop.signal }).next()
    stop.abort()
    expect(await next).to.deep.equal({ done: true, value: undefined })
    expect(homes.every(({ asked }) => asked[0]?.signal?.aborted)).to.equal(true)
  })
})
