import { expect } from 'chai'
import { Alarm } from './alarm.ts'
import { ManualClock } from './testing/manual-clock.ts'

describe('Alarm', () => {
  const never = new AbortController().signal

  it('wakes at its time', async () => {
    const clock = new ManualClock(0)
    const woken = new Alarm(clock).until(1_000, never)
    clock.advance(1_000)
    await woken
  })

  it('wakes early when rung, and remembers a ring that came first', async () => {
    const alarm = new Alarm(new ManualClock(0))
    alarm.ring()
    await alarm.until(null, never)
    const woken = alarm.until(null, never)
    alarm.ring()
    await woken
  })

  it('wakes when its signal aborts, and leaves nobody waiting', async () => {
    const clock = new ManualClock(0)
    const stop = new AbortController()
    const woken = new Alarm(clock).until(null, stop.signal)
    stop.abort()
    await woken
    expect(clock.waiting).to.equal(0)
  })
})
