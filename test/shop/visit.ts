import { launchChromium } from '../support/browser.ts'

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
  'base64',
)

/** What a person does in the shop with a browser: search, sign in, review, send a photo, fill the cart, ask by GraphQL, order. */
export async function visitShop(url: string): Promise<{ readonly visited: number }> {
  const browser = await launchChromium()
  try {
    const page = await browser.newPage()
    page.setDefaultTimeout(15_000)
    let visited = 0
    page.on('response', () => {
      visited += 1
    })
    await page.goto(url)
    await page.fill('input[name=q]', 'kettle & cups <3')
    await page.click('button:text("Search")')
    await page.waitForSelector('#found')
    await page.goto(url)
    await page.fill('#login input[name=user]', 'siobhan@shop.example')
    await page.fill('#login input[name=password]', 'correct horse & battery, staple!')
    await page.click('#login button')
    await page.waitForURL('**/account')
    await page.goto(`${url}/product/kettle`)
    await page.fill(
      '#review textarea',
      "It's lovely — a union of form and function! I'd select it again; my wife says 「とても良い」. Price/quality: 9/10, 100% worth it :-)",
    )
    await page.click('#review button')
    await page.waitForURL('**/product/kettle?reviewed=1')
    await page.waitForLoadState('networkidle')
    await page.setInputFiles('#photo input[type=file]', { name: 'tea set.png', mimeType: 'image/png', buffer: PNG })
    await page.fill('#photo input[name=caption]', 'Our table, Sunday morning')
    await page.click('#photo button')
    await page.waitForSelector('#thanks')
    await page.evaluate(async () => {
      const send = (path: string, method: string, body: unknown) =>
        fetch(path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }).then((answer) =>
          answer.json(),
        )
      await send('/api/cart', 'PUT', { sku: 'cups', quantity: 2 })
      await send('/graphql', 'POST', {
        query: 'query Product($sku: String!) { product(sku: $sku) { name price } }',
        variables: { sku: 'cups' },
      })
      await (await fetch('/api/products?sort=price&order=asc')).json()
    })
    await page.goto(`${url}/product/kettle`)
    await page.fill('#order input[name=name]', "Siobhán O'Brien")
    await page.fill('#order textarea[name=address]', '1-2-3 Higashiyama\nKyoto 京都市')
    await page.fill('#order textarea[name=note]', 'Please leave it at the door & ring the bell; if nobody is in, from 6pm on.')
    await page.click('#order button')
    await page.waitForSelector('#thanks')
    return { visited }
  } finally {
    await browser.close()
  }
}
