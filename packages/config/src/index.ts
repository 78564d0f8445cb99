export { exampleConfig, loadConfig, type ConfigOutcome, type ConfigSources } from './load-config.ts'
export { schemaLeaves, type Leaf, type LeafKind, type LeafMeta } from './schema-leaves.ts'
