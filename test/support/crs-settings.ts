/** What the suite wants beside the project's own set-up file: paranoia 4 in detection, and the limits that its tests are written for. */
export const CRS_BASE = `SecRuleEngine DetectionOnly
SecRequestBodyAccess On
SecResponseBodyAccess On
SecResponseBodyMimeType text/plain text/html text/xml application/json
SecRule REQUEST_HEADERS:Content-Type "@rx (?i)^(?:application(?:/soap\\+|/)|text/)xml" "id:200000,phase:1,t:none,pass,nolog,ctl:requestBodyProcessor=XML"
SecRule REQUEST_HEADERS:Content-Type "@rx (?i)^application/(?:[a-z0-9.-]+\\+)?json" "id:200001,phase:1,t:none,pass,nolog,ctl:requestBodyProcessor=JSON"
SecAction "id:900005,phase:1,nolog,pass,t:none,setvar:tx.blocking_paranoia_level=4,setvar:tx.crs_validate_utf8_encoding=1,setvar:tx.arg_name_length=100,setvar:tx.max_num_args=255,setvar:tx.arg_length=400,setvar:tx.total_arg_length=6400,setvar:tx.max_file_size=64100,setvar:tx.combined_file_sizes=65535"
`

/** Cases that fail, each with its reason. */
export const CRS_KNOWN: Readonly<Record<string, string>> = {
  '920620-1':
    'two Content-Type lines are kept apart, as they were sent, so that the rule against them can see both; Apache joins them',
}
