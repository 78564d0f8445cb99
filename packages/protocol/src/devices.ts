import * as z from 'zod'
import { RelayError } from './errors.ts'
import { asRecord, isAbsent, parseOrNull } from './json.ts'

export const devicePlatforms = ['ios', 'android', 'web'] as const
export type DevicePlatform = (typeof devicePlatforms)[number]

/** `POST /registerDevice`, checked. */
export interface RegisterDeviceRequest {
  /** What names the device to the push service. */
  readonly token: string
  /** What its owner calls it. */
  readonly name: string | null
  readonly platform: DevicePlatform | null
}

/** One device of a listing. Times are ISO 8601. */
export interface DeviceJson {
  readonly id: number
  readonly deviceId: string | null
  readonly platform: DevicePlatform | null
  /** Its last characters: whoever has all of it can push to the device. */
  readonly fcmToken: string
  readonly active: boolean
  readonly createdAt: string
  readonly updatedAt: string
  readonly lastUsed: string | null
}

const tokenSchema = z.string().trim().min(1).max(4_096)
const nameSchema = z.string().trim().max(256)
const platformSchema = z.enum(devicePlatforms)
const idSchema = z.int().positive()

/** @throws {RelayError} ERR_INVALID_FCM_TOKEN, ERR_INVALID_PLATFORM, ERR_INVALID_REQUEST (the name of the device) */
export function parseRegisterDevice(json: unknown): RegisterDeviceRequest {
  const { fcmToken, deviceId, platform } = asRecord(json) ?? {}
  const token = parseOrNull(tokenSchema, fcmToken)
  if (token === null) throw new RelayError('ERR_INVALID_FCM_TOKEN')
  const known = isAbsent(platform) ? null : parseOrNull(platformSchema, platform)
  if (known === null && !isAbsent(platform)) throw new RelayError('ERR_INVALID_PLATFORM')
  const name = isAbsent(deviceId) ? '' : parseOrNull(nameSchema, deviceId)
  if (name === null) throw new RelayError('ERR_INVALID_REQUEST', 'deviceId must be a string of at most 256 characters.')
  return { token, name: name === '' ? null : name, platform: known }
}

/** `POST /removeDevice`, checked: the id that registering it gave. @throws {RelayError} ERR_INVALID_REQUEST */
export function parseRemoveDevice(json: unknown): number {
  const id = parseOrNull(idSchema, asRecord(json)?.['deviceId'])
  if (id === null) throw new RelayError('ERR_INVALID_REQUEST', 'deviceId must be the number that registering gave.')
  return id
}
