/** The frame of a page for people: no script, nothing from elsewhere, readable on a telephone and in the dark. */
import { createHash } from 'node:crypto'

export const escaped = (text: string): string => text.replace(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`)

const STYLE = `
:root{color-scheme:light dark;--ink:#1b1b18;--soft:#595952;--paper:#fdfdfa;--box:#f1f1ea;--line:#d5d5cb;--link:#0b4f9e}
@media (prefers-color-scheme:dark){:root{--ink:#ecece6;--soft:#b0b0a6;--paper:#161614;--box:#23231f;--line:#42423b;--link:#8dc0ff}}
*{box-sizing:border-box}
body{font:1rem/1.55 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:52rem;margin:0 auto;padding:2rem 1rem 3rem}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 .5rem}h2{font-size:1.25rem;margin:2.25rem 0 .5rem}
p{margin:.5rem 0}a{color:var(--link)}
.soft,caption,figcaption{color:var(--soft)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;margin:.5rem 0}
caption{text-align:left;padding:.25rem 0}
th,td{text-align:left;vertical-align:top;padding:.35rem .5rem .35rem 0;border-bottom:1px solid var(--line)}
th{font-weight:600}.n{text-align:right;padding-right:0;padding-left:.5rem;white-space:nowrap;font-variant-numeric:tabular-nums}
code{font:.9em/1.5 ui-monospace,monospace}td,p code{overflow-wrap:anywhere}
figure{margin:.75rem 0}pre{background:var(--box);padding:.75rem;margin:.25rem 0;white-space:pre-wrap;overflow-wrap:anywhere;border-radius:.25rem}
`

/** Only the style above may apply. */
const POLICY = [
  `default-src 'none'`,
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  `base-uri 'none'`,
  `form-action 'none'`,
  `frame-ancestors 'none'`,
].join('; ')

/** `title` and every text within `main` must be escaped already. */
export function htmlPage(title: string, main: string): Response {
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${main}
</main>
</body>
</html>
`
  return new Response(html, {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': POLICY,
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
    },
  })
}

/** A command to copy, with what it does. Long ones wrap: nothing of them is hidden. */
export const command = (what: string, line: string): string =>
  `<figure><figcaption>${what}</figcaption><pre><code>${escaped(line)}</code></pre></figure>`
