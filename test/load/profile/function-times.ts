/** What the inspector's `Profiler.stop` gives. Times in microseconds. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[]
  readonly samples?: readonly number[]
  readonly timeDeltas?: readonly number[]
}

interface ProfileNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  readonly children?: readonly number[]
}

export interface FunctionTime {
  /** Name, file and line. */
  readonly where: string
  /** Without what it calls. */
  readonly selfMs: number
  /** With all that it calls, called by itself again or not. */
  readonly totalMs: number
}

/** Time by function, idle time left out. The profiler looks at the clock, so waiting for the disk counts as time. */
export function functionTimes(profiles: readonly CpuProfile[]): FunctionTime[] {
  const times = new Map<string, { selfMs: number; totalMs: number }>()
  for (const profile of profiles) addTimes(profile, times)
  times.delete('(idle)')
  times.delete('(root)')
  return [...times].map(([where, time]) => ({ where, ...time }))
}

function addTimes(
  { nodes, samples = [], timeDeltas = [] }: CpuProfile,
  times: Map<string, { selfMs: number; totalMs: number }>,
): void {
  const selfMs = new Map<number, number>()
  samples.forEach((id, at) => selfMs.set(id, (selfMs.get(id) ?? 0) + (timeDeltas[at] ?? 0) / 1000))
  const byId = new Map(nodes.map((node) => [node.id, node]))

  /** The time of a node and all below it. `above` are the functions on the way to it, which count that time themselves. */
  function add({ id, callFrame, children = [] }: ProfileNode, above: ReadonlySet<string>): number {
    const where = placeOf(callFrame)
    const here = new Set(above).add(where)
    const ownMs = selfMs.get(id) ?? 0
    const totalMs = children.reduce((sum, child) => sum + add(byId.get(child)!, here), ownMs)
    const time = times.get(where) ?? { selfMs: 0, totalMs: 0 }
    time.selfMs += ownMs
    if (!above.has(where)) time.totalMs += totalMs
    times.set(where, time)
    return totalMs
  }
  const [root] = nodes
  if (root !== undefined) add(root, new Set())
}

function placeOf({ functionName, url, lineNumber }: ProfileNode['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName
  const file = url.replace(/^.*\/node_modules\//, '').replace(/^.*\/(?=(?:packages|services|test)\/)/, '')
  return url === '' ? name : `${name} ${file}:${lineNumber + 1}`
}
