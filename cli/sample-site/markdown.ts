/** The part of Markdown that the site's texts use: headings, paragraphs, lists, tables, code, quotes, emphasis, links. */

/** `link` turns `docs:/path` into a full URL. */
export type Link = (target: string) => string

export function escapeHtml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;')
}

/** Blocks of the text as HTML, one string each. */
export function renderBlocks(markdown: string, link: Link): string[] {
  return blocksOf(markdown).map((block) => renderBlock(block, link))
}

export function renderMarkdown(markdown: string, link: Link): string {
  return renderBlocks(markdown, link).join('\n')
}

/** Empty lines part blocks, except inside a code fence. */
function blocksOf(markdown: string): string[] {
  const blocks: string[] = []
  let current: string[] = []
  let isFenced = false
  for (const line of markdown.split('\n')) {
    if (line.startsWith('```')) isFenced = !isFenced
    if (line === '' && !isFenced) {
      if (current.length > 0) blocks.push(current.join('\n'))
      current = []
    } else current.push(line)
  }
  if (current.length > 0) blocks.push(current.join('\n'))
  return blocks
}

function renderBlock(block: string, link: Link): string {
  const lines = block.split('\n')
  const first = lines[0] as string
  const heading = /^(#{1,4}) (.*)$/.exec(first)
  if (heading !== null) {
    const level = Math.min(6, (heading[1] as string).length + 1)
    const rest = lines.slice(1).join('\n')
    return `<h${level}>${inline(heading[2] as string, link)}</h${level}>${rest === '' ? '' : `\n${renderBlock(rest, link)}`}`
  }
  if (first.startsWith('```')) {
    const code = lines.slice(1, -1).join('\n')
    return `<pre><code class="language-${escapeHtml(first.slice(3) || 'text')}">${escapeHtml(code)}</code></pre>`
  }
  if (first === '---') return '<hr>'
  if (first.startsWith('> '))
    return `<blockquote><p>${inline(lines.map((line) => line.replace(/^> ?/, '')).join('\n'), link)}</p></blockquote>`
  if (first.startsWith('| ')) return table(lines, link)
  if (/^[-*] /.test(first)) return `<ul>\n${items(lines, /^[-*] /, link)}\n</ul>`
  if (/^\d+\. /.test(first)) return `<ol>\n${items(lines, /^\d+\. /, link)}\n</ol>`
  if (lines.every((line, i) => i === lines.length - 1 || line.endsWith('\\')))
    return `<p>${lines.map((line) => inline(line.replace(/\\$/, ''), link)).join('<br>\n')}</p>`
  return `<p>${inline(block, link)}</p>`
}

function items(lines: string[], mark: RegExp, link: Link): string {
  return lines.map((line) => `<li>${inline(line.replace(mark, ''), link)}</li>`).join('\n')
}

function table(lines: string[], link: Link): string {
  const rows = lines.map((line) => line.replace(/^\| | \|$/g, '').split(' | '))
  const [head = [], , ...body] = rows
  const cells = (row: string[], tag: string): string => row.map((cell) => `<${tag}>${inline(cell.trim(), link)}</${tag}>`).join('')
  return `<table>\n<thead><tr>${cells(head, 'th')}</tr></thead>\n<tbody>\n${body.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('\n')}\n</tbody>\n</table>`
}

function inline(text: string, link: Link): string {
  return escapeHtml(text)
    .split(/(`[^`]+`)/)
    .map((part) =>
      part.startsWith('`')
        ? `<code>${part.slice(1, -1)}</code>`
        : part
            .replace(/\[([^\]]+)\]\(([^)\s]+)\)/g, (_all, label: string, target: string) => `<a href="${link(target)}">${label}</a>`)
            .replace(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>')
            .replace(/(?<![\w*])\*([^*\n]+)\*(?!\w)/g, '<em>$1</em>'),
    )
    .join('')
}
