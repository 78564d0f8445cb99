import { PrivateKey } from '@bsv/sdk'
import { nativeHasher } from '@overpost/auth'
import {
  parseBeef,
  parseTransaction,
  proveTransaction,
  RelayError,
  sdkHasher,
  traceAncestry,
  type HeaderSource,
} from '@overpost/protocol'

/** What must not happen: something other than a refusal is thrown, something that is not valid is proven, or it takes too long. */
export interface Finding {
  readonly target: string
  readonly fault: string
}

/** The most CPU that one BEEF of a stranger may take (issue 4, must hold 7), */
const mostCpuMs = 50
/** or, on a slower machine, what so many of the SDK's signature checks take there: they are what is dear in a BEEF. */
const mostChecks = 33

/** {@link mostCpuMs} on this machine. */
export function cpuLimitMs(): number {
  const key = new PrivateKey(7)
  const [publicKey, signature] = [key.toPublicKey(), key.sign('a message')]
  let leastMs = Infinity
  for (let round = 0; round < 8; round++) {
    const before = process.cpuUsage()
    for (let checks = 0; checks < mostChecks; checks++) publicKey.verify('a message', signature)
    leastMs = Math.min(leastMs, cpuMsSince(before))
  }
  return Math.max(mostCpuMs, leastMs)
}

type Target = (bytes: Uint8Array, headers: HeaderSource) => Promise<readonly string[]> | readonly string[]

/**
 * Every way on which a BEEF from outside is read, each resolving to the ids that it holds for proven. Hosts and clients prove, overlay nodes
 * trace (their Engine, after that, runs the same verification as a proof), and take single transactions by GASP.
 */
export const targets: Readonly<Record<string, Target>> = {
  'host: prove': (bytes, headers) => prove(bytes, headers, nativeHasher),
  'client: prove': (bytes, headers) => prove(bytes, headers, sdkHasher),
  'overlay: trace': (bytes) => {
    traceAncestry(parseBeef(bytes, nativeHasher))
    return []
  },
  'overlay: one transaction': (bytes) => {
    parseTransaction(bytes, nativeHasher)
    return []
  },
}

/** Runs every target on `bytes`; slow ones again, as other work on the machine and the first run cost too. */
export async function check(
  bytes: Uint8Array,
  { headers, valid }: { readonly headers: HeaderSource; readonly valid: ReadonlySet<string> },
  limitMs: number,
): Promise<{ findings: Finding[]; cpuMs: number }> {
  const findings: Finding[] = []
  let mostMs = 0
  for (const [target, run] of Object.entries(targets)) {
    let leastMs = Infinity
    for (let runs = 0; runs < 8 && leastMs > limitMs / 2; runs++) {
      const before = process.cpuUsage()
      const fault = await faultOf(() => run(bytes, headers), valid)
      leastMs = Math.min(leastMs, cpuMsSince(before))
      if (fault !== null && runs === 0) findings.push({ target, fault })
    }
    if (leastMs > limitMs) findings.push({ target, fault: `${leastMs.toFixed(1)} ms of CPU` })
    mostMs = Math.max(mostMs, leastMs)
  }
  return { findings, cpuMs: mostMs }
}

async function faultOf(run: () => Promise<readonly string[]> | readonly string[], valid: ReadonlySet<string>) {
  try {
    const forged = (await run()).filter((txid) => !valid.has(txid))
    return forged.length === 0 ? null : `proves ${forged.join(', ')}`
  } catch (error) {
    const isRefusal = error instanceof RelayError && error.code === 'ERR_INVALID_PARAMETERS'
    return isRefusal ? null : `throws ${error instanceof Error ? (error.stack ?? error.message) : 'no error'}`
  }
}

/** What is asked for is what the BEEF is about, as everywhere; a lookup node may ask for each of up to 256 outputs, one by one. */
async function prove(bytes: Uint8Array, headers: HeaderSource, hasher: typeof nativeHasher): Promise<string[]> {
  const beef = parseBeef(bytes, hasher)
  const proven = await proveTransaction(beef, beef.subject.txid, { headers, hasher })
  return proven === null ? [] : [proven.txid]
}

function cpuMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}
