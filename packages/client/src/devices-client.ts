import * as z from 'zod'
import type { CallHost } from './call-host.ts'
import type { CallOptions } from './message-box-client.ts'

/** A device that wants to be told of news. */
export interface NewDevice {
  /** What names the device to the push service (FCM). */
  readonly token: string
  /** What its owner calls it. */
  readonly name?: string
  readonly platform?: 'ios' | 'android' | 'web'
}

const deviceSchema = z.object({
  id: z.number(),
  deviceId: z.string().nullable(),
  platform: z.string().nullable(),
  fcmToken: z.string(),
  active: z.boolean(),
})
const answers = {
  done: z.object({ status: z.literal('success') }),
  added: z.object({ deviceId: z.number() }),
  list: z.object({ devices: z.array(deviceSchema) }),
}

export type Device = z.output<typeof deviceSchema>

/** The user's devices that their host tells of news (docs/specs/devices.md). */
export class DevicesClient {
  readonly #call: CallHost

  constructor(call: CallHost) {
    this.#call = call
  }

  async list(options: CallOptions = {}): Promise<Device[]> {
    return (await this.#call({ method: 'GET', path: '/devices', schema: answers.list }, options)).devices
  }

  /** Resolves to the id by which it is removed. */
  async add({ token, name, platform }: NewDevice, options: CallOptions = {}): Promise<number> {
    const body = { fcmToken: token, deviceId: name, platform }
    return (await this.#call({ method: 'POST', path: '/registerDevice', body, schema: answers.added }, options))
      .deviceId
  }

  /** @throws {RelayClientError} ERR_NOT_FOUND when there is no such device */
  async remove(id: number, options: CallOptions = {}): Promise<void> {
    const body = { deviceId: id }
    await this.#call({ method: 'POST', path: '/removeDevice', body, schema: answers.done }, options)
  }
}
