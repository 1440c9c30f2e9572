import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import fastify, { type FastifyInstance } from 'fastify'

/** What came in, as the application understood it: what a test compares with what a browser sent. */
export interface ShopLog {
  readonly orders: { readonly name: string; readonly address: string; readonly note: string }[]
  readonly reviews: { readonly product: string; readonly text: string }[]
  readonly photos: { readonly name: string; readonly bytes: number }[]
  readonly cart: { readonly sku: string; readonly quantity: number }[]
  readonly searches: string[]
  readonly questions: string[]
}

export interface Shop {
  readonly url: string
  readonly log: ShopLog
  readonly close: () => Promise<void>
}

const PRODUCTS = [
  { sku: 'kettle', name: 'Blue kettle 鉄瓶', price: 48 },
  { sku: 'cups', name: 'Two cups & saucers', price: 19 },
  { sku: 'tray', name: "Grandmother's tray", price: 31 },
]

const escaped = (text: string) => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
const page = (title: string, body: string) =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title>${body}</html>`

/** A small shop as people write them: pages with forms, an upload, a JSON API, GraphQL, a session cookie. */
export async function startShop(): Promise<Shop> {
  const log: ShopLog = { orders: [], reviews: [], photos: [], cart: [], searches: [], questions: [] }
  const app = fastify({ bodyLimit: 5 << 20 })
  takeForms(app)
  pages(app, log)
  api(app, log)
  app.server.listen(0, '127.0.0.1')
  await app.ready()
  if (!app.server.listening) await once(app.server, 'listening')
  return {
    url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`,
    log,
    close: async () => {
      app.server.closeAllConnections()
      app.server.close()
      await app.close()
    },
  }
}

function takeForms(app: FastifyInstance): void {
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  )
  app.addContentTypeParser('multipart/form-data', { parseAs: 'buffer' }, (request, body, done) => {
    const type = request.headers['content-type'] ?? ''
    new Response(new Uint8Array(body as Buffer), { headers: { 'content-type': type } }).formData().then(
      (form) => done(null, form),
      (error: Error) => done(error, undefined),
    )
  })
}

function pages(app: FastifyInstance, log: ShopLog): void {
  app.get('/', async (_request, reply) => {
    const items = PRODUCTS.map(({ sku, name, price }) => `<li><a href="/product/${sku}">${escaped(name)}</a> ${price} €`).join('')
    return reply
      .header('set-cookie', 'session=8f1c2b7e2a5d4f308c6b1e7d9a2f4c61; Path=/; HttpOnly')
      .type('text/html; charset=utf-8')
      .send(
        page(
          'Shop',
          `<ul>${items}</ul><form action="/search"><input name="q"><button>Search</button></form>
<form id="login" method="post" action="/login"><input name="user"><input name="password" type="password"><button>Sign in</button></form>`,
        ),
      )
  })
  app.get<{ Querystring: { q?: string } }>('/search', async (request, reply) => {
    log.searches.push(request.query.q ?? '')
    return reply.type('text/html; charset=utf-8').send(page('Search', `<p id="found">${escaped(request.query.q ?? '')}</p>`))
  })
  app.post<{ Body: Record<string, string> }>('/login', async (request, reply) =>
    reply.redirect(request.body['user'] === undefined ? '/?again' : '/account'),
  )
  app.get('/favicon.ico', async (_request, reply) => reply.code(204).send())
  app.get('/account', async (_request, reply) => reply.type('text/html').send(page('Account', '<p>Welcome</p>')))
  app.get<{ Params: { sku: string } }>('/product/:sku', async (request, reply) => {
    const { sku } = request.params
    return reply.type('text/html; charset=utf-8').send(
      page(
        'Product',
        `<form id="review" method="post" action="/product/${escaped(sku)}/reviews"><textarea name="text"></textarea><button>Send</button></form>
<form id="photo" method="post" action="/photos" enctype="multipart/form-data"><input type="file" name="photo"><input name="caption"><button>Send</button></form>
<form id="order" method="post" action="/orders"><input name="name"><textarea name="address"></textarea><textarea name="note"></textarea><button>Order</button></form>`,
      ),
    )
  })
  app.post<{ Params: { sku: string }; Body: Record<string, string> }>('/product/:sku/reviews', async (request, reply) => {
    log.reviews.push({ product: request.params.sku, text: request.body['text'] ?? '' })
    return reply.redirect(`/product/${request.params.sku}?reviewed=1`)
  })
  app.post<{ Body: Record<string, string> }>('/orders', async (request, reply) => {
    const { name = '', address = '', note = '' } = request.body
    log.orders.push({ name, address, note })
    return reply.type('text/html').send(page('Thank you', '<p id="thanks">Thank you</p>'))
  })
  app.post<{ Body: FormData }>('/photos', async (request, reply) => {
    const photo = request.body.get('photo')
    if (photo instanceof File) log.photos.push({ name: photo.name, bytes: photo.size })
    return reply.type('text/html').send(page('Thank you', '<p id="thanks">Thank you</p>'))
  })
}

function api(app: FastifyInstance, log: ShopLog): void {
  app.put<{ Body: ShopLog['cart'][number] }>('/api/cart', async (request) => {
    log.cart.push(request.body)
    return { lines: log.cart.length }
  })
  app.get('/api/products', async () => PRODUCTS)
  app.post<{ Body: { query: string; variables?: Record<string, unknown> } }>('/graphql', async (request) => {
    log.questions.push(request.body.query)
    const { sku } = (request.body.variables ?? {}) as { sku?: string }
    return { data: { product: PRODUCTS.find((each) => each.sku === sku) ?? null } }
  })
}
