/** An export that is not taken. `code` is stable; the message has no content of the export and names the next step. */
export class ExportError extends Error {
  readonly code: string
  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'ExportError'
    this.code = code
  }
}
