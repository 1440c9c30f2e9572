/** An answer that needs nothing but the request line; `body` undefined sends none. */
export interface Handshake {
  readonly status: number
  readonly body?: object
}

interface HandshakeRule {
  readonly methods: readonly string[]
  readonly path: RegExp
  readonly answer: (method: string, path: string) => Handshake
}

/**
 * `GET /`. The tagline and build flavour are part of the v7 client's check; Beats refuse a version older than their own
 * unless `allow_older_versions` is set, and 8.19 is the last that 7.17's still speak to.
 */
const ABOUT = {
  name: 'kanpeki',
  cluster_name: 'kanpeki',
  cluster_uuid: 'a2FucGVraS1kb2VzLW5vdA',
  version: {
    number: '8.19.0',
    build_flavor: 'default',
    build_type: 'docker',
    lucene_version: '9.12.1',
    minimum_wire_compatibility_version: '7.17.0',
    minimum_index_compatibility_version: '7.0.0',
  },
  tagline: 'You Know, for Search',
}

const READ = ['GET', 'HEAD']
const WRITE = ['PUT', 'POST', 'DELETE']
const SHARDS = { total: 1, successful: 1, failed: 0 }

/**
 * What Elasticsearch's senders ask before, beside and after `_bulk`. There are no indices here: what sets one up is
 * acknowledged and has no effect, what asks whether it is there hears yes, so that nobody tries to make it.
 */
export const HANDSHAKES: readonly HandshakeRule[] = [
  { methods: READ, path: /^\/$/, answer: () => ({ status: 200, body: ABOUT }) },
  {
    methods: ['GET'],
    path: /^\/_license\/?$/,
    answer: () => ({ status: 200, body: { license: { status: 'active', type: 'basic', mode: 'basic', uid: 'kanpeki' } } }),
  },
  {
    methods: ['GET'],
    path: /^\/_xpack\/?$/,
    answer: () => ({ status: 200, body: { features: { ilm: { available: true, enabled: true } } } }),
  },
  {
    methods: READ,
    path: /^\/_cluster\/health(\/[^/]*)?$/,
    answer: () => ({
      status: 200,
      body: { cluster_name: 'kanpeki', status: 'green', timed_out: false, number_of_nodes: 1, number_of_data_nodes: 1 },
    }),
  },
  {
    methods: READ,
    path: /^\/_index_template(\/[^/]*)?$/,
    answer: (_method, path) => ({
      status: 200,
      body: {
        index_templates: [{ name: nameIn(path), index_template: { index_patterns: ['*'], composed_of: [], data_stream: {} } }],
      },
    }),
  },
  {
    methods: READ,
    path: /^\/(_template|_component_template)(\/[^/]*)?$/,
    answer: (_method, path) => ({ status: 200, body: { [nameIn(path)]: { index_patterns: ['*'] } } }),
  },
  {
    methods: READ,
    path: /^\/_ilm\/policy(\/[^/]*)?$/,
    answer: (_method, path) => ({ status: 200, body: { [nameIn(path)]: { version: 1, policy: { phases: {} } } } }),
  },
  {
    methods: READ,
    path: /^\/_data_stream(\/[^/]*)?$/,
    answer: (_method, path) => ({ status: 200, body: { data_streams: [{ name: nameIn(path), status: 'GREEN', indices: [] }] } }),
  },
  {
    methods: READ,
    path: /^\/_ingest\/pipeline(\/[^/]*)?$/,
    answer: (_method, path) => ({ status: 200, body: { [nameIn(path)]: { description: 'kept by Kanpeki', processors: [] } } }),
  },
  {
    methods: WRITE,
    path: /^\/(_index_template|_component_template|_template|_ilm\/policy|_data_stream|_ingest\/pipeline)\/[^/]+$/,
    answer: () => ({ status: 200, body: { acknowledged: true } }),
  },
  {
    methods: ['GET', 'POST'],
    path: /^\/([^/_][^/]*\/)?_(refresh|flush)$/,
    answer: () => ({ status: 200, body: { _shards: SHARDS } }),
  },
]

/** Whether an index is there: every one is. Only where no other path could be meant. */
export const INDEX_HANDSHAKE: HandshakeRule = { methods: ['HEAD'], path: /^\/[^/_][^/]*$/, answer: () => ({ status: 200 }) }

function nameIn(path: string): string {
  const last = path.slice(path.lastIndexOf('/') + 1)
  try {
    return decodeURIComponent(last)
  } catch {
    return last
  }
}
