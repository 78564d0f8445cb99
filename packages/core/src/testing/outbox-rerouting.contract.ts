import { expect } from 'chai'
import { freshDestination, type ParcelBatch, type ParcelEnd } from '../ports/outbox-store.ts'
import type { Store } from '../ports/store.ts'
import {
  arrivalFixture,
  destinationFixture,
  envelopeFixture,
  fixtureNowMs as nowMs,
  forwardedFixture,
  forwardIdFixture,
  guestFixture,
  idFixture,
  messageFixture,
} from './fixtures.ts'
import { accept, claimAll, claimParcels, claimText, claimUnrouted, eachWithStore, listing } from './with-store.ts'

const delivered: ParcelEnd = { kind: 'delivered', receipt: null }
const reroute = (atMs = nowMs): ParcelEnd => ({ kind: 'reroute', atMs, reason: 'not hosted here' })

/** A host that was the wrong one: its message looks for a home again, and is neither lost nor sent twice to one host. */
export function reroutingContract(open: () => Promise<Store>): void {
  describe('rerouting', () => {
    const store = eachWithStore(open)
    const route = async (hosts: readonly string[], here = false, forwardId = 'again'): Promise<void> => {
      const forwardings = hosts.map((host) => ({
        destination: destinationFixture(host),
        forwardId: forwardIdFixture(`${host} ${forwardId}`),
      }))
      await store().outbox.finishUnrouted(await claimUnrouted(store()), [{ kind: 'routed', here, forwardings }])
    }
    const finish = (batch: ParcelBatch, end: ParcelEnd): Promise<void> =>
      store().outbox.finishParcels(batch, [end], freshDestination)
    /** Claims the parcels of both hosts, in the order of their names. */
    const claimBoth = async (): Promise<[ParcelBatch, ParcelBatch]> => {
      const claims = await claimAll(store())
      const batches = claims.flatMap((claim) => (claim.kind === 'parcels' ? [claim.batch] : []))
      const [first, second] = batches.toSorted((a, b) => (a.destination.origin < b.destination.origin ? -1 : 1))
      return [first!, second!]
    }
    const claimTexts = async (): Promise<string[]> => (await claimAll(store())).map(claimText).toSorted()

    it('makes a parcel a message that looks for a home, from the given time on', async () => {
      await accept(store(), [forwardedFixture(['hosta'])])
      await finish(await claimParcels(store()), reroute(nowMs + 9))
      expect(await store().outbox.counts()).to.deep.equal({
        parcels: 0,
        unrouted: 1,
        failed: 0,
        oldestAcceptedAtMs: nowMs,
      })
      expect(await store().outbox.nextDueAtMs()).to.equal(nowMs + 9)
      expect(await claimTexts()).to.deep.equal([])
      const group = await claimUnrouted(store(), { nowMs: nowMs + 9 })
      expect(group.messages[0]).to.deep.include({ acceptedAtMs: nowMs, attempts: 0 })
    })

    it('leaves no copy here when there was none', async () => {
      await accept(store(), [forwardedFixture(['hosta'])])
      await finish(await claimParcels(store()), reroute())
      expect(await listing(store())).to.deep.equal([])
      expect(await accept(store(), [forwardedFixture(['hosta'])])).to.deep.equal(['duplicate'])
    })

    it('shows the whole of a message whose envelope nobody has verified here, and of no other', async () => {
      const message = { envelope: envelopeFixture('e'), body: 'carried' }
      for (const [placement, unverified] of [
        [forwardedFixture(['hosta'], message), messageFixture(message)],
        [forwardedFixture(['hosta'], { messageId: idFixture('m2') }), null],
        [guestFixture({ envelope: envelopeFixture('g'), messageId: idFixture('m3') }), null],
      ] as const) {
        await accept(store(), [placement])
        if (placement.here === 'none') await finish(await claimParcels(store()), reroute())
        const group = await claimUnrouted(store())
        expect(group.messages[0]?.unverified).to.deep.equal(unverified)
        await store().outbox.finishUnrouted(group, [{ kind: 'routed', here: true, forwardings: [] }])
      }
    })

    it('carries the whole message to the next home', async () => {
      await accept(store(), [forwardedFixture(['hosta'], { body: 'carried' })])
      await finish(await claimParcels(store()), reroute())
      await route(['hostb'])
      const { destination, parcels } = await claimParcels(store())
      expect(destination).to.deep.equal(destinationFixture('hostb'))
      expect(parcels[0]).to.deep.include({ message: messageFixture({ body: 'carried' }), attempts: 0 })
    })

    it('keeps a guest copy until the next home has it', async () => {
      await accept(store(), [guestFixture()])
      await route(['hosta'])
      await finish(await claimParcels(store()), reroute())
      await route(['hostb'])
      await finish(await claimParcels(store()), delivered)
      expect(await listing(store())).to.deep.equal([])
    })

    it('keeps a guest copy that looks for a home again', async () => {
      await accept(store(), [guestFixture()])
      await route(['hosta'])
      await finish(await claimParcels(store()), reroute())
      expect(await listing(store())).to.deep.equal(['m1: hello'])
    })

    it('back to the same host uses the same forward id, and knows the attempts there', async () => {
      await accept(store(), [forwardedFixture(['hosta'])])
      for (const attempts of [0, 1, 2]) {
        const batch = await claimParcels(store())
        expect(batch.parcels[0]).to.deep.include({ attempts, forwardId: forwardIdFixture('hosta m1') })
        await finish(batch, reroute())
        await route(['hosta'])
      }
    })

    it('back to the same host at a new origin is to the same host', async () => {
      await accept(store(), [forwardedFixture(['hosta'])])
      await finish(await claimParcels(store()), reroute())
      const destination = { ...destinationFixture('hosta'), origin: destinationFixture('moved').origin }
      const forwardings = [{ destination, forwardId: forwardIdFixture('new') }]
      await store().outbox.finishUnrouted(await claimUnrouted(store()), [{ kind: 'routed', here: false, forwardings }])
      const batch = await claimParcels(store())
      expect(batch.destination).to.deep.equal(destination)
      expect(batch.parcels[0]?.forwardId).to.equal(forwardIdFixture('hosta m1'))
    })

    it('one of two parcels leaves the other alone, and does not send to it twice', async () => {
      await accept(store(), [forwardedFixture(['hosta', 'hostb'])])
      const [first, second] = await claimBoth()
      await finish(first, reroute())
      store().outbox.release({ kind: 'parcels', batch: second })
      expect(await store().outbox.counts()).to.deep.include({ parcels: 1, unrouted: 1 })
      await routeAmong(['hostb', 'hostc'])
      expect(await claimTexts()).to.deep.equal(['hostb: m1', 'hostc: m1'])
    })

    it('one of two parcels when the other is delivered goes only where the message is not yet', async () => {
      await accept(store(), [forwardedFixture(['hosta', 'hostb'])])
      const [first, second] = await claimBoth()
      await finish(first, delivered)
      await finish(second, reroute())
      await route(['hosta', 'hostc'])
      expect(await claimTexts()).to.deep.equal(['hostc: m1'])
    })

    it('to nowhere but where the message is already settles it', async () => {
      await accept(store(), [forwardedFixture(['hosta', 'hostb'])])
      const [first, second] = await claimBoth()
      await finish(second, reroute())
      await finish(first, delivered)
      await route(['hosta'])
      expect(await claimTexts()).to.deep.equal([])
      expect(await store().outbox.counts()).to.deep.include({ parcels: 0, unrouted: 0, failed: 0 })
      expect(await accept(store(), [forwardedFixture(['hosta'])])).to.deep.equal(['stored'])
    })

    it('does not ask a host again that refused the message for good', async () => {
      await accept(store(), [forwardedFixture(['hosta', 'hostb'])])
      const [first, second] = await claimBoth()
      await finish(first, { kind: 'failed', reason: 'never' })
      await finish(second, reroute())
      await route(['hosta'])
      expect(await claimTexts()).to.deep.equal([])
      expect(await store().outbox.counts()).to.deep.include({ parcels: 0, unrouted: 0, failed: 1 })
    })

    it('both of two parcels is one look-up, at the earlier time', async () => {
      await accept(store(), [forwardedFixture(['hosta', 'hostb'])])
      const [first, second] = await claimBoth()
      await finish(first, reroute(nowMs + 9))
      await finish(second, reroute(nowMs + 5))
      expect(await store().outbox.counts()).to.deep.include({ parcels: 0, unrouted: 1 })
      expect(await store().outbox.nextDueAtMs()).to.equal(nowMs + 5)
    })

    it('while a look-up of the same message is in hand: nothing is lost', async () => {
      await accept(store(), [forwardedFixture(['hosta', 'hostb'])])
      const [first, second] = await claimBoth()
      await finish(first, reroute())
      const group = await claimUnrouted(store())
      await finish(second, reroute())
      const forwardings = [{ destination: destinationFixture('hostc'), forwardId: forwardIdFixture('c') }]
      await store().outbox.finishUnrouted(group, [{ kind: 'routed', here: false, forwardings }])
      expect(await claimTexts()).to.deep.equal(['hostc: m1'])
    })

    it('when this host turns out to be the home, the message is appended here', async () => {
      await accept(store(), [forwardedFixture(['hosta'], { body: 'home at last' })])
      await finish(await claimParcels(store()), reroute())
      await route([], true)
      expect(await listing(store())).to.deep.equal(['m1: home at last'])
      expect(await store().outbox.counts()).to.deep.include({ parcels: 0, unrouted: 0, failed: 0 })
    })

    const alreadyHere = [
      { name: 'and has it already, it stays once', body: 'hello', failed: 0 },
      { name: 'but has another body of that identity, it fails', body: 'other', failed: 1 },
    ]
    for (const { name, body, failed } of alreadyHere) {
      it(`when this host turns out to be the home ${name}`, async () => {
        await accept(store(), [forwardedFixture(['hosta'])])
        await store().mailboxes.receive([arrivalFixture({ body })])
        await finish(await claimParcels(store()), reroute())
        await route([], true)
        expect(await listing(store())).to.deep.equal([`m1: ${body}`])
        expect(await store().outbox.counts()).to.deep.include({ parcels: 0, unrouted: 0, failed })
      })
    }

    it('asks for at least one place', async () => {
      await accept(store(), [guestFixture()])
      const group = await claimUnrouted(store())
      const fault = await store()
        .outbox.finishUnrouted(group, [{ kind: 'routed', here: false, forwardings: [] }])
        .then(() => null)
        .catch((error: unknown) => error)
      expect(fault).to.be.instanceOf(RangeError)
    })

    async function routeAmong(hosts: readonly string[]): Promise<void> {
      const claims = await claimAll(store())
      const forwardings = hosts.map((host) => ({
        destination: destinationFixture(host),
        forwardId: forwardIdFixture(host),
      }))
      for (const claim of claims) {
        if (claim.kind === 'parcels') store().outbox.release(claim)
        else await store().outbox.finishUnrouted(claim.group, [{ kind: 'routed', here: false, forwardings }])
      }
    }
  })
}
