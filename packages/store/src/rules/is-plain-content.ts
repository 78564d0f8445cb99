import type { Content } from '@overpost/core'
import { isPlainText } from '@overpost/protocol/plain-text'

/** Whether a page may say of a message that it is plain (`PagedMessage.isPlain`). */
export function isPlainContent({ contentType, body }: Content): boolean {
  return contentType === 'text/plain' && isPlainText(body)
}
