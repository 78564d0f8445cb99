import { Script, Transaction, UnlockingScript } from '@bsv/sdk'
import { seededRandom } from '@overpost/core/testing'
import { mutate } from './beef-mutations.ts'
import { pay, sha256 as sha, toScript, type BeefWorld } from './beef-world.ts'

/** A BEEF that a stranger may hand in. */
export interface CorpusEntry {
  readonly name: string
  readonly bytes: Uint8Array
}

const v1 = Buffer.from('0100beef', 'hex')
const v2 = Buffer.from('0200beef', 'hex')
const hugeCounts = ['fdffff', 'feffffffff', 'ffffffffffffff1f00', 'ff'.repeat(9)]

/** Seeds of findings of `npm run fuzz`, each with the BEEF that it makes. Add those that a run prints. */
const foundSeeds: readonly number[] = []

/** Malformed, huge, cyclic, with bad paths, and dear to verify. Made anew each time, always the same. */
export async function beefCorpus(world: BeefWorld): Promise<CorpusEntry[]> {
  const seeds = [...world.seeds.values()]
  return [
    ...malformed(seeds),
    ...huge(),
    ...badPaths(world),
    ...(await cyclic(world)),
    ...(await dear(world)),
    ...foundSeeds.map((seed) => ({ name: `seed ${seed}`, bytes: mutate(seeds, seededRandom(seed)).bytes })),
  ]
}

function malformed(seeds: readonly Uint8Array[]): CorpusEntry[] {
  const [first = new Uint8Array(), ...others] = seeds
  const counts = hugeCounts.flatMap((count) => [
    hex(`${count} paths`, v1, count),
    hex(`${count} transactions`, v1, `00${count}`),
    hex(`${count} leaves`, v1, `01fd001020${count}`),
    hex(`${count} inputs`, v1, `000100000000${count}`),
    hex(`a script of ${count}`, v1, `00010000000001${'00'.repeat(36)}${count}`),
    hex(`${count} transactions, V2`, v2, `00${count}`),
    hex(`a path number of ${count}`, v2, `000101${count}`),
  ])
  return [
    { name: 'nothing', bytes: new Uint8Array() },
    { name: 'one byte', bytes: Uint8Array.of(1) },
    hex('another version', Buffer.from('0300beef', 'hex'), '0000'),
    hex('no transaction', v1, '0000'),
    hex('a path without height', v1, '01fd00100000'),
    hex('a path of 255 rows', v1, `01fd0010ff${'00'.repeat(300)}`),
    hex('an entry of an unknown kind', v2, '000103'),
    hex('a transaction of 64 bytes', v1, `0001${'00'.repeat(65)}`),
    ...counts,
    ...seeds.map((bytes, at) => ({ name: `bytes behind, ${at}`, bytes: Buffer.concat([bytes, Buffer.alloc(1)]) })),
    ...seeds.map((bytes, at) => ({ name: `without its end, ${at}`, bytes: bytes.subarray(0, -1) })),
    { name: 'about a transaction that is not in it', bytes: Buffer.concat([atomicHead('ab'.repeat(32)), first]) },
    ...others.map((bytes, at) => ({ name: `two, one behind the other, ${at}`, bytes: Buffer.concat([first, bytes]) })),
  ]
}

function huge(): CorpusEntry[] {
  const inputs = Array.from({ length: 30_000 }, (_, at) => input(sha(`coin ${at}`)))
  const output = Buffer.alloc(9)
  const large = Buffer.concat([Buffer.alloc(8), varInt(2 << 20), Buffer.alloc(2 << 20)])
  const alone = (...parts: Parameters<typeof rawTransaction>) =>
    Buffer.concat([v1, Buffer.of(0, 1), rawTransaction(...parts), Buffer.of(0)])
  return [
    { name: '2 MiB of zeros', bytes: Buffer.concat([v1, Buffer.alloc(2 << 20)]) },
    { name: '2 MiB of 0xff', bytes: Buffer.concat([v1, Buffer.alloc(2 << 20, 0xff)]) },
    { name: 'a transaction of 30,000 inputs', bytes: alone(inputs, [output]) },
    {
      name: 'a transaction of 200,000 outputs',
      bytes: alone(
        [input()],
        Array.from({ length: 200_000 }, () => output),
      ),
    },
    { name: 'a script of 2 MiB', bytes: alone([input()], [large]) },
    { name: '1,000 transactions', bytes: transactions(1_000) },
    { name: '1,001 transactions', bytes: transactions(1_001) },
    { name: '20,000 transactions', bytes: transactions(20_000) },
    { name: '10,000 paths', bytes: paths(10_000, 1) },
    { name: '5,000 leaves in 20 paths', bytes: paths(20, 250) },
    { name: '5,001 leaves', bytes: paths(21, 250) },
    { name: '257 leaves in one path', bytes: paths(1, 257) },
  ]
}

/** What a proof may get wrong, each in the place of a good one. */
function badPaths({ seeds }: BeefWorld): CorpusEntry[] {
  const good = Transaction.fromBEEF(Array.from(seeds.get('a mined token') ?? []))
  const raw = Buffer.from(good.toBinary())
  const own = good.id('hex')
  const { merklePath, inputs } = good
  const { blockHeight = 0, path = [] } = merklePath ?? {}
  type Leaf = (typeof path)[number][number]
  const withRows = (rows: Leaf[][], height = blockHeight): Uint8Array => {
    const leaf = ({ offset, hash, txid, duplicate }: Leaf) => [
      varInt(offset),
      Buffer.of((duplicate === true ? 1 : 0) | (txid === true ? 2 : 0)),
      duplicate === true ? Buffer.alloc(0) : Buffer.from(hash ?? '', 'hex').reverse(),
    ]
    const bytes = rows.map((row) => Buffer.concat([varInt(row.length), ...row.flatMap(leaf)]))
    const bump = Buffer.concat([varInt(height), Buffer.of(rows.length), ...bytes])
    return Buffer.concat([v1, Buffer.of(1), bump, Buffer.of(1), raw, Buffer.of(1, 0)])
  }
  const changed = (change: (rows: Leaf[][]) => void): Uint8Array => {
    const rows = structuredClone(path)
    change(rows)
    return withRows(rows)
  }
  const at = (rows: Leaf[][], row: number, leaf: number): Leaf => rows[row]?.[leaf] ?? { offset: 0 }
  return [
    { name: 'a path to another height', bytes: withRows(path, blockHeight + 1) },
    { name: 'a path to no height', bytes: withRows(path, Number.MAX_SAFE_INTEGER) },
    { name: 'a path without its middle', bytes: changed((rows) => rows.splice(1, 1)) },
    { name: 'a path without its end', bytes: changed((rows) => rows.pop()) },
    { name: 'a path with an empty row', bytes: changed((rows) => rows[1]?.splice(0)) },
    { name: 'a path with only itself', bytes: changed((rows) => rows.splice(0, 9, [{ offset: 0, hash: own }])) },
    { name: 'a path of the other side', bytes: changed((rows) => (at(rows, 0, 0).offset = 2)) },
    { name: 'a path beyond numbers', bytes: changed((rows) => (at(rows, 0, 1).offset = Number.MAX_SAFE_INTEGER)) },
    { name: 'a path that repeats itself', bytes: changed((rows) => (rows[1] = [{ offset: 1, duplicate: true }])) },
    { name: 'a path that repeats a left one', bytes: changed((rows) => (rows[0] = [at(rows, 0, 1), dup(0)])) },
    { name: 'a path of 32 rows of repetitions', bytes: withRows(repetitions(own)) },
    { name: 'a path with another leaf for itself', bytes: changed((rows) => rows[0]?.push({ offset: 5, hash: own })) },
    { name: 'a path with another transaction', bytes: changed((rows) => (at(rows, 0, 1).hash = sha('x'))) },
    { name: 'a path with a hash that leads elsewhere', bytes: changed((rows) => (at(rows, 2, 0).hash = sha('y'))) },
    {
      name: 'a path to the coin that is spent',
      bytes: changed((r) => (at(r, 0, 1).hash = inputs[0]?.sourceTXID ?? '')),
    },
  ]
}

/** Ancestors that come up again and again. True circles need a transaction that names itself, which no hash allows. */
async function cyclic({ builder }: BeefWorld): Promise<CorpusEntry[]> {
  const ladder = async (rungs: number): Promise<Transaction> => {
    let step = await builder.spend([{ transaction: builder.fund(), index: 0 }], [pay(9_000), pay(500)])
    for (let rung = 1; rung < rungs; rung++) {
      const left = 9_000 - 100 * rung
      step = await builder.spend(
        [0, 1].map((index) => ({ transaction: step, index })),
        [pay(left), pay(50)],
      )
    }
    return step
  }
  const steps = await ladder(7)
  const valid = Buffer.from(steps.toBEEF())
  const parent = await builder.spend([{ transaction: builder.fund(), index: 0 }], [pay(100)])
  const child = await builder.spend([{ transaction: parent, index: 0 }], [pay(50)])
  const raws = [child, parent].map((transaction) => Buffer.from(transaction.toBinary()))
  const noProofs = (...list: Buffer[]) =>
    Buffer.concat([v1, Buffer.of(0), varInt(list.length), ...list.flatMap((raw) => [raw, Buffer.of(0)])])
  return [
    { name: 'a ladder of 7 rungs, 128 ways', bytes: valid },
    { name: 'a chain that ends nowhere', bytes: noProofs(...raws) },
    {
      name: 'the same transaction a thousand times',
      bytes: noProofs(...Array.from({ length: 1_000 }, () => raws[0]!)),
    },
    { name: 'a child before its parent', bytes: noProofs(raws[0]!, raws[1]!) },
    { name: 'a chain of 900, unsigned', bytes: noProofs(...unsigned(900, 1)) },
    { name: 'a ladder of 400 rungs, unsigned', bytes: noProofs(...unsigned(400, 2)) },
    { name: 'a net of 30 with 16 threads, unsigned', bytes: noProofs(...unsigned(30, 16)) },
  ]
}

/** What is well formed, and would cost much to run. The scripts of the coins are the attacker's own. */
async function dear({ builder }: BeefWorld): Promise<CorpusEntry[]> {
  const entries: CorpusEntry[] = []
  const scripts: [string, string, string][] = [
    ['500 signature checks of one key', '00', `${'00'.repeat(0)}${'6e'.repeat(1)}${'ac'.repeat(500)}`],
    ['20 times 20 keys of 20', '', `0000${'0101ae'.repeat(20)}`],
    ['a number of 500,000 bytes', '', `51${'7e'.repeat(1)}${'768b95'.repeat(600)}`],
    ['doubling', '01ff', '767e'.repeat(40)],
    ['shifts', '51', '03ffff3f98'.repeat(500)],
    ['hashing what doubles', '01ff', `${'767e'.repeat(18)}${'76aa75'.repeat(1_000)}`],
    ['powers', '02ffff', '7695'.repeat(24)],
    ['quotients', '02ffff', `${'7695'.repeat(16)}${'765696 97'.replaceAll(' ', '').repeat(200)}`],
    ['pushes and drops', '51', '0161756d6d'.replace('6d6d', '').repeat(6_000)],
    ['conditions', '51', `${'63'.repeat(30_000)}${'68'.repeat(30_000)}`],
    ['a stack of 100,000', '51', '76'.repeat(100_000)],
    ['a stack that is rolled', '51', `${'76'.repeat(2_000)}${'02d0077a'.repeat(2_000)}`],
  ]
  for (const [name, unlocking, locking] of scripts) {
    const coin = builder.fund(toScript(Buffer.from(locking, 'hex')))
    const spender = new Transaction(1, [], [pay(50)], 0)
    spender.addInput({
      sourceTransaction: coin,
      sourceOutputIndex: 0,
      unlockingScript: new UnlockingScript(Script.fromHex(unlocking).chunks),
      sequence: 0xffffffff,
    })
    builder.valid.add(spender.id('hex')) // should it be run to its end
    entries.push({ name: `dear: ${name}`, bytes: Uint8Array.from(spender.toBEEF()) })
  }
  for (const count of [10, 14, 15, 100, 400]) {
    const coins = Array.from({ length: count }, () => ({ transaction: builder.fund(), index: 0 }))
    const spender = await builder.spend(coins, [pay(100)])
    entries.push({ name: `dear: ${count} true signatures`, bytes: Uint8Array.from(spender.toBEEF()) })
  }
  return entries
}

/** `count` transactions, parents first, each spending all `threads` outputs of the one before; nothing is signed. */
function unsigned(count: number, threads: number): Buffer[] {
  const made: Buffer[] = []
  const outputs = Array.from({ length: threads }, () => Buffer.alloc(9))
  for (let txid = sha('the first coin'), left = count; left > 0; left--) {
    const raw = rawTransaction(
      Array.from({ length: threads }, (_, index) => input(txid, index)),
      outputs,
    )
    txid = Transaction.fromBinary(Array.from(raw)).id('hex')
    made.push(raw)
  }
  return made
}

function transactions(count: number): Buffer {
  const each = Array.from({ length: count }, (_, at) => [
    rawTransaction([input(sha(`${at}`))], [Buffer.alloc(9)]),
    Buffer.of(0),
  ])
  return Buffer.concat([v1, Buffer.of(0), varInt(count), ...each.flat()])
}

/** Paths of one row, with hashes that no transaction has. */
function paths(count: number, leaves: number): Buffer {
  const leaf = (at: number) => [varInt(at), Buffer.of(0), Buffer.from(sha(`leaf ${at}`), 'hex')]
  const row = Buffer.concat([varInt(leaves), ...Array.from({ length: leaves }, (_, at) => leaf(at)).flat()])
  const each = Array.from({ length: count }, (_, at) => [varInt(at), Buffer.of(1), row])
  return Buffer.concat([
    v1,
    varInt(count),
    ...each.flat(),
    Buffer.of(1),
    rawTransaction([input()], [Buffer.alloc(9)]),
    Buffer.of(0),
  ])
}

function rawTransaction(inputs: readonly Buffer[], outputs: readonly Buffer[]): Buffer {
  const [version, lockTime] = [Buffer.of(1, 0, 0, 0), Buffer.alloc(4)]
  return Buffer.concat([version, varInt(inputs.length), ...inputs, varInt(outputs.length), ...outputs, lockTime])
}

/** With an empty script. */
function input(txid = sha('a coin'), index = 0): Buffer {
  const outputIndex = Buffer.alloc(4)
  outputIndex.writeUInt32LE(index)
  return Buffer.concat([Buffer.from(txid, 'hex').reverse(), outputIndex, Buffer.of(0), Buffer.alloc(4, 0xff)])
}

function atomicHead(txid: string): Buffer {
  return Buffer.concat([Buffer.from('01010101', 'hex'), Buffer.from(txid, 'hex')])
}

function hex(name: string, head: Uint8Array, rest: string): CorpusEntry {
  return { name, bytes: Buffer.concat([head, Buffer.from(rest, 'hex')]) }
}

function varInt(value: number): Buffer {
  if (value < 0xfd) return Buffer.of(value)
  const bytes = Buffer.alloc(9, value <= 0xffff ? 0xfd : value <= 0xffff_ffff ? 0xfe : 0xff)
  bytes.writeBigUInt64LE(BigInt(value), 1)
  return bytes.subarray(0, value <= 0xffff ? 3 : value <= 0xffff_ffff ? 5 : 9)
}

function dup(offset: number): { offset: number; duplicate: true } {
  return { offset, duplicate: true }
}

function repetitions(hash: string) {
  return Array.from({ length: 32 }, (_, row) => (row === 0 ? [{ offset: 0, hash, txid: true }, dup(1)] : [dup(1)]))
}
