import type { KeyName } from '@overpost/protocol'

/**
 * BRC-43's invoice number, `<level>-<protocol name>-<key ID>`, with the checks that @bsv/sdk 2.1.0 makes.
 * @throws {Error} when the name or the key ID is not a legal one
 */
export function invoiceNumber(protocolID: KeyName['protocolID'], keyID: string): string {
  return invoicePrefix(protocolID) + checkedKeyId(keyID)
}

/** `<level>-<protocol name>-`: the part of an invoice number that does not change from message to message. */
export function invoicePrefix(protocolID: KeyName['protocolID']): string {
  const level: number = protocolID[0]
  if (!Number.isInteger(level) || level < 0 || level > 2) throw new Error('Protocol security level must be 0, 1, or 2')
  const name = protocolID[1].toLowerCase().trim()
  // A specific linkage revelation carries the name of another protocol in its own.
  if (name.startsWith('specific linkage revelation ')) {
    if (name.length > 430) throw new Error('Specific linkage revelation protocol names must be 430 characters or less')
  } else if (name.length > 400) throw new Error('Protocol names must be 400 characters or less')
  if (name.length < 5) throw new Error('Protocol names must be 5 characters or more')
  if (name.includes('  ')) throw new Error('Protocol names cannot contain multiple consecutive spaces ("  ")')
  if (!/^[a-z0-9 ]+$/.test(name)) throw new Error('Protocol names can only contain letters, numbers and spaces')
  if (name.endsWith(' protocol')) throw new Error('No need to end your protocol name with " protocol"')
  return `${level}-${name}-`
}

/** @throws {Error} when the key ID is empty or longer than 800 characters */
export function checkedKeyId(keyID: string): string {
  if (keyID.length > 800) throw new Error('Key IDs must be 800 characters or less')
  if (keyID.length < 1) throw new Error('Key IDs must be 1 character or more')
  return keyID
}
