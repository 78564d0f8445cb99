import { spawnSync } from 'node:child_process'

/** Where Chromium is installed here; null: nowhere. `OVERPOST_CHROMIUM` names another. */
export function findChromium(): string | null {
  for (const name of [process.env['OVERPOST_CHROMIUM'], 'chromium', 'chromium-browser', 'google-chrome']) {
    if (name === undefined) continue
    const { status, stdout } = spawnSync('sh', ['-c', 'command -v "$0"', name], { encoding: 'utf8' })
    if (status === 0) return stdout.trim()
  }
  return null
}
