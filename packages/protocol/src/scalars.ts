import * as z from 'zod'

declare const brand: unique symbol
type Branded<T, Name extends string> = T & { readonly [brand]: Name }

/** A compressed secp256k1 public key, 66 lower-case hexadecimal digits. Only its form is checked, not that it is on the curve. */
export type IdentityKey = Branded<string, 'IdentityKey'>
/** The name that a sender gave a message: 1 to 256 characters, not blank. */
export type MessageId = Branded<string, 'MessageId'>
/** The name of a message box: 1 to 128 characters, not blank, no line breaks. */
export type BoxName = Branded<string, 'BoxName'>
/** `<txid>.<vout>`: the transaction's id in display order, the output's index in decimal. */
export type Outpoint = Branded<string, 'Outpoint'>
/** One delivery of one message to one host: 8 bytes of big-endian milliseconds, 24 random bytes, as 64 hexadecimal digits. */
export type ForwardId = Branded<string, 'ForwardId'>
/** The origin of a host: scheme, host and port, lower case, no path and no trailing slash. */
export type HostOrigin = Branded<string, 'HostOrigin'>

const keyForm = /^0[23][0-9a-f]{64}$/i
/** A name as most are: nothing can be wrong with it but its length. */
const plainName = /^[!-~]+$/
const lineBreak = /[\r\n]/
/** Half of a surrogate pair: it has no UTF-8 form, so two names could become one on disk and in what is signed. */
const brokenText = /\p{Surrogate}/u

export const identityKeySchema = z
  .string()
  .regex(keyForm, 'must be a compressed public key of 66 hexadecimal digits')
  .transform((text) => text.toLowerCase() as IdentityKey)
export const messageIdSchema = nameSchema<MessageId>(messageIdFault)
export const boxNameSchema = nameSchema<BoxName>(boxNameFault)

// The same without a schema, which costs more than all else that is read of a message.

/** A key of the right form, in lower case; else null. */
export function toIdentityKey(value: unknown): IdentityKey | null {
  return typeof value === 'string' && keyForm.test(value) ? (value.toLowerCase() as IdentityKey) : null
}

export function toMessageId(value: unknown): MessageId | null {
  return typeof value === 'string' && messageIdFault(value) === null ? (value as MessageId) : null
}

export function toBoxName(value: unknown): BoxName | null {
  return typeof value === 'string' && boxNameFault(value) === null ? (value as BoxName) : null
}

export const forwardIdSchema = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits')
  .transform((text) => text as ForwardId)

/** What a host calls its log: another name, and what came before is not there for sure. */
export const logNameSchema = z.string().regex(/^[\w-]{1,64}$/, 'must be 1 to 64 characters of the base64url alphabet')

export const outpointSchema = z
  .string()
  .regex(/^[0-9a-f]{64}\.(0|[1-9][0-9]{0,9})$/, 'must be <txid>.<vout>')
  .transform((text) => text as Outpoint)

function nameSchema<Name extends string>(faultOf: (text: string) => string | null) {
  return z.string().transform((text, context): Name => {
    const message = faultOf(text)
    if (message === null) return text as Name
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  })
}

function messageIdFault(text: string): string | null {
  return nameFault(text, 256)
}

function boxNameFault(text: string): string | null {
  return nameFault(text, 128) ?? (lineBreak.test(text) ? 'must not contain a line break' : null)
}

function nameFault(text: string, mostCharacters: number): string | null {
  if (text.length > mostCharacters) return `must have at most ${mostCharacters} characters`
  if (plainName.test(text)) return null
  if (text.trim() === '') return 'must not be blank'
  return brokenText.test(text) ? 'must be well-formed Unicode' : null
}

/** When `id` was made, in Unix milliseconds: its first 8 bytes. */
export function forwardIdTimeMs(id: ForwardId): number {
  return Number(BigInt(`0x${id.slice(0, 16)}`))
}
