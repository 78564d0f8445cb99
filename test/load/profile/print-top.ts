import type { FunctionTime } from './function-times.ts'
import type { Profiler } from './profiler.ts'

const TOP_FUNCTIONS = 40

/** The functions that take the time of one process, in milliseconds for each 1,000 of what was done: `done` in all. */
export function printTop(title: string, pid: number, done: number, profiler: Profiler, print: Print): void {
  const times = profiler.times(pid)
  const show = (what: string, by: 'selfMs' | 'totalMs', rows: readonly FunctionTime[]) => {
    print(`\n${title}, process ${pid}: ms per 1,000, ${what}`)
    for (const time of rows.toSorted((a, b) => b[by] - a[by]).slice(0, TOP_FUNCTIONS)) {
      print(`${((time[by] / done) * 1000).toFixed(2).padStart(8)}  ${time.where}`)
    }
  }
  show('without what is called', 'selfMs', times)
  const isOwn = ({ where }: FunctionTime) => / (?:packages|services|test)\//.test(where)
  show('our functions with what they call', 'totalMs', times.filter(isOwn))
}

type Print = (line: string) => void
