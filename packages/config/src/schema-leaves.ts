import type * as z from 'zod'

/** What a leaf of a configuration schema says about itself, by zod's `.meta()`. */
export interface LeafMeta {
  readonly description?: string
  /** The environment variable that sets the leaf. */
  readonly env?: string
  /** The unit of the number, as `ms` or `bytes`. */
  readonly unit?: string
  /** Never printed. */
  readonly secret?: boolean
  /** Stands in the example file when the leaf has no default. */
  readonly example?: unknown
}

export type LeafKind = 'string' | 'number' | 'boolean' | 'list' | 'other'

/** One setting: where it sits in the object, its names for flags and environment, and what it takes. */
export interface Leaf {
  readonly path: readonly string[]
  /** The flag, with its dashes: `listen.port` is `--listen-port`. */
  readonly flag: string
  readonly kind: LeafKind
  readonly meta: LeafMeta
  /** Whether it must be given. */
  readonly required: boolean
  /** The default, or undefined. */
  readonly fallback: unknown
  /** The words that it takes, for an enumeration. */
  readonly choices: readonly string[]
}

/** Every leaf of `schema`, in the order of the schema. Objects are walked into, through `default`, `optional` and `prefault`. */
export function schemaLeaves(schema: z.ZodType): Leaf[] {
  return walk(schema, [], true)
}

function walk(schema: z.ZodType, path: readonly string[], isParentThere: boolean): Leaf[] {
  const { core, meta, isOptional, hasDefault, fallback } = unwrap(schema)
  const def = defOf(core)
  if (def.type === 'object' && def.shape !== undefined) {
    return Object.entries(def.shape).flatMap(([key, child]) =>
      walk(child, [...path, key], isParentThere && !isOptional),
    )
  }
  const required = isParentThere && !isOptional && !hasDefault
  const flag = `--${path.map(kebab).join('-')}`
  return [{ path, flag, kind: kindOf(core), meta, required, fallback, choices: choicesOf(def) }]
}

/** As much of a zod schema's definition as is read here. */
interface Def {
  readonly type: string
  readonly shape?: Readonly<Record<string, z.ZodType>>
  readonly innerType?: z.ZodType
  readonly in?: z.ZodType
  readonly defaultValue?: unknown
  readonly entries?: Readonly<Record<string, string>>
}

function defOf(schema: z.ZodType): Def {
  return schema.def
}

interface Unwrapped {
  readonly core: z.ZodType
  readonly meta: LeafMeta
  readonly isOptional: boolean
  readonly hasDefault: boolean
  readonly fallback: unknown
}

function unwrap(schema: z.ZodType): Unwrapped {
  let core = schema
  let meta: LeafMeta = {}
  let isOptional = false
  let hasDefault = false
  let fallback: unknown
  for (;;) {
    meta = { ...(core.meta() as LeafMeta | undefined), ...meta }
    const def = defOf(core)
    if (def.type === 'default' || def.type === 'prefault') {
      hasDefault = true
      fallback ??= def.defaultValue
    }
    if (def.type === 'optional' || def.type === 'nullable') isOptional = true
    const inner = def.type === 'pipe' ? def.in : def.innerType
    if (inner === undefined) return { core, meta, isOptional, hasDefault, fallback }
    core = inner
  }
}

function kindOf(core: z.ZodType): LeafKind {
  const { type } = defOf(core)
  if (type === 'number' || type === 'boolean') return type
  if (type === 'string' || type === 'enum') return 'string'
  return type === 'array' ? 'list' : 'other'
}

function choicesOf(def: Def): string[] {
  return def.type === 'enum' && def.entries !== undefined ? Object.values(def.entries) : []
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
