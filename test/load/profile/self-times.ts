/** What the inspector's `Profiler.stop` gives. Times in microseconds. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }[]
  readonly samples?: readonly number[]
  readonly timeDeltas?: readonly number[]
}

export interface FunctionTime {
  /** Name, file and line. */
  readonly where: string
  readonly selfMs: number
}

/** Time by function without what it calls, largest first. Idle time is left out. */
export function selfTimes(profiles: readonly CpuProfile[]): FunctionTime[] {
  const selfMs = new Map<string, number>()
  for (const { nodes, samples = [], timeDeltas = [] } of profiles) {
    const names = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]))
    samples.forEach((id, at) => {
      const where = names.get(id) ?? ''
      if (where !== '(idle)') selfMs.set(where, (selfMs.get(where) ?? 0) + (timeDeltas[at] ?? 0) / 1000)
    })
  }
  return [...selfMs].map(([where, ms]) => ({ where, selfMs: ms })).sort((a, b) => b.selfMs - a.selfMs)
}

function placeOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName
  const file = url.replace(/^.*\/node_modules\//, '').replace(/^.*\/(?=(?:packages|services|test)\/)/, '')
  return url === '' ? name : `${name} ${file}:${lineNumber + 1}`
}
