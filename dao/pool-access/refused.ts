/** A no, as whoever asked for something of a pool is answered. */
export interface Refused {
  ok: false
  code: string
  message: string
}

export const refused = (code: string, message: string): Refused => ({ ok: false, code, message })
