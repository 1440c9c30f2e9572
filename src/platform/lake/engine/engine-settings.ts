const MIB = 1024 * 1024

/** The least that the engine starts and answers with. */
export const LEAST_MEMORY = 384 * MIB

/**
 * The engine's own configuration file. It counts its whole resident memory against `memory`, of which some 250 MB are
 * the program itself; caches and thread pools are sized for one small machine, not for a server of its own.
 */
export function engineConfig(memory: number): string {
  const limit = Math.max(memory, LEAST_MEMORY)
  const cache = Math.round(Math.min(limit / 32, 256 * MIB))
  return `<clickhouse>
  <max_server_memory_usage>${Math.round(limit)}</max_server_memory_usage>
  <mark_cache_size>${cache}</mark_cache_size>
  <primary_index_cache_size>${cache}</primary_index_cache_size>
  <index_mark_cache_size>${Math.round(cache / 2)}</index_mark_cache_size>
  <text_index_tokens_cache_size>${Math.round(cache / 4)}</text_index_tokens_cache_size>
  <text_index_header_cache_size>${Math.round(cache / 4)}</text_index_header_cache_size>
  <text_index_postings_cache_size>${Math.round(cache / 4)}</text_index_postings_cache_size>
  <query_condition_cache_size>0</query_condition_cache_size>
  <parquet_metadata_cache_size>0</parquet_metadata_cache_size>
  <iceberg_metadata_files_cache_size>0</iceberg_metadata_files_cache_size>
  <vector_similarity_index_cache_size>0</vector_similarity_index_cache_size>
  <unique_key_index_cache_size_bytes>0</unique_key_index_cache_size_bytes>
  <compiled_expression_cache_size>${8 * MIB}</compiled_expression_cache_size>
  <mmap_cache_size>64</mmap_cache_size>
  <max_thread_pool_size>128</max_thread_pool_size>
  <max_thread_pool_free_size>8</max_thread_pool_free_size>
  <max_io_thread_pool_size>16</max_io_thread_pool_size>
  <background_pool_size>2</background_pool_size>
  <background_schedule_pool_size>4</background_schedule_pool_size>
</clickhouse>
`
}
