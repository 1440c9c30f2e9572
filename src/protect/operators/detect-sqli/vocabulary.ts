/** What a word means to the grammar (walk.ts). */
export type WordKind =
  | 'logic'
  | 'match'
  | 'not'
  | 'constant'
  | 'function'
  | 'probe'
  | 'statement'
  | 'select'
  | 'union'
  | 'clause'
  | 'filler'
  | 'case'
  | 'when'
  | 'end'
  | 'type'

const words = (text: string): readonly string[] => text.trim().split(/\s+/)

const KINDS: Readonly<Record<WordKind, readonly string[]>> = {
  logic: ['and', 'or', 'xor'],
  match: words('like rlike ilike regexp between in is similar sounds div mod glob contains overlaps collate escape'),
  not: words('not binary distinct all any some exists prior top distinctrow sql_calc_found_rows high_priority'),
  constant:
    words(`null true false default unknown current_user current_date current_time current_timestamp session_user system_user sysdate
    localtime localtimestamp user rownum utc_date utc_time utc_timestamp systimestamp`),
  /** Functions that an application's own queries use too; a call of one beside other signs tells something, alone little. */
  function:
    words(`abs acos adddate addtime aes_decrypt aes_encrypt array_agg array_to_string asc ascii asin atan avg bin bit_length cast ceil ceiling
    char char_length character_length chr coalesce coercibility compress concat concat_ws conv convert cos count crc32 curdate curtime database
    date_add date_format date_sub datediff datename datepart dayname decode degrees des_decrypt des_encrypt elt encode exp export_set field
    find_in_set floor format found_rows from_base64 from_unixtime getdate getutcdate greatest group_concat hex host_name hour if ifnull iif
    inet_aton inet_ntoa initcap insert instr isdate isnull json_agg json_array json_extract json_keys json_object json_value last_insert_id lcase least
    left length listagg ln load_file localtime locate log lower lpad ltrim make_set makedate max md5 microsecond mid min minute mod month monthname
    name_const newid now nullif nvl nvl2 oct octet_length old_password ord password patindex pi pow power printf quarter query_to_xml quote
    quotename radians rand randomblob random replace replicate reverse right round row row_count row_number rpad rtrim schema second sec_to_time sha
    sha1 sha2 sign sin soundex space sqrt stddev str str_to_date strcmp string_agg strpos stuff subdate substr substring
    substring_index subtime sum tan time_format timestampdiff to_base64 to_char to_date to_hex to_number translate trim truncate ucase uncompress unhex
    unicode unix_timestamp upper utl_raw uuid values variance version weight_string xmlagg xmlelement xmlforest xmltype xmltable year yearweek zeroblob`),
  /** Functions and procedures that hardly any form's value names, and attacks do: they wait, read files, reach out, or say where one is. */
  probe:
    words(`benchmark sleep pg_sleep pg_sleep_for extractvalue updatexml load_file load_extension geometrycollection multipoint polygon multipolygon
    linestring multilinestring gtid_subset gtid_subtract st_latfromgeohash st_pointfromgeohash json_storage_free procedure_analyse
    xp_cmdshell xp_dirtree xp_fileexist xp_regread xp_regwrite xp_subdirs xp_servicecontrol xp_availablemedia xp_enumdsn xp_loginconfig xp_makecab xp_ntsec_enumdomains
    xp_terminate_process sp_executesql sp_oacreate sp_oamethod sp_makewebtask sp_configure sp_addextendedproc sp_password sp_start_job sp_helpdb
    openrowset opendatasource openquery fn_xe_file_target_read_file fn_get_audit_file fn_trace_gettable
    pg_read_file pg_ls_dir pg_stat_file lo_import lo_export lo_get pg_read_binary_file dblink dblink_connect dblink_send_query query_to_xml database_to_xml
    xmlparse utl_inaddr.get_host_address utl_inaddr.get_host_name utl_http.request utl_smtp.open_connection utl_file.fopen httpuritype
    dbms_pipe.receive_message dbms_lock.sleep dbms_ldap.init dbms_xmlgen.getxml dbms_xmlquery.getxml dbms_utility.sqlid_to_sqlhash dbms_xslprocessor.read2clob
    dbms_java.runjava ctxsys.drithsx.sn ordsys.ord_dicom.getmappingxpath sys_eval sys_exec sqlite_version has_dbaccess is_srvrolemember is_member
    serverproperty db_name object_id object_name col_name col_length suser_name suser_sname user_name schema_name current_database current_schema current_setting
    inet_server_addr sys_context userenv connection_id found_rows`),
  statement:
    words(`insert update delete drop alter create truncate exec execute declare waitfor shutdown call merge grant revoke rename handler
    begin backup restore bulk dbcc kill replace copy load set use print if while do analyze attach detach pragma vacuum deallocate prepare reconfigure show
    describe explain with commit rollback savepoint lock unlock values desc`),
  select: ['select'],
  union: words('union intersect except minus'),
  clause:
    words(`from where having group order limit offset into procedure on using join inner outer left right full cross natural fetch for returning
    window partition over start connect set values by`),
  filler: words(
    'as asc desc nulls first last rows row only with outfile dumpfile lines terminated fields ties delay time boolean mode language query expansion',
  ),
  case: ['case'],
  when: words('when then else'),
  end: ['end'],
  type: words(`int integer bigint smallint tinyint varchar varchar2 nvarchar char nchar text clob blob numeric decimal float real double signed unsigned date
    datetime timestamp time boolean bool money uuid xml json jsonb bytea regclass varbinary binary sql_variant`),
}

/** Words that have one meaning; some (`left`, `values`, `if`) have another before an opening parenthesis, which the grammar asks for first. */
const KIND_OF: ReadonlyMap<string, WordKind> = new Map(
  (
    [
      'type',
      'filler',
      'function',
      'probe',
      'constant',
      'clause',
      'statement',
      'not',
      'match',
      'logic',
      'case',
      'when',
      'end',
      'union',
      'select',
    ] as const
  ).flatMap((kind) => KINDS[kind].map((word) => [word, kind] as const)),
)

const CALLS: ReadonlyMap<string, 'function' | 'probe'> = new Map([
  ...KINDS.function.map((word) => [word, 'function'] as const),
  ...KINDS.constant.map((word) => [word, 'function'] as const),
  ...KINDS.probe.map((word) => [word, 'probe'] as const),
])

export function kindOf(word: string): WordKind | undefined {
  return KIND_OF.get(word)
}

/** What a word is before an opening parenthesis. */
export function callKind(word: string): 'function' | 'probe' | undefined {
  return CALLS.get(word)
}

/** Tables of the catalogue, by their names or schemas: nobody's form asks for them. */
export const CATALOGUE =
  /^(?:information_schema\b|sysobjects$|syscolumns$|sysusers$|sysdatabases$|syslogins$|msysaccessobjects$|sqlite_(?:master|schema|temp_master)$|pg_catalog\b|pg_(?:user|shadow|database|tables|class|authid|roles)$|mysql\.(?:user|db|innodb_table_stats)$|performance_schema\b|sys\.(?:objects|columns|tables|databases|schema_\w+|sql_logins|syslogins|user\$|x\$\w+)$|master\.(?:dbo|\.)|all_(?:tables|tab_columns|users|objects)$|user_(?:tables|tab_columns|objects|users)$|dba_users$|v\$\w+$|rdb\$\w+$|syscat\.|sysibm\.|domain\.(?:tables|columns)$|dual$|all_tab_cols$)/
