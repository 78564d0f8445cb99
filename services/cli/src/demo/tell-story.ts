import type { Cast } from './cast.ts'
import { authoriseB } from './steps/authorise-b.ts'
import { forgeAdvert } from './steps/forge-advert.ts'
import { forgeMessage } from './steps/forge-message.ts'
import { killB } from './steps/kill-b.ts'
import { meetEverybody } from './steps/meet-everybody.ts'
import { moveToC } from './steps/move-to-c.ts'
import { readAndAcknowledge } from './steps/read-and-acknowledge.ts'
import { replayRequest } from './steps/replay-request.ts'
import { sendAcross } from './steps/send-across.ts'
import { stopOverlay } from './steps/stop-overlay.ts'

const steps = [
  meetEverybody,
  authoriseB,
  sendAcross,
  readAndAcknowledge,
  killB,
  forgeMessage,
  forgeAdvert,
  replayRequest,
  moveToC,
  stopOverlay,
]

/** The demo, step by step, each checked by reading it back. @throws {StoryError} at the first that is not so */
export async function tellStory(cast: Cast): Promise<void> {
  for (const step of steps) {
    cast.signal.throwIfAborted()
    await step(cast)
  }
}
