/** One plain page for a person who opens the address in a browser: what this is, where things are, whom to write to. */
import type { LedgerState } from '../../ledger/index.ts'

const escaped = (text: string): string => text.replace(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`)

export function frontPage(state: LedgerState | undefined): Response {
  const charter = state?.charter
  const title = escaped(charter === undefined ? 'Quern' : charter.title || charter.name)
  const contact =
    charter === undefined
      ? ''
      : `<p>Site owners, contributors, anyone: <a rel="nofollow" href="${escaped(charter.contact)}">${escaped(charter.contact)}</a></p>`
  const facts =
    state === undefined
      ? '<p>The ledger has not begun yet.</p>'
      : `<p>${escaped(charter?.description ?? '')}</p>
<table>
<tr><th>Ledger<td><code>${escaped(state.id)}</code>
<tr><th>Entries<td>${state.size}
<tr><th>Epoch<td>${state.epoch === null ? 'none yet' : `${state.epoch.number}, ${state.epoch.phase}`}
<tr><th>Contributors<td>${state.contributors.size}
<tr><th>Validators<td>${[...state.validators.values()].filter((one) => one.active).length}
<tr><th>Releases<td>${state.releases.length}
</table>`
  const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:3rem auto;padding:0 1rem}th{text-align:left;padding-right:1rem}</style>
<h1>${title}</h1>
<p>A DAO that gathers training data in the open. Its ledger shows who gathered what, and every score can be computed again.</p>
${facts}
<ul>
<li><a href="/v1/releases">Releases</a>: Parquet files, readable in place
<li><a href="/v1/epochs">Epochs</a>, <a href="/v1/contributors">contributors</a>, <a href="/v1/ledger">entries</a>
<li><a href="/v1/optouts">Opt-outs</a>
<li><a href="/checkpoint">Checkpoint</a> of the transparency log
<li><a href="/openapi.json">All of the interface</a> (OpenAPI 3.1)
</ul>
${contact}
</html>
`
  return new Response(html, {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
    },
  })
}
