import { expect } from 'chai'
import type { Destination } from '@overpost/core'
import { PeerMeter } from './peer-meter.ts'

const host = (name: string) => ({ hostKey: `02${name}`, origin: `https://${name}.example` }) as unknown as Destination

describe('PeerMeter', () => {
  let nowMs = 0
  const meter = () => new PeerMeter(() => nowMs)

  it('tells how many messages a host took lately, and in all', () => {
    const peers = meter()
    for (nowMs = 0; nowMs < 600_000; nowMs += 1_000) peers.delivered(host('a'), 2)
    const { delivered, deliveredPerMinute, lastDeliveredAtMs } = peers.figures(host('a'))
    expect(delivered).to.equal(1_200)
    expect(deliveredPerMinute).to.be.within(114, 126)
    expect(lastDeliveredAtMs).to.equal(599_000)
    nowMs += 600_000
    expect(peers.figures(host('a')).deliveredPerMinute).to.equal(0)
  })

  it('keeps what went wrong last, and nothing of a host that was never called', () => {
    const peers = meter()
    peers.failed(host('a'), 'no answer')
    expect(peers.figures(host('a'))).to.include({ delivered: 0, lastError: 'no answer' })
    expect(peers.figures(host('b'))).to.include({ delivered: 0, lastError: null })
  })

  it('follows no more than a thousand hosts', () => {
    const peers = meter()
    for (let count = 0; count < 1_500; count += 1) peers.failed(host(`h${count}`), 'no answer')
    expect(peers.destinations()).to.have.length(1_000)
    expect(peers.figures(host('h1499')).lastError).to.equal('no answer')
  })
})
