import * as z from 'zod'

export const secondMs = 1_000
export const minuteMs = 60 * secondMs
export const dayMs = 24 * 60 * minuteMs
export const mebibyte = 1_048_576
export const gibibyte = 1024 * mebibyte

export const durationMs = (least: number, most: number, fallback: number) =>
  z.number().int().min(least).max(most).default(fallback)
export const count = (least: number, most: number, fallback: number) =>
  z.number().int().min(least).max(most).default(fallback)
export const httpUrl = z
  .string()
  .refine(
    (text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol),
    'must be an http:// or https:// address',
  )
  .transform((text) => text.replace(/\/+$/, ''))
