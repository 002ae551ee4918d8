import { escapeHtml, renderBlocks } from '../markdown.ts'
import { factMetas, licenceNotice, type Template } from './page.ts'

/** A paper: headline, standfirst, story with a box of other news in its middle. */
export const news: Template = ({ page, host, neighbours, link }) => {
  const [standfirst = '', ...story] = renderBlocks(page.text, link)
  const box = `<div class="related-box promo"><b>More from ${escapeHtml(host.title)}</b><ul>${neighbours
    .map((other) => `<li><a href="${link(`${other.host}:${other.path}`)}">${escapeHtml(other.title)}</a></li>`)
    .join('')}</ul></div>`
  return `<!doctype html>
<html lang="${page.language}">
<head>
<meta charset="utf-8"><title>${escapeHtml(page.title)} - ${escapeHtml(host.title)}</title>
<meta name="description" content="${escapeHtml(page.text.split('\n')[0] ?? '').slice(0, 150)}">
${factMetas(page)}
</head>
<body>
<div role="banner"><a href="${link('/')}">${escapeHtml(host.title)}</a><nav><a href="${link('/')}">Home</a> <a href="${link('/archive/')}">Archive</a></nav></div>
<section id="story" itemscope itemtype="https://schema.org/NewsArticle">
<header><h1 itemprop="headline">${escapeHtml(page.title)}</h1>
<p class="meta"><span itemprop="author">${escapeHtml(page.author || 'Staff')}</span>, <time itemprop="datePublished" datetime="${page.date}">${page.date}</time></p></header>
<div class="standfirst">${standfirst}</div>
<div itemprop="articleBody">
${story.slice(0, 2).join('\n')}
${box}
${story.slice(2).join('\n')}
</div>
${licenceNotice(page)}
</section>
<div role="contentinfo">Printed weekly. <a href="${link('/imprint')}">Imprint</a></div>
</body>
</html>
`
}
