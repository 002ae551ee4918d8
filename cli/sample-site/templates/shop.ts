import { escapeHtml, renderMarkdown } from '../markdown.ts'
import { factMetas, type Template } from './page.ts'

/** A shop: product box with price and JSON-LD, links that robots must leave alone. */
export const shop: Template = ({ page, host, neighbours, link }) => {
  const { price, sku, stock } = page.facts
  const data = { '@context': 'https://schema.org', '@type': 'Product', name: page.title, sku, offers: { price, priceCurrency: 'EUR' } }
  return `<!doctype html>
<html lang="${page.language}">
<head>
<meta charset="utf-8">
<title>${escapeHtml(page.title)} – buy at ${escapeHtml(host.title)}</title>
${factMetas(page)}
${price === undefined ? '' : `<script type="application/ld+json">${JSON.stringify(data).replace(/</g, '\\u003c')}</script>`}
</head>
<body>
<header class="topbar"><a href="${link('/')}">${escapeHtml(host.title)}</a> <a href="${link('/cart')}">Basket</a> <a href="${link('/account')}">Account</a>
<form action="${link('/search')}"><input name="q" placeholder="Search"></form></header>
<div class="wrap"><div class="col-8">
<h1 itemprop="name">${escapeHtml(page.title)}</h1>
${price === undefined ? '' : `<p class="price">${price} EUR <small>incl. VAT, ${escapeHtml(stock ?? 'in stock')}, article ${sku ?? ''}</small></p>`}
<div class="description" itemprop="description">
${renderMarkdown(page.text, link)}
</div>
${price === undefined ? '' : `<form method="post" action="${link('/cart')}"><button>Add to basket</button></form>`}
</div><aside class="col-4"><h4>Others looked at</h4><ul>
${neighbours.map((other) => `<li><a href="${link(`${other.host}:${other.path}`)}">${escapeHtml(other.title)}</a></li>`).join('\n')}
</ul><p><a href="${link('/?sort=price')}">Sort by price</a></p></aside></div>
<footer><a href="${link('/terms')}">Terms</a></footer>
</body>
</html>
`
}
