import { createSocket } from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import { isIP } from 'node:net'
import { dnsAddresses, type ResolveAddresses } from '../outgoing-guard.ts'

/** A DNS server on loopback, and the way to ask it. */
export interface DnsResponder extends AsyncDisposable {
  readonly resolve: ResolveAddresses
  /** How many questions came for a name, A and AAAA together. */
  asked(name: string): number
}

const typeA = 1
const typeAaaa = 28

/**
 * Answers A and AAAA questions (RFC 1035) from `answers(name, round)`, where `round` counts, from 0, the questions of that
 * type and name before; addresses of the other family are left out, and null means that the name does not exist.
 */
export async function dnsResponder(
  answers: (name: string, round: number) => readonly string[] | null,
): Promise<DnsResponder> {
  const rounds = new Map<string, number>()
  const socket = createSocket('udp4')
  socket.on('message', (query, from) => {
    const { name, type, end } = readQuestion(query)
    const round = rounds.get(`${type} ${name}`) ?? 0
    rounds.set(`${type} ${name}`, round + 1)
    const found = answers(name, round)
    const records = (found ?? []).filter((address) => isIP(address) === (type === typeA ? 4 : 6)).map(encodeAddress)
    const header = Buffer.alloc(12)
    query.copy(header, 0, 0, 2)
    header.writeUInt16BE(found === null ? 0x8583 : 0x8580, 2)
    header.writeUInt16BE(1, 4)
    header.writeUInt16BE(records.length, 6)
    const body = records.flatMap((address) => {
      const record = Buffer.alloc(12)
      record.writeUInt16BE(0xc00c, 0)
      record.writeUInt16BE(type, 2)
      record.writeUInt16BE(1, 4)
      record.writeUInt16BE(address.length, 10)
      return [record, address]
    })
    socket.send(Buffer.concat([header, query.subarray(12, end), ...body]), from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const resolver = new Resolver({ timeout: 2_000, tries: 1 })
  resolver.setServers([`127.0.0.1:${socket.address().port}`])
  return {
    resolve: dnsAddresses(resolver),
    asked: (name) => (rounds.get(`${typeA} ${name}`) ?? 0) + (rounds.get(`${typeAaaa} ${name}`) ?? 0),
    async [Symbol.asyncDispose]() {
      resolver.cancel()
      socket.close()
      await once(socket, 'close')
    },
  }
}

function readQuestion(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 }
}

function encodeAddress(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number))
  // The URL standard writes an address in one way, with at most one gap.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const groups = (text: string): number[] => (text === '' ? [] : text.split(':').map((group) => parseInt(group, 16)))
  const [before, after] = [groups(head), groups(tail ?? '')]
  const bytes = Buffer.alloc(16)
  before.forEach((group, index) => bytes.writeUInt16BE(group, index * 2))
  after.forEach((group, index) => bytes.writeUInt16BE(group, (8 - after.length + index) * 2))
  return bytes
}
