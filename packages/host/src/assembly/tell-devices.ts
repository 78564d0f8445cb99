import { DeviceNotices } from '@overpost/core'
import type { Foundation, OnClose } from './foundation.ts'
import type { Relay } from './relay.ts'

/** Lets devices be told of news, where a push service is configured. */
export function tellDevices(
  { config, clock, store, events, outbound }: Pick<Foundation, 'config' | 'clock' | 'store' | 'events' | 'outbound'>,
  { mailbox }: Pick<Relay, 'mailbox'>,
  onClose: OnClose,
): void {
  const { push } = outbound
  if (push === null) return
  const notices = new DeviceNotices({ devices: store.devices, push, clock, events, box: config.push.box })
  onClose(() => notices[Symbol.asyncDispose]())
  mailbox.watch((address) => notices.appended(address))
}
