import type { TestNode } from './test-node.ts'

const topics = ['tm_phip', 'tm_ship', 'tm_slap', 'tm_messagebox']

/** What a node holds, read from its feed: `<topic> <txid>.<vout>: <admitted, spent or evicted>`, sorted. */
export async function stateOf(node: TestNode): Promise<string[]> {
  const state = new Map<string, string>()
  for (const topic of topics) {
    for (let since = 0; ;) {
      const { events, next } = await node.events(`topic=${topic}&since=${since}&limit=1000&wait=0`)
      if (events.length === 0) break
      for (const { kind, txid, outputIndex } of events) {
        state.set(`${topic} ${String(txid)}.${String(outputIndex)}`, String(kind).replace('restore', 'admit'))
      }
      since = next
    }
  }
  return [...state].map(([output, kind]) => `${output}: ${kind}`).sort()
}
