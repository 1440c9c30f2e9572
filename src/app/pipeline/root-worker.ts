/** The thread that hashes large batches while the lake takes them. */
import { parentPort } from 'node:worker_threads'
import { standBack } from '../../platform/stand-back.ts'
import { rootOf, type Unrooted } from './root-of.ts'

const port = parentPort
if (port === null) throw new Error('pipeline/root-worker runs as a worker thread')
standBack()
port.on('message', (batch: Unrooted) => port.postMessage(rootOf(batch)))
