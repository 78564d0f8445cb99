import * as z from 'zod'
import { durationMs, httpUrl, minuteMs, secondMs } from './values.ts'

export const pushSetting = z
  .strictObject({
    fcmAccountFile: z.string().min(1).optional().meta({
      description: "A Google service account's key file: devices are told of news by FCM. Without one nobody is told.",
      env: 'OVERPOST_FCM_ACCOUNT_FILE',
    }),
    fcmUrl: httpUrl.default('https://fcm.googleapis.com').meta({ description: 'Where FCM is.' }),
    box: z.string().min(1).default('notifications').meta({
      description: 'The message box of whose news devices are told.',
    }),
    title: z.string().min(1).max(200).default('New message').meta({ description: 'What a device shows.' }),
    timeoutMs: durationMs(secondMs, minuteMs / 2, 10 * secondMs).meta({
      description: 'How long telling a device may take.',
      unit: 'ms',
    }),
  })
  .prefault({})
