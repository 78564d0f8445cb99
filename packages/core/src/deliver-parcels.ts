import { backoffMs } from './backoff.ts'
import { destinationAfter } from './circuit-breaker.ts'
import { meaningForCall, meaningForParcel, type Meaning } from './delivery-outcome.ts'
import type { Destination } from './message.ts'
import type { OutboxDeps } from './outbox-deps.ts'
import type { Parcel, ParcelBatch, ParcelEnd } from './ports/outbox-store.ts'
import { destinationsFor } from './resolve-hosts.ts'

/** What a call, in one piece or several, told of its parcels; `down` when the host could not be reached for all of them. */
interface CallReport {
  readonly meanings: Map<Parcel, Meaning>
  down: { reason: string; retryAfterMs: number | null } | null
  /** What the host's log is called, if it said so. */
  log: string | null
}

/**
 * Sends the parcels of a batch to their host, once, and writes down what became of each. A parcel is only sent where its
 * recipient's verified, fresh routes still lead.
 */
export async function deliverParcels(batch: ParcelBatch, deps: OutboxDeps, signal: AbortSignal): Promise<void> {
  const { destination, parcels } = batch
  const checks = await checkRoutes(destination, parcels, deps, signal)
  const report: CallReport = { meanings: new Map(), down: null, log: null }
  await call(
    destination,
    parcels.filter((parcel) => checks.get(parcel) === undefined),
    report,
    deps,
    signal,
  )
  if (signal.aborted && report.meanings.size === 0) {
    deps.outbox.release({ kind: 'parcels', batch })
    return
  }
  const ends = parcels.map((parcel) =>
    unlessTooOld(parcel, checks.get(parcel) ?? endOf(parcel, destination, report, deps), deps),
  )
  const wasCalled = report.meanings.size > 0 || report.down !== null
  const state = wasCalled
    ? destinationAfter(report.down === null ? { good: true } : { good: false, ...report.down }, batch.failures, {
        nowMs: deps.clock.nowMs(),
        policy: deps.options.backoff,
        fraction: deps.random.fraction(),
      })
    : { failures: batch.failures, nextAttemptAtMs: deps.clock.nowMs(), reason: null }
  if (report.meanings.size > 1) await deps.clock.until(deps.clock.nowMs() + deps.options.gatherMs, signal)
  await deps.outbox.finishParcels(batch, ends, state)
  if (report.log !== null) await deps.hostLogs.heard(destination.hostKey, report.log)
  if (ends.some(({ kind }) => kind === 'failed')) deps.noticesAlarm.ring()
  tell(batch, ends, report, state.failures, deps)
}

/** Which parcels must not be sent now, as their recipient's routes lead elsewhere or cannot be checked. */
async function checkRoutes(
  destination: Destination,
  parcels: readonly Parcel[],
  { resolver, clock, random, options }: OutboxDeps,
  signal: AbortSignal,
): Promise<Map<Parcel, ParcelEnd>> {
  const ends = new Map<Parcel, ParcelEnd>()
  const leads = (routes: readonly Destination[]): boolean =>
    routes.some(({ hostKey, origin }) => hostKey === destination.hostKey && origin === destination.origin)
  const stale = parcels.filter(({ message }) => {
    const known = resolver.cached(message.recipient, message.box)
    return known === null || !leads(known)
  })
  await Promise.all(
    stale.map(async (parcel) => {
      const { message } = parcel
      const found = await resolver.resolve(message.recipient, signal)
      const nowMs = clock.nowMs()
      const soonMs = nowMs + backoffMs(parcel.attempts, options.backoff, random.fraction())
      if (found.kind === 'failed') {
        ends.set(parcel, { kind: 'retry', atMs: soonMs, reason: found.reason, counts: true })
      } else if (!leads(destinationsFor(found.routes, message.box))) {
        const reason = 'the advert is gone'
        ends.set(parcel, parcel.again === true ? { kind: 'failed', reason } : { kind: 'reroute', atMs: nowMs, reason })
      }
    }),
  )
  return ends
}

/** One call, split in halves while the host refuses it as a whole for what may be one bad parcel in it. */
async function call(
  destination: Destination,
  parcels: readonly Parcel[],
  report: CallReport,
  deps: OutboxDeps,
  signal: AbortSignal,
): Promise<void> {
  const [first] = parcels
  if (first === undefined || report.down !== null || signal.aborted) return
  const answer = await deps.link.propagate(destination, parcels, signal)
  if (answer.kind === 'answered') {
    report.log = answer.log ?? report.log
    parcels.forEach((parcel, index) => {
      const one = answer.answers[index]
      if (one !== undefined) report.meanings.set(parcel, meaningForParcel(one))
    })
    return
  }
  const meaning = meaningForCall(answer, parcels.length)
  if (meaning.kind === 'split') {
    const middle = Math.ceil(parcels.length / 2)
    await call(destination, parcels.slice(0, middle), report, deps, signal)
    await call(destination, parcels.slice(middle), report, deps, signal)
  } else if (meaning.kind === 'final') {
    report.meanings.set(first, meaning)
  } else {
    report.down = meaning
  }
}

function endOf(parcel: Parcel, destination: Destination, report: CallReport, deps: OutboxDeps): ParcelEnd {
  const { clock, random, options, resolver } = deps
  const nowMs = clock.nowMs()
  const meaning = report.meanings.get(parcel)
  if (meaning?.kind === 'delivered') return { kind: 'delivered', receipt: meaning.receipt }
  if (meaning?.kind === 'final') return { kind: 'failed', reason: meaning.reason }
  const reason = meaning?.reason ?? report.down?.reason ?? 'no answer for this message'
  // What was not answered for waits with its destination: it costs no attempt of its own and keeps its place in the order.
  if (meaning === undefined) return { kind: 'retry', atMs: parcel.acceptedAtMs, reason, counts: false }
  const atMs = nowMs + backoffMs(parcel.attempts, options.backoff, random.fraction())
  // A host that lost its mail may have lost its user, too, who comes back.
  if (meaning.kind === 'later' || parcel.again === true) return { kind: 'retry', atMs, reason, counts: true }
  resolver.drop(parcel.message.recipient)
  return { kind: 'reroute', atMs: atMs, reason: `${reason} at ${destination.origin}` }
}

/** What is older than the limit is given up, whatever it waits for. */
function unlessTooOld({ acceptedAtMs }: Parcel, end: ParcelEnd, { ages, options }: OutboxDeps): ParcelEnd {
  if (end.kind === 'delivered' || end.kind === 'failed') return end
  const isTooOld = ages.nowMs() - acceptedAtMs > options.ageLimitMs
  return isTooOld ? { kind: 'failed', reason: `ERR_EXPIRED: ${end.reason}` } : end
}

function tell(
  batch: ParcelBatch,
  ends: readonly ParcelEnd[],
  report: CallReport,
  failures: number,
  { events, clock }: OutboxDeps,
): void {
  const { destination, parcels } = batch
  const delivered = parcels.filter((_, index) => ends[index]?.kind === 'delivered')
  const [oldest] = delivered
  if (oldest !== undefined) {
    const duplicates = delivered.filter((parcel) => {
      const meaning = report.meanings.get(parcel)
      return meaning?.kind === 'delivered' && meaning.duplicate
    }).length
    const ageMs = clock.nowMs() - oldest.acceptedAtMs
    events.delivered({ destination, parcels: delivered.length, duplicates, ageMs })
  }
  if (report.down !== null) {
    const { reason } = report.down
    events.attemptFailed({ destination, parcels: parcels.length - delivered.length, failures, reason })
  }
  for (const [index, end] of ends.entries()) {
    const forwardId = parcels[index]?.forwardId
    const outcome = end.kind === 'delivered' ? 'delivered' : `${end.kind}: ${end.reason}`
    if (forwardId !== undefined) events.traced({ step: 'sent', forwardId, outcome })
    if (end.kind === 'failed') events.parcelFailed({ destination, reason: end.reason })
    if (end.kind === 'reroute') events.rerouted({ destination, reason: end.reason })
  }
}
