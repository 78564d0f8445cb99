import type { WalletInterface } from '@bsv/sdk'
import { base64ToBytes, bodyCipherKey, bytesToBase64, walletKey, type IdentityKey } from '@overpost/protocol'

/** What a wallet does to bodies. */
export type CipherWallet = Pick<WalletInterface, 'encrypt' | 'decrypt'>

/**
 * What was found of a body. `plain`: anybody on the way could read it. `opened`: it was encrypted, and opened with the key that
 * only sender and reader have. `sealed`: a ciphertext that this wallet cannot open, as when somebody else made it.
 */
export type BodySecrecy = 'plain' | 'opened' | 'sealed'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

/** `text` for the recipient's eyes only (BRC-2), in the form of `@bsv/message-box-client`. It differs each time. */
export async function sealBody(wallet: CipherWallet, recipient: IdentityKey, text: string): Promise<string> {
  const plaintext = Array.from(encoder.encode(text))
  const { ciphertext } = await wallet.encrypt({ ...walletKey(bodyCipherKey), counterparty: recipient, plaintext })
  return JSON.stringify({ encryptedMessage: bytesToBase64(Uint8Array.from(ciphertext)) })
}

/** Opens what {@link sealBody} of the sender made for this wallet; anything else comes back as it is. */
export async function openBody(
  wallet: CipherWallet,
  sender: IdentityKey,
  body: string | object,
): Promise<{ readonly body: string | object; readonly secrecy: BodySecrecy }> {
  const bytes = ciphertextOf(body)
  if (bytes === null) return { body, secrecy: 'plain' }
  try {
    const ciphertext = Array.from(bytes)
    const { plaintext } = await wallet.decrypt({ ...walletKey(bodyCipherKey), counterparty: sender, ciphertext })
    return { body: decoder.decode(Uint8Array.from(plaintext)), secrecy: 'opened' }
  } catch {
    return { body, secrecy: 'sealed' }
  }
}

/** Null for what is no ciphertext by its form. */
function ciphertextOf(body: string | object): Uint8Array | null {
  const sealed: unknown = typeof body === 'string' ? parse(body) : body
  if (typeof sealed !== 'object' || sealed === null || !('encryptedMessage' in sealed)) return null
  return typeof sealed.encryptedMessage === 'string' ? base64ToBytes(sealed.encryptedMessage) : null
}

function parse(text: string): unknown {
  if (!text.startsWith('{')) return null
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
