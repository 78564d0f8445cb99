/**
 * IdentityWallet against ProtoWallet of @bsv/sdk, in one run: `node test/dist/load/identity-wallet.js`. Medians of 3. Each
 * call has a new key ID, as in mutual authentication, and then the same one, where ProtoWallet finds its derived key in its
 * cache. Fails when a ratio is below 20.
 */
import { PrivateKey, ProtoWallet, type WalletProtocol } from '@bsv/sdk'
import { IdentityWallet } from '@overpost/auth'

const leastRatio = 20
const rounds = 3
const protocolID: WalletProtocol = [2, 'auth message signature']
const data = Array.from({ length: 300 }, (_, at) => at & 0xff)
const alice = '11'.repeat(32)
const bob = '22'.repeat(32)

type Wallet = Pick<ProtoWallet, 'createSignature' | 'verifySignature' | 'getPublicKey'>
type Work = (wallet: Wallet, keyID: string) => Promise<unknown>

const counterparty = new IdentityWallet(bob).identityKey
const signer = new IdentityWallet(bob)
const signed = new Map<string, number[]>()

const works: Record<string, { work: Work; prepare?: (keyID: string) => Promise<void>; fixed: boolean }> = {
  sign: { work: (wallet, keyID) => wallet.createSignature({ protocolID, keyID, counterparty, data }), fixed: true },
  verify: {
    prepare: async (keyID) => {
      const forAlice = { protocolID, keyID, counterparty: new IdentityWallet(alice).identityKey, data }
      signed.set(keyID, (await signer.createSignature(forAlice)).signature)
    },
    work: (wallet, keyID) =>
      wallet.verifySignature({ protocolID, keyID, counterparty, data, signature: signed.get(keyID) ?? [] }),
    fixed: true,
  },
  derive: { work: (wallet, keyID) => wallet.getPublicKey({ protocolID, keyID, counterparty }), fixed: false },
}

let serial = 0

/** Microseconds of CPU for one call. */
async function measure(wallet: Wallet, name: keyof typeof works, calls: number, fresh: boolean): Promise<number> {
  const { work, prepare } = works[name] ?? fail(name)
  const keyIDs = Array.from({ length: calls }, () => (fresh ? `key ${serial++}` : 'always the same'))
  for (const keyID of keyIDs) await prepare?.(keyID)
  const start = process.cpuUsage()
  for (const keyID of keyIDs) await work(wallet, keyID)
  const { user, system } = process.cpuUsage(start)
  return (user + system) / calls
}

function fail(name: string): never {
  throw new Error(`no such work: ${name}`)
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

const proto = new ProtoWallet(PrivateKey.fromHex(alice))
const own = new IdentityWallet(alice)
let met = true
for (const [name, { fixed }] of Object.entries(works)) {
  for (const fresh of fixed ? [true, false] : [true]) {
    await measure(proto, name, 20, fresh)
    await measure(own, name, 2000, fresh)
    const ours: number[] = []
    const theirs: number[] = []
    for (let round = 0; round < rounds; round++) {
      theirs.push(await measure(proto, name, 100, fresh))
      ours.push(await measure(own, name, 4000, fresh))
    }
    const ratio = median(theirs) / median(ours)
    met &&= ratio >= leastRatio
    const figures = `ProtoWallet ${median(theirs).toFixed(0)} us, IdentityWallet ${median(ours).toFixed(1)} us`
    process.stdout.write(`${name}, ${fresh ? 'new' : 'same'} key ID: ${figures}, ratio ${ratio.toFixed(1)}\n`)
  }
}
process.stdout.write(met ? `all at least ${leastRatio} times as fast\n` : `below ${leastRatio} times\n`)
process.exitCode = met ? 0 : 1
