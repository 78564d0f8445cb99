import { expect } from 'chai'
import { AgeClock } from './age-clock.ts'
import { ManualClock } from './testing/manual-clock.ts'

const minuteMs = 60_000
const dayMs = 1_440 * minuteMs

describe('AgeClock', () => {
  const setUp = () => {
    const clock = new ManualClock(dayMs)
    const ages = new AgeClock(clock)
    const passMinutes = (minutes: number) => {
      for (let minute = 0; minute < minutes; minute += 1) {
        clock.advance(minuteMs)
        ages.nowMs()
      }
    }
    return { clock, ages, passMinutes }
  }

  it('goes with the clock', () => {
    const { clock, ages, passMinutes } = setUp()
    passMinutes(200)
    expect(ages.nowMs()).to.equal(clock.nowMs())
    clock.advanceTo(clock.nowMs() - 10 * minuteMs)
    expect(ages.nowMs()).to.equal(clock.nowMs())
  })

  it('stands still in a leap ahead that is taken back, and has missed nothing', () => {
    const { clock, ages, passMinutes } = setUp()
    clock.advanceTo(7 * dayMs)
    expect(ages.nowMs()).to.equal(dayMs)
    passMinutes(50)
    expect(ages.nowMs()).to.equal(dayMs + 50 * minuteMs)
    clock.advanceTo(dayMs + 50 * minuteMs)
    ages.nowMs()
    passMinutes(1)
    expect(ages.nowMs()).to.equal(dayMs + 51 * minuteMs)
  })

  it('follows a leap that lasted for an hour', () => {
    const { clock, ages, passMinutes } = setUp()
    clock.advanceTo(7 * dayMs)
    ages.nowMs()
    passMinutes(59)
    expect(ages.nowMs()).to.equal(dayMs + 59 * minuteMs)
    passMinutes(1)
    expect(ages.nowMs()).to.equal(clock.nowMs())
  })
})
