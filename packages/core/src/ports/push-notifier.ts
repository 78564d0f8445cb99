import type { BoxName } from '@overpost/protocol'

/** A service that wakes devices. One call, with its retries, ends within 30 s; never rejects. */
export interface PushNotifier {
  /**
   * Tells the device of that token that there is news in a box, and no more than that: what was sent, and by whom, is not the push
   * service's business. `gone`: the device is not there any more. `failed`: it was not told, and may be the next time.
   */
  notify(token: string, news: { readonly box: BoxName }, signal: AbortSignal): Promise<'told' | 'gone' | 'failed'>
}
