// Imports go downward only: a package may depend on workspace packages of lower floors, never on its own or a higher one.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const roots = ['packages', 'services']
const manifests = roots
  .flatMap((root) => readdirSync(root).map((name) => join(root, name, 'package.json')))
  .concat('test/package.json')
  .map((path) => ({ path, ...JSON.parse(readFileSync(path, 'utf8')) }))
const floorOf = new Map(manifests.map(({ name, floor }) => [name, floor]))

const faults = []
for (const { path, name, floor, dependencies = {}, devDependencies = {} } of manifests) {
  if (!Number.isInteger(floor)) faults.push(`${path}: no "floor" number`)
  for (const dependency of Object.keys({ ...dependencies, ...devDependencies })) {
    if (!dependency.startsWith('@overpost/')) continue
    const below = floorOf.get(dependency)
    if (below === undefined) faults.push(`${path}: ${dependency} is not in this workspace`)
    else if (below >= floor)
      faults.push(`${path}: ${name} (floor ${floor}) must not import ${dependency} (floor ${below})`)
  }
}
for (const fault of faults) console.error(fault)
if (faults.length > 0) process.exit(1)
console.log(`floors: ${manifests.length} packages, every arrow points down`)
