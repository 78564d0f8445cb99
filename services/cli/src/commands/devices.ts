import { defineCommand, UsageError } from '../command.ts'
import { connect, hostOptions } from '../connect.ts'
import { columns } from '../help-text.ts'
import { exitCodes } from '../io.ts'
import { shared } from '../options.ts'

const platforms = ['ios', 'android', 'web'] as const

export const devicesList = defineCommand({
  name: 'devices list',
  summary: 'show your devices that a host tells of news',
  positionals: [],
  options: { ...hostOptions, json: shared.json },
  async run({ options }, io) {
    const devices = await connect(options, io).devices.list({ signal: io.signal })
    if (options.json) io.out(JSON.stringify(devices))
    else {
      const rows = devices.map(({ id, deviceId, platform, fcmToken, active }) => {
        return [String(id), deviceId ?? '-', platform ?? '-', fcmToken, active ? 'yes' : 'no']
      })
      for (const line of columns([['ID', 'NAME', 'PLATFORM', 'TOKEN', 'ACTIVE'], ...rows])) io.out(line)
    }
    return exitCodes.done
  },
})

export const devicesAdd = defineCommand({
  name: 'devices add',
  summary: 'have a device of yours told of news',
  positionals: [{ name: 'TOKEN', required: true, description: 'what names the device to the push service (FCM)' }],
  options: {
    ...hostOptions,
    name: { kind: 'text', value: 'NAME', description: 'what you call it' },
    platform: { kind: 'text', value: 'NAME', description: `one of ${platforms.join(', ')}` },
    json: shared.json,
  },
  async run({ options, positionals: [token = ''] }, io) {
    const platform = platforms.find((known) => known === options.platform)
    if (platform === undefined && options.platform !== undefined) {
      throw new UsageError(`devices add: --platform is one of ${platforms.join(', ')}`)
    }
    const device = {
      token,
      ...(options.name === undefined ? {} : { name: options.name }),
      ...(platform === undefined ? {} : { platform }),
    }
    const id = await connect(options, io).devices.add(device, { signal: io.signal })
    io.out(options.json ? JSON.stringify({ id }) : `device ${id}`)
    return exitCodes.done
  },
})

export const devicesRemove = defineCommand({
  name: 'devices remove',
  summary: 'have a device of yours told of nothing any more',
  positionals: [{ name: 'ID', required: true, description: 'as devices list shows it' }],
  options: { ...hostOptions, json: shared.json },
  async run({ options, positionals: [text = ''] }, io) {
    if (!/^[1-9]\d{0,14}$/.test(text)) throw new UsageError('devices remove: ID is a number, as devices list shows it')
    await connect(options, io).devices.remove(Number(text), { signal: io.signal })
    io.out(options.json ? JSON.stringify({ removed: Number(text) }) : `device ${text} is removed`)
    return exitCodes.done
  },
})
