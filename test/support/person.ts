import { randomBytes } from 'node:crypto'
import { IdentityWallet } from '@overpost/auth'
import type { MessageBoxClient } from '@overpost/client'
import type { IdentityKey } from '@overpost/protocol'

/** Somebody with a key of their own. */
export interface Person {
  readonly wallet: IdentityWallet
  readonly key: IdentityKey
  readonly privateKey: string
}

export function newPerson(): Person {
  const privateKey = randomBytes(32).toString('hex')
  const wallet = new IdentityWallet(privateKey)
  return { wallet, key: wallet.identityKey, privateKey }
}

/** What waits in a box, oldest first: bodies as they were sent. */
export async function bodiesIn(client: MessageBoxClient, box: string): Promise<string[]> {
  const bodies: string[] = []
  for await (const { body } of client.listAll({ box, limit: 1000 })) {
    bodies.push(typeof body === 'string' ? body : JSON.stringify(body))
  }
  return bodies
}
