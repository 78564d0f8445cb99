// TEST_ROOTS: some of the folders, for tools/unit.mjs.
// Tests are compiled beside the sources; the list comes from the sources, so that a stale dist file never runs.
const { readdirSync, statSync } = require('node:fs')
const { join } = require('node:path')

function find(dir) {
  return readdirSync(dir).flatMap((name) => {
    if (name === 'node_modules' || name === 'dist') return []
    const path = join(dir, name)
    if (statSync(path).isDirectory()) return find(path)
    return name.endsWith('.test.ts') ? [path] : []
  })
}

const toDist = (path) =>
  path.startsWith('test/')
    ? path.replace(/^test\//, 'test/dist/').replace(/\.ts$/, '.js')
    : path.replace('/src/', '/dist/').replace(/\.ts$/, '.js')

module.exports = {
  spec: (process.env.TEST_ROOTS ?? 'packages services test').split(' ').flatMap(find).map(toDist),
  require: ['tools/mocha-hooks.mjs'],
  timeout: 10_000,
  reporter: process.env.CI ? 'dot' : 'spec',
}
