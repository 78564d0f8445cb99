// node drive-page.mjs <chromium> <program.js> <conversation as JSON>: bundles the program into one script, runs its `converse`
// in a page of an origin of its own, so that all goes by CORS, and prints what it gave and the WebSockets that it opened.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { build } from 'esbuild'
import { chromium } from 'playwright-core'

const [executablePath, program, conversation] = process.argv.slice(2)
const site = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<!doctype html>'))
await once(site.listen(0, '127.0.0.1'), 'listening')
// As root, as in a container, Chromium has no sandbox. It sees nothing but this page.
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
try {
  const { outputFiles } = await build({
    ...{ entryPoints: [program], bundle: true, format: 'iife', platform: 'browser', write: false, logLevel: 'error' },
  })
  const page = await browser.newPage()
  const sockets = []
  page.on('websocket', (socket) => sockets.push(socket.url()))
  await page.goto(`http://127.0.0.1:${site.address().port}/`)
  await page.addScriptTag({ content: outputFiles[0].text })
  const conversed = await page.evaluate((given) => globalThis.converse(given), JSON.parse(conversation))
  process.stdout.write(`${JSON.stringify({ conversed, sockets })}\n`)
} finally {
  await browser.close()
  site.close()
}
