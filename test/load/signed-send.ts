/** A request ready to send, and the id of the message in it. */
export interface SignedSend {
  readonly messageId: string
  readonly bytes: Buffer
}
